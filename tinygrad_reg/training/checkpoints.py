"""Saving and loading a training: model, optimizer, callbacks, history and random generators in one file."""

from __future__ import annotations

import copy
import functools
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import checks
from ..calls import answered
from ..layers.module import Module, walk
from ..modes import generator
from ..optim import Optimizer
from . import container
from .callbacks import Callback
from .history import History


@dataclass
class Checkpoint:
    """What a file says beside the state that was loaded: how far the training had come."""

    path: str
    epoch: int  # the epochs that were complete
    history: History = field(repr=False)
    settings: dict[str, Any] = field(repr=False)  # how fit was called, {} where it was not


@answered
def save(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    epoch: int = 0,
    callbacks: Any = (),
    history: Mapping[str, Any] | None = None,
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None,
) -> None:
    """Save all that a training needs to go on as if it had never stopped, in one file at `path`.

        tg.save("run.npz", model=model, optimizer=optimizer, epoch=epoch)

    This thread's random generator, those of the layers, and `rng` (one or several) are saved too. The file appears as
    a whole: when the program is killed, or the disk is full, what was at `path` before is still there. No pickle.
    """
    epoch = checks.whole("epoch, how many are complete,", epoch, 0)
    state = state_of(model=model, optimizer=optimizer, epoch=epoch, callbacks=callbacks, history=history, rng=rng)
    if not state.keys() & {"model", "optimizers", "callbacks"}:
        raise TypeError("nothing to save: give model=, optimizer= or callbacks=")
    container.write(path, state)


def state_of(*, model: Any, optimizer: Any, epoch: int, callbacks: Any, history: Any, rng: Any) -> dict[str, Any]:
    """All that save() writes."""
    parts = _parts(model, optimizer, callbacks)
    state: dict[str, Any] = {"epoch": epoch}
    for kind, things in parts.items():
        state[kind] = {label: thing.state_dict() for label, thing in things.items()}
    if history is not None:
        state["history"] = _history_state(history if isinstance(history, History) else History(history))
    state["generators"] = {name: _state_of(own) for name, own in _generators(model, rng).items()}
    return state


@answered
def load(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    callbacks: Any = (),
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None,
) -> Checkpoint:
    """Restore what tg.save() saved, and return an object with `.epoch` and `.history`.

        checkpoint = tg.load("run.npz", model=model, optimizer=optimizer)
        for epoch in range(checkpoint.epoch, 60): ...

    What is given here must be in the file, and fit it; what the file holds besides is left out. The random generators
    are set back too. A file that is damaged, or does not fit, raises ValueError, and nothing has changed.
    """
    parts = _parts(model, optimizer, callbacks)
    state = container.read(path)
    try:
        history, settings = _history(state.get("history", {})), _settings(state.get("settings", {}))
        checkpoint = Checkpoint(os.fspath(path), _epoch(state), history, settings)
        restored = _fitting_generators(_generators(model, rng), state.get("generators"))
        loads = [(thing, saved) for kind, things in parts.items() for thing, saved in _saved(state, kind, things)]
    except Exception as error:
        raise container.refusal(path, str(error)) from error
    _load_all(path, list(reversed(loads)))  # the model last: as long as it is not written, graphs built on it hold
    for own, saved in restored:
        own.bit_generator.state = saved
    return checkpoint


def _load_all(path: str | os.PathLike[str], loads: list[tuple[Any, Any]]) -> None:
    """Give each thing its state; where one refuses, all are as before."""
    undo: list[Callable[[], None]] = []
    for thing, saved in loads:
        whole = isinstance(thing, (Module, Optimizer))  # they change nothing when they refuse
        if not whole:
            undo.insert(0, _way_back(thing))
        try:
            before = thing.state_dict()
            thing.load_state_dict(saved)
            if whole:
                undo.insert(0, functools.partial(thing.load_state_dict, before))
        except BaseException as error:
            for step in undo:
                step()
            if isinstance(error, Exception):
                raise container.refusal(path, str(error) or type(error).__name__) from error
            raise


def _way_back(callback: Any) -> Callable[[], None]:
    state, attributes = callback.state_dict(), dict(vars(callback))

    def back() -> None:
        callback.load_state_dict(state)
        vars(callback).update(attributes)

    return back


# ---- what takes part


def _parts(model: Any, optimizer: Any, callbacks: Any) -> dict[str, dict[str, Any]]:
    """What has a state, by kind and label."""
    parts: dict[str, dict[str, Any]] = {}
    if model is not None:
        if not isinstance(model, Module):
            raise TypeError(f"model must be a tg.Module, not {type(model).__name__}")
        parts["model"] = {"model": model}
    if optimizer is not None:
        wanted = "an optimizer such as tg.optim.SGD(...)"
        optimizers = checks.several("optimizer", optimizer, lambda each: isinstance(each, Optimizer), wanted)
        for each in optimizers:
            if not isinstance(each, Optimizer):
                raise TypeError(f"optimizer must be {wanted}, not {type(each).__name__}")
        parts["optimizers"] = {f"{i}": each for i, each in enumerate(optimizers)}
    wanted = "a callback such as tg.EarlyStopping()"
    callbacks = checks.several("callbacks", callbacks, lambda each: isinstance(each, Callback), wanted)
    stateful = [
        each for each in callbacks if getattr(type(each), "state_dict", Callback.state_dict) is not Callback.state_dict
    ]
    if stateful:
        parts["callbacks"] = {f"{i} {type(each).__name__}": each for i, each in enumerate(stateful)}
    return parts


def _saved(state: Mapping[str, Any], kind: str, things: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The things of a kind with what the file holds of each."""
    saved = state.get(kind, {})
    if list(saved) != list(things):
        raise ValueError(f"it holds {_listed(kind, saved)}, and is to be loaded into {_listed(kind, things)}")
    for label, thing in things.items():
        if kind == "model":
            _compare(thing, saved[label])
        if kind == "optimizers" and (name := saved[label].get("optimizer")) != type(thing).__name__:
            raise ValueError(f"it was saved with {name} as its optimizer, this is {type(thing).__name__}")
        yield thing, saved[label]


def _listed(kind: str, labels: Any) -> str:
    if kind == "callbacks":
        return f"the callbacks {', '.join(labels)}" if labels else "no callbacks"
    return f"{len(labels) or 'no'} {kind.removesuffix('s')}{'s' * (len(labels) > 1)}"


def _compare(model: Module, saved: Mapping[str, Any]) -> None:
    """Say where a file's arrays are not those of the model, before an optimizer says it in its own terms."""
    for path, tensor in model.named_state():
        array = saved.get(path)
        if not isinstance(array, np.ndarray):
            raise ValueError(f"it is of another model: there is no {path}, which is {tensor.shape} here")
        if array.shape != tensor.shape:
            raise ValueError(f"it is of another model: {path} is {array.shape} there, {tensor.shape} here")
        if array.dtype != tensor.dtype:
            raise ValueError(
                f"{path} is {array.dtype} there, {tensor.dtype} here: make the model with dtype='{array.dtype}' "
                "(or tg.set_default_dtype)"
            )


def _epoch(state: Any) -> int:
    epoch = state.get("epoch")
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 0:
        raise ValueError(f"its epoch is {epoch!r}")
    return epoch


def _settings(state: Any) -> dict[str, Any]:
    """What fit has noted of its call; tg.save notes nothing."""
    for name, value in state.items():
        parts, kinds = (value, (int, str)) if isinstance(value, list) else ([value], (int, str, type(None)))
        if not all(isinstance(part, kinds) for part in parts):
            raise ValueError(f"its {name} is {value!r}")
    return dict(state)


# ---- history


def _history_state(history: History) -> dict[str, Any]:
    figures = {name: np.array(values, np.float64) for name, values in history.items()}
    notes = {name: getattr(history, name) for name in ("stop_reason", "best_epoch", "start_loss", "start_lr")}
    return {"figures": figures, **notes}


def _history(state: Mapping[str, Any]) -> History:
    figures = state.get("figures", {})
    for name, values in figures.items():
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise ValueError(f"its history of '{name}' is no list of numbers")
    history = History({name: values.tolist() for name, values in figures.items()})
    for name, kind in (("stop_reason", str), ("best_epoch", int), ("start_loss", float), ("start_lr", float)):
        note = state.get(name)
        if note is not None and not isinstance(note, kind):
            raise ValueError(f"its {name} is {note!r}")
        setattr(history, name, note)
    return history


# ---- random generators


def _generators(model: Module | None, rng: Any) -> dict[str, np.random.Generator]:
    """All that a training may draw from: this thread's generator, the layers' own, and those given."""
    found = {"thread": generator()}
    if model is not None:
        found.update((f"model.{path}", own) for path, own in model.named_generators())
    wanted = "a NumPy Generator such as np.random.default_rng(0)"
    for i, own in enumerate(checks.several("rng", rng, lambda each: isinstance(each, np.random.Generator), wanted)):
        if not isinstance(own, np.random.Generator):
            raise TypeError(f"rng must be {wanted}, not {own!r}")
        found[f"rng.{i}"] = own
    return found


def generators_in(function: Any) -> list[np.random.Generator]:
    """The random generators that a user's function draws from, where they can be seen: its own and its variables'."""
    while isinstance(function, functools.partial):
        own = [part for _, part in walk([*function.args, function.keywords]) if isinstance(part, np.random.Generator)]
        if own:
            return own + generators_in(function.func)
        function = function.func
    if inspect.ismethod(function):
        function = function.__self__
    if inspect.isfunction(function):
        seen = inspect.getclosurevars(function)
        held: Iterable[Any] = [*seen.nonlocals.values(), *seen.globals.values(), *(function.__defaults__ or ())]
    else:
        held = getattr(function, "__dict__", {}).values()
    return [part for _, part in walk(list(held)) if isinstance(part, np.random.Generator)]


def _state_of(rng: np.random.Generator) -> Any:
    """A generator's state as plain data: arrays as lists, of numbers as large as they are."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(part) for key, part in value.items()}
        return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value

    return plain(rng.bit_generator.state)


def _fitting_generators(
    own: Mapping[str, np.random.Generator], saved: Any
) -> list[tuple[np.random.Generator, Mapping[str, Any]]]:
    """Each generator with the state to set; a state that a generator would not take is found out on a copy."""
    if not isinstance(saved, Mapping):
        raise ValueError("it holds no random generators")
    found = []
    for name, rng in own.items():
        if name not in saved:
            raise ValueError(f"it holds no state of the random generator '{name}'; it has {', '.join(saved)}")
        try:
            trial = copy.deepcopy(rng)
            trial.bit_generator.state = saved[name]
            fits = _state_of(trial) == saved[name]
        except Exception as error:
            raise ValueError(f"the state of the random generator '{name}' does not fit: {error}") from error
        if not fits:
            raise ValueError(f"the state of the random generator '{name}' is none that it can have")
        found.append((rng, saved[name]))
    return found

"""Saving and loading a training: model, optimizer, callbacks, history and random generators in one file."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ...answers import checks
from ...answers.calls import answered
from ...answers.elsewhere import answer, listed
from ...answers.foreign import ON_CHECKPOINTS
from ...layers.module import Module
from ...optim import Optimizer
from ..callbacks import Callback, several
from ..history import History
from . import container, randomness
from .randomness import Source


@dataclass
class Checkpoint:
    """What a file says beside the state that was loaded: how far the training had come."""

    path: str
    epoch: int  # the epochs that were complete
    history: History = field(repr=False)
    settings: dict[str, Any] = field(repr=False)  # how fit was called, {} where it was not

    __dir__ = listed

    def __getitem__(self, part: Any) -> NoReturn:
        """No model, no dict of states: say how the parts of a file are loaded."""
        raise TypeError(f"what tg.load returns holds no {part!r}; write {ON_CHECKPOINTS['model']}")

    def __call__(self, *inputs: Any) -> NoReturn:
        """It is no model."""
        raise TypeError(f"what tg.load returns is no model; write {ON_CHECKPOINTS['model']}")


answer(Checkpoint, ON_CHECKPOINTS)


@answered
def save(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    epoch: int = 0,
    callbacks: Any = (),
    history: Mapping[str, Any] | None = None,
    rng: Source | Sequence[Source] | None = None,
) -> None:
    """Save all that a training needs to go on as if it had never stopped, in one file at `path`.

        tg.save("run.npz", model=model, optimizer=optimizer, epoch=epoch)

    This thread's random generator, those of the layers, and `rng` (one or several) are saved too; those behind
    np.random.normal() and random.random() are shared by the whole process, and left alone. The file appears as a whole:
    when the program is killed, or the disk is full, what was at `path` before is still there. No pickle.
    """
    epoch = checks.whole("epoch, how many are complete,", epoch, 0)
    sources = randomness.of_model(model, rng)
    state = state_of(
        model=model, optimizer=optimizer, epoch=epoch, callbacks=callbacks, history=history, sources=sources
    )
    if not state.keys() & {"model", "optimizers", "callbacks"}:
        raise TypeError("nothing to save: give model=, optimizer= or callbacks=")
    container.write(path, state)


def state_of(
    *, model: Any, optimizer: Any, epoch: int, callbacks: Any, history: Any, sources: Mapping[str, Source]
) -> dict[str, Any]:
    """All that save() writes."""
    parts = _parts(model, optimizer, callbacks)
    state: dict[str, Any] = {"epoch": epoch}
    for kind, things in parts.items():
        state[kind] = {label: _state_of(thing) for label, thing in things.items()}
    if history is not None:
        state["history"] = _history_state(history if isinstance(history, History) else History(history))
    state["generators"] = {name: randomness.state_of(own) for name, own in sources.items()}
    return state


def _state_of(thing: Any) -> Any:
    """A state that can be loaded again: a file that can't be would be found out when it is needed."""
    state, name = thing.state_dict(), type(thing).__name__
    if not isinstance(state, Mapping):
        raise TypeError(f"state_dict() of {name} must give a dict, not {type(state).__name__}")
    if isinstance(thing, Callback) and type(thing).load_state_dict is Callback.load_state_dict:
        raise TypeError(f"{name} has a state_dict(), and no load_state_dict(state) to take it over again: write both")
    return state


@answered
def load(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    callbacks: Any = (),
    rng: Source | Sequence[Source] | None = None,
) -> Checkpoint:
    """Restore what tg.save() saved, and return an object with `.epoch` and `.history`.

        checkpoint = tg.load("run.npz", model=model, optimizer=optimizer)
        for epoch in range(checkpoint.epoch, 60): ...

    What is given here must be in the file, and fit it; what the file holds besides is left out. The random generators
    are set back too. A file that is damaged, or does not fit, raises ValueError, and nothing has changed.
    """
    return loaded(path, model=model, optimizer=optimizer, callbacks=callbacks, sources=randomness.of_model(model, rng))


def loaded(
    path: str | os.PathLike[str], *, model: Any, optimizer: Any, callbacks: Any, sources: Mapping[str, Source]
) -> Checkpoint:
    """What load() does, with the random generators by name."""
    parts = _parts(model, optimizer, callbacks)
    state = container.read(path)
    try:
        history, settings = _history(state.get("history", {})), _settings(state.get("settings", {}))
        checkpoint = Checkpoint(os.fspath(path), _epoch(state), history, settings)
        restored = randomness.fitting(sources, state.get("generators"))
        loads = [(thing, saved) for kind, things in parts.items() for thing, saved in _saved(state, kind, things)]
    except Exception as error:
        raise container.refusal(path, str(error)) from error
    _load_all(path, list(reversed(loads)), restored)  # the model last: until it is written, graphs built on it hold
    return checkpoint


def _load_all(path: str | os.PathLike[str], loads: list[tuple[Any, Any]], restored: list[tuple[Source, Any]]) -> None:
    """Give each thing its state, and each generator; where one refuses, or Ctrl-C comes, all are as before."""
    undo: list[Callable[[], None]] = []
    try:
        for thing, saved in loads:
            undo.append(_way_back(thing))
            try:
                thing.load_state_dict(saved)
            except Exception:
                if isinstance(thing, (Module, Optimizer)):  # they change nothing when they refuse
                    undo.pop()
                raise
        for own, saved in restored:
            undo.append(functools.partial(randomness.set_state, own, randomness.state_of(own)))
            randomness.set_state(own, saved)
    except BaseException as error:
        for step in reversed(undo):
            with suppress(Exception):  # of one callback, which does not keep the others from being taken back
                step()
        if isinstance(error, Exception):
            raise container.refusal(path, str(error) or type(error).__name__) from error
        raise


def _way_back(thing: Any) -> Callable[[], None]:
    state = thing.state_dict()
    attributes = dict(vars(thing)) if isinstance(thing, Callback) else {}

    def back() -> None:
        thing.load_state_dict(state)
        vars(thing).update(attributes)

    return back


# ---- what takes part


def _parts(model: Any, optimizer: Any, callbacks: Any) -> dict[str, dict[str, Any]]:
    """What has a state, by kind and label."""
    parts: dict[str, dict[str, Any]] = {}
    if model is not None:
        parts["model"] = {"model": model}
    if optimizer is not None:
        wanted = "an optimizer such as tg.optim.SGD(...)"
        optimizers = checks.several("optimizer", optimizer, lambda each: isinstance(each, Optimizer), wanted)
        parts["optimizers"] = {f"{i}": each for i, each in enumerate(optimizers)}
    stateful = [
        each for each in several(callbacks)
        if isinstance(each, Callback) and type(each).state_dict is not Callback.state_dict
    ]  # fmt: skip
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
    for path in saved.keys() - dict(model.named_state()).keys():
        raise ValueError(f"it is of another model: there is a {path}, and none here")


def _epoch(state: Any) -> int:
    epoch = state.get("epoch")
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 0:
        raise ValueError(f"its epoch is {epoch!r}")
    return epoch


def _settings(state: Any) -> dict[str, Any]:
    """What fit has noted of its call; tg.save notes nothing."""
    for name, value in state.items():
        single = isinstance(value, (int, str, type(None)))
        if not (single or (isinstance(value, list) and all(isinstance(part, str) for part in value))):
            raise ValueError(f"its {name} is {value!r}")
    return dict(state)


# ---- history

# What a History knows beside its figures, and of which kind it is where it is not None.
_NOTES = {"stop_reason": str, "best_epoch": int, "start_loss": float, "start_lr": float}


def _history_state(history: History) -> dict[str, Any]:
    figures = {name: np.array(values, np.float64) for name, values in history.items()}
    return {"figures": figures, **{name: getattr(history, name) for name in _NOTES}}


def _history(state: Mapping[str, Any]) -> History:
    figures = state.get("figures", {})
    for name, values in figures.items():
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise ValueError(f"its history of '{name}' is no list of numbers")
    history = History({name: values.tolist() for name, values in figures.items()})
    for name, kind in _NOTES.items():
        note = state.get(name)
        if note is not None and not isinstance(note, kind):
            raise ValueError(f"its {name} is {note!r}")
        setattr(history, name, note)
    return history

"""fit(resume=): what a run is saved with, how it goes on from its file, and what its script asks for in vain.

What is in the file replaces what the script gives. Nothing of that is guessed, and a warning says where they differ.
"""

from __future__ import annotations

import functools
import os
import re
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.sets import batches
from ..layers.module import Module
from ..modes import generator
from ..optim import Optimizer
from ..source import users_level
from . import container, drafts, randomness
from .callbacks import RememberingCallback
from .checkpoints import Checkpoint, loaded, state_of

if TYPE_CHECKING:
    from .run import Run

_ANEW = "delete the file to start anew"
_DRAWING = ("augment", "loss", "callbacks", "model", "metrics", "clip", "optimizer")  # what of a run may draw


class Memory:
    """The file of a run, and the random generators that the run is seen to draw from."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.file: Path | None = None
        if path is not None:
            drafts.check_target(path)
            self.file = Path(path).absolute()  # a callback may go to another folder
        self.shared = {name: randomness.state_of(source) for name, source in randomness.GLOBAL.items()}
        self.sources: dict[str, randomness.Source] = {}
        self.settings: dict[str, Any] = {}  # what the file says of the call of fit

    def open(self, run: Run) -> int:
        """Go on from the file, if there is one; how many epochs it has. What callbacks have begun with, it replaces."""
        known = randomness.of_model(run.model, run.train.rng)
        self.sources = randomness.of_run(known, {name: getattr(run, name) for name in _DRAWING})
        if self.file is None:
            return 0
        of_layers = (f"model.{path}" for path, _ in run.model.named_generators())
        there_anyway = {"thread", *randomness.GLOBAL, *of_layers}
        own = [name for name in self.sources if name not in there_anyway]
        self.settings = settings(run, own)
        drafts.remove(self.file)
        done = self._take_up(run, self.file) if drafts.target(self.file).exists() else 0
        container.packed(self._state(run, done))  # what can't be saved is refused before the first epoch
        return done

    def _take_up(self, run: Run, file: Path) -> int:
        """Go on where the file says; a word for what a script asks that the file overrules."""
        given = run.optimizer.lr
        checkpoint = loaded(file, **_parts(run), sources=self.sources)
        for callback in run.callbacks:
            if isinstance(callback, RememberingCallback):
                callback.loaded = False  # it was for this training
        run.history.take(checkpoint.history)
        compare_rates(checkpoint, given, run.optimizer)
        if run.history.stop_reason is not None or checkpoint.epoch >= run.epochs:
            tell_that_it_is_done(checkpoint, run.epochs)
        else:
            compare_settings(checkpoint, self.settings)
        return checkpoint.epoch

    def save(self, run: Run, path: str | os.PathLike[str]) -> None:
        """Write all that a run needs to go on from here."""
        container.write(path, self._state(run, run.epoch))

    def _state(self, run: Run, epoch: int) -> dict[str, Any]:
        """Of the generators that the whole process shares it has those that have moved since the run began."""
        now = randomness.of_model(run.model, run.train.rng)  # a callback may have called tg.seed
        moved = {
            name: source
            for name, source in {**self.sources, **now}.items()
            if name not in self.shared or self.shared[name] != randomness.state_of(source)
        }
        state = state_of(epoch=epoch, history=run.history, **_parts(run), sources=moved)
        return {**state, "settings": self.settings and {**self.settings, **changeable(run.model, run.train)}}

    def way_back(self) -> Callable[[], None]:
        """What sets the generators back to where they are now, but for those that the whole process shares."""
        before = [(own, randomness.state_of(own)) for name, own in self.sources.items() if name not in self.shared]

        def back() -> None:
            for own, state in before:
                randomness.set_state(own, state)

        return back


def _parts(run: Run) -> dict[str, Any]:
    return {"model": run.model, "optimizer": run.optimizer, "callbacks": run.callbacks}


def settings(run: Run, sources: Iterable[str]) -> dict[str, Any]:
    """What makes a run what it is besides its state: the model's own settings, the batches, the data, the seed."""
    train, names, validation = run.train, ("x", "y", "weights"), run.validation or (None, None)
    return {
        **changeable(run.model, train),
        "shuffle": train.shuffle,
        "drop_last": train.drop_last,
        "loss": _described(run.loss),
        "clip": _described(run.clip),
        "augment": _described(run.augment),
        "metrics": [*run.metrics],
        "random generators": [*sources],
        "seed": _seed(generator(train.rng)),
        "samples": train.samples,
        **{f"values of {name}": fingerprint(array) for name, array in zip_longest(names, train.arrays)},
        "validation samples": 0 if validation[0] is None else len(validation[0]),
        **{f"values of {name}": fingerprint(array) for name, array in zip(("x_val", "y_val"), validation, strict=True)},
    }


def changeable(model: Module, train: batches) -> dict[str, Any]:
    """The settings that callbacks may change on the way: a file has them as they were when it was saved."""
    return {
        "batch_size": train.batch_size,
        "model": _without_addresses(repr(model)).splitlines(),
        "frozen": [path for path, tensor in model.named_state() if not tensor.requires_grad],
    }


def _described(function: Any) -> str | None:
    """A function in words that are the same in the next process."""
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{_described(function.func)}({_without_addresses(', '.join(given))})"
    name = getattr(function, "__name__", None)
    return name if name is not None or function is None else _without_addresses(repr(function))


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _seed(rng: np.random.Generator) -> int | None:
    """The number that the user has seeded it with; None where it was the system's noise."""
    entropy = getattr(getattr(rng.bit_generator, "seed_seq", None), "entropy", None)
    return entropy if isinstance(entropy, int) and entropy < 2**63 else None


def fingerprint(array: np.ndarray | None) -> int | None:
    """A fingerprint of samples from all over the set: of about a million numbers, however large it is."""
    return None if array is None else zlib.crc32(np.ascontiguousarray(array[:: array.size // 10**6 + 1]).tobytes())


def compare_settings(checkpoint: Checkpoint, now: Mapping[str, Any]) -> None:
    """Warn where a run goes on otherwise than it was begun."""
    differences = list(_differences(checkpoint.settings, now))
    if differences:
        warnings.warn(
            f"'{checkpoint.path}' holds a run with {', and '.join(differences)}: give the same (what a callback "
            f"has set, it can set in on_train_begin), or {_ANEW}",
            stacklevel=users_level(),
        )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, other in now.items():
        one = then.get(name, other)
        if one == other or (name == "seed" and None in (one, other)):
            continue
        if isinstance(one, list) and name == "model":
            lines = zip_longest(one, other, fillvalue="nothing")
            first, second = next(pair for pair in lines if pair[0] != pair[1])
            yield f"{str(first).strip()}, not {second.strip()}"
        elif not name.startswith("values of "):
            yield f"{name} {_listed(one)}, not {_listed(other)}"
        elif then.get(counted := "validation samples" if name.endswith("_val") else "samples") == now[counted]:
            yield f"other {name}"


def _listed(value: Any) -> Any:
    return (", ".join(value) or "none") if isinstance(value, list) else value


def compare_rates(checkpoint: Checkpoint, given: float, optimizer: Optimizer) -> None:
    """Warn where the file's learning rate replaces one that was given anew; callbacks may have lowered it."""
    first, saved = checkpoint.history.start_lr, optimizer.lr
    if optimizer.schedule is None and first is not None and given not in (first, saved):
        warnings.warn(
            f"lr is {saved:g} from '{checkpoint.path}', not {given:g}: what the file holds replaces what is given. Set "
            f"optimizer.lr in a callback to change it, or {_ANEW}",
            stacklevel=users_level(),
        )


def tell_that_it_is_done(checkpoint: Checkpoint, epochs: int) -> None:
    """Warn that there was nothing left to train."""
    name, done, reason = checkpoint.path, checkpoint.epoch, checkpoint.history.stop_reason
    if reason is not None:
        why = f"the run in '{name}' ended after epoch {done} ({reason}); {_ANEW}"
    else:
        why = f"epoch {done} of '{name}' is done, and epochs={epochs}; give more epochs, or {_ANEW}"
    warnings.warn(f"nothing was trained: {why}", stacklevel=users_level())

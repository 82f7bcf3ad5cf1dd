"""What a script asks of a run, as its file remembers it: a warning says where it now asks for something else."""

from __future__ import annotations

import functools
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.sets import batches
from ...layers.module import Module
from ...modes import generator
from ...optim import Optimizer
from ...source import users_level

if TYPE_CHECKING:
    from ..run import Run
    from .checkpoints import Checkpoint

_ANEW = "delete the file to start anew"


def of(run: Run, sources: Iterable[str]) -> dict[str, Any]:
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


def compare(checkpoint: Checkpoint, now: Mapping[str, Any]) -> None:
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

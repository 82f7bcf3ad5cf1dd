"""What an attack is: a function that tries once, and says how often it does so in a long and in a short run."""

from __future__ import annotations

import importlib
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# One try: draws what it does from the generator, may write into the folder, raises where something is not as promised,
# and returns how many cases it was (None is one).
Try = Callable[[np.random.Generator, Path], int | None]

FAMILIES = ["gradients", "calls", "files", "kills", "interrupts", "moments", "company", "limits", "starving"]
attacks: dict[str, Attack] = {}


@dataclass
class Attack:
    """A kind of try, and how often it is made."""

    name: str
    what: str
    once: Try
    long: int
    short: int


@dataclass
class Outcome:
    """What came of it."""

    attack: Attack
    cases: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)  # tracebacks, with the number of the try


def attack(*, long: int, short: int) -> Callable[[Try], Try]:
    """Declare an attack: the first line of its docstring names it in the table."""

    def declare(once: Try) -> Try:
        name = once.__name__
        attacks[name] = Attack(name, (once.__doc__ or name).strip().split("\n")[0].rstrip("."), once, long, short)
        return once

    return declare


def load() -> dict[str, Attack]:
    """All attacks, by name."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return attacks


def run(attack: Attack, numbers: range) -> Outcome:
    """Make the tries of these numbers; a number alone makes the same try again."""
    outcome, started = Outcome(attack), time.perf_counter()
    for number in numbers:
        rng = np.random.default_rng([number, *attack.name.encode()])
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcome.cases += attack.once(rng, Path(folder)) or 1
            except Exception:
                outcome.failures.append(f"{attack.name}, try {number}:\n{traceback.format_exc()}")
    outcome.seconds = time.perf_counter() - started
    return outcome


def same(ours: Any, wanted: Any) -> bool:
    """Whether two states (dicts, lists, arrays, numbers) are equal to the last bit."""
    if isinstance(wanted, dict):
        return ours.keys() == wanted.keys() and all(same(ours[k], wanted[k]) for k in wanted)
    if isinstance(wanted, (list, tuple)):
        return len(ours) == len(wanted) and all(map(same, ours, wanted))
    if isinstance(wanted, np.ndarray):
        return ours.shape == wanted.shape and ours.dtype == wanted.dtype and ours.tobytes() == wanted.tobytes()
    return bool(ours == wanted)


def arrays_of(tensors: Any) -> Iterator[Any]:
    """Their gradients, None where there is none."""
    for t in tensors:
        yield None if t.grad is None else t.grad.copy()

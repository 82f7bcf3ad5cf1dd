"""What is different each time, and what a program would do only once: to ask the time, to draw random numbers.

Ops draw anew at each call. What else draws from a generator shows: it stands elsewhere than an op has left it.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..modes import modes
from ..source import Place
from .bytecode import Read
from .inside import reached, told
from .refusals import refusal
from .structures import mapped

_DRAWN = (
    "it draws random numbers by NumPy, which a program would draw only once",
    "Draw them by an op, anew at each call: tg.ops.normal(shape=x.shape, rng=rng), tg.ops.uniform(...); "
    "or draw them outside, and give them",
)
_BESIDES = "; or is it another thread that draws, from np.random or random, while this step is captured?"
MADE_INSIDE = (
    "it draws from a generator that it makes itself, which a program would go on with",
    "Make the generator, or the layer that has one, outside of the step; or give a seed: tg.ops.normal(..., rng=0)",
)
_UNSEEDED = {"default_rng", "RandomState", "Random", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"}


class Once(NamedTuple):
    """What the user's code does, and where, as far as that is known."""

    what: str
    place: Place | None = None


def drawn() -> tuple[str, str]:
    """What to say of numbers that something else than an op has drawn."""
    what, advice = _DRAWN
    alone = sum(not thread.daemon for thread in threading.enumerate()) == 1
    return what, advice if alone else advice + _BESIDES


def only_once(read: Read, value: Any) -> str:
    """What a name in the code does, where it is something of the kind; `value` is what it stands for."""
    if read.is_import:
        clocks = read.path[0] in ("time", "datetime", "secrets", "uuid")
        return f"it imports {read.path[0]}, for what is different each time" if clocks else ""
    value = reached(value, read.path[1:])
    module, name, home = (str(told(x, of)) for x, of in (
        (value, "__module__"), (value, "__name__"), (told(value, "__self__"), "__module__")))  # fmt: skip
    if read.is_called_empty and name in _UNSEEDED and module.startswith(("numpy.random", "random")):
        return f"{name}() starts a new generator from no seed"
    if module == "time" or home == "datetime":
        return "it asks for the time"
    return "it draws random numbers by another library" if module in ("secrets", "uuid") or value is os.urandom else ""


class Generators:
    """The generators that a step may draw from while it is captured."""

    def __init__(self, read: Sequence[Any], are_all: bool) -> None:
        """`read`: those that the step's code refers to, all of them or not; besides, there are those without a name."""
        self._are_all = are_all
        known = (*read, modes.generator, random._inst, np.random.mtrand._rand)
        self._first = [(one, _state(one)) for one in known if one is not None]
        self._states = {id(one): (one, _comparable(state)) for one, state in self._first}  # as ops have left them
        self._before: list[tuple[Any, Any]] = []  # of those that ops drew from

    def is_new(self, generator: Any) -> bool:
        """Whether the step has made it, or holds it where it can't be found."""
        return self._are_all and generator is not modes.generator and id(generator) not in self._states

    def begin(self, generator: Any) -> None:
        """An op is going to draw."""
        if all(generator is not known for known, _ in self._before):
            self._before.append((generator, generator.bit_generator.state))

    def end(self, generator: Any) -> None:
        """An op has drawn."""
        self._states[id(generator)] = generator, _comparable(_state(generator))

    def drawn_from(self) -> Iterable[Any]:
        """Those that something else than an op has drawn from."""
        return (generator for generator, state in self._states.values() if _comparable(_state(generator)) != state)

    def restore(self) -> None:
        """Those that ops drew from stand where they stood before."""
        for generator, state in self._before:
            generator.bit_generator.state = state

    def take_back(self) -> None:
        """After a refusal so do those that something else has drawn from."""
        for generator, state in self._first:
            if _comparable(_state(generator)) != _comparable(state):
                _put_back(generator, state)


def _state(generator: Any) -> Any:
    """Where a generator, NumPy's, NumPy's old one or Python's, stands."""
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return getattr(generator, "bit_generator", generator).state


def _comparable(state: Any) -> Any:
    return mapped(lambda x: x.tobytes() if isinstance(x, np.ndarray) else x, state)


def _put_back(generator: Any, state: Any) -> None:
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        getattr(generator, "bit_generator", generator).state = state


def refuse_once(found: Sequence[Once]) -> None:
    """Refuse code that would do something only once, which is to be different each time."""
    for what, place in found:
        advice = "Do so outside of the step, and give it what comes of it; tg.ops.normal(shape=..., rng=rng) draws anew"
        raise refusal(f"{what}, which a program would do only once", advice, place)

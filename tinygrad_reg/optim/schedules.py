"""Learning rates that change while training: functions from the number of steps taken (0, 1, 2, …) to the rate.

    opt = SGD(params, lr=schedules.exponential(0.1, decay=0.96, every=100))

Any function step → rate will do; these can also be printed, and are recognised when a run is resumed. A rate that
changes once an epoch has `every` = the steps of an epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..answers import checks
from ..answers.calls import answered, takes
from ..answers.elsewhere import answer, listed
from ..answers.foreign import ON_SCHEDULES
from ..answers.naming import missing


class Schedule:
    """A rate for each step, that prints as the call which made it.

    >>> schedule = exponential(0.1, decay=0.5, every=10)
    >>> schedule, schedule(0), schedule(20)
    (exponential(0.1, decay=0.5, every=10.0), 0.1, 0.025)
    """

    __dir__ = listed

    def __init__(self, text: str, function: Callable[[int], float]) -> None:
        self._text, self._function = text, function

    def __call__(self, step: int) -> float:
        """The learning rate of the step that follows `step` others."""
        return self._function(step)

    def __repr__(self) -> str:
        return self._text


answer(Schedule, ON_SCHEDULES)


@answered
def constant(lr: float) -> Schedule:
    """η(t) = lr."""
    lr = checks.number("lr", lr, 0)
    return Schedule(f"constant({lr})", lambda t: lr)


@answered
def exponential(lr: float, decay: float, every: float = 1) -> Schedule:
    """η(t) = lr · decay^(t / every).

    >>> falling = exponential(0.1, decay=0.5, every=10)
    >>> [round(falling(t), 4) for t in (0, 5, 10, 20)]
    [0.1, 0.0707, 0.05, 0.025]
    """
    lr, decay, every = checks.number("lr", lr, 0), checks.positive("decay", decay), checks.positive("every", every)
    return Schedule(f"exponential({lr}, decay={decay}, every={every})", lambda t: lr * _power(decay, t / every))


@answered
def step(lr: float, decay: float, every: int) -> Schedule:
    """η(t) = lr · decay^⌊t / every⌋: the rate falls in steps."""
    lr, decay, every = checks.number("lr", lr, 0), checks.positive("decay", decay), checks.steps("every", every)
    return Schedule(f"step({lr}, decay={decay}, every={every})", lambda t: lr * _power(decay, t // every))


@answered
def inverse_time(lr: float, decay: float, every: float = 1) -> Schedule:
    """η(t) = lr / (1 + decay · t / every)."""
    lr, decay, every = checks.number("lr", lr, 0), checks.positive("decay", decay), checks.positive("every", every)
    return Schedule(f"inverse_time({lr}, decay={decay}, every={every})", lambda t: lr / (1 + decay * t / every))


@answered
def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """η(t) = end + (lr − end) · (1 + cos(π · t / steps)) / 2, and `end` from t = steps on."""
    lr, steps, end = checks.number("lr", lr, 0), checks.steps("steps", steps), checks.number("end", end, 0)

    def half_a_wave(t: int) -> float:
        return end + (lr - end) * (1 + math.cos(math.pi * min(t, steps) / steps)) / 2

    return Schedule(f"cosine({lr}, steps={steps}, end={end})", half_a_wave)


@answered
def warmup(schedule: float | Callable[[int], float], steps: int, start: float = 0.0) -> Schedule:
    """η(t) = start + (η₀ − start) · t / steps, and from t = steps on the schedule (or rate) itself, whose first is η₀.

    >>> [warmup(1.0, steps=4)(t) for t in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    if callable(schedule):
        takes(schedule, "a schedule of the learning rate", "step")
    after = schedule if callable(schedule) else constant(schedule)
    steps, start = checks.steps("steps", steps), checks.number("start", start, 0)

    def warmed_up(t: int) -> float:
        return after(t - steps) if t >= steps else start + (after(0) - start) * t / steps

    name = repr(schedule) if isinstance(schedule, (Schedule, int, float)) else name_of(schedule)
    return Schedule(f"warmup({name}, steps={steps}, start={start})", warmed_up)


def _power(base: float, exponent: float) -> float:
    """base^exponent, ∞ where that is no float: a rate that grows so far is refused by the optimizer."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def name_of(schedule: Any) -> str:
    """What a saved run knows about its schedule: the call that made it, or the name of the user's function."""
    if isinstance(schedule, Schedule):
        return repr(schedule)
    return str(getattr(schedule, "__qualname__", type(schedule).__name__))


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

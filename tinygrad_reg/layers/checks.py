"""The hyper-parameters of layers, checked by name where they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np


def size(name: str, value: Any) -> int:
    """A whole number from 1 on."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")
    return int(value)


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from `low` to `high`."""
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not (math.isfinite(value) and low <= value <= high):
        limits = f" from {low:g}" * (low > -math.inf) + f" to {high:g}" * (high < math.inf)
        raise ValueError(f"{name} must be a finite number{limits}, not {value!r}")
    return float(value)


def drop_rate(name: str, value: Any) -> float:
    """The share that is dropped: from 0 up to, but not including, 1."""
    if number(name, value, 0, 1) == 1:
        raise ValueError(f"{name} is the share that is dropped, and must leave something: less than 1, not {value!r}")
    return float(value)


def one_of(name: str, value: Any, options: Sequence[str]) -> str:
    """One of some words."""
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, not {value!r}")
    return str(value)


def generator(rng: Any) -> np.random.Generator | None:
    """A layer's own generator, made once of a seed; None: each draw is from the thread's generator."""
    if rng is None or isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, Integral) and not isinstance(rng, bool):
        return np.random.default_rng(int(rng))
    raise TypeError(f"rng must be a NumPy Generator such as np.random.default_rng(0), or a seed, not {rng!r}")

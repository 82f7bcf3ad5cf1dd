"""The hyper-parameters of layers, checked by name where they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np


def size(name: str, value: Any, low: int = 1) -> int:
    """A whole number from `low` on."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < low:
        raise ValueError(f"{name} must be a whole number from {low} on, not {value!r}")
    return int(value)


def pair(name: str, value: Any, low: int = 1) -> tuple[int, int]:
    """Two whole numbers, for height and width; one stands for both."""
    first, second = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    return size(name, first, low), size(name, second, low)


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

"""Small made-up problems in the plane that can be drawn, and curves to fit; each with an explicit generator."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..answers.naming import resolve
from ..modes import Rng, generator

Points = tuple[np.ndarray, np.ndarray]


@answered
def moons(samples: int = 200, *, noise: float = 0.1, rng: Rng = None) -> Points:
    """Two half circles that reach into each other: x (samples, 2), labels y of 0 and 1.

    >>> x, y = moons(100, rng=0)
    >>> x.shape, y.shape, y.sum()
    ((100, 2), (100,), np.int64(50))
    """
    rng = generator(rng)
    y = _labels(samples, 2)
    angle = rng.uniform(0, np.pi, samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _shuffled(np.where(y[:, None] == 0, upper, lower), y, noise, rng)


@answered
def circles(samples: int = 200, *, noise: float = 0.05, factor: float = 0.5, rng: Rng = None) -> Points:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1)."""
    if not 0 < checks.number("factor", factor) < 1:
        raise ValueError(f"factor, the inner radius, must be > 0 and < 1, not {factor!r}")
    rng = generator(rng)
    y = _labels(samples, 2)
    angle = rng.uniform(0, 2 * np.pi, samples)
    radius = np.where(y == 0, 1.0, factor)
    return _shuffled(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), y, noise, rng)


@answered
def spirals(samples: int = 200, *, arms: int = 2, turns: float = 1.0, noise: float = 0.02, rng: Rng = None) -> Points:
    """`arms` spirals that wind `turns` times around the centre, a class each."""
    checks.number("turns", turns)
    rng = generator(rng)
    y = _labels(samples, arms)
    radius = rng.uniform(0.1, 1, samples)
    angle = 2 * np.pi * (turns * radius + y / arms)
    return _shuffled(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), y, noise, rng)


@answered
def xor(samples: int = 200, *, noise: float = 0.2, rng: Rng = None) -> Points:
    """Clouds at the four corners (±1, ±1); class 1 where the signs differ. No straight line separates them."""
    rng = generator(rng)
    corner = _labels(samples, 4)
    signs = np.stack([corner % 2, corner // 2], axis=1)
    return _shuffled(2.0 * signs - 1, signs[:, 0] ^ signs[:, 1], noise, rng)


@answered
def blobs(samples: int = 200, *, centers: Any = 3, std: float = 0.5, features: int = 2, rng: Rng = None) -> Points:
    """Gaussian clouds, a class each, around `centers`: that many random points, or an array of their places."""
    checks.number("std", std, 0)
    rng = generator(rng)
    if isinstance(centers, Integral):
        places = rng.uniform(-3, 3, (checks.whole("centers", centers), checks.whole("features", features)))
    else:
        try:
            places = np.asarray(centers, float)
        except (TypeError, ValueError):  # words, rows of several lengths
            places = np.zeros(0)
    if places.ndim != 2 or not places.size or not np.isfinite(places).all():
        raise ValueError(f"centers must be a number of classes or an array (classes, features), not {centers!r}")
    y = _labels(samples, len(places))
    return _shuffled(places[y], y, std, rng)


CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "line": lambda x: 0.5 * x + 0.25,
    "parabola": lambda x: x**2 - 0.5,
    "sine": lambda x: np.sin(np.pi * x),
    "step": lambda x: np.where(x > 0, 0.5, -0.5),
    "bump": lambda x: np.exp(-8 * x**2),
}


@answered
def curve(
    samples: int = 100,
    *,
    function: str | Callable[[np.ndarray], np.ndarray] = "sine",
    low: float = -1.0,
    high: float = 1.0,
    noise: float = 0.1,
    rng: Rng = None,
) -> Points:
    """Points along a curve with noise, x and y of shape (samples, 1), in the order of x.

    `function` is "line", "parabola", "sine", "step", "bump", or a function of an array.
    """
    if checks.number("low", low) > checks.number("high", high):
        raise ValueError(f"low must be ≤ high, not {low!r} and {high!r}")
    checks.number("noise", noise, 0)
    rng = generator(rng)
    f = resolve(function, CURVES, "curve", "a function of an array")
    x = np.sort(rng.uniform(low, high, (checks.whole("samples", samples), 1)), axis=0)
    y = np.asarray(f(x))
    if y.shape not in ((), x.shape) or y.dtype.kind not in "fiub":
        raise ValueError(f"function must give a number for each of x, shape {x.shape}, not {y.dtype} of {y.shape}")
    return x, y + noise * rng.standard_normal(x.shape)


def _labels(samples: int, classes: int) -> np.ndarray:
    return np.arange(checks.whole("samples", samples)) % checks.whole("the number of classes", classes)


def _shuffled(x: np.ndarray, y: np.ndarray, noise: float, rng: np.random.Generator) -> Points:
    checks.number("noise", noise, 0)
    order = rng.permutation(len(x))
    return (x + noise * rng.standard_normal(x.shape))[order], y[order]

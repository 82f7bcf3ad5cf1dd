"""Where weights start: initializers by name ("he_normal"), as objects (he_normal(truncated=True)), or any callable.

An initializer is a callable (shape, rng, dtype) -> array. Those of the lectures keep the variance of signals the same
from layer to layer; they count a unit's inputs (fan_in) and the units that each input feeds (fan_out).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .answers import checks
from .answers.calls import answered, takes
from .answers.naming import made, missing, resolve
from .arrays import as_array
from .modes import Rng, default_dtype, generator
from .ops import random as draw

_MOST = 1e100  # as a standard deviation: the variance is a float, too


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """fan_in and fan_out of a kernel: dense (in, out), convolution (out, in, kernel height, kernel width).

    >>> fans((64, 128)), fans((16, 3, 5, 5))
    ((64, 128), (75, 400))
    """
    if len(shape) < 2:  # a bias or a single number: as many inputs as units
        return math.prod(shape), math.prod(shape)
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


@dataclass(frozen=True)
class Constant:
    """Every element is `value`."""

    value: Any

    def __call__(self, shape: Sequence[int], rng: Rng = None, dtype: Any = None) -> np.ndarray:
        """An array of this shape."""
        try:
            return np.full(shape, self.value, default_dtype() if dtype is None else dtype)
        except ValueError:
            given = np.shape(self.value)
            transposed = "; write constant(array.T)" * (len(given) > 1 and given[::-1] == tuple(shape))
            raise ValueError(
                f"a constant of shape {given} can't fill an array of shape {tuple(shape)}{transposed}"
            ) from None


@dataclass(frozen=True)
class Drawn:
    """Every element is drawn independently, with mean 0 and variance `variance` / (1, fan_in or fan_average).

    Gaussian, or uniform. A truncated Gaussian has no values beyond two standard deviations of the Gaussian it is cut
    from, and that one is made wider, so that what is left has the variance asked for.
    """

    name: str
    variance: float
    per: Literal["one", "fan_in", "fan_average"]
    uniform: bool = False
    truncated: bool = False

    def __post_init__(self) -> None:
        checks.switch("truncated", self.truncated)

    def std(self, shape: Sequence[int]) -> float:
        """The standard deviation of the elements of a kernel of this shape."""
        fan_in, fan_out = fans(shape)
        count = {"one": 1, "fan_in": fan_in, "fan_average": (fan_in + fan_out) / 2}[self.per]
        return math.sqrt(self.variance / count) if count else 0.0

    def __call__(self, shape: Sequence[int], rng: Rng = None, dtype: Any = None) -> np.ndarray:
        """An array of this shape, drawn from `rng` (a NumPy Generator or a seed), else from this thread's generator."""
        shape = draw.axes_lengths(shape)
        std = self.std(shape)
        if self.truncated:
            return _truncated(shape, std, rng, dtype)
        if self.uniform:
            limit = math.sqrt(3) * std
            tensor = draw.uniform(shape=shape, low=-limit, high=limit, rng=rng, dtype=dtype)
        else:
            tensor = draw.normal(shape=shape, std=std, rng=rng, dtype=dtype)
        array: np.ndarray = tensor.data
        return array

    def __repr__(self) -> str:
        size = math.sqrt(3 * self.variance) if self.uniform else math.sqrt(self.variance)
        given = [f"{'limit' if self.uniform else 'std'}={size:.6g}"] if self.per == "one" else []
        return f"{self.name}({', '.join([*given, *['truncated=True'] * self.truncated])})"


_STD_BETWEEN_2 = 0.87962566103423978  # standard deviation of N(0, 1) cut to [-2, 2]


def _truncated(shape: tuple[int, ...], std: float, rng: Rng, dtype: Any) -> np.ndarray:
    rng = generator(rng)
    z: np.ndarray = draw.normal(shape=shape, rng=rng, dtype=dtype).data
    outside = np.abs(z) > 2
    while outside.any():  # one in twenty, the first time
        z[outside] = draw.normal(shape=int(outside.sum()), rng=rng, dtype=dtype).data
        outside = np.abs(z) > 2
    return z * (std / _STD_BETWEEN_2)


@answered
def zeros() -> Constant:
    """0: for biases. As kernels of hidden layers, all units stay identical (no symmetry is broken)."""
    return Constant(0.0)


@answered
def ones() -> Constant:
    """1: for the scale γ of a normalization."""
    return Constant(1.0)


@answered
def constant(value: Any) -> Constant:
    """The same `value` everywhere (a number, or an array that broadcasts to the shape)."""
    if np.asarray(value).dtype.kind not in "fiub":
        raise TypeError(f"value must be a number, or an array of numbers, not {value!r}")
    return Constant(value)


@answered
def normal(std: float = 0.05, *, truncated: bool = False) -> Drawn:
    """N(0, std²). The lectures' naive choices are std=1 (saturates tanh) and std=0.01 (signals die out)."""
    return Drawn("normal", checks.number("std", std, 0, _MOST) ** 2, "one", truncated=truncated)


@answered
def uniform(limit: float = 0.05) -> Drawn:
    """Uniform in [−limit, limit]; variance limit²/3. Keras calls it random_uniform."""
    return Drawn("uniform", checks.number("limit", limit, 0, _MOST) ** 2 / 3, "one", uniform=True)


@answered
def xavier_normal(*, truncated: bool = False) -> Drawn:
    """N(0, std²), std = sqrt(1 / fan_in): Xavier's, as lecture 000 teaches it."""
    return Drawn("xavier_normal", 1, "fan_in", truncated=truncated)


@answered
def glorot_normal(*, truncated: bool = False) -> Drawn:
    """N(0, std²), std = sqrt(2 / (fan_in + fan_out)).

    Lecture 002 prints fan_avg = 2 / (fan_in + fan_out); it must be (fan_in + fan_out) / 2.
    """
    return Drawn("glorot_normal", 1, "fan_average", truncated=truncated)


@answered
def glorot_uniform() -> Drawn:
    """Uniform in ±limit, limit = sqrt(6 / (fan_in + fan_out)): the default of Dense and Conv2D."""
    return Drawn("glorot_uniform", 1, "fan_average", uniform=True)


@answered
def he_normal(*, truncated: bool = False) -> Drawn:
    """N(0, std²), std = sqrt(2 / fan_in): for ReLU, which halves the second moment of its input.

    >>> create("he_normal", (200, 500), rng=0).std().round(3)
    np.float64(0.1)
    """
    return Drawn("he_normal", 2, "fan_in", truncated=truncated)


@answered
def he_uniform() -> Drawn:
    """Uniform in ±limit, limit = sqrt(6 / fan_in)."""
    return Drawn("he_uniform", 2, "fan_in", uniform=True)


NAMES: dict[str, Callable[..., Any]] = {
    maker.__name__: maker
    for maker in (
        zeros, ones, constant, normal, uniform, xavier_normal, glorot_normal, glorot_uniform, he_normal, he_uniform,
    )
}  # fmt: skip


@answered
def create(initializer: Any, shape: Sequence[int], *, rng: Rng = None, dtype: Any = None) -> np.ndarray:
    """The array that `initializer` (a name, an object of this file, or a callable (shape, rng, dtype)) starts with.

    >>> create("zeros", (2, 3)).shape
    (2, 3)
    """
    dtype, shape = default_dtype() if dtype is None else checks.float_dtype(dtype), draw.axes_lengths(shape)
    found = _found(initializer)
    takes(found, "an initializer", "shape", "rng", "dtype")
    array = as_array(found(shape, generator(rng), dtype), dtype)
    if array.shape != shape:
        raise ValueError(f"the initializer {initializer!r} was asked for shape {shape} and gave {array.shape}")
    return np.array(array, dtype)  # a copy: the layer's own


def _found(initializer: Any) -> Callable[..., Any]:
    others = "an object such as tg.initializers.constant(0.1), or a callable (shape, rng, dtype) -> array"
    found: Callable[..., Any] = resolve(initializer, NAMES, "initializer", others)
    if found is constant:
        raise TypeError("constant needs its value: tg.initializers.constant(0.1)")
    usable: Callable[..., Any] = made(found, NAMES)
    return usable


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

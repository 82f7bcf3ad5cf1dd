"""Random numbers as inputs: an op that is random draws a Tensor, and everything after it is ordinary calculus.

No op below has an input, so no gradient flows through the drawing: dropout is `x * bernoulli(...)`, an ordinary
product in which the mask is the other factor. Numbers come from `rng`, a NumPy Generator, else from this thread's
generator (see tg.seed); a seed given as `rng=5` starts a new one, so it gives the same numbers at every call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..modes import Rng, default_dtype, generator
from ..primitive import primitive
from ..tensor import Tensor

Shape = int | Sequence[int]


def axes_lengths(shape: Any) -> tuple[int, ...]:
    """The lengths of the axes, from one of them or several."""
    lengths = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in lengths):
        raise ValueError("shape must hold the lengths of the axes, whole numbers ≥ 0")
    return lengths


def _single(**given: Any) -> None:
    for name, value in given.items():
        if isinstance(value, (Tensor, list)) or (isinstance(value, np.ndarray) and value.ndim):
            raise TypeError(
                f"{name} must be a number, for all elements the same, not {type(value).__name__}: draw with standard "
                "values, and multiply and add what differs by element"
            )


def _float(dtype: Any) -> np.dtype[Any]:
    return default_dtype() if dtype is None else checks.float_dtype(dtype)


def _drawable(dtype: np.dtype[Any]) -> Any:
    """The float type that NumPy draws in: float32 costs half of float64, other types are converted."""
    return np.float32 if dtype == np.float32 else np.float64


@primitive(
    random=True,
    symbol="noise",
    text="uniform(low, high)",
    why="The numbers are drawn, not computed: they are an input.",
)
def uniform(*, shape: Shape = (), low: float = 0.0, high: float = 1.0, rng: Rng = None, dtype: Any = None) -> Any:
    """Independent numbers, equally likely between `low` and `high`: low + (high − low) · u, u in [0, 1).

    >>> uniform(shape=(2, 3), low=-1, high=1, rng=0).shape
    (2, 3)
    """
    _single(low=low, high=high)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError("low and high must be finite numbers, low ≤ high")
    lengths, wanted = axes_lengths(shape), _float(dtype)
    u = np.asarray(generator(rng).random(lengths, _drawable(wanted)))
    u *= high - low
    u += low
    return u.astype(wanted, copy=False)


@primitive(
    random=True,
    symbol="noise",
    text="normal(mean, std²)",
    why="The numbers are drawn, not computed: they are an input.",
)
def normal(*, shape: Shape = (), mean: float = 0.0, std: float = 1.0, rng: Rng = None, dtype: Any = None) -> Any:
    """Independent Gaussian numbers: mean + std · z, z from N(0, 1).

    >>> normal(shape=4, std=0.01, rng=0).shape
    (4,)
    """
    _single(mean=mean, std=std)
    if not (math.isfinite(mean) and math.isfinite(std) and std >= 0):
        raise ValueError("mean and std must be finite numbers, std ≥ 0")
    lengths, wanted = axes_lengths(shape), _float(dtype)
    z = np.asarray(generator(rng).standard_normal(lengths, _drawable(wanted)))
    z *= std
    z += mean
    return z.astype(wanted, copy=False)


@primitive(
    random=True,
    symbol="mask",
    text="mask",
    why="The mask is drawn, not computed: it is an input that switches units off.",
)
def bernoulli(*, keep: float, shape: Shape = (), scale: float = 1.0, rng: Rng = None, dtype: Any = None) -> Any:
    """A mask: each element independently is `scale` with probability `keep`, else 0.

    Inverted dropout is x * bernoulli(keep=p, shape=x.shape, scale=1 / p): E[mask] = 1.

    >>> mask = bernoulli(keep=0.8, shape=1000, rng=0)
    >>> sorted(set(mask.tolist())), round(mask.data.mean().item(), 1)
    ([0.0, 1.0], 0.8)

    Drawing is what dropout costs, so an element takes 16 random bits r: it is kept if r < keep · 2¹⁶. Where r equals
    the whole part of keep · 2¹⁶ (one element of 65 536), a second draw decides with the rest as its probability.
    So the probability is `keep` itself, not its nearest multiple of 2⁻¹⁶.
    """
    _single(keep=keep, scale=scale)
    if not 0 <= keep <= 1:
        raise ValueError("keep must be a probability, from 0 to 1")
    lengths, wanted, rng = axes_lengths(shape), _float(dtype), generator(rng)
    size = math.prod(lengths)
    bits = _words(rng, (size + 3) // 4).view(np.uint16)[:size]
    whole, rest = divmod(keep * 2**16, 1)
    kept = bits < int(whole)
    if rest:
        (undecided,) = (bits == int(whole)).nonzero()
        if undecided.size:
            kept[undecided] = rng.random(undecided.size) < rest
    mask = kept.astype(wanted).reshape(lengths)
    if scale != 1:
        mask *= scale
    return mask


def _words(rng: np.random.Generator, n: int) -> Any:
    """n times 64 random bits."""
    if type(rng) is np.random.Generator and isinstance(rng.bit_generator, np.random.PCG64):
        return rng.bit_generator.random_raw(n)  # the same numbers as below, in half the time
    return rng.integers(0, 2**64, n, dtype=np.uint64)

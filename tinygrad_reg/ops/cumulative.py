"""Along an axis: running sums and products, differences, order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive
from .indexing import add_along_axis


@primitive(
    sums=True, numpy=np.cumsum, method="cumsum", text="Σ x up to here",
    why="An element is part of every sum from its place on: it gets their gradients, a running sum from the back.",
)  # fmt: skip
def cumsum(x: Any, *, axis: int | None = None) -> Any:
    """The sum of the elements up to each place along `axis` (of the flattened array by default)"""
    return np.cumsum(x, axis=axis)


@cumsum.derivative("1 from its place on", how="G summed from the back")
def _(g, out, x, *, axis=None):
    back = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, back), axis=back), back), x.shape)


@primitive(
    sums=True, numpy=np.cumprod, method="cumprod", text="Π x up to here",
    why="An element is a factor of every product from its place on; what it counts there is the product of the others.",
)  # fmt: skip
def cumprod(x: Any, *, axis: int | None = None) -> Any:
    """The product of the elements up to each place along `axis` (of the flattened array by default)"""
    return np.cumprod(x, axis=axis)


@cumprod.derivative("Π of the others up to there", how="Σ over the later places of G · local")
def _(g, out, x, *, axis=None):
    # Not out / x, which fails where x is 0. What x_j gets is (the product before j) times
    # s_j = g_j + x_{j+1} g_{j+1} + x_{j+1} x_{j+2} g_{j+2} + …, so s_j = g_j + x_{j+1} s_{j+1}.
    back = 0 if axis is None else axis
    row = np.moveaxis(np.reshape(x, g.shape), back, -1)  # flattened where axis is None, one element where x is 0-d
    reach, factor = np.moveaxis(g, back, -1), _shifted(row, 1)
    # Here reach_j is the sum of the first `step` terms and factor_j the product x_{j+1} … x_{j+step}: both double
    # with each round, so a row of n takes log2(n) rounds.
    step = 1
    while step < row.shape[-1]:
        reach, factor = reach + factor * _shifted(reach, step), factor * _shifted(factor, step)
        step *= 2
    return np.reshape(np.moveaxis(before(row) * reach, -1, back), x.shape)


def before(x: Any) -> Any:
    """For each element along the last axis: the product of all that stand before it (1 for the first)."""
    ones = np.ones((*x.shape[:-1], 1), x.dtype)
    return np.cumprod(np.concatenate([ones, x], axis=-1)[..., :-1], axis=-1)


def _shifted(x: Any, step: int) -> Any:
    """x moved towards the front by `step` places along the last axis, zeros behind it."""
    zeros = np.zeros((*x.shape[:-1], min(step, x.shape[-1])), x.dtype)
    return np.concatenate([x[..., step:], zeros], axis=-1)


@primitive(
    numpy=np.diff, symbol="Δ", text="x[i+1] − x[i]",
    why="Each element is added to one difference and taken from the next: it gets the difference of their gradients.",
)  # fmt: skip
def diff(x: Any, *, n: int = 1, axis: int = -1) -> Any:
    """The difference of neighbours along `axis`, taken n times"""
    return np.diff(x, n=n, axis=axis)


@diff.derivative("−1 and 1", how="−ΔG, with zeros around G")
def _(g, out, x, *, n=1, axis=-1):
    if not n:
        return g
    n = min(n, x.shape[axis])  # more times than there are elements: nothing is left, and nothing comes back
    width = [(n, n) if i == axis % x.ndim else (0, 0) for i in range(x.ndim)]
    return np.diff(np.pad(g, width), n=n, axis=axis) * (-1.0) ** n


@primitive(
    numpy=np.sort, keeps=True,
    why="Sorting moves the numbers only: each gradient goes back to the place its number came from.",
)  # fmt: skip
def sort(x: Any, *, axis: int | None = -1) -> Any:
    """The elements in rising order along `axis` (None: all of them in one row); equal ones keep their order"""
    row = np.ravel(x) if axis is None else x if np.shape(x) else np.reshape(x, ())  # a number, Python's too
    order = np.argsort(row, axis=-1 if axis is None else axis, kind="stable")
    return np.take_along_axis(row, order, -1 if axis is None else axis), order


@sort.derivative("1 where it came from", how="G in the order before sorting")
def _(g, out, x, *, axis=-1, kept):
    along = -1 if axis is None else axis
    return np.reshape(np.take_along_axis(g, np.argsort(kept, axis=along), along), x.shape)


@primitive(
    numpy=np.median, keeps=True, expects="axis is one axis, or None for the median of all",
    why="Only the middle element counts and gets the whole gradient; where there are two, each gets half of it.",
)  # fmt: skip
def median(x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle of the sorted elements along `axis`; of an even number, the mean of the two in the middle"""
    row, along = (np.ravel(x), 0) if axis is None else (x, axis)
    n = row.shape[along]
    order = np.argsort(row, axis=along, kind="stable")
    middle = np.take(order, [(n - 1) // 2, n // 2], axis=along)
    last = np.take(order, [n - 1], axis=along)  # where NaN is sorted to: it spoils the median, as in NumPy
    middle = np.where(np.isnan(np.take_along_axis(row, last, along)), last, middle)
    value = np.mean(np.take_along_axis(row, middle, along), axis=along, keepdims=keepdims)
    return (np.reshape(value, (1,) * np.ndim(x)) if keepdims and axis is None else value), middle


@median.derivative("1 in the middle, 0 elsewhere", how="G to the middle element")
def _(g, out, x, *, axis=None, keepdims=False, kept):
    along = 0 if axis is None else axis
    shape = x.shape if axis is not None else (x.size,)
    halves = np.reshape(g, [1 if i == along % len(shape) else n for i, n in enumerate(shape)]) * 0.5
    return np.reshape(add_along_axis(np.broadcast_to(halves, kept.shape), kept, along, shape), x.shape)

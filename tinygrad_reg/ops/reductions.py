"""Many numbers to one: sums, means, spreads, products, extremes."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..half import widened
from ..operands import weak
from ..primitive import composed, primitive
from ..source import result
from ..sums import sum_rows
from ..tensor import Tensor, values
from .cumulative import before

Axis = int | tuple[int, ...] | None


def keep_axes(reduced: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's result (or its gradient), with the axes that were reduced put back as axes of length 1."""
    if keepdims or axis is None or reduced.ndim == x.ndim:
        return reduced
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return np.reshape(reduced, [1 if i in axes else n for i, n in enumerate(x.shape)])


def repeated(g: Any, shape: tuple[int, ...]) -> Any:
    """g as an array of this shape, in the memory of g itself"""
    if isinstance(g, np.generic):  # the mean of a loss: np.broadcast_to takes five times as long
        return np.ndarray(shape, g.dtype, g, strides=(0,) * len(shape))
    return np.broadcast_to(g, shape)


def count(x: Any, axis: Axis) -> int:
    """How many elements of x go into one element of the result."""
    if axis is None:
        return np.size(x)
    shape = np.shape(x)
    return math.prod([shape[a] for a in axis]) if isinstance(axis, tuple) else shape[axis]


@primitive(
    sums=True, numpy=np.sum, method="sum", symbol="Σ",
    why="Every element had a part of 1 in the sum, so each gets the whole gradient.",
)  # fmt: skip
def sum(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Σ x over `axis` (all axes by default)"""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@sum.derivative("1", how="G repeated over the summed axes")
def _(g, out, x, *, axis=None, keepdims=False):
    return repeated(keep_axes(g, x, axis, keepdims), x.shape)


@composed(numpy=[(np.add, "reduce")])
def _add_reduce(x: Any, axis: Axis = 0, dtype: None = None, out: None = None, keepdims: bool = False) -> Any:
    """np.add.reduce(x): the sum over the first axis, or over `axis`; derivatives call it, it costs less than np.sum"""
    return sum(x, axis=axis, keepdims=keepdims)


@primitive(
    sums=True, floats=True, text="Σ x²", symbol="Σ²",
    why="The slope of a square is twice the number: the further from 0, the harder it is pulled back.",
)  # fmt: skip
def sum_of_squares(x: Any) -> Any:
    """Σ x² over all elements: what penalties of the kind L2 are made of"""
    return np.vdot(x, x)


@sum_of_squares.derivative("2 · x", how="G repeated ⊙ local")
def _(g, out, x):
    return g * 2.0 * x


@primitive(
    sums=True, numpy=np.mean, method="mean", symbol="mean", text="Σx / n",
    why="Each of the n elements has a part of 1/n in the mean, so the gradient is shared out evenly.",
)  # fmt: skip
def mean(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Σ x / n over `axis` (all axes by default), n the number of elements averaged"""
    return np.add.reduce(x, axis=axis, keepdims=keepdims) / count(x, axis)


@mean.derivative("1/n", how="G/n repeated over the averaged axes")
def _(g, out, x, *, axis=None, keepdims=False):
    n = count(x, axis) or 1  # the mean of nothing has no share to give
    return repeated(keep_axes(g / n, x, axis, keepdims), x.shape)


@primitive(
    sums=True, numpy=np.var, method="var", text="Σ(x − mean)² / (n − ddof)",
    why="The further an element is from the mean, the more it moves the variance; the mean's own movement cancels out.",
)  # fmt: skip
def var(x: Any, *, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Σ (x − mean)² / (n − ddof) over `axis`; ddof=1 is the unbiased estimate (torch.var's default)"""
    deviation = _deviation(x, axis)
    total = np.add.reduce(deviation * deviation, axis=axis, keepdims=keepdims)
    return total / _degrees(x, axis, ddof)


@var.derivative("2(x − mean)/(n − ddof)", how="G repeated ⊙ local")
def _(g, out, x, *, axis=None, ddof=0, keepdims=False):
    scaled = keep_axes(g * 2.0 / _degrees(x, axis, ddof), x, axis, keepdims)
    return _deviation(x, axis) * scaled


def _deviation(x: Any, axis: Axis) -> Any:
    """x − mean"""
    return x - _mean(x, axis)


def _mean(x: Any, axis: Axis) -> Any:
    """The mean, with axes of length 1 where it was taken."""
    if np.ndim(x) == 2 and axis in (0, (0,)):
        return np.expand_dims(sum_rows(x), 0) / x.shape[0]
    return np.add.reduce(x, axis=axis, keepdims=True) / count(x, axis)


def moments(x: Any, axis: Axis) -> tuple[Any, Any, Any]:
    """x − mean, the mean, and the variance; of float16 in float32."""
    x = widened(x)
    mean = _mean(x, axis)
    deviation = x - mean
    var = _mean(deviation * deviation, axis)
    return deviation, mean, var


def moments_of(standardized: Any, x: Any, axis: Axis) -> tuple[Any, Any]:
    """The mean and the variance of x, from which `standardize` made this: where there is a graph, it has kept them."""
    kept = standardized._kept if isinstance(standardized, Tensor) else None
    _, mean, var = moments(values(x), axis) if kept is None else kept
    return mean, var


def _degrees(x: Any, axis: Axis, ddof: float) -> float:
    """n − ddof, not below 0: dividing by 0 gives the NaN or inf that NumPy gives where there are too few numbers."""
    left = count(x, axis) - weak(ddof)
    return left if left > 0 else 0


@primitive(
    sums=True, floats=True, numpy=np.std, method="std", text="√(Σ(x − mean)² / (n − ddof))",
    why="The root of the variance: its share, divided by twice the standard deviation (and 0 where that is 0).",
)  # fmt: skip
def std(x: Any, *, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """√(Σ (x − mean)² / (n − ddof)) over `axis`; its derivative is 0 where all elements are equal, as in PyTorch"""
    return np.sqrt(var.forward(_from_first(x, axis), axis=axis, ddof=ddof, keepdims=keepdims))


@std.derivative("(x − mean)/((n − ddof) · out)", how="G repeated ⊙ local")
def _(g, out, x, *, axis=None, ddof=0, keepdims=False):
    scaled = g * (out != 0) / ((out + (out == 0)) * _degrees(x, axis, ddof))
    return _deviation(_from_first(x, axis), axis) * keep_axes(scaled, x, axis, keepdims)


def _from_first(x: Any, axis: Axis) -> Any:
    """x − its first element: as spread out as x, and exactly 0 where all are equal, which x − mean only nearly is."""
    if not np.shape(x):  # a number, Python's too
        return x - x
    given = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = {operator.index(a) % x.ndim for a in given}
    return x - x[tuple(slice(0, 1) if i in axes else slice(None) for i in range(x.ndim))]


@primitive(
    reuses=True, sums=True, text="(x − mean) / √(var + ε)",
    why="Of the gradient, what would only move the mean or the spread is taken away: these stay as they are.",
)  # fmt: skip
def standardize(x: Any, *, axis: int | tuple[int, ...] = 0, epsilon: float = 0.0) -> Any:
    """(x − mean) / √(var + ε) over `axis`: mean 0 and variance 1, as batch and layer normalization make them"""
    deviation, mean, var = moments(x, axis)
    spread = np.sqrt(var + weak(epsilon))
    return deviation / spread, (spread, mean, var)


@standardize.derivative("(1 − 1/n − out · outᵀ/n) / √(var + ε)", how="(G − mean(G) − out ⊙ mean(G ⊙ out)) / √(var + ε)")
def _(g, out, x, *, axis=0, epsilon=0.0, parts):
    spread = np.sqrt(np.var(x, axis=axis, keepdims=True) + epsilon) if parts is None else parts[0]
    return (_deviation(g, axis) - out * _mean(g * out, axis)) / spread


@primitive(
    sums=True, numpy=np.prod, method="prod", symbol="Π",
    why="Multiply swaps: each element's gradient is scaled by the product of all the others.",
)  # fmt: skip
def prod(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Π x over `axis` (all axes by default)"""
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


@prod.derivative("Π of the others", how="G repeated ⊙ local")
def _(g, out, x, *, axis=None, keepdims=False):
    if not x.shape:
        return g  # NumPy takes axis=0 of a number, too
    # Not out / x, which fails where x is 0: the product of those before times the product of those behind.
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    front = [i for i in range(x.ndim) if i not in axes]
    moved = np.transpose(x, (*front, *axes))
    row = np.reshape(moved, (*[x.shape[i] for i in front], count(x, axis)))
    others = before(row) * np.flip(before(np.flip(row, -1)), -1)
    back = sorted(range(x.ndim), key=(*front, *axes).__getitem__)
    return keep_axes(g, x, axis, keepdims) * np.transpose(np.reshape(others, moved.shape), back)


def _extreme(g: Any, out: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """g to the elements that are equal to `out`, in equal parts where there are several; NaN is one where it occurs."""
    chosen = widened(((x == keep_axes(out, x, axis, keepdims)) | (x != x)).astype(x.dtype))
    return keep_axes(g, x, axis, keepdims) * (chosen / np.add.reduce(chosen, axis=axis, keepdims=True))


@primitive(
    numpy=(np.max, np.amax), method="max",
    why="Only the largest element counts: it gets the whole gradient, the others 0. Several largest share it evenly.",
)  # fmt: skip
def max(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element along `axis` (of all by default); ties share the gradient evenly"""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


@max.derivative("1 at the largest, 0 elsewhere", how="G to the largest element")
def _(g, out, x, *, axis=None, keepdims=False):
    return _extreme(g, out, x, axis, keepdims)


@primitive(
    numpy=(np.min, np.amin), method="min",
    why="Only the smallest element counts: it gets the whole gradient, the others 0. Several smallest share it evenly.",
)  # fmt: skip
def min(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element along `axis` (of all by default); ties share the gradient evenly"""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


@min.derivative("1 at the smallest, 0 elsewhere", how="G to the smallest element")
def _(g, out, x, *, axis=None, keepdims=False):
    return _extreme(g, out, x, axis, keepdims)


@composed(numpy=np.ptp)
def ptp(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """max − min over `axis`"""
    return result(max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims))


@primitive(
    sums=True, method="logsumexp", text="ln Σ exp(x)",
    why="The derivative is softmax(x): the gradient is shared out by size, the largest element gets the most.",
)  # fmt: skip
def logsumexp(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """ln Σ exp(x) over `axis`, without overflow: the largest element is taken out before exp"""
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf, dtype=np.result_type(x, 0.0))
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


@logsumexp.derivative("exp(x − out)", how="G repeated ⊙ local")
def _(g, out, x, *, axis=None, keepdims=False):
    # Where all elements are −∞, out is too, and exp(−∞ − 0) = 0 is the limit that −∞ − (−∞) would not give.
    level = np.where(out == -np.inf, 0.0, out)
    return keep_axes(g, x, axis, keepdims) * np.exp(x - keep_axes(level, x, axis, keepdims))


@composed(numpy=np.average)
def average(a: Any, axis: Axis = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """Σ weights · x / Σ weights over `axis`; the weights have the shape of x, or are 1-d along one axis"""
    if weights is None:
        return result(mean(a, axis=axis, keepdims=keepdims))
    a, weights = (x if hasattr(x, "dtype") else np.asarray(x) for x in (a, weights))
    shape = np.shape(a)
    if np.shape(weights) != shape:
        along = axis % len(shape) if isinstance(axis, (int, np.integer)) and -len(shape) <= axis < len(shape) else None
        if along is None or np.shape(weights) != (shape[along],):
            raise ValueError(
                f"average needs weights in the shape of the array, {shape}, or, with axis=, a number for each "
                f"element along it; not {np.shape(weights)} with axis={axis!r}"
            )
        weights = np.reshape(weights, [-1 if i == along else 1 for i in range(len(shape))])
    # Their sum, too, has the digits of the result, as in NumPy.
    dtype = np.result_type(a.dtype, weights.dtype, *(() if a.dtype.kind == "f" else [np.float64]))
    weights = weights if weights.dtype == dtype else weights.astype(dtype)
    total = sum(weights, axis=axis, keepdims=keepdims)
    return result(sum(a * weights, axis=axis, keepdims=keepdims) / total)

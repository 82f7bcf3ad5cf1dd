"""Products of vectors and matrices: matmul, affine, dot, inner, outer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..operands import alike
from ..primitive import composed, primitive
from ..source import result
from ..sums import product, sum_rows, unbroadcast

# ---- the matrix product: the op of every dense layer, so two matrices take the shortest way


@primitive(
    numpy=(np.matmul, np.linalg.matmul), operator="matmul", symbol="@", text="x @ y",
    expects="the columns of x must equal the rows of y: (m, k) @ (k, n); axes before these broadcast",
    why="Each input's gradient is the upstream gradient times the other matrix, turned so that the shapes fit.",
)  # fmt: skip
def matmul(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[k, j]; a vector is a row on the left, a column on the right; more axes are batches"""
    return product(x, y)


@matmul.derivative("y", how="G @ yᵀ", local_input=1)
def _(g, out, x, y):
    if x.ndim == 2 and y.ndim == 2:
        return product(g, y.T)
    if y.ndim == 1:
        return g * y if x.ndim == 1 else np.expand_dims(g, -1) * y
    rows = np.expand_dims(g, -2) if x.ndim == 1 else g
    return unbroadcast(rows @ np.swapaxes(y, -1, -2), x.shape)


@matmul.derivative("x", how="xᵀ @ G", local_input=0)
def _(g, out, x, y):
    if x.ndim == 2 and y.ndim == 2:
        return product(x.T, g)
    if x.ndim == 1:
        return g * x if y.ndim == 1 else np.expand_dims(x, -1) * np.expand_dims(g, -2)
    if y.ndim <= 2:  # one matrix for the whole batch: its gradient is one product over all rows
        rows = math.prod(x.shape[:-1])
        flat_x, flat_g = np.reshape(x, (rows, x.shape[-1])), np.reshape(g, (rows, *y.shape[1:]))
        return flat_x.T @ flat_g
    return unbroadcast(np.swapaxes(x, -1, -2) @ g, y.shape)


@primitive(
    symbol="@ +", text="x @ w + b",
    expects="the columns of x must equal the rows of w, and b has a number for each column of w",
    why="A weighted sum is linear in everything: x gets G times the weights, w the inputs times G, b the sum of G.",
)  # fmt: skip
def affine(x: Any, w: Any, b: Any) -> Any:
    """z[i, j] = Σₖ x[i, k] · w[k, j] + b[j]: what every dense layer computes, z = w·x + b, for all samples at once"""
    if b.ndim != 1 or w.ndim != 2 or b.size != w.shape[1]:
        raise ValueError("w must be a matrix, and b one number for each of its columns")
    return product(x, w) + b


@affine.derivative("w", how="G @ wᵀ", local_input=1)
def _(g, out, x, w, b):
    return product(g, w.T)


@affine.derivative("x", how="xᵀ @ G", local_input=0)
def _(g, out, x, w, b):
    return product(x.T, g) if x.ndim == 2 else product(_rows(x).T, _rows(g))


@affine.derivative("1", how="G summed over the samples")
def _(g, out, x, w, b):
    return sum_rows(g if g.ndim == 2 else _rows(g))


def _rows(x: Any) -> Any:
    """One row a sample, whatever the axes that the samples lie along."""
    return np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


# ---- its relatives


@primitive(
    numpy=np.dot, method="dot", symbol="·", text="x · y",
    expects="the last axis of x must be as long as the last but one of y, or the only one",
    why="Each input's gradient is the upstream gradient times the other input, summed over the axes that it lacks.",
)  # fmt: skip
def dot(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[k, j]: the last axis of x against the last but one of y (np.dot); numbers multiply"""
    return np.dot(*alike(x, y))


@dot.derivative("y", how="G · y over the other axes of y")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * y, np.shape(x))
    ahead, contracted = x.ndim - 1, max(y.ndim - 2, 0)
    free = [i for i in range(y.ndim) if i != contracted]
    return np.tensordot(g, y, (list(range(ahead, g.ndim)), free))


@dot.derivative("x", how="x · G over the other axes of x")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * x, np.shape(y))
    ahead = list(range(x.ndim - 1))
    return np.moveaxis(np.tensordot(x, g, (ahead, ahead)), 0, max(y.ndim - 2, 0))


@primitive(
    numpy=np.inner, text="⟨x, y⟩", expects="the last axes of x and y must be equally long",
    why="Each input's gradient is the upstream gradient times the other input.",
)  # fmt: skip
def inner(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[j, k]: the last axes against each other; numbers multiply"""
    return np.inner(*alike(x, y))


@inner.derivative("y", how="G · y over the other axes of y")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * y, np.shape(x))
    return np.tensordot(g, y, (list(range(x.ndim - 1, g.ndim)), list(range(y.ndim - 1))))


@inner.derivative("x", how="x · G over the other axes of x")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * x, np.shape(y))
    ahead = list(range(x.ndim - 1))
    return np.tensordot(g, x, (ahead, ahead))


@primitive(
    numpy=np.outer, symbol="⊗", text="x ⊗ y",
    why="Each number of x met all of y: it gets the products of y with its row of the gradient, summed.",
)  # fmt: skip
def outer(x: Any, y: Any) -> Any:
    """out[i, j] = x[i] · y[j], of the flattened x and y"""
    return np.outer(*alike(x, y))


@outer.derivative("y", how="G @ y")
def _(g, out, x, y):
    return np.reshape(g @ np.ravel(y), np.shape(x))


@outer.derivative("x", how="x @ G")
def _(g, out, x, y):
    return np.reshape(np.ravel(x) @ g, np.shape(y))


@primitive(
    numpy=np.vdot, text="Σ x ⊙ y", expects="x and y must have equally many elements",
    why="Each element's gradient is the element that it was multiplied with.",
)  # fmt: skip
def vdot(x: Any, y: Any) -> Any:
    """Σᵢ x[i] · y[i], of the flattened x and y"""
    return np.vdot(*alike(x, y))


@vdot.derivative("y", how="G × y")
def _(g, out, x, y):
    return g * np.reshape(y, np.shape(x))


@vdot.derivative("x", how="G × x")
def _(g, out, x, y):
    return g * np.reshape(x, np.shape(y))


@composed(numpy=np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    """The matrix product of two or more arrays, from left to right"""
    if len(arrays) < 2:
        raise ValueError(f"multi_dot needs two arrays or more, not {len(arrays)}")
    product = arrays[0]
    for factor in arrays[1:]:
        product = dot(product, factor)
    return result(product)

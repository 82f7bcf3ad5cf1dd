"""The names that NumPy 2 took over from the array API: other calls of ops that are here.

np.linalg.vector_norm(t), np.cumulative_sum(t), np.unstack(t)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import composed
from ..source import result
from .cumulative import cumprod, cumsum
from .diagonals import diagonal, trace
from .linalg import norm
from .shapes import swapaxes


def _of(module: Any, name: str) -> Any:
    """A function of NumPy's, () where this NumPy is too old to have it."""
    return getattr(module, name, ())


# ---- norms


@composed(numpy=np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """np.linalg.vector_norm(t, axis=(0, 1)): several axes are one long vector"""
    if axis is None:
        axis = tuple(range(x.ndim))
    if not isinstance(axis, tuple):
        return result(norm(x, ord=ord, axis=axis, keepdims=keepdims))
    axes = np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    others = [i for i in range(x.ndim) if i not in axes]
    rows = np.transpose(x, (*others, *axes)).reshape(*(x.shape[i] for i in others), math.prod(x.shape[i] for i in axes))
    out = norm(rows, ord=ord, axis=-1)
    return result(np.expand_dims(out, axes) if keepdims else out)


@composed(numpy=np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """np.linalg.matrix_norm(t), of the last two axes"""
    return result(norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims))


# ---- matrices are the last two axes


@composed(numpy=np.linalg.trace)
def trace_of_matrix(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    """np.linalg.trace(t)"""
    found = trace(x, offset=offset, axis1=-2, axis2=-1)
    return result(found if dtype is None else found.astype(dtype))


@composed(numpy=np.linalg.diagonal)
def diagonal_of_matrix(x: Any, *, offset: int = 0) -> Any:
    """np.linalg.diagonal(t)"""
    return result(diagonal(x, offset=offset, axis1=-2, axis2=-1))


@composed(numpy=(np.linalg.matrix_transpose, np.matrix_transpose))
def matrix_transpose(x: Any) -> Any:
    """np.matrix_transpose(t): every matrix transposed"""
    return result(swapaxes(x, axis1=-1, axis2=-2))


# ---- the rest


@composed(numpy=(np.linalg.vecdot, np.vecdot))
def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """np.vecdot(t, u): Σ x₁ ⊙ x₂ over an axis"""
    if axis != -1:  # an axis of each of the two: (3, 4) and (3,) have it in common, where broadcasting pairs 4 with 3
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    if not np.shape(x1) or not np.shape(x2) or np.shape(x1)[-1] != np.shape(x2)[-1]:
        raise ValueError(f"the two must be equally long along the axis, not {np.shape(x1)} and {np.shape(x2)}")
    return result(np.sum(np.multiply(x1, x2), axis=-1))


@composed(numpy=_of(np, "cumulative_sum"))
def cumulative_sum(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """np.cumulative_sum(t, include_initial=True)"""
    return _cumulative(cumsum, 0, x, axis, dtype, include_initial)


@composed(numpy=_of(np, "cumulative_prod"))
def cumulative_prod(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """np.cumulative_prod(t, include_initial=True)"""
    return _cumulative(cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(op: Any, first: int, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"name the axis to go along, axis=0 say: the array has {x.ndim}")
        axis = 0
    if dtype is not None:
        x = x.astype(dtype)
    found = op(x, axis=axis)
    if include_initial:
        shape = list(found.shape)
        shape[axis] = 1
        found = np.concatenate([np.full(shape, first, found.dtype), found], axis=axis)
    return result(found)


@composed(numpy=_of(np, "unstack"))
def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    """np.unstack(t): a tuple of what lies along an axis"""
    return tuple(np.moveaxis(x, axis, 0))

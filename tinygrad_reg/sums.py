"""Sums and products that derivatives are made of, by the calls that take NumPy least time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .half import widened
from .tensor import Tensor


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which an array of `shape` was repeated to meet the others; float16 in float32."""
    if g.shape == shape:
        return g
    g = widened(g)
    added = len(g.shape) - len(shape)
    if g.shape[added:] == shape:
        return sum_rows(g) if added == len(shape) == 1 else np.add.reduce(g, axis=tuple(range(added)))
    stretched = [added + i for i, n in enumerate(shape) if n == 1 and g.shape[added + i] != 1]
    return np.reshape(np.add.reduce(g, axis=(*range(added), *stretched)), shape)


def sum_rows(g: Any) -> Any:
    """Σᵢ g[i] of a matrix or a vector, where it is an array as 1ᵀ @ g: a fraction of the time of np.add.reduce."""
    if type(g) is np.ndarray and g.dtype.char in "fd" and g.ndim < 3 and g.flags.forc and len(g) <= _MOST_ONES:
        return ones(len(g), g.dtype).dot(g)
    if isinstance(g, Tensor) or g.dtype.char not in "fd" or len(g) > _MOST_ONES:
        return np.add.reduce(widened(g), axis=0)
    return ones(len(g), g.dtype) @ g


_MOST_ONES = 2**16  # beyond that, they would take memory, and the sum of a long column would lose digits


def product(x: Any, y: Any) -> Any:
    """x @ y of vectors and matrices. Where np.matmul would call BLAS as well, ndarray.dot does so half a µs sooner."""
    is_blas = type(x) is np.ndarray is type(y) and x.dtype is y.dtype and 0 < x.ndim < 3 > y.ndim > 0
    return x.dot(y) if is_blas and x.flags.forc and y.flags.forc else x @ y


@lru_cache(maxsize=16)
def ones(n: int, dtype: Any) -> np.ndarray:
    """What a product sums by; the same array for every sum of this length."""
    array = np.ones(n, dtype)
    array.flags.writeable = False
    return array

"""Lengths of arrays, right also where a square is too large or too small for a float."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .modes import quiet


def norms(x: np.ndarray, axis: Any = None) -> np.ndarray:
    """√Σx² over `axis` (over all by default), which stays, with length 1; inf or NaN where x holds one.

    >>> norms(np.array([[3e200, 0.0], [4e200, 1e-200]]), axis=0)
    array([[5.e+200, 1.e-200]])
    """
    with quiet():
        found: np.ndarray = np.sqrt(np.sum(x * x, axis=axis, keepdims=True))
        if found.size and not 1e-15 < found.min() <= found.max() < math.inf:
            largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
            scale = np.where((largest > 0) & (largest < math.inf), largest, 1)
            found = scale * np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True))
    return found


def length(*arrays: np.ndarray) -> float:
    """√Σx² over all numbers in `arrays`, in float64: the squares of float16 do not fit into it from 256 on.

    >>> length(np.array([300.0], np.float16), np.array([400.0], np.float16))
    500.0
    """
    with quiet():  # the largest of np.longdouble are not in float64
        return math.hypot(*(norms(x.astype(np.float64)).item() for x in arrays))

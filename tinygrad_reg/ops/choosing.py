"""One value or another, element by element: where, clip, nan_to_num; and the same values in another dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import real_dtype
from ..modes import modes
from ..primitive import composed, primitive
from ..source import result
from ..tensor import Tensor, describe


@primitive(
    elementwise=True, numpy=np.where, text="x if condition, else y",
    why="The gradient goes to the one that was chosen.",
)  # fmt: skip
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere"""
    return np.where(condition, x, y)


where.no_derivative()


@where.derivative("1 if condition, else 0")
def _(g, out, condition, x, y):
    return np.where(condition, g, 0)


@where.derivative("0 if condition, else 1")
def _(g, out, condition, x, y):
    return np.where(condition, 0, g)


@primitive(
    name="clip", elementwise=True, text="min(max(x, low), high)",
    why="Between the bounds, and on them, the gradient passes; beyond them it goes to the bound.",
    vanishes="clip blocks the gradient wherever its input is outside the bounds.",
)  # fmt: skip
def clip_op(x: Any, low: Any, high: Any) -> Any:
    """x, but not below `low` and not above `high`"""
    return np.minimum(np.maximum(x, low), high)


@clip_op.derivative("1 if low ≤ x ≤ high, else 0")
def _(g, out, x, low, high):
    return np.where((x >= low) & (x <= high), g, 0)


@clip_op.derivative("1 if x < low, else 0")
def _(g, out, x, low, high):
    return np.where((x < low) & (low <= high), g, 0)


@clip_op.derivative("1 if x > high, else 0")
def _(g, out, x, low, high):
    return np.where((x > high) | (low > high), g, 0)


@composed(numpy=np.clip, method="clip")
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """min(max(x, a_min), a_max), called as np.clip is; a bound may be None, and one that is a Tensor gets its gradient.

    On a bound the whole gradient goes to x.
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise TypeError("clip takes its bounds as a_min, a_max or as min, max, not both")
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    dtype = x.dtype if isinstance(x, (np.ndarray, np.generic, Tensor)) else None
    whole = dtype is not None and dtype.kind in "iu"  # ∞ as a bound would make floats of whole numbers
    if low is None:
        low = int(np.iinfo(dtype).min) if whole else -math.inf
    if high is None:
        high = int(np.iinfo(dtype).max) if whole else math.inf
    return result(clip_op(x, low, high))


@primitive(
    elementwise=True, numpy=np.nan_to_num, text="x, or a number for NaN and ±inf",
    why="A value that was replaced has no gradient, the others pass it on.",
)  # fmt: skip
def nan_to_num(x: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with NaN replaced by `nan`, and ±inf by `posinf`, `neginf` (by default the largest numbers of the dtype)"""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@nan_to_num.derivative("1 if x is finite, else 0")
def _(g, out, x, *, nan=0.0, posinf=None, neginf=None):
    return np.where(np.isfinite(x), g, 0)


@primitive(name="astype", elementwise=True, text="x as dtype", why="The gradient is converted back.")
def astype_op(x: Any, *, dtype: Any) -> Any:
    """x converted to `dtype`"""
    return x.astype(dtype)


@astype_op.derivative("1")
def _(g, out, x, *, dtype):
    return astype_op(g, dtype=x.dtype)


@composed(numpy=getattr(np, "astype", ()), method="astype")  # np.astype came with NumPy 2.1
def astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """x converted to `dtype`, such as "float32"; the gradient is converted back. It is always a copy."""
    wanted = real_dtype(dtype)
    if wanted.kind != "f" and isinstance(x, Tensor) and x.requires_grad and modes.recording:
        raise TypeError(
            f"{describe(x)} requires a gradient, which {wanted} can't carry; write .detach() before it, "
            "if none should flow there"
        )
    return result(astype_op(x if hasattr(x, "dtype") else np.asarray(x), dtype=wanted))

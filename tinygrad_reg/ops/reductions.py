"""Many numbers to one: sums, means, products, extremes, norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive

Axis = int | tuple[int, ...] | None


def keep_axes(reduced: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's result (or its gradient), with the axes that were reduced put back as axes of length 1."""
    if keepdims or axis is None or reduced.ndim == x.ndim:
        return reduced
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return np.reshape(reduced, [1 if i in axes else n for i, n in enumerate(x.shape)])


@primitive(
    numpy=np.sum, method="sum", symbol="Σ",
    why="Every element had a part of 1 in the sum, so each gets the whole gradient.",
)  # fmt: skip
def sum(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Σ x over `axis` (all axes by default)"""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@sum.derivative("1", how="G repeated over the summed axes")
def _(g, out, x, *, axis=None, keepdims=False):
    return np.broadcast_to(keep_axes(g, x, axis, keepdims), x.shape)

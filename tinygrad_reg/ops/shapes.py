"""The same numbers in another arrangement: reshape, transpose, broadcast, join, cut, repeat."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..primitive import composed, primitive


@primitive(symbol="reshape", why="A reshape moves no number: the gradient takes the old shape again.")
def reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The same elements in the same order, in another shape"""
    return np.reshape(x, shape)


@reshape.derivative("1", how="G in the shape of x")
def _(g, out, x, *, shape):
    return np.reshape(g, x.shape)


@composed(numpy=np.reshape, method="reshape")
def _reshape(x: Any, *shape: Any) -> Any:
    """t.reshape(2, 3) or t.reshape((2, 3)); one length may be −1"""
    wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    return reshape(x, shape=tuple(int(n) for n in wanted))


@primitive(numpy=np.broadcast_to, symbol="broadcast", why="Each element was copied: its gradient is the sum over the copies.")
def broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """x repeated along new axes and along axes of length 1, without copying"""
    return np.broadcast_to(x, shape)


@broadcast_to.derivative("1", how="G summed over the copies")
def _(g, out, x, *, shape):
    return unbroadcast(g, x.shape)

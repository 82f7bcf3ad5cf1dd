"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive
from ..sums import unbroadcast
from .indexing import ARRAY, Index, scatter_add


def onto_diagonal(x: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of `shape`, with the elements along the last axis of x on the diagonal of two axes."""
    axes = axis1 % len(shape), axis2 % len(shape)
    rest = [i for i in range(len(shape)) if i not in axes]
    place = np.arange(x.shape[-1])
    where = place + max(-offset, 0), place + max(offset, 0)
    moved = scatter_add(
        np.moveaxis(x, -1, 0), *where, index=Index((ARRAY, ARRAY)), shape=tuple(shape[i] for i in (*axes, *rest))
    )
    return np.moveaxis(moved, (0, 1), axes)


@primitive(numpy=np.diagonal, method="diagonal", why="The diagonal gets its gradient back, the rest 0.")
def diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements whose places on two axes are equal (or differ by `offset`), along a new last axis"""
    return np.diagonal(x, offset, axis1, axis2)


@diagonal.derivative("1 on the diagonal, 0 elsewhere", how="G on the diagonal of zeros")
def _(g, out, x, *, offset=0, axis1=0, axis2=1):
    return onto_diagonal(g, x.shape, offset, axis1, axis2)


@primitive(numpy=np.diag, why="The diagonal's gradient goes to what stood on it, nothing comes from the rest.")
def diag(x: Any, *, k: int = 0) -> Any:
    """A matrix with x on its diagonal, or, where x is a matrix, its diagonal; k > 0 lies above the main one"""
    return np.diag(x, k)


@diag.derivative("1 on the diagonal, 0 elsewhere", how="G's diagonal, or G on the diagonal of zeros")
def _(g, out, x, *, k=0):
    return np.diagonal(g, k) if x.ndim == 1 else onto_diagonal(g, x.shape, k, 0, 1)


@primitive(
    numpy=np.trace, method="trace", symbol="tr",
    why="Every element on the diagonal is part of the sum and gets the whole gradient, the rest 0.",
)  # fmt: skip
def trace(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal of two axes"""
    return np.trace(x, offset, axis1, axis2)


@trace.derivative("1 on the diagonal, 0 elsewhere", how="G on the diagonal of zeros")
def _(g, out, x, *, offset=0, axis1=0, axis2=1):
    n = np.diagonal(x, offset, axis1, axis2).shape[-1]
    return onto_diagonal(np.broadcast_to(np.expand_dims(g, -1), (*g.shape, n)), x.shape, offset, axis1, axis2)


@primitive(numpy=np.tril, why="What was set to 0 gets no gradient, the rest its own.")
def tril(x: Any, *, k: int = 0) -> Any:
    """x with zeros above its k-th diagonal"""
    return np.tril(x, k)


@tril.derivative("1 on and below the diagonal, 0 above", how="G ⊙ local")
def _(g, out, x, *, k=0):
    return unbroadcast(np.tril(g, k), x.shape)


@primitive(numpy=np.triu, why="What was set to 0 gets no gradient, the rest its own.")
def triu(x: Any, *, k: int = 0) -> Any:
    """x with zeros below its k-th diagonal"""
    return np.triu(x, k)


@triu.derivative("1 on and above the diagonal, 0 below", how="G ⊙ local")
def _(g, out, x, *, k=0):
    return unbroadcast(np.triu(g, k), x.shape)

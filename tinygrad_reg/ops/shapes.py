"""The same numbers in another arrangement: other lengths, another order of axes or elements, copies."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..methods import attach
from ..operands import weak
from ..primitive import composed, primitive
from ..source import result
from ..sums import unbroadcast

Axes = int | tuple[int, ...] | None
_MOVED = "Only the arrangement changes, no number does: the gradient goes back to the arrangement of x."


# ---- other lengths of the axes, the same order of elements


@primitive(symbol="reshape", why="A reshape moves no number: the gradient takes the old shape again.")
def reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The same elements in the same order, in another shape"""
    return np.reshape(x, shape)


@reshape.derivative("1", how="G reshaped as x")
def _(g, out, x, *, shape):
    return np.reshape(g, x.shape)


@composed(method="reshape")
def reshape_to(x: Any, *shape: Any, order: str = "C") -> Any:
    """t.reshape(2, 3) or t.reshape((2, 3)); one length may be −1"""
    _refuse_other_order("t.reshape", order)
    return result(reshape(x, shape=integers(shape)))


@composed(numpy=np.reshape)
def reshape_numpy(a: Any, shape: Any = None, order: str = "C") -> Any:
    """np.reshape(t, (2, 3)), row by row"""
    _refuse_other_order("np.reshape", order)
    return result(reshape(a, shape=integers((shape,))))


def _refuse_other_order(call: str, order: Any) -> None:
    if order != "C":
        raise TypeError(f"{call} of a Tensor goes row by row (order='C'), not order={order!r}; transpose before it")


def integers(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    """(2, 3) from f(2, 3), f((2, 3)) or f([2, 3]), as NumPy's methods allow."""
    if len(numbers) == 1 and isinstance(numbers[0], (tuple, list, np.ndarray)) and np.ndim(numbers[0]):
        numbers = tuple(numbers[0])
    try:
        return tuple(map(operator.index, numbers))
    except TypeError:
        raise TypeError(f"lengths and axes must be whole numbers, not {numbers!r}") from None


@primitive(numpy=np.ravel, method="ravel", why="A reshape moves no number: the gradient takes the old shape again.")
def ravel(x: Any) -> Any:
    """All elements in one row, row by row"""
    return np.ravel(x)


@ravel.derivative("1", how="G reshaped as x")
def _(g, out, x):
    return np.reshape(g, x.shape)


@primitive(method="flatten", why="A reshape moves no number: the gradient takes the old shape again.")
def flatten(x: Any) -> Any:
    """All elements in one row, row by row"""
    return np.ravel(x)


@flatten.derivative("1", how="G reshaped as x")
def _(g, out, x):
    return np.reshape(g, x.shape)


@primitive(numpy=np.expand_dims, why="An axis of length 1 holds no new number: the gradient takes the old shape again.")
def expand_dims(x: Any, *, axis: int | tuple[int, ...]) -> Any:
    """x with a new axis of length 1 at `axis`"""
    return np.expand_dims(x, axis)


@expand_dims.derivative("1", how="G reshaped as x")
def _(g, out, x, *, axis):
    return np.reshape(g, x.shape)


@primitive(
    numpy=np.squeeze, method="squeeze", why="An axis of length 1 holds no number of its own: the gradient gets it back."
)
def squeeze(x: Any, *, axis: Axes = None) -> Any:
    """x without its axes of length 1, or without those named"""
    return np.squeeze(x, axis)


@squeeze.derivative("1", how="G reshaped as x")
def _(g, out, x, *, axis=None):
    return np.reshape(g, x.shape)


@composed(numpy=np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Each as an array of one axis at least"""
    return _each(arys, lambda x, n: (1,) if n == 0 else None)


@composed(numpy=np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Each as an array of two axes at least: a row becomes a matrix of one row"""
    return _each(arys, lambda x, n: (1,) * (2 - n) + np.shape(x) if n < 2 else None)


@composed(numpy=np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Each as an array of three axes at least: a row of n becomes (1, n, 1), a matrix gets a last axis"""
    return _each(arys, lambda x, n: ((1, 1, 1), (1, *np.shape(x), 1), (*np.shape(x), 1))[n] if n < 3 else None)


def _each(arrays: tuple[Any, ...], new_shape: Any) -> Any:
    shapes = [new_shape(x, len(np.shape(x))) for x in arrays]
    grown = tuple(x if shape is None else reshape(x, shape=shape) for x, shape in zip(arrays, shapes, strict=True))
    return grown[0] if len(grown) == 1 else grown


# ---- another order of the axes


@primitive(
    symbol="ᵀ", text="xᵀ", why=_MOVED,
    expects="transpose names every axis once; to exchange two of them write np.swapaxes",
)  # fmt: skip
def transpose(x: Any, *, axes: tuple[int, ...] | None = None) -> Any:
    """x with its axes in the order `axes` (by default the last one first)"""
    return np.transpose(x, axes)


@transpose.derivative("1", how="G transposed back")
def _(g, out, x, *, axes=None):
    if axes is None:
        return np.transpose(g)
    axes = [a % x.ndim for a in axes]
    return np.transpose(g, sorted(range(x.ndim), key=axes.__getitem__))


attach(property(transpose, doc="The axes in reverse order."), "T")


@composed(method="transpose")
def transpose_to(x: Any, *axes: Any) -> Any:
    """t.transpose(), t.transpose(1, 0) or t.transpose((1, 0)), as in NumPy: all axes in their new order"""
    return result(transpose(x, axes=None if not axes or axes[0] is None else integers(axes)))


@composed(numpy=np.transpose)
def transpose_numpy(a: Any, axes: Any = None) -> Any:
    """np.transpose(t, (1, 0))"""
    return result(transpose(a, axes=None if axes is None else integers((axes,))))


@primitive(numpy=np.swapaxes, method="swapaxes", why=_MOVED)
def swapaxes(x: Any, *, axis1: int, axis2: int) -> Any:
    """x with two of its axes exchanged"""
    return np.swapaxes(x, axis1, axis2)


@swapaxes.derivative("1", how="G with the two axes exchanged back")
def _(g, out, x, *, axis1, axis2):
    return np.swapaxes(g, axis1, axis2)


@primitive(numpy=np.moveaxis, why=_MOVED)
def moveaxis(x: Any, *, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """x with the axes `source` moved to the places `destination`; the others keep their order"""
    return np.moveaxis(x, source, destination)


@moveaxis.derivative("1", how="G with the axes moved back")
def _(g, out, x, *, source, destination):
    return np.moveaxis(g, destination, source)


# ---- another order of the elements


@primitive(numpy=np.flip, why=_MOVED)
def flip(x: Any, *, axis: Axes = None) -> Any:
    """The elements in reverse order along `axis` (along all by default)"""
    return np.flip(x, axis)


@flip.derivative("1", how="G flipped back")
def _(g, out, x, *, axis=None):
    return np.flip(g, axis)


@primitive(numpy=np.fliplr, why=_MOVED)
def fliplr(x: Any) -> Any:
    """Left and right exchanged: the second axis reversed"""
    return np.fliplr(x)


@fliplr.derivative("1", how="G flipped back")
def _(g, out, x):
    return np.fliplr(g)


@primitive(numpy=np.flipud, why=_MOVED)
def flipud(x: Any) -> Any:
    """Top and bottom exchanged: the first axis reversed"""
    return np.flipud(x)


@flipud.derivative("1", how="G flipped back")
def _(g, out, x):
    return np.flipud(g)


@primitive(numpy=np.rot90, why=_MOVED)
def rot90(x: Any, *, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """x turned by k quarter turns, from the first of `axes` towards the second"""
    return np.rot90(x, k, axes)


@rot90.derivative("1", how="G turned back")
def _(g, out, x, *, k=1, axes=(0, 1)):
    return np.rot90(g, -k, axes)


@primitive(numpy=np.roll, why=_MOVED)
def roll(x: Any, *, shift: int | Sequence[int], axis: Axes = None) -> Any:
    """The elements moved on by `shift` places; those that fall off the end come in at the front"""
    return np.roll(x, weak(shift), axis)  # NumPy 2.0 counts back from a np.uint8 by wrapping round


@roll.derivative("1", how="G rolled back")
def _(g, out, x, *, shift, axis=None):
    return np.roll(g, [-n for n in shift] if isinstance(shift, Iterable) else -shift, axis)


# ---- copies


@primitive(numpy=np.copy, method="copy", symbol="copy", why="A copy passes the gradient on unchanged.")
def copy(x: Any) -> Any:
    """The same values in memory of their own, still in the graph (.detach() leaves it)"""
    return np.copy(x)


@copy.derivative("1", how="G")
def _(g, out, x):
    return g


@primitive(
    numpy=np.broadcast_to, symbol="broadcast", why="Each element was copied: its gradient is the sum over the copies."
)
def broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    """x repeated along new axes and along axes of length 1, without copying"""
    return np.broadcast_to(x, shape)


@broadcast_to.derivative("1", how="G summed over the copies")
def _(g, out, x, *, shape):
    return unbroadcast(g, x.shape)


@composed(numpy=np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """Each broadcast to the shape they have together"""
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(x if np.shape(x) == shape else broadcast_to(x, shape=shape) for x in args)

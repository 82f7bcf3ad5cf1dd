"""Picking elements: t[...], take, take_along_axis, and the way back, which adds gradients up at the picked places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from ..methods import attach
from ..primitive import composed, primitive
from ..source import result
from ..tensor import Tensor, describe


class Array:
    """Stands in an Index for an array of integers or booleans, which the op gets as an input."""

    def __repr__(self) -> str:
        return "array"


ARRAY = Array()


class Index(tuple[Any, ...]):
    """What stands between the brackets of t[...], always a tuple; written as the user writes it.

    >>> Index((slice(None, None, -1), ARRAY, ..., None))
    [::-1, array, ..., None]
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"[{', '.join(map(_piece, self))}]"


def _piece(piece: Any) -> str:
    if piece is Ellipsis:
        return "..."
    if not isinstance(piece, slice):
        return repr(piece)
    ends = [str(end) if end is not None else "" for end in (piece.start, piece.stop, piece.step)]
    return ":".join(ends if ends[2] else ends[:2])


def _filled(index: Index, arrays: Sequence[Any]) -> Any:
    """The index with its arrays in their places, as NumPy takes it."""
    if not arrays:
        return tuple(index)
    left = iter(arrays)
    return tuple(next(left) if piece is ARRAY else piece for piece in index)


@primitive(
    symbol="[ ]", text="x index",
    why="What was picked gets its gradient back, the rest 0; what was picked several times gets the sum.",
)  # fmt: skip
def getitem(x: Any, *arrays: Any, index: Index) -> Any:
    """The elements of x that the index picks; `arrays` are the integer or boolean arrays in it, in order"""
    return x[_filled(index, arrays)]


@getitem.derivatives_of_all("1 where x was picked, else 0", how="G added at the places picked")
def _(needed, g, out, x, *arrays, index):
    return scatter_add(g, *arrays, index=index, shape=x.shape), *(None for _ in arrays)


@primitive(
    sums=True, symbol="[ ]+=",
    why="Each element was added at one place, and gets the gradient from there.",
)  # fmt: skip
def scatter_add(x: Any, *arrays: Any, index: Index, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, to which the elements of x are added at the places that the index picks"""
    out = np.zeros_like(x, shape=shape, order="C")
    if all(map(_is_mask, arrays)):
        out[_filled(index, arrays)] = x  # slices and masks pick nothing twice
    elif len(index) == 1 and len(shape) > 1:
        # Rows of a table: np.add.at adds numbers three times as fast as rows.
        width = math.prod(shape[1:])
        rows = np.take(np.arange(shape[0]), arrays[0]) * width
        np.add.at(np.reshape(out, -1), np.reshape(rows[..., None] + np.arange(width), -1), np.reshape(x, -1))
    else:
        np.add.at(out, _filled(index, arrays), x)
    return out


@scatter_add.derivatives_of_all("1", how="G picked at those places")
def _(needed, g, out, x, *arrays, index, shape):
    return getitem(g, *arrays, index=index), *(None for _ in arrays)


def _is_mask(array: Any) -> bool:
    return isinstance(array, bool) or (not isinstance(array, int) and array.dtype.kind == "b")


def index_tensor(x: Any, index: Any) -> Any:
    """x[index], as NumPy indexes: slices, integers, None, ..., and arrays, lists or Tensors of integers or booleans"""
    pieces: list[Any] = []
    arrays: list[Any] = []
    for piece in index if isinstance(index, tuple) else (index,):
        if piece is None or piece is Ellipsis or isinstance(piece, (int, slice)):
            pieces.append(piece)
        elif isinstance(piece, np.integer):
            pieces.append(int(piece))
        else:
            arrays.append(_index_array(piece, x))
            pieces.append(ARRAY)
    return result(getitem(x, *arrays, index=Index(pieces)))


attach(index_tensor, "__getitem__")


def _index_array(piece: Any, x: Any) -> Any:
    if isinstance(piece, (int, list, tuple, range)):
        piece = np.asarray(piece)
        if not piece.size:
            piece = piece.astype(np.intp)  # NumPy reads [] as an array of floats
    dtype = piece.dtype if isinstance(piece, (np.ndarray, np.generic, Tensor)) else None
    if dtype is None or dtype.kind not in "iub":
        given = describe(piece) + f" and dtype {dtype}" if isinstance(piece, (np.ndarray, Tensor)) else repr(piece)
        raise IndexError(
            f"{describe(x)} can't be indexed with {given}: an index is integers, booleans, slices, None and ...; "
            "an array that holds whole numbers as floats becomes one with .astype(int)"
        )
    return piece


@primitive(
    name="take", text="x[indices, axis=axis]",
    why="What was taken gets its gradient back, the rest 0; what was taken several times gets the sum.",
)  # fmt: skip
def take_op(x: Any, indices: Any, *, axis: int | None = None) -> Any:
    """The elements (axis=None: of the flattened array) or slices of x along `axis` at the places `indices`"""
    return np.take(x, indices, axis=axis)


@take_op.derivative("1 where taken, 0 elsewhere", how="G added up at the places taken")
def _(g, out, x, indices, *, axis=None):
    if axis is None or not x.ndim:  # NumPy takes axis=0 of a number, too
        return np.reshape(add_slices(g, indices, 0, (x.size,)), x.shape)
    return add_slices(g, indices, axis, x.shape)


take_op.no_derivative()


def add_slices(x: Any, indices: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, to which the slices of x along `axis` are added at `indices`: what take does, backwards."""
    index = Index((slice(None),) * (axis % len(shape)) + (ARRAY,))
    return scatter_add(x, indices, index=index, shape=shape)


@composed(numpy=np.take, method="take")
def take(a: Any, indices: Any, axis: int | None = None) -> Any:
    """t.take(2), t.take([0, 2], axis=1): see np.take"""
    places = _index_array(np.asarray(indices) if isinstance(indices, np.generic) else indices, a)
    if places.dtype.kind == "b":  # to np.take, True is the place 1; the way back would read it as a mask
        places = places.astype(np.intp)
    return result(take_op(a, places, axis=axis))


@primitive(
    numpy=np.take_along_axis, text="x[indices, axis=axis]",
    why="What was taken gets its gradient back, the rest 0; what was taken several times gets the sum.",
)  # fmt: skip
def take_along_axis(x: Any, indices: Any, *, axis: int | None = -1) -> Any:
    """For each row of x along `axis`, the elements at its own places: out[i, j] = x[i, indices[i, j]]"""
    return np.take_along_axis(x, indices, axis)


@take_along_axis.derivative("1 where taken, 0 elsewhere", how="G added up at the places taken")
def _(g, out, x, indices, *, axis=-1):
    if axis is None:
        return np.reshape(add_along_axis(g, indices, 0, (x.size,)), x.shape)
    return add_along_axis(g, indices, axis, x.shape)


take_along_axis.no_derivative()


def add_along_axis(x: Any, indices: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, to which x is added along `axis` at `indices`: what take_along_axis does, backwards."""
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis] = indices
    return scatter_add(x, *grid, index=Index((ARRAY,) * len(shape)), shape=shape)


@composed(numpy=(np.put_along_axis, np.put, np.place, np.putmask, np.copyto, np.fill_diagonal))
def _refuse_to_write(*inputs: Any, **options: Any) -> NoReturn:
    raise TypeError(
        "a Tensor can't be changed in place, and an array that one is written into would lose its gradient. "
        "Write np.where(mask, new, t) for a new tensor, or take .numpy() if no gradient should flow"
    )

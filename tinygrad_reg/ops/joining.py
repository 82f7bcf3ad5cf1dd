"""Many arrays to one and one to many: concatenate, stack, split, repeat, tile, pad."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..half import widened
from ..modes import quiet
from ..primitive import composed, primitive
from ..source import result
from .indexing import add_slices
from .shapes import atleast_1d, atleast_2d, atleast_3d, integers, reshape

# ---- join


@primitive(
    name="concatenate", symbol="concat",
    why="Each input is a piece of the result and gets the same piece of the gradient.",
    expects="they need the same number of axes, and the same lengths on all of them but the one they are joined along; "
    "single numbers have no axis: np.stack joins them",
)  # fmt: skip
def concatenate_op(*xs: Any, axis: int | None = 0) -> Any:
    """The arrays one after the other along `axis` (None: all of them flattened)"""
    return np.concatenate(xs, axis)


@concatenate_op.derivatives_of_all()
def _(needed, g, out, *xs, axis=0):
    if axis is None:
        lengths, before = [x.size for x in xs], ()
    else:
        lengths, before = [x.shape[axis] for x in xs], (slice(None),) * (axis % len(out.shape))
    shares: list[Any] = []
    for need, x, stop, n in zip(needed, xs, itertools.accumulate(lengths), lengths, strict=True):
        if not need:
            shares.append(None)
            continue
        piece = g[(*before, slice(stop - n, stop))]
        shares.append(np.reshape(piece, x.shape) if axis is None else piece)
    return shares


@primitive(
    name="stack", why="Each input is one slice of the result, and gets the same slice of the gradient.",
    expects="arrays of one shape are stacked; np.concatenate joins others along an axis they have",
)  # fmt: skip
def stack_op(*xs: Any, axis: int = 0) -> Any:
    """The arrays, all of one shape, side by side along a new axis"""
    return np.stack(xs, axis)


@stack_op.derivatives_of_all()
def _(needed, g, out, *xs, axis=0):
    slices = np.moveaxis(g, axis, 0) if axis else g
    return [slices[i] if need else None for i, need in enumerate(needed)]


def _several(arrays: Any, function: str) -> list[Any]:
    """What a function was given to join. Numbers take the arrays' dtype, as they do in arithmetic."""
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"np.{function} takes a list or tuple of arrays, not {type(arrays).__name__}")
    if not any(isinstance(x, (int, float, np.generic)) for x in arrays):
        return list(arrays)
    values = [
        x.item() if isinstance(x, np.generic) else np.asarray(x) if isinstance(x, (list, tuple)) else x for x in arrays
    ]
    dtype = np.result_type(*(x.dtype if hasattr(x, "dtype") else x for x in values))
    with quiet():  # a number may be too large for float32
        return [x if hasattr(x, "dtype") else np.asarray(x, dtype) for x in values]


@composed(numpy=np.concatenate)
def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """np.concatenate([a, b], axis=0)"""
    return result(concatenate_op(*_several(arrays, "concatenate"), axis=axis))


@composed(numpy=np.stack)
def stack(arrays: Any, axis: int = 0) -> Any:
    """np.stack([a, b], axis=0)"""
    return result(stack_op(*_several(arrays, "stack"), axis=axis))


@composed(numpy=np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`values` behind the array: along `axis`, or both flattened"""
    return result(concatenate_op(*_several([arr, values], "append"), axis=axis))


@composed(numpy=np.hstack)
def hstack(tup: Any) -> Any:
    """Side by side: along the second axis, or the first of arrays that have one"""
    xs = [atleast_1d(x) for x in _several(tup, "hstack")]
    return result(concatenate_op(*xs, axis=0 if xs and len(np.shape(xs[0])) == 1 else 1))


@composed(numpy=np.vstack)
def vstack(tup: Any) -> Any:
    """One above the other: along the first axis, 1-d arrays are rows"""
    return result(concatenate_op(*(atleast_2d(x) for x in _several(tup, "vstack")), axis=0))


@composed(numpy=np.dstack)
def dstack(tup: Any) -> Any:
    """One behind the other: along the third axis"""
    return result(concatenate_op(*(atleast_3d(x) for x in _several(tup, "dstack")), axis=2))


@composed(numpy=np.column_stack)
def column_stack(tup: Any) -> Any:
    """1-d arrays as the columns of a matrix; matrices are put side by side"""
    xs = [reshape(x, shape=(-1, 1)) if len(np.shape(x)) < 2 else x for x in _several(tup, "column_stack")]
    return result(concatenate_op(*xs, axis=1))


# ---- split


@composed(numpy=np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Equal parts along `axis` (how many), or parts that end before each of the given places"""
    return _equal_parts(ary, indices_or_sections, axis)


def _equal_parts(ary: Any, indices_or_sections: Any, axis: int) -> list[Any]:
    n = _length(ary, axis)
    if isinstance(indices_or_sections, (int, np.integer)) and (indices_or_sections < 1 or n % indices_or_sections):
        raise ValueError(
            f"np.split can't cut an axis of length {n} into {indices_or_sections} equal parts; "
            "np.array_split makes parts that differ by one"
        )
    return _parts(ary, indices_or_sections, axis)


@composed(numpy=np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along `axis`: as many as given, the first ones one longer, or those that end before the given places"""
    return _parts(ary, indices_or_sections, axis)


def _parts(ary: Any, indices_or_sections: Any, axis: int) -> list[Any]:
    n = _length(ary, axis)
    if isinstance(indices_or_sections, (int, np.integer)):
        parts = int(indices_or_sections)
        if parts < 1:
            raise ValueError(f"an array must be split into 1 part or more, not {parts}")
        lengths = [n // parts + (i < n % parts) for i in range(parts)]
        ends = list(itertools.accumulate(lengths, initial=0))
    else:
        ends = [0, *_places(indices_or_sections), n]
    before = (slice(None),) * (axis % len(np.shape(ary)))
    return [ary[(*before, slice(start, stop))] for start, stop in itertools.pairwise(ends)]


def _places(given: Any) -> list[int]:
    try:
        return [operator.index(i) for i in given]
    except TypeError:
        raise TypeError(
            "what is split must be told the number of parts, or the places before which they end, whole numbers, not "
            f"{given!r}"
        ) from None


def _length(x: Any, axis: int) -> int:
    shape = np.shape(x)
    if not -len(shape) <= axis < len(shape):
        raise IndexError(f"an array of shape {shape} has no axis {axis} to split along")
    return int(shape[axis])


@composed(numpy=np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts from left to right: along the second axis, or the only one"""
    return _equal_parts(ary, indices_or_sections, 1 if len(np.shape(ary)) > 1 else 0)


@composed(numpy=np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts from top to bottom: along the first axis"""
    return _equal_parts(ary, indices_or_sections, 0)


# ---- repeat


@primitive(numpy=np.repeat, method="repeat", why="Each element was copied: its gradient is the sum over the copies.")
def repeat(x: Any, *, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each element (axis=None: of the flattened array) or slice along `axis` so many times in a row"""
    return np.repeat(x, repeats, axis)


@repeat.derivative("1 for each copy", how="G summed over the copies")
def _(g, out, x, *, repeats, axis=None):
    shape, along = ((x.size,), 0) if axis is None or not x.ndim else (x.shape, axis % x.ndim)
    if isinstance(repeats, int):
        copies = np.reshape(g, (*shape[: along + 1], int(repeats), *shape[along + 1 :]))  # True is 1
        return np.reshape(np.sum(copies, axis=along + 1), x.shape)
    source = np.repeat(np.arange(shape[along]), repeats)
    return np.reshape(add_slices(g, source, along, shape), x.shape)


@primitive(numpy=np.tile, why="Each element was copied: its gradient is the sum over the copies.")
def tile(x: Any, *, reps: int | Sequence[int]) -> Any:
    """The whole array, so many times along each axis"""
    return np.tile(x, integers((reps,)))


@tile.derivative("1 for each copy", how="G summed over the copies")
def _(g, out, x, *, reps):
    reps = integers((reps,))
    ndim = max(len(reps), x.ndim)
    reps = (1,) * (ndim - len(reps)) + reps
    lengths = (1,) * (ndim - x.ndim) + x.shape
    copies = np.reshape(g, [n for pair in zip(reps, lengths, strict=True) for n in pair])
    return np.reshape(np.sum(widened(copies), axis=tuple(range(0, 2 * ndim, 2))), x.shape)


@primitive(why="The gradient at the padding belongs to no element (or, where elements were copied there, to those).")
def pad(x: Any, *, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """x with a border: of `constant_values`, or of its own elements (mode "edge", "reflect", "symmetric", "wrap")"""
    if isinstance(pad_width, dict):
        raise TypeError("pad_width must be a number, a pair (before, after), or a pair for each axis, not a dict")
    checks.one_of("mode", mode, ("constant", "edge", "reflect", "symmetric", "wrap"))
    if mode == "constant":
        return np.pad(x, pad_width, constant_values=constant_values)
    return np.pad(x, pad_width, mode)


@pad.derivative("1 inside", how="G without the border")
def _(g, out, x, *, pad_width, mode="constant", constant_values=0):
    if mode == "constant":
        # pad_width is a number, a pair, or a pair for each axis.
        widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
        return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))]
    source = np.pad(np.reshape(np.arange(math.prod(x.shape)), x.shape), pad_width, mode)
    return np.reshape(add_slices(np.ravel(g), np.ravel(source), 0, (math.prod(x.shape),)), x.shape)


@composed(numpy=np.pad)
def _pad(array: Any, *more: Any, **options: Any) -> Any:
    """np.pad hides constant_values= in **kwargs; pad's own options have the same names in the same order."""
    return result(pad(array, *more, **options))

"""Pooling: of each window of an image, the largest number or the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..modes import Rng, generator
from ..primitive import primitive
from ..source import result
from ..tensor import Tensor
from .indexing import ARRAY, Index, scatter_add, take_op
from .windows import Grid, Padding, Pair, image_size, row_padding, windows

_IMAGES = "x is (images, channels, height, width)"
_SEQUENCES = "x is (sequences, channels, length)"
_LARGEST = "The largest number of a window is its result, so it gets the whole gradient, and the others get none."
_SHARED = "Each of the n numbers of a window has a part of 1/n in its mean."


def _grid(x: Any, size: Pair, stride: Pair | None, padding: Padding) -> Grid:
    return windows(image_size("x", x), size, size if stride is None else stride, padding)


def _on_one_row(x: Any, size: Any, stride: Any, padding: Any) -> dict[str, Any]:
    """The options of pooling on an image of one row, for a pooling of sequences."""
    if np.ndim(x) != 3:
        raise ValueError(f"x must have 3 axes, not {np.ndim(x)}")
    return {"size": (1, size), "stride": None if stride is None else (1, stride), "padding": row_padding(padding)}


# ---- the largest number


@primitive(keeps=True, text="max of each window", expects=_IMAGES, why=_LARGEST)
def max_pool2d(x: Any, *, size: Pair, stride: Pair | None = None, padding: Padding = 0) -> Any:
    """The largest number of each window of `size`; windows are `stride` apart, by default side by side.

    Of equal numbers, the first of the window (row by row) counts. Padding never wins, so it must be narrower than a
    window; it is given as to conv2d.

    >>> max_pool2d(np.array([[[[1.0, 5.0], [2.0, 3.0]]]]), size=2)
    array([[[[5.]]]])
    """
    grid = _grid(x, size, stride, padding)
    if any(max(sides) >= length for sides, length in zip(grid.pads, grid.window, strict=True)):
        raise ValueError(f"with padding {grid.pads}, a window of {grid.window} would see nothing but padding")
    lowest = -np.inf if x.dtype.kind == "f" else False if x.dtype.kind == "b" else np.iinfo(x.dtype).min
    height, width = grid.window
    met = [grid.row(a) for a in range(height)], [grid.column(b) for b in range(width)]
    return _largest(grid.padded(x, lowest), *met)


@max_pool2d.derivative("1 for the largest, 0 for the others", how="G put where the largest was")
def _max_pool2d_x(g, out, x, *, size, stride=None, padding=0, kept):
    grid = _grid(x, size, stride, padding)
    rows, columns = (np.arange(n) * s for n, s in zip(grid.counts, grid.strides, strict=True))
    return grid.inside(_put_back(g, kept, grid.window, rows, columns, (*x.shape[:2], *grid.padded_size)))


@primitive(keeps=True, text="max of each window", expects=_SEQUENCES, why=_LARGEST)
def max_pool1d(x: Any, *, size: int, stride: int | None = None, padding: Padding = 0) -> Any:
    """The largest number of each window of `size`, `stride` apart: max_pool2d on an image of one row"""
    options = _on_one_row(x, size, stride, padding)
    out, kept = max_pool2d.forward(np.expand_dims(x, 2), **options)
    return np.squeeze(out, 2), kept


@max_pool1d.derivative("1 for the largest, 0 for the others", how="G put where the largest was")
def _(g, out, x, *, size, stride=None, padding=0, kept):
    options = _on_one_row(x, size, stride, padding)
    return np.squeeze(_max_pool2d_x(np.expand_dims(g, 2), out, np.expand_dims(x, 2), **options, kept=kept), 2)


def _largest(x: Any, row_taps: Sequence[Any], column_taps: Sequence[Any]) -> tuple[Any, Any]:
    """The largest number of each window, and its place in the window, counted row by row.

    The windows' rows and columns are given tap by tap: the first one of every window, the second one of every window …
    First the best column of each row is found, then the best row: that takes the first of equal numbers row by row.
    """
    width = len(column_taps)
    small = np.min_scalar_type(len(row_taps) * width)
    in_rows, column = _best([x[..., tap] for tap in column_taps], small)
    out, row = _best([in_rows[:, :, tap] for tap in row_taps], small)
    # Products of small whole numbers, which take a fraction of np.where's time.
    return out, _sum([(row == q) * (column[:, :, tap] + small.type(q * width)) for q, tap in enumerate(row_taps)])


def _best(parts: Sequence[Any], small: np.dtype[Any]) -> tuple[Any, Any]:
    """The largest of the parts, element by element, and the number of the first part that has it."""
    best, which = parts[0], None
    for q, part in enumerate(parts[1:], 1):
        wins = (part > best).astype(small)
        which = wins if which is None else np.maximum(which, wins * small.type(q))
        best = np.maximum(best, part)
    return best, np.zeros(best.shape, small) if which is None else which


def _put_back(g: Any, place: Any, window: tuple[int, int], rows: Any, columns: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, to which g is added where the windows, whose first rows and columns are given, have `place`."""
    images, channels, height, across = shape
    corners = rows[:, None] * across + columns
    within = np.arange(window[0])[:, None] * across + np.arange(window[1])
    places = take_op(within, place)  # of the flattened `within`, whose elements are counted as `place` counts
    places += corners
    planes = np.reshape(np.arange(images * channels) * (height * across), (images, channels, 1, 1))
    places += planes
    flat = scatter_add(np.ravel(g), np.ravel(places), index=Index((ARRAY,)), shape=(math.prod(shape),))
    return np.reshape(flat, shape)


# ---- the mean


@primitive(floats=True, sums=True, text="mean of each window", expects=_IMAGES, why=_SHARED)
def avg_pool2d(x: Any, *, size: Pair, stride: Pair | None = None, padding: Padding = 0) -> Any:
    """The mean of each window of `size`; padding counts as zeros, as in PyTorch.

    >>> avg_pool2d(np.array([[[[1.0, 5.0], [2.0, 4.0]]]]), size=2)
    array([[[[3.]]]])
    """
    grid = _grid(x, size, stride, padding)
    (height, width), image = grid.window, grid.padded(x, 0)
    in_rows = _sum([image[..., grid.column(b)] for b in range(width)])
    return _sum([in_rows[:, :, grid.row(a)] for a in range(height)]) * (1 / (height * width))


@avg_pool2d.derivative("1/n", how="G/n spread over the windows")
def _(g, out, x, *, size, stride=None, padding=0):
    return spread_mean2d(g, image=x.shape[2:], size=size, stride=stride, padding=padding)


@primitive(
    floats=True, sums=True, text="x/n spread over the windows", expects=_IMAGES,
    why="Each number was shared out to a whole window: it gets the mean of what comes back from there.",
)  # fmt: skip
def spread_mean2d(
    x: Any, *, image: tuple[int, int], size: Pair, stride: Pair | None = None, padding: Padding = 0
) -> Any:
    """avg_pool2d backwards: each number, divided by the size of a window, is added to all of its window on the image"""
    grid = windows(image, size, size if stride is None else stride, padding)
    grid.check_counts(image_size("x", x))
    (height, width), room = grid.window, grid.padded_size
    share = x * (1 / (height * width))
    in_rows = np.zeros((*x.shape[:2], room[0], grid.counts[1]), share.dtype)
    for a in range(height):
        in_rows[:, :, grid.row(a)] += share
    out = np.zeros((*x.shape[:2], *room), share.dtype)
    for b in range(width):
        out[..., grid.column(b)] += in_rows
    return grid.inside(out)


@spread_mean2d.derivative("1/n", how="mean of G in each window")
def _(g, out, x, *, image, size, stride=None, padding=0):
    return avg_pool2d(g, size=size, stride=stride, padding=padding)


@primitive(floats=True, sums=True, text="mean of each window", expects=_SEQUENCES, why=_SHARED)
def avg_pool1d(x: Any, *, size: int, stride: int | None = None, padding: Padding = 0) -> Any:
    """The mean of each window of `size`, `stride` apart: avg_pool2d on an image of one row"""
    return np.squeeze(avg_pool2d.forward(np.expand_dims(x, 2), **_on_one_row(x, size, stride, padding)), 2)


@avg_pool1d.derivative("1/n", how="G/n spread over the windows")
def _(g, out, x, *, size, stride=None, padding=0):
    options = _on_one_row(x, size, stride, padding)
    return np.squeeze(spread_mean2d(np.expand_dims(g, 2), image=(1, x.shape[2]), **options), 2)


def _sum(parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


# ---- fractional max pooling (Graham 2014): the regions' sizes are random, so that an image shrinks by less than 2


@primitive(random=True, text="boundaries", why="The boundaries are drawn, not computed: they are an input.")
def region_boundaries(*, length: int, count: int, sequence: str = "pseudo", rng: Rng = None) -> Any:
    """Where an axis of `length` is cut into `count` regions: 0 = b₀ < b₁ < … = length, region i is bᵢ … bᵢ₊₁ − 1.

    Regions are as even as whole numbers allow, for a ratio between 1 and 2 one or two long. sequence="pseudo":
    bᵢ = ⌊(i + u) · length / count⌋ with one random u in [0, 1); "random": the lengths in random order.

    >>> region_boundaries(length=5, count=3, rng=0).tolist()
    [0, 2, 4, 5]
    """
    checks.whole("count", count, 1, length, ", the length of the axis")
    if checks.one_of("sequence", sequence, ("pseudo", "random")) == "pseudo":
        return (np.arange(count + 1) * length + generator(rng).integers(count)) // count
    even, longer = divmod(length, count)
    return np.append(0, np.cumsum(generator(rng).permutation(np.arange(count) < longer) + even))


@primitive(name="fractional_max_pool2d", keeps=True, text="max of each region", expects=_IMAGES, why=_LARGEST)
def fractional_max_pool2d_op(
    x: Any, rows: Any, columns: Any, *, reach: tuple[int, int], overlapping: bool = False
) -> Any:
    """The largest number of each region between the boundaries `rows` and `columns`, up to `reach` long."""
    met = []
    for length, cuts, longest in zip(image_size("x", x), (rows, columns), reach, strict=True):
        last = np.minimum(cuts[1:] - (0 if overlapping else 1), length - 1)
        # A region shorter than the longest repeats its last element, which can't win again.
        met.append([np.minimum(cuts[:-1] + q, last) for q in range(longest + overlapping)])
    return _largest(x, *met)


@fractional_max_pool2d_op.derivative("1 for the largest, 0 for the others", how="G put where the largest was")
def _(g, out, x, rows, columns, *, reach, overlapping=False, kept):
    window = (reach[0] + overlapping, reach[1] + overlapping)
    return _put_back(g, kept, window, _array(rows)[:-1], _array(columns)[:-1], x.shape)


fractional_max_pool2d_op.no_derivative()
fractional_max_pool2d_op.no_derivative()


def fractional_max_pool2d(
    x: Any,
    ratio: float | Sequence[float] = math.sqrt(2),
    *,
    overlapping: bool = False,
    sequence: str = "pseudo",
    boundaries: tuple[Any, Any] | None = None,
    rng: Rng = None,
) -> Any:
    """The largest number of each of ⌊height/ratio⌋ × ⌊width/ratio⌋ regions, which cover the image.

    `ratio`, between 1 and 2, is a number or one an axis. The regions are drawn anew at each call, see
    region_boundaries, the same for all images; or they are given, as the `boundaries` of rows and columns.
    `overlapping`: a region has the first row and column of the next one, too.

    >>> fractional_max_pool2d(np.ones((1, 1, 7, 6)), 1.5, rng=0).shape
    (1, 1, 4, 4)
    """
    size = image_size("x", x)
    if boundaries is None:
        ratios = tuple(ratio) if isinstance(ratio, Sequence) else (ratio, ratio)
        if len(ratios) != 2 or not all(1 < r < 2 for r in ratios):
            raise ValueError(f"ratio must be a number between 1 and 2, or a pair of them, not {ratio!r}")
        counts = [int(n / r) for n, r in zip(size, ratios, strict=True)]
        if min(counts) < 1:
            raise ValueError(f"an image of {size} has no region of ratio {ratio}; it must have 2 rows and 2 columns")
        source, reach = generator(rng), tuple(-(-n // count) for n, count in zip(size, counts, strict=True))
        rows, columns = (
            region_boundaries(length=n, count=count, sequence=sequence, rng=source)
            for n, count in zip(size, counts, strict=True)
        )
    else:
        if not isinstance(boundaries, (tuple, list)) or len(boundaries) != 2:
            raise ValueError(
                f"boundaries must be a pair, those of the rows and those of the columns, not {boundaries!r}"
            )
        rows, columns = boundaries
        reach = tuple(_longest(n, cuts) for n, cuts in zip(size, boundaries, strict=True))
    return result(fractional_max_pool2d_op(x, rows, columns, reach=reach, overlapping=overlapping))


def _longest(length: int, boundaries: Any) -> int:
    """The length of the longest region, after a check that the regions cover the axis."""
    cuts = _array(boundaries)
    lengths = np.diff(cuts)
    if cuts.dtype.kind not in "iu" or cuts.ndim != 1 or not (len(lengths) and lengths.min() > 0):
        raise ValueError(f"boundaries must be rising whole numbers, not {cuts}")
    if cuts[0] != 0 or cuts[-1] != length:
        raise ValueError(f"boundaries must run from 0 to {length}, the axis' length, not from {cuts[0]} to {cuts[-1]}")
    return int(lengths.max())


def _array(boundaries: Any) -> Any:
    if isinstance(boundaries, Tensor):
        return boundaries.numpy()
    return boundaries if isinstance(boundaries, np.ndarray) else np.asarray(boundaries)

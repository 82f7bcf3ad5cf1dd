"""Convolution, which slides a kernel over an image, in one and two dimensions.

out[n, o, r, c] = Σ x[n, i, r·stride + a, c·stride + b] · w[o, i, a, b], summed over i, a, b: the cross-correlation
that deep learning calls convolution. It is linear in x and in w, so three ops differentiate each other for ever:

    conv2d           (x, w) → out      the forward pass
    conv_transpose2d (out, w) → x      carries a gradient from the outputs back to the image
    conv2d_kernel    (x, out) → w      carries it to the kernel
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..primitive import primitive
from .windows import Grid, Padding, Pair, image_size, row_padding, windows

_WHY = "Convolution is a sum of products: each input's gradient is again a convolution, of G with the other input."


@primitive(
    symbol="∗",
    text="x ∗ w",
    why=_WHY,
    expects="x is (images, channels, height, width), w is (out channels, channels, kernel height, kernel width)",
)
def conv2d(x: Any, w: Any, *, stride: Pair = 1, padding: Padding = 0) -> Any:
    """out[n, o, r, c] = Σ x[n, i, r·stride + a, c·stride + b] · w[o, i, a, b] over i, a, b, with x padded by zeros.

    x is (N, C, H, W) and w (out, C, kH, kW), as in PyTorch. `stride` and `padding` are a number or one an axis;
    padding may also be ((top, bottom), (left, right)), or "same": ceil(H/stride) rows, an odd row of padding below.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    grid = windows(image_size("x", x), image_size("w", w), stride, padding)
    _check_channels(x.shape[1], w.shape[1])
    return _correlated(x, w, grid)


@conv2d.derivative("w", how="G spread by the kernel", local_input=1)
def _(g, out, x, w, *, stride=1, padding=0):
    pads = windows(x.shape[2:], w.shape[2:], stride, padding).pads
    return conv_transpose2d(g, w, stride=stride, padding=pads, size=x.shape[2:])


@conv2d.derivative("x", how="G ∗ x", local_input=0)
def _(g, out, x, w, *, stride=1, padding=0):
    return conv2d_kernel(x, g, size=w.shape[2:], stride=stride, padding=padding)


@primitive(
    symbol="∗ᵀ", text="x ∗ᵀ w", why=_WHY,
    expects="x is (images, channels, height, width), w is (channels, out channels, kernel height, kernel width)",
)  # fmt: skip
def conv_transpose2d(x: Any, w: Any, *, stride: Pair = 1, padding: Padding = 0, size: Any = None) -> Any:
    """conv2d backwards: each element of x is spread over a window of the result, weighted by the kernel.

    x is (N, C, h, w) and w (C, out, kH, kW), as in PyTorch. The result is (h − 1)·stride + kH − padding rows high, or
    `size` = (rows, columns) where several sizes have windows in these numbers.

    >>> conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 2)))[0, 0]
    array([[1., 2., 1.]])
    """
    counts, window = image_size("x", x), image_size("w", w)
    _check_channels(x.shape[1], w.shape[0])
    if size is None:
        if padding == "same":
            raise ValueError("padding='same' leaves the size open: give size=(rows, columns)")
        # An image of the windows' own size has a place for one window, so it tells strides and padding as numbers.
        alone = windows(window, window, stride, padding)
        size = [(m - 1) * s + k - sum(p) for m, s, k, p in zip(counts, alone.strides, window, alone.pads, strict=True)]
        if min(size) < 0:
            raise ValueError(f"padding must leave a result, not one of {tuple(size)}")
    grid = windows(size, window, stride, padding)
    grid.check_counts(counts)
    return _spread(x, w, grid)


@conv_transpose2d.derivative("w", how="G ∗ w", local_input=1)
def _(g, out, x, w, *, stride=1, padding=0, size=None):
    return conv2d(g, w, stride=stride, padding=padding)


@conv_transpose2d.derivative("x", how="G ∗ x", local_input=0)
def _(g, out, x, w, *, stride=1, padding=0, size=None):
    return conv2d_kernel(g, x, size=w.shape[2:], stride=stride, padding=padding)


@primitive(
    text="x ∗ y", why=_WHY,
    expects="x and y are (images, channels, height, width), and y is as large as what a kernel of `size` makes of x",
)  # fmt: skip
def conv2d_kernel(x: Any, y: Any, *, size: Pair, stride: Pair = 1, padding: Padding = 0) -> Any:
    """out[o, i, a, b] = Σ x[n, i, r·stride + a, c·stride + b] · y[n, o, r, c] over n, r, c: a kernel's gradient"""
    grid = windows(image_size("x", x), size, stride, padding)
    grid.check_counts(image_size("y", y))
    return _kernel(x, y, grid)


@conv2d_kernel.derivative("y", how="y spread by G", local_input=1)
def _(g, out, x, y, *, size, stride=1, padding=0):
    pads = windows(x.shape[2:], size, stride, padding).pads
    return conv_transpose2d(y, g, stride=stride, padding=pads, size=x.shape[2:])


@conv2d_kernel.derivative("x", how="x ∗ G", local_input=0)
def _(g, out, x, y, *, size, stride=1, padding=0):
    return conv2d(x, g, stride=stride, padding=padding)


@primitive(
    symbol="∗", text="x ∗ w", why=_WHY,
    expects="x is (sequences, channels, length), w is (out channels, channels, kernel length)",
)  # fmt: skip
def conv1d(x: Any, w: Any, *, stride: int = 1, padding: Padding = 0) -> Any:
    """out[n, o, t] = Σ x[n, i, t·stride + a] · w[o, i, a] over i, a: conv2d on an image of one row.

    x is (N, C, L) and w (out, C, k). `padding` is a number, (left, right) or "same".

    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2.]]])
    """
    if np.ndim(x) != 3 or np.ndim(w) != 3:
        raise ValueError(f"x and w must have 3 axes, not {np.ndim(x)} and {np.ndim(w)}")
    out = conv2d.forward(np.expand_dims(x, 2), np.expand_dims(w, 2), **_on_one_row(stride, padding))
    return np.squeeze(out, 2)


@conv1d.derivative("w", how="G spread by the kernel", local_input=1)
def _(g, out, x, w, *, stride=1, padding=0):
    x, w, options = np.expand_dims(x, 2), np.expand_dims(w, 2), _on_one_row(stride, padding)
    pads = windows(x.shape[2:], w.shape[2:], **options).pads
    share = conv_transpose2d(np.expand_dims(g, 2), w, stride=options["stride"], padding=pads, size=x.shape[2:])
    return np.squeeze(share, 2)


@conv1d.derivative("x", how="G ∗ x", local_input=0)
def _(g, out, x, w, *, stride=1, padding=0):
    options = _on_one_row(stride, padding)
    return np.squeeze(conv2d_kernel(np.expand_dims(x, 2), np.expand_dims(g, 2), size=(1, w.shape[2]), **options), 2)


def _on_one_row(stride: Any, padding: Any) -> dict[str, Any]:
    return {"stride": (1, stride), "padding": row_padding(padding)}


def _check_channels(given: int, expected: int) -> None:
    if given != expected:
        raise ValueError(f"x has {given} channels, but w is a kernel for {expected}")


# ---- the three products. The image is laid out once for each column b of the kernel; then the numbers that a row a of
# the kernel meets are one stretch of memory, and the row is done with in one matrix product per image. A few images are
# taken at a time: what is laid out stays in the processor's cache, and no large array comes and goes.

_AT_A_TIME = 2**17  # numbers laid out together


def _correlated(x: Any, w: Any, grid: Grid) -> Any:
    (height, width), (rows, columns) = grid.window, grid.counts
    kernel_rows = np.reshape(np.transpose(w, (2, 0, 1, 3)), (height, len(w), w.shape[1] * width))
    out = np.empty((len(x), len(w), rows * columns), np.result_type(x, w))
    for block in _blocks(x.shape, grid):
        laid_out, result = _laid_out(x[block], grid), out[block]
        np.matmul(kernel_rows[0], _met_by_row(0, laid_out, grid), out=result)
        for a in range(1, height):
            result += kernel_rows[a] @ _met_by_row(a, laid_out, grid)
    return np.reshape(out, (len(x), len(w), rows, columns))


def _kernel(x: Any, y: Any, grid: Grid) -> Any:
    (height, width), (rows, columns) = grid.window, grid.counts
    flat = np.reshape(y, (*y.shape[:2], rows * columns))
    out = np.zeros((y.shape[1], x.shape[1], height, width), np.result_type(x, y))
    for block in _blocks(x.shape, grid):
        laid_out = _laid_out(x[block], grid)
        for a in range(height):
            of_each_image = flat[block] @ np.swapaxes(_met_by_row(a, laid_out, grid), 1, 2)
            out[:, :, a] += np.reshape(np.add.reduce(of_each_image, axis=0), (y.shape[1], x.shape[1], width))
    return out


def _spread(y: Any, w: Any, grid: Grid) -> Any:
    (height, width), (top, bottom), (left, right) = grid.window, *grid.pads
    if 0 in grid.size:  # nothing to spread on
        return np.zeros((len(y), w.shape[1], *grid.size), np.result_type(y, w))
    if grid.strides == (1, 1) and max(top, bottom) < height and max(left, right) < width:
        # Then it is the correlation with the kernel turned round, on an image with the rest of a kernel as padding.
        pads = ((height - 1 - top, height - 1 - bottom), (width - 1 - left, width - 1 - right))
        turned = np.swapaxes(w[:, :, ::-1, ::-1], 0, 1)
        return _correlated(y, turned, Grid(grid.counts, grid.window, (1, 1), pads, grid.size))
    (rows, columns), (images, channels) = grid.counts, (len(y), w.shape[1])
    kernel_rows = np.reshape(np.transpose(w, (2, 1, 3, 0)), (height, channels * width, len(w)))
    flat = np.reshape(y, (images, len(w), rows * columns))
    out = np.zeros((images, channels, *_room(grid)), np.result_type(y, w))
    for block in _blocks(out.shape, grid):
        part = out[block]
        laid_out = np.zeros((len(part), *_layout(channels, grid)), out.dtype)
        for a in range(height):
            met = _met_by_row(a, laid_out, grid)
            met += kernel_rows[a] @ flat[block]
        for place, source in _by_column(part, laid_out, grid):
            place += source
    return grid.inside(out)


def _blocks(shape: tuple[int, ...], grid: Grid) -> list[slice]:
    """The images of an array of this shape, a few at a time."""
    few = max(_AT_A_TIME // max(math.prod(_layout(shape[1], grid)), 1), 1)
    return [slice(first, first + few) for first in range(0, shape[0], few)]


def _layout(channels: int, grid: Grid) -> tuple[int, int, int]:
    """The shape of an image that is laid out: (channels · kernel columns, stride, rows / stride · result's columns).

    For each column of the kernel, it has the columns of the image that it meets. Rows are sorted by their remainder
    modulo the stride, so that the rows which a row of the kernel meets follow each other.
    """
    (rows, columns), (height, width), stride = grid.counts, grid.window, grid.strides[0]
    return channels * width, stride, (rows + (height - 1) // stride) * columns


def _laid_out(x: Any, grid: Grid) -> Any:
    laid_out = np.empty((len(x), *_layout(x.shape[1], grid)), x.dtype)
    for place, target in _by_column(grid.padded(x, 0, _room(grid)), laid_out, grid):
        target[...] = place
    return laid_out


def _by_column(image: Any, laid_out: Any, grid: Grid) -> Iterator[tuple[Any, Any]]:
    """For each column of the kernel: what it meets on the padded image, and where that is laid out."""
    columns, stride = grid.counts[1], grid.strides[0]
    images, channels, _, across = image.shape
    tall = laid_out.shape[-1] // columns
    by_remainder = np.reshape(image[:, :, : tall * stride], (images, channels, tall, stride, across)).swapaxes(2, 3)
    parts = np.reshape(laid_out, (images, channels, grid.window[1], stride, tall, columns))
    for b in range(grid.window[1]):
        yield by_remainder[..., grid.column(b)], parts[:, :, b]


def _met_by_row(a: int, laid_out: Any, grid: Grid) -> Any:
    """What row a of the kernel meets, (images, channels · kernel columns, places of the kernel): a view."""
    (rows, columns), stride = grid.counts, grid.strides[0]
    first = a // stride * columns
    return laid_out[:, :, a % stride, first : first + rows * columns]


def _room(grid: Grid) -> tuple[int, int]:
    """The padded image's size, its rows rounded up to whole strides."""
    stride = grid.strides[0]
    tall = (grid.counts[0] + (grid.window[0] - 1) // stride) * stride
    height, width = grid.padded_size
    return max(tall, height), width

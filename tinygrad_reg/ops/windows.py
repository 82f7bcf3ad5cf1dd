"""Where the windows of a convolution or a pooling lie on an image: sizes, strides, padding, and the checks of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Pair = int | Sequence[int]  # one number for both axes, or one for each
Padding = int | str | Sequence[int] | Sequence[Sequence[int]]


class Grid(NamedTuple):
    """The windows on an image, in rows and columns; everything here is (of the rows, of the columns)."""

    size: tuple[int, int]  # the image, without its padding
    window: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[tuple[int, int], tuple[int, int]]  # (above, below), (left, right)
    counts: tuple[int, int]  # how many windows there are: the size of the result

    @property
    def padded_size(self) -> tuple[int, int]:
        """Height and width of the image with its padding."""
        (height, width), (rows, columns) = self.size, self.pads
        return height + sum(rows), width + sum(columns)

    def padded(self, x: Any, value: float, room: tuple[int, int] | None = None) -> Any:
        """x with the padding around it, filled with `value`, and with more below up to `room` if that is larger."""
        room = room or self.padded_size
        if room == self.size:
            return x
        padded = np.full((*x.shape[:2], *room), value, x.dtype)
        self.inside(padded)[...] = x
        return padded

    def inside(self, padded: Any) -> Any:
        """A padded image without its padding, as a view."""
        if padded.shape[2:] == self.size:
            return padded
        (top, _), (left, _) = self.pads
        return padded[:, :, top : top + self.size[0], left : left + self.size[1]]

    def row(self, a: int) -> slice:
        """The rows of the padded image that are row `a` of a window."""
        return _every(a, self.counts[0], self.strides[0])

    def column(self, b: int) -> slice:
        """The columns of the padded image that are column `b` of a window."""
        return _every(b, self.counts[1], self.strides[1])

    def check_counts(self, given: tuple[int, int]) -> None:
        """What should be one number for each window must be that."""
        if given != self.counts:
            raise ValueError(f"an image of {self.size} has {self.counts} windows of {self.window}, not {given}")


def _every(start: int, count: int, stride: int) -> slice:
    return slice(start, start + (count - 1) * stride + 1, stride)


def windows(size: Sequence[int], window: Pair, stride: Pair, padding: Padding) -> Grid:
    """The windows of this size on an image of `size`, `stride` apart."""
    return _windows(tuple(size), _hashable(window), _hashable(stride), _hashable(padding))


@lru_cache(maxsize=1024, typed=True)
def _windows(size: Any, window: Any, stride: Any, padding: Any) -> Grid:
    window, strides = pair("the window", window, 1), pair("stride", stride, 1)
    if padding == "same":
        counts = tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
        missing = [max((m - 1) * s + k - n, 0) for m, s, k, n in zip(counts, strides, window, size, strict=True)]
        pads: Any = tuple((total // 2, total - total // 2) for total in missing)
    elif isinstance(padding, str):
        none = ", where Keras' 'valid' is 0" * (padding == "valid")
        raise ValueError(f"padding must be a whole number ≥ 0, one an axis, or 'same', not {padding!r}{none}")
    elif isinstance(padding, tuple) and len(padding) == 2 and all(isinstance(p, tuple) for p in padding):
        pads = tuple(pair("padding", p, 0) for p in padding)
    else:
        pads = tuple((p, p) for p in pair("padding", padding, 0))
    room = [n + sum(p) - k for n, p, k in zip(size, pads, window, strict=True)]
    if min(room) < 0:
        padded = tuple(n + sum(p) for n, p in zip(size, pads, strict=True))
        raise ValueError(f"a window of {window} does not fit into an image of {padded}, padding included")
    return Grid(size, window, strides, pads, tuple(r // s + 1 for r, s in zip(room, strides, strict=True)))


def image_size(name: str, x: Any) -> tuple[int, int]:
    """Height and width of images; x must be a batch of them."""
    if np.ndim(x) != 4:
        raise ValueError(f"{name} must have 4 axes, (images, channels, height, width), not {np.ndim(x)}")
    return x.shape[2:]  # type: ignore[no-any-return]


def pair(name: str, value: Any, least: int) -> tuple[int, int]:
    """A number for both axes, or one for each, as a pair of whole numbers ≥ `least`."""
    both = value if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(n, (int, np.integer)) and n >= least for n in both):
        raise ValueError(f"{name} must be a whole number ≥ {least}, or a pair of them, not {value!r}")
    return int(both[0]), int(both[1])


def row_padding(padding: Any) -> Any:
    """The padding of a sequence, a number, (left, right) or "same", as that of an image of one row."""
    if isinstance(padding, str):
        return padding
    return (0, 0), tuple(padding) if isinstance(padding, (tuple, list)) else (padding, padding)


def _hashable(option: Any) -> Any:
    option = option.tolist() if isinstance(option, np.ndarray) else option
    return tuple(map(_hashable, option)) if isinstance(option, (list, tuple)) else option

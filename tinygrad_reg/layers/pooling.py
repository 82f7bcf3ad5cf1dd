"""Pooling layers: of each window of an image (N, C, H, W), the largest number or the mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..answers import checks
from ..modes import Rng
from ..ops.windows import Padding, Pair
from ..tensor import Tensor
from .images import check_windows, require_images
from .module import Module


class Pool2D(Module):
    """The base of layers that look at windows of `size`, `stride` apart, by default side by side."""

    def __init__(self, size: Pair, stride: Pair | None = None, padding: Padding = 0) -> None:
        self.size, self.stride, self.padding = size, stride, padding
        check_windows(size, size if stride is None else stride, padding)


class MaxPool2D(Pool2D):
    """The largest number of each window of `size`; windows are `stride` apart, by default side by side.

    >>> import numpy as np
    >>> MaxPool2D(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def forward(self, x: Tensor) -> Any:
        """max of each window"""
        require_images(self, x)
        return ops.max_pool2d(x, size=self.size, stride=self.stride, padding=self.padding)


class AvgPool2D(Pool2D):
    """The mean of each window of `size`; windows are `stride` apart, by default side by side. Padding counts as 0."""

    def forward(self, x: Tensor) -> Any:
        """mean of each window"""
        require_images(self, x)
        return ops.avg_pool2d(x, size=self.size, stride=self.stride, padding=self.padding)


class FractionalMaxPool2D(Module):
    """The largest number of each region, regions of random sizes: an image shrinks by `ratio`, between 1 and 2.

    The regions cover the image, and are drawn anew at each call in training; in eval mode they are spread evenly.
    `overlapping`: a region has the first row and column of the next one, too. sequence="pseudo" or "random": see
    tg.ops.region_boundaries.
    """

    def __init__(
        self,
        ratio: float | tuple[float, float] = math.sqrt(2),
        overlapping: bool = False,
        sequence: str = "pseudo",
        rng: Rng = None,
    ) -> None:
        self.ratio = ratio
        self.ratios = tuple(ratio) if isinstance(ratio, (tuple, list)) else (ratio, ratio)
        if len(self.ratios) != 2 or not all(1 < checks.number("ratio", r) < 2 for r in self.ratios):
            raise ValueError(f"ratio must be a number between 1 and 2, or a pair of them, not {ratio!r}")
        self.overlapping = checks.switch("overlapping", overlapping)
        self.sequence = checks.one_of("sequence", sequence, ("pseudo", "random"))
        self.rng = checks.generator(rng)

    def forward(self, x: Tensor) -> Any:
        """max of each region"""
        require_images(self, x)
        size = x.shape[2:]
        if min(size) < 2:
            raise ValueError(f"{self.where()} needs images of at least 2 rows and 2 columns, but was given {x.shape}")
        even: Any = None
        if not self.training:
            even = tuple(_evenly_cut(n, int(n / ratio)) for n, ratio in zip(size, self.ratios, strict=True))
        return ops.fractional_max_pool2d(
            x, self.ratios, overlapping=self.overlapping, sequence=self.sequence, boundaries=even, rng=self.rng
        )


class GlobalAvgPool2D(Module):
    """The mean of each channel: (N, C, H, W) → (N, C)."""

    def forward(self, x: Tensor) -> Any:
        """mean over H and W"""
        require_images(self, x)
        return np.mean(x, axis=(2, 3))


def _evenly_cut(length: int, count: int) -> np.ndarray:
    """The boundaries of `count` regions of an axis, as even as whole numbers allow."""
    return (np.arange(count + 1) * length + count // 2) // count

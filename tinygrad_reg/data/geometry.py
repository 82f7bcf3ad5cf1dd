"""Geometry of images: which pixel of the old image a pixel of the new one shows, each image in its own way."""

from __future__ import annotations

import numpy as np


def padded(images: np.ndarray, by: int, fill: float) -> np.ndarray:
    """The images with so many pixels of `fill` all around."""
    return np.pad(images, ((0, 0), (0, 0), (by, by), (by, by)), constant_values=fill)


def windows(images: np.ndarray, top: np.ndarray, left: np.ndarray, height: int, width: int) -> np.ndarray:
    """From each image the window of this size that begins at its own top and left."""
    rows = top[:, None] + np.arange(height)
    columns = left[:, None] + np.arange(width)
    return _at(images, rows[:, :, None], columns[:, None, :])


def _at(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The pixels of each image at its own rows and columns, in every channel."""
    image, channel = np.arange(len(images))[:, None, None, None], np.arange(images.shape[1])[:, None, None]
    found: np.ndarray = images[image, channel, rows[:, None], columns[:, None]]
    return found


def from_centre(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far below and right of the centre each row and column is, shaped (H, 1) and (1, W)."""
    height, width = images.shape[2:]
    return np.arange(height)[:, None] - (height - 1) / 2, np.arange(width) - (width - 1) / 2


def sampled(images: np.ndarray, down: np.ndarray, right: np.ndarray, fill: float) -> np.ndarray:
    """The images at these places (distances from the centre), each a weighted mean of the four pixels around it."""
    height, width = images.shape[2:]
    larger = padded(images, 1, fill)  # whatever lies further out is fill as well
    y = np.clip(down + (height - 1) / 2, -1, height) + 1
    x = np.clip(right + (width - 1) / 2, -1, width) + 1
    y, x = np.broadcast_arrays(y, x)
    top, left = np.minimum(y.astype(int), height), np.minimum(x.astype(int), width)
    below, beside = (y - top)[:, None].astype(images.dtype), (x - left)[:, None].astype(images.dtype)
    upper = (1 - beside) * _at(larger, top, left) + beside * _at(larger, top, left + 1)
    lower = (1 - beside) * _at(larger, top + 1, left) + beside * _at(larger, top + 1, left + 1)
    mixed: np.ndarray = (1 - below) * upper + below * lower
    return mixed

"""What layers know of images (N, C, H, W): what they refuse, and how one number a channel lies along them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.windows import Padding, Pair, pair, windows
from ..tensor import Tensor
from .module import Module


def require_images(layer: Module, x: Tensor, channels: int | None = None) -> None:
    """Refuse what is not a batch of images (N, C, H, W) with this number of channels."""
    if x.ndim == 4 and channels in (None, x.shape[1]):
        return
    message = f"{layer.where()} expects images of shape (N, {channels or 'C'}, H, W), but was given {x.shape}"
    if x.ndim == 3:
        message += "; write x[None] for a batch of one image, x[:, None] for images without a channel axis"
    elif x.ndim == 4 and x.shape[3] == channels:
        message += "; channels come before height and width: np.moveaxis(x, -1, 1)"
    raise ValueError(message)


def check_windows(size: Pair, stride: Pair, padding: Padding) -> None:
    """Refuse what is no size, stride or padding of windows, before there is an image."""
    size = pair("size", size, 1)
    windows(size, size, stride, padding)


def along_channels(numbers: Any, ndim: int) -> Any:
    """One number a channel, shaped to meet inputs of so many axes: along axis 1, which may be the last."""
    return numbers if ndim == 2 else np.reshape(numbers, (len(numbers), *[1] * (ndim - 2)))

"""Layers for images (N, C, H, W): convolution, and flattening before dense layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..answers import checks
from ..modes import Rng
from ..ops.windows import Padding, Pair, pair
from ..tensor import Tensor
from .activation import Activation, activate, activation_name
from .images import along_channels, check_windows, require_images
from .module import Module
from .weighted import Weighted


class Conv2D(Weighted):
    """activation(x ∗ kernel + bias): a kernel (out_channels, in_channels, kH, kW) slides over images (N, C, H, W).

    `kernel_size` and `stride` are one number or one an axis. `padding` is the number of zeros added on each side, or
    "same": as many as keep height and width (at stride 1).

    >>> layer = Conv2D(3, 16, 5, padding="same", activation="relu")
    >>> layer(np.zeros((2, 3, 28, 28))).shape
    (2, 16, 28, 28)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Padding = 0,
        activation: Activation = None,
        *,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_bias: bool = True,
        dtype: Any = None,
        rng: Rng = None,
    ) -> None:
        self.in_channels = checks.whole("in_channels", in_channels)
        self.out_channels = checks.whole("out_channels", out_channels)
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride, self.padding = stride, padding
        check_windows(self.kernel_size, stride, padding)
        self.activation = activation_name(activation)
        self.use_bias = checks.switch("use_bias", use_bias)
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        self.kernel = self.make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint, dtype, rng)
        self.bias = None
        if use_bias:
            self.bias = self.make(
                "bias", (out_channels,), bias_initializer, bias_regularizer, bias_constraint, dtype, rng
            )

    def forward(self, x: Tensor) -> Any:
        """activation(x ∗ kernel + bias)"""
        require_images(self, x, self.in_channels)
        z = ops.conv2d(x, self.kernel, stride=self.stride, padding=self.padding)
        if self.bias is not None:
            z = z + along_channels(self.bias, z.ndim)
        return activate(self.activation, z)


class Flatten(Module):
    """(N, …) → (N, product of the others), row by row.

    >>> import numpy as np
    >>> Flatten()(np.zeros((5, 3, 8, 8))).shape
    (5, 192)
    """

    def forward(self, x: Tensor) -> Any:
        """x as a table, a row a sample"""
        if x.ndim == 0:
            raise ValueError(f"{self.where()} expects a batch (N, ...), but was given a single number")
        return np.reshape(x, (x.shape[0], math.prod(x.shape[1:])))

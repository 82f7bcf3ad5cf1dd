"""Normalization: zero mean and unit variance, over the batch or over the features of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..answers import checks
from ..modes import quiet
from ..ops.reductions import moments_of
from ..tensor import Tensor
from .images import along_channels
from .module import Module
from .weighted import parameter


class BatchNorm(Module):
    """γ · (x − μ) / sqrt(σ² + ε) + β, for each feature of x (N, features), or channel of x (N, features, H, W).

    In training, μ and σ² are mean and variance over the batch (and the positions of images), and gradients flow
    through both. In eval mode they are the moving averages

        moving ← momentum · moving + (1 − momentum) · batch

    (Keras' momentum, the weight of the old; PyTorch's is 1 − momentum). `average` says what is averaged beside μ:

        "var"           σ²                       `moving_var`    Keras
        "unbiased_var"  σ² · n / (n − 1)         `moving_var`    PyTorch
        "std"           sqrt(σ² + ε)             `moving_std`    lecture 000
    """

    moving_var: Tensor
    moving_std: Tensor

    def __init__(
        self,
        features: int,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        average: str = "var",
        *,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        dtype: Any = None,
    ) -> None:
        self.features = checks.whole("features", features)
        self.momentum = checks.number("momentum", momentum, 0, 1)
        self.epsilon = checks.number("epsilon", epsilon, 0)
        self.average = checks.one_of("average", average, ("var", "unbiased_var", "std"))
        shape = (self.features,)
        self.gamma = parameter("gamma", shape, gamma_initializer, dtype)
        self.beta = parameter("beta", shape, beta_initializer, dtype)
        self.moving_mean = Tensor(np.zeros(shape, self.gamma.dtype), name="moving_mean")
        spread = "moving_std" if average == "std" else "moving_var"
        setattr(self, spread, Tensor(np.ones(shape, self.gamma.dtype), name=spread))

    def forward(self, x: Tensor) -> Any:
        """γ · (x − μ) / sqrt(σ² + ε) + β"""
        if x.ndim < 2 or x.shape[1] != self.features:
            raise ValueError(
                f"{self.where()} expects inputs of shape (N, {self.features}) or (N, {self.features}, H, W), "
                f"but was given {x.shape}"
            )
        gamma, beta = along_channels(self.gamma, x.ndim), along_channels(self.beta, x.ndim)
        return gamma * (self._by_batch(x) if self.training else self._by_averages(x)) + beta

    def _by_batch(self, x: Tensor) -> Any:
        """(x − μ) / sqrt(σ² + ε) by the batch's own mean and variance, which the moving averages take in."""
        if len(x) < 2:
            raise ValueError(
                f"{self.where()} can't normalize a batch of {len(x)} in training: a single sample has no variance. Use "
                "batches of at least 2 (drop_last=True leaves out a last batch of one), model.eval(), or LayerNorm"
            )
        if x.size == 0:
            raise ValueError(
                f"{self.where()} can't normalize images of shape {x.shape} in training: they have no pixels"
            )
        axes = (0, *range(2, x.ndim))
        out = ops.standardize(x, axis=axes, epsilon=self.epsilon)
        with quiet():
            mean, var = moments_of(out, x, axes)
            self._move(self.moving_mean, mean)
            if self.average == "std":
                self._move(self.moving_std, np.sqrt(var + self.epsilon))
            else:
                n = x.size / self.features
                self._move(self.moving_var, var * (n / (n - 1)) if self.average == "unbiased_var" else var)
        return out

    def _move(self, moving: Tensor, batch: Any) -> None:
        """moving ← momentum · moving + (1 − momentum) · batch"""
        moving.data = self.momentum * moving.data + (1 - self.momentum) * np.reshape(batch, moving.shape)

    def _by_averages(self, x: Tensor) -> Any:
        """(x − μ) / sqrt(σ² + ε) by the moving averages."""
        # Copies of the averages (+): training that goes on must not reach into graphs that were made before.
        std = +self.moving_std if self.average == "std" else np.sqrt(self.moving_var + self.epsilon)
        return (x - along_channels(+self.moving_mean, x.ndim)) / along_channels(std, x.ndim)


class LayerNorm(Module):
    """γ · (x − μ) / sqrt(σ² + ε) + β, with mean and variance over the features of each sample, in both modes.

    `features` is the length of the last axis, or the lengths of the last axes such as (3, 8, 8).
    """

    def __init__(
        self,
        features: int | Sequence[int],
        epsilon: float = 1e-3,
        *,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        dtype: Any = None,
    ) -> None:
        lengths = features if isinstance(features, (tuple, list)) else (features,)
        shape = tuple(checks.whole("features", n) for n in lengths)
        if not shape:
            raise ValueError(f"features must hold the length of one axis at least, the last, not {features!r}")
        self.features = shape if lengths is features else shape[0]
        self.epsilon = checks.number("epsilon", epsilon, 0)
        self.gamma = parameter("gamma", shape, gamma_initializer, dtype)
        self.beta = parameter("beta", shape, beta_initializer, dtype)

    def forward(self, x: Tensor) -> Any:
        """γ · (x − μ) / sqrt(σ² + ε) + β"""
        shape = self.gamma.shape
        if x.shape[-len(shape) :] != shape:
            expected = ", ".join(["N", *map(str, shape)])
            raise ValueError(f"{self.where()} expects inputs of shape ({expected}), but was given {x.shape}")
        axes = tuple(range(-len(shape), 0))
        return self.gamma * ops.standardize(x, axis=axes, epsilon=self.epsilon) + self.beta

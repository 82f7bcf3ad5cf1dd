"""Layers of weights: what Dense and Conv2D share, and Dense."""

from __future__ import annotations

import math
from typing import Any

from .. import checks, initializers, penalties
from ..modes import Rng
from ..tensor import Tensor
from .activation import Activation, activate, activation_name
from .module import Module


class Weighted(Module):
    """A layer with a kernel and a bias: how they are made, penalised and constrained."""

    kernel: Tensor
    bias: Tensor | None

    def make(
        self,
        kernel_shape: tuple[int, ...],
        units: int,
        *,
        activation: Activation,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        use_bias: bool,
        dtype: Any,
        rng: Rng,
    ) -> None:
        """Make the arrays, and keep what the user declared about them."""
        self.activation = activation_name(activation)
        self.use_bias = bool(use_bias)
        self.kernel_regularizer = penalties.get(kernel_regularizer)
        self.bias_regularizer = penalties.get(bias_regularizer)
        self.kernel_constraint = _constraint("kernel_constraint", kernel_constraint)
        self.bias_constraint = _constraint("bias_constraint", bias_constraint)
        self.kernel = parameter("kernel", kernel_initializer, kernel_shape, rng, dtype)
        self.bias = parameter("bias", bias_initializer, (units,), rng, dtype) if use_bias else None


def parameter(name: str, initializer: Any, shape: tuple[int, ...], rng: Rng, dtype: Any) -> Tensor:
    """A Tensor to be trained, as the initializer starts it."""
    return Tensor(initializers.create(initializer, shape, rng=rng, dtype=dtype), requires_grad=True, name=name)


def _constraint(name: str, constraint: Any) -> Any:
    if constraint is not None and (isinstance(constraint, type) or not callable(constraint)):
        raise TypeError(
            f"{name} must be a constraint such as tg.constraints.max_norm(1.0), "
            f"or a callable (weights, lr) -> weights, not {constraint!r}"
        )
    return constraint


class Dense(Weighted):
    """activation(x @ kernel + bias), kernel (in_features, out_features); x (N, in_features).

    >>> layer = Dense(64, 128, activation="relu", kernel_initializer="he_normal")
    >>> layer.kernel.shape, layer.bias.shape
    ((64, 128), (128,))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
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
        self.in_features = checks.whole("in_features", in_features)
        self.out_features = checks.whole("out_features", out_features)
        self.make(
            (self.in_features, self.out_features),
            self.out_features,
            activation=activation,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            use_bias=use_bias,
            dtype=dtype,
            rng=rng,
        )

    @property
    def input_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """(in_features,)"""
        return (self.in_features,)

    def forward(self, x: Tensor) -> Any:
        """activation(x @ kernel + bias)"""
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            self._refuse(x.shape)
        z = x @ self.kernel
        if self.bias is not None:
            z = z + self.bias
        return activate(self.activation, z)

    def _refuse(self, shape: tuple[int, ...]) -> None:
        message = f"{self.where()} expects inputs of shape (N, {self.in_features}), but was given {shape}"
        if len(shape) > 2 and math.prod(shape[1:]) == self.in_features:
            message += "; put a Flatten() before it"
        elif len(shape) == 2 and shape[0] == self.in_features:
            message += "; if samples are columns, transpose the array: x.T"
        raise ValueError(message)

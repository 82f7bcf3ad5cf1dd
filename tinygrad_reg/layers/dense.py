"""Dense: every output is a weighted sum of every input."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..answers import checks
from ..modes import Rng
from ..tensor import Tensor
from .activation import Activation, activate, activation_name, warn_of_one_unit
from .inputs import as_tensor
from .weighted import Weighted


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
        self.out_features = checks.whole("out_features", out_features, note=" (Dense(inputs, units, activation))")
        self.activation = activation_name(activation)
        if self.out_features == 1 and self.activation == "softmax":
            warn_of_one_unit()
        self.use_bias = checks.switch("use_bias", use_bias)
        shape = (self.in_features, self.out_features)
        self.kernel = self.make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint, dtype, rng)
        self.bias = None
        if use_bias:
            self.bias = self.make(
                "bias", (out_features,), bias_initializer, bias_regularizer, bias_constraint, dtype, rng
            )

    @property
    def input_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """(in_features,)"""
        return (self.in_features,)

    def forward(self, x: Tensor) -> Any:
        """activation(x @ kernel + bias)"""
        if not isinstance(x, Tensor):
            x = as_tensor(x)  # of who writes layer.forward(array)
        shape = x._data.shape  # the property takes longer
        if not shape or shape[-1] != self.in_features:
            self._refuse(shape)
        z = x @ self.kernel if self.bias is None else ops.affine(x, self.kernel, self.bias)
        return activate(self.activation, z)

    def _refuse(self, shape: tuple[int, ...]) -> None:
        message = f"{self.where()} expects inputs of shape (N, {self.in_features}), but was given {shape}"
        rows = math.prod(shape[1:])
        if len(shape) > 2 and rows == self.in_features:
            message += "; put a Flatten() before it"
        elif len(shape) == 4:
            message += f"; put a Flatten() before it, which makes rows of {rows}, and write Dense({rows}, …)"
        elif len(shape) == 2 and shape[0] == self.in_features:
            message += "; if samples are columns, transpose the array: x.T"
        elif len(shape) == 1 and self.in_features == 1:
            message += "; one number a sample is a column: x[:, None]"
        raise ValueError(message)

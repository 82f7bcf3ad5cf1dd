"""Activations: by name for `activation=`, and as layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import initializers, ops
from ..answers import checks
from ..answers.naming import resolve
from ..modes import Rng, switched
from ..primitive import registry
from ..source import users_level
from ..tensor import Tensor
from .images import along_channels
from .module import Module

Activation = str | Callable[[Any], Any] | None

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: registry[name]
    for name in (
        "relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "sigmoid", "tanh", "softmax", "log_softmax",
    )
}  # fmt: skip


def activation_name(activation: Activation) -> Activation:
    """What a layer keeps of its `activation=`: the name where it has one, so that it can be saved and printed."""
    if activation is None:
        return None
    found = resolve(activation, FUNCTIONS, "activation", "a function or layer such as tg.PReLU(), or None")
    return next((name for name, function in FUNCTIONS.items() if function is found), found)


def activate(activation: Activation, z: Tensor) -> Any:
    """activation(z), z itself for None."""
    if activation is None:
        return z
    if isinstance(activation, str):
        return FUNCTIONS[activation](z)
    with switched("place", None):  # a user's function has lines of its own
        return activation(z)


def warn_of_one_unit() -> None:
    """A softmax over one output is 1 whatever the weights are, and its slope 0: nothing would be trained."""
    warnings.warn(
        "a softmax over one unit is always 1, and trains nothing: for two classes write 'sigmoid' with one unit (and "
        "binary_crossentropy), or 'softmax' with two",
        stacklevel=users_level(),
    )


class ReLU(Module):
    """max(0, x); its derivative at 0 is 0."""

    def forward(self, x: Tensor) -> Any:
        """max(0, x)"""
        return ops.relu(x)


class LeakyReLU(Module):
    """max(αx, x): the slope α for x < 0 keeps a gradient alive."""

    def __init__(self, alpha: float = 0.01) -> None:
        self.alpha = checks.number("alpha", alpha, 0, 1)

    def forward(self, x: Tensor) -> Any:
        """max(αx, x)"""
        return ops.leaky_relu(x, alpha=self.alpha)


class RReLU(Module):
    """x for x > 0, else αx: in training α is drawn for each element, in eval mode it is (lower + upper) / 2."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, rng: Rng = None) -> None:
        self.lower = checks.number("lower", lower, 0, 1)
        self.upper = checks.number("upper", upper, self.lower, 1)
        self.rng = checks.generator(rng)

    def forward(self, x: Tensor) -> Any:
        """x where x > 0, else αx"""
        return ops.rrelu(x, lower=self.lower, upper=self.upper, training=self.training, rng=self.rng)


class PReLU(Module):
    """x for x > 0, else αx, and α is learned: one for all, or with `channels` one for each unit or channel (axis 1)."""

    def __init__(self, alpha: float = 0.25, channels: int | None = None, *, dtype: Any = None) -> None:
        self.channels = None if channels is None else checks.whole("channels", channels)
        start = initializers.constant(checks.number("alpha", alpha))
        shape = () if self.channels is None else (self.channels,)
        self.alpha = Tensor(initializers.create(start, shape, dtype=dtype), requires_grad=True, name="alpha")

    def forward(self, x: Tensor) -> Any:
        """x where x > 0, else αx"""
        if self.channels is None:
            return ops.prelu(x, self.alpha)
        if x.ndim < 2 or x.shape[1] != self.channels:
            raise ValueError(
                f"{self.where()} expects {self.channels} channels in axis 1, but was given shape {x.shape}"
            )
        return ops.prelu(x, along_channels(self.alpha, x.ndim))


class ELU(Module):
    """x for x > 0, else α(eˣ − 1)."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = checks.number("alpha", alpha, 0)

    def forward(self, x: Tensor) -> Any:
        """x where x > 0, else α(eˣ − 1)"""
        return ops.elu(x, alpha=self.alpha)


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ)"""

    def forward(self, x: Tensor) -> Any:
        """1 / (1 + e⁻ˣ)"""
        return ops.sigmoid(x)


class Tanh(Module):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"""

    def forward(self, x: Tensor) -> Any:
        """tanh x"""
        return np.tanh(x)


class Softmax(Module):
    """eˣ / Σeˣ along `axis`: positive numbers that sum to 1."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = checks.whole("axis", axis, -64, 63)

    def forward(self, x: Tensor) -> Any:
        """eˣ / Σeˣ"""
        if x.ndim == 2 and x.shape[1] == 1 and self.axis in (-1, 1):
            warn_of_one_unit()
        return ops.softmax(x, axis=self.axis)

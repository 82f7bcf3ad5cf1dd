"""Modules made of modules: one after the other, or beside the identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, overload

from ..modes import default_dtype
from ..tensor import Tensor
from .activation import FUNCTIONS
from .module import Module


class Sequential(Module):
    """The layers one after the other; their names are their positions.

    >>> from tinygrad_reg.layers import Dense
    >>> model = Sequential([Dense(2, 4, activation="relu"), Dense(4, 3, activation="softmax")])
    >>> [name for name, _ in model.named_parameters()]
    ['0.kernel', '0.bias', '1.kernel', '1.bias']

    A function such as np.tanh is a layer too. `Sequential(a, b)` is the same as `Sequential([a, b])`.
    """

    def __init__(self, *layers: Any) -> None:
        self.layers: list[Module] = []
        given = layers[0] if len(layers) == 1 and isinstance(layers[0], (list, tuple)) else layers
        for layer in given:
            self.add(layer)

    def add(self, layer: Module | Callable[[Any], Any]) -> None:
        """Append a layer."""
        if layer is self:
            raise ValueError("a Sequential can't be a layer of itself: add another one")
        self.layers.append(_layer(layer, f"layer {len(self.layers)} of a Sequential"))

    def forward(self, x: Any) -> Any:
        """layers[-1](… layers[1](layers[0](x)))"""
        for index, layer in enumerate(self.layers):
            x = layer.call_as(str(index), (x,), {})
        return x

    def parts(self) -> Iterator[tuple[str, Any]]:
        """The layers, by position."""
        for index, layer in enumerate(self.layers):
            yield str(index), layer
        for name, value in vars(self).items():  # what a subclass holds beside them
            if name != "layers":
                yield name, value

    @property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Shape of one sample, where the first layer determines it."""
        return self.layers[0].input_shape if self.layers else None

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        """One layer, or a Sequential of some of them (the same layers, not copies)."""
        return Sequential(self.layers[index]) if isinstance(index, slice) else self.layers[index]


class Residual(Module):
    """x + block(x): the gradient also flows past the block, unchanged.

    >>> import numpy as np
    >>> Residual(lambda x: 0.5 * x)(np.array([2.0, 4.0]))
    Tensor([3., 6.])
    """

    def __init__(self, block: Module | Callable[[Any], Any]) -> None:
        self.block = _layer(block, "the block of a Residual")

    def forward(self, x: Tensor) -> Any:
        """x + block(x)"""
        branch = self.branch(x)
        if x.shape != branch.shape:
            raise ValueError(
                f"{self.where()} adds its input of shape {x.shape} to its block's output of shape {branch.shape}: "
                "the block must keep the shape"
            )
        if x.dtype.kind != "f" and branch.dtype.kind != "f":
            x = x.astype(default_dtype())  # of pixels: 255 + 255 is no uint8
        return x + branch

    def branch(self, x: Tensor) -> Any:
        """block(x)"""
        return self.block(x)

    @property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """That of the block."""
        return self.block.input_shape


class Lambda(Module):
    """A function as a layer: Lambda(np.tanh)."""

    _calls_only_the_house = False

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def forward(self, x: Any) -> Any:
        """function(x)"""
        return self.function(x)


def _layer(layer: Any, what: str) -> Module:
    """`layer` as a Module; `what` says in messages what it was given as."""
    if isinstance(layer, Module):
        return layer
    if isinstance(layer, type) and issubclass(layer, Module):
        raise TypeError(f"{what} is the class {layer.__name__}; write {layer.__name__}(...) for a layer of that kind")
    if isinstance(layer, str) and layer in FUNCTIONS:
        raise TypeError(f"{what} must be a layer or a function, not {layer!r}: write tg.ops.{layer}")
    if not callable(layer) or isinstance(layer, type):
        raise TypeError(f"{what} must be a layer such as tg.Dense(2, 4) or a function such as np.tanh, not {layer!r}")
    return Lambda(layer)

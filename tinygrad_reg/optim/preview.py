"""A step in numbers, for readers: the formula of an optimizer with what stands in it, without taking the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import as_array
from ..modes import quiet
from ..tensor import Tensor, describe, values
from .settings import settings_of

if TYPE_CHECKING:
    from .optimizer import Optimizer


class Update(NamedTuple):
    """One step of one parameter in numbers: what stands in the formula before it, and what has changed after it."""

    formula: str
    before: dict[str, Any]  # "w", "g", the state, and the constants by their symbols: "η", "β₁", "t"
    after: dict[str, Any]  # "w" and the state


def previewed(optimizer: Optimizer, p: Tensor, gradient: Any) -> Update:
    """What `Optimizer.preview` returns."""
    state = optimizer.state_of(p)
    gradient = p._grad if gradient is None else as_array(values(gradient), p.dtype)
    if gradient is None:
        raise ValueError(f"{describe(p)} has no gradient, so it would take no step: call backward() first")
    if gradient.shape != p.shape:
        raise ValueError(f"gradient must have the shape of {describe(p)}, not {gradient.shape}")
    t = optimizer.flat_of(p).clock(p) + 1
    w, g = np.array(p._data), np.array(gradient)
    before = {"w": w.copy(), "g": g, **{name: array.copy() for name, array in state.items()}, "η": optimizer.lr}
    for name, setting in settings_of(optimizer).items():
        value = getattr(optimizer, name)
        before.update(zip(setting.symbols, value if isinstance(value, tuple) else (value,), strict=False))
    before["t"] = t
    with quiet():
        optimizer.apply(optimizer.lr, t, w, g, [np.empty_like(w) for _ in range(2)], list(state.values()))
    before = {name: value for name, value in before.items() if name in optimizer.formula}
    return Update(optimizer.formula, before, {"w": w, **state})

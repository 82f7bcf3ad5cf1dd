"""What the table of cases is made of: a call of one op, on inputs at which its derivatives are smooth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """`call(*inputs)` applies the op named `op`; `inputs` are the arrays to differentiate by.

    `value` computes the same with plain NumPy (None where the op is its own definition); `order` is how many
    derivatives are compared with differences.
    """

    op: str
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    value: Callable[..., Any] | None = None
    order: int = 2
    note: str = ""

    def __str__(self) -> str:
        shapes = "·".join("x".join(map(str, np.shape(x))) or "0d" for x in self.inputs)
        return f"{self.op}-{shapes}{'-' + self.note if self.note else ''}"


def cubed(op: str, call: Callable[..., Any], *inputs: Any, value: Any = None, note: str = "") -> Case:
    """A case of an op whose gradient is constant: its cube shows a wrong second derivative, or sign."""
    plain = value or call
    return Case(op, lambda *xs: call(*xs) ** 3, inputs, value=lambda *xs: plain(*xs) ** 3, note=note)


def numbers(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Distinct numbers in [low, high], shuffled: no ties, and none at 0 or another kink in the middle."""
    size = int(np.prod(shape))
    spread = low + (np.arange(size) + 0.37) * (high - low) / max(size, 1)
    return np.random.default_rng(seed).permutation(spread).reshape(shape)


def pair(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of these shapes."""
    return numbers(*x, seed=1), numbers(*y, seed=2)

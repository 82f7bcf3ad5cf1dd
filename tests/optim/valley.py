"""Every optimizer, and small problems for them: one number, and a curved valley in two parameters, one of them 0-d."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp

EVERY: list[tuple[Any, dict[str, Any]]] = [
    (SGD, {}),
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "dampening": 0.5}),
    (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (SGD, {"momentum": 0.9, "form": "averaged"}),
    (SGD, {"momentum": 0.9, "form": "accumulated"}),
    (AdaGrad, {}),
    (RMSProp, {"weight_decay": 0.1}),
    (Adam, {}),
    (AdamW, {}),
]
every_optimizer = pytest.mark.parametrize(("optimizer", "options"), EVERY)

START = [-1.2, 1.0, 0.5]


def one(value: float = 1.0) -> Tensor:
    return Tensor([value], requires_grad=True, name="w")


def give(p: Tensor, g: Any) -> None:
    """A gradient as backward() leaves it."""
    (p * np.asarray(g, p.dtype)).sum().backward()


def gradient(x: np.ndarray) -> np.ndarray:
    """∇ of (1 − x₀)² + 5(x₁ − x₀²)² + x₂⁴ + x₀x₂, derived by hand."""
    bend = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 20 * x[0] * bend + x[2], 10 * bend, 4 * x[2] ** 3 + x[0]])


def loss_of(w: Tensor, b: Tensor) -> Tensor:
    """The same function as a graph."""
    return (1 - w[0]) ** 2 + 5 * (w[1] - w[0] ** 2) ** 2 + b**4 + w[0] * b


def train(make: Callable[[list[Tensor]], Optimizer], steps: int = 100, dtype: Any = None) -> np.ndarray:
    """Where an optimizer arrives from START: (w₀, w₁, b)."""
    w = Tensor(np.array(START[:2], dtype), requires_grad=True, name="w")
    b = Tensor(np.array(START[2], dtype), requires_grad=True, name="b")
    opt = make([w, b])
    for _ in range(steps):
        opt.zero_grad()
        loss_of(w, b).backward()
        opt.step()
    return np.array([*w.data, b.data])


def follow(opt: Optimizer, w: Tensor, gradients: Sequence[float]) -> list[float]:
    """The values that a one-element parameter takes, given its gradients."""
    path = []
    for g in gradients:
        w.grad = np.full(w.shape, g)
        opt.step()
        path.append(w.data.item())
    return path

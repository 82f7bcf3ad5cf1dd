"""A chain of 80 operations on single numbers, and the way back: all overhead, no arithmetic to speak of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Work = Callable[[], tuple[Any, list[Any]]]

A, B = 0.3, -0.2


def _chain(a: Any, b: Any) -> Any:
    c = a + b
    for _ in range(20):
        c = (a * c + b) * 0.5 - a
    return c


def tinygrad_reg() -> Work:
    import tinygrad_reg as tg

    a, b = tg.Tensor(A, requires_grad=True), tg.Tensor(B, requires_grad=True)

    def work() -> tuple[Any, list[Any]]:
        a.grad = b.grad = None
        out = _chain(a, b)
        out.backward()
        return out.data, [a.grad, b.grad]

    return work


def micrograd() -> Work:
    from micrograd.engine import Value

    a, b = Value(A), Value(B)

    def work() -> tuple[Any, list[Any]]:
        a.grad = b.grad = 0
        out = _chain(a, b)
        out.backward()
        return out.data, [a.grad, b.grad]

    return work


def torch() -> Work:
    import torch

    a, b = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (A, B))

    def work() -> tuple[Any, list[Any]]:
        a.grad = b.grad = None
        out = _chain(a, b)
        out.backward()
        return out.detach(), [a.grad, b.grad]

    return work


def autograd() -> Work:
    import autograd

    value_and_grad = autograd.value_and_grad(_chain, (0, 1))
    return lambda: value_and_grad(A, B)

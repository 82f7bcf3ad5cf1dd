"""A product of two 2048 × 2048 matrices, forward and backward"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Made, normal

_rng = np.random.default_rng(0)
SIZE = 2048
X, W, G = (normal(_rng, SIZE, SIZE) for _ in range(3))  # two factors, and the gradient of their product
FEW = slice(None, None, 256)  # the rows and columns that are compared
TOLERANCE = 1e-2


def by_hand() -> Made:
    from .. import by_hand as hand

    y, gx, gw = (hand.empty(*X.shape) for _ in range(3))

    def step(g: Any) -> Any:
        X.dot(W, out=y)
        g.dot(W.T, out=gx)
        X.T.dot(g, out=gw)
        return y[FEW, FEW], gx[FEW, FEW], gw[FEW, FEW]

    return step, (G,)


def tinygrad_reg() -> Made:
    import tinygrad_reg as tg

    x, w = tg.Tensor(X, requires_grad=True), tg.Tensor(W, requires_grad=True)

    def step(g: Any) -> Any:
        x.grad = w.grad = None
        y = x @ w
        y.backward(gradient=g)
        return y[FEW, FEW], x.grad[FEW, FEW], w.grad[FEW, FEW]

    return step, (G,)


def torch() -> Made:
    import torch

    x, w = (torch.tensor(a, requires_grad=True) for a in (X, W))

    def step(g: Any) -> Any:
        x.grad = w.grad = None
        y = x @ w
        y.backward(g)
        return y[FEW, FEW], x.grad[FEW, FEW], w.grad[FEW, FEW]

    return step, (torch.tensor(G),)


def jax() -> Made:
    import jax

    def both_ways(x: Any, w: Any, g: Any) -> Any:
        y, back = jax.vjp(jax.numpy.matmul, x, w)
        return y, *back(g)

    fast = jax.jit(both_ways)

    def step(x: Any, w: Any, g: Any) -> Any:
        return [whole[FEW, FEW] for whole in fast(x, w, g)]

    return step, tuple(jax.tree.map(jax.numpy.asarray, (X, W, G)))

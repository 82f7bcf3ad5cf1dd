"""The scalar expression of micrograd's README, forward and backward, float64"""

from __future__ import annotations

from typing import Any

from ..setting import Made

A, B = -4.0, 2.0


def expression(a: Any, b: Any, relu: Any) -> Any:
    """As in micrograd's README; relu is what each library calls it."""
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + relu(b + a)
    d += 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


def by_hand() -> Made:
    """Straight-line Python: the factors of the graph's edges, worked out."""

    def step(a: float, b: float) -> tuple[float, float, float]:
        c1 = a + b
        c2 = c1 + (c1 + 1)
        c3 = c2 + (1 + c2 + -a)
        bb = b * b
        d1 = a * b + bb * b
        r1 = b + a
        on1 = r1 > 0
        d2 = d1 + (d1 * 2 + (r1 if on1 else 0.0))
        r2 = b - a
        on2 = r2 > 0
        d3 = d2 + (3 * d2 + (r2 if on2 else 0.0))
        e = c3 - d3
        f = e * e
        g = f / 2.0 + 10.0 / f
        ge = (0.5 - 10.0 / (f * f)) * 2 * e
        gd2 = -4 * ge
        gd1 = 3 * gd2
        gr1 = gd2 if on1 else 0.0
        gr2 = -ge if on2 else 0.0
        gc1 = 4 * ge
        ga = -ge + gc1 + gd1 * b + gr1 - gr2
        gb = gc1 + gd1 * (a + 3 * bb) + gr1 + gr2
        return g, ga, gb

    return step, (A, B)


def tinygrad_reg() -> Made:
    import tinygrad_reg as tg

    relu, a, b = tg.ops.relu, tg.Tensor(A, requires_grad=True), tg.Tensor(B, requires_grad=True)

    def step() -> Any:
        a.grad = b.grad = None
        g = expression(a, b, relu)
        g.backward()
        return g, a.grad, b.grad

    return step, ()


def torch() -> Made:
    import torch

    a, b = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (A, B))

    def step() -> Any:
        a.grad = b.grad = None
        g = expression(a, b, torch.relu)
        g.backward()
        return g, a.grad, b.grad

    return step, ()


def micrograd() -> Made:
    from micrograd.engine import Value

    def step() -> Any:
        a, b = Value(A), Value(B)
        g = expression(a, b, Value.relu)
        g.backward()
        return g.data, a.grad, b.grad

    return step, ()


def jax() -> Made:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    value_and_gradients = jax.value_and_grad(lambda a, b: expression(a, b, jax.nn.relu), (0, 1))
    return jax.jit(value_and_gradients), (jnp.asarray(A), jnp.asarray(B))


def autograd() -> Made:
    import autograd
    import autograd.numpy as anp

    value_and_gradients = autograd.value_and_grad(lambda a, b: expression(a, b, lambda x: anp.maximum(x, 0)), (0, 1))
    return value_and_gradients, (A, B)


def mygrad() -> Made:
    import mygrad
    from mygrad.nnet import relu

    def step() -> Any:
        a, b = mygrad.tensor(A), mygrad.tensor(B)
        g = expression(+a, +b, relu)
        g.backward()
        return g, a.grad, b.grad

    return step, ()

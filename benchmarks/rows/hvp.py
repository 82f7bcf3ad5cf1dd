"""A Hessian-vector product: 64-128-64-10, tanh, softmax cross-entropy, batch 64"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Made, dense, normal

_rng = np.random.default_rng(0)
SAMPLES = 64
X, LABELS = normal(_rng, SAMPLES, 64), _rng.integers(0, 10, SAMPLES)
PARAMETERS = dense(_rng, 64, 128, 64, 10)
V = [normal(_rng, *p.shape) for p in PARAMETERS]
TOLERANCE = 1e-3


def by_hand() -> Made:
    """Pearlmutter's R{·}: the derivative of the forward and the backward pass along v.

    A layer's outputs and their R stand one above the other in one array, and so do R of the gradients and the
    gradients themselves: then their products with the weights, and Rhᵀ g + hᵀ Rg, are one matrix product each.
    """
    from .. import by_hand as hand

    _, (w1, b1, w2, b2, w3, b3) = hand.flat(PARAMETERS)
    _, (v1, c1, v2, c2, v3, c3) = hand.flat(V)
    result, (r1, rb1, r2, rb2, r3, rb3) = hand.flat([np.zeros_like(p) for p in PARAMETERS])
    hs1, hs2, zs = (hand.empty(2 * SAMPLES, width) for width in (128, 64, 10))  # h above Rh
    ghs1, ghs2, gs2, gzs = (hand.empty(2 * SAMPLES, width) for width in (128, 64, 64, 10))  # Rg above g
    (h1, rh1), (h2, rh2), (z, rz) = (np.split(both, 2) for both in (hs1, hs2, zs))
    (rgh1, gh1), (rgh2, gh2), (rg2, g2), (rgz, gz) = (np.split(both, 2) for both in (ghs1, ghs2, gs2, gzs))
    slope1, slope2, wide, narrow, few = (hand.empty(SAMPLES, width) for width in (128, 64, 128, 64, 10))
    total, ones, row = hand.empty(SAMPLES), hand.ones(SAMPLES), hand.ones(10)
    column = total[:, None]
    one, minus_two, mean, samples = (hand.number(x) for x in (1, -2, 1 / SAMPLES, SAMPLES))
    one_hot, chosen = np.eye(10, dtype=np.float32) / np.float32(SAMPLES), hand.empty(SAMPLES, 10)
    hs1_t, hs2_t, w2_t, w3_t, v2_t, v3_t = (matrix.T for matrix in (hs1, hs2, w2, w3, v2, v3))

    def step(x: Any, labels: Any) -> Any:
        x.dot(w1, out=h1)
        np.add(h1, b1, out=h1)
        np.tanh(h1, out=h1)
        np.multiply(h1, h1, out=slope1)
        np.subtract(one, slope1, out=slope1)
        x.dot(v1, out=rh1)
        np.add(rh1, c1, out=rh1)
        np.multiply(rh1, slope1, out=rh1)
        hs1.dot(w2, out=hs2)
        np.add(h2, b2, out=h2)
        np.tanh(h2, out=h2)
        np.multiply(h2, h2, out=slope2)
        np.subtract(one, slope2, out=slope2)
        h1.dot(v2, out=narrow)
        np.add(rh2, narrow, out=rh2)
        np.add(rh2, c2, out=rh2)
        np.multiply(rh2, slope2, out=rh2)
        hs2.dot(w3, out=zs)
        np.add(z, b3, out=z)
        h2.dot(v3, out=few)
        np.add(rz, few, out=rz)
        np.add(rz, c3, out=rz)
        # softmax p, then g = (p − y) / N and Rg = p · (Rz − Σ p Rz) / N
        np.maximum.reduce(z, axis=1, out=total)
        np.subtract(z, column, out=z)
        np.exp(z, out=z)
        z.dot(row, out=total)
        np.divide(mean, total, out=total)
        np.multiply(z, column, out=z)
        np.multiply(z, rz, out=few)
        few.dot(row, out=total)
        np.multiply(total, samples, out=total)
        np.subtract(rz, column, out=rgz)
        np.multiply(z, rgz, out=rgz)
        one_hot.take(labels, 0, chosen, "clip")
        np.subtract(z, chosen, out=gz)
        # back through the layers
        hs2_t.dot(gzs, out=r3)
        ones.dot(rgz, out=rb3)
        gzs.dot(w3_t, out=ghs2)
        gz.dot(v3_t, out=narrow)
        np.add(rgh2, narrow, out=rgh2)
        np.multiply(gh2, h2, out=narrow)
        np.multiply(narrow, rh2, out=narrow)
        np.multiply(narrow, minus_two, out=narrow)
        np.multiply(rgh2, slope2, out=rg2)
        np.add(rg2, narrow, out=rg2)
        np.multiply(gh2, slope2, out=g2)
        hs1_t.dot(gs2, out=r2)
        ones.dot(rg2, out=rb2)
        gs2.dot(w2_t, out=ghs1)
        g2.dot(v2_t, out=wide)
        np.add(rgh1, wide, out=rgh1)
        np.multiply(rgh1, slope1, out=rgh1)
        np.multiply(gh1, h1, out=wide)
        np.multiply(wide, rh1, out=wide)
        np.multiply(wide, minus_two, out=wide)
        np.add(rgh1, wide, out=rgh1)
        x.T.dot(rgh1, out=r1)
        ones.dot(rgh1, out=rb1)
        return result

    return step, (X, LABELS)


def tinygrad_reg() -> Made:
    import tinygrad_reg as tg
    from tinygrad_reg.ops import affine

    p = [tg.Tensor(array, requires_grad=True) for array in PARAMETERS]
    w1, b1, w2, b2, w3, b3 = p

    def step(x: Any, labels: Any) -> Any:
        z = affine(np.tanh(affine(np.tanh(affine(x, w1, b1)), w2, b2)), w3, b3)
        gradients = tg.gradients(tg.losses.softmax_crossentropy(z, labels), p, create_graph=True)
        along_v = sum(np.vdot(g, v) for g, v in zip(gradients, V, strict=True))
        return tg.gradients(along_v, p)

    return step, (X, LABELS)


def torch() -> Made:
    import torch
    from torch import addmm, tanh
    from torch.nn.functional import cross_entropy

    p = [torch.tensor(array, requires_grad=True) for array in PARAMETERS]
    v = [torch.tensor(array) for array in V]
    w1, b1, w2, b2, w3, b3 = p

    def step(x: Any, labels: Any) -> Any:
        z = addmm(b3, tanh(addmm(b2, tanh(addmm(b1, x, w1)), w2)), w3)
        gradients = torch.autograd.grad(cross_entropy(z, labels), p, create_graph=True)
        return torch.autograd.grad(gradients, p, grad_outputs=v)

    return step, (torch.tensor(X), torch.tensor(LABELS))


def jax() -> Made:
    import jax
    import jax.numpy as jnp
    from jax.nn import log_softmax

    def loss(p: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        log_p = log_softmax(jnp.tanh(jnp.tanh(x @ w1 + b1) @ w2 + b2) @ w3 + b3)
        return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1))

    def step(p: Any, v: Any, x: Any, labels: Any) -> Any:
        return jax.jvp(lambda p: jax.grad(loss)(p, x, labels), (p,), (v,))[1]

    return jax.jit(step), tuple(jax.tree.map(jnp.asarray, (PARAMETERS, V, X, LABELS)))


def autograd() -> Made:
    import autograd
    import autograd.numpy as anp
    from autograd.misc import flatten
    from autograd.scipy.special import logsumexp

    rows = np.arange(SAMPLES)
    start, unflatten = flatten(PARAMETERS)

    def loss(p: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = unflatten(p)
        z = anp.tanh(anp.tanh(X @ w1 + b1) @ w2 + b2) @ w3 + b3
        return anp.mean(logsumexp(z, axis=1) - z[rows, LABELS])

    return autograd.hessian_vector_product(loss), (start, flatten(V)[0])

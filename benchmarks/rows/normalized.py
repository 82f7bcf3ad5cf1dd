"""64-128-128-10, batch norm, ReLU, dropout, L2, softmax cross-entropy, SGD with momentum, batch 64

Dropout draws at random, so the losses are compared with masks that are given: all contenders take the same. When they
are timed, each draws its own. Batch norm keeps moving averages of mean and variance in all of them.
"""

from __future__ import annotations

from functools import partial
from operator import mul
from typing import Any

import numpy as np

from ..setting import SGD, Made, Training, dense, normal

_rng = np.random.default_rng(0)
SAMPLES, WIDTH, RATE, STRENGTH, EPSILON, KEEPS = 64, 128, 0.2, 1e-4, 1e-3, 0.99
_w1, _w2 = dense(_rng, 64, WIDTH, WIDTH, bias=False)  # what batch norm shifts needs no bias
TRAINING = Training(
    [
        *(_w1, np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)),
        *(_w2, np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)),
        *dense(_rng, WIDTH, 10),
    ],
    (normal(_rng, SAMPLES, 64), _rng.integers(0, 10, SAMPLES)),
    SGD(0.05, momentum=0.9),
)
GIVEN = {"masks": _rng.random((2, SAMPLES, WIDTH)) >= RATE}


def by_hand(masks: Any = None) -> Made:
    from .. import by_hand as hand

    order = [0, 3, 6, 1, 2, 4, 5, 7]  # kernels first: they are what the penalty is for
    start = [TRAINING.parameters[i] for i in order]
    w, (w1, w2, w3, gamma1, beta1, gamma2, beta2, b3) = hand.flat(start)
    g, (g1, g2, g3, ggamma1, gbeta1, ggamma2, gbeta2, gb3) = hand.flat([np.zeros_like(p) for p in start])
    update = hand.optimizer(TRAINING.optimizer, w, g)
    kernels = w1.size + w2.size + w3.size
    penalized, penalized_g, decay = w[:kernels], g[:kernels], hand.empty(kernels)
    twice, strength = hand.number(2 * STRENGTH), np.float32(STRENGTH)
    h1, h2, gh1, gh2 = (hand.empty(SAMPLES, WIDTH) for _ in range(4))
    centered1, centered2, z = hand.empty(SAMPLES, WIDTH), hand.empty(SAMPLES, WIDTH), hand.empty(10, SAMPLES)
    batch, moving, part = hand.empty(4, WIDTH), hand.zeros(4, WIDTH), hand.empty(4, WIDTH)
    moving[1::2] = 1
    keeps, takes = hand.number(KEEPS), hand.number(1 - KEEPS)
    norm1, norm1_back = hand.batch_norm(SAMPLES, WIDTH, EPSILON)
    norm2, norm2_back = hand.batch_norm(SAMPLES, WIDTH, EPSILON)
    relu, relu_back = hand.relu(SAMPLES, WIDTH)
    softmax_crossentropy = hand.softmax_crossentropy(10, SAMPLES)
    ones, scale = hand.ones(SAMPLES), hand.number(1 / (1 - RATE))
    kept = hand.empty(2, SAMPLES, WIDTH, dtype=bool)
    draw = hand.bernoulli(1 - RATE, kept) if masks is None else lambda: np.copyto(kept, masks)
    kept1, kept2 = kept
    h1_t, h2_t, z_t, w2_t, w3_t, b3_column = h1.T, h2.T, z.T, w2.T, w3.T, b3[:, None]

    def step(x: Any, labels: Any) -> Any:
        draw()
        x.dot(w1, out=centered1)
        norm1(centered1, gamma1, beta1, h1, batch[0], batch[1])
        relu(h1)
        np.multiply(h1, kept1, out=h1)
        np.multiply(h1, scale, out=h1)
        h1.dot(w2, out=centered2)
        norm2(centered2, gamma2, beta2, h2, batch[2], batch[3])
        relu(h2)
        np.multiply(h2, kept2, out=h2)
        np.multiply(h2, scale, out=h2)
        np.multiply(moving, keeps, out=moving)
        np.multiply(batch, takes, out=part)
        np.add(moving, part, out=moving)
        w3_t.dot(h2_t, out=z)
        np.add(z, b3_column, out=z)
        loss = softmax_crossentropy(z, labels) + strength * penalized.dot(penalized)
        h2_t.dot(z_t, out=g3)
        z.dot(ones, out=gb3)
        np.multiply(z, scale, out=z)  # dropout's factor, where the array is smallest
        z_t.dot(w3_t, out=gh2)
        relu_back(h2, gh2)  # h is 0 also where it was dropped
        norm2_back(centered2, gamma2, gh2, ggamma2, gbeta2)
        h1_t.dot(gh2, out=g2)
        gh2.dot(w2_t, out=gh1)
        relu_back(h1, gh1)
        np.multiply(gh1, scale, out=gh1)
        norm1_back(centered1, gamma1, gh1, ggamma1, gbeta1)
        x.T.dot(gh1, out=g1)
        np.multiply(penalized, twice, out=decay)
        np.add(penalized_g, decay, out=penalized_g)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any, masks: Any = None) -> Any:
    import tinygrad_reg as tg

    w1, gamma1, beta1, w2, gamma2, beta2, w3, b3 = p
    norm1, norm2 = (tg.BatchNorm(WIDTH, KEEPS, EPSILON, dtype="float32") for _ in range(2))
    norm1.gamma, norm1.beta, norm2.gamma, norm2.beta = gamma1, beta1, gamma2, beta2
    affine, relu, l2 = tg.ops.affine, tg.ops.relu, tg.penalties.l2(STRENGTH)
    drop1: Any = tg.Dropout(RATE)
    drop2: Any = tg.Dropout(RATE)
    if masks is not None:
        drop1, drop2 = (partial(mul, mask) for mask in (masks / (1 - RATE)).astype(np.float32))

    def loss(x: Any, labels: Any) -> Any:
        h1 = drop1(relu(norm1(x @ w1)))
        h2 = drop2(relu(norm2(h1 @ w2)))
        return tg.losses.softmax_crossentropy(affine(h2, w3, b3), labels) + l2(w1) + l2(w2) + l2(w3)

    return loss


def torch(p: Any, masks: Any = None) -> Any:
    import torch
    from torch.nn.functional import batch_norm, cross_entropy, dropout

    w1, gamma1, beta1, w2, gamma2, beta2, w3, b3 = p
    mean1, mean2, var1, var2 = torch.zeros(WIDTH), torch.zeros(WIDTH), torch.ones(WIDTH), torch.ones(WIDTH)
    drop1: Any = partial(dropout, p=RATE)
    drop2: Any = drop1
    if masks is not None:
        drop1, drop2 = (partial(mul, mask) for mask in torch.tensor(masks / (1 - RATE)).float())

    def loss(x: Any, labels: Any) -> Any:
        h1 = drop1(torch.relu(batch_norm(x @ w1, mean1, var1, gamma1, beta1, True, 1 - KEEPS, EPSILON)))
        h2 = drop2(torch.relu(batch_norm(h1 @ w2, mean2, var2, gamma2, beta2, True, 1 - KEEPS, EPSILON)))
        penalty = STRENGTH * ((w1**2).sum() + (w2**2).sum() + (w3**2).sum())
        return cross_entropy(torch.addmm(b3, h2, w3), labels) + penalty

    return loss


def jax(masks: Any = None) -> Any:
    import jax
    import jax.numpy as jnp
    from jax.nn import log_softmax, relu

    def norm(x: Any, gamma: Any, beta: Any, moving: Any) -> Any:
        mean, var = jnp.mean(x, axis=0), jnp.var(x, axis=0)
        moving = [KEEPS * old + (1 - KEEPS) * new for old, new in zip(moving, (mean, var), strict=True)]
        return gamma * (x - mean) / jnp.sqrt(var + EPSILON) + beta, moving

    def loss(p: Any, state: Any, x: Any, labels: Any) -> Any:
        w1, gamma1, beta1, w2, gamma2, beta2, w3, b3 = p
        moving1, moving2, key = state
        key, draw = jax.random.split(key)
        kept = jax.random.bernoulli(draw, 1 - RATE, (2, SAMPLES, WIDTH)) if masks is None else masks
        y1, moving1 = norm(x @ w1, gamma1, beta1, moving1)
        h1 = relu(y1) * kept[0] / (1 - RATE)
        y2, moving2 = norm(h1 @ w2, gamma2, beta2, moving2)
        h2 = relu(y2) * kept[1] / (1 - RATE)
        log_p = log_softmax(h2 @ w3 + b3)
        penalty = STRENGTH * (jnp.sum(w1**2) + jnp.sum(w2**2) + jnp.sum(w3**2))
        loss = -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1)) + penalty
        return loss, (moving1, moving2, key)

    moving = [np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32)]
    return loss, (moving, moving, jax.random.key(0, impl="rbg"))

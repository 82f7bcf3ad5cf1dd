"""784-512-512-10, ReLU, softmax cross-entropy, Adam, batch 128: the size of MNIST"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Adam, Made, Training, dense, normal

_rng = np.random.default_rng(0)
SAMPLES = 128
TRAINING = Training(dense(_rng, 784, 512, 512, 10), (normal(_rng, SAMPLES, 784), _rng.integers(0, 10, SAMPLES)), Adam())


def by_hand() -> Made:
    from .. import by_hand as hand

    (w1, b1, w2, b2, w3, b3), (g1, gb1, g2, gb2, g3, gb3), update = hand.trained(TRAINING)
    h1, h2, gh1, gh2 = (hand.empty(SAMPLES, 512) for _ in range(4))
    z = hand.empty(10, SAMPLES)
    relu, relu_back = hand.relu(SAMPLES, 512)
    softmax_crossentropy = hand.softmax_crossentropy(10, SAMPLES)
    ones = hand.ones(SAMPLES)
    h1_t, h2_t, z_t, w2_t, w3_t, b3_column = h1.T, h2.T, z.T, w2.T, w3.T, b3[:, None]

    def step(x: Any, labels: Any) -> Any:
        x.dot(w1, out=h1)
        np.add(h1, b1, out=h1)
        relu(h1)
        h1.dot(w2, out=h2)
        np.add(h2, b2, out=h2)
        relu(h2)
        w3_t.dot(h2_t, out=z)
        np.add(z, b3_column, out=z)
        loss = softmax_crossentropy(z, labels)
        h2_t.dot(z_t, out=g3)
        z.dot(ones, out=gb3)
        z_t.dot(w3_t, out=gh2)
        relu_back(h2, gh2)
        h1_t.dot(gh2, out=g2)
        ones.dot(gh2, out=gb2)
        gh2.dot(w2_t, out=gh1)
        relu_back(h1, gh1)
        x.T.dot(gh1, out=g1)
        ones.dot(gh1, out=gb1)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    from tinygrad_reg.losses import softmax_crossentropy
    from tinygrad_reg.ops import affine, relu

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        return softmax_crossentropy(affine(relu(affine(relu(affine(x, w1, b1)), w2, b2)), w3, b3), labels)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, relu
    from torch.nn.functional import cross_entropy

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        return cross_entropy(addmm(b3, relu(addmm(b2, relu(addmm(b1, x, w1)), w2)), w3), labels)

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.nn import log_softmax, relu

    def loss(p: Any, state: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        log_p = log_softmax(relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3)
        return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1)), state

    return loss, ()


def autograd() -> Any:
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    rows = np.arange(SAMPLES)

    def loss(p: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        z = anp.maximum(anp.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3
        return anp.mean(logsumexp(z, axis=1) - z[rows, labels])

    return loss


def mygrad(p: Any) -> Any:
    from mygrad.nnet import relu, softmax_crossentropy

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        return softmax_crossentropy(relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3, labels)

    return loss


def tinygrad(p: Any) -> Any:
    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        z = ((x @ w1 + b1).relu() @ w2 + b2).relu() @ w3 + b3
        return z.sparse_categorical_crossentropy(labels)

    return loss

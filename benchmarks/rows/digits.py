"""64-128-10, ReLU, softmax cross-entropy, Adam, batch 32"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Adam, Made, Training, dense, normal

_rng = np.random.default_rng(0)
SAMPLES = 32
TRAINING = Training(dense(_rng, 64, 128, 10), (normal(_rng, SAMPLES, 64), _rng.integers(0, 10, SAMPLES)), Adam())


def by_hand() -> Made:
    from .. import by_hand as hand

    parameters, gradients, update = hand.trained(TRAINING)
    loss_of = hand.two_layers(parameters, gradients, SAMPLES)

    def step(x: Any, labels: Any) -> Any:
        loss = loss_of(x, labels)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    from tinygrad_reg.losses import softmax_crossentropy
    from tinygrad_reg.ops import affine, relu

    w1, b1, w2, b2 = p

    def loss(x: Any, labels: Any) -> Any:
        return softmax_crossentropy(affine(relu(affine(x, w1, b1)), w2, b2), labels)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, relu
    from torch.nn.functional import cross_entropy

    w1, b1, w2, b2 = p

    def loss(x: Any, labels: Any) -> Any:
        return cross_entropy(addmm(b2, relu(addmm(b1, x, w1)), w2), labels)

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.nn import log_softmax, relu

    def loss(p: Any, state: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2 = p
        log_p = log_softmax(relu(x @ w1 + b1) @ w2 + b2)
        return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1)), state

    return loss, ()


def autograd() -> Any:
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    rows = np.arange(SAMPLES)

    def loss(p: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2 = p
        z = anp.maximum(x @ w1 + b1, 0) @ w2 + b2
        return anp.mean(logsumexp(z, axis=1) - z[rows, labels])

    return loss


def mygrad(p: Any) -> Any:
    from mygrad.nnet import relu, softmax_crossentropy

    w1, b1, w2, b2 = p

    def loss(x: Any, labels: Any) -> Any:
        return softmax_crossentropy(relu(x @ w1 + b1) @ w2 + b2, labels)

    return loss


def tinygrad(p: Any) -> Any:
    w1, b1, w2, b2 = p

    def loss(x: Any, labels: Any) -> Any:
        return ((x @ w1 + b1).relu() @ w2 + b2).sparse_categorical_crossentropy(labels)

    return loss

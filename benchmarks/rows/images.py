"""Convolution net on 28 × 28: 3×3×8, pool, 3×3×16, pool, dense; softmax cross-entropy, SGD with momentum, batch 32"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import SGD, Made, Training, dense, normal

_rng = np.random.default_rng(0)
SAMPLES = 32
TRAINING = Training(
    [
        *(normal(_rng, 8, 1, 3, 3, std=0.5), normal(_rng, 8, std=0.1)),
        *(normal(_rng, 16, 8, 3, 3, std=0.2), normal(_rng, 16, std=0.1)),
        *dense(_rng, 16 * 5 * 5, 10),
    ],
    (normal(_rng, SAMPLES, 1, 28, 28), _rng.integers(0, 10, SAMPLES)),
    SGD(0.003, momentum=0.9),
)


def by_hand() -> Made:
    """Images lie channel by channel, (channels, images · rows · columns).

    Then what a place of the kernel meets is the same long row, shifted: a convolution is nine copies and one matrix
    product. It is computed at the right and lower edges too, where it means nothing; nobody reads that, and its
    gradient stays 0. The pool comes before bias and relu, which have less to do there.
    """
    from .. import by_hand as hand

    (k1, b1, k2, b2, w3, b3), (gk1, gb1, gk2, gb2, g3, gb3), update = hand.trained(TRAINING)
    lay_out1, _, met1 = hand.convolution(1, SAMPLES, 28)
    lay_out2, gather2, met2 = hand.convolution(8, SAMPLES, 13)
    y1, gy1 = hand.zeros(8, SAMPLES * 28 * 28), hand.zeros(8, SAMPLES * 28 * 28)
    y2, gy2 = hand.zeros(16, SAMPLES * 13 * 13), hand.zeros(16, SAMPLES * 13 * 13)
    gmet2 = hand.empty(*met2.shape)
    pool1, pool1_back = hand.max_pool(8, SAMPLES, 28, 13)
    pool2, pool2_back = hand.max_pool(16, SAMPLES, 13, 5)
    h1, gh1 = hand.empty(8, SAMPLES * 13 * 13), hand.empty(8, SAMPLES * 13 * 13)
    h2, gh2 = hand.empty(16, SAMPLES * 5 * 5), hand.empty(16, SAMPLES * 5 * 5)
    relu1, relu1_back = hand.relu(8, SAMPLES * 13 * 13)
    relu2, relu2_back = hand.relu(16, SAMPLES * 5 * 5)
    features, gfeatures = hand.empty(SAMPLES, 400), hand.empty(SAMPLES, 400)
    by_image, g_by_image = (f.reshape(SAMPLES, 16, 25).transpose(1, 0, 2) for f in (features, gfeatures))
    by_channel, g_by_channel = (h.reshape(16, SAMPLES, 25) for h in (h2, gh2))
    z, softmax_crossentropy = hand.empty(10, SAMPLES), hand.softmax_crossentropy(10, SAMPLES)
    ones, ones1, ones2 = hand.ones(SAMPLES), hand.ones(SAMPLES * 13 * 13), hand.ones(SAMPLES * 5 * 5)
    rows1, grows1, rows2, grows2 = (k.reshape(len(k), -1) for k in (k1, gk1, k2, gk2))
    met1_t, met2_t, rows2_t, features_t, w3_t, z_t = (m.T for m in (met1, met2, rows2, features, w3, z))
    b1_column, b2_column, b3_column = (b[:, None] for b in (b1, b2, b3))

    def step(x: Any, labels: Any) -> Any:
        lay_out1(x.reshape(1, -1))
        rows1.dot(met1, out=y1)
        pool1(y1, h1)
        np.add(h1, b1_column, out=h1)
        relu1(h1)
        lay_out2(h1)
        rows2.dot(met2, out=y2)
        pool2(y2, h2)
        np.add(h2, b2_column, out=h2)
        relu2(h2)
        np.copyto(by_image, by_channel)
        w3_t.dot(features_t, out=z)
        np.add(z, b3_column, out=z)
        loss = softmax_crossentropy(z, labels)
        features_t.dot(z_t, out=g3)
        z.dot(ones, out=gb3)
        z_t.dot(w3_t, out=gfeatures)
        np.copyto(g_by_channel, g_by_image)
        relu2_back(h2, gh2)
        gh2.dot(ones2, out=gb2)
        pool2_back(y2, gh2, gy2)
        gy2.dot(met2_t, out=grows2)
        rows2_t.dot(gy2, out=gmet2)
        gather2(gmet2, gh1)
        relu1_back(h1, gh1)
        gh1.dot(ones1, out=gb1)
        pool1_back(y1, gh1, gy1)
        gy1.dot(met1_t, out=grows1)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    from tinygrad_reg.losses import softmax_crossentropy
    from tinygrad_reg.ops import affine, conv2d, max_pool2d, relu

    k1, b1, k2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        h1 = relu(max_pool2d(conv2d(x, k1) + b1.reshape(8, 1, 1), size=2))
        h2 = relu(max_pool2d(conv2d(h1, k2) + b2.reshape(16, 1, 1), size=2))
        return softmax_crossentropy(affine(h2.reshape(SAMPLES, 400), w3, b3), labels)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, relu
    from torch.nn.functional import conv2d, cross_entropy, max_pool2d

    k1, b1, k2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        h1 = relu(max_pool2d(conv2d(x, k1, b1), 2))
        h2 = relu(max_pool2d(conv2d(h1, k2, b2), 2))
        return cross_entropy(addmm(b3, h2.reshape(SAMPLES, 400), w3), labels)

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.lax import conv, max, reduce_window
    from jax.nn import log_softmax, relu

    def pool(x: Any) -> Any:
        return reduce_window(x, -jnp.inf, max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(p: Any, state: Any, x: Any, labels: Any) -> Any:
        k1, b1, k2, b2, w3, b3 = p
        h1 = relu(pool(conv(x, k1, (1, 1), "VALID") + b1.reshape(8, 1, 1)))
        h2 = relu(pool(conv(h1, k2, (1, 1), "VALID") + b2.reshape(16, 1, 1)))
        log_p = log_softmax(h2.reshape(SAMPLES, 400) @ w3 + b3)
        return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1)), state

    return loss, ()


def mygrad(p: Any) -> Any:
    from mygrad.nnet import conv_nd, max_pool, relu, softmax_crossentropy

    k1, b1, k2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        h1 = relu(max_pool(conv_nd(x, k1, stride=1) + b1.reshape(8, 1, 1), (2, 2), 2))
        h2 = relu(max_pool((conv_nd(h1, k2, stride=1) + b2.reshape(16, 1, 1))[:, :, :10, :10], (2, 2), 2))
        return softmax_crossentropy(h2.reshape(SAMPLES, 400) @ w3 + b3, labels)

    return loss


def tinygrad(p: Any) -> Any:
    k1, b1, k2, b2, w3, b3 = p

    def loss(x: Any, labels: Any) -> Any:
        h1 = x.conv2d(k1, b1).max_pool2d((2, 2)).relu()
        h2 = h1.conv2d(k2, b2).max_pool2d((2, 2)).relu()
        return (h2.reshape(SAMPLES, 400) @ w3 + b3).sparse_categorical_crossentropy(labels)

    return loss

"""Autoencoder 64-32-8-32-64, ReLU and sigmoid, mean squared error, Adam, batch 64"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Adam, Made, Training, dense

_rng = np.random.default_rng(0)
SAMPLES = 64
X = _rng.random((SAMPLES, 64)).astype(np.float32)
TRAINING = Training(dense(_rng, 64, 32, 8, 32, 64), (X,), Adam())


def by_hand() -> Made:
    from .. import by_hand as hand

    parameters, gradients, update = hand.trained(TRAINING)
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    g1, gb1, g2, gb2, g3, gb3, g4, gb4 = gradients
    h1, code, h3, out = (hand.empty(SAMPLES, width) for width in (32, 8, 32, 64))
    gh1, gcode, gh3, gout = (hand.empty(SAMPLES, width) for width in (32, 8, 32, 64))
    wide, wide_back = hand.relu(SAMPLES, 32)
    narrow, narrow_back = hand.relu(SAMPLES, 8)
    sigmoid, sigmoid_back = hand.sigmoid(SAMPLES, 64)
    mse = hand.mse(SAMPLES, 64)
    ones = hand.ones(SAMPLES)
    h1_t, code_t, h3_t, w2_t, w3_t, w4_t = h1.T, code.T, h3.T, w2.T, w3.T, w4.T

    def step(x: Any) -> Any:
        x.dot(w1, out=h1)
        np.add(h1, b1, out=h1)
        wide(h1)
        h1.dot(w2, out=code)
        np.add(code, b2, out=code)
        narrow(code)
        code.dot(w3, out=h3)
        np.add(h3, b3, out=h3)
        wide(h3)
        h3.dot(w4, out=out)
        np.add(out, b4, out=out)
        sigmoid(out)
        loss = mse(out, x, gout)
        sigmoid_back(out, gout)
        h3_t.dot(gout, out=g4)
        ones.dot(gout, out=gb4)
        gout.dot(w4_t, out=gh3)
        wide_back(h3, gh3)
        code_t.dot(gh3, out=g3)
        ones.dot(gh3, out=gb3)
        gh3.dot(w3_t, out=gcode)
        narrow_back(code, gcode)
        h1_t.dot(gcode, out=g2)
        ones.dot(gcode, out=gb2)
        gcode.dot(w2_t, out=gh1)
        wide_back(h1, gh1)
        x.T.dot(gh1, out=g1)
        ones.dot(gh1, out=gb1)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    from tinygrad_reg.losses import mse
    from tinygrad_reg.ops import affine, relu, sigmoid

    w1, b1, w2, b2, w3, b3, w4, b4 = p

    def loss(x: Any) -> Any:
        code = relu(affine(relu(affine(x, w1, b1)), w2, b2))
        return mse(sigmoid(affine(relu(affine(code, w3, b3)), w4, b4)), x)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, relu, sigmoid
    from torch.nn.functional import mse_loss

    w1, b1, w2, b2, w3, b3, w4, b4 = p

    def loss(x: Any) -> Any:
        code = relu(addmm(b2, relu(addmm(b1, x, w1)), w2))
        return mse_loss(sigmoid(addmm(b4, relu(addmm(b3, code, w3)), w4)), x)

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.nn import relu, sigmoid

    def loss(p: Any, state: Any, x: Any) -> Any:
        w1, b1, w2, b2, w3, b3, w4, b4 = p
        code = relu(relu(x @ w1 + b1) @ w2 + b2)
        return jnp.mean((sigmoid(relu(code @ w3 + b3) @ w4 + b4) - x) ** 2), state

    return loss, ()


def autograd() -> Any:
    import autograd.numpy as anp

    def loss(p: Any, x: Any) -> Any:
        w1, b1, w2, b2, w3, b3, w4, b4 = p
        code = anp.maximum(anp.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
        out = 1 / (1 + anp.exp(-(anp.maximum(code @ w3 + b3, 0) @ w4 + b4)))
        return anp.mean((out - x) ** 2)

    return loss


def mygrad(p: Any) -> Any:
    from mygrad.nnet import relu, sigmoid

    w1, b1, w2, b2, w3, b3, w4, b4 = p

    def loss(x: Any) -> Any:
        code = relu(relu(x @ w1 + b1) @ w2 + b2)
        return ((sigmoid(relu(code @ w3 + b3) @ w4 + b4) - x) ** 2).mean()

    return loss


def tinygrad(p: Any) -> Any:
    w1, b1, w2, b2, w3, b3, w4, b4 = p

    def loss(x: Any) -> Any:
        code = ((x @ w1 + b1).relu() @ w2 + b2).relu()
        return (((code @ w3 + b3).relu() @ w4 + b4).sigmoid() - x).square().mean()

    return loss

"""Deep chain, 10 layers of 64 sigmoid units, mean squared error, SGD, batch 32"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import SGD, Made, Training, dense, normal

_rng = np.random.default_rng(0)
LAYERS, SAMPLES, WIDTH = 10, 32, 64
TRAINING = Training(
    dense(_rng, *[WIDTH] * (LAYERS + 1)),
    (normal(_rng, SAMPLES, WIDTH), _rng.random((SAMPLES, WIDTH)).astype(np.float32)),
    SGD(0.5),
)


def by_hand() -> Made:
    from .. import by_hand as hand

    parameters, gradients, update = hand.trained(TRAINING)
    outputs = [hand.empty(SAMPLES, WIDTH) for _ in range(LAYERS)]
    sigmoid, sigmoid_back = hand.sigmoid(SAMPLES, WIDTH)
    mse = hand.mse(SAMPLES, WIDTH)
    ones, above, below = hand.ones(SAMPLES), hand.empty(SAMPLES, WIDTH), hand.empty(SAMPLES, WIDTH)
    forward = list(zip(parameters[::2], parameters[1::2], outputs, strict=True))
    inputs_t = [h.T for h in outputs[:-1]]
    kernels_t = [k.T for k in parameters[2::2]]
    backward = list(zip(inputs_t, kernels_t, outputs[1:], gradients[2::2], gradients[3::2], strict=True))[::-1]
    turned = hand.empty(WIDTH, WIDTH)
    last, first = outputs[-1], outputs[0]

    def step(x: Any, target: Any) -> Any:
        h = x
        for kernel, bias, out in forward:
            h.dot(kernel, out=out)
            np.add(out, bias, out=out)
            sigmoid(out)
            h = out
        gh, spare = above, below
        loss = mse(last, target, gh)
        for h_t, kernel_t, out, g_kernel, g_bias in backward:
            sigmoid_back(out, gh)
            h_t.dot(gh, out=g_kernel)
            ones.dot(gh, out=g_bias)
            np.copyto(turned, kernel_t)  # this and the product take less time than the product with kernel_t
            gh.dot(turned, out=spare)
            gh, spare = spare, gh
        sigmoid_back(first, gh)
        x.T.dot(gh, out=gradients[0])
        ones.dot(gh, out=gradients[1])
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    from tinygrad_reg.losses import mse
    from tinygrad_reg.ops import affine, sigmoid

    def loss(x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = sigmoid(affine(x, kernel, bias))
        return mse(x, target)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, sigmoid
    from torch.nn.functional import mse_loss

    def loss(x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = sigmoid(addmm(bias, x, kernel))
        return mse_loss(x, target)

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.nn import sigmoid

    def loss(p: Any, state: Any, x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = sigmoid(x @ kernel + bias)
        return jnp.mean((x - target) ** 2), state

    return loss, ()


def autograd() -> Any:
    import autograd.numpy as anp

    def loss(p: Any, x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = 1 / (1 + anp.exp(-(x @ kernel + bias)))
        return anp.mean((x - target) ** 2)

    return loss


def mygrad(p: Any) -> Any:
    from mygrad.nnet import sigmoid

    def loss(x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = sigmoid(x @ kernel + bias)
        return ((x - target) ** 2).mean()

    return loss


def tinygrad(p: Any) -> Any:
    def loss(x: Any, target: Any) -> Any:
        for kernel, bias in zip(p[::2], p[1::2], strict=True):
            x = (x @ kernel + bias).sigmoid()
        return (x - target).square().mean()

    return loss

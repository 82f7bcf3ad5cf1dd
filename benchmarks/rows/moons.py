"""2-16-16-1, ReLU, hinge loss + L2, SGD, 100 samples: micrograd's demo"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import SGD, Made, Training, dense, normal

_rng = np.random.default_rng(0)
SAMPLES, STRENGTH = 100, 1e-4
X = normal(_rng, SAMPLES, 2)
Y = np.where(X[:, :1] ** 2 < X[:, 1:] + 0.5, -1, 1).astype(np.float32)
TRAINING = Training(dense(_rng, 2, 16, 16, 1), (X, Y), SGD(0.05))


def by_hand() -> Made:
    from .. import by_hand as hand

    kernels, biases = TRAINING.parameters[::2], TRAINING.parameters[1::2]
    w, (w1, w2, w3, b1, b2, b3) = hand.flat(kernels + biases)
    g, (g1, g2, g3, gb1, gb2, gb3) = hand.flat([np.zeros_like(p) for p in kernels + biases])
    update = hand.optimizer(TRAINING.optimizer, w, g)
    h1, h2, gh1, gh2 = (hand.empty(SAMPLES, 16) for _ in range(4))
    margin, gm = hand.empty(SAMPLES, 1), hand.empty(SAMPLES, 1)
    relu, relu_back = hand.relu(SAMPLES, 16)
    relu_margin, relu_margin_back = hand.relu(SAMPLES, 1)
    ones, one, share = hand.ones(SAMPLES), hand.ones(SAMPLES, 1), hand.number(-1 / SAMPLES)
    h1_t, h2_t, w2_t, w3_t = h1.T, h2.T, w2.T, w3.T
    penalized = w[: sum(k.size for k in kernels)]
    # For plain SGD the penalty's gradient, 2λw, is a decay of the weights: w ← (1 − 2ηλ)·w − η·g.
    decay, mean, strength = hand.number(1 - 2 * TRAINING.optimizer.lr * STRENGTH), 1 / SAMPLES, np.float32(STRENGTH)

    def step(x: Any, y: Any) -> Any:
        x.dot(w1, out=h1)
        np.add(h1, b1, out=h1)
        relu(h1)
        h1.dot(w2, out=h2)
        np.add(h2, b2, out=h2)
        relu(h2)
        h2.dot(w3, out=margin)
        np.add(margin, b3, out=margin)
        np.multiply(margin, y, out=margin)
        np.subtract(one, margin, out=margin)
        relu_margin(margin)
        loss = mean * ones.dot(margin)[0] + strength * penalized.dot(penalized)
        np.multiply(y, share, out=gm)
        relu_margin_back(margin, gm)
        h2_t.dot(gm, out=g3)
        ones.dot(gm, out=gb3)
        np.multiply(gm, w3_t, out=gh2)
        relu_back(h2, gh2)
        h1_t.dot(gh2, out=g2)
        ones.dot(gh2, out=gb2)
        gh2.dot(w2_t, out=gh1)
        relu_back(h1, gh1)
        x.T.dot(gh1, out=g1)
        ones.dot(gh1, out=gb1)
        np.multiply(penalized, decay, out=penalized)
        update()
        return loss

    return step, TRAINING.batch


def tinygrad_reg(p: Any) -> Any:
    import tinygrad_reg as tg

    affine, relu, l2 = tg.ops.affine, tg.ops.relu, tg.penalties.l2(STRENGTH)

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, y: Any) -> Any:
        score = affine(relu(affine(relu(affine(x, w1, b1)), w2, b2)), w3, b3)
        return tg.losses.hinge(score, y) + l2(w1) + l2(w2) + l2(w3)

    return loss


def torch(p: Any) -> Any:
    from torch import addmm, relu

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, y: Any) -> Any:
        score = addmm(b3, relu(addmm(b2, relu(addmm(b1, x, w1)), w2)), w3)
        return relu(1 - y * score).mean() + STRENGTH * ((w1**2).sum() + (w2**2).sum() + (w3**2).sum())

    return loss


def jax() -> Any:
    import jax.numpy as jnp
    from jax.nn import relu

    def loss(p: Any, state: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        score = relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3
        penalty = STRENGTH * (jnp.sum(w1**2) + jnp.sum(w2**2) + jnp.sum(w3**2))
        return jnp.mean(relu(1 - y * score)) + penalty, state

    return loss, ()


def autograd() -> Any:
    import autograd.numpy as anp

    def loss(p: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = p
        score = anp.maximum(anp.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3
        penalty = STRENGTH * (anp.sum(w1**2) + anp.sum(w2**2) + anp.sum(w3**2))
        return anp.mean(anp.maximum(1 - y * score, 0)) + penalty

    return loss


def mygrad(p: Any) -> Any:
    from mygrad.nnet import relu

    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, y: Any) -> Any:
        score = relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3
        return relu(1 - y * score).mean() + STRENGTH * ((w1**2).sum() + (w2**2).sum() + (w3**2).sum())

    return loss


def tinygrad(p: Any) -> Any:
    w1, b1, w2, b2, w3, b3 = p

    def loss(x: Any, y: Any) -> Any:
        score = ((x @ w1 + b1).relu() @ w2 + b2).relu() @ w3 + b3
        return (1 - y * score).relu().mean() + STRENGTH * ((w1**2).sum() + (w2**2).sum() + (w3**2).sum())

    return loss


def micrograd() -> Made:
    from micrograd.nn import MLP

    model = MLP(2, [16, 16, 1])
    for layer, kernel, bias in zip(model.layers, TRAINING.parameters[::2], TRAINING.parameters[1::2], strict=True):
        for j, neuron in enumerate(layer.neurons):
            neuron.b.data = float(bias[j])
            for i, weight in enumerate(neuron.w):
                weight.data = float(kernel[i, j])
    weights = [weight for layer in model.layers for neuron in layer.neurons for weight in neuron.w]

    def step(x: Any, y: Any) -> Any:
        losses = [(1 - target * model(sample)).relu() for sample, (target,) in zip(x, y, strict=True)]
        loss = sum(losses) / SAMPLES + STRENGTH * sum(w * w for w in weights)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= TRAINING.optimizer.lr * p.grad
        return loss.data

    return step, (X.tolist(), Y.tolist())

"""A whole training step of a 2-16-16-1 network, float32, hinge loss and L2 penalty, 100 samples, SGD: micrograd's demo.

As in digits.py, a contender's first call gives the answer that is compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

Work = Callable[[], tuple[Any, list[Any]]]

_rng = np.random.default_rng(0)
SAMPLES, RATE, STRENGTH = 100, 0.05, 1e-4
X = _rng.normal(size=(SAMPLES, 2)).astype(np.float32)
Y = np.where(_rng.random((SAMPLES, 1)) < 0.5, -1, 1).astype(np.float32)
PARAMETERS = [
    array.astype(np.float32)
    for n, m in ((2, 16), (16, 16), (16, 1))
    for array in (_rng.normal(size=(n, m)) * np.sqrt(2 / n), np.zeros(m))
]


def _step() -> tuple[Callable[[Any, Any], Any], list[Any]]:
    import tinygrad_reg as tg

    parameters = [tg.Tensor(p.copy(), requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2, w3, b3 = parameters
    optimizer = tg.optim.SGD(parameters, lr=RATE)
    penalty = tg.penalties.l2(STRENGTH)

    def step(x: Any, y: Any) -> Any:
        score = tg.ops.relu(tg.ops.relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3
        loss = tg.losses.hinge(score, y) + (penalty(w1) + penalty(w2) + penalty(w3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, parameters


def tinygrad_reg() -> Work:
    step, parameters = _step()
    return lambda: (step(X, Y).data, [p.data for p in parameters])


def program() -> Work:
    import tinygrad_reg as tg

    step, parameters = _step()
    fast = tg.compile(step)
    return lambda: (fast(X, Y).data, [p.data for p in parameters])


def numpy() -> Work:
    """The limit: written by hand, every result into an array that is there already, parameters in one flat array."""
    sizes = np.cumsum([0, *(p.size for p in PARAMETERS)])
    w = np.concatenate([p.ravel() for p in PARAMETERS])
    g, a = np.zeros_like(w), np.zeros_like(w)
    places = [slice(start, stop) for start, stop in itertools.pairwise(sizes)]
    w1, b1, w2, b2, w3, b3 = parameters = [w[i].reshape(p.shape) for i, p in zip(places, PARAMETERS, strict=True)]
    g1, gb1, g2, gb2, g3, gb3 = (g[i].reshape(p.shape) for i, p in zip(places, PARAMETERS, strict=True))
    h1, h2, gh1, gh2 = (np.empty((SAMPLES, 16), np.float32) for _ in range(4))
    on, margin_on = np.empty((SAMPLES, 16), bool), np.empty((SAMPLES, 1), bool)
    margin = np.empty((SAMPLES, 1), np.float32)
    share = -Y / np.float32(SAMPLES)
    x_t, h1_t, h2_t, w2_t, w3_t = X.T, h1.T, h2.T, w2.T, w3.T
    f1, f2, f3 = w1.ravel(), w2.ravel(), w3.ravel()

    def work() -> tuple[Any, list[Any]]:
        np.matmul(X, w1, out=h1)
        np.add(h1, b1, out=h1)
        np.maximum(h1, 0, out=h1)
        np.matmul(h1, w2, out=h2)
        np.add(h2, b2, out=h2)
        np.maximum(h2, 0, out=h2)
        np.matmul(h2, w3, out=margin)
        np.add(margin, b3, out=margin)
        np.multiply(margin, Y, out=margin)
        np.subtract(1, margin, out=margin)
        np.maximum(margin, 0, out=margin)
        loss = margin.sum() / SAMPLES + STRENGTH * (np.dot(f1, f1) + np.dot(f2, f2) + np.dot(f3, f3))
        np.greater(margin, 0, out=margin_on)
        np.multiply(share, margin_on, out=margin)
        np.matmul(h2_t, margin, out=g3)
        np.add.reduce(margin, axis=0, out=gb3)
        np.matmul(margin, w3_t, out=gh2)
        np.greater(h2, 0, out=on)
        np.multiply(gh2, on, out=gh2)
        np.matmul(h1_t, gh2, out=g2)
        np.add.reduce(gh2, axis=0, out=gb2)
        np.matmul(gh2, w2_t, out=gh1)
        np.greater(h1, 0, out=on)
        np.multiply(gh1, on, out=gh1)
        np.matmul(x_t, gh1, out=g1)
        np.add.reduce(gh1, axis=0, out=gb1)
        for weights, gradient in ((w1, g1), (w2, g2), (w3, g3)):
            gradient += 2 * STRENGTH * weights
        np.multiply(g, RATE, out=a)
        np.subtract(w, a, out=w)
        return loss, parameters

    return work


def torch() -> Work:
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2, w3, b3 = parameters
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    x, y = torch.tensor(X), torch.tensor(Y)

    def work() -> tuple[Any, list[Any]]:
        score = torch.relu(torch.relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3
        penalty = STRENGTH * ((w1**2).sum() + (w2**2).sum() + (w3**2).sum())
        loss = torch.relu(1 - y * score).mean() + penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach(), [p.detach() for p in parameters]

    return work

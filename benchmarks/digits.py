"""A whole training step of a 64-128-10 network, float32, softmax cross-entropy, 32 samples, Adam.

The step goes on from call to call, so a contender's first call gives the answer that is compared: the loss, and the
parameters after the step.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .network import LABELS, PARAMETERS, SAMPLES, X

Work = Callable[[], tuple[Any, list[Any]]]


def _step() -> tuple[Callable[[Any, Any], Any], list[Any]]:
    import tinygrad_reg as tg

    parameters = [tg.Tensor(p.copy(), requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2 = parameters
    optimizer = tg.optim.Adam(parameters)

    def step(x: Any, y: Any) -> Any:
        loss = tg.losses.softmax_crossentropy(tg.ops.relu(x @ w1 + b1) @ w2 + b2, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, parameters


def tinygrad_reg() -> Work:
    step, parameters = _step()
    return lambda: (step(X, LABELS).data, [p.data for p in parameters])


def program() -> Work:
    import tinygrad_reg as tg

    step, parameters = _step()
    fast = tg.compile(step)
    return lambda: (fast(X, LABELS).data, [p.data for p in parameters])


def numpy() -> Work:
    """The limit: written by hand, every result into an array that is there already, parameters in one flat array."""
    sizes = np.cumsum([0, *(p.size for p in PARAMETERS)])
    w = np.concatenate([p.ravel() for p in PARAMETERS])
    g, m, s, a = (np.zeros_like(w) for _ in range(4))
    places = [slice(start, stop) for start, stop in itertools.pairwise(sizes)]
    w1, b1, w2, b2 = parameters = [w[i].reshape(p.shape) for i, p in zip(places, PARAMETERS, strict=True)]
    g1, gb1, g2, gb2 = (g[i].reshape(p.shape) for i, p in zip(places, PARAMETERS, strict=True))
    h, gh = np.empty((SAMPLES, 128), np.float32), np.empty((SAMPLES, 128), np.float32)
    on = np.empty((SAMPLES, 128), bool)
    z, e = np.empty((SAMPLES, 10), np.float32), np.empty((SAMPLES, 10), np.float32)
    top, total = np.empty((SAMPLES, 1), np.float32), np.empty((SAMPLES, 1), np.float32)
    rows, w2_t, h_t, x_t = np.arange(SAMPLES), w2.T, h.T, X.T
    t = 0

    def work() -> tuple[Any, list[Any]]:
        nonlocal t
        np.matmul(X, w1, out=h)
        np.add(h, b1, out=h)
        np.maximum(h, 0, out=h)
        np.matmul(h, w2, out=z)
        np.add(z, b2, out=z)
        np.maximum.reduce(z, axis=1, keepdims=True, out=top)
        np.subtract(z, top, out=z)
        np.exp(z, out=e)
        np.add.reduce(e, axis=1, keepdims=True, out=total)
        loss = (np.log(total[:, 0]) - z[rows, LABELS]).mean()
        np.divide(e, total, out=e)
        e[rows, LABELS] -= 1
        np.divide(e, SAMPLES, out=e)
        np.matmul(h_t, e, out=g2)
        np.add.reduce(e, axis=0, out=gb2)
        np.matmul(e, w2_t, out=gh)
        np.greater(h, 0, out=on)
        np.multiply(gh, on, out=gh)
        np.matmul(x_t, gh, out=g1)
        np.add.reduce(gh, axis=0, out=gb1)
        t += 1
        np.multiply(m, 0.9, out=m)
        np.multiply(g, 0.1, out=a)
        np.add(m, a, out=m)
        np.multiply(s, 0.999, out=s)
        np.multiply(g, g, out=a)
        np.multiply(a, 0.001, out=a)
        np.add(s, a, out=s)
        np.divide(s, 1 - 0.999**t, out=a)
        np.sqrt(a, out=a)
        np.add(a, 1e-8, out=a)
        np.divide(m, a, out=a)
        np.multiply(a, 0.001 / (1 - 0.9**t), out=a)
        np.subtract(w, a, out=w)
        return loss, parameters

    return work


def torch() -> Work:
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2 = parameters
    optimizer = torch.optim.Adam(parameters, fused=True)
    x, labels = torch.tensor(X), torch.tensor(LABELS)

    def work() -> tuple[Any, list[Any]]:
        loss = torch.nn.functional.cross_entropy(torch.relu(x @ w1 + b1) @ w2 + b2, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach(), [p.detach() for p in parameters]

    return work

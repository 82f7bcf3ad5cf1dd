"""One pass forward and back through a 64-128-10 network, float32, softmax cross-entropy, 32 samples.

Each contender is a function that sets up and returns the work: a call without arguments that computes the loss and
the gradients, as a hand-written training loop does, and returns them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Work = Callable[[], tuple[Any, list[Any]]]

_rng = np.random.default_rng(0)
SAMPLES = 32
X = _rng.normal(size=(SAMPLES, 64)).astype(np.float32)
LABELS = _rng.integers(0, 10, size=SAMPLES)
PARAMETERS = [
    (_rng.normal(size=(64, 128)) * np.sqrt(2 / 64)).astype(np.float32),
    np.zeros(128, np.float32),
    (_rng.normal(size=(128, 10)) * np.sqrt(2 / 128)).astype(np.float32),
    np.zeros(10, np.float32),
]


def tinygrad_reg() -> Work:
    import tinygrad_reg as tg

    parameters = [tg.Tensor(p.copy(), requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2 = parameters

    def work() -> tuple[Any, list[Any]]:
        for p in parameters:
            p.grad = None
        loss = tg.losses.softmax_crossentropy(tg.ops.relu(X @ w1 + b1) @ w2 + b2, LABELS)
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return work


def numpy() -> Work:
    """The limit: what a patient student derives and writes by hand."""
    w1, b1, w2, b2 = PARAMETERS
    rows = np.arange(SAMPLES)

    def work() -> tuple[Any, list[Any]]:
        z1 = X @ w1 + b1
        h = np.maximum(z1, 0)
        z2 = h @ w2 + b2
        shifted = z2 - z2.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1)
        loss = (np.log(total) - shifted[rows, LABELS]).mean()
        g = e / total[:, None]
        g[rows, LABELS] -= 1
        g /= np.float32(SAMPLES)
        gh = (g @ w2.T) * (z1 > 0)
        return loss, [X.T @ gh, gh.sum(axis=0), h.T @ g, g.sum(axis=0)]

    return work


def torch() -> Work:
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in PARAMETERS]
    w1, b1, w2, b2 = parameters
    x, labels = torch.tensor(X), torch.tensor(LABELS)

    def work() -> tuple[Any, list[Any]]:
        for p in parameters:
            p.grad = None
        loss = torch.nn.functional.cross_entropy(torch.relu(x @ w1 + b1) @ w2 + b2, labels)
        loss.backward()
        return loss.detach(), [p.grad for p in parameters]

    return work


def autograd() -> Work:
    import autograd
    import autograd.numpy as anp

    rows = np.arange(SAMPLES)

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2 = parameters
        z = anp.maximum(X @ w1 + b1, 0) @ w2 + b2
        shifted = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[rows, LABELS])

    value_and_grad = autograd.value_and_grad(loss)
    return lambda: value_and_grad(PARAMETERS)

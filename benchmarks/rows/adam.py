"""Adam's step alone: 100 parameters, 10^6 numbers"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..setting import Adam, Made, normal

_rng = np.random.default_rng(0)
RULE = Adam()
PARAMETERS = [normal(_rng, 100, 100) for _ in range(100)]
GRADIENTS = [normal(_rng, 100, 100) for _ in range(100)]


def by_hand() -> Made:
    from .. import by_hand as hand

    w, parameters = hand.flat(PARAMETERS)
    g, _ = hand.flat(GRADIENTS)
    update = hand.optimizer(RULE, w, g)
    last = parameters[-1][-1]

    def step() -> Any:
        update()
        return last

    return step, ()


def tinygrad_reg() -> Made:
    import tinygrad_reg as tg

    parameters = [tg.Tensor(p.copy(), requires_grad=True) for p in PARAMETERS]
    optimizer = tg.optim.Adam(parameters)
    for p, g in zip(parameters, GRADIENTS, strict=True):  # as a loss would leave them
        (p * g).sum().backward()
    last = parameters[-1]

    def step() -> Any:
        optimizer.step()
        return last[-1]

    return step, ()


def torch(fused: bool = False) -> Made:
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for p in PARAMETERS]
    optimizer = torch.optim.Adam(parameters, fused=fused)
    for p, g in zip(parameters, GRADIENTS, strict=True):
        p.grad = torch.tensor(g)
    last = parameters[-1]

    def step() -> Any:
        optimizer.step()
        return last[-1]

    return step, ()


def jax() -> Made:
    import jax

    from ..peers import jax_optimizer

    move, moments = jax_optimizer(RULE, PARAMETERS)
    kept, gradients = jax.tree.map(jax.numpy.array, ((PARAMETERS, moments), GRADIENTS))

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(parameters: Any, moments: Any, gradients: Any) -> Any:
        parameters, moments = move(parameters, moments, gradients)
        return parameters[-1][-1], (parameters, moments)

    def step() -> Any:
        nonlocal kept
        last, kept = update(*kept, gradients)
        return last

    return step, ()

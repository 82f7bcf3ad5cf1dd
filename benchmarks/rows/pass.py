"""Forward and backward alone: layers 64-128-10, ReLU, softmax cross-entropy, batch 32, no optimizer

A model is made of layers where a library has them, as its users write it, and what the kernels and biases start from
is put into them. A pass returns the loss and a function that shows the gradients; it is called to check, not timed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..setting import Made
from . import digits

PARAMETERS, BATCH = digits.TRAINING.parameters, digits.TRAINING.batch


def by_hand() -> Made:
    from .. import by_hand as hand

    _, parameters = hand.flat(PARAMETERS)
    _, gradients = hand.flat([np.zeros_like(p) for p in PARAMETERS])
    loss_of = hand.two_layers(parameters, gradients, digits.SAMPLES)

    def step(x: Any, labels: Any) -> Any:
        return loss_of(x, labels), gradients

    return step, BATCH


def tinygrad_reg() -> Made:
    import tinygrad_reg as tg

    model = tg.Sequential(
        tg.Dense(64, 128, activation="relu", dtype="float32"),
        tg.Dense(128, 10, dtype="float32"),
    )
    parameters = list(model.parameters())
    for p, start in zip(parameters, PARAMETERS, strict=True):
        p.data = start

    def gradients() -> Any:
        return [p.grad for p in parameters]

    def step(x: Any, labels: Any) -> Any:
        loss = tg.losses.softmax_crossentropy(model(x), labels)
        for p in parameters:
            p.grad = None
        loss.backward()
        return loss, gradients

    return step, BATCH


def torch() -> Made:
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    parameters = list(model.parameters())
    with torch.no_grad():
        for p, start in zip(parameters, PARAMETERS, strict=True):
            p.copy_(torch.tensor(start.T))  # PyTorch's kernels are (out, in)

    def gradients() -> Any:
        return [p.grad.numpy().T for p in parameters]

    def step(x: Any, labels: Any) -> Any:
        loss = nn.functional.cross_entropy(model(x), labels)
        for p in parameters:
            p.grad = None
        loss.backward()
        return loss, gradients

    return step, tuple(map(torch.tensor, BATCH))


def jax() -> Made:
    import jax
    import jax.numpy as jnp

    loss_of, state = digits.jax()
    value_and_gradients = jax.jit(jax.value_and_grad(lambda p, x, labels: loss_of(p, state, x, labels)[0]))
    return value_and_gradients, tuple(jax.tree.map(jnp.asarray, (PARAMETERS, *BATCH)))


def autograd() -> Made:
    import autograd

    return autograd.value_and_grad(digits.autograd()), (PARAMETERS, *BATCH)


def mygrad() -> Made:
    import mygrad

    parameters = [mygrad.tensor(p) for p in PARAMETERS]
    loss_of = digits.mygrad(parameters)

    def gradients() -> Any:
        return [p.grad for p in parameters]

    def step(x: Any, labels: Any) -> Any:
        loss = loss_of(x, labels)
        loss.backward()
        return loss, gradients

    return step, BATCH

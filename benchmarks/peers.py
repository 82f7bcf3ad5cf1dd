"""How the peers run a row: from a loss to a whole training step, eager or compiled.

Each function takes a row and returns its work, as in contenders.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import by_hand
from .setting import SGD, Adam, Given, Training, Work, call

# ---- PyTorch


def torch(row: Any, given: Given, fused: bool = False, compiled: bool = False) -> Work:
    import torch

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        function, arguments = row.torch(fused=True) if fused else row.torch()
        return call((torch.compile(function) if compiled else function, arguments))
    parameters = [torch.tensor(p, requires_grad=True) for p in training.parameters]
    batch = [torch.tensor(x) for x in training.batch]
    rule = training.optimizer
    optimizer: Any = (
        torch.optim.SGD(parameters, lr=rule.lr, momentum=rule.momentum, fused=fused)
        if isinstance(rule, SGD)
        else torch.optim.Adam(parameters, lr=rule.lr, betas=(rule.beta1, rule.beta2), eps=rule.eps, fused=fused)
    )
    loss_of, update = row.torch(parameters, **given), optimizer.step
    if compiled:
        loss_of, update = torch.compile(loss_of), torch.compile(update)

    def step() -> Any:
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss

    return step


def torch_fused(row: Any, given: Given) -> Work:
    return torch(row, given, fused=True)


def torch_compile(row: Any, given: Given) -> Work:
    return torch(row, given, compiled=True)


# ---- JAX


def jax(row: Any, given: Given) -> Work:
    """A pass ends when its result is there, as in all other contenders."""
    work = jax_ahead(row, given)

    def step() -> Any:
        result = work()
        wait(result)
        return result

    return step


def jax_ahead(row: Any, given: Given) -> Work:
    """Only the last of many passes is waited for."""
    import jax

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        return call(row.jax())
    loss_of, state = row.jax(**given)
    move, moments = jax_optimizer(training.optimizer, training.parameters)
    batch = jax.tree.map(jax.numpy.asarray, training.batch)

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(parameters: Any, moments: Any, state: Any, *batch: Any) -> Any:
        (loss, state), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters, state, *batch)
        return loss, *move(parameters, moments, gradients), state

    kept = jax.tree.map(jax.numpy.array, (training.parameters, moments, state))

    def step() -> Any:
        nonlocal kept
        loss, *kept = update(*kept, *batch)
        return loss

    return step


def wait(result: Any) -> None:
    """Until JAX has computed it."""
    for part in result if isinstance(result, (tuple, list)) else [result]:
        if hasattr(part, "block_until_ready"):
            part.block_until_ready()


def jax_optimizer(rule: Adam | SGD, parameters: Any) -> tuple[Any, Any]:
    """A function (parameters, moments, gradients) -> (parameters, moments), and the moments to start with."""
    zeros = [np.zeros_like(p) for p in parameters]
    if isinstance(rule, Adam):
        return partial(_jax_adam, rule), (zeros, zeros, np.float32(0))
    return partial(_jax_sgd, rule), zeros if rule.momentum else ()


def _jax_sgd(rule: SGD, p: Any, v: Any, g: Any) -> Any:
    from jax.tree import map

    if rule.momentum:
        g = v = map(lambda v, g: rule.momentum * v + g, v, g)
    return map(lambda p, g: p - rule.lr * g, p, g), v


def _jax_adam(rule: Adam, p: Any, moments: Any, g: Any) -> Any:
    import jax.numpy as jnp
    from jax.tree import map

    m, s, t = moments
    t = t + 1
    m = map(lambda m, g: rule.beta1 * m + (1 - rule.beta1) * g, m, g)
    s = map(lambda s, g: rule.beta2 * s + (1 - rule.beta2) * g * g, s, g)
    rate, root = rule.lr / (1 - rule.beta1**t), jnp.sqrt(1 - rule.beta2**t)
    return map(lambda p, m, s: p - rate * m / (jnp.sqrt(s) / root + rule.eps), p, m, s), (m, s, t)


# ---- libraries that leave the step to NumPy: the hand-written optimizer takes it, on one flat array


def autograd(row: Any, given: Given) -> Work:
    import autograd

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        return call(row.autograd())
    gradients_of = autograd.value_and_grad(row.autograd(**given))
    w, parameters = by_hand.flat(training.parameters)
    g = np.empty_like(w)
    update = by_hand.optimizer(training.optimizer, w, g)

    def step() -> Any:
        loss, gradients = gradients_of(parameters, *training.batch)
        np.concatenate([x.ravel() for x in gradients], out=g)
        update()
        return loss

    return step


def mygrad(row: Any, given: Given) -> Work:
    import mygrad

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        return call(row.mygrad())
    w, views = by_hand.flat(training.parameters)
    g = np.empty_like(w)
    update = by_hand.optimizer(training.optimizer, w, g)
    parameters = [mygrad.tensor(view, copy=False) for view in views]
    loss_of = row.mygrad(parameters, **given)

    def step() -> Any:
        loss = loss_of(*training.batch)
        loss.backward()
        np.concatenate([p.grad.ravel() for p in parameters], out=g)
        update()
        return loss

    return step


# ---- tinygrad, with its own graph capture, and micrograd, number by number


def tinygrad(row: Any, given: Given) -> Work:
    from tinygrad import Tensor, TinyJit
    from tinygrad.helpers import Context
    from tinygrad.nn import optim

    training: Training = row.TRAINING
    parameters = [Tensor(p) for p in training.parameters]
    batch = [Tensor(x).realize() for x in training.batch]
    rule = training.optimizer
    optimizer = (
        optim.SGD(parameters, lr=rule.lr, momentum=rule.momentum)
        if isinstance(rule, SGD)
        else optim.Adam(parameters, lr=rule.lr, b1=rule.beta1, b2=rule.beta2, eps=rule.eps)
    )
    loss_of = row.tinygrad(parameters, **given)

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of(*batch).backward()
        return loss.realize(*optimizer.schedule_step())  # together: nothing is computed before it is asked for

    fast = TinyJit(step)

    def work() -> Any:
        with Context(TRAINING=1):
            return fast()

    return work


def micrograd(row: Any, given: Given) -> Work:
    return call(row.micrograd())

"""why() says what became of a gradient: why it is None, zero, NaN, huge or small, and at which line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import source
from ..answers.calls import answered
from ..backward import shares_owed, start_gradient, walk
from ..modes import modes, quiet
from ..norms import length
from ..tensor import COMPILED, Tensor, describe
from .culprits import Step, grew, shares_by_place, shrank, turned_bad, turned_zero
from .debug import below, is_finite
from .words import not_finite, number, where

_HUGE, _TINY = 1e3, 1e-3
_HARDLY = 1e-2  # of the largest share
_ASK = "loss = tg.losses.mse(model(x), y); loss.backward(); tg.why(w, loss)"


@answered
def why(tensor: Tensor, loss: Tensor | None = None) -> str:
    """Why the gradient of `tensor` is None, zero, NaN or huge, in one or two sentences.

    `loss` is where backward() started; by default, the last one in this thread that is still in use.

    >>> print(why(Tensor(1.0, name="x")))
    x has no gradient because it does not require one: make it with requires_grad=True.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"why() takes a Tensor, not {type(tensor).__name__}")
    if loss is not None and not isinstance(loss, Tensor):
        raise TypeError(f"why() takes the loss that backward() started at, a Tensor, not {type(loss).__name__}")
    name = source.label(tensor) or "it"
    asked = loss is not None
    if loss is None and modes.last_output is not None:
        loss = modes.last_output()
    if not tensor.requires_grad:
        return _why_constant(tensor, name)
    grad = tensor._grad
    if grad is None:
        return _why_none(tensor, name, loss)
    if asked and loss is not None and tensor not in below(loss):
        return f"The gradient that {name} has is left from an earlier backward(): {_not_reached(name, loss)}"
    if not is_finite(grad):
        return f"The gradient of {name} holds {not_finite(grad)}: " + _on_the_way(tensor, loss, turned_bad)
    if not np.any(grad):
        return f"The gradient of {name} is 0: " + _on_the_way(tensor, loss, turned_zero)
    largest = float(np.max(np.abs(grad)))
    if largest > _HUGE:
        return f"The gradient of {name} is huge, up to {number(largest)}: " + _on_the_way(tensor, loss, grew)
    rms = length(np.asarray(grad)) / math.sqrt(np.size(grad))
    zeros = float(np.mean(np.asarray(grad) == 0))
    text = f"The gradient of {name} is there: largest entry {number(largest)}, root mean square {number(rms)}."
    text += f" {zeros:.0%} of its entries are 0." if zeros else ""
    if loss is None or tensor not in below(loss):
        return text
    if largest < _TINY:
        return text + " It is small: " + _on_the_way(tensor, loss, shrank)
    return text + (_added_up(tensor, loss) if tensor._primitive is None else "")


def _why_constant(tensor: Tensor, name: str) -> str:
    if tensor._cut == "no_grad()":
        return f"{name} has no gradient: it was computed inside no_grad(){where(tensor)}, so no graph leads through it."
    if tensor._cut == "detach()":
        return f"{name} has no gradient: it was cut from its graph by detach(){where(tensor)}."
    if tensor._cut is COMPILED:
        return f"{name} has no gradient: it came out of tg.compile without a graph{where(tensor)}."
    if tensor.dtype.kind != "f":
        return f"{name} has no gradient: {tensor.dtype} has none, only floats have; {name}.astype(float) gives these."
    return f"{name} has no gradient because it does not require one: make it with requires_grad=True."


def _why_none(tensor: Tensor, name: str, loss: Tensor | None) -> str:
    if loss is None:
        return (
            f"{name} has no gradient: no backward() reached it, or it was cleared. Ask with the loss, which tells "
            f"more: {_ASK}"
        )
    goal = source.label(loss) or "the loss"
    nodes = below(loss)
    if tensor in nodes:
        if tensor._primitive is not None:
            return f"{name} has no gradient: backward(retain_grads=False) keeps those of leaves only."
        return f"{name} has no gradient: it was cleared after backward(), or backward() has not been called on {goal}."
    return f"{name} has no gradient because {_not_reached('it', loss)}"


def _not_reached(name: str, loss: Tensor) -> str:
    """That the loss was not computed from the tensor called `name`, and where the graph may be cut."""
    nodes = below(loss)
    text = f"{source.label(loss) or 'the loss'} was not computed from {name}"
    cut = next((node for node in nodes if node._cut), None)
    if cut is not None:
        return f"{text}: the graph is cut at {source.label(cut) or describe(cut)} by {cut._cut}{where(cut)}."
    for node in nodes:
        place = source.place(node)
        plain = _PLAIN.search(place.code) if place else None
        if plain is not None:
            return f"{text}: the graph may be cut{where(node)}, where {plain.group()} gives plain values."
    return text + "."


# What leads out of the graph, as it stands in the user's line. (tg.data is a module.)
_PLAIN = re.compile(r"\.numpy\(\)|\.item\(\)|\.tolist\(\)|(?<!tg)\.data\b|\bfloat\(")


class _Steps:
    """The observer that keeps the steps of the walk."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def start(self, output: Tensor, gradient: Any) -> None: ...

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        self.steps.append(Step(node, position, upstream, share))


def _on_the_way(tensor: Tensor, loss: Tensor | None, tell: Callable[[list[Step]], str]) -> str:
    """Walk back from the loss once more, only to `tensor`, and tell what happened on the way."""
    if loss is None or not loss.requires_grad or tensor not in below(loss):
        return f"to learn where, compute the loss anew (no way from the last one leads to it) and ask with it: {_ASK}"
    try:
        steps = _steps_to(tensor, loss)
    except RuntimeError:
        return f"to learn where, ask before the step that moves the parameters, or with a loss computed anew: {_ASK}"
    not_there = "the last backward pass does not show it; it was accumulated over several, or written since."
    return tell(steps) or not_there


def _added_up(leaf: Tensor, loss: Tensor) -> str:
    """Of a weight that many places share: that some of their shares hardly count."""
    try:
        sizes = shares_by_place(_steps_to(leaf, loss), leaf)
    except RuntimeError:  # the parameters have moved
        return ""
    if len(sizes) < 2 or min(sizes) > _HARDLY * max(sizes):
        return ""
    return (
        f" It adds up the shares of {len(sizes)} places, of norm {number(max(sizes))} to {number(min(sizes))}: some "
        "hardly count."
    )


def _steps_to(tensor: Tensor, loss: Tensor) -> list[Step]:
    """The steps of the way back from the loss to `tensor`; a graph that was built on older values is refused."""
    shares_owed(loss, None)
    watcher = _Steps()
    with quiet():
        gradient = start_gradient(loss, np.ones(loss.shape, loss.dtype), "why()")
        for _ in walk(loss, gradient, [tensor], observer=watcher):
            pass
    return watcher.steps

"""why() says what became of a gradient: why it is None, zero, NaN, huge or small, and at which line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import source
from ..answers.calls import answered
from ..backward import share_of, shares_owed, start_gradient, walk
from ..modes import modes, quiet
from ..norms import length
from ..ops.reductions import count
from ..primitive import Primitive
from ..tensor import COMPILED, Tensor, describe
from .debug import below, is_finite
from .explain import in_order
from .names import names_of
from .words import interval, not_finite, number, ranges, where

_HUGE, _TINY = 1e3, 1e-3
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
        return f"The gradient of {name} holds {not_finite(grad)}: " + _on_the_way(tensor, loss, _turned_bad)
    if not np.any(grad):
        return f"The gradient of {name} is 0: " + _on_the_way(tensor, loss, _turned_zero)
    largest = float(np.max(np.abs(grad)))
    if largest > _HUGE:
        return f"The gradient of {name} is huge, up to {number(largest)}: " + _on_the_way(tensor, loss, _grew)
    rms = length(np.asarray(grad)) / math.sqrt(np.size(grad))
    zeros = float(np.mean(np.asarray(grad) == 0))
    text = f"The gradient of {name} is there: largest entry {number(largest)}, root mean square {number(rms)}."
    text += f" {zeros:.0%} of its entries are 0." if zeros else ""
    if largest < _TINY and loss is not None and tensor in below(loss):
        text += " It is small: " + _on_the_way(tensor, loss, _shrank)
    return text


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


class _Step(NamedTuple):
    """What `node` sends to one of its inputs, the one at `position`, of the gradient that it has received."""

    node: Tensor
    position: int
    upstream: Any
    share: Any

    @property
    def op(self) -> Primitive:
        op: Primitive | None = self.node._primitive
        assert op is not None
        return op


class _Steps:
    """The observer that keeps the steps of the walk."""

    def __init__(self) -> None:
        self.steps: list[_Step] = []

    def start(self, output: Tensor, gradient: Any) -> None: ...

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        self.steps.append(_Step(node, position, upstream, share))


def _on_the_way(tensor: Tensor, loss: Tensor | None, explain: Callable[[list[_Step]], str]) -> str:
    """Walk back from the loss once more, only to `tensor`, and explain what happened on the way."""
    if loss is None or not loss.requires_grad or tensor not in below(loss):
        return f"to learn where, compute the loss anew (no way from the last one leads to it) and ask with it: {_ASK}"
    watcher = _Steps()
    try:
        shares_owed(loss, None)  # refuses a graph that was built on older values
    except RuntimeError:
        return f"to learn where, ask before the step that moves the parameters, or with a loss computed anew: {_ASK}"
    with quiet():
        gradient = start_gradient(loss, np.ones(loss.shape, loss.dtype), "why()")
        for _ in walk(loss, gradient, [tensor], observer=watcher):
            pass
    not_there = "the last backward pass does not show it; it was accumulated over several, or written since."
    return explain(watcher.steps) or not_there


def _turned_bad(steps: list[_Step]) -> str:
    """The first value that is not finite, or else the first step from a finite gradient to one that is not."""
    tensors = in_order([steps[0].node]) if steps else []
    for tensor, name in zip(tensors, names_of(tensors), strict=True):
        if not is_finite(tensor._data):
            what = not_finite(tensor._data)
            if tensor._primitive is None:
                return f"{name} itself holds {what}. Load or make it anew: no step leads back from there."
            return _fault(f"{tensor.op}{where(tensor)} gave {what}", tensor)
    step = next((s for s in steps if not is_finite(s.share) and is_finite(s.upstream)), None)
    if step is None:
        return ""
    return _fault(f"the derivative of {step.op.name}{where(step.node)} gave {not_finite(step.share)}", step.node)


def _fault(what: str, node: Tensor) -> str:
    advice = f" {node._primitive.undefined}" if node._primitive.undefined else ""
    return f"{what} at {ranges(node._inputs)}.{advice} tg.debug() stops there."


def _turned_zero(steps: list[_Step]) -> str:
    """The first step that passes nothing on."""
    step = next((s for s in steps if not np.any(s.share) and np.any(s.upstream)), None)
    if step is None:
        return _cancelled(steps)
    node, op = step.node, step.op
    factor = _factor(step)
    if factor is not None and not np.any(factor._data):
        name = source.label(factor) or "the other factor"
        asked = "a mask that dropped every unit?" if op.name == "multiply" else "units that are all off?"
        if factor._owned:
            asked = "did it start at 0? Take another initializer"
        return f"{op.name}{where(node)} multiplies it by {name}, which is 0 everywhere ({asked})."
    if op.name in ("softmax", "log_softmax") and (not node.ndim or count(node._data, _axis(node)) == 1):
        return (
            f"{op.name}{where(node)} over one unit is the same for every input. For two classes take a sigmoid of "
            "one unit, or a softmax of two."
        )
    if _takes_differences(step):
        return f"{op.name}{where(node)} {_DIFFERENCES}."
    if _underflows(step):
        lost = _shrank(steps)
        return (
            f"{op.name}{where(node)} gets {number(_largest(step.upstream))} at most, and what it passes on of that is "
            f"too small for {node.dtype}{'; ' if lost else '.'}{lost}"
        )
    if op.vanishes:
        return (
            f"{op.vanishes} That happens{where(node)}, where the input is in "
            f"{interval(node.parents[step.position]._data)}."
        )
    return f"{op.name}{where(node)} has slope 0 at {ranges(node._inputs)}."


def _cancelled(steps: list[_Step]) -> str:
    """The first tensor whose shares add up to 0."""
    received: dict[Tensor, list[_Step]] = {}
    for step in steps:
        received.setdefault(step.node.parents[step.position], []).append(step)
    for tensor, shares in received.items():
        if any(np.any(s.share) for s in shares) and not np.any(sum(s.share for s in shares)):
            givers = dict.fromkeys(f"{s.op.name}{where(s.node)}" for s in shares)
            name = source.label(tensor) or describe(tensor)
            return f"the {len(shares)} shares that reach {name} cancel out; they come from {' and '.join(givers)}."
    return ""


_DIFFERENCES = (
    "passes on only the differences within its upstream gradient, which is the same everywhere: the sum of what comes "
    "out is fixed, whatever goes in"
)


def _takes_differences(step: _Step) -> bool:
    """Whether the op, whose outputs' sum is fixed, got the same upstream gradient for all of them."""
    if step.op.name not in ("softmax", "standardize"):
        return False
    return not np.any(np.ptp(np.asarray(step.upstream), axis=_axis(step.node)))


def _axis(node: Tensor) -> Any:
    """What the op of this node goes along, where it has such an option."""
    return node._options.get("axis", node._primitive.defaults["axis"])


def _underflows(step: _Step) -> bool:
    """Whether a larger upstream gradient would pass."""
    if not is_finite(step.upstream):
        return False
    with quiet():
        return bool(np.any(share_of(step.node, step.position, step.upstream / _largest(step.upstream))))


def _factor(step: _Step) -> Tensor | None:
    """What a product multiplies the gradient by: its other operand."""
    if step.op.name == "multiply":
        return step.node.parents[1 - step.position]
    derivative = step.op.of_all or step.op.derivatives[step.position]
    at = None if derivative is None else derivative.local_input
    return None if at is None else step.node.parents[at]


def _grew(steps: list[_Step]) -> str:
    """The step that multiplies the gradient most."""
    if not steps:
        return ""
    step = max(steps, key=lambda s: _largest(s.share) / max(_largest(s.upstream), 1e-300))
    if _largest(step.share) <= _largest(step.upstream):
        return "no op makes it larger, but shares are added up, of what is used several times on the way."
    return (
        f"the largest growth is at {step.op.name}{where(step.node)}, from {number(_largest(step.upstream))} to "
        f"{number(_largest(step.share))}. Smaller weights, another initialization or clipping help."
    )


def _shrank(steps: list[_Step]) -> str:
    """The op that takes most of the gradient, with how much its steps pass on: the geometric mean, by norms."""
    passed: dict[str, list[float]] = {}
    of: dict[str, _Step] = {}
    for step in steps:
        before, after = _largest(step.upstream), _largest(step.share)
        if before and after:
            passed.setdefault(step.op.name, []).append(math.log(after) - math.log(before))
            of[step.op.name] = step
    if not passed:
        return ""
    most = min(passed, key=lambda op: sum(passed[op]))
    if sum(passed[most]) >= 0:
        return ""
    op, times = of[most].op, len(passed[most])
    share = number(float(f"{math.exp(sum(passed[most]) / times):.2g}"))
    if times > 1:
        text = f"most is lost at {op.name}, which stands {times} times on the way and passes on {share} on average."
    else:
        text = f"most is lost at {op.name}{where(of[most].node)}, which passes on {share} of it."
    if _takes_differences(of[most]):
        text += f" It {_DIFFERENCES}."
    elif "saturates" in op.vanishes:
        text += f" {op.why} ReLU, an initialization that fits, or batch norm help."
    return text


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0))

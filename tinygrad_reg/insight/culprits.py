"""Which step of the way back made a gradient what it is: NaN, 0, huge or small.

Each function is given the steps in their order, and says it in a sentence for why(); "" where no step shows it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import source
from ..modes import quiet
from ..norms import length
from ..ops.reductions import count
from ..primitive import Primitive
from ..shares import share_of
from ..tensor import Tensor, describe
from .debug import is_finite
from .explain import in_order
from .names import names_of
from .words import interval, not_finite, number, ranges, where


class Step(NamedTuple):
    """What `node` sends to one of its inputs, the one at `position`, of the gradient that it has received."""

    node: Tensor
    position: int
    upstream: Any
    share: Any

    @property
    def op(self) -> Primitive:
        """That of the node, which is none of the leaves."""
        op: Primitive | None = self.node._primitive
        assert op is not None
        return op


def shares_by_place(steps: list[Step], tensor: Tensor) -> list[float]:
    """How large the shares are that `tensor` receives: one for each op that uses it."""
    shares: dict[Tensor, Any] = {}
    for step in steps:
        if step.node._inputs[step.position] is tensor:
            shares[step.node] = shares.get(step.node, 0) + step.share
    return [length(np.asarray(share)) for share in shares.values()]


def turned_bad(steps: list[Step]) -> str:
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


def turned_zero(steps: list[Step]) -> str:
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
        lost = shrank(steps)
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


def _cancelled(steps: list[Step]) -> str:
    """The first tensor whose shares add up to 0."""
    received: dict[Tensor, list[Step]] = {}
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


def _takes_differences(step: Step) -> bool:
    """Whether the op, whose outputs' sum is fixed, got the same upstream gradient for all of them."""
    if step.op.name not in ("softmax", "standardize"):
        return False
    return not np.any(np.ptp(np.asarray(step.upstream), axis=_axis(step.node)))


def _axis(node: Tensor) -> Any:
    """What the op of this node goes along, where it has such an option."""
    return node._options.get("axis", node._primitive.defaults["axis"])


def _underflows(step: Step) -> bool:
    """Whether a larger upstream gradient would pass."""
    if not is_finite(step.upstream):
        return False
    with quiet():
        return bool(np.any(share_of(step.node, step.position, step.upstream / _largest(step.upstream))))


def _factor(step: Step) -> Tensor | None:
    """What a product multiplies the gradient by: its other operand."""
    if step.op.name == "multiply":
        return step.node.parents[1 - step.position]
    derivative = step.op.of_all or step.op.derivatives[step.position]
    at = None if derivative is None else derivative.local_input
    return None if at is None else step.node.parents[at]


def grew(steps: list[Step]) -> str:
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


def shrank(steps: list[Step]) -> str:
    """The op that takes most of the gradient, with how much its steps pass on: the geometric mean, by norms."""
    passed: dict[str, list[float]] = {}
    of: dict[str, Step] = {}
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

"""Where a loss is a cross-entropy or a squared error, all of the way back to a network's output is one factor.

It is written as in a lecture: for a cross-entropy of a sigmoid's output −y/a + (1 − y)/(1 − a), which times the slope
a(1 − a) is a − y; of a softmax's −y/p, and then p − y; for a squared error 2(a − y). A formula is used only where its
numbers are those of the gradient: not where a logarithm was floored.

A loss is known by its form, the ops between the output and the loss, whether a function of tg.losses applied them or
the user's own line; each `_of_…` says which form it knows. One in another form is written out op by op.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tinygrad_reg import gradients
from tinygrad_reg.insight.explain import BackwardStep, ForwardStep, Record
from tinygrad_reg.insight.words import is_number, number
from tinygrad_reg.modes import quiet

from .formulas import is_activation, spelled, unnamed

_LOGS = ("log", "floored_log")


@dataclass(eq=False)
class Head(BackwardStep):
    """The shares of all ways from a loss to what it is of, added up."""

    passed: frozenset[int] = frozenset()  # the tensors on these ways
    simpler: str = ""  # what it comes to, times the slope of the sigmoid that comes next
    n: int = 1  # over how many numbers a mean is taken


def joined(record: Record, goal: int) -> list[BackwardStep]:
    """The shares of a record, with one in place of those of a loss that `goal` is no part of."""
    shares = list(record.backward)
    for head in _heads(record):
        within = [s for s in shares if s.node in head.passed | {head.node}]
        if goal not in head.passed and {s.input for s in within} <= head.passed | {head.input}:
            shares = [s for s in shares if s not in within] + [head]
    return shares


class _Users:
    """Which steps use a tensor."""

    def __init__(self, steps: list[ForwardStep]) -> None:
        self.steps = steps
        self._of: dict[int, list[ForwardStep]] = {}
        for step in steps:
            for i in dict.fromkeys(step.inputs):
                self._of.setdefault(i, []).append(step)

    def of(self, step: ForwardStep, *ops: str) -> list[ForwardStep]:
        """Those that are one of `ops`; all, if none is named."""
        return [user for user in self._of.get(step.index, ()) if not ops or user.op in ops]

    def only(self, step: ForwardStep | None, *ops: str) -> ForwardStep | None:
        """The one that there is, if it is one of `ops`."""
        users = self.of(step) if step else []
        return users[0] if len(users) == 1 and users[0].op in ops else None

    def partner(self, product: ForwardStep, factor: ForwardStep) -> ForwardStep:
        """The other factor of a product."""
        first, second = product.inputs
        return self.steps[second if first == factor.index else first]


def _heads(record: Record) -> Iterator[Head]:
    users = _Users(record.forward)
    of = {
        "sigmoid": _of_sigmoid, "sigmoid_crossentropy": _of_logit, "softmax": _of_softmax,
        "log_softmax": _of_log_softmax, "subtract": _of_difference,
    }  # fmt: skip
    for step in record.forward:
        if step.op in of and (head := of[step.op](record, users, step)):
            yield head


def _of_sigmoid(record: Record, users: _Users, a: ForwardStep) -> Head | None:
    """That of y log a + (1 − y) log(1 − a), where a = σ(z)."""
    log, rest = users.of(a, *_LOGS), users.of(a, "subtract")
    if not len(log) == len(rest) == 1 or len(users.of(a)) != 2:
        return None
    log_rest = users.only(rest[0], *_LOGS)
    products = users.only(log[0], "multiply"), users.only(log_rest, "multiply")
    total = users.only(products[0], "add", "subtract")
    if not (total and log_rest and products[0] and products[1]) or total is not users.only(products[1], total.op or ""):
        return None
    y = users.partner(products[0], log[0])
    passed = {log[0].index, rest[0].index, log_rest.index, products[0].index, products[1].index}
    if unnamed(a):
        return _head(record, users, total, _input(record, a), passed | {a.index}, a.value - y.value,
                     _less(_applied(record, a), y))  # fmt: skip
    text = f"−{y.name}/{a.name} + (1 − {y.name})/(1 − {a.name})"
    if is_number(y.name) and y.value in (0, 1):  # a term is not there
        text = f"−1/{a.name}" if y.value == 1 else f"1/(1 − {a.name})"
    with quiet():
        slope = (1 - y.value) / (1 - a.value) - y.value / a.value
    return _head(record, users, total, a, passed, slope, text, _less(a.name, y))


def _of_logit(record: Record, users: _Users, loss: ForwardStep) -> Head | None:
    """That of the op which is sigmoid and cross-entropy in one."""
    z, y = (record.forward[i] for i in loss.inputs)
    with quiet():
        slope = 1 / (1 + np.exp(-z.value)) - y.value
    return _head(record, users, loss, z, set(), slope, _less(_applied(record, loss, "σ"), y))


def _of_softmax(record: Record, users: _Users, p: ForwardStep) -> Head | None:
    """That of −Σ y log p, or of −log p[y], where p = softmax(z)."""
    way = _while_only(users, p, "take_along_axis", "getitem", *_LOGS, "multiply", "sum")
    if not any(step.op in _LOGS for step in way):
        return None
    y, name = _target(users, way, p)
    if y is None or not np.allclose(y.sum(axis=-1), 1):
        return None
    passed = {step.index for step in way[:-1]}
    if unnamed(p):
        return _head(record, users, way[-1], _input(record, p), passed | {p.index}, p.value - y,
                     f"{_applied(record, p)} − {name}")  # fmt: skip
    with quiet():
        return _head(record, users, way[-1], p, passed, -y / p.value, f"−{name}/{p.name}", f"{p.name} − {name}")


def _of_log_softmax(record: Record, users: _Users, log: ForwardStep) -> Head | None:
    """That of −Σ y log softmax(z)."""
    way = _while_only(users, log, "multiply", "sum")
    y, name = _target(users, way, log)
    if y is None:
        return None
    text = f"{_applied(record, log, 'softmax')} − {name}"
    passed = {log.index, *(step.index for step in way[:-1])}
    return _head(record, users, way[-1], _input(record, log), passed, np.exp(log.value) - y, text)


def _of_difference(record: Record, users: _Users, d: ForwardStep) -> Head | None:
    """That of Σ (a − y)², of arrays; tensors that have names are not passed over."""
    a, y = (record.forward[i] for i in d.inputs)
    square = users.only(d, "power")
    if not square or d.value.size == 1 or a.shape != d.shape or y.tensor.requires_grad:
        return None
    exponent = users.partner(square, d)
    way = [d, square, *_while_only(users, square, "sum", "multiply")]
    halved = [step for step in way if step.op == "multiply"]
    between = way if users.of(way[-1]) else way[:-1]
    if exponent.value.size != 1 or exponent.value != 2 or len(halved) > 1 or not all(map(unnamed, between)):
        return None
    factor = users.partner(halved[0], way[way.index(halved[0]) - 1]).value if halved else 1.0
    if np.size(factor) != 1:
        return None
    factor = 2 * float(np.asarray(factor).item())
    passed, slope = {step.index for step in way[:-1]}, factor * (a.value - y.value)
    output = _applied(record, a) if unnamed(a) and is_activation(a) else spelled(record.forward, a)
    text = f"{output} − {y.name}"
    return _head(record, users, way[-1], a, passed, slope, text, times=f"{number(factor)} · " if factor != 1 else "")


def _target(users: _Users, way: Sequence[ForwardStep], p: ForwardStep) -> tuple[np.ndarray | None, str]:
    """Which class each row of `p` should be, one-hot, and how that is written; None where nothing on the way tells."""
    for below, step in pairwise([p, *way]):
        if step.op == "multiply":
            y = users.partner(step, below)
            return y.value, y.name
        if step.op == "take_along_axis":
            labels = users.steps[step.inputs[1]]
            if labels.shape == (*p.shape[:-1], 1):
                return (labels.value == np.arange(p.shape[-1])).astype(p.value.dtype), f"onehot({labels.name})"
    return None, ""


def _while_only(users: _Users, step: ForwardStep, *ops: str) -> list[ForwardStep]:
    """What is made of `step`, and of that, as long as it is used once, by one of `ops`."""
    way: list[ForwardStep] = []
    while above := users.only(way[-1] if way else step, *ops):
        way.append(above)
    return way


def _input(record: Record, step: ForwardStep) -> ForwardStep:
    return record.forward[step.inputs[0]]


def _applied(record: Record, step: ForwardStep, function: str = "") -> str:
    """σ(z), with z as what it was computed by where it has no name."""
    inner = spelled(record.forward, _input(record, step))
    return f"{function or step.symbol}({inner[1:-1] if inner.startswith('(') else inner})"


def _less(a: str, y: ForwardStep) -> str:
    return a if is_number(y.name) and y.value == 0 else f"{a} − {y.name}"


def _head(
    record: Record, users: _Users, total: ForwardStep, of: ForwardStep, passed: set[int], slope: np.ndarray, text: str,
    simpler: str = "", times: str = "",
) -> Head | None:  # fmt: skip
    """The head from the loss, or from what is next to it, to `of`; None where its numbers are not those of `slope`."""
    top, share = total, 1.0
    for above in _while_only(users, total, "negative", "mean", "sum"):
        passed.add(top.index)
        if above.op == "mean":
            share *= above.value.size / top.value.size
        top = above
    known = [s for s in record.backward if s.node == top.index and of.tensor.requires_grad]
    local = gradients(top.tensor, [of.tensor], gradient=np.ones(top.shape, top.value.dtype))[0] if known else None
    if local is None or slope.shape != local.shape:
        return None
    if not np.allclose(local, slope * share, rtol=1e-4 if local.dtype.itemsize < 8 else 1e-8, atol=0):
        return None
    if share != 1 or times:
        text = f"{times}({text})"
    if share != 1:
        text, simpler = f"{text}/n", simpler and f"({simpler})/n"
    about = vars(known[0]) | {"input": of.index, "op": "", "local": local, "local_text": text, "how": "G ⊙ local"}
    return Head(**about, passed=frozenset(passed), simpler=simpler, n=round(1 / share))

"""Ways of the gradient through a record: from its output back to one tensor, share by share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import BackwardStep, ForwardStep, Record, send_back

from ..ink.text import clean
from .heads import joined


def find(record: Record, wrt: Tensor) -> int:
    """Where `wrt` stands in the record; it must be something whose gradient the record holds."""
    goal = record.forward[-1].name
    learned = ", ".join(clean(s.name, 20) for s in record.forward if s.kind == "parameter")
    hint = f"; wrt= can be {clean(learned, 200)}, or a tensor between" if learned else ""
    if not isinstance(wrt, Tensor):
        raise TypeError(f"wrt must be a Tensor, not {wrt!r}{hint}")
    try:
        step = record.find(wrt)
    except KeyError as error:
        raise KeyError(f"{error.args[0]}{hint}") from None
    if wrt is record.output:
        raise ValueError(f"∂{goal}/∂{goal} is 1; wrt= is something that {goal} was computed from{hint}")
    if not wrt.requires_grad:
        raise ValueError(f"no gradient goes from {goal} to {step.name}, which does not require one{hint}")
    return step.index


class Ways:
    """All ways from the output back to the tensor at `goal`. There may be more than anybody could list."""

    def __init__(self, record: Record, goal: int) -> None:
        self.record, self.goal = record, goal
        self._shares: dict[tuple[int, int], list[BackwardStep]] = {}
        for share in joined(record, goal):
            self._shares.setdefault((share.node, share.input), []).append(share)
        self._from = {goal: 1}  # for each tensor on a way: how many ways go on from it
        self._next: dict[int, list[int]] = {}
        for node, input in sorted(self._shares):  # inputs before what uses them
            if node != goal and input in self._from:
                self._from[node] = self._from.get(node, 0) + self._from[input]
                self._next.setdefault(node, []).append(input)
        self.count = self._from.get(len(record.forward) - 1, 0)
        if not self.count:
            raise unreached(record, goal)
        reached = {len(record.forward) - 1: 1}  # for each tensor on a way: how many ways lead to it
        for node in sorted(self._next, reverse=True):
            for input in self._next[node]:
                reached[input] = reached.get(input, 0) + reached[node]
        self.meetings = frozenset(i for i, ways in reached.items() if ways > 1)  # each brings a share of their gradient

    def way(self, n: int) -> list[list[BackwardStep]]:
        """Way number n, from 0: at each of its steps, the shares that go from one tensor to the next."""
        node = len(self.record.forward) - 1
        way = []
        while node != self.goal:
            for input in self._next[node]:
                if n < self._from[input]:
                    break
                n -= self._from[input]
            way.append(self._shares[node, input])
            node = input
        return way


def longest(record: Record, goal: int | None) -> list[BackwardStep]:
    """The longest way back from the output to tensor `goal`, or to the leaf that is furthest away."""
    best: dict[int, tuple[int, BackwardStep | None]] = {len(record.forward) - 1: (0, None)}
    for share in sorted(record.backward, key=lambda s: -s.node):  # a node comes before its inputs
        length = best[share.node][0] + 1
        if share.input not in best or length > best[share.input][0]:
            best[share.input] = length, share
    if goal is None:
        leaves = [i for i in best if not record.forward[i].op]
        goal = max(leaves, key=lambda i: (best[i][0], -i))
    if goal not in best or best[goal][1] is None:
        raise unreached(record, goal)
    way = []
    last = best[goal][1]
    while last is not None:
        way.append(last)
        last = best[last.node][1]
    return way[::-1]


def unreached(record: Record, goal: int) -> ValueError:
    """What is said where no way leads to `goal`."""
    return ValueError(f"no gradient goes from {record.forward[-1].name} to {record.forward[goal].name}")


def slope(forward: Sequence[ForwardStep], shares: Sequence[BackwardStep]) -> float:
    """∂node/∂input where both are single numbers; `shares` are all that go from the one to the other."""
    if all(share.local is not None for share in shares):
        return sum(float(share.local.item()) for share in shares if share.local is not None)
    top, bottom = forward[shares[0].node].tensor, forward[shares[0].input].tensor
    return float(send_back(top, bottom, np.ones(top.shape, top.dtype)).item())

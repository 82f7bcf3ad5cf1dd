"""What a capture comes to: the lines that count, what they return, and what they leave behind in Tensors."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..tensor import COMPILED, Tensor
from .callables import assign, held_over
from .capture import Capture
from .inside import attributes, holds
from .leaves import Leaf
from .node import PLAIN, Check, Input, Node, filled
from .origins import line_of
from .recorded import Recorded, is_computed
from .refusals import refusal
from .structures import is_structure, mapped, parts


class Result(NamedTuple):
    """A place in what the step returns."""

    position: int  # among the program's results
    is_tensor: bool
    has_graph: bool = False  # which the program's result has not, though the step's has one


class Program:
    """The lines of one captured step, in order."""

    def __init__(self, capture: Capture, returned: Any) -> None:
        self.capture = capture
        capture.finish()
        self.results: list[Node] = []
        self.returned = mapped(self._place, returned)
        self.in_place: list[tuple[Leaf, int]] = []  # leaves whose array gets new values: positions among the results
        self.new_data: list[tuple[Leaf, int]] = []  # leaves that get a new array
        self.new_grad: list[tuple[Leaf, int]] = []
        self.home_grad: list[Leaf] = []  # whose gradient the lines leave in the optimizer's array
        self.no_grad: list[Leaf] = []
        self.needs_grad: dict[Leaf, bool] = {}  # leaves whose gradient must be there, or must not be, before a call
        for leaf in capture.leaves.values():
            self._left_behind(leaf)
        self.nodes = first_checks(settle(share(capture.nodes, self.results), self.results))
        refuse_held_over(self.nodes, self.results)
        used = {node for line in self.nodes for node in line.operands} | set(self.results)
        self.inputs = [x for x in capture.inputs if x in used]
        for leaf in capture.leaves.values():
            if leaf.before is not None and (leaf.asked or leaf.before_input in used):
                self.needs_grad[leaf] = True
            elif leaf.absent or leaf.asked or (leaf.grad is None and leaf.gathers):
                self.needs_grad[leaf] = False

    def _result(self, node: Node) -> int:
        self.results.append(node)
        return len(self.results) - 1

    def _node(self, data: Any) -> Node:
        node: Node = self.capture.constant(np.asarray(data) if isinstance(data, np.generic) else data).node
        return node

    def _place(self, x: Any) -> Any:
        """What the step returned, or its place among what the program computes."""
        if isinstance(x, Tensor):
            if x._primitive is None:
                self.capture.touch(x)  # it may be that no op has seen it
            if x in self.capture.leaves and x._data is self.capture.leaves[x].array and isinstance(x._data.node, Input):
                return x  # the Tensor itself
            return Result(self._result(self._node(x._data)), True, x._requires_grad or x._cut is COMPILED)
        if isinstance(x, (Recorded, np.ndarray)):
            return Result(self._result(self._node(x)), False)
        table = x if isinstance(x, (list, tuple, set, dict)) else attributes(x)
        held = [*(table.values() if isinstance(table, dict) else table), *(holds(x) if type(x) is FunctionType else ())]
        if isinstance(x, (Iterator, Awaitable)) or any(map(is_computed, held)):
            what = f"it returns what it computes in a {type(x).__name__}, which a program can't make"
            raise refusal(what, "Return Tensors and arrays, in tuples, lists and dicts")
        return x

    def _left_behind(self, leaf: Leaf) -> None:
        tensor = leaf.tensor
        changes = leaf.array.node is not leaf.input and isinstance(leaf.data, np.ndarray)
        if changes:  # w.data -= ...: whoever holds the array sees it
            self.in_place.append((leaf, self._result(leaf.array.node)))
        if tensor._data.node is not leaf.input and not (changes and tensor._data is leaf.array):
            self.new_data.append((leaf, self._result(tensor._data.node)))
        grad = tensor._grad
        if grad is None:
            if leaf.grad is not None or leaf.cleared or leaf.flat is not None:
                self.no_grad.append(leaf)
        elif leaf.gradient is not None and grad is leaf.gradient:
            self.home_grad.append(leaf)
        elif not (isinstance(grad, Recorded) and leaf.before is not None and grad.node is leaf.before_input):
            self.new_grad.append((leaf, self._result(self._node(grad))))


def refuse_held_over(nodes: list[Node], results: list[Node]) -> None:
    """Refuse to read what an optimizer may have written into since the step got it."""
    for node in nodes:
        if node.function is held_over and (node in results or any(node in line.operands for line in nodes)):
            reader = next((line for line in nodes if node in line.operands), node)
            what = "it reads the array of a parameter that it got before opt.step(), which has moved the parameter"
            raise refusal(what, "Write w.data.copy() for the old values, or w.data anew", line_of(reader))


def share(nodes: list[Node], results: list[Node]) -> list[Node]:
    """The lines that something needs, equal ones once: `results` is changed accordingly."""
    needed = set(results)
    live = []
    for node in reversed(nodes):
        if node.changes or node in needed:
            needed.update(node.operands)
            live.append(node)
    live.reverse()

    written = filled(live)
    same: dict[Any, Node] = {}
    instead: dict[Node, Node] = {}
    kept = []
    for node in live:
        node.exchange(instead)
        if isinstance(node, Check):
            pass
        elif node.changes:
            if node.value is None:  # it draws no random numbers, so it writes
                same.clear()  # what was computed from the arrays that it changes
        elif node.function is not assign and node not in written:
            key = _key((node.function, node.arguments, node.options))
            twin = same.get(key)
            if twin is not None:
                instead[node] = twin
                twin.twins += (node.value, *node.twins)
                twin.name = twin.name or node.name
                continue
            same[key] = node
        kept.append(node)
    results[:] = [instead.get(node, node) for node in results]
    return kept


def settle(nodes: list[Node], results: list[Node]) -> list[Node]:
    """Each gradient goes to its place in the optimizer's array as soon as it is known."""
    uses: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.operands:
            uses.setdefault(x, []).append(node)
    moved: dict[Node, list[Node]] = {}
    for node in nodes:
        if node.function is assign and node.arguments[0].kind == "home":
            home, _, value = node.arguments
            computed = isinstance(value, Node) and not isinstance(value, Input)  # a gradient left by hand is an input
            if computed and uses[value] == [node] and uses[home][0] is node and value not in results:
                moved[value] = [node]
                node.phase, node.code, node.place, node.op = value.phase, value.code, value.place, value.op
    late = {node for lines in moved.values() for node in lines}
    return [line for node in nodes if node not in late for line in (node, *moved.get(node, ()))]


def first_checks(nodes: list[Node]) -> list[Node]:
    """Checks of what the program is given, and what they need, come before anything that a wrong one would half do."""
    changing = [i for i, node in enumerate(nodes) if node.changes and not isinstance(node, Check)]
    start = changing[0] if changing else len(nodes)
    written = filled(nodes)
    early: set[Node] = set()  # lines of what is given alone, ...
    first: set[Node] = set()  # ... and those that come first
    for i, node in enumerate(nodes):
        if not all(x in early or _is_given(x) for x in node.operands):
            continue
        if not (node.changes or node.function is assign or node in written):
            early.add(node)
        elif isinstance(node, Check) and (i > start or not early.intersection(node.operands)):
            needed: list[Node] = [node]
            while needed:
                line = needed.pop()
                first.add(line)
                needed += early.intersection(line.operands)
    return [*(node for node in nodes if node in first), *(node for node in nodes if node not in first)]


def _is_given(node: Node) -> bool:
    """Whether it is an input, of which no line changes the array."""
    return node.kind in ("argument", *PLAIN) or (node.kind == "leaf" and node.of.flat is None)


def _key(x: Any) -> Any:
    """Equal for what is written equally: 1 and 1.0 and True are different."""
    if is_structure(x):
        return type(x), *((place, _key(part)) for place, part in parts(x))
    if isinstance(x, (bool, int, float, str, np.generic)):
        return (type(x), repr(x))
    try:
        hash(x)
    except TypeError:
        return ("object", id(x))
    return x

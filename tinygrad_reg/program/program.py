"""What a capture comes to: the lines that count, what the step returns, and what it leaves behind in Tensors."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..tensor import COMPILED, Tensor
from .capture import Capture
from .inside import attributes, holds
from .leaves import Leaf
from .node import Input, Node
from .recorded import Recorded, is_computed
from .refusals import refusal
from .sift import sift
from .structures import mapped


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
        self.nodes, self.results = sift(capture.nodes, self.results)
        used = {node for line in self.nodes for node in line.operands} | set(self.results)
        self.inputs = [x for x in capture.inputs if x in used]
        for leaf in capture.leaves.values():
            if leaf.is_new:
                continue
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
            leaf = self.capture.leaves.get(x)
            if leaf is not None and not leaf.is_new and x._data is leaf.array and isinstance(x._data.node, Input):
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
        changes = leaf.array.node is not leaf.input and isinstance(leaf.data, np.ndarray) and not leaf.is_new
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

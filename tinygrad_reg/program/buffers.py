"""Whose memory a line's result lies in, and which buffer it may have: one that nobody reads any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .callables import assign
from .node import Input, Node
from .program import Program
from .write import of_dtype


class Buffers:
    """Who owns the memory of each line's result, and the buffers, by their names."""

    def __init__(self, program: Program) -> None:
        self.owner: dict[Node, Node] = {node: node for node in program.inputs}
        last: dict[Node, int] = {}  # the last line that reads the memory of an owner
        for i, node in enumerate(program.nodes):
            self.owner[node] = self._owner_of(node)
            for x in node.operands:
                last[self.owner[x]] = i
        self.returned = {self.owner[node] for node in program.results}
        self._ending: dict[int, list[Node]] = {}  # by the line that reads them last
        for owner, i in last.items():
            if owner not in self.returned:
                self._ending.setdefault(i, []).append(owner)
        self._free: dict[Any, list[str]] = {}  # buffers that nobody reads any more, by layout
        self._held: dict[Node, tuple[list[str], str]] = {}  # those of owners, and where they come when they are free

    def _owner_of(self, node: Node) -> Node:
        """The line or input that owns the memory of a line's result: found by the values of the capture."""
        if node.function is assign:
            return node if node.changes else self.owner[node.arguments[0]]
        owner = node
        for x in node.operands if isinstance(node.value, np.ndarray) else ():
            if _is_view(node.value, x):
                return self.owner[x]
            if isinstance(x.value, (tuple, list)) and node.value.base is None:  # one of several results
                owner = self.owner[x]
        return owner

    def is_view(self, node: Node) -> bool:
        """Whether the memory of a line's result is another's."""
        return self.owner[node] is not node

    def take(self, node: Node, make: Callable[[], str]) -> str:
        """The name of an array that the line's result may be written into: one that is free, or that `make` makes."""
        free = self._free.setdefault(layout(node.value), [])
        name = free.pop() if free else make()
        self._held[node] = free, name
        return name

    def release(self, i: int) -> None:
        """Line number i has read what it reads: what no later line reads is free."""
        for owner in self._ending.get(i, ()):
            if owner in self._held:
                free, name = self._held.pop(owner)
                free.append(name)


def _is_view(value: np.ndarray, x: Node) -> bool:
    """Whether the array lies in the memory of what a line reads, or of what it stood for in the capture."""
    first = (x.first,) if isinstance(x, Input) else ()
    return any(isinstance(y, np.ndarray) and np.may_share_memory(y, value) for y in (x.value, *first, *x.twins))


def layout(value: Any) -> tuple[Any, ...]:
    """Shape, dtype and memory order."""
    return value.shape, value.dtype, value.strides


def allocation(value: np.ndarray) -> str:
    """An array of the shape, dtype and order of this one, as an expression."""
    order = sorted(range(value.ndim), key=lambda axis: (-abs(value.strides[axis]), axis))
    if order == list(range(value.ndim)) or value.flags.c_contiguous:
        return f"aligned({value.shape}, {of_dtype(value.dtype)})"
    back = tuple(sorted(range(value.ndim), key=order.__getitem__))
    return f"aligned({tuple(value.shape[axis] for axis in order)}, {of_dtype(value.dtype)}).transpose({back})"

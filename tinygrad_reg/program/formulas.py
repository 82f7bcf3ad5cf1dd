"""An optimizer's update as formulas: `m += (1 - 0.9) * g`, where its rule writes into working space that it is given.

What a rule computes in its working space is a value like any other here, so that a page can write it as an expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .callables import OPERATORS, PREFIX, assign
from .node import Input, Node, exchanged, nodes_in

_IN_PLACE = {one.ufunc: f"{one.sign}=" for one in OPERATORS.values() if one.sign in "+-*/" and one.level != PREFIX}


def as_values(nodes: Sequence[Node]) -> list[Node]:
    """The lines, with values for what is written into working space; the nodes that are given stay as they are."""
    spaces = _spaces(nodes)
    now: dict[Node, Node] = {}  # what a working space holds
    lines = []
    for node in nodes:
        is_same = now.keys().isdisjoint(nodes_in(node.arguments))
        line = node if is_same else node.but(arguments=exchanged(node.arguments, now))
        target = _only_out(node)
        if target in spaces:
            now[target] = _value(line, target)
            lines.append(now[target])
        elif target is not None and in_place(node) is None and _fits(node, target):
            value = _value(line, target)
            lines += [value, node.but(function=assign, arguments=(target, ..., value), options={})]
        else:
            lines.append(line)
    return lines


def in_place(node: Node) -> tuple[str, Node, Any] | None:
    """A line that changes an array by its own value, as sign, array, and what is added, subtracted or multiplied."""
    target = _only_out(node)
    if target is None or node.function not in _IN_PLACE:
        return None
    x, y = node.arguments
    if x is target:
        return _IN_PLACE[node.function], target, y
    if y is target and node.function in (np.add, np.multiply):
        return _IN_PLACE[node.function], target, x
    return None


def may_wait(node: Node, between: Sequence[Node], inlined: set[Node]) -> bool:
    """Whether a line gives the same after the lines `between`, which change arrays."""
    written = [_memory(_target(line)) for line in between if line.changes]
    read = _read(node, inlined)
    return None not in written and None not in read and set(read).isdisjoint(written)


def _spaces(nodes: Sequence[Node]) -> set[Node]:
    """Working space that is written before it is read, and in such a way that the same values come out without it."""
    spaces: set[Node] = set()
    used_otherwise: set[Node] = set()
    for node in nodes:
        target = _only_out(node)
        read = set(nodes_in(node.arguments if target is not None else (node.arguments, node.options)))
        is_formula = isinstance(node.function, np.ufunc) or node.function is assign
        used_otherwise |= read - spaces if is_formula and (target is not None or not node.options) else read
        if _is_space(target):
            (spaces if _fits(node, target) else used_otherwise).add(target)
    return spaces - used_otherwise


def _is_space(x: Any) -> bool:
    return isinstance(x, Node) and x.kind == "flat" and x.of.is_space


def _fits(node: Node, target: Node) -> bool:
    """Whether the ufunc gives an array of this dtype and shape by itself."""
    values = [x.value if isinstance(x, Node) else x for x in node.arguments]
    kinds = [type(x) if type(x) in (int, float) else np.asarray(x).dtype for x in values]
    made = node.function.resolve_dtypes((*kinds, None))[-1]
    return bool(made == target.value.dtype and np.broadcast_shapes(*map(np.shape, values)) == target.value.shape)


def _only_out(node: Node) -> Any:
    """The array that a ufunc writes into, where that is its only option."""
    return node.options.get("out") if isinstance(node.function, np.ufunc) and len(node.options) == 1 else None


def _value(line: Node, target: Node) -> Node:
    """What a line computes, without the array that it is written into."""
    return line.but(options={}, value=target.value, changes=False, op="change")


def _target(node: Node) -> Any:
    return node.arguments[0] if node.function is assign else node.options.get("out")


def _read(node: Any, inlined: set[Node]) -> list[Any]:
    """The memory that an expression reads."""
    found = []
    for x in node.operands:
        found += _read(x, inlined) if x in inlined else [_memory(x)]
    return found


def _memory(node: Any) -> Any:
    """What of an optimizer a line or an input lies in, or what else; None where that is not known."""
    if isinstance(node, Input):
        if node.kind == "flat":
            return id(node.of.flat), node.of.name
        if node.kind in ("leaf", "home") and node.of.flat is not None:
            return id(node.of.flat), "w" if node.kind == "leaf" else "g"
        return node
    return node if isinstance(getattr(node, "function", None), np.ufunc) else None

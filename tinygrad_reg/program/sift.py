"""The lines of a capture that count: those that something needs, equal ones once, each where it is best computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .callables import assign, held_over
from .node import PLAIN, Check, Input, Node, filled
from .origins import line_of
from .refusals import refusal
from .structures import is_structure, parts


def sift(nodes: Sequence[Node], results: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The lines, in their order, and the results: some of these are now other, equal lines."""
    kept, instead = _once(_needed(nodes, results))
    results = [instead.get(node, node) for node in results]
    kept = _checked_first(_settled(kept, results))
    _refuse_held_over(kept, results)
    return kept, results


def _needed(nodes: Sequence[Node], results: Sequence[Node]) -> list[Node]:
    """The lines that change something, and what they and the results are computed from."""
    needed = set(results)
    found = []
    for node in reversed(nodes):
        if node.changes or node in needed:
            needed.update(node.operands)
            found.append(node)
    return found[::-1]


def _once(nodes: Sequence[Node]) -> tuple[list[Node], dict[Node, Node]]:
    """The lines but those that are equal to one before, and the lines in whose places these stand."""
    written = filled(nodes)
    same: dict[Any, Node] = {}
    instead: dict[Node, Node] = {}
    kept = []
    for node in nodes:
        node.exchange(instead)
        if isinstance(node, Check):
            pass
        elif node.changes:
            if node.value is None:  # it draws no random numbers, so it writes
                same.clear()  # what was computed from the arrays that it changes
        elif node.function is not assign and node not in written:
            twin = same.setdefault(_key((node.function, node.arguments, node.options)), node)
            if twin is not node:
                instead[node] = twin
                twin.twins += (node.value, *node.twins)
                twin.name = twin.name or node.name
                continue
        kept.append(node)
    return kept, instead


def _settled(nodes: Sequence[Node], results: Sequence[Node]) -> list[Node]:
    """Each gradient goes to its place in the optimizer's array as soon as it is known."""
    uses: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.operands:
            uses.setdefault(x, []).append(node)
    moves: dict[Node, Node] = {}
    for node in nodes:
        if node.function is assign and node.arguments[0].kind == "home":
            home, _, value = node.arguments
            computed = isinstance(value, Node) and not isinstance(value, Input)  # a gradient left by hand is an input
            if computed and uses[value] == [node] and uses[home][0] is node and value not in results:
                moves[value] = node
                node.phase, node.code, node.place, node.op = value.phase, value.code, value.place, value.op
    late = set(moves.values())
    return [line for node in nodes if node not in late for line in (node, moves.get(node)) if line is not None]


def _checked_first(nodes: Sequence[Node]) -> list[Node]:
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


def _refuse_held_over(nodes: Sequence[Node], results: Sequence[Node]) -> None:
    """Refuse to read what has been written into since the step got it, by an optimizer perhaps."""
    for node in nodes:
        if node.function is not held_over:
            continue
        reader = next((line for line in nodes if node in line.operands), node if node in results else None)
        if reader is not None:
            what = "it reads the array of a parameter that it got before opt.step(), or before w.data -= ..., moved it"
            raise refusal(what, "Write w.data.copy() for the old values, or w.data anew", line_of(reader))


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

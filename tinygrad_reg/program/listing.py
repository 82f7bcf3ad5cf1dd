"""fast.source: the program as a student would write it, with the user's names, and the user's lines as comments."""

from __future__ import annotations

import linecache
import operator
import os
from typing import Any

import numpy as np

from .. import source as places
from .formulas import as_values, in_place, may_wait
from .node import OPERATORS, Check, Input, Node, assign, is_filled, transposed
from .program import Program
from .write import Namespace, Writer, constant_text

_WIDE = {"update": 80}  # a part of an expression that is longer has a line of its own
_NOTES = {"flat": "of the optimizer, changed in place", "rate": "learning rate", "clock": "number of this step"}
_TITLES = {"forward": "forward", "backward": "backward", "clip": "gradient clipping", "update": "update",
    "after": "then"}  # fmt: skip


class Listing:
    """The text of a program, and the names of its inputs."""

    def __init__(self, program: Program, name: str) -> None:
        self.program = program
        self.names = Namespace(set())
        self.named: dict[Node, str] = {}
        self.filled = {node.arguments[0]: node for node in program.nodes if node.function is assign}
        self.filled = {made: line for made, line in self.filled.items() if not isinstance(made, Input)}
        self.uses: dict[Node, list[int]] = {}
        self.lines = as_values([node for node in program.nodes if not isinstance(node, Check)])
        for i, node in enumerate(self.lines):
            for x in node.operands:
                self.uses.setdefault(x, []).append(i)
        self.is_updated_by_hand = bool(program.new_data) and all(node.phase != "update" for node in self.lines)
        self.inlined: set[Node] = set()
        for node in program.inputs:
            self.name(node)
        self.writer = Page(self.names, lambda node: None if node in self.inlined else self.name(node))
        self._inline()
        self.views: list[str] = []
        self.arguments = self._arguments()
        self.checks = [self._check(node) for node in program.nodes if isinstance(node, Check)]
        self.views.sort(key=lambda view: "empty_like" not in view)  # the arrays before their parts
        body = self._body()
        imports = ["import numpy as np"]
        if any("tg." in line for line in body if "    # " not in line):
            imports.append("import tinygrad_reg as tg")
        self.text = "\n".join([*imports, "", "", *self._head(name), *body, *self._return(), ""])
        del self.writer  # it refers to this listing, and so would keep all that the program knows

    def name(self, node: Node) -> str:
        """What a line's result, or an input, is called: as in the user's code, or after the op."""
        if node not in self.named:
            if _is_written_out(node):
                text: Any = constant_text(node.of)  # type: ignore[attr-defined]
                self.named[node] = text.replace(", np.float64)", ")")  # NumPy's own choice
            elif node.function is assign and node.arguments[0] in self.named:
                self.named[node] = self.named[node.arguments[0]]
            elif node in self.filled:  # named after what it becomes
                self.named[node] = self.name(self.filled[node])
            else:
                self.named[node] = self.names.fresh(
                    node.name or (f"d_{node.op}" if node.phase == "backward" and node.op else node.op) or "v"
                )
        return self.named[node]

    def _inline(self) -> None:
        """What is used once, has no name of its own and stands in the same user's line is part of an expression."""
        nodes, results = self.lines, set(self.program.results)
        changed = np.cumsum([node.changes or node.function is assign for node in nodes]).tolist()
        for i, node in enumerate(nodes):
            uses = self.uses.get(node, [])
            if node.changes or node.function is assign or node in results or node in self.filled or len(uses) != 1:
                continue
            user = nodes[uses[0]]
            if isinstance(node.value, (tuple, list)):
                continue
            if changed[uses[0] - 1] != changed[i] and not (
                node.phase == "update" and may_wait(node, nodes[i + 1 : uses[0]], self.inlined)
            ):
                continue
            into_place = user.function is assign and isinstance(user.arguments[0], Input) and uses[0] == i + 1
            is_named = node.name and node.name != user.name
            if (is_named or is_filled(node)) and not into_place:
                continue
            same_line = (node.code, node.phase) == (user.code, user.phase)
            if same_line or into_place or _is_turned(node):
                self.inlined.add(node)
                if len(self.writer.expression(node)[0]) > _WIDE.get(node.phase, 58):
                    self.inlined.discard(node)

    # ---- inputs

    def _arguments(self) -> list[Input]:
        """The inputs of the function; parameters that an optimizer moves are views of its array."""
        arguments, seen = [], set()
        for node in self.program.inputs:
            name = self.named[node]
            if node.kind == "leaf" and node.of.flat is not None:
                whole = self._whole(node.of.flat, "w")
                self.views.append(self._view(name, whole, node.of))
            elif node.kind == "home":
                whole = self._whole(node.of.flat, "g")
                self.views.append(self._view(name, whole, node.of))
            elif node.kind == "flat" and node.of[1] not in ("w", *node.of[4]):
                if node in self.uses or node.of[1] == "g":
                    self.views.append(f"{name} = np.empty_like({self._whole(node.of[0], 'w')[0]})")
            elif _is_written_out(node):
                pass
            elif node not in seen:
                seen.add(node)
                arguments.append(node)
        order = {"argument": 0, "leaf": 1, "gradient": 2, "flat": 3, "rate": 4, "clock": 5, "constant": 6}
        return sorted(arguments, key=lambda node: order[node.kind])

    def _whole(self, flat: Any, name: str) -> tuple[str, int]:
        for node in self.program.inputs:
            if node.kind == "flat" and node.of[0] is flat and node.of[1] == name:
                return self.named[node], node.of[3].start
        raise AssertionError(name)

    def _view(self, name: str, whole: tuple[str, int], leaf: Any) -> str:
        start, shape = whole[1], leaf.data.shape
        view = f"{whole[0]}[{leaf.place.start - start}:{leaf.place.stop - start}]"
        return f"{name} = {view}" + (f".reshape({', '.join(map(str, shape))})" if len(shape) != 1 else "")

    def _head(self, name: str) -> list[str]:
        listed = [self.named[node] for node in self.arguments]
        listed += list(self.names.given)
        head = [f"def {name}({', '.join(listed)}):"]
        for node in self.arguments:
            notes = [*_described(node), *([_NOTES[node.kind]] if node.kind in _NOTES else [])]
            head.append(f"    # {self.named[node]}: {', '.join(notes)}")
        head += [f"    # {name}: {type(thing).__name__}, given" for name, thing in self.names.given.items()]
        head += [f"    # checked at each call: {check}" for check in self.checks]
        if self.views:
            head += ["", *(f"    {view}" for view in self.views)]
        return head

    # ---- lines

    def _body(self) -> list[str]:
        lines: list[str] = []
        phase, place = "", ""
        for node in self.lines:
            if node in self.inlined:
                continue
            if node.phase != phase:
                phase, place = node.phase, ""
                title = "update" if phase == "after" and self.is_updated_by_hand else _TITLES[phase]
                lines += ["", f"    # ---- {title}"]
            here = self._place(node)
            if here != place and here:
                place = here
                lines.append(f"    # {here}")
            lines += [f"    {line}" for line in self._line(node)]
        return lines

    def _check(self, node: Node) -> str:
        """A check is told of, and left to the program that runs: it is no part of what is derived."""
        return f"{node.function.__name__}({self.writer.listed(node.arguments, {})})"

    def _place(self, node: Node) -> str:
        if node.code is None:
            return ""
        line = places._span(node.code, node.place)[0]
        text = linecache.getline(node.code.co_filename, line).strip()
        where = f"{os.path.basename(node.code.co_filename)}:{line}"
        return f"{where}  {text}" if text else where

    def _line(self, node: Node) -> list[str]:
        if node.function is assign:
            target, index, value = node.arguments
            self.name(node)
            return [f"{self.writer.text(target)}[{self.writer.index(index)}] = {self.writer.text(value)}"]
        if (change := in_place(node)) is not None:
            sign, target, by = change
            return [f"{self.writer.text(target)} {sign} {self.writer.text(by)}"]
        text = self.writer.expression(node)[0]
        return [text if node.changes and not _draws(node) else f"{self.name(node)} = {text}"]

    def _return(self) -> list[str]:
        listed = [self.writer.text(node) for node in self.program.results]
        left = len(self.program.new_data) + len(self.program.new_grad)
        note = ["    # what the step returns, and what it leaves in Tensors"] if 0 < left < len(listed) else []
        return [*note, f"    return {', '.join(listed) or 'None'}"]


def _is_written_out(node: Node) -> bool:
    """An array that no variable names, such as np.arange(3)."""
    return (
        isinstance(node, Input) and node.kind == "constant" and node.name == "constant" and bool(constant_text(node.of))
    )


def _is_turned(node: Node) -> bool:
    """x.T or x[..., None]: as short as a name."""
    if node.function is operator.getitem and isinstance(node.arguments[1], tuple):
        return all(part is None or part is Ellipsis for part in node.arguments[1])
    return node.function is transposed


def _described(node: Node) -> list[str]:
    """The dtype and shape of an input, where it is an array or a number."""
    value = np.asarray(node.value)
    if value.dtype == object:
        return []
    return [f"{value.dtype} {value.shape}" if value.shape else f"{value.dtype}"]


def _draws(node: Node) -> bool:
    return node.changes and node.value is not None


class Page(Writer):
    """Expressions for people."""

    def literal(self, x: Any) -> tuple[str, int]:
        """A value that is no node; 0.09999999999999998 is 1 - 0.9."""
        if type(x) is float and 0 < x < 1 and len(repr(x)) > 12:
            y = round(1 - x, 6)
            if 1 - y == x:
                return f"1 - {y}", OPERATORS[operator.sub].level
        return super().literal(x)

"""fast.source: the program as a student would write it, with the user's names, and the user's lines as comments."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .callables import OPERATORS, assign, transposed
from .formulas import as_values, in_place, may_wait
from .node import Check, Input, Node, filled, is_filled
from .origins import line_of
from .program import Program
from .write import Namespace, Writer, described, of_dtype, shortest

_WIDEST = {"update": 80}  # a part of an expression that is longer than this, or 58, has a line of its own
_NOTES = {"argument": "", "leaf": "", "gradient": "", "flat": "of the optimizer, changed in place",
    "rate": "learning rate", "clock": "number of this step", "variable": "", "constant": ""}  # fmt: skip
_TITLES = {"forward": "forward", "backward": "backward", "clip": "gradient clipping", "update": "update",
    "after": "then"}  # fmt: skip


class Listing:
    """The text of a program, and the names of its inputs."""

    def __init__(self, program: Program, name: str) -> None:
        self.program = program
        self.names = Namespace(set())
        self.named: dict[Node, str] = {}
        self._moved = [*program.in_place, *program.new_data]
        self._becomes = {x: line for x, line in filled(program.nodes).items() if not isinstance(x, Input)}
        self._lines = as_values([node for node in program.nodes if not isinstance(node, Check)])
        self._uses: dict[Node, list[int]] = {}
        for i, node in enumerate(self._lines):
            for x in node.operands:
                self._uses.setdefault(x, []).append(i)
        self._inside: set[Node] = set()  # lines that are part of the expression of another
        for node in program.inputs:
            self._name(node)
        self._writer = Page(self.names, lambda node: None if node in self._inside else self._name(node))
        self._put_inside()
        self.arguments, views = self._arguments()
        checks = [self._check(node) for node in program.nodes if isinstance(node, Check) and node.phase != "update"]
        body = self._body()
        head = self._head(name, views, checks)
        imports = ["import numpy as np"]
        if any("tg." in line for line in body if "    # " not in line):
            imports.append("import tinygrad_reg as tg")
        self.text = "\n".join([*imports, "", "", *head, *body, *self._return(), ""])
        del self._writer  # it refers to this listing, and so would keep all that the program knows

    def _name(self, node: Node) -> str:
        """What a line's result, or an input, is called: as in the user's code, or after the op."""
        if node not in self.named:
            if (text := _written_out(node)) is not None:
                self.named[node] = text
            elif node.function is assign and node.arguments[0] in self.named:
                self.named[node] = self.named[node.arguments[0]]
            elif node in self._becomes:
                self.named[node] = self._name(self._becomes[node])
            else:
                of_op = f"d_{node.op}" if node.phase == "backward" and node.op else node.op
                is_named = node.name or (of_op and not self._is_within_op(node))
                self.named[node] = self.names.fresh((node.name or of_op) if is_named else "v")
        return self.named[node]

    def _is_within_op(self, node: Node) -> bool:
        """Whether only the op that it is a part of goes on with it: the op's name is that of its result."""
        users = [self._lines[i] for i in self._uses.get(node, [])]
        forward = [user for user in users if user.phase == node.phase]
        return bool(forward) and all(
            (user.op, user.code, user.place) == (node.op, node.code, node.place) for user in forward
        )

    # ---- expressions

    def _put_inside(self) -> None:
        """What is used once, has no name of its own and comes of the same function is part of an expression."""
        writes = np.cumsum([node.changes or node.function is assign for node in self._lines]).tolist()
        for i, node in enumerate(self._lines):
            uses = self._uses.get(node, [])
            if len(uses) != 1 or not self._is_mere_value(node):
                continue
            (use,) = uses
            between = self._lines[i + 1 : use]
            if writes[use - 1] != writes[i] and not (node.phase == "update" and may_wait(node, between, self._inside)):
                continue
            if _belongs_to(node, self._lines[use], not between):
                self._inside.add(node)
                if len(self._writer.expression(node)[0]) > _WIDEST.get(node.phase, 58):
                    self._inside.discard(node)

    def _is_mere_value(self, node: Node) -> bool:
        kept = node.changes or node.function is assign or node in self._becomes or node in self.program.results
        return not kept and not isinstance(node.value, (tuple, list))

    # ---- inputs

    def _arguments(self) -> tuple[list[Input], list[str]]:
        """The inputs of the function, and lines for what lies in its arrays: parameters that an optimizer moves."""
        arguments, arrays, views = [], [], []
        for node in self.program.inputs:
            is_made = node.kind == "flat" and (node.of.name == "g" or node.of.is_space)
            if is_made and (node.of.name == "g" or node in self._uses):
                arrays.append(f"{self.named[node]} = {self._made(node)}")
            elif (view := self._view(node)) is not None:
                views.append(f"{self.named[node]} = {view}")
            elif not is_made and _written_out(node) is None:
                arguments.append(node)
        return sorted(arguments, key=lambda node: list(_NOTES).index(node.kind)), arrays + views

    def _whole(self, name: str, of: Any) -> Input | None:
        """The optimizer's array in which a parameter, or another array, has its place; None where no rule uses it."""
        for node in self.program.inputs:
            if node.kind == "flat" and (node.of.flat, node.of.name) == (of.flat, name):
                start, stop = node.of.place.start, node.of.place.stop  # parameters with one clock lie side by side
                if start <= of.place.start and of.place.stop <= stop:
                    return node
        return None

    def _made(self, node: Input) -> str:
        """An array that the function makes: of gradients, or to work in."""
        whole = self._whole("w", node.of)
        return f"np.empty_like({self.named[whole]})" if whole is not None else _empty(node.value)

    def _view(self, node: Input) -> str | None:
        """The part of the optimizer's array that belongs to a parameter, or to its gradient."""
        if node.kind not in ("leaf", "home") or node.of.flat is None:
            return None
        whole = self._whole("w" if node.kind == "leaf" else "g", node.of)
        if whole is None:
            return _empty(node.value) if node.kind == "home" else None
        start, place, shape = whole.of.place.start, node.of.place, node.of.data.shape
        reshape = f".reshape({', '.join(map(str, shape))})" if len(shape) != 1 else ""
        return f"{self.named[whole]}[{place.start - start}:{place.stop - start}]{reshape}"

    def _check(self, node: Node) -> str:
        """A check is told of, and left to the program that runs: it is no part of what is derived."""
        return f"{node.function.__name__}({self._writer.listed(node.arguments, {})})"

    # ---- lines

    def _head(self, name: str, views: list[str], checks: list[str]) -> list[str]:
        listed = [*(self.named[node] for node in self.arguments), *self.names.given]
        notes = {node: _NOTES[node.kind] and f", {_NOTES[node.kind]}" for node in self.arguments}
        lines = [f"# {self.named[node]}: {described(node.value)}{note}" for node, note in notes.items()]
        lines += [f"# {name}: {described(thing)}, given" for name, thing in self.names.given.items()]
        lines += [f"# checked at each call: {check}" for check in checks]
        if views:
            lines += ["", *views]
        return [f"def {name}({', '.join(listed)}):", *(line and f"    {line}" for line in lines)]

    def _body(self) -> list[str]:
        by_hand = self._moved and all(node.phase != "update" for node in self._lines)
        titles = {**_TITLES, "after": "update"} if by_hand else _TITLES
        lines: list[str] = []
        phase, place = "", ""
        for node in self._lines:
            if node in self._inside:
                continue
            if node.phase != phase:
                phase, place = node.phase, ""
                lines += ["", f"    # ---- {titles[phase]}"]
            here = _place(node)
            if here and here != place:
                place = here
                lines.append(f"    # {here}")
            lines.append(f"    {self._line(node)}")
        return lines

    def _line(self, node: Node) -> str:
        if node.function is assign:
            target, index, value = node.arguments
            self._name(node)
            return f"{self._writer.text(target)}[{self._writer.index(index)}] = {self._writer.text(value)}"
        if (change := in_place(node)) is not None:
            sign, target, by = change
            return f"{self._writer.text(target)} {sign} {self._writer.text(by)}"
        text = self._writer.expression(node)[0]
        return text if node.changes and node.value is None else f"{self._name(node)} = {text}"

    def _return(self) -> list[str]:
        listed = [self._writer.text(node) for node in self.program.results]
        left = len(self._moved) + len(self.program.new_grad)
        note = ["    # what the step returns, and what it leaves in Tensors"] if 0 < left < len(listed) else []
        return [*note, f"    return {', '.join(listed) or 'None'}"]


def _empty(value: np.ndarray) -> str:
    return f"np.empty({value.shape}, {of_dtype(value.dtype)})"


def _belongs_to(node: Node, user: Node, is_next: bool) -> bool:
    """Whether a line that `user` alone reads is written inside it."""
    if user.function is assign and isinstance(user.arguments[0], Input) and is_next:
        return True
    if (node.name and node.name != user.name) or is_filled(node):
        return False
    return (node.code, node.phase) == (user.code, user.phase) or _is_turned(node)


def _is_turned(node: Node) -> bool:
    """x.T or x[..., None]: as short as a name."""
    if node.function is operator.getitem and isinstance(node.arguments[1], tuple):
        return all(part is None or part is Ellipsis for part in node.arguments[1])
    return node.function is transposed


def _place(node: Node) -> str:
    """The user's line."""
    place = line_of(node)
    return f"{place}  {place.code}".rstrip() if place is not None else ""


def _written_out(node: Node) -> str | None:
    """An array that no variable names, where it is shorter to write than to give: np.arange(3)."""
    array = node.of
    if node.kind != "constant" or not isinstance(array, np.ndarray) or not array.size:
        return None
    kind = of_dtype(array.dtype)
    if not array.ndim:
        return f"{kind}({shortest(array[()])})" if array.dtype.kind in "fi" else None
    shape, first = array.shape if array.ndim > 1 else len(array), array.flat[0]
    if array.ndim == 1 and array.dtype == np.intp and np.array_equal(array, np.arange(len(array))):
        return f"np.arange({shape})"
    if array.dtype.kind != "f" or not array.flags.c_contiguous or not np.all(array == first):
        return None
    dtype = "" if array.dtype == np.float64 else f", {kind}"  # NumPy's own choice
    return f"np.ones({shape}{dtype})" if first == 1 else f"np.full({shape}, {shortest(first)}{dtype})"


class Page(Writer):
    """Expressions for people."""

    def literal(self, x: Any) -> tuple[str, int]:
        """A value that is no node; 0.09999999999999998 is 1 - 0.9."""
        if type(x) is float and 0 < x < 1 and len(repr(x)) > 12:
            y = round(1 - x, 6)
            if 1 - y == x:
                return f"1 - {y}", OPERATORS[operator.sub].level
        return super().literal(x)

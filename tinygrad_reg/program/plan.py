"""fast.planned_source: the same lines over buffers that are allocated once. This is what runs.

Every array that a call makes and drops again gets a buffer. A buffer is free again after the last line that reads it,
or a view of it, so that a step needs little more memory than it uses at its widest. Views of arrays that stay where
they are, of parameters, constants and buffers, are made once as well. What a call returns is allocated in the call.
x.dot(y, out) is x @ y into a buffer.
"""

from __future__ import annotations

import itertools
import operator
import re
from typing import Any

import numpy as np

from .buffers import Buffers, allocation, layout
from .callables import Method, assign, reduced
from .draft import UFUNCS, Draft
from .floats import in_floats, two_ways
from .kernels import has_short_rows, is_dot, is_dot_of_rows, is_elementwise, takes_out, ufunc_of
from .node import Input, Node, filled, is_filled
from .program import Program
from .write import described, function_text, of_dtype


class Plan(Draft):
    """The text that runs, what it is given once, and the order in which it is given the rest at each call."""

    def __init__(self, program: Program) -> None:
        self.program = program
        super().__init__()
        self.given: dict[str, Any] = {}  # name -> array, once
        self.arguments: list[Input] = []  # at each call, in order
        self._buffers = Buffers(program)
        self._take_inputs()
        self._folded = folded(program)
        self._homes = self._find_homes()
        self.starts: list[int] = []  # the first line of each node
        for i, node in enumerate(program.nodes):
            self.starts.append(len(self._lines))
            self._line(i, node)
            self._buffers.release(i)
        self._copy_results()
        self.results = [self._named[node] for node in program.results]
        floats = in_floats(program, self.names, self._named.__getitem__, self._folded)
        self.is_of_floats = bool(floats)
        self.text = self._text(floats)

    def _take_inputs(self) -> None:
        for node in self.program.inputs:
            name = self._named[node] = self.names.fresh(node.name)
            if node.stays:
                self._fixed.add(node)
                self.given[name] = node.array
            else:
                self.arguments.append(node)
        self.arguments.sort(key=lambda node: node.kind != "argument")

    def _find_homes(self) -> dict[Node, Input]:
        """Gradients that can be computed in their place among the optimizer's: written to it next, and only there."""
        nodes, found = self.program.nodes, {}
        last = {self._buffers.owner[x]: i for i, node in enumerate(nodes) for x in node.operands}
        for i, (value, node) in enumerate(itertools.pairwise(nodes)):
            if node.function is not assign:
                continue
            home, index, assigned = node.arguments
            if not isinstance(home, Input) or index is not Ellipsis or assigned is not value:
                continue
            is_written = takes_out(value) and not is_filled(value) and not self._buffers.is_view(value)
            owner = self._buffers.owner[value]
            is_kept = owner in self._buffers.returned or last.get(owner, i) > self._written_again(home, i + 2)
            if is_written and not is_kept and layout(value.value) == layout(home.value):
                found[value] = home
        return found

    def _written_again(self, home: Input, start: int) -> int:
        """The next line, from `start` on, that writes into the place of a gradient, or into all of them."""
        for i, node in enumerate(self.program.nodes[start:], start):
            if node.function is assign:
                target = node.arguments[0]
                if target is home or (target.kind == "flat" and target.of.name == "g"):
                    return i
        return len(self.program.nodes)

    # ---- a line

    def _line(self, i: int, node: Node) -> None:
        """Write down what is computed at each call, or make it once."""
        is_view = self._buffers.is_view(node)
        if node in self._homes:  # its result goes straight to its place in the optimizer's array
            self._write_into(node, self._named[self._homes[node]])
        elif node.function is assign:
            self._assign(node)
        elif node.changes and node.value is None:
            self._note_labels(node)
            self._lines.append(self._writer.expression(self._call(node))[0])
        elif node in self._folded or (is_view and self._fixed.issuperset(node.operands)):
            self._named[node] = self._make_once(node.name or node.op or "v", self._writer.expression(node)[0])
            self._fixed.add(node)
        elif node.function is operator.getitem and node not in self._buffers.returned and self._places(*node.arguments):
            x, places = node.arguments[0], self._places(*node.arguments)
            self._named[node] = buffer = self._buffers.take(node, lambda: self._new_buffer(node.value))
            self._fixed.add(node)
            self._lines.append(f'{self._flat(x)}.take({places}, None, {buffer}, "clip")')
        elif is_view or node in self._buffers.returned or not takes_out(node):
            self._named[node] = self.names.fresh(node.name or node.op or "v")
            self._lines.append(f"{self._named[node]} = {self._plain(node)}")
        else:
            if is_elementwise(ufunc_of(node)):
                self._buffers.release(i)  # the result may overwrite an operand that is not read any more
            self._write_into(node, self._buffers.take(node, lambda: self._new_buffer(node.value)))

    def _new_buffer(self, value: np.ndarray) -> str:
        return self._make_once(f"buffer_{len(self._once)}", allocation(value))

    def _assign(self, node: Node) -> None:
        target, index, value = node.arguments
        self._named[node] = self._named[target]
        if target in self._fixed:
            self._fixed.add(node)
        places = self._places(target, index)
        if places and not isinstance(value, Node):
            self._lines.append(f"{self._flat(target)}[{places}] = {self._writer.text(value)}")
        elif not (isinstance(value, Node) and self._homes.get(value) is target):
            self._lines.append(f"{self._named[target]}[{self._writer.index(index)}] = {self._writer.text(value)}")

    def _write_into(self, node: Node, buffer: str) -> None:
        """A line whose result goes into an array that is there."""
        self._named[node] = buffer
        self._fixed.add(node)
        self._lines.append(self._into(node, buffer))

    def _into(self, node: Node, buffer: str) -> str:
        if is_filled(node):
            fill = {np.zeros: "0", np.ones: "1"}.get(node.function)
            return f"{buffer}.fill({fill})" if fill else f"# {buffer} is filled below"
        if node.function == Method("astype"):
            return f'np.copyto({buffer}, {self._writer.text(node.arguments[0])}, casting="unsafe")'
        if is_dot(node):
            x, y = map(self._writer.text, node.arguments)
            return f"{x}.dot({y}, {buffer})"
        call = self._call(node)
        function = self._writer.function(call.function)
        if has_short_rows(node):
            x = node.arguments[0]
            columns = self._make_once("columns", f"aligned({x.value.shape[::-1]}, {of_dtype(x.value.dtype)})")
            out = self._make_once("in_one_row", f"{buffer}.reshape(-1)")
            self._lines.append(f"np.copyto({columns}, {self._writer.text(x)}.T)")
            return f"{function}({columns}, axis=0, out={out})"
        return f"{function}({self._writer.listed(call.arguments, call.options)}, out={buffer})"

    def _plain(self, node: Node) -> str:
        """A line whose result NumPy allocates."""
        rows = is_dot_of_rows(node) and self._fixed.issuperset(node.arguments)
        if rows or is_dot(node):
            x, y = map(self._flat if rows else self._writer.text, node.arguments)
            return f"{x}.dot({y})"
        if reduced(ufunc_of(node)) is None:
            return self._writer.expression(node)[0]
        call = self._call(node)  # past the method .sum(), which is Python in NumPy
        return f"{self._writer.function(call.function)}({self._writer.listed(call.arguments, call.options)})"

    def _copy_results(self) -> None:
        """What is returned must not be overwritten by a later call."""
        results = self.program.results
        for position, node in enumerate(results):
            owner = self._buffers.owner[node]
            is_shared = owner is not node and (isinstance(owner, Input) or owner in self._fixed)
            if isinstance(node, Input) or (is_shared and isinstance(node.value, np.ndarray)):
                copy = results[position] = Node(np.array, (node,))
                copy.value = node.value
                self._named[copy] = self.names.fresh(f"{self._named[node]}_copy")
                self._lines.append(f"{self._named[copy]} = np.array({self._named[node]})")

    # ---- all of them

    def _text(self, floats: list[str]) -> str:
        self.given.update(self.names.given)
        imports = ["import numpy as np"]
        if any("tg." in line for line in [*self._once, *self._lines]):
            imports.append("import tinygrad_reg as tg")
        if any("aligned(" in line for line in self._once):
            imports.append("from tinygrad_reg.memory import aligned")
        imports += self._shorten()
        self._lines.append(f"return ({', '.join(self.results)}{',' if len(self.results) == 1 else ''})")
        arguments = [self._named[node] for node in self.arguments]
        functions = (
            two_ways(arguments, self._lines, floats) if floats else function_text("step", arguments, self._lines)
        )
        given = [f"# {name}: {described(value)}, given" for name, value in self.given.items()]
        return "\n".join([*imports, "", *given, *self._once, *functions, ""])

    def _shorten(self) -> list[str]:
        """Call NumPy's functions by names of their own: to look one up in np takes a tenth of a small call."""
        functions: dict[str, str] = {}

        def name(match: re.Match[str]) -> str:
            function, reduction = match.groups()
            if function not in UFUNCS:
                return match[0]
            functions[f"{function}{reduction and '_reduce'}"] = f"np.{function}{reduction}"
            return f"{function}{reduction and '_reduce'}("

        self._lines = [re.sub(r"\bnp\.(\w+)(|\.reduce)\(", name, line) for line in self._lines]
        return [f"{short} = {long}" for short, long in sorted(functions.items())]


def folded(program: Program) -> set[Node]:
    """Lines that depend on no input: the 1 that a way back starts with, and what is made of it alone."""
    # What is returned is made anew at each call, and what is made of it after it.
    apart = filled(program.nodes).keys() | program.results
    found: set[Node] = set()
    for node in program.nodes:
        if node.changes or node.function is assign or node in apart or isinstance(node.value, (tuple, list)):
            continue
        starts = isinstance(node.function, type) or node.function is np.ones
        if found.issuperset(node.operands) and (node.operands or starts):
            found.add(node)
    return found

"""fast.planned_source: the same lines over buffers that are allocated once. This is what runs.

Every array that a call makes and drops again gets a buffer. A buffer is free again after the last line that reads it,
or a view of it, so that a step needs little more memory than it uses at its widest. Views of arrays that stay where
they are, of parameters, constants and buffers, are made once as well. What a call returns is allocated in the call.
x.dot(y, out) is x @ y into a buffer.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .floats import in_floats
from .kernels import Number, call_of, has_short_rows, is_dot, is_elementwise, takes_out, ufunc_of
from .lines import Origins
from .node import Input, Method, Node, assign, is_filled
from .program import Program
from .write import Namespace, Writer

_UFUNCS = {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
_STAYS = ("flat", "home", "constant")  # inputs whose arrays are the same at every call


class Plan:
    """The text that runs, what it is given once, and the order in which it is given the rest at each call."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Namespace({"in_arrays", "in_floats", *_UFUNCS, *(f"{name}_reduce" for name in _UFUNCS)})
        self.given: dict[str, Any] = {}  # name -> array, once
        self.arguments: list[Input] = []  # at each call, in order
        self.named: dict[Node, str] = {}
        self.fixed: set[Node] = set()  # whose array is at the same place in every call
        self.numbers: dict[Any, Node] = {}
        self.once: list[str] = []
        self.lines: list[str] = []
        self.writer = Writer(self.names, self.named.__getitem__)
        self._take_inputs()
        self._bases()
        self._fold()
        self._emit()
        self.given.update(self.names.given)
        imports = ["import numpy as np"]
        if any("tg." in line for line in self.lines):
            imports.append("import tinygrad_reg as tg")
        imports += self._shorten()
        returned = ", ".join(self.named[node] for node in program.results)
        self.lines.append(f"return ({returned}{',' if len(program.results) == 1 else ''})")
        floats = in_floats(program, self.names, self.named.__getitem__, self.folded)
        self.text = "\n".join(
            [
                *imports,
                "",
                *(f"# {name}: {_shown(value)}, given" for name, value in self.given.items()),
                *self.once,
                *(self._function("step", self.lines) if not floats else self._two_ways(floats)),
                "",
            ]
        )

    def _function(self, name: str, lines: list[str], *bound: str) -> list[str]:
        listed = ", ".join([*(self.named[node] for node in self.arguments), *bound])
        return ["", "", f"def {name}({listed}):", *(f"    {line}" for line in lines)]

    def _two_ways(self, floats: list[str]) -> list[str]:
        """Single numbers: with Python's floats, unless NumPy has inf or nan where Python raises an error."""
        names = [self.named[node] for node in self.arguments]
        listed = ", ".join(names)
        lines = [
            f"if {' and '.join(f'type({name}) is np.float64' for name in names) or 'True'}:",
            "    try:",
            f"        return in_floats({', '.join(f'float({name})' for name in names)})",
            "    except (ZeroDivisionError, OverflowError):",
            "        pass",
            f"return in_arrays({listed})",
        ]
        arrays, quick = self._function("in_arrays", self.lines), self._function("in_floats", floats)
        bound = "in_arrays=in_arrays, in_floats=in_floats"
        return [*arrays, *quick, *self._function("step", lines, bound)]

    def _take_inputs(self) -> None:
        for node in self.program.inputs:
            name = self.named[node] = self.names.fresh(node.name)
            if node.kind in _STAYS or (node.kind == "leaf" and node.of.flat is not None):
                self.fixed.add(node)
                self.given[name] = place_of(node)
            else:
                self.arguments.append(node)
        self.arguments.sort(key=lambda node: node.kind != "argument")

    # ---- whose memory a line's result is

    def _bases(self) -> None:
        """For each line, the line or input that owns the memory of its result: found by the values of the capture."""
        nodes = self.program.nodes
        self.base: dict[Node, Node] = {node: node for node in self.program.inputs}
        for node in nodes:
            self.base[node] = node
            if node.function is assign:
                if isinstance(node.arguments[0], Node) and not node.changes:
                    self.base[node] = self.base[node.arguments[0]]
                continue
            if isinstance(node.value, np.ndarray):
                for x in node.operands:
                    if isinstance(x.value, np.ndarray) and (
                        np.may_share_memory(x.value, node.value)
                        or (isinstance(x, Input) and np.may_share_memory(x.first, node.value))
                    ):
                        self.base[node] = self.base[x]
                        break
                    if isinstance(x.value, (tuple, list)) and node.value.base is None and x in self.base:
                        self.base[node] = self.base[x]
        self.last: dict[Node, int] = {}  # the last line that reads the memory of a base
        for i, node in enumerate(nodes):
            for x in node.operands:
                self.last[self.base[x]] = i
        for node in self.program.results:
            self.last[self.base[node]] = len(nodes)

    # ---- lines

    def _emit(self) -> None:
        nodes = self.program.nodes
        homes = self._homes()
        free: dict[Any, list[str]] = {}  # buffers that nobody reads any more, by shape, dtype and order
        held: dict[Node, tuple[Any, str]] = {}
        results = {self.base[node] for node in self.program.results}
        released: dict[int, list[Node]] = {}
        for node, i in self.last.items():
            released.setdefault(i, []).append(node)

        def release(i: int) -> None:
            for node in released.get(i, ()):
                if node in held:
                    kind, name = held.pop(node)
                    free.setdefault(kind, []).append(name)

        starts: list[int] = []
        self.origins = Origins(nodes, starts)
        for i, node in enumerate(nodes):
            starts.append(len(self.lines))
            if node in homes:  # its result goes straight to its place in the optimizer's array
                self.named[node] = self.named[homes[node]]
                self.fixed.add(node)
                self.lines.append(self._into(node, self.named[node]))
                release(i)
                continue
            if node.function is assign:
                target, index, value = node.arguments
                self.named[node] = self.named[target]
                if target in self.fixed:
                    self.fixed.add(node)
                if not (isinstance(value, Node) and homes.get(value) is target):
                    self.lines.append(f"{self.named[target]}[{self.writer.index(index)}] = {self.writer.text(value)}")
                release(i)
                continue
            if node.changes and node.value is None:
                self.lines.append(self.writer.expression(self._call(node))[0])
                release(i)
                continue
            wanted = node.name or node.op or "v"
            is_view = self.base[node] is not node
            inputs = node.operands
            if node in self.folded or (is_view and self.fixed.issuperset(inputs)):
                self.named[node] = self.names.fresh(wanted)
                self.once.append(f"{self.named[node]} = {self.writer.expression(node)[0]}")
                self.fixed.add(node)
                release(i)
                continue
            if not is_view and node not in results and takes_out(node):
                kind = _kind(node.value)
                elementwise = is_elementwise(ufunc_of(node))
                if elementwise:
                    release(i)  # an operand that is not read any more may be overwritten by the result
                if free.get(kind):
                    buffer = free[kind].pop()
                else:
                    buffer = self.names.fresh(f"buffer_{len(self.once)}")
                    self.once.append(f"{buffer} = {_allocation(node.value)}")
                text = self._into(node, buffer)
                self.named[node] = buffer
                self.fixed.add(node)
                held[node] = (kind, buffer)
                if node not in self.last:
                    free.setdefault(kind, []).append(buffer)
                    held.pop(node)
                if not elementwise:
                    release(i)
            else:
                self.named[node] = self.names.fresh(wanted)
                text = f"{self.named[node]} = {self._plain(node)}"
                release(i)
            self.lines.append(text)
        for position, node in enumerate(self.program.results):
            owner = self.base[node]
            is_shared = owner is not node and (isinstance(owner, Input) or owner in self.fixed)
            if isinstance(node, Input) or (is_shared and isinstance(node.value, np.ndarray)):
                copy = self.program.results[position] = Node(np.array, (node,))
                copy.value = node.value
                self.named[copy] = self.names.fresh(f"{self.named[node]}_copy")
                self.lines.append(f"{self.named[copy]} = np.array({self.named[node]})")

    def _fold(self) -> None:
        """Lines that depend on no input: the 1 that a way back starts with, and what is made of it alone."""
        filled = {node.arguments[0] for node in self.program.nodes if node.function is assign}
        self.folded: set[Node] = set()
        for node in self.program.nodes:
            if node.changes or node.function is assign or node in filled or isinstance(node.value, (tuple, list)):
                continue
            if node in self.program.results:  # made anew at each call, and what is made of it after it
                continue
            inputs = node.operands
            if (inputs or isinstance(node.function, type) or node.function is np.ones) and self.folded.issuperset(
                inputs
            ):
                self.folded.add(node)

    def _homes(self) -> dict[Node, Input]:
        """Gradients that can be computed in their place among the optimizer's: written to it next, and only there."""
        found = {}
        for before, node in zip(self.program.nodes, self.program.nodes[1:], strict=False):
            if node.function is not assign or not isinstance(node.arguments[0], Input):
                continue
            home, index, value = node.arguments
            if value is before and index is Ellipsis and self.base[value] is value and takes_out(value):
                same = value.value.shape == home.value.shape and value.value.dtype == home.value.dtype
                if same and value.value.strides == home.value.strides and not is_filled(value):
                    found[value] = home
        return found

    def _into(self, node: Node, buffer: str) -> str:
        if is_filled(node):
            fill = {np.zeros: "0", np.ones: "1"}.get(node.function)
            return f"{buffer}.fill({fill})" if fill else f"# {buffer} is filled below"
        if node.function == Method("astype"):
            return f'np.copyto({buffer}, {self.writer.text(node.arguments[0])}, casting="unsafe")'
        if is_dot(node):
            x, y = map(self.writer.text, node.arguments)
            return f"{x}.dot({y}, {buffer})"
        call = self._call(node)
        text = self.writer.function(call.function)
        if has_short_rows(node):
            x = node.arguments[0]
            columns, out = self.names.fresh("columns"), self.names.fresh("in_one_row")
            self.once.append(f"{columns} = np.empty({x.value.shape[::-1]}, np.{x.value.dtype.name})")
            self.once.append(f"{out} = {buffer}.reshape(-1)")
            self.lines.append(f"np.copyto({columns}, {self.writer.text(x)}.T)")
            return f"{text}({columns}, axis=0, out={out})"
        return f"{text}({self.writer.listed(call.arguments, call.options)}, out={buffer})"

    def _plain(self, node: Node) -> str:
        owner = getattr(ufunc_of(node), "__self__", None)
        if not isinstance(owner, np.ufunc) or ufunc_of(node) != owner.reduce:
            return self.writer.expression(node)[0]
        call = self._call(node)  # past the method .sum(), which is Python in NumPy
        return f"np.{owner.__name__}.reduce({self.writer.listed(call.arguments, call.options)})"

    def _shorten(self) -> list[str]:
        """Call NumPy's functions by names of their own: to look one up in np takes a tenth of a small call."""
        functions: dict[str, str] = {}

        def name(match: re.Match[str]) -> str:
            function, reduction = match.groups()
            if function not in _UFUNCS:
                return match[0]
            functions[f"{function}{reduction and '_reduce'}"] = f"np.{function}{reduction}"
            return f"{function}{reduction and '_reduce'}("

        self.lines = [re.sub(r"\bnp\.(\w+)(|\.reduce)\(", name, line) for line in self.lines]
        return [f"{short} = {long}" for short, long in sorted(functions.items())]

    def _call(self, node: Node) -> Node:
        call = call_of(node)
        call.arguments = tuple(self._number(x) if isinstance(x, Number) else x for x in call.arguments)
        return call

    def _number(self, number: Number) -> Node:
        """The array that stands for a number: made once, and written into where the program computes the number."""
        value, dtype = number.value, f"np.{number.dtype.name}"
        key = (id(value) if isinstance(value, Node) else repr(value), number.shape, number.dtype)
        if key not in self.numbers:
            node = self.numbers[key] = Node(np.array)
            if isinstance(value, Node):
                name, made = f"{self.named[value]}_array", f"np.empty((), {dtype})"
            elif number.shape:
                name, made = f"all_{value:.3g}", f"np.full({number.shape}, {self.writer.literal(value)[0]}, {dtype})"
            else:
                name, made = f"n_{value:.3g}", f"np.array({self.writer.literal(value)[0]}, {dtype})"
            self.named[node] = self.names.fresh(name)
            self.once.append(f"{self.named[node]} = {made}")
            if isinstance(value, Node):
                self.lines.append(f"{self.named[node]}[()] = {self.named[value]}")
        return self.numbers[key]


def _kind(value: np.ndarray) -> Any:
    return value.shape, value.dtype, value.strides


def _allocation(value: np.ndarray) -> str:
    """An array of the shape, dtype and order of this one."""
    order = sorted(range(value.ndim), key=lambda axis: (-abs(value.strides[axis]), axis))
    shape = tuple(value.shape[axis] for axis in order)
    text = f"np.empty({shape}, np.{value.dtype.name})"
    if order != list(range(value.ndim)) and not value.flags.c_contiguous:
        back = tuple(sorted(range(value.ndim), key=order.__getitem__))
        return f"{text}.transpose({back})"
    return f"np.empty({value.shape}, np.{value.dtype.name})"


def place_of(node: Input) -> Any:
    """The array that an input stands for at every call."""
    if node.kind == "flat":
        return node.of[2][node.of[3]]
    if node.kind == "leaf":
        leaf = node.of
        return leaf.flat.arrays["w"][leaf.place].reshape(leaf.data.shape)
    if node.kind == "home":
        leaf = node.of
        return leaf.flat.arrays["g"][leaf.place].reshape(leaf.data.shape)
    return node.of


def _shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__

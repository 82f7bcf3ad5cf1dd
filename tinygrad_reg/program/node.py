"""A line of a program: what it calls on which others, and where in the user's code it comes from.

A program is a list of these. What it calls is a function of NumPy, an op, or something of callables.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from ..optim.flat import Flat
from .callables import FILLED, assign
from .structures import mapped, things

NUMERIC = "fiubc"  # the kinds of arrays that a program computes
PLAIN = ("constant", "variable")  # kinds of inputs: arrays that the step refers to, and that are no Tensor's


class Node:
    """A line of the program: a function, what it was given (nodes among it), and the value that it gave in capture."""

    __slots__ = (
        "_operands", "arguments", "asked", "changes", "code", "function", "name", "op", "options", "phase", "place",
        "twins", "value",
    )  # fmt: skip
    kind = ""  # of an Input
    of: Any = None

    def __init__(self, function: Any, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None) -> None:
        self.function, self.arguments, self.options = function, arguments, options or {}
        self._operands: list[Node] | None = None
        self.value: Any = None
        self.twins: tuple[Any, ...] = ()  # the values of equal lines, in whose places it stands
        self.name = ""  # what the user's code, or the op's, calls it
        self.op = ""  # the op whose forward or derivative this is part of
        self.phase = "forward"
        self.code: CodeType | None = None  # the user's line: code object and offset
        self.place = 0
        self.asked = False  # whether somebody computed with it, or asked for its shape
        self.changes = False  # whether it writes into an array that outlives it, or draws random numbers

    @property
    def operands(self) -> list[Node]:
        """The nodes that it reads, in order."""
        if self._operands is None:
            self._operands = nodes_in((self.arguments, self.options))
        return self._operands

    def exchange(self, instead: dict[Node, Node]) -> None:
        """Read other nodes in the places of some."""
        if not instead.keys().isdisjoint(self.operands):
            self.arguments, self.options = exchanged(self.arguments, instead), exchanged(self.options, instead)
            self._operands = None

    def but(self, **changes: Any) -> Node:
        """A line like this one, with other arguments, say."""
        line = Node.__new__(type(self))
        for name in Node.__slots__:
            setattr(line, name, changes[name] if name in changes else getattr(self, name))
        line._operands = None
        return line


class Check(Node):
    """A line that looks at values and raises where they make no sense: it gives nothing, and changes nothing."""

    __slots__ = ()


class Input(Node):
    """What a program is given.

    | kind | of |
    |---|---|
    | argument | its place among the arrays and Tensors that the step is called with |
    | variable | the array, which a variable of the step's Python holds |
    | constant | the array, which the step's Python or an op makes of no other |
    | leaf | the Leaf of a Tensor that the step refers to: its array |
    | gradient | the Leaf: the gradient that it had before |
    | home | the Leaf: the place of its gradient in an optimizer's array |
    | flat | the Stretch of an optimizer's array |
    | rate | an optimizer, and how many steps it has taken before this one: its learning rate |
    | clock | parameters that take their steps together, and how many with this one: the number of the step |
    """

    __slots__ = ("first", "kind", "of")

    def __init__(self, kind: str, of: Any, value: Any, name: str) -> None:
        super().__init__(None)
        self.kind, self.of, self.value, self.name = kind, of, value, name
        self.first = value  # an optimizer's step moves parameters to another array

    @property
    def stays(self) -> bool:
        """Whether it is the same array at every call."""
        return self.kind in ("flat", "home", *PLAIN) or (self.kind == "leaf" and self.of.flat is not None)

    @property
    def array(self) -> Any:
        """The array that it is at every call, where it stays."""
        of = self.of
        if self.kind == "flat":
            return of.part
        return of if self.kind in PLAIN else of.flat.view("w" if self.kind == "leaf" else "g", of.tensor)


class Stretch(NamedTuple):
    """A stretch of an optimizer's flat array: of "w" (parameters), of "g" (gradients), of its state, or to work in."""

    flat: Flat
    name: str
    array: np.ndarray
    place: slice

    @property
    def part(self) -> np.ndarray:
        """The stretch itself."""
        return self.array[self.place]

    @property
    def is_space(self) -> bool:
        """Whether it is to work in."""
        return self.name not in self.flat.names


def is_filled(node: Node) -> bool:
    """Whether it makes an array of a shape, which is to be filled."""
    return node.function in FILLED.values()


def filled(nodes: Iterable[Node]) -> dict[Node, Node]:
    """What assignments to elements write into, each with the last of these lines."""
    return {node.arguments[0]: node for node in nodes if node.function is assign}


def is_followed(x: Any) -> bool:
    """Whether it is a plain array of numbers: what Python computes of it can be recorded."""
    return type(x) in (np.ndarray, np.memmap) and x.dtype.kind in NUMERIC


def nodes_in(x: Any) -> list[Node]:
    """The nodes among arguments."""
    return [thing for thing in things(x) if isinstance(thing, Node)]


def exchanged(x: Any, instead: dict[Node, Node]) -> Any:
    """Arguments with other nodes in the places of some."""
    return mapped(lambda thing: instead.get(thing, thing) if isinstance(thing, Node) else thing, x)

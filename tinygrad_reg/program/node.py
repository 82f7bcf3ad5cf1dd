"""A line of a program: what it calls on which others, and where in the user's code it comes from.

A program is a list of these. What it calls is a function or a method of NumPy, an operator of Python's, an op, or one
of the functions below.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from .structures import mapped, things

NUMERIC = "fiubc"  # the kinds of arrays that a program computes


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
        self.code: Any = None  # the user's line: code object and offset
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


class Stretch(NamedTuple):
    """A stretch of an optimizer's flat array: of "w" (parameters), of "g" (gradients), of its state, or to work in."""

    flat: Any
    name: str
    array: Any
    place: slice

    @property
    def is_space(self) -> bool:
        """Whether it is to work in."""
        return self.name not in self.flat.names


# ---- what it may call besides NumPy's functions


class Operator(NamedTuple):
    """An operator of Python's."""

    function: Any
    ufunc: Any  # which is what arrays do then; None where that depends on the numbers
    sign: str
    level: int  # how strongly it binds

    @property
    def name(self) -> str:
        """As in __add__."""
        return self.function.__name__.strip("_")  # type: ignore[no-any-return]


COMPARING, PREFIX = 3, 11  # levels
OPERATORS = {
    row[0]: Operator(*row) for row in [
        (operator.eq, np.equal, "==", 3), (operator.ne, np.not_equal, "!=", 3),
        (operator.lt, np.less, "<", 3), (operator.le, np.less_equal, "<=", 3),
        (operator.gt, np.greater, ">", 3), (operator.ge, np.greater_equal, ">=", 3),
        (operator.or_, np.bitwise_or, "|", 4),
        (operator.xor, np.bitwise_xor, "^", 5),
        (operator.and_, np.bitwise_and, "&", 6),
        (operator.lshift, np.left_shift, "<<", 8), (operator.rshift, np.right_shift, ">>", 8),
        (operator.add, np.add, "+", 9), (operator.sub, np.subtract, "-", 9),
        (operator.mul, np.multiply, "*", 10), (operator.truediv, np.divide, "/", 10),
        (operator.floordiv, np.floor_divide, "//", 10), (operator.mod, np.remainder, "%", 10),
        (operator.matmul, np.matmul, "@", 10),
        (operator.neg, np.negative, "-", 11), (operator.pos, np.positive, "+", 11),
        (operator.invert, np.invert, "~", 11),
        (operator.pow, None, "**", 12),
    ]
}  # fmt: skip
OF_UFUNC = {one.ufunc: one for one in OPERATORS.values()}


REDUCTIONS = {"sum": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply}  # functions and methods


def reduced(function: Any) -> np.ufunc | None:
    """The ufunc whose reduction a function is: np.add of np.add.reduce."""
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, np.ufunc) and function == owner.reduce else None


class Method:
    """x.sum(axis=0), as a function of x and the arguments."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, x: Any, *arguments: Any, **options: Any) -> Any:
        return getattr(x, self.name)(*arguments, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Method) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class Apart:
    """A function that is called as it is. Where it gives back what it was given, that is copied: a program would write
    over it when nobody reads the argument any more."""

    def __init__(self, function: Callable[..., Any], name: str = "") -> None:
        self.function = function
        self.__name__ = name or getattr(function, "__name__", type(function).__name__.lower())

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        given = [x for x in things((arguments, options)) if isinstance(x, np.ndarray)]

        def apart(x: Any) -> Any:
            is_given = isinstance(x, np.ndarray) and any(np.may_share_memory(x, y) for y in given)
            return x.copy() if is_given else x

        return mapped(apart, self.function(*arguments, **options))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Apart) and other.function == self.function

    def __hash__(self) -> int:
        return hash(self.function)


def assign(target: Any, index: Any, value: Any) -> None:
    """target[index] = value"""
    target[index] = value


def transposed(x: Any) -> Any:
    """x.T"""
    return x.T


def item(values: Any, i: int) -> Any:
    """One of the results of a function that has several."""
    return values[i]


def held_over(array: Any) -> Any:
    """The array of a parameter that the step got before its optimizer moved it: whoever reads this is refused."""
    return array


FILLED = {np.zeros_like: np.zeros, np.ones_like: np.ones, np.empty_like: np.empty}


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

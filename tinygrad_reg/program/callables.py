"""What a line of a program may call besides NumPy's functions: Python's operators, methods, assignments."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .structures import mapped, things


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
    """An array that the step got before it was written into: whoever reads this is refused."""
    return array


FILLED = {np.zeros_like: np.zeros, np.ones_like: np.ones, np.empty_like: np.empty}

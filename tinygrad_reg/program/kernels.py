"""How one line is computed into an array that is given: the quickest NumPy call that gives the same bits."""

from __future__ import annotations

import math
import operator
from typing import Any, NamedTuple

import numpy as np

from ..ops.crossentropy import MANY_PLACES, positions
from .callables import OPERATORS, REDUCTIONS, Method, reduced
from .node import Input, Node, is_filled, nodes_in

# Functions and methods that are a ufunc's reduction, over all axes where none is given.
_SUMS = {function: ufunc for name, ufunc in REDUCTIONS.items() for function in (getattr(np, name), Method(name))}
_SMALL = 2**17  # elements of an array of one number: where it is larger, it is memory that takes the time


class Number(NamedTuple):
    """A number of the program, or one that it computes, as an array: NumPy would make one of it at every call."""

    value: float | Node
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def ufunc_of(node: Node) -> Any:
    """The ufunc, or the ufunc's reduction, that an operator or a method calls; else what the line calls."""
    if node.function is operator.pow and type(node.arguments[1]) in (int, float) and node.arguments[1] == 2:
        is_numpys = isinstance(node.value, (np.ndarray, np.generic)) and node.value.dtype.kind == "f"
        return np.square if is_numpys else node.function  # as NumPy's own operator does
    if node.function in _SUMS and node.options.keys() <= {"axis", "keepdims"} and len(node.arguments) == 1:
        return _SUMS[node.function].reduce
    one = OPERATORS.get(node.function)
    return one.ufunc if one is not None and one.ufunc is not None else node.function


def is_elementwise(function: Any) -> bool:
    """Whether it reads no element after it has written it, so that its result may overwrite an operand."""
    return isinstance(function, np.ufunc) and function.signature is None


def takes_out(node: Node) -> bool:
    """Whether NumPy can put the line's result into an array that it is given."""
    if not isinstance(node.value, np.ndarray) or not node.value.ndim or node.changes:
        return False
    if is_filled(node) or node.function == Method("astype"):
        return True
    function = ufunc_of(node)
    if "dtype" in node.options:  # which would not decide any more what is computed in
        return False
    return reduced(function) is not None or (isinstance(function, np.ufunc) and function.nout == 1)


def is_dot(node: Node) -> bool:
    """Whether x.dot(y, out) computes x @ y: with the same routine of BLAS, as long as matmul takes one at all.

    It looks at less before it starts. Where an array has a single element, dot scales the other one instead.
    """
    if ufunc_of(node) is not np.matmul or node.options:
        return False
    arrays = [getattr(x, "value", None) for x in node.arguments]
    return node.value.dtype in (np.float32, np.float64) and all(
        isinstance(x, np.ndarray)
        and x.ndim in (1, 2) and x.size > 1 and x.dtype == node.value.dtype and _is_packed(x)
        for x in arrays
    )  # fmt: skip


def is_dot_of_rows(node: Node) -> bool:
    """Whether x.dot(y), with each row after row, computes np.vdot(x, y): it is what np.vdot calls."""
    arrays = [getattr(x, "value", None) for x in node.arguments]
    return node.function is np.vdot and all(
        isinstance(x, np.ndarray) and x.flags.c_contiguous and x.size > 1 and x.dtype == node.value.dtype
        for x in arrays
    )


def is_mask(x: Any) -> bool:
    """Whether it is an array of True and False."""
    return isinstance(x, Node) and isinstance(x.value, np.ndarray) and x.value.dtype == bool and x.value.ndim > 0


def is_masking(node: Node) -> bool:
    """Whether a small array of floats is multiplied by a mask of its shape, as relu's derivative does."""
    if ufunc_of(node) is not np.multiply or node.options or not isinstance(node.value, np.ndarray):
        return False
    if node.value.size > 2**15:  # where the multiplication itself takes the time
        return False
    masks = [x for x in node.arguments if is_mask(x)]
    return len(masks) == 1 and masks[0].value.shape == node.value.shape and node.value.dtype in (np.float32, np.float64)


def has_short_rows(node: Node) -> bool:
    """Whether it is the largest, or the smallest, of each row of a long matrix with few columns.

    NumPy takes a while to begin with a row. The same numbers come out column by column, after a copy.
    """
    if ufunc_of(node) not in (np.maximum.reduce, np.minimum.reduce) or node.options.get("axis") not in (1, -1):
        return False
    shape: tuple[int, ...] = getattr(getattr(node.arguments[0], "value", None), "shape", ())
    return len(shape) == 2 and shape[1] <= 32 <= shape[0] and shape[0] >= 2 * shape[1]


def labels_of(x: Any, index: Any) -> Node | None:
    """The labels, where x[index] is an element of each row of a matrix, x[rows, labels], as in a cross-entropy."""
    value = getattr(x, "value", None)
    if not isinstance(value, np.ndarray) or value.ndim != 2 or not value.flags.c_contiguous:
        return None
    rows, labels = index if type(index) is tuple and len(index) == 2 else (None, None)
    numbers = getattr(labels, "value", None)
    if not isinstance(rows, Input) or not isinstance(numbers, np.ndarray):
        return None
    if numbers.dtype.kind != "i" or numbers.ndim != 1 or numbers.size >= MANY_PLACES:
        return None
    return labels if rows.of is positions(numbers.shape)[0] else None


def _is_packed(x: np.ndarray) -> bool:
    """Whether a matrix lies row after row, or column after column, without gaps; or a vector."""
    along = x.itemsize
    return x.strides in ((along,), (x.shape[-1] * along, along), (along, x.shape[0] * along))


def call_of(node: Node) -> Node:
    """The call that computes a line: of the ufunc itself, with numbers as arrays."""
    function, arguments, options = ufunc_of(node), node.arguments, node.options
    if node.function in _SUMS and function is not node.function:
        options = {"axis": None, **options}
    if function is np.square:
        arguments = arguments[:1]
    if is_elementwise(function):
        arguments = _with_arrays(function, arguments, getattr(node.value, "shape", ()))
    return node.but(function=function, arguments=arguments, options=options)


def _with_arrays(function: np.ufunc, arguments: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Arguments with arrays for Python's numbers, where these would become arrays of this dtype at every call."""
    dtypes = {getattr(x.value, "dtype", None) for x in nodes_in(arguments) if type(x.value) is not float}
    (dtype,) = dtypes if len(dtypes) == 1 else (None,)
    if dtype is None or dtype.kind != "f":
        return arguments
    # NumPy compares two arrays three times as fast as an array and a number.
    whole = shape if function in (np.maximum, np.minimum) and math.prod(shape) <= _SMALL else ()
    return tuple(
        Number(x, whole, dtype) if type(x) in (int, float)
        else Number(x, (), dtype) if isinstance(x, Node) and type(x.value) is float
        else x
        for x in arguments
    )  # fmt: skip

"""A program of single numbers in Python's own floats: on one number, NumPy's arithmetic takes three times as long."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np

from .callables import OPERATORS
from .node import Node
from .program import Program
from .write import Namespace, Writer, function_text

_ARITHMETIC, _COMPARISONS = (
    {function for one in OPERATORS.values() if one.sign in signs for function in (one.function, one.ufunc)}
    for signs in (("+", "-", "*", "/"), ("<", "<=", ">", ">="))
)


def in_floats(program: Program, names: Namespace, name_of: Callable[[Node], str], known: set[Node]) -> list[str]:
    """The lines of a program over floats, or none where it has other than numbers and plain arithmetic.

    What NumPy answers with inf or nan, and Python refuses, raises ZeroDivisionError or OverflowError there.
    """
    nodes = program.nodes
    if not all(map(_is_number, [*nodes, *program.inputs])) or not {*program.results} <= {*nodes}:
        return []
    writer = Writer(names, lambda node: writer.literal(node.value.item())[0] if node in known else name_of(node))
    lines = []
    for node in nodes:
        if node in known:
            continue
        text = _text(node, writer)
        if text is None:
            return []
        lines.append(f"{name_of(node)} = {text}")
    made = {node: f"result_{i}" for i, node in enumerate(dict.fromkeys(program.results))}  # .grad and a result: once
    lines += [f"{name} = np.{node.value.dtype.name}({writer.text(node)})" for node, name in made.items()]
    results = ", ".join(made[node] for node in program.results)
    return [*lines, f"return ({results}{',' if results else ''})"]


def two_ways(arguments: list[str], arrays: list[str], floats: list[str]) -> list[str]:
    """The functions of both: Python's floats, unless NumPy has inf or nan where Python raises an error."""
    are_numbers = " and ".join(f"type({name}) is np.float64" for name in arguments) or "True"
    lines = [
        f"if {are_numbers}:",
        "    try:",
        f"        return in_floats({', '.join(f'float({name})' for name in arguments)})",
        "    except (ZeroDivisionError, OverflowError):",
        "        pass",
        'with np.errstate(all="ignore"):',
        f"    return in_arrays({', '.join(arguments)})",
    ]
    return [
        *function_text("in_arrays", arguments, arrays),
        *function_text("in_floats", arguments, floats),
        *function_text("step", [*arguments, "in_arrays=in_arrays", "in_floats=in_floats"], lines),
    ]


def _is_number(node: Node) -> bool:
    kind = getattr(node.value, "dtype", None)
    return kind in (np.float64, np.bool_) and not np.ndim(node.value) and not node.changes and not node.options


def _text(node: Node, writer: Writer) -> str | None:
    """A line as Python that gives the same bits, where there is such."""
    function = node.function
    arguments = tuple(x.item() if isinstance(x, np.generic) else x for x in node.arguments)
    if not all(isinstance(x, (Node, int, float)) for x in arguments):
        return None
    if function is np.array:
        return writer.text(arguments[0])
    is_finite = not isinstance(arguments[-1], Node) and math.isfinite(arguments[-1])
    if function is np.maximum and isinstance(arguments[0], Node) and is_finite:
        x, y = writer.text(arguments[0]), float(arguments[1])
        return f"{x} if {x} > {y} or {x} != {x} else {y}"
    if function is operator.pow:  # a root of a negative number is nan in NumPy, a complex number in Python
        plain = is_finite and arguments[1] == int(arguments[1])
    else:
        plain = function in (_COMPARISONS if node.value.dtype == bool else _ARITHMETIC)
    if not plain:
        return None
    return writer.expression(node.but(arguments=arguments))[0]

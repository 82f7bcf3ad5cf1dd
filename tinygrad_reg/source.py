"""Where a tensor was made: the user's line, and the variable that the line assigns it to.

At run time only the user's code object and the instruction's offset are stored (about 0.3 µs a node); the file is
read and parsed when a picture or a message asks.
"""

from __future__ import annotations

import ast
import copy
import linecache
import os
import sys
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import numpy as np

from .modes import modes

if TYPE_CHECKING:
    from .tensor import Tensor

_Made = TypeVar("_Made")
# A code object and an offset in it; ~offset for what is made inside a call there. On a way back there is _BACK in it.
Call: TypeAlias = tuple[CodeType | None, int]

_HOUSE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
# Frames of these files only pass a user's call on; any other frame of the house is a function that computes something.
_PASS_ON = (
    "tensor.py",
    "arraylike.py",
    "primitive.py",
    "applying.py",
    "dispatch.py",
    "source.py",
    "methods.py",
    "answers/calls.py",
)
_GLUE = {os.path.join(_HOUSE, *file.split("/")) for file in _PASS_ON}
_GLUE.add(os.path.abspath(copy.__file__))  # Python's: it asks its argument to copy itself

_WALK = os.path.join(_HOUSE, "backward.py")

USER, GLUE, HOUSE, WALK = 0, 1, 2, 4  # bits: one number says whose frames a call came through
_BACK = 1 << 40  # beyond all offsets


class _Kinds(dict[str, int]):
    """Whose code a file holds, looked up once a file."""

    def __missing__(self, file: str) -> int:
        path = file if file.startswith("<") else os.path.abspath(file)  # "<stdin>" lies in no folder
        kind = USER
        if path in _GLUE or path.startswith(_NUMPY):
            kind = GLUE
        elif path == _WALK:
            kind = WALK
        elif path.startswith(_HOUSE):
            kind = HOUSE
        self[file] = kind
        return kind


_kinds = _Kinds()


def caller(depth: int = 2) -> Call:
    """The user's call that is running now: that of a model or a loss of the house, else what `running` finds.

    The former is known, in modes.place: to look through its frames takes longer than some ops. Before it runs a
    user's function in between, it forgets the place.
    """
    call: Call | None = modes.place
    return running(depth + 1) if call is None else call


def running(depth: int = 2) -> Call:
    """The user's code that is running now: its code object and the offset in it, looked for from frame `depth` on.

    The offset is negative (~offset) where the user called a function of the house, a layer or a loss, that made the
    tensor on its way: the line is right, but the variable it assigns to holds something else (see `result`). What the
    walk back makes, where gradients are to have a graph, is marked besides.
    """
    frame = sys._getframe(depth)
    through = USER
    while (kind := _kinds[frame.f_code.co_filename]) != USER:
        through |= kind
        outer = frame.f_back
        if outer is None:
            return None, 0
        frame = outer
    if through <= GLUE:
        return frame.f_code, frame.f_lasti
    return frame.f_code, ~(frame.f_lasti if through < WALK else frame.f_lasti | _BACK)


def whose(file: str) -> int:
    """USER, GLUE, HOUSE or WALK: whose code a file holds."""
    return _kinds[file]


def inside(call: Call) -> Call:
    """The place of what is made inside the function that is called there."""
    return call if call[1] < 0 else (call[0], ~call[1])


def _offset(place: int) -> int:
    """The offset in the code, of what was made there or inside."""
    return (place if place >= 0 else ~place) & ~_BACK


def _back(place: int) -> int:
    """_BACK, where it is a place on a way back."""
    return (place if place >= 0 else ~place) & _BACK


def result(made: _Made, call: Call | None = None) -> _Made:
    """Note that `made` is what a function of the house returns to the user: the user's variable names it.

    `call` is the user's call of that function, where it is known. What is no Tensor is passed on unchanged (a function
    of the house that was given plain arrays).
    """
    code, place = call or caller(3)  # from the frame that called this function of the house
    if place >= 0 and code is not None and code is getattr(made, "_code", None):
        made._place = place  # type: ignore[attr-defined]
    return made


def gradient(made: _Made, given: object = None) -> _Made:
    """The same of a gradient with a graph; one that the user has `given`, which was only passed on, keeps its name."""
    code, place = caller(3)
    if place >= 0 and made is not given and hasattr(made, "_code"):
        made._code, made._place = code, place | _BACK  # type: ignore[attr-defined]
    return made


def users_level() -> int:
    """The stacklevel= with which the function that asks warns of the user's line."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and (_kinds[file := frame.f_code.co_filename] != USER or file == "<tg.compile>"):
        level, frame = level + 1, frame.f_back
    return level


def is_placed(tensor: Tensor) -> bool:
    """Whether a line of the user's made it: not what an op was given as a plain number or array."""
    return tensor._code is not None


def is_inside(tensor: Tensor) -> bool:
    """Whether a function of the house, which the user's line called, made it on its way."""
    return tensor._code is not None and tensor._place < 0


def is_on_way_back(tensor: Tensor) -> bool:
    """Whether the walk back made it, of a gradient that has a graph: what it was given, no line of the user's names."""
    return tensor._code is not None and bool(_back(tensor._place))


def around(tensor: Tensor) -> Call:
    """The user's call in which it was made: the same one for all that a line made."""
    return inside((tensor._code, tensor._place))


class Place(NamedTuple):
    """A piece of the user's source: file, line number, the text of the line."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"


def place(tensor: Tensor) -> Place | None:
    """The user's line that made `tensor`, None where there is none (a constant, an interactive session)."""
    return place_of((tensor._code, tensor._place))


def place_of(call: Call) -> Place | None:
    """The user's line that a call stands in."""
    code, offset = call
    return None if code is None else place_in(code.co_filename, line(code, offset))


def place_in(file: str, number: int) -> Place:
    """Line number so and so of a file."""
    return Place(file, number, linecache.getline(file, number).strip())


def line(code: CodeType, offset: int) -> int:
    """The number of the line at this offset in the user's code, or of a call there."""
    return _span(code, _offset(offset))[0]


def label(tensor: Tensor) -> str | None:
    """The tensor's name, or else the variable that its line assigns it to: `h = w * x` names the product h."""
    if tensor._name is not None:
        return tensor._name
    if tensor._code is None or is_inside(tensor):
        return None
    return assigned(tensor._code, tensor._place)


def assigned(code: CodeType, offset: int) -> str | None:
    """The variable or attribute that what is computed there is assigned to."""
    return _assignments(code.co_filename).get(_span(code, _offset(offset)))


def operand(tensor: Tensor, position: int) -> str | None:
    """The variable that holds input number `position` of the op that the user's line applies: X of `X @ w`."""
    if tensor._code is None or is_inside(tensor):
        return None
    called, names = _operands(tensor._code.co_filename).get(_span(tensor._code, _offset(tensor._place)), ("", ()))
    applied = tensor._primitive is not None and called in ("", tensor._primitive.name)
    return names[position] if applied and len(names) == len(tensor._inputs) else None


def arguments(tensor: Tensor) -> tuple[str | None, ...]:
    """The variables that the user handed to the function of the house that made `tensor`: None, T of `mse(f(X), T)`."""
    if tensor._code is None:
        return ()
    return _operands(tensor._code.co_filename).get(_span(tensor._code, _offset(tensor._place)), ("", ()))[1]


Span = tuple[int, int, int, int]  # first line, first column, last line, last column


@lru_cache(maxsize=4096)
def _span(code: CodeType, offset: int) -> Span:
    """The piece of source that the instruction at `offset` was compiled from."""
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if index == offset // 2:
            return line or code.co_firstlineno, column or 0, end_line or 0, end_column or 0
    return code.co_firstlineno, 0, 0, 0


def _nodes(file: str) -> list[ast.AST]:
    """All of the syntax tree of `file`."""
    try:
        return list(ast.walk(ast.parse("".join(linecache.getlines(file)))))
    except SyntaxError:  # a notebook cell with magics, or a file that has changed since
        return []


def _variable(node: ast.AST) -> str | None:
    """The name of a variable or an attribute, where the expression is nothing more."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def _held(node: ast.AST) -> str | None:
    """The same of what is read: x and self.x, but not X.T, which is another array than X."""
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return _variable(node) if is_own or isinstance(node, ast.Name) else None


def _span_of(node: ast.expr | ast.stmt) -> Span:
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


@lru_cache(maxsize=256)
def _operands(file: str) -> dict[Span, tuple[str, tuple[str | None, ...]]]:
    """For each operation and call in `file`: what is called ("" for an operator), and the variables that it is given.

    None stands for an operand that is no bare variable.
    """
    found: dict[Span, tuple[str, tuple[str | None, ...]]] = {}
    for node in _nodes(file):
        if isinstance(node, ast.BinOp):
            found[_span_of(node)] = "", (_held(node.left), _held(node.right))
        elif isinstance(node, ast.AugAssign):
            found[_span_of(node)] = "", (_held(node.target), _held(node.value))
        elif isinstance(node, ast.Call) and not any(isinstance(one, ast.Starred) for one in node.args):
            found[_span_of(node)] = _variable(node.func) or "?", tuple(map(_held, node.args))
    return found


@lru_cache(maxsize=256)
def _assignments(file: str) -> dict[Span, str]:
    """For each expression in `file` that is assigned to a variable or an attribute: its span and that name."""
    names: dict[Span, str] = {}

    def bind(target: ast.AST, value: ast.expr | ast.stmt) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for one, its_value in zip(target.elts, value.elts, strict=False):
                bind(one, its_value)
            return
        name = _variable(target)
        if name is not None:
            names[_span_of(value)] = name

    for node in _nodes(file):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            bind(node.target, node)
    return names

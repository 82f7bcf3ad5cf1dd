"""Where a line of a program comes from: the user's line and variable, for names, comments, refusals and errors."""

from __future__ import annotations

import linecache
import os
import sys
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from .. import source
from ..tensor import Tensor
from .node import Node

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


# ---- while it is recorded


def locate(node: Node) -> None:
    """Note the user's line, and the variable that the result is assigned to."""
    frame = _running()
    node.name = node.name or _assigned(frame)
    while frame is not None and source.whose(frame.f_code.co_filename) != source.USER:
        frame = frame.f_back
    if frame is not None:
        node.code, node.place = frame.f_code, frame.f_lasti


def turn_back(line: Node, tensor: Tensor) -> None:
    """A line of a derivative belongs to the line of the user's that made the Tensor which the walk back has reached."""
    line.phase = "backward"
    if tensor._code is not None:
        line.code, line.place = source.around(tensor)
        line.op = line.op or tensor.op or ""


def called() -> str:
    """What the code that is running, a layer's perhaps, calls the result of its call."""
    frame = _running()
    return source.assigned(frame.f_code, frame.f_lasti) or ""


def held(array: Any) -> str:
    """The variable of the code that is running which holds this array."""
    return next((name for name, value in _running().f_locals.items() if value is array), "")


def _running() -> Any:
    """The frame of the code that computes: the user's, or some of the house that does not only pass calls on."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_HERE) or source.whose(frame.f_code.co_filename) == source.GLUE:
        frame = frame.f_back
    return frame


def _assigned(frame: Any) -> str:
    """The variable that a call's result is assigned to, there or where a helper in the same file has returned it."""
    file = frame.f_code.co_filename
    name: str | None = None
    while not name and frame.f_code.co_filename == file:
        name = source.assigned(frame.f_code, frame.f_lasti)
        if source.whose(file) == source.USER:  # where a function of the user's is called, another value may come of it
            break
        frame = frame.f_back
    return name or ""


def line_of(node: Node) -> tuple[str, int]:
    """The user's file and line that a node comes from."""
    return (node.code.co_filename, source.line(node.code, node.place)) if node.code is not None else ("", 0)


# ---- when it is run


class Origins:
    """Which of the user's lines the lines of a planned program come from: told of where one of them fails."""

    def __init__(self, nodes: Sequence[Node], starts: Sequence[int]) -> None:
        self._starts = starts  # the first line of each node
        self._nodes = [
            (node.op or getattr(node.function, "__name__", "a method"), node.phase, node.code, node.place)
            for node in nodes
        ]

    def failed(self, error: BaseException) -> tuple[int, dict[str, Any]]:
        """The number of the node whose line has raised, -1 where that is none, and the program's variables then."""
        i, variables, trace = -1, {}, error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == "<tg.compile>" and code.co_name in ("step", "in_arrays"):
                i = bisect_right(self._starts, trace.tb_lineno - code.co_firstlineno - 1) - 1
                variables = trace.tb_frame.f_locals
            trace = trace.tb_next
        return i, variables

    def note(self, error: Exception, i: int) -> None:
        """Add to what node number i has raised its op and the user's line."""
        op, phase, users, place = self._nodes[i]
        if users is not None:
            line, file = source.line(users, place), users.co_filename
            what = f"the derivative of {op}" if phase == "backward" else op
            text = linecache.getline(file, line).strip()
            error.add_note(f"in {what}, line {line} of {os.path.basename(file)}: {text}")

"""Where a line of a program comes from: the user's line and variable, for names, comments and errors."""

from __future__ import annotations

import os
import sys
from typing import Any

from .. import source
from ..tensor import Tensor
from .node import Node

_OF_VALUES = ("metrics", "data")  # the house's functions of plain values
_MAKE_IT = "Make it outside of the step"
_CALL_IT = "Call it outside of the step, with what the step is given or returns"
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


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


def asked_for() -> tuple[str, str] | None:
    """What the user's line has called that looks at values, or makes what is to last, and what to write instead."""
    frame: Any = sys._getframe(1)
    outer = None
    while frame is not None and source.whose(frame.f_code.co_filename) != source.USER:
        is_house = source.whose(frame.f_code.co_filename) == source.HOUSE
        outer = frame if is_house and not frame.f_code.co_filename.startswith(_HERE) else outer
        frame = frame.f_back
    if outer is None:
        return None
    name, area = outer.f_code.co_name, outer.f_globals["__name__"].split(".")[1]
    if name == "__init__":
        return f"it makes {type(outer.f_locals['self']).__name__}(...), which a program would do only once", _MAKE_IT
    return (f"tg.{area}.{name}() looks at values", _CALL_IT) if area in _OF_VALUES else None


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


def line_of(node: Node) -> source.Place | None:
    """The user's line that a line of the program comes from."""
    return source.place_of((node.code, node.place))

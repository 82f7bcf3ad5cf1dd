"""What is different each time, and what a program would do only once: to ask the time, to draw from no seed."""

from __future__ import annotations

import os
import types
from collections.abc import Sequence
from typing import Any, NamedTuple

from .bytecode import Read
from .origins import Refused, located

_UNSEEDED = {"default_rng", "RandomState", "Random", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"}


class Once(NamedTuple):
    """A place in the user's code, and what it does."""

    file: str
    line: int
    what: str


def only_once(read: Read, value: Any) -> str:
    """What a name in the code does, where it is something of the kind; `value` is what it stands for."""
    if read.is_import:
        clocks = read.path[0] in ("time", "datetime", "secrets", "uuid")
        return f"it imports {read.path[0]}, for what is different each time" if clocks else ""
    value = reached(value, read.path[1:])
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", "")
    if read.is_called_empty and name in _UNSEEDED and str(module).startswith(("numpy.random", "random")):
        return f"{name}() starts a new generator from no seed"
    if module == "time" or getattr(getattr(value, "__self__", None), "__module__", "") == "datetime":
        return "it asks for the time"
    return "it draws random numbers by another library" if module in ("secrets", "uuid") or value is os.urandom else ""


def reached(value: Any, path: Sequence[str]) -> Any:
    """What module.name, or datetime.datetime.now, stands for."""
    for name in path:
        if not isinstance(value, types.ModuleType) and not (isinstance(value, type) and value.__module__ == "datetime"):
            return value
        value = getattr(value, name, None)
    return value


def refuse_once(found: Sequence[Once]) -> None:
    """Refuse code that would do something only once, which is to be different each time."""
    for file, line, what in found:
        advice = "Do so outside of the step, and give it what comes of it; tg.ops.normal(shape=..., rng=rng) draws anew"
        raise Refused(located(file, line, f"{what}, which a program would do only once", advice))

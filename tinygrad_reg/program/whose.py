"""Whose code something is: the user's own is looked into, that of the house and of installed packages is not."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import types
from typing import Any

from .. import source

_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
NAMESPACES = (types.SimpleNamespace, argparse.Namespace)  # of Python, but what they hold is the user's
NOT_CALLED = {"__init__", "__new__", "__post_init__", "__repr__", "__str__", "__del__"}  # of an object that is there


def closed_over(function: Any) -> dict[str, Any]:
    """What a function closes over, as far as it is bound."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def defaults(function: Any) -> dict[str, Any]:
    """The defaults of a function's parameters, by name."""
    code, given = function.__code__, function.__defaults__ or ()
    places = code.co_varnames[code.co_argcount - len(given) : code.co_argcount]
    return {**dict(zip(places, given, strict=True)), **(function.__kwdefaults__ or {})}


def attributes(x: Any) -> dict[str, Any]:
    """The attributes that an object has itself; its class may have an opinion of its own on what it has."""
    try:
        found: dict[str, Any] = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return {}
    return found


def told(x: Any, name: str) -> Any:
    """What an object answers when it is asked for an attribute, None where that fails in any way."""
    try:
        return getattr(x, name, None)
    except Exception:  # of a __getattr__ of its own
        return None


def file_of(function: Any) -> str:
    """The file of a function's code."""
    code = getattr(function, "__code__", None)
    return code.co_filename if code is not None else ""


def is_the_users(thing: Any) -> bool:
    """Whether a function, class or module is none of an installed package."""
    module = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None) or ""
    if not isinstance(module, str):  # of a class that is written in C
        return False
    if module.split(".")[0] in ("numpy", "tinygrad_reg") or module in sys.builtin_module_names:
        return False
    if isinstance(thing, types.FunctionType) and source._kinds[file_of(thing)] != source.USER:
        return False
    home = thing if isinstance(thing, types.ModuleType) else sys.modules.get(module)
    file = file_of(thing) if isinstance(thing, types.FunctionType) else getattr(home, "__file__", None) or ""
    return not file.startswith(_STANDARD) and "site-packages" not in file and "dist-packages" not in file

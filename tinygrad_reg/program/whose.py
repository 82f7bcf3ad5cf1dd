"""Whose code something is: the user's own is looked into, that of the house and of installed packages is not."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import types
from typing import Any

from .. import source

_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
NAMESPACES = (types.SimpleNamespace, argparse.Namespace, threading.local)  # of Python, but what they hold is the user's
NOT_CALLED = {"__init__", "__new__", "__post_init__", "__repr__", "__str__", "__del__"}  # of an object that is there


def file_of(function: Any) -> str:
    """The file of a function's code."""
    code = getattr(function, "__code__", None)
    return code.co_filename if code is not None else ""


def is_the_houses(thing: Any) -> bool:
    """Whether a class is one of this package."""
    return str(getattr(thing, "__module__", "")).startswith("tinygrad_reg.")


def is_the_users(thing: Any) -> bool:
    """Whether a function, class or module is none of an installed package."""
    module = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None) or ""
    if not isinstance(module, str):  # of a class that is written in C
        return False
    if module == "types" and not hasattr(types, thing.__name__):  # made by types.new_class
        return True
    if module.split(".")[0] in ("numpy", "tinygrad_reg") or module in sys.builtin_module_names:
        return False
    if isinstance(thing, types.FunctionType) and source.whose(file_of(thing)) != source.USER:
        return False
    home = thing if isinstance(thing, types.ModuleType) else sys.modules.get(module)
    told = getattr(home, "__dict__", {})  # past a __getattr__ of the module's; of none where it is not loaded
    file = file_of(thing) if isinstance(thing, types.FunctionType) else told.get("__file__") or ""
    return not file.startswith(_STANDARD) and "site-packages" not in file and "dist-packages" not in file

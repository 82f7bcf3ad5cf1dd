"""Whether the rule of a user's own optimizer keeps something in Python: then a program calls it as it is.

Other rules are recorded, once, as NumPy. What a rule counts, gathers or draws besides would happen once as well.
"""

from __future__ import annotations

import dis
import inspect
import types
from typing import Any

import numpy as np

from ..optim.settings import Setting
from ..primitive import Primitive
from .bytecode import codes, names, reads
from .inside import closed_over, functions_of, reached
from .whose import NOT_CALLED, is_the_users

RULE = ("apply", "update", "measured_at")  # the methods that an optimizer's step calls
_STORES = {"STORE_ATTR", "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL"}
_HIDDEN = {"setattr", "delattr", "__setattr__", "__dict__", "vars", "getattr", "globals", "eval", "exec",
    "steps", "params", "flats", "spaces"}  # fmt: skip
_FIXED = (int, float, complex, str, bytes, type(None), np.generic, np.dtype, np.ufunc, type(np.sum), Primitive, Setting,
    types.ModuleType, types.FunctionType, property, staticmethod, classmethod, type)  # fmt: skip


def own_functions(optimizer: Any) -> list[types.FunctionType]:
    """The functions in the classes of a user's optimizer: its rule, and what that may call."""
    kinds = [kind for kind in type(optimizer).__mro__ if is_the_users(kind)]
    return [function for kind in kinds for entry in vars(kind).values() for function in functions_of(entry)]


def keeps_something(optimizer: Any) -> bool:
    """Whether its rule stores anything, or reads what may change without being assigned: a list, a generator."""
    kinds = [kind for kind in type(optimizer).__mro__ if is_the_users(kind)]
    own = [item for kind in kinds for name, item in vars(kind).items() if name not in NOT_CALLED]
    if not kinds:
        return not vars(optimizer).keys().isdisjoint(RULE)
    seen: set[Any] = set()
    functions = [function for item in own for function in functions_of(item)]
    attributes = (inspect.getattr_static(optimizer, name, None) for f in functions for name in names(f.__code__))
    return any(_keeps(f, seen) for f in functions) or not all(_is_fixed(x, seen) for x in attributes)


def _keeps(function: Any, seen: set[Any]) -> bool:
    if function in seen or not is_the_users(function):
        return False
    seen.add(function)
    code, scope = function.__code__, {**function.__globals__, **closed_over(function)}
    for part in codes(code):
        for step in dis.get_instructions(part):
            if step.opname in _STORES or (step.opname == "STORE_DEREF" and step.argval in code.co_freevars):
                return True
    if not _HIDDEN.isdisjoint(names(code)):
        return True
    found = [reached(scope.get(read.path[0]), read.path[1:]) for read in reads(code)]
    return not all(
        _is_fixed(x, seen) for x in (*found, function.__defaults__, *(function.__kwdefaults__ or {}).values())
    )


def _is_fixed(x: Any, seen: set[Any]) -> bool:
    """Whether it stays as it is, unless something else is assigned."""
    if isinstance(x, tuple):
        return all(_is_fixed(part, seen) for part in x)
    if isinstance(x, types.BuiltinFunctionType):  # not a method of a list, or of a generator
        return isinstance(x.__self__, (types.ModuleType, type, type(None)))
    if any(_keeps(function, seen) for function in functions_of(x)):
        return False
    return isinstance(x, _FIXED) and not is_the_users(x if isinstance(x, type) else type(x))

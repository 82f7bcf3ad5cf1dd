"""What is inside things: what a function closes over, what a wrapper passes on to, what classes and objects hold."""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import types
import weakref
from collections import ChainMap, UserDict, UserList, UserString
from collections.abc import Sequence
from typing import Any

import numpy as np

_HOLD = {UserDict: "data", UserList: "data", UserString: "data", ChainMap: "maps", weakref.WeakValueDictionary: "data",
    weakref.WeakKeyDictionary: "data", weakref.WeakSet: "data"}  # fmt: skip
_VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_METHODS = (types.BuiltinMethodType, types.MethodWrapperType)  # written in C
_ENTRIES = (property, classmethod, staticmethod, functools.partialmethod, functools.cached_property,
    functools.singledispatchmethod)  # fmt: skip
_OF_ENTRY = ("fget", "fset", "__func__", "func", "dispatcher")  # of a property, a class method, a cached property


# ---- functions


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


def holds(function: Any) -> list[Any]:
    """What a function holds of where it was made: what it closes over, and its defaults."""
    return [*closed_over(function).values(), *defaults(function).values()]


def functions_of(entry: Any) -> list[types.FunctionType]:
    """The functions in an entry of a class: itself, or those of a property, of a class method."""
    found = (entry,) if isinstance(entry, types.FunctionType) else (told(entry, name) for name in _OF_ENTRY)
    return [function for function in found if isinstance(function, types.FunctionType)]


def made_of(entry: Any) -> list[Any]:
    """What an entry of a class calls, and what that is given, where it is no function itself."""
    return [told(entry, name) for name in (*_OF_ENTRY, "args", "keywords")] if isinstance(entry, _ENTRIES) else []


def behind(x: Any) -> tuple[Any, ...]:
    """What a method or a wrapper of Python's or NumPy's calls, what a view looks at; the elements of a tuple."""
    if isinstance(x, (tuple, frozenset)):
        return tuple(x)
    if isinstance(x, types.MethodType):
        return x.__func__, x.__self__
    if isinstance(x, _METHODS):  # draw = rng.normal
        return (x.__self__,)
    if isinstance(x, _VIEWS):
        return (x.mapping,)
    if isinstance(x, np.ufunc):  # of np.frompyfunc
        return tuple(part for part in gc.get_referents(x) if isinstance(part, types.FunctionType))
    if isinstance(x, np.vectorize):
        return (x.pyfunc,)
    if isinstance(x, weakref.ref):
        return (x(),)
    wrapped = inspect.getattr_static(x, "__wrapped__", None)  # of a compiled step, a cached function
    return (wrapped,) if callable(wrapped) else ()


# ---- objects


def referent(x: Any) -> Any:
    """What a weak proxy stands for, None where it is gone; whatever else is given itself."""
    return getattr(told(x, "__init__"), "__self__", None) if type(x) in weakref.ProxyTypes else x


def keeps_in(x: Any) -> str:
    """The attribute in which a class of Python's keeps what it is given, "" where it is none of them."""
    return next((name for kind, name in _HOLD.items() if isinstance(x, kind)), "")


def attributes(x: Any) -> dict[str, Any]:
    """The attributes that an object has itself; its class may have an opinion of its own on what it has."""
    try:
        found: dict[str, Any] = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return {}
    return found


def slots(kind: type) -> list[tuple[str, Any]]:
    """The slots that a class gives its objects, by name: each has __get__ and __set__."""
    return [(name, entry) for name, entry in vars(kind).items() if isinstance(entry, types.MemberDescriptorType)]


def told(x: Any, name: str) -> Any:
    """What an object answers when it is asked for an attribute, None where that fails in any way."""
    try:
        return getattr(x, name, None)
    except Exception:  # of a __getattr__ of its own
        return None


def reached(value: Any, path: Sequence[str]) -> Any:
    """What module.name, or datetime.datetime.now, stands for."""
    for name in path:
        if not isinstance(value, types.ModuleType) and not (isinstance(value, type) and value.__module__ == "datetime"):
            return value
        value = told(value, name)
    return value

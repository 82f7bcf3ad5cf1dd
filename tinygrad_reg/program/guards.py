"""What Python the step read besides arrays: numbers, modes, hyper-parameters. Where one changes, it is captured again.

The program has such a value built in. So it notes which variables the step's code refers to (its globals, what it
closes over, the same of functions and methods of the user's that it calls, attributes of the objects and classes among
them and among the arguments) and compares.
"""

from __future__ import annotations

import functools
import random
import sys
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import source
from ..layers.module import Module
from ..layers.running import Changes
from ..optim import Optimizer
from ..tensor import Tensor

_NUMBERS = (int, float, complex, str, bytes, bool, type(None), np.generic, range)
_LARGE = 1000  # elements of a list that are looked at
_DEEP = 30  # objects inside objects


class Guards:
    """The values that a step's variables had; `hold()` says whether they still have them."""

    def __init__(self, step: Callable[..., Any], reads: list[tuple[Callable[[], Any], Any]], given: Any = ()) -> None:
        self._names: dict[str, Any] = {"changes": Changes}
        self._tests: list[str] = []  # asked at every call
        self._slow: list[tuple[Callable[[], Any], Any]] = []  # the same, where `is` may be too strict
        self._modules: list[tuple[Callable[[], Any], Any]] = []  # asked where an attribute of some module was assigned
        self._seen: set[int] = set()
        self._depth = 0
        self._kept: list[Any] = []
        self.generators: list[Any] = []  # that the step's Python can draw from
        self._names_read: set[str] = set()  # by the code that was looked at
        self._classes: dict[type, set[str]] = {}  # the users' classes that were met: the attributes that are noted
        for value in (step, *given):
            self._value(value, None)
        self._class_attributes()
        for ask, answer in reads:
            self._slow.append((ask, answer))
            self._test(f"{self._name(ask)}() == {self._name(answer)}")
        self._changes = Changes.count
        self._fast = eval(f"lambda: {' and '.join(self._tests) or 'True'}", self._names)

    def hold(self) -> bool:
        """Whether everything is as it was."""
        if Changes.count != self._changes:
            if not all(_same(ask, was) for ask, was in self._modules):
                return False
            self._changes = Changes.count
        try:
            if self._fast():
                return True
        except (AttributeError, KeyError, ValueError):  # gone; or a list of arrays in which one was exchanged
            pass
        return all(_same(ask, was) for ask, was in self._slow)

    # ---- looking for what is read

    def _name(self, value: Any) -> str:
        name = f"v{len(self._names)}"
        self._names[name] = value
        return name

    def _test(self, test: str) -> None:
        self._tests.append(test)

    def _variable(self, text: str, ask: Callable[[], Any], in_module: bool = False) -> None:
        """A place that a value is read from: `text` reads it again in the fast test, `ask` in the slow one."""
        try:
            value = ask()
        except (AttributeError, KeyError, ValueError):  # not bound (yet)
            return
        if in_module:
            self._modules.append((ask, value))
        else:
            self._slow.append((ask, value))
            self._test(f"{text} is {self._name(value)}")
        self._value(value, ask)

    def _value(self, value: Any, ask: Any) -> None:
        if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            self.generators.append(value)
            return
        if isinstance(value, type):
            self._class(value)
            return
        if isinstance(value, (*_NUMBERS, Tensor, np.ndarray)) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        self._kept.append(value)
        if self._depth > _DEEP:
            return
        self._depth += 1
        try:
            self._parts(value)
        finally:
            self._depth -= 1

    def _parts(self, value: Any) -> None:
        if isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.MethodType):
            self._value(value.__func__, None)
            self._value(value.__self__, None)
        elif isinstance(value, Module):
            for name in list(vars(value)):
                self._variable("", lambda name=name: vars(value)[name], in_module=True)  # type: ignore[misc]
            self._variable("", lambda: value.training, in_module=True)
            self._class(type(value))
            if source._kinds[_file(type(value).forward)] == source.USER:
                self._function(type(value).forward)
        elif isinstance(value, functools.partial):
            for part in (value.func, value.args, value.keywords):
                self._value(part, None)
        elif isinstance(value, (list, tuple, set, deque)):
            if not isinstance(value, tuple):
                copy = value.copy()
                self._slow.append((value.copy, copy))
                self._test(f"{self._name(value)} == {self._name(copy)}")
            for part in list(value)[:_LARGE]:
                self._value(part, None)
        elif isinstance(value, dict):
            self._slow.append((lambda: len(value), len(value)))
            self._test(f"len({self._name(value)}) == {len(value)}")
            for key in list(value)[:_LARGE]:
                self._variable(f"{self._name(value)}[{self._name(key)}]", lambda key=key: value[key])  # type: ignore[misc]
        elif isinstance(value, (Optimizer, types.ModuleType, types.BuiltinFunctionType)):
            return
        elif _is_the_users(type(value)) or type(value).__name__ in ("SimpleNamespace", "Namespace"):
            self._class(type(value))
            slots = [name for kind in type(value).__mro__ for name in vars(kind).get("__slots__", ())]
            for name in [*getattr(value, "__dict__", ()), *slots]:
                self._variable(f"{self._name(value)}.{name}", lambda name=name: getattr(value, name))  # type: ignore[misc]
            if callable(value):
                self._value(type(value).__call__, None)

    def _class(self, kind: type) -> None:
        for base in kind.__mro__:
            if _is_the_users(base):
                self._classes.setdefault(base, set())

    def _class_attributes(self) -> None:
        """Methods and numbers of the classes that were met, as far as some code names them: methods name others."""
        while found := [
            (kind, name) for kind, done in self._classes.items() for name in self._names_read & vars(kind).keys() - done
        ]:
            for kind, name in found:
                self._classes[kind].add(name)
                value = vars(kind)[name]
                for function in (value, *(getattr(value, f, None) for f in ("fget", "__func__", "func"))):
                    if isinstance(function, types.FunctionType):
                        self._function(function)
                if not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
                    self._variable(
                        f"{self._name(kind)}.__dict__[{name!r}]",
                        lambda kind=kind, name=name: vars(kind)[name],  # type: ignore[misc]
                    )

    def _function(self, function: Any) -> None:
        if source._kinds[_file(function)] != source.USER or not _is_the_users(function):
            return
        for cell in function.__closure__ or ():
            self._variable(f"{self._name(cell)}.cell_contents", lambda cell=cell: cell.cell_contents)  # type: ignore[misc]
        self._value(function.__defaults__, None)
        self._value(function.__kwdefaults__, None)
        scope, names = function.__globals__, _names(function.__code__)
        self._names_read |= names
        for name in sorted(names):
            if name not in scope or name.startswith("__"):
                continue
            value = scope[name]
            if isinstance(value, types.ModuleType):
                if _is_the_users(value):
                    for attribute in sorted(names):
                        if not isinstance(getattr(value, attribute, value), types.ModuleType):
                            module = value
                            self._variable(
                                f"{self._name(module)}.{attribute}",
                                lambda module=module, attribute=attribute: getattr(module, attribute),  # type: ignore[misc]
                            )
                continue
            self._variable(f"{self._name(scope)}[{name!r}]", lambda name=name: scope[name])  # type: ignore[misc]


def _names(code: types.CodeType) -> set[str]:
    """The names that a function's code, and the functions written inside it, look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _file(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return code.co_filename if code is not None else ""


def _is_the_users(thing: Any) -> bool:
    """Whether a function, class or module is none of an installed package."""
    module = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None) or ""
    if module.split(".")[0] in ("numpy", "tinygrad_reg", "builtins"):
        return False
    home = thing if isinstance(thing, types.ModuleType) else sys.modules.get(module)
    file = _file(thing) if isinstance(thing, types.FunctionType) else getattr(home, "__file__", None) or ""
    return "site-packages" not in file and "lib/python" not in file


def _same(ask: Callable[[], Any], was: Any) -> bool:
    try:
        now = ask()
    except (AttributeError, KeyError, ValueError):
        return False
    if now is was:
        return True
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(a is b or _equal(a, b) for a, b in zip(now, was, strict=True))
    return _equal(now, was)


def _equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or not isinstance(a, (*_NUMBERS, set, deque)):
        return False
    return bool(a == b) and repr(a) == repr(b)  # 0.0 == -0.0

"""The walk through code: a function's globals, what it closes over, its defaults, modules that it names."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import random
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .bytecode import Read, names, reads
from .contents import Text
from .inside import closed_over, defaults, holds
from .places import GONE, Ask, Places, Put
from .whose import is_the_users

GENERATORS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)


class Functions:
    """The part of the walk that goes through code; `Walk` goes through the values that it finds."""

    def __init__(self) -> None:
        self.found = Places()
        self._names_read: set[str] = set()  # by the code that was looked at
        self._as_they_are: set[Any] = set()  # functions that are not looked into
        self._seen: set[Any] = set()

    def _value(self, value: Any, name: str) -> None:
        """A value was found, which this name refers to."""
        raise NotImplementedError

    def _attributes(self, owner: Any, table: dict[str, Any]) -> None:
        """An object was found that has these attributes."""
        raise NotImplementedError

    def _named(self, name: str, note: Callable[[], None], itself: bool = False) -> None:
        """What is of this name was found: `note` looks at it. `itself`: where the code reads just this name."""
        if not itself:
            note()

    def _told(self, names: Iterable[str]) -> None:
        """Something that the code calls is told these names: an attrgetter, a text with braces."""
        self._names_read.update(names)

    def _looked_into(self, function: Any) -> None:
        """A function of the user's was looked into."""

    def _read(self, function: Any, read: Read, value: Any) -> None:
        """It reads this by name, and the name has this value."""

    def _variable(self, text: Text, ask: Ask, put: Put | None, name: str, in_module: bool = False) -> None:
        """A place that a value is read from, by `ask` or by `text`; `put` sets it."""
        try:
            value = ask()
        except GONE:  # not bound (yet)
            self.found.gone(name, ask)
            return
        self.found.test((*text, " is ", (value,)), ask, value, in_module)
        self.found.place(name, ask, value, put)
        self._value(value, name)

    def _attribute(self, owner: Any, attribute: str, name: str) -> None:
        ask, put = functools.partial(getattr, owner, attribute), functools.partial(setattr, owner, attribute)
        self._variable((owner, f".{attribute}"), ask, put, name)

    def _function(self, function: Any) -> None:
        if function in self._as_they_are:
            return
        if not is_the_users(function):
            self._of_others(function)
            return
        code = function.__code__
        for cell, name in zip(function.__closure__ or (), code.co_freevars, strict=True):
            self._attribute(cell, "cell_contents", name)
        self.found.test((function, ".__code__ is ", code), lambda: function.__code__, code)
        self.found.place("__code__", lambda: function.__code__, code, functools.partial(setattr, function, "__code__"))
        for name, value in defaults(function).items():
            self._value(value, name)
        self._attribute(function, "__defaults__", function.__name__)
        self._attribute(function, "__kwdefaults__", function.__name__)
        if vars(function):
            self._attributes(function, vars(function))
        else:  # step.n = getattr(step, "n", 0) + 1: what asks for an attribute that is not there names this, or any
            self._named("AttributeError", functools.partial(self.found.no_others, vars(function)))
        self._names_read |= names(code) | {*code.co_freevars, *defaults(function)}
        self._looked_into(function)
        self._names(function)

    def _of_others(self, function: Any) -> None:
        """A function that others have made of the user's, such as tg.grad(f) or functools.singledispatch(f)."""
        for value in holds(function):
            if callable(value) or isinstance(value, GENERATORS):
                self._value(value, "")
        self._value(vars(function).get("registry"), "")

    def _names(self, function: Any) -> None:
        """What a function's code reads by name."""
        code, scope = function.__code__, function.__globals__
        closed, words = closed_over(function), names(code)
        builtins, modules = set(), []
        for read in reads(code):
            name = read.path[0]
            value = None if read.is_import else closed.get(name, scope.get(name))
            if read.is_import:
                modules += _imported(name, scope)
            elif name in scope and name not in closed:
                self._global(scope, name)
            elif name not in code.co_freevars:
                builtins.add(name)
            if isinstance(value, types.ModuleType):
                modules.append(value)
            self._read(function, read, value)
        self._modules(modules, words)
        if "globals" in code.co_names:
            for name in sorted(words.intersection(scope)):
                self._global(scope, name)
        if builtins:  # a name of one's own would come before Python's
            self.found.without(scope, builtins)

    def _global(self, table: dict[str, Any], name: str) -> None:
        key = (id(table), name)
        if key not in self._seen:
            self._seen.add(key)
            ask, put = functools.partial(table.__getitem__, name), functools.partial(table.__setitem__, name)
            self._variable((table, f"[{name!r}]"), ask, put, name)

    def _modules(self, found: Iterable[Any], words: set[str]) -> None:
        """Modules that a function's code names: those of the user's, as far as it names what is in them.

        What is not in them may be asked for by hasattr and getattr, or be answered by a __getattr__ of theirs.
        """
        found, seen, asks = list(found), set(), not words.isdisjoint(("hasattr", "getattr"))
        while found:
            module = found.pop()
            if isinstance(module, types.ModuleType) and id(module) not in seen and is_the_users(module):
                seen.add(id(module))
                self._value(vars(module).get("__getattr__"), "")
                if asks or "__getattr__" in vars(module):
                    self.found.without(vars(module), words.difference(vars(module)))
                for word in sorted(words.intersection(vars(module))):
                    self._global(vars(module), word)
                    found.append(vars(module)[word])


def _imported(name: str, scope: dict[str, Any]) -> list[Any]:
    """The modules that `import name` means in code with these globals, as far as they are loaded."""
    package = scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0]
    with contextlib.suppress(ImportError):
        name = importlib.util.resolve_name(name, package)
    return [sys.modules.get(whole) for whole in itertools.accumulate(name.split("."), "{}.{}".format)]

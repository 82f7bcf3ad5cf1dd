"""What a function's code refers to: its globals, what it closes over, its defaults, modules that it imports."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import os
import sys
import types
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..primitive import Primitive
from .bytecode import names, reads, uses
from .once import Once, only_once, reached
from .places import GONE, Places
from .whose import closed_over, defaults, file_of, is_the_users


class Functions:
    """The part of the walk that goes through code; `Variables` goes through the values that it finds."""

    def __init__(self) -> None:
        self.found = Places()
        self.uses: Counter[str] = Counter()  # how often the code that was looked at reads a name
        self.once: list[Once] = []
        self._names_read: set[str] = set()  # by the code that was looked at
        self._as_they_are: set[Any] = set()  # functions that a program calls itself
        self._seen: set[Any] = set()

    def _value(self, value: Any, name: str) -> None:
        """Look into what was found."""
        raise NotImplementedError

    def _attributes(self, owner: Any, table: dict[str, Any]) -> None:
        """Note the attributes of an object that some code names."""
        raise NotImplementedError

    def _variable(
        self, text: str, ask: Callable[[], Any], put: Callable[[Any], None] | None, name: str, in_module: bool = False
    ) -> None:
        """A place that a value is read from; `text` reads it again."""
        try:
            value = ask()
        except GONE:  # not bound (yet)
            return
        self.found.test(f"{text} is {self.found.name(value)}", ask, value, in_module)
        self.found.place(name, ask, value, put)
        self._value(value, name)

    def _attribute(self, owner: Any, attribute: str, name: str) -> None:
        ask, put = functools.partial(getattr, owner, attribute), functools.partial(setattr, owner, attribute)
        self._variable(f"{self.found.name(owner)}.{attribute}", ask, put, name)

    def _function(self, function: Any) -> None:
        if function in self._as_they_are:
            return
        if not is_the_users(function):  # a house function made of the user's: tg.grad(f)
            for value in closed_over(function).values():
                if isinstance(value, (types.FunctionType, types.MethodType, functools.partial, Primitive)):
                    self._value(value, "")
            return
        code, scope = function.__code__, function.__globals__
        for cell, name in zip(function.__closure__ or (), code.co_freevars, strict=True):
            self._attribute(cell, "cell_contents", name)
        self.found.test(
            f"{self.found.name(function)}.__code__ is {self.found.name(code)}", lambda: function.__code__, code
        )
        for name, value in defaults(function).items():
            self._value(value, name)
        self._attribute(function, "__defaults__", function.__name__)
        self._attribute(function, "__kwdefaults__", function.__name__)
        if vars(function):
            self._attributes(function, vars(function))
        self._names_read |= names(code) | {*code.co_freevars, *defaults(function)}
        self.uses += uses(code, defaults(function).keys())
        closed, builtins = closed_over(function), set()
        for read in reads(code):
            first = read.path[0]
            if read.is_import:
                self._once(function, read, None)
                self._imported(first, scope, names(code))
            elif first in closed or first in scope:
                self._once(function, read, closed.get(first, scope.get(first)))
                if first in scope and first not in closed:
                    self._global(scope, first)
                self._asked_of_module(closed.get(first, scope.get(first)), read.path[1:])
            elif first not in code.co_freevars:
                builtins.add(first)
        if "globals" in code.co_names:
            for name in sorted(names(code).intersection(scope)):
                self._global(scope, name)
        if builtins:  # a name of one's own would come before Python's
            test = f"{self.found.name(scope)}.keys().isdisjoint({self.found.name(builtins)})"
            self.found.test(test, lambda: scope.keys().isdisjoint(builtins), True)

    def _global(self, table: dict[str, Any], name: str) -> None:
        key = (id(table), name)
        if key not in self._seen and not (name.startswith("__") and name.endswith("__")):
            self._seen.add(key)
            ask, put = functools.partial(table.__getitem__, name), functools.partial(table.__setitem__, name)
            self._variable(f"{self.found.name(table)}[{name!r}]", ask, put, name)

    def _imported(self, name: str, scope: dict[str, Any], words: set[str]) -> None:
        """A module that is imported inside a function, as far as it is the user's and its code names what is in it."""
        package = scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0]
        with contextlib.suppress(ImportError):
            name = importlib.util.resolve_name(name, package)
        seen: set[int] = set()
        found = [sys.modules.get(whole) for whole in itertools.accumulate(name.split("."), "{}.{}".format)]
        while found:
            module = found.pop()
            if isinstance(module, types.ModuleType) and is_the_users(module) and id(module) not in seen:
                seen.add(id(module))
                for word in sorted(words.intersection(vars(module))):
                    self._global(vars(module), word)
                    found.append(vars(module).get(word))

    def _asked_of_module(self, module: Any, path: tuple[str, ...]) -> None:
        """module.NAME, where it is a module of the user's."""
        for name in path:
            if not isinstance(module, types.ModuleType) or not is_the_users(module):
                return
            self._global(vars(module), name)
            module = vars(module).get(name)

    def _once(self, function: Any, read: Any, value: Any) -> None:
        asked = None if read.is_import else reached(value, read.path[1:])
        if asked is os.environ or asked is os.getenv:
            now = f"{self.found.name(dict)}({self.found.name(os.environ)})"
            self.found.equal_to(now, lambda: dict(os.environ), dict(os.environ))
        what = only_once(read, value)
        if what:
            self.once.append(Once(file_of(function), read.line, what))

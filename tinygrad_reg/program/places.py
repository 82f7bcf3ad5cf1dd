"""Where a value was read: how to ask for it again, whether it is the same then, and how to set it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..layers.running import Changes
from .contents import Content, Text

Ask = Callable[[], Any]
Put = Callable[[Any], Any]

NUMBERS = (int, float, complex, str, bytes, bool, type(None), np.generic, range)
# What asking may raise, the last two where weak references end, or another thread writes, in the middle of it.
GONE = (AttributeError, LookupError, ValueError, ReferenceError, RuntimeError)


class Place(NamedTuple):
    """A variable, an attribute, an element."""

    name: str
    ask: Ask
    was: Any
    put: Put | None  # sets it


class Test(NamedTuple):
    """What must be as it was, for a program to hold."""

    text: str  # Python that says whether it is
    ask: Ask
    was: Any
    in_module: bool  # whether only an assignment to an attribute of some Module can change it


class Places:
    """All places where a step reads, and what is to be tested of them."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"same": operator.is_}  # what the texts of the tests refer to
        self.tests: list[Test] = []
        self.changes = Changes.count  # of attributes of Modules, so far
        self.places: list[Place] = []
        self.tables: list[tuple[Any, set[str], Callable[[str], Any]]] = []  # of attributes, with their names
        self.contents: list[Content] = []

    def name(self, value: Any) -> str:
        """What the text of a test calls a value."""
        name = f"v{len(self.names)}"
        self.names[name] = value
        return name

    def test(self, text: Text, ask: Ask, was: Any, in_module: bool = False) -> None:
        """`ask` gives `was`, and `text` says whether it still does."""
        pieces = (x if type(x) is str else self.name(x[0] if type(x) is tuple else x) for x in text)
        self.tests.append(Test("".join(pieces), ask, was, in_module))

    def content(self, content: Content) -> None:
        """What is in a thing was looked at."""
        self.test(content.text(), content.now, content.was)
        self.place(content.name, content.besides, content.besides())
        self.contents.append(content)

    def equal(self, name: str, ask: Ask) -> None:
        """What `ask` gives will be equal."""
        was = ask()
        self.test(((ask,), "() == ", (was,)), ask, was)
        self.place(name, ask, was)

    def no_others(
        self, table: Any, in_module: bool = False, drop: Callable[[str], Any] | None = None, loses: bool = False
    ) -> None:
        """No attribute comes into the place of a class's; `drop` takes one out again.

        `loses`: some may go, too, so that their number, which is quicker to ask for, does not tell.
        """
        known = set(table)
        self.tables.append((table, known, drop or table.pop))
        if loses:
            self.test((known, ".issuperset(", table, ")"), functools.partial(known.issuperset, table), True, in_module)
        else:
            self.test(("len(", table, f") == {len(table)}"), lambda: len(table), len(table), in_module)

    def without(self, table: dict[str, Any], names: set[str]) -> None:
        """None of these names comes into a table."""
        ask = functools.partial(names.isdisjoint, table)
        self.test((table, ".keys().isdisjoint(", names, ")"), ask, True)
        self.place("__dict__", ask, True, lambda _: [table.pop(name, None) for name in names])

    def gone(self, name: str, ask: Ask) -> None:
        """There is still nothing to ask for."""
        still = functools.partial(_is_gone, ask)
        self.test((still, "()"), still, True)
        self.place(name, still, True)

    def place(self, name: str, ask: Ask, was: Any, put: Put | None = None) -> None:
        """A value was read."""
        self.places.append(Place(name, ask, was, put))

    def changed(self) -> list[Place]:
        """The places where something else is now."""
        new = [
            Place(name, functools.partial(table.get, name), None, functools.partial(_take_out, drop, name))
            for table, known, drop in self.tables
            for name in table.keys() - known
        ]
        return [*(place for place in self.places if not is_same(place.ask, place.was)), *new]


def _take_out(drop: Callable[[str], Any], name: str, was: None) -> None:
    drop(name)


def _is_gone(ask: Ask) -> bool:
    try:
        ask()
    except GONE:
        return True
    return False


def is_same(ask: Ask, was: Any) -> bool:
    """Whether asking gives the same, or a number, a word or a set that is equal, in a list, tuple or dict too."""
    try:
        now = ask()
    except GONE:
        return False
    return are_same(now, was)


def are_same(now: Any, was: Any) -> bool:
    """The same of what was asked."""
    if type(now) is type(was) and isinstance(was, (list, dict)):
        a, b = ([*x, *x.values()] if isinstance(x, dict) else x for x in (now, was))
        return len(a) == len(b) and all(map(_equal, a, b))
    return _equal(now, was)


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is type(b) is tuple:  # a shape that is noted at each call
        return len(a) == len(b) and all(map(_equal, a, b))
    if type(a) is not type(b) or not isinstance(a, (*NUMBERS, set)) or hasattr(a, "__dict__"):
        return False
    return bool(a == b) and repr(a) == repr(b)  # 0.0 == -0.0

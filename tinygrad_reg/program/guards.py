"""What Python the step read besides arrays: numbers, modes, hyper-parameters. Where one changes, it is captured again.

The program has such a value built in, so it is compared at each call. The plain arrays among the variables are no
guards: see Capture.stand_in.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from ..layers.running import Changes
from .variables import GONE, NUMBERS, Place, Variables


class Guards(Variables):
    """The values that a step's variables have; `hold()` says whether they still have them."""

    def __init__(self, step: Callable[..., Any], given: Any = ()) -> None:
        self._names: dict[str, Any] = {"same": operator.is_}
        self._tests: list[str] = []  # asked at every call
        self._slow: list[tuple[Callable[[], Any], Any]] = []  # the same, where `is` may be too strict
        self._modules: list[tuple[Callable[[], Any], Any]] = []  # asked where an attribute of some module was assigned
        super().__init__(step, given)
        self._changes = Changes.count
        self._fast: Callable[[], bool] | None = None

    def also(self, reads: list[tuple[Callable[[], Any], Any]]) -> Guards:
        """What the capture has told of."""
        for ask, answer in reads:
            self._equal_to(f"{self._name(ask)}()", ask, answer)
        return self

    def hold(self) -> bool:
        """Whether everything is as it was."""
        if Changes.count != self._changes:
            if not all(_same(ask, was) for ask, was in self._modules):
                return False
            self._changes = Changes.count
        if self._fast is None:
            self._fast = eval(f"lambda: {' and '.join(self._tests) or 'True'}", self._names)
        try:
            if self._fast():
                return True
        except GONE:  # gone; or a list of arrays in which one was exchanged
            pass
        return all(_same(ask, was) for ask, was in self._slow)

    def changed(self) -> list[Place]:
        """The places where something else is now."""
        new = [
            Place(name, functools.partial(table.get, name), None, None)
            for table, known in self._tables
            for name in table.keys() - known
        ]
        return [*(place for place in self.places if not _same(place.ask, place.was)), *new]

    def _name(self, value: Any) -> str:
        name = f"v{len(self._names)}"
        self._names[name] = value
        return name

    def _test(self, test: str, ask: Callable[[], Any], was: Any, in_module: bool = False) -> None:
        if in_module:
            self._modules.append((ask, was))
        else:
            self._tests.append(test)
            self._slow.append((ask, was))


def _same(ask: Callable[[], Any], was: Any) -> bool:
    try:
        now = ask()
    except GONE:
        return False
    if now is was:
        return True
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(a is b or _equal(a, b) for a, b in zip(now, was, strict=True))
    return _equal(now, was)


def _equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or not isinstance(a, (*NUMBERS, set, dict)):
        return False
    return bool(a == b) and repr(a) == repr(b)  # 0.0 == -0.0

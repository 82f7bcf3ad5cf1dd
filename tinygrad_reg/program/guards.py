"""What Python the step read besides arrays: numbers, modes, hyper-parameters. Where one changes, it is captured again.

The program has such a value built in, so it is compared at each call. The plain arrays among the variables are no
guards: a Recorded is in the place of each during the capture, and the program reads them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..layers.running import Changes
from .variables import GONE, NUMBERS, Variables


class Guards:
    """The values that a step's variables had; `hold()` says whether they still have them."""

    def __init__(self, found: Variables, reads: list[tuple[Callable[[], Any], Any]]) -> None:
        """`reads`: what the capture has told of, besides: what to ask, and the answer."""
        self._names = found.names
        # Asked at every call: all at once, and, where this is too strict, one by one.
        self._text = " and ".join([test.text for test in found.tests if not test.in_module])
        self._slow = [(test.ask, test.was) for test in found.tests if not test.in_module]
        for ask, answer in reads:
            asked, answered = found.name(ask), found.name(answer)
            self._text += f"{' and ' if self._text else ''}{asked}() == {answered}"
            self._slow.append((ask, answer))
        # Asked where an attribute of some module was assigned.
        self._modules = [(test.ask, test.was) for test in found.tests if test.in_module]
        self._changes = found.changes
        self._fast: Callable[[], bool] | None = None

    def hold(self) -> bool:
        """Whether everything is as it was."""
        if Changes.count != self._changes:
            if not all(is_same(ask, was) for ask, was in self._modules):
                return False
            self._changes = Changes.count
        if self._fast is None:
            self._fast = eval(f"lambda: {self._text or 'True'}", self._names)
        try:
            if self._fast():
                return True
        except GONE:  # gone; or a list of arrays in which one was exchanged
            pass
        return all(is_same(ask, was) for ask, was in self._slow)


def is_same(ask: Callable[[], Any], was: Any) -> bool:
    """Whether asking gives the same, or a number, a word or a set that is equal."""
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

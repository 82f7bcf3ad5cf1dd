"""Functions that a program calls as they are, without the step's Python around them: a schedule, an op that loops.

A program finds what they read as the step leaves it, when the step has just been captured, and later as the step found
it, which is the same then. So a step that changes it behind them, or for a while around them, is refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .places import GONE, Place, Places, are_same
from .refusals import refusal
from .variables import Reading

Found = dict[Any, tuple[str, Any]]  # by where it was: the name that code has for it, and what it was


class Around:
    """The places where a step reads, and what was there when functions were called as they are."""

    def __init__(self, found: Places) -> None:
        self._found = found
        self._called: list[tuple[list[Any], Found]] = []  # functions, and what was in the places
        self._own: set[Any] = set()  # places that these functions change themselves: what they keep

    @contextlib.contextmanager
    def calling(self, *functions: Any) -> Iterator[None]:
        """These functions run now."""
        if not functions:
            yield
            return
        before = self._now()
        yield
        after = self._now()
        self._own |= _changed(before, after).keys()
        self._called.append(([*functions], after))

    def refuse(self) -> None:
        """Refuse a step that changes what they read."""
        now = self._now() if self._called else {}
        for functions, then in self._called:
            names = {name for key, name in _changed(then, now).items() if name and key not in self._own}
            read = sorted(names.intersection(Reading(functions).uses)) if names else ()
            if read:
                what = f"it changes {read[0]!r} around or behind a function that reads it, and is called as it is"
                raise refusal(what, "Change that outside of the step, or give it to the function as an array")

    def _now(self) -> Found:
        found: Found = {i: (place.name, _asked(place)) for i, place in enumerate(self._found.places)}
        for table, known, _ in self._found.tables:  # what comes into the place of a class's attribute
            found |= {(id(table), name): (name, table.get(name)) for name in table.keys() - known}
        return found


def _asked(place: Place) -> Any:
    try:
        return place.ask()
    except GONE:
        return GONE


def _changed(then: Found, now: Found) -> dict[Any, str]:
    """The names of what is another now, by where it is."""
    both = {**then, **now}
    other = {key for key in then.keys() & now.keys() if not are_same(then[key][1], now[key][1])}
    return {key: both[key][0] for key in other | (then.keys() ^ now.keys())}

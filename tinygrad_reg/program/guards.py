"""What Python the step read besides arrays: numbers, modes, hyper-parameters. Where one changes, it is captured again.

The program has such a value built in, so it is compared at each call. The plain arrays among the variables are no
guards: a Recorded is in the place of each during the capture, and the program reads them anew.
"""

from __future__ import annotations

from typing import Any

from ..layers.running import Changes
from .places import GONE, Ask, Places, is_same


class Guards:
    """The values that a step's variables had.

    `text` asks in one expression whether they are the same objects; where they are not, or one is gone, `hold()` tells
    whether all are equal.
    """

    def __init__(self, found: Places, reads: list[tuple[Ask, Any]]) -> None:
        """`reads`: what the capture has told of, besides: what to ask, and the answer."""
        self._texts = [test.text for test in found.tests if not test.in_module]
        self._asked = [(test.ask, test.was) for test in found.tests if not test.in_module]
        self._reads = reads
        self._texts += [f"{found.name(ask)}() == {found.name(answer)}" for ask, answer in reads]
        # Asked where an attribute of some module was assigned.
        self._modules = [(test.ask, test.was) for test in found.tests if test.in_module]
        self._places = found.places
        self.changes = found.changes
        self.names = found.names  # what the text refers to

    def never_hold(self) -> None:
        """The step's Python has changed what it reads, as no program will: there is none for another such call."""
        self._texts.append("False")
        self._asked.append((lambda: False, True))

    def text(self, own: str) -> str:
        """The expression, in which these guards are called `own`."""
        changes = [f"Changes.count == {own}.changes"] if self._modules else []
        return " and ".join([*changes, *self._texts]) or "True"

    def changed(self) -> list[str]:
        """The names of what is another now."""
        names = [place.name for place in self._places if not is_same(place.ask, place.was)]
        return [repr(name) for name in dict.fromkeys(names) if name and not name.startswith("__")]

    def hold(self) -> bool:
        """Whether everything is as it was, asked one by one."""
        if Changes.count != self.changes:
            if not all(_is_there(ask, was) for ask, was in self._modules):
                return False
            self.changes = Changes.count
        return all(is_same(ask, was) for ask, was in self._asked) and all(_answers(*read) for read in self._reads)


def _answers(ask: Ask, was: Any) -> bool:
    """Whether it answers the same, as the text asks."""
    try:
        return bool(ask() == was)
    except GONE:
        return False


def _is_there(ask: Ask, was: Any) -> bool:
    """Whether it is the same; a list or a dict itself, not one that is equal: what is in it is asked of this one."""
    return is_same(ask, was) and (ask() is was or not isinstance(was, (list, dict)))

"""Variables that the step itself changes. A program can't change them: it computes arrays.

What only counts or gathers (n += 1, seen.append(x)) happens at captures. Anything else the step may read at its next
call, so the program is for the value that it met; where every call meets another, that is no program, and refused.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..tensor import Tensor
from .places import GONE, Put
from .recorded import Recorded, is_computed
from .refusals import refusal
from .variables import Variables
from .walk import MODE

_NUMBERS = (int, float, complex, np.number)  # with one of which a mean over the calls begins


def kept_for_later(before: Variables, last: Sequence[str]) -> list[str]:
    """The names of what the step has changed and may read; `last` are those that it changed when last captured."""
    names = []
    for content in before.found.contents:
        if any(_holds_computed(x) and isinstance(then, _NUMBERS) for x, then in content.pairs()):
            _refuse_kept(content.name)
    for place in before.found.changed():
        try:
            now = place.ask()
        except GONE:
            now = None
        if place.name == MODE:
            continue  # see `switched`
        unread = place.name and not before.is_read(place.name)
        if is_computed(now) and not (place.was is None or _is_unreadable(place.was)):
            _refuse_kept(place.name)
        if unread or _is_unreadable(place.was) or _are_results(place.was, now):
            continue
        names.append(place.name)
    for name in names:
        if name in last:
            it = repr(name) if name else "what it is given"
            what = f"it changes {it} at each call, and reads it, so that each call would be another program"
            raise refusal(what, "Change it outside of the step, or give it as an argument")
    return names


class Switch(NamedTuple):
    """A layer's mode, or whether a Tensor requires a gradient, which the step has set."""

    put: Put
    was: bool
    now: bool


def switched(before: Variables) -> list[Switch]:
    """What the step leaves switched, model.eval() say: a program for what was before switches it as well."""
    modes = [
        Switch(place.put, place.was, place.ask())
        for place in before.found.changed()
        if place.name == MODE and place.put is not None
    ]
    learned = [
        Switch(functools.partial(setattr, tensor, "requires_grad"), was, tensor._requires_grad)
        for tensor, was in before.learned
        if tensor._requires_grad is not was
    ]
    return modes + learned


@contextlib.contextmanager
def as_before(switches: list[Switch]) -> Iterator[list[Switch]]:
    """Where a program is made, all is switched as the step found it: the program is for what it looks at then."""
    try:
        for switch in switches:
            switch.put(switch.was)
        yield switches
    finally:
        for switch in switches:
            switch.put(switch.now)


def take_back(before: Variables) -> None:
    """After a refusal variables are what they were before the step, as far as they can be assigned."""
    for place in before.found.changed():
        if place.put is not None:
            with contextlib.suppress(*GONE, TypeError):  # an element of a list that is shorter now
                place.put(place.was)
    for owner, name, value in before.settings:
        if vars(owner).get(name) is not value:
            setattr(owner, name, value)
    for tensor, required in before.learned:
        if tensor._requires_grad is not required:
            tensor.requires_grad = required
    for content in before.found.contents:
        if not content.is_as_it_was():
            with contextlib.suppress(TypeError, ValueError):  # it can't be written into any more
                content.put_back()


def _refuse_kept(name: str) -> NoReturn:
    what = f"it keeps what it computes in {name!r} for its next call, which a program would do only once"
    raise refusal(what, "Assign .data of a Tensor, or give it as an argument and return it")


def _holds_computed(x: Any) -> bool:
    """As `is_computed`, of what may be a weak reference that has ended."""
    return issubclass(type(x), (Recorded, Tensor)) and is_computed(x)


def _is_unreadable(x: Any) -> bool:
    """A step that reads it is refused: it was computed by an earlier call."""
    return is_computed(x) or (isinstance(x, Tensor) and x._primitive is not None)


def _are_results(was: Any, now: Any) -> bool:
    """Whether so many results as a call before had kept there are kept again: self.maps = (q, k)."""
    if type(was) is not type(now) or not isinstance(was, (tuple, list)):
        return False
    return len(was) == len(now) > 0 and all(map(_is_unreadable, (*was, *now)))

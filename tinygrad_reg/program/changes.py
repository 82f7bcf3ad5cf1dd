"""Variables that the step itself changes. A program can't change them: it computes arrays.

What only counts or gathers (n += 1, seen.append(x)) happens at captures. Anything else the step may read at its next
call, so the program is for the value that it met; where every call meets another, that is no program, and refused.
"""

from __future__ import annotations

import array
import contextlib
import operator
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..tensor import Tensor
from .places import GONE
from .recorded import Recorded, is_computed
from .refusals import refusal
from .variables import Variables

_NUMBERS = (int, float, complex, np.number)  # with one of which a mean over the calls begins


def kept_for_later(before: Variables, last: Sequence[str]) -> list[str]:
    """The names of what the step has changed and may read; `last` are those that it changed when last captured."""
    names = []
    for name, table, was in before.found.contents:
        pairs = _side_by_side(table, was) if isinstance(table, (list, dict)) else ()
        if any(_holds_computed(x) and isinstance(then, _NUMBERS) for x, then in pairs):
            _refuse_kept(name)
    for place in before.found.changed():
        try:
            now = place.ask()
        except GONE:
            now = None
        unread = place.name and not before.uses[place.name] and place.name not in before.by_the_house
        if is_computed(now) and not (place.was is None or _is_unreadable(place.was)):
            _refuse_kept(place.name)
        if unread or _is_unreadable(place.was):
            continue
        names.append(place.name)
    if any(tensor._requires_grad is not was for tensor, was in before.learned):
        names.append("requires_grad")
    for name in names:
        if name in last:
            it = repr(name) if name else "what it is given"
            what = f"it changes {it} at each call, and reads it, so that each call would be another program"
            raise refusal(what, "Change it outside of the step, or give it as an argument")
    return names


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
    for _, thing, was in before.found.contents:
        if not _holds_the_same(thing, was):
            with contextlib.suppress(ValueError):  # it can't be written into any more
                _fill(thing, was)


def _refuse_kept(name: str) -> NoReturn:
    what = f"it keeps what it computes in {name!r} for its next call, which a program would do only once"
    raise refusal(what, "Assign .data of a Tensor, or give it as an argument and return it")


def _holds_the_same(thing: Any, was: Any) -> Any:
    """Whether the same objects are in a table or an array of objects, equal ones in anything else."""
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "O":
        return all(map(operator.is_, thing.flat, was.flat))
    if isinstance(thing, (np.ndarray, np.void)):
        return thing.tobytes() == was.tobytes()
    if isinstance(was, bytes):
        return bytes(thing) == was
    if isinstance(thing, dict):
        return _are(dict.keys(thing), was) and _are(dict.values(thing), was.values())
    if isinstance(thing, list):
        return _are([*list.__iter__(thing)], was)
    if isinstance(thing, deque):
        return _are(thing, was)
    return thing == was


def _are(now: Collection[Any], was: Collection[Any]) -> bool:
    return len(now) == len(was) and all(map(operator.is_, now, was))


def _fill(thing: Any, was: Any) -> None:
    """Put what was in a list, a dict, a set or a buffer into it again."""
    if isinstance(thing, list):
        list.__setitem__(thing, slice(None), was)
    elif isinstance(thing, (np.ndarray, np.void)):
        part: Any
        for part in thing.dtype.names or (...,):
            thing[part] = was[part]
    elif isinstance(thing, array.array):
        thing[:] = array.array(thing.typecode, was)
    elif isinstance(thing, (bytearray, memoryview)):
        (thing.cast("B") if isinstance(thing, memoryview) else thing)[:] = was
    elif isinstance(thing, deque):
        deque.clear(thing)
        deque.extend(thing, was)
    elif isinstance(thing, (dict, set)):
        kind: Any = dict if isinstance(thing, dict) else set
        kind.clear(thing)
        kind.update(thing, was)
    else:  # the environment
        for name in thing.keys() - was.keys():
            del thing[name]
        thing.update(was)


def _side_by_side(table: Any, was: Any) -> Iterable[tuple[Any, Any]]:
    """What is in a list or a dict now, and what was in its place, or None."""
    if isinstance(table, dict):
        return ((x, was.get(key)) for key, x in dict.items(table))
    return zip(table, was, strict=False)


def _holds_computed(x: Any) -> bool:
    """As `is_computed`, of what may be a weak reference that has ended."""
    return issubclass(type(x), (Recorded, Tensor)) and is_computed(x)


def _is_unreadable(x: Any) -> bool:
    """A step that reads it is refused: it was computed by an earlier call."""
    return is_computed(x) or (isinstance(x, Tensor) and x._primitive is not None)

"""What is in things that change inside, a class for each kind: whether it is as it was, and how to put it back.

The objects in lists, tables and sets are compared one by one, buffers and rows by their bytes.
"""

from __future__ import annotations

import array
import operator
import os
import types
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..captured import Captured
from ..tensor import Tensor
from .inside import referent
from .node import is_followed

Text = tuple[Any, ...]  # Python in pieces: objects stand for their names, (x,) for that of x, which may be a word


class Content:
    """A thing, and the objects that were in it when the step was looked at."""

    kinds: tuple[Any, ...]

    def __init__(self, name: str, thing: Any) -> None:
        self.name, self.thing = name, thing
        self.was = self.now()

    def now(self) -> Any:
        """The objects that are in it now."""
        return [*self.thing]

    def text(self) -> Text:
        """The Python that asks whether they are the same."""
        return ("len(", self.thing, f") == {len(self.was)} and all(map(same, ", self.thing, ", ", self.was, "))")

    def objects(self) -> list[Any]:
        """What was in it, as far as code may look into that, too."""
        return list(self.was)

    def elements(self) -> Iterable[tuple[Any, Any]]:
        """What was in places that can be set, with their keys."""
        return enumerate(self.was)

    def besides(self) -> list[Any]:
        """What is in it now besides arrays, which are read anew at each call."""
        now = self.now()
        return [len(now), *(part for part in now if not isinstance(referent(part), (np.ndarray, Tensor)))]

    def pairs(self) -> Iterable[tuple[Any, Any]]:
        """What is in it now, each beside what was in its place, None where nothing was."""
        return ()

    def is_as_it_was(self) -> bool:
        """Whether the same objects are in it."""
        now = self.now()
        return len(now) == len(self.was) and all(map(operator.is_, now, self.was))

    def put_back(self) -> None:
        """Let what was in it be in it again."""


class OfList(Content):
    kinds = (list,)

    def now(self) -> list[Any]:  # whatever its class makes of iteration
        return [*list.__iter__(self.thing)]

    def pairs(self) -> Iterable[tuple[Any, Any]]:
        return zip(self.now(), self.was, strict=False)

    def put_back(self) -> None:
        list.__setitem__(self.thing, slice(None), self.was)


class OfDeque(Content):
    kinds = (deque,)

    def put_back(self) -> None:
        deque.clear(self.thing)
        deque.extend(self.thing, self.was)


class OfTable(Content):
    """A dict or a view of one: first the keys, then what they lead to."""

    kinds = (OrderedDict, dict, types.MappingProxyType)

    def __init__(self, name: str, thing: Any) -> None:
        self._kind: Any = next(kind for kind in self.kinds if isinstance(thing, kind))
        super().__init__(name, thing)

    def now(self) -> list[Any]:
        return [*self._kind.keys(self.thing), *self._kind.values(self.thing)]

    def text(self) -> Text:
        keys, values = self._halves()
        same: Text = ("len(", self.thing, f") == {len(keys)} and all(map(same, ", self.thing, ", ", keys, "))")
        return (*same, " and all(map(same, ", self.thing, ".values(), ", values, "))")

    def elements(self) -> Iterable[tuple[Any, Any]]:
        return zip(*self._halves(), strict=True)

    def pairs(self) -> Iterable[tuple[Any, Any]]:
        was = dict(self.elements())
        return ((x, was.get(key)) for key, x in self._kind.items(self.thing))

    def put_back(self) -> None:
        if self._kind is not types.MappingProxyType:
            self._kind.clear(self.thing)
            self._kind.update(self.thing, self.elements())

    def _halves(self) -> tuple[list[Any], list[Any]]:
        middle = len(self.was) // 2
        return self.was[:middle], self.was[middle:]


class OfSet(Content):
    kinds = (set,)

    def elements(self) -> Iterable[tuple[Any, Any]]:
        return ()

    def put_back(self) -> None:
        set.clear(self.thing)
        set.update(self.thing, self.was)


class OfObjects(Content):
    """An array of objects."""

    kinds = ()

    def now(self) -> list[Any]:
        return list(self.thing.flat)

    def text(self) -> Text:
        return ("all(map(same, ", self.thing, ".flat, ", self.was, "))")

    def elements(self) -> Iterable[tuple[Any, Any]]:
        return zip(np.ndindex(self.thing.shape), self.was, strict=True)

    def put_back(self) -> None:
        for place, part in self.elements():
            self.thing[place] = part


class OfBytes(Content):
    """A buffer of Python's, or anything else that is compared by its bytes."""

    kinds: tuple[Any, ...] = (bytearray, memoryview, array.array)

    def now(self) -> bytes:
        return bytes(self.thing)

    def text(self) -> Text:
        return ((self.now,), "() == ", (self.was,))

    def objects(self) -> list[Any]:
        return []

    def elements(self) -> Iterable[tuple[Any, Any]]:
        return ()

    def besides(self) -> Any:
        return self.now()

    def is_as_it_was(self) -> bool:
        return bool(self.now() == self.was)

    def put_back(self) -> None:
        if isinstance(self.thing, array.array):
            self.thing[:] = array.array(self.thing.typecode, self.was)
        else:
            (self.thing.cast("B") if isinstance(self.thing, memoryview) else self.thing)[:] = self.was


class OfArray(OfBytes):
    """An array of anything but objects, or a row of a structured one."""

    kinds: tuple[Any, ...] = (np.ndarray, np.void)

    def __init__(self, name: str, thing: Any) -> None:
        super().__init__(name, thing)
        self._copy = thing.copy()

    def now(self) -> bytes:
        return bytes(self.thing.tobytes())

    def put_back(self) -> None:
        part: Any
        for part in self.thing.dtype.names or (...,):
            self.thing[part] = self._copy[part]


class OfEnvironment(OfBytes):
    kinds: tuple[Any, ...] = (type(os.environ),)

    def now(self) -> Any:
        return dict(self.thing)

    def put_back(self) -> None:
        for name in self.thing.keys() - self.was.keys():
            del self.thing[name]
        self.thing.update(self.was)


_KINDS = (OfList, OfDeque, OfTable, OfSet, OfBytes, OfArray, OfEnvironment)


def is_compared(x: Any) -> bool:
    """Whether a value of NumPy's can change inside, and is not followed by a stand-in."""
    return isinstance(x, (np.ndarray, np.void)) and not (isinstance(x, Captured) or is_followed(x))


def content_of(name: str, thing: Any) -> Content | None:
    """What is in a thing that changes inside, None where it is no such thing: arrays of numbers are read anew."""
    if isinstance(thing, np.ndarray) and not is_compared(thing):
        return None
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "O":
        return OfObjects(name, thing)
    return next((kind(name, thing) for kind in _KINDS if isinstance(thing, kind.kinds)), None)

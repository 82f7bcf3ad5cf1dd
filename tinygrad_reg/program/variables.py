"""Which variables a step's Python refers to: where each was read, and what must be as it was for a program to hold.

Of objects and classes only those attributes count that some code names.
"""

from __future__ import annotations

import functools
import io
import os
import random
import types
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any

from .. import source
from ..layers.module import Module
from ..optim import Optimizer
from ..primitive import registry
from ..tensor import Tensor
from .bytecode import Read, names, uses
from .inside import defaults
from .once import Once, only_once
from .recorded import is_computed
from .rules import RULE, keeps_something, own_functions
from .walk import Walk
from .whose import file_of, is_the_users

_ANY_NAME = {"getattr", "hasattr", "vars", "__dict__", "eval", "exec", "dir", "getmembers", "__getstate__",
    "__reduce__", "__reduce_ex__", "dumps"}  # fmt: skip
_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "expandvars"}


class Variables(Walk):
    """The walk from a step and what it is given, and what it has found."""

    def __init__(self, step: Callable[..., Any], given: Any = ()) -> None:
        self.sees_all = _is_looked_into(step)  # of what the step refers to
        self.uses: Counter[str] = Counter()  # how often the code that was looked at reads a name
        self.once: list[Once] = []
        self._iterators: list[str] = []  # names of what gives something else each time
        self._waiting: list[tuple[str, Callable[[], None], bool]] = []  # attributes that no code has named so far
        super().__init__((step, *given, *(op for op in registry.values() if op.foreign)))
        self._named_attributes()
        self.learned = [(tensor, tensor._requires_grad) for tensor in self.tensors]
        self._used_by_another_name()
        self._waiting.clear()  # which refers to this walk, and so would keep all that it has seen
        if any(isinstance(one, random.SystemRandom) for one in self.generators):
            self.once.append(Once("it draws random numbers of the system"))
        for name in self._iterators:
            if not name or name in self._names_read:  # an argument has no name in the code
                self.once.append(Once(f"it takes from the iterator {name!r}" if name else "it is given an iterator"))

    def shapes(self, met: Container[Tensor]) -> list[tuple[Callable[[], Any], Any]]:
        """What the step may have asked of Tensors that it met in no op: what to ask again, and the answer."""
        others = [tensor for tensor in dict.fromkeys(self.tensors) if tensor not in met and not is_computed(tensor)]
        ask = functools.partial(_shapes_of, others)
        return [(ask, ask())] if others else []

    def _named(self, name: str, note: Callable[[], None], itself: bool = False) -> None:
        self._waiting.append((name, note, itself))

    def _told(self, names: Iterable[str]) -> None:
        told = set(names)
        super()._told(told)
        self.uses.update(told)

    def _looked_into(self, function: Any) -> None:
        self.uses += uses(function.__code__, defaults(function).keys())
        if not _ENVIRONMENT.isdisjoint(names(function.__code__)):
            self._value(os.environ, "environ")

    def _read(self, function: Any, read: Read, value: Any) -> None:
        what = only_once(read, value) if read.is_import or value is not None else ""
        if what:
            self.once.append(Once(what, source.place_in(file_of(function), read.line)))

    def _parts(self, value: Any, name: str) -> None:
        if isinstance(value, Optimizer) and is_the_users(type(value)):
            self._rule(value)
        if isinstance(value, Optimizer) and value.schedule is not None:
            self._asked_anew((value.schedule,))
        if isinstance(value, Iterator) and not isinstance(value, io.IOBase):
            owner = next((kind for kind in type(value).__mro__ if "__next__" in vars(kind)), type(value))
            if not is_the_users(owner):  # whose attributes tell where it stands
                self._iterators.append(name)
        if isinstance(value, types.ModuleType):  # in a list, say: a function that names it looks there itself
            self._value(vars(value).get("__getattr__"), "")
            for attribute in vars(value):
                self._named(attribute, functools.partial(self._global, vars(value), attribute))
        super()._parts(value, name)

    # ---- what comes of it

    def _rule(self, optimizer: Any) -> None:
        """The update rule of an optimizer of the user's, which is recorded, or called as it is at each step."""
        if keeps_something(optimizer):
            self._as_they_are.update(getattr(type(optimizer), name) for name in RULE)
            self._asked_anew(own_functions(optimizer))
        else:
            self._names_read.update(RULE)

    def _asked_anew(self, start: Iterable[Any]) -> None:
        """A program asks a schedule, or a rule that it calls, at each call: nothing to guard, but what the step changes
        is read there."""
        walk = Reading(start)
        self.uses += walk.uses
        self._kept += walk.kept
        for thing, called in walk.called.items():
            self.called.setdefault(thing, set()).update(called - {""})

    def _used_by_another_name(self) -> None:
        """What grows by one name may be read by another (seen.append(x), len(self.log)), or by its class's methods."""
        tuples = (thing for thing in self._kept if isinstance(thing, tuple) and thing)
        for thing in (*(content.thing for content in self.found.contents), *tuples):
            names = self.called.get(id(thing), set())
            if "" in names or is_the_users(type(thing)) or any(map(self.is_read, names)):
                self.uses.update(names)

    def is_read(self, name: str) -> bool:
        """Whether some code reads what is of this name, the house's own in its layers too."""
        return bool(self.uses[name]) or name in self.by_the_house

    def _named_attributes(self) -> None:
        """Attributes that some of the code names, or may name; looking at them finds code that names others."""
        while True:
            any_name = not self._names_read.isdisjoint(_ANY_NAME)
            waiting, self._waiting = self._waiting, []
            found: list[Callable[[], None]] = []
            for name, note, itself in waiting:
                named = self.uses[name] if itself else name in self._names_read
                if named or (any_name and not itself and not name.startswith("__")):
                    found.append(note)
                else:
                    self._waiting.append((name, note, itself))
            if not found:
                return
            for note in found:
                note()
                self._go()


class Reading(Walk):
    """The walk from some functions, for what they and what they call read by name."""

    def __init__(self, start: Iterable[Any]) -> None:
        self.uses: Counter[str] = Counter()
        super().__init__(start)

    @property
    def kept(self) -> list[Any]:
        """What was seen."""
        return self._kept

    def _looked_into(self, function: Any) -> None:
        self.uses += uses(function.__code__, defaults(function).keys())


def _shapes_of(tensors: list[Tensor]) -> list[Any]:
    return [(tensor._data.shape, tensor._data.dtype) for tensor in tensors]


def _is_looked_into(step: Any) -> bool:
    while isinstance(step, functools.partial):
        step = step.func
    function = step.__func__ if isinstance(step, types.MethodType) else step
    return isinstance(step, Module) or is_the_users(
        function if isinstance(function, types.FunctionType) else type(step)
    )

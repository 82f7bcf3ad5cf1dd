"""The walk through what a user's Python refers to: globals, closures, attributes, elements, and so on from there.

What the house and other packages have written is not looked into, and each object once.
"""

from __future__ import annotations

import array
import enum
import functools
import operator
import threading
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..captured import Captured
from ..layers.module import Module
from ..optim import Optimizer
from ..primitive import Primitive
from ..tensor import Tensor
from .bytecode import words
from .functions import GENERATORS, Functions
from .inside import attributes, behind, functions_of, keeps_in, made_of, referent, slots
from .node import is_followed
from .places import NUMBERS, Text
from .whose import NAMESPACES, NOT_CALLED, is_the_houses, is_the_users

MODE = "model.training"  # the name of where layers read the mode
_OWN = {"flats", "spaces", "steps", "_lr", "warned_of_divergence"}  # of an optimizer: what its step changes, ...
_OWN |= {"_programs", "_last", "_lock"}  # ... and of a compiled step
_WORDS = {int, float, complex, str, bytes, bool, type(None)}  # of which there may be millions
_PLAIN = (*NUMBERS, Tensor, np.ndarray, types.ModuleType)
_TABLES = (list, dict, deque, types.MappingProxyType)
_BUFFERS = (bytearray, memoryview, array.array)


class Walk(Functions):
    """The walk, which begins with some objects, and the generators and Tensors that it has come across."""

    def __init__(self, start: Any = ()) -> None:
        super().__init__()
        self.generators: list[Any] = []
        self.tensors: list[Tensor] = []
        self.by_the_house = {MODE, "__class__", "__dict__", "__code__"}  # names that Python and the house read, ...
        self.settings: list[tuple[Any, str, Any]] = []  # ... and what they are in its layers
        self._kept: list[Any] = []  # so that no other object gets the id of one that was seen
        self._todo: list[tuple[Any, str]] = []
        for value in start:
            self._value(value, "")
            self._go()

    def _named(self, name: str, note: Callable[[], None]) -> None:
        """An attribute was found, which `note` looks at."""
        note()

    def _value(self, value: Any, name: str) -> None:
        value = referent(value)
        if id(value) in self._seen:
            return
        if isinstance(value, np.ndarray):
            self._array(value, name)
        elif isinstance(value, np.void):  # a row of a structured array, which can change
            self.found.content(name, value.tobytes, value, value.copy())
        elif isinstance(value, str) and "{" in value:  # "{x.name}", for .format(x=x)
            self._names_read.update(words(value))
        elif isinstance(value, Tensor):
            self.tensors.append(value)
        kind = value if isinstance(value, types.ModuleType) else type(value)
        if isinstance(value, _PLAIN) and not is_the_users(kind):
            return
        self._seen.add(id(value))
        self._kept.append(value)
        self._todo.append((value, name))

    def _go(self) -> None:
        """Look into what was found, and into what is found there, in the order in which it stands."""
        while self._todo:
            value, name = self._todo.pop()
            first = len(self._todo)
            self._parts(value, name)
            self._todo[first:] = self._todo[first:][::-1]

    def _parts(self, value: Any, name: str) -> None:
        if isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, GENERATORS):
            self.generators.append(value)
        elif isinstance(value, type):
            self._class(value)
            if is_the_users(value):  # it may be made in the step
                self._value(value.__init__, name)  # type: ignore[misc]
                self._value(value.__new__, name)
            if issubclass(value, enum.Enum) and is_the_users(value):
                for member in value.__members__.values():
                    self._value(member, name)
        elif isinstance(value, Module):
            self._layer(value)
        elif isinstance(value, Primitive):
            for function in (value.forward, *value.functions, value.joint):
                self._value(function, name)
        elif isinstance(value, functools.partial):
            self._partial(value, name)
        elif isinstance(value, _TABLES):
            self._elements(value, name)
        else:
            self._others(value, name)
        if not isinstance(value, (Module, type)) and (isinstance(value, NAMESPACES) or _is_known(type(value))):
            self._object(value)

    def _others(self, value: Any, name: str) -> None:
        if isinstance(value, set):
            same = ("len(", value, f") == {len(value)} and all(map(same, ", value, ", ", [*value], "))")
            self.found.test(same, value.copy, value.copy())
            self.found.place(name, value.copy, value.copy())
            self.found.contents.append((name, value, value.copy()))
        elif isinstance(value, _BUFFERS):
            self.found.content(name, functools.partial(bytes, value), value, bytes(value))
        elif isinstance(value, (operator.attrgetter, operator.methodcaller)):
            asked = (word for word in value.__reduce__()[1] if isinstance(word, str))
            self._names_read.update(part for word in asked for part in word.split("."))
            for part in value.__reduce__():  # what the method is given, too
                self._value(part, name)
        elif attribute := keeps_in(value):
            self._attribute(value, attribute, name)
        for part in behind(value):
            if isinstance(part, np.ndarray) and not isinstance(value, (tuple, set)):  # get = a.item, which is read so
                self.found.content(name, part.tobytes, part, part.copy())
            self._value(part, name)

    def _array(self, x: np.ndarray, name: str) -> None:
        """Arrays of numbers are read anew. Others are compared, and the objects in them looked into."""
        if isinstance(x, Captured) or is_followed(x):
            return
        if x.dtype.kind != "O":
            self.found.content(name, x.tobytes, x, x.copy())
        else:
            same = ("all(map(same, ", x, ".flat, ", list(x.flat), "))")
            self.found.test(same, lambda: list(x.flat), list(x.flat))
            self.found.place(name, lambda: _beside_arrays(list(x.flat)), _beside_arrays(list(x.flat)))
            self.found.contents.append((name, x, x.copy()))
            self._seen.add(id(x))
            self._kept.append(x)
            for place, part in np.ndenumerate(x):
                if type(part) not in _WORDS:
                    self._element(x, place, part, name)

    def _partial(self, function: Any, name: str) -> None:
        for part in (function.func, function.keywords):
            self._value(part, name)

        def put(args: tuple[Any, ...]) -> None:
            function.__setstate__((function.func, args, function.keywords, None))

        self._variable((function, ".args"), lambda: function.args, put, name)

    # ---- tables: lists, deques and dicts, by the identity of what is in them

    def _elements(self, table: Any, name: str) -> None:
        is_dict = isinstance(table, Mapping)
        same: Text = ("len(", table, f") == {len(table)} and all(map(same, ", table, ", ", list(table), "))")
        if is_dict:
            same += (" and all(map(same, ", table, ".values(), ", list(table.values()), "))")
        everything = functools.partial(_everything, table)
        self.found.test(same, everything, everything())
        beside = functools.partial(_beside_arrays, table)
        self.found.place(name, beside, beside())
        if isinstance(table, (list, dict, deque)):
            self.found.contents.append((name, table, dict(table) if is_dict else list(table)))
        for key, part in list(table.items() if is_dict else enumerate(table)):
            if type(part) not in _WORDS:
                self._element(table, key, part, name)
            if is_dict and type(key) not in _WORDS:
                self._value(key, name)

    def _element(self, table: Any, key: Any, part: Any, name: str) -> None:
        if isinstance(referent(part), (np.ndarray, tuple, Tensor)):
            ask, put = functools.partial(operator.getitem, table, key), functools.partial(operator.setitem, table, key)
            self.found.place(name, ask, part, put)
        self._value(part, name)

    # ---- objects

    def _object(self, value: Any) -> None:
        ask, put = functools.partial(type, value), functools.partial(object.__setattr__, value, "__class__")
        self.found.test(("type(", value, ") is ", type(value)), ask, type(value))
        self.found.place("__class__", ask, type(value), put)
        self._class(type(value))
        if isinstance(value, enum.Enum):
            self._attribute(value, "_value_", "value")
        self._attributes(value, attributes(value))
        for kind in filter(_is_known, type(value).__mro__):
            for slot, member in slots(kind):
                ask, put = functools.partial(member.__get__, value), functools.partial(member.__set__, value)
                self._variable((ask, "()"), ask, put, slot)

    def _layer(self, layer: Any) -> None:
        """A layer's attributes, and `forward`, which a call of it means."""
        self._attributes(layer, vars(layer), in_module=True)
        for ask in (lambda: layer.training, functools.partial(type, layer)):
            self.found.test((), ask, ask(), in_module=True)
        self.found.place(MODE, lambda: layer.training, layer.training, functools.partial(setattr, layer, "training"))
        self._class(type(layer))
        owner = next(kind for kind in type(layer).__mro__ if "forward" in vars(kind))
        if is_the_users(owner):
            self._class_attribute(owner, "forward")
        else:
            self._function(type(layer).forward)

    def _attributes(self, owner: Any, table: dict[str, Any], in_module: bool = False) -> None:
        """The attributes of an object: those that some code names, of a layer also what the house's code looks at."""
        if isinstance(owner, threading.local):  # each thread has a table of its own
            self.found.content("__dict__", lambda: sorted(vars(owner)))
            for name in vars(owner):
                self._named(name, functools.partial(self._attribute, owner, name, name))
            return
        self.found.length(table, in_module)
        if getattr(type(owner), "__getattribute__", None) == object.__getattribute__ and type(owner) not in NAMESPACES:
            ask, put = functools.partial(attributes, owner), functools.partial(object.__setattr__, owner, "__dict__")
            self.found.test((owner, ".__dict__ is ", table), ask, table, in_module)
            self.found.place("__dict__", ask, table, put)
        kinds = [kind for kind in type(owner).__mro__ if kind not in Module.__mro__]
        all_the_users = all(map(is_the_users, kinds))

        def note(name: str) -> None:
            put = functools.partial(table.__setitem__, name) if not in_module or is_the_users(type(owner)) else None
            if put is None and name != "training":  # which is a place of its own
                self.by_the_house.add(name)
                self.settings.append((owner, name, table[name]))
            self._variable((table, f"[{name!r}]"), functools.partial(table.__getitem__, name), put, name, in_module)

        is_ours = isinstance(owner, Optimizer) or type(owner).__module__.startswith("tinygrad_reg.program")
        for name in [name for name in table if not (is_ours and name in _OWN)]:
            if in_module and (not all_the_users or _holds_state(table[name])):
                note(name)
            else:
                self._named(name, functools.partial(note, name))

    def _class(self, kind: type) -> None:
        if is_the_users(type(kind)):  # a metaclass
            self._class(type(kind))
        for base in kind.__mro__:
            if ("class", base) in self._seen or not is_the_users(base):
                continue
            self._seen.add(("class", base))
            self.found.length(vars(base))
            for name, value in list(vars(base).items()):
                if name.startswith("__") and name not in NOT_CALLED and (callable(value) or functions_of(value)):
                    self._class_attribute(base, name)  # x[i], len(x), x(): no code names it
                else:
                    self._named(name, functools.partial(self._class_attribute, base, name))

    def _class_attribute(self, kind: type, name: str) -> None:
        value = vars(kind)[name]
        for part in made_of(value):
            self._value(part, name)
        if not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
            put = functools.partial(setattr, kind, name)
            self._variable((kind, f".__dict__[{name!r}]"), lambda: vars(kind)[name], put, name)


def _is_known(kind: type) -> bool:
    """Whether objects of a class have attributes that the user's code may ask for."""
    return is_the_users(kind) or is_the_houses(kind)


def _holds_state(x: Any) -> bool:
    """Whether a layer's methods find layers or Tensors here."""
    if isinstance(x, (list, tuple, dict)):
        return any(map(_holds_state, x.values() if isinstance(x, dict) else x))
    return isinstance(x, (Module, Tensor))


def _everything(table: Any) -> list[Any]:
    return [*table.values(), *table] if isinstance(table, Mapping) else list(table)


def _beside_arrays(table: Any) -> list[Any]:
    return [len(table), *(part for part in _everything(table) if not isinstance(referent(part), (np.ndarray, Tensor)))]

"""The walk through what a user's Python refers to: globals, closures, attributes, elements, and so on from there.

What the house and other packages have written is not looked into, and each object once.
"""

from __future__ import annotations

import contextvars
import enum
import functools
import operator
import threading
import types
from typing import Any

import numpy as np

from ..layers.module import Module
from ..optim import Optimizer
from ..primitive import Primitive
from ..tensor import Tensor
from .bytecode import names, words
from .contents import Content, OfArray, content_of, is_compared
from .functions import GENERATORS, Functions
from .inside import attributes, behind, functions_of, keeps_in, made_of, referent, slots
from .places import NUMBERS
from .whose import NAMESPACES, NOT_CALLED, is_the_houses, is_the_users

MODE = "model.training"  # the name of where layers read the mode
_OWN = {"flats", "spaces", "_steps", "_lr", "warned_of_divergence"}  # of an optimizer: what its step changes, ...
_OWN |= {"_programs", "_last", "_in_vain", "_lock"}  # ... and of a compiled step
_WORDS = {int, float, complex, str, bytes, bool, type(None)}  # of which there may be millions
_PLAIN = (*NUMBERS, Tensor, np.ndarray, types.ModuleType)


class Walk(Functions):
    """The walk, which begins with some objects, and the generators and Tensors that it has come across."""

    def __init__(self, start: Any = ()) -> None:
        super().__init__()
        self.generators: list[Any] = []
        self.tensors: list[Tensor] = []
        self.by_the_house = {MODE, "__class__", "__dict__", "__code__"}  # names that Python and the house read, ...
        self.settings: list[tuple[Any, str, Any]] = []  # ... and what they are in its layers
        self.called: dict[int, set[str]] = {}  # the names of things, by their ids
        self._kept: list[Any] = []  # so that no other object gets the id of one that was seen
        self._todo: list[tuple[Any, str]] = []
        for value in start:
            self._value(value, "")
            self._go()

    def _value(self, value: Any, name: str) -> None:
        value = referent(value)
        self.called.setdefault(id(value), set()).add(name)
        if id(value) in self._seen:
            return
        if isinstance(value, str) and "{" in value:  # "{x.name}", for .format(x=x)
            self._told(words(value))
        elif isinstance(value, Tensor):
            self.tensors.append(value)
        kind = value if isinstance(value, types.ModuleType) else type(value)
        if isinstance(value, _PLAIN) and not is_the_users(kind) and not is_compared(value):
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
        elif content := content_of(name, value):
            self._content(content)
        else:
            self._others(value, name)
        if isinstance(value, (Module, type)):
            return
        if isinstance(value, NAMESPACES) or _is_known(type(value)):
            self._object(value)
        elif not isinstance(value, (types.ModuleType, types.FunctionType)):
            self._others_object(value)

    def _others(self, value: Any, name: str) -> None:
        if isinstance(value, (operator.attrgetter, operator.methodcaller)):
            asked = (word for word in value.__reduce__()[1] if isinstance(word, str))
            self._told(part for word in asked for part in word.split("."))
            for part in value.__reduce__():  # what the method is given, too
                self._value(part, name)
        elif attribute := keeps_in(value):
            self._attribute(value, attribute, name)
        elif isinstance(value, contextvars.ContextVar):
            self._variable((value, ".get()"), value.get, value.set, name)
        for part in behind(value):
            if isinstance(part, np.ndarray) and not isinstance(value, (tuple, frozenset)):  # get = a.item
                self.found.content(OfArray(name, part))  # which is no stand-in's, and so is read as it is
            self._value(part, name)

    def _content(self, content: Content) -> None:
        """What is in a list, a table, a set, a buffer."""
        self.found.content(content)
        for key, part in content.elements():
            if isinstance(referent(part), (np.ndarray, tuple, Tensor)):
                ask = functools.partial(operator.getitem, content.thing, key)
                self.found.place(content.name, ask, part, functools.partial(operator.setitem, content.thing, key))
        for part in content.objects():
            if type(part) not in _WORDS:
                self._value(part, content.name)

    def _partial(self, function: Any, name: str) -> None:
        for part in (function.func, function.keywords):
            self._value(part, name)

        def put(args: tuple[Any, ...]) -> None:
            function.__setstate__((function.func, args, function.keywords, None))

        self._variable((function, ".args"), lambda: function.args, put, name)

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

    def _others_object(self, value: Any) -> None:
        """An object of another package: the attributes that the user's own code names."""
        table = attributes(value)
        for name in table:
            ask, put = functools.partial(table.__getitem__, name), functools.partial(table.__setitem__, name)
            note = functools.partial(self._variable, (table, f"[{name!r}]"), ask, put, name)
            self._named(name, note, itself=True)

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
            self.found.equal("__dict__", lambda: sorted(vars(owner)))
            for name in vars(owner):
                self._named(name, functools.partial(self._attribute, owner, name, name))
            return
        self.found.no_others(table, in_module, loses=in_module or is_the_users(type(owner)))
        if getattr(type(owner), "__getattribute__", None) == object.__getattribute__ and type(owner) not in NAMESPACES:
            ask, put = functools.partial(attributes, owner), functools.partial(object.__setattr__, owner, "__dict__")
            self.found.test((owner, ".__dict__ is ", table), ask, table, in_module)
            self.found.place("__dict__", ask, table, put)
        kinds = [kind for kind in type(owner).__mro__ if kind not in Module.__mro__]
        all_the_users = all(map(is_the_users, kinds))
        inherited = set().union(*map(_names_in, filter(is_the_houses, kinds))) - {"training"}

        def note(name: str) -> None:
            put = functools.partial(table.__setitem__, name) if not in_module or is_the_users(type(owner)) else None
            if put is None and name != "training":  # which is a place of its own
                self.by_the_house.add(name)
                self.settings.append((owner, name, table[name]))
            elif name in inherited:  # of a Dropout of the user's: forward reads its rate
                self.by_the_house.add(name)
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
            self.found.no_others(vars(base), drop=functools.partial(delattr, base))
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


@functools.cache
def _names_in(kind: type) -> set[str]:
    """The names that a class's functions read."""
    return {
        name for entry in vars(kind).values() for function in functions_of(entry) for name in names(function.__code__)
    }


def _holds_state(x: Any) -> bool:
    """Whether a layer's methods find layers or Tensors here."""
    if isinstance(x, (list, tuple, dict)):
        return any(map(_holds_state, x.values() if isinstance(x, dict) else x))
    return isinstance(x, (Module, Tensor))

"""Which variables a step's Python refers to: found by a walk through its code, and through what it finds there.

Globals, what the step closes over, the same of functions and methods of the user's that it calls, attributes of the
objects and classes among them and among the arguments, elements of lists and dicts. What the house and other packages
have written is not looked into.
"""

from __future__ import annotations

import array
import functools
import inspect
import io
import operator
import random
import types
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..layers.module import Module
from ..modes import Captured
from ..optim import Optimizer
from ..primitive import Primitive, registry
from ..tensor import Tensor
from .functions import Functions
from .node import NUMERIC
from .once import Once
from .places import NUMBERS
from .rules import RULE, keeps_something
from .whose import NAMESPACES, NOT_CALLED, attributes, is_the_users

_OWN = {"flats", "spaces", "steps", "_lr", "_diverged"}  # of an optimizer: what its step changes, ...
_OWN |= {"_programs", "_last", "_lock"}  # ... and of a compiled step
_TABLES = (deque, UserDict, UserList, ChainMap, types.MappingProxyType)  # besides lists and dicts
_GENERATORS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)
_BUFFERS = (bytearray, memoryview, array.array)
_DEEP = 30  # objects inside objects
_ANY_NAME = {"getattr", "hasattr", "vars", "__dict__", "eval", "exec"}


class Variables(Functions):
    """The walk, and what it has found."""

    def __init__(self, step: Callable[..., Any], given: Any = ()) -> None:
        super().__init__()
        self.sees_all = _is_looked_into(step)  # of what the step refers to
        self.generators: list[Any] = []  # that the step's Python can draw from
        self._depth = 0
        self._kept: list[Any] = []
        self._optimizers: list[Any] = []
        self._iterators: list[str] = []  # names of what gives something else each time
        self._waiting: list[tuple[str, Callable[[], None]]] = []  # attributes that no code has named so far
        for value in (step, *given, *(op for op in registry.values() if op.foreign)):
            self._value(value, "")
        self._named_attributes()
        self._waiting.clear()  # which refers to this walk, and so would keep all that it has seen
        for optimizer in self._optimizers:
            if "steps" in self._names_read:
                self._attribute(optimizer, "steps", "steps")
        for name in self._iterators:
            if not name or name in self._names_read:  # an argument has no name in the code
                self.once.append(
                    Once("", 0, f"it takes from the iterator {name!r}" if name else "it is given an iterator")
                )

    def _value(self, value: Any, name: str) -> None:
        if isinstance(value, _GENERATORS):
            self.generators.append(value)
            return
        if isinstance(value, type):
            self._class(value)
            if is_the_users(value):  # it may be made in the step
                self._value(getattr(value, "__init__", None), name)
            return
        if isinstance(value, np.ndarray) and not isinstance(value, Captured) and value.dtype.kind not in NUMERIC:
            self.found.equal_to(f"{self.found.name(value)}.tolist()", value.tolist, value.tolist())
        if isinstance(value, _BUFFERS):
            self.found.equal_to(f"bytes({self.found.name(value)})", functools.partial(bytes, value), bytes(value))
        if isinstance(value, Optimizer):
            self._optimizers.append(value)
        is_plain = isinstance(value, (*NUMBERS, Tensor, np.ndarray, types.ModuleType))
        if id(value) in self._seen or (is_plain and not is_the_users(type(value))):
            return
        self._seen.add(id(value))
        self._kept.append(value)
        if isinstance(value, Iterator) and not isinstance(value, io.IOBase):
            owner = next((kind for kind in type(value).__mro__ if "__next__" in vars(kind)), type(value))
            if not is_the_users(owner):  # whose attributes tell where it stands
                self._iterators.append(name)
        if self._depth > _DEEP:
            return
        self._depth += 1
        try:
            self._parts(value, name)
        finally:
            self._depth -= 1

    def _parts(self, value: Any, name: str) -> None:
        if isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.MethodType):
            self._value(value.__func__, name)
            self._value(value.__self__, name)
        elif isinstance(value, Module):
            self._attributes(value, vars(value), in_module=True)
            self.found.test("", lambda: value.training, value.training, in_module=True)
            self._class(type(value))
            owner = next(kind for kind in type(value).__mro__ if "forward" in vars(kind))
            if is_the_users(owner):
                self._class_attribute(owner, "forward")
            else:
                self._function(type(value).forward)
        elif isinstance(value, Primitive):
            for function in (value.forward, *value.functions, value.joint):
                self._value(function, name)
        elif isinstance(value, functools.partial):
            for part in (value.func, value.keywords):
                self._value(part, name)
            state = value.func, value.keywords, None
            self._variable(
                f"{self.found.name(value)}.args",
                lambda: value.args,
                lambda args: value.__setstate__((state[0], args, *state[1:])),  # type: ignore[attr-defined]
                name,
            )
        elif callable(inspect.getattr_static(value, "__wrapped__", None)):  # a compiled step, a cached function
            self._value(value.__wrapped__, name)
            self._attributes(value, attributes(value))
        elif isinstance(value, (list, dict, *_TABLES)):
            self._elements(value, name)
        elif isinstance(value, (tuple, set)):
            if isinstance(value, set):
                self.found.equal_to(self.found.name(value), value.copy, value.copy())
                self.found.place(name, value.copy, value.copy())
            for part in value:
                self._value(part, name)
        elif isinstance(value, (operator.attrgetter, operator.methodcaller)):
            words = (word for word in value.__reduce__()[1] if isinstance(word, str))
            self._names_read.update(part for word in words for part in word.split("."))
        if isinstance(value, Optimizer) and is_the_users(type(value)):
            self._rule(value)
        if isinstance(value, (Optimizer, *NAMESPACES)) or (is_the_users(type(value)) and not isinstance(value, Module)):
            self._class(type(value))
            self._attributes(value, attributes(value))
            for kind in filter(is_the_users, type(value).__mro__):
                for slot, member in vars(kind).items():
                    if isinstance(member, types.MemberDescriptorType):
                        ask, put = functools.partial(member.__get__, value), functools.partial(member.__set__, value)
                        self._variable(f"{self.found.name(ask)}()", ask, put, slot)

    def _rule(self, optimizer: Any) -> None:
        """The update rule of an optimizer of the user's, which is recorded, or called as it is at each step."""
        methods = [getattr(type(optimizer), name) for name in RULE]
        if keeps_something(optimizer):
            self._as_they_are.update(methods)
        else:
            self._names_read.update(RULE)

    def _elements(self, table: Any, name: str) -> None:
        """The values in a list, a deque or a dict, and a dict's keys, by identity."""
        own = self.found.name(table)
        is_dict = isinstance(table, Mapping)
        same = f"len({own}) == {len(table)} and all(map(same, {own}, {self.found.name(list(table))}))"
        if is_dict:
            same += f" and all(map(same, {own}.values(), {self.found.name(list(table.values()))}))"
        everything = functools.partial(_everything, table)
        self.found.test(same, everything, everything())
        beside = functools.partial(_beside_arrays, table)
        self.found.place(name, beside, beside())
        for key, part in list(table.items() if is_dict else enumerate(table)):
            if isinstance(part, (np.ndarray, tuple, Tensor)):
                put: Any = functools.partial(operator.setitem, table, key)
                self.found.place(name, functools.partial(operator.getitem, table, key), part, put)
            self._value(part, name)

    def _attributes(self, owner: Any, table: dict[str, Any], in_module: bool = False) -> None:
        """The attributes of an object: those that some code names, of a layer also what the house's code looks at."""
        self.found.length(table, in_module)
        kinds = [kind for kind in type(owner).__mro__ if kind not in Module.__mro__]
        all_the_users = all(map(is_the_users, kinds))

        def note(name: str) -> None:
            put = functools.partial(table.__setitem__, name) if not in_module or is_the_users(type(owner)) else None
            self._variable(
                f"{self.found.name(table)}[{name!r}]", functools.partial(table.__getitem__, name), put, name, in_module
            )

        is_ours = isinstance(owner, Optimizer) or type(owner).__module__.startswith("tinygrad_reg.program")
        for name in [name for name in table if not (is_ours and name in _OWN)]:
            if in_module and (not all_the_users or _holds_state(table[name])):
                note(name)
            else:
                self._waiting.append((name, functools.partial(note, name)))

    def _class(self, kind: type) -> None:
        if is_the_users(type(kind)):  # a metaclass
            self._class(type(kind))
        for base in kind.__mro__:
            if is_the_users(base) and id(base) not in self._seen:
                self._seen.add(id(base))
                self.found.length(vars(base))
                for name, value in list(vars(base).items()):
                    if name.startswith("__") and name not in NOT_CALLED and isinstance(value, types.FunctionType):
                        self._class_attribute(base, name)  # x[i], len(x), x(): no code names it
                    else:
                        self._waiting.append((name, functools.partial(self._class_attribute, base, name)))

    def _class_attribute(self, kind: type, name: str) -> None:
        value = vars(kind)[name]
        for function in (value, *(getattr(value, f, None) for f in ("fget", "__func__", "func"))):
            if isinstance(function, types.FunctionType):
                self._function(function)
        if not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
            ask = functools.partial(lambda kind, name: vars(kind)[name], kind, name)
            self._variable(
                f"{self.found.name(kind)}.__dict__[{name!r}]", ask, functools.partial(setattr, kind, name), name
            )

    def _named_attributes(self) -> None:
        """Attributes that some of the code names, or may name; looking at them finds code that names others."""
        while True:
            any_name = not self._names_read.isdisjoint(_ANY_NAME)
            found = [x for x in self._waiting if x[0] in self._names_read or (any_name and not x[0].startswith("__"))]
            if not found:
                return
            self._waiting = [x for x in self._waiting if x not in found]
            for _, note in found:
                note()


def _is_looked_into(step: Any) -> bool:
    while isinstance(step, functools.partial):
        step = step.func
    function = step.__func__ if isinstance(step, types.MethodType) else step
    return isinstance(step, Module) or is_the_users(
        function if isinstance(function, types.FunctionType) else type(step)
    )


def _holds_state(x: Any) -> bool:
    """Whether a layer's methods find layers or Tensors here."""
    if isinstance(x, (list, tuple, dict)):
        return any(map(_holds_state, x.values() if isinstance(x, dict) else x))
    return isinstance(x, (Module, Tensor))


def _everything(table: Any) -> list[Any]:
    return [*table.values(), *table] if isinstance(table, Mapping) else list(table)


def _beside_arrays(table: Any) -> list[Any]:
    return [len(table), *(part for part in _everything(table) if not isinstance(part, (np.ndarray, Tensor)))]

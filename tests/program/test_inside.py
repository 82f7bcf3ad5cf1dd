"""What stands behind something: what getters, views, references, proxies and properties lead to is read anew."""

from __future__ import annotations

import collections
import enum
import functools
import operator
import threading
import types
import weakref

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal
from .things import Array, Slots, Strange

X = np.array([1.0, 2.0])


class Meta(type):
    box = types.SimpleNamespace(k=1.0)

    @property
    def k(cls):
        return cls.box.k


class OfMeta(metaclass=Meta):
    pass


class Caller:
    def __init__(self, numbers):
        self.numbers = numbers

    def __call__(self, kind):
        return self.numbers[0]


@pytest.mark.parametrize("how", ["metaclass", "mapping", "chain", "of a user's", "list of a user's", "attrgetter"])
def test_a_number_behind_something_is_read_anew(how):
    box, getter = {"k": 1.0}, operator.attrgetter("k")
    proxy, chain, own = types.MappingProxyType(box), collections.ChainMap({}, box), collections.UserDict(box)
    listed, space = collections.UserList([1.0]), types.SimpleNamespace(k=1.0)
    steps = {
        "metaclass": lambda x: x * OfMeta.k,
        "mapping": lambda x: x * proxy["k"],
        "chain": lambda x: x * chain["k"],
        "of a user's": lambda x: x * own["k"],
        "list of a user's": lambda x: x * listed[0],
        "attrgetter": lambda x: x * getter(space),
    }
    fast = tg.compile(steps[how])
    assert equal(fast(X), X)
    box["k"] = own["k"] = listed[0] = space.k = Meta.box.k = 3.0
    try:
        assert equal(fast(X), 3 * X)
    finally:
        Meta.box.k = 1.0


def behind():
    """What Python's own objects stand before: how a step gets at a number, and how that becomes another."""
    table, numbers, array_, objects = {"k": 1.0}, [1.0], np.ones(1), np.array([{"k": 1.0}, None], object)
    objects[1], own = np.ones(1), np.ones(1).view(Array)
    key, other, referred, settings = Slots(), Slots(), Strange(1.0), types.ModuleType("settings_of_a_test")
    key.k = settings.k = 1.0
    other.k = 3.0
    settings.__file__ = __file__
    get, first, item, total = table.get, numbers.__getitem__, array_.item, array_.sum
    values, items, by_key, reference = table.values(), table.items(), {key: None}, weakref.ref(referred)

    @functools.singledispatch
    def general(x):
        return 0.0

    @general.register
    def _(x: int):
        return numbers[0]

    class Indexed:
        number = 1.0

        def __class_getitem__(cls, name):
            return cls.number

    class Made:
        def __new__(cls):
            made = super().__new__(cls)
            made.number = numbers[0]
            return made

    def of_a_module():
        renamed = settings
        return renamed.k

    numpys = np.vectorize(lambda x: numbers[0])
    listed, named, chain = collections.UserList([1.0]), collections.UserDict(k=1.0), collections.ChainMap({"k": 1.0})
    weakly, of_objects, per_thread = weakref.WeakValueDictionary(k=key), weakref.WeakKeyDictionary(), threading.local()
    of_objects[key] = per_thread.k = 1.0
    created, holder = types.new_class("Created"), Slots()
    holder.k = np.ones(2)
    proxy, proxied = weakref.proxy(key), weakref.proxy(holder)
    created.k, modules = 1.0, [settings]

    class Entries:
        by_getter = property(operator.attrgetter("hidden"))
        by_partial = property(functools.partial(lambda held, self: held[0], numbers))
        by_object = classmethod(Caller(numbers))
        given = functools.partialmethod(lambda self, held: held[0], numbers)

    class Modes(enum.Enum):
        FIRST = numbers

    entries, call, row = Entries(), operator.methodcaller("given"), np.zeros(1, [("k", "f8")])[0]
    entries.hidden = row["k"] = 1.0
    space, hidden = types.SimpleNamespace(zeta=1.0), types.SimpleNamespace(zeta=1.0)
    bare, answering = types.ModuleType("bare"), types.ModuleType("answering")
    answering.__getattr__ = lambda name: numbers[0]
    bare.__file__ = answering.__file__ = __file__
    same_set, template = {8, 0}, "{0.zeta}"

    def matched():
        match space:
            case types.SimpleNamespace(zeta=found):
                return found

    def unbound():
        try:
            return late
        except NameError:
            return 1.0

    def bind():
        nonlocal late
        late = 3.0

    if not numbers:
        late = 0.0

    def again():
        same_set.clear()
        same_set.update((0.0, 8))

    held = np.array([1, None], object)
    made_of_python = np.frompyfunc(lambda x: x * numbers[0], 1, 1)
    third = functools.partial(numbers.__setitem__, 0, 3.0)
    return {
        "an array of objects": (lambda: 3.0 if held[0] is True else 1.0, lambda: held.__setitem__(0, True)),
        "a ufunc of Python's": (lambda: made_of_python(1.0), third),
        "a property by a getter": (lambda: entries.by_getter, lambda: setattr(entries, "hidden", 3.0)),
        "a property by a partial function": (lambda: entries.by_partial, third),
        "a class method by an object": (lambda: entries.by_object(), third),
        "a method by a partial one": (lambda: entries.given(), third),
        "a method called by its name": (lambda: call(entries), third),
        "a list in an enumeration": (lambda: Modes.FIRST.value[0], third),
        "members of an enumeration": (lambda: next(iter(Modes)).value[0], third),
        "a row of a structured array": (lambda: float(row["k"]), lambda: row.__setitem__("k", 3.0)),
        "a pattern": (matched, lambda: setattr(space, "zeta", 3.0)),
        "a format": (lambda: float(template.format(hidden)), lambda: setattr(hidden, "zeta", 3.0)),
        "all there is": (lambda: entries.__getstate__()["hidden"], lambda: setattr(entries, "hidden", 3.0)),
        "what a module has not yet": (lambda: bare.k if hasattr(bare, "k") else 1.0, lambda: setattr(bare, "k", 3.0)),
        "what a module answers": (lambda: answering.k, third),
        "a name without a value": (unbound, bind),
        "kinds in a set": (lambda: 3.0 if float in map(type, same_set) else 1.0, again),
        "another list inside": (lambda: listed[0], lambda: setattr(listed, "data", [3.0])),
        "another dict inside": (lambda: named["k"], lambda: setattr(named, "data", {"k": 3.0})),
        "other dicts in a chain": (lambda: chain["k"], lambda: setattr(chain, "maps", [{"k": 3.0}])),
        "a proxy": (lambda: proxy.k, lambda: setattr(key, "k", 3.0)),
        "an array behind a proxy": (lambda: proxied.k * 1, lambda: setattr(holder, "k", np.full(2, 3.0))),
        "a dict of references": (lambda: weakly["k"].k, lambda: setattr(key, "k", 3.0)),
        "a dict of other references": (lambda: weakly["k"].k, lambda: (key, weakly.update(k=other))),
        "what references are mapped to": (lambda: of_objects[key], lambda: of_objects.update({key: 3.0})),
        "what each thread has": (lambda: per_thread.k, lambda: setattr(per_thread, "k", 3.0)),
        "a class made by types": (lambda: created.k, lambda: setattr(created, "k", 3.0)),
        "an element of a class": (lambda: Indexed["k"], lambda: setattr(Indexed, "number", 3.0)),
        "a module in a list": (lambda: modules[0].k, lambda: setattr(settings, "k", 3.0)),
        "a dict's get": (lambda: get("k"), lambda: table.update(k=3.0)),
        "a list's element": (lambda: first(0), lambda: numbers.__setitem__(0, 3.0)),
        "an array's item": (lambda: item(0), lambda: array_.fill(3.0)),
        "an array's sum": (lambda: total(), lambda: array_.fill(3.0)),
        "values of a dict": (lambda: sum(values), lambda: table.update(k=3.0)),
        "items of a dict": (lambda: dict(items)["k"], lambda: table.update(k=3.0)),
        "keys of a dict": (lambda: next(iter(by_key)).k, lambda: setattr(key, "k", 3.0)),
        "an array of dicts": (lambda: objects[0]["k"], lambda: objects[0].update(k=3.0)),
        "an array of arrays": (lambda: objects[1] * 1, lambda: objects[1].fill(3.0)),
        "an array of one's own class": (lambda: np.asarray(own * 1), lambda: own.fill(3.0)),
        "a reference": (lambda: reference().k, lambda: setattr(referred, "k", 3.0)),
        "a function for each type": (lambda: general(1), lambda: numbers.__setitem__(0, 3.0)),
        "a function of NumPy's": (lambda: float(numpys(1)), lambda: numbers.__setitem__(0, 3.0)),
        "an object that is made": (lambda: Made().number, lambda: numbers.__setitem__(0, 3.0)),
        "a module by another name": (of_a_module, lambda: setattr(settings, "k", 3.0)),
        "a set of objects": ((lambda held: lambda: next(iter(held)).k)({key}), lambda: setattr(key, "k", 3.0)),
    }


@pytest.mark.parametrize("how", behind())
def test_what_stands_behind_something_is_read_anew(how):
    number, change = behind()[how]
    fast = tg.compile(lambda x: x * number())
    assert equal(fast(X), X)
    change()
    assert equal(fast(X), 3 * X)


def test_a_proxy_of_what_is_gone_is_nothing():
    gone = [weakref.proxy(Strange(1.0)), 2.0]
    assert equal(tg.compile(lambda x: x * gone[1])(X), 2 * X)


def test_another_thread_has_attributes_of_its_own():
    own = threading.local()
    own.k = 1.0
    fast = tg.compile(lambda x: x * own.k)
    assert equal(fast(X), X)
    found = []

    def elsewhere():
        own.k = 3.0
        found.append(fast(X))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert equal(found[0], 3 * X) and equal(fast(X), X)

"""What the walk finds: objects of every make, state in functions themselves, code that is exchanged."""

from __future__ import annotations

import array
import collections
import enum
import functools
import operator
import sys
import threading
import types
import weakref
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])
__K = 1.0


class Attributes(dict):
    """The most common idiom for a configuration."""

    __getattr__ = dict.__getitem__


class Strange:
    def __init__(self, k):
        self.k = k

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")


class Numbers(list):
    k = 1.0


class Table(dict):
    k = 1.0


class Number(float):
    k = 1.0


class Array(np.ndarray):
    k = 1.0


class Weight(tg.Tensor):
    k = 1.0


class Slots:
    __slots__ = ("__k", "__weakref__", "k")


class Pair(NamedTuple):
    a: float
    k: list


class Descent(tg.optim.SGD):
    k = 1.0


class Meta(type):
    box = types.SimpleNamespace(k=1.0)

    @property
    def k(cls):
        return cls.box.k


class OfMeta(metaclass=Meta):
    pass


class OwnAccess:
    """What every access goes through."""

    def __init__(self):
        self.__dict__["k"] = 1.0

    def __getattribute__(self, name):
        found = object.__getattribute__(self, "__dict__")
        return found if name == "__dict__" else object if name == "__class__" else found[name]


class Caller:
    def __init__(self, numbers):
        self.numbers = numbers

    def __call__(self, kind):
        return self.numbers[0]


def made(kind, *given):
    thing = kind(*given)
    thing.k = 1.0
    return thing


THINGS = {
    "dict with attributes": lambda: Attributes(k=1.0),
    "object that refuses other names": lambda: Strange(1.0),
    "object with an access of its own": OwnAccess,
    "list": lambda: made(Numbers),
    "dict": lambda: made(Table),
    "float": lambda: made(Number, 2.0),
    "array": lambda: made(np.ones(2).view, Array),
    "Tensor": lambda: made(Weight, [1.0, 2.0]),
    "slots": lambda: made(Slots),
    "optimizer of the house": lambda: made(tg.optim.SGD, [tg.Tensor(1.0, requires_grad=True)], 0.1),
    "optimizer": lambda: made(Descent, [tg.Tensor(1.0, requires_grad=True)], 0.1),
    "deque": lambda: made(type("Own", (collections.deque,), {})),
}


@pytest.mark.parametrize("how", THINGS)
def test_an_attribute_is_read_anew_whatever_has_it(how):
    thing = THINGS[how]()
    fast = tg.compile(lambda x: x * thing.k)
    assert equal(fast(X), X)
    if isinstance(thing, Attributes):
        thing["k"] = 3.0
    else:
        thing.k = 3.0
    assert equal(fast(X), 3 * X)


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


class Plain:
    k = 1.0


class Scaled(tg.layers.Module):
    k = 1.0


@pytest.mark.parametrize("kind", [Plain, Scaled])
def test_another_dict_of_attributes_is_seen(kind):
    thing = kind()
    fast = tg.compile(lambda x: x * thing.k)
    assert equal(fast(X), X)
    thing.__dict__ = {"k": 3.0}
    assert equal(fast(X), 3 * X)


def test_a_class_may_come_from_nowhere():
    """Of code that was run by exec, say: the module that it names is none that is loaded."""
    space = {"__name__": "a_module_that_is_not_loaded"}
    exec("class Own:\n    k = 1.0", space)
    own = space["Own"]()
    fast = tg.compile(lambda x: x * own.k)
    assert equal(fast(X), X)
    own.k = 3.0
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


@pytest.mark.parametrize("read", [lambda a, x: a.T * x, lambda a, x: x * a.shape[0], lambda a, x: x * len(a)])
def test_an_array_that_gets_another_shape_is_captured_again(read):
    array = np.ones((1, 2))
    fast = tg.compile(lambda x: read(array, x))
    assert equal(fast(X), read(array, X))
    array.resize((2, 1), refcheck=False)
    assert equal(fast(X), read(array, X))


@pytest.mark.parametrize("ask", [lambda t: t.ndim, lambda t: t.shape[0], len, lambda t: 8 // t.dtype.itemsize])
def test_a_tensor_that_is_only_asked_for_its_shape_is_asked_anew(ask):
    tensor = tg.Tensor([[1.0, 2.0]])
    fast = tg.compile(lambda x: x * ask(tensor))
    assert equal(fast(X), ask(tensor) * X)
    tensor.data = np.ones((2, 1, 1))
    assert equal(fast(X), ask(tensor) * X)


def test_an_array_in_a_chain_of_dicts_stays_in_its_own():
    """A chain writes into its first dict only: what stands for an array while the step is captured is put elsewhere."""
    first, second = {}, {"k": np.ones(2)}
    chain = collections.ChainMap(first, second)
    fast = tg.compile(lambda x: x * (chain["k"] * 2))
    assert equal(fast(X), 2 * X) and not first
    second["k"] = np.full(2, 3.0)
    assert equal(fast(X), 6 * X)
    first["k"] = np.full(2, 4.0)
    assert equal(fast(X), 8 * X)


def test_objects_may_be_in_each_other_as_deep_as_they_like():
    deep = last = [1.0]
    for _ in range(2000):
        deep = [deep]

    def step(x):
        found = deep
        while isinstance(found[0], list):
            found = found[0]
        return x * found[0]

    fast = tg.compile(step)
    assert equal(fast(X), X)
    last[0] = 3.0
    assert equal(fast(X), 3 * X)


def test_bytes_that_can_change_are_read_anew():
    numbers, compact = bytearray([1, 2]), array.array("d", [1.0])
    fast = tg.compile(lambda x: x * numbers[0] * compact[0])
    assert equal(fast(X), X)
    numbers[0] = 2
    assert equal(fast(X), 2 * X)
    compact[0] = 3.0
    assert equal(fast(X), 6 * X)


def test_a_name_with_two_underscores_is_read_anew(monkeypatch):
    fast = tg.compile(lambda x: x * __K)
    assert equal(fast(X), X)
    monkeypatch.setitem(globals(), "__K", 3.0)
    assert equal(fast(X), 3 * X)


def test_a_global_that_only_globals_names_is_read_anew(monkeypatch):
    fast = tg.compile(lambda x: x * globals()["__K"])
    assert equal(fast(X), X)
    monkeypatch.setitem(globals(), "__K", 3.0)
    assert equal(fast(X), 3 * X)


# ---- state that functions keep


def of_a_default(x, st=[0]):  # noqa: B006
    st[0] += 1
    return x * st[0]


def of_an_option(x, *, st={"n": 0}):  # noqa: B006
    st["n"] += 1
    return x * st["n"]


def of_itself(x):
    of_itself.n += 1
    return x * of_itself.n


@tg.compile
def of_the_compiled(x):
    of_the_compiled.n += 1
    return x * of_the_compiled.n


def helper(x, st=[0]):  # noqa: B006
    st[0] += 1
    return x * st[0]


of_itself.n = of_the_compiled.n = 0


@pytest.mark.parametrize("step", [of_a_default, of_an_option, of_itself, of_the_compiled, lambda x: helper(x)])
def test_what_a_function_keeps_and_reads_is_refused(step):
    fast = step if step is of_the_compiled else tg.compile(step)
    for n in range(1, 5):
        try:
            assert equal(fast(X), n * X)
        except RuntimeError as error:
            assert "at each call, and reads it" in str(error)
            break
    else:
        pytest.fail("it was not refused")


def test_what_a_function_only_counts_is_counted_at_captures():
    def step(x, st=[0], seen=[]):  # noqa: B006
        st[0] += 1
        seen.append(1)
        return x * 2

    fast = tg.compile(step)
    for _ in range(3):
        assert equal(fast(X), 2 * X)
    assert len(fast._programs) == 1 and step.__defaults__ == ([1], [1])


# ---- code that is exchanged


def twice(x):
    return x * 2


def thrice(x):
    return x * 3


class Layer(tg.layers.Module):
    def forward(self, x):
        return x * 2


class Heir(Layer):
    pass


def test_code_that_is_exchanged_is_seen(monkeypatch):
    fast = tg.compile(lambda x: twice(x))
    assert equal(fast(X), 2 * X)
    monkeypatch.setattr(twice, "__code__", thrice.__code__)  # as IPython's autoreload does
    assert equal(fast(X), 3 * X)


def test_other_defaults_of_an_option_are_seen():
    def scaled(x, *, k=1.0):
        return x * k

    fast = tg.compile(lambda x: scaled(x))
    assert equal(fast(X), X)
    scaled.__kwdefaults__["k"] = 3.0
    assert equal(fast(X), 3 * X)
    scaled.__kwdefaults__ = {"k": 4.0}
    assert equal(fast(X), 4 * X)


@pytest.mark.parametrize("layer", [Layer(), Heir(), tg.Sequential(Heir())])
def test_another_forward_of_a_class_is_seen(layer, monkeypatch):
    fast = tg.compile(lambda x: layer(x))
    assert equal(fast(X), 2 * X)
    monkeypatch.setattr(Layer, "forward", lambda self, x: x * 3)
    assert equal(fast(X), 3 * X)
    monkeypatch.setattr(Heir, "forward", lambda self, x: x * 4, raising=False)
    assert equal(fast(X), 3 * X if type(layer) is Layer else 4 * X)


@pytest.mark.parametrize("how", ["module", "name", "inside another", "in two functions"])
def test_a_module_that_is_imported_inside_is_read_anew(how, monkeypatch):
    outer, inner = types.ModuleType("settings_of_a_test"), types.ModuleType("settings_of_a_test.inner")
    outer.k = inner.k = outer.other = 1.0
    outer.inner = inner
    outer.__path__ = []
    monkeypatch.setitem(sys.modules, "settings_of_a_test", outer)
    monkeypatch.setitem(sys.modules, "settings_of_a_test.inner", inner)

    def module(x):
        import settings_of_a_test as cfg

        return x * cfg.k

    def name(x):
        from settings_of_a_test import k

        return x * k

    def deeper(x):
        from settings_of_a_test import inner

        return x * inner.k

    def again(x):
        import settings_of_a_test as cfg

        return x * cfg.other

    def twice(x):
        return deeper(x) * again(x) / x

    def inside(x):
        from settings_of_a_test import inner

        return x * inner.k

    fast = tg.compile({"module": module, "name": name, "inside another": inside, "in two functions": twice}[how])
    assert equal(fast(X), X)
    outer.k = inner.k = 3.0
    assert equal(fast(X), 3 * X)
    outer.other = 2.0
    assert equal(fast(X), (6 if how == "in two functions" else 3) * X)


# ---- what is asked of Tensors


def test_whether_a_tensor_has_a_gradient_or_requires_one_is_read_anew():
    k = tg.Tensor(X, requires_grad=True)
    with_gradient = tg.compile(lambda x: x * (2 if k.grad is None else 3))
    requiring = tg.compile(lambda x: x * (3 if k.requires_grad else 2))
    named = tg.compile(lambda x: x * len(k.name or ""))
    assert [f(X)[0] for f in (with_gradient, requiring, named)] == [2.0, 3.0, 0.0]
    k.grad, k.requires_grad, k.name = X, False, "ab"
    assert [f(X)[0] for f in (with_gradient, requiring, named)] == [3.0, 2.0, 2.0]


class Doubled:
    def __call__(self, x):
        return 2 * x


class Tripled(Doubled):
    def __call__(self, x):
        return 3 * x


class Wider(Layer):
    def forward(self, x):
        return x * 5


def test_an_object_of_another_class_is_seen():
    thing, layer = Doubled(), Layer()
    fast = tg.compile(lambda x: layer(thing(x)))
    assert equal(fast(X), 4 * X)
    thing.__class__ = Tripled
    assert equal(fast(X), 6 * X)
    layer.__class__ = Wider
    assert equal(fast(X), 15 * X)

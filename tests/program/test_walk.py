"""What the walk finds: attributes of objects of every make, elements of tables, what classes hold."""

from __future__ import annotations

import array
import collections
import functools
import logging
import queue
import threading

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal
from .things import Array, Attributes, Descent, Number, Numbers, OwnAccess, Slots, Strange, Table, Weight

X = np.array([1.0, 2.0])


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
    "one slot": lambda: made(type("Slotted", (), {"__slots__": ("k",)})),
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


class Layer(tg.layers.Module):
    def forward(self, x):
        return x * 2


class Heir(Layer):
    pass


@pytest.mark.parametrize("layer", [Layer(), Heir(), tg.Sequential(Heir())])
def test_another_forward_of_a_class_is_seen(layer, monkeypatch):
    fast = tg.compile(lambda x: layer(x))
    assert equal(fast(X), 2 * X)
    monkeypatch.setattr(Layer, "forward", lambda self, x: x * 3)
    assert equal(fast(X), 3 * X)
    monkeypatch.setattr(Heir, "forward", lambda self, x: x * 4, raising=False)
    assert equal(fast(X), 3 * X if type(layer) is Layer else 4 * X)


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


@pytest.mark.parametrize("thing", [ValueError(), logging.Logger("one"), functools.partial(len), queue.Queue()])
def test_attributes_that_the_step_names_are_read_anew_of_objects_of_other_packages_too(thing):
    thing.k, thing.mean, thing.unnamed = 1.0, X.copy(), 0
    fast = tg.compile(lambda x: x * thing.k - thing.mean * 2)
    assert equal(fast(X), -X)
    thing.k, thing.mean[:] = 3.0, 1.0
    assert equal(fast(X), 3 * X - 2)
    thing.mean = np.zeros(2)
    assert equal(fast(X), 3 * X)
    program = fast._programs[0]
    thing.unnamed = 1
    assert equal(fast(X), 3 * X) and fast._programs[0] is program


def test_an_object_of_another_package_is_not_looked_through_for_what_getattr_may_be_asked_for():
    thing, table = logging.Logger("one"), {"k": 2.0}
    fast = tg.compile(lambda x: x * table["k"] + getattr(thing, "level"))  # noqa: B009 - as a user might
    fast(X)
    program = fast._programs[0]
    thing.info("its cache is another now")
    assert equal(fast(X), 2 * X) and fast._programs[0] is program


def test_a_count_of_the_steps_own_is_none_of_another_packages_object():
    class Trainer:
        def __init__(self):
            self.n, self.bar = 0, threading.Event()
            self.bar.n = 0

        def step(self, x):
            self.n += 1
            self.bar.set()
            return x * 2

    trainer = Trainer()
    fast = tg.compile(trainer.step)
    for n in range(3):
        trainer.bar.n = n
        assert equal(fast(X), 2 * X)
    assert trainer.n == 1

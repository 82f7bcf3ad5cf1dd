"""Nothing stale is replayed: what Python reads of arrays, shadowed names, and what it does not read."""

from __future__ import annotations

import contextvars
import operator
import os
import time
import types

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal, same_bits

X = np.array([1.0, 2.0])


DATA = np.array([1.0, 1.0])


class Holder:
    factor = np.array([1.0, 1.0])
    scale = 1.0

    def __init__(self) -> None:
        self.data = np.array([1.0, 1.0])


class Slotted:
    __slots__ = ("data",)


class Masked(tg.layers.Module):
    def __init__(self) -> None:
        self.mask = np.array([1.0, 1.0])

    def forward(self, x):
        return x * (self.mask * 2)


def places():
    """Ways in which a step gets hold of an array, and the array."""
    closed, listed, named = DATA.copy(), [DATA.copy()], {"data": DATA.copy()}
    pair, holder, slotted, masked = (DATA.copy(), 1.0), Holder(), Slotted(), Masked()
    slotted.data = DATA.copy()
    module = types.ModuleType("a_module_of_the_user")
    module.DATA = DATA.copy()
    default = DATA.copy()
    spaces = types.SimpleNamespace(data=DATA.copy())
    return {
        "closure": (closed, lambda x: x * (closed * 2)),
        "list": (listed[0], lambda x: x * (listed[0] * 2)),
        "dict": (named["data"], lambda x: x * (named["data"] * 2)),
        "tuple": (pair[0], lambda x: x * (pair[0] * 2)),
        "attribute": (holder.data, lambda x: x * (holder.data * 2)),
        "slot": (slotted.data, lambda x: x * (slotted.data * 2)),
        "namespace": (spaces.data, lambda x: x * (spaces.data * 2)),
        "class": (Holder.factor, lambda x: x * (holder.factor * 2)),
        "global": (DATA, lambda x: x * (DATA * 2)),
        "module": (module.DATA, lambda x: x * (module.DATA * 2)),
        "layer": (masked.mask, lambda x: masked(x)),
        "default": (default, lambda x, data=default: x * (data * 2)),
        "element": (closed, lambda x: x * closed[0] * (closed[-1] + 1)),
    }


@pytest.mark.parametrize("how", places())
def test_what_python_computes_with_an_array_is_computed_anew(how):
    array, step = places()[how]
    before = array.copy()
    fast = tg.compile(step)
    for values in ([1.0, 1.0], [2.0, 3.0], [4.0, 5.0]):
        array[:] = values
        assert equal(np.asarray(fast(X)), np.asarray(step(X))), how
    assert len(fast._programs) == 1 and type(array) is np.ndarray
    array[:] = before
    assert equal(np.asarray(step(X)), np.asarray(fast(X)))  # everything is in its place again


def test_a_number_that_python_takes_out_of_an_array_is_refused():
    rates = np.array([0.5, 0.25])
    with pytest.raises(RuntimeError, match=r"float\(rates\[0\]\)"):
        tg.compile(lambda x: x * float(rates[0]))(X)
    assert type(rates) is np.ndarray


def test_a_mask_that_the_step_refers_to_is_read_anew():
    mask = np.array([True, False])
    fast = tg.compile(lambda x: np.sum(x[mask]))
    assert fast(X) == 1.0
    mask[:] = True
    assert fast(X) == 3.0


def test_a_mask_that_is_given_is_refused():
    with pytest.raises(RuntimeError, match=r"what a mask picks.*np\.where\(mask, x, 0\)"):
        tg.compile(lambda x, mask: np.sum(x[mask]))(X, X > 1)


def test_words_in_an_array_are_read_anew():
    kinds = np.array(["plus", "minus"])
    fast = tg.compile(lambda x: x if kinds[0] == "plus" else -x)
    assert equal(fast(X), X)
    kinds[0] = "minus"
    assert equal(fast(X), -X)


def test_an_attribute_in_the_place_of_a_class_attribute_is_seen():
    holder = Holder()
    fast = tg.compile(lambda x: x * holder.scale)
    fast(X)
    holder.scale = 2.0
    assert equal(fast(X), 2 * X)


@pytest.mark.parametrize("base", [object, types.SimpleNamespace, tg.Module])
def test_an_attribute_that_takes_the_place_of_a_class_attribute_as_another_goes_is_seen(base):
    class Settings(base):
        scale = 1.0

    settings = Settings()
    settings.note = "warm up"
    fast = tg.compile(lambda x: x * settings.scale)
    fast(X)
    del settings.note
    settings.scale = 2.0
    assert equal(fast(X), 2 * X)


def test_a_name_in_the_place_of_one_of_pythons_is_seen(monkeypatch):
    fast = tg.compile(lambda x: x * len("ab"))
    assert equal(fast(X), 2 * X)
    monkeypatch.setitem(globals(), "len", lambda _: 3)
    assert equal(fast(X), 3 * X)


def test_a_number_read_inside_grad_or_compile_is_read_anew():
    scale = 1.0
    slope = tg.grad(lambda x: np.sum(x * x * scale))
    inner = tg.compile(lambda x: x * scale)
    fast = tg.compile(lambda x: slope(x) + inner(x))
    fast(X)
    scale = 2.0
    assert equal(fast(X), slope(X) + 2 * X)


def test_the_environment_is_read_anew(monkeypatch):
    monkeypatch.setenv("A_SCALE", "2")
    fast = tg.compile(lambda x: x * float(os.environ["A_SCALE"]))
    assert equal(fast(X), 2 * X)
    monkeypatch.setenv("A_SCALE", "3")
    assert equal(fast(X), 3 * X)


class Held:
    environment = os.environ


@pytest.mark.parametrize("how", ["held", "imported inside", "expanded"])
def test_the_environment_is_read_anew_however_the_step_gets_at_it(how, monkeypatch):
    def imported(x):
        import os as system

        return x * float(system.environ["A_SCALE"])

    fast = tg.compile(
        {
            "held": lambda x: x * float(Held.environment["A_SCALE"]),
            "imported inside": imported,
            "expanded": lambda x: x * float(os.path.expandvars("$A_SCALE")),
        }[how]
    )
    for scale in ("2", "3"):
        monkeypatch.setenv("A_SCALE", scale)
        assert equal(fast(X), float(scale) * X)


def test_a_context_variable_is_read_anew():
    scale = contextvars.ContextVar("scale")
    data = contextvars.ContextVar("data")
    data.set(X.copy())
    fast = tg.compile(lambda x: x * scale.get(1.0) * (data.get() * 2))
    assert equal(fast(X), 2 * X * X)
    token = scale.set(3.0)
    assert equal(fast(X), 6 * X * X)
    data.get()[:] = 1.0
    assert equal(fast(X), 6 * X)
    data.set(2 * X)
    assert equal(fast(X), 12 * X * X)
    scale.reset(token)
    assert equal(fast(X), 4 * X * X)
    scale.set(5.0)
    empty = contextvars.Context()
    empty.run(data.set, X)
    assert equal(empty.run(fast, X), 2 * X * X)  # where scale is not set


def test_a_name_of_two_underscores_is_one(monkeypatch):
    fast = tg.compile(lambda x: x * __scale__)
    assert equal(fast(X), X)
    monkeypatch.setitem(globals(), "__scale__", 2.0)
    assert equal(fast(X), 2 * X)


__scale__ = 1.0


def test_what_attrgetter_is_told_in_the_step_is_read_anew():
    outer = types.SimpleNamespace(inner=Slotted())
    outer.inner.data = 1.0
    fast = tg.compile(lambda x: x * operator.attrgetter("inner.data")(outer))
    assert equal(fast(X), X)
    outer.inner.data = 2.0
    assert equal(fast(X), 2 * X)


def test_a_number_with_attributes_is_no_other_one_that_is_equal():
    class Size(float):
        unit = 1.0

    size = Size(2.0)
    fast, given = tg.compile(lambda x: x * size.unit), tg.compile(lambda x, size: x * size.unit)
    assert equal(fast(X), X) and equal(given(X, size), X)
    size = Size(2.0)
    size.unit = 3.0
    assert equal(fast(X), 3 * X) and equal(given(X, size), 3 * X)


def test_a_refusal_that_the_step_catches_is_one():
    w = tg.Tensor(X, requires_grad=True)

    def step(x):
        loss = np.sum(x * w)
        try:
            return loss * loss.item()
        except Exception:
            return loss

    with pytest.raises(RuntimeError, match=r"loss \* loss\.item\(\)"):
        tg.compile(step)(X)


def test_an_attribute_that_only_getattr_names_is_read_anew():
    holder, key = Holder(), "".join(["sc", "ale"])
    fast = tg.compile(lambda x: x * getattr(holder, key))
    fast(X)
    try:
        Holder.scale = 2.0
        assert equal(fast(X), 2 * X)
    finally:
        Holder.scale = 1.0


def test_a_masked_array_is_no_plain_array():
    with pytest.raises(TypeError, match=r"not MaskedArray: give array\.filled\(value\)"):
        tg.compile(lambda x: x)(np.ma.masked_array(X, [False, True]))


def test_the_gradient_that_a_way_back_starts_with_is_returned():
    w = tg.Tensor(X, requires_grad=True)

    def step(x):
        loss = np.mean(x * w)
        loss.backward()
        return loss, loss.grad

    fast = tg.compile(step)
    for n in (1.0, 2.0):
        loss, grad = fast(X * n)
        assert loss.item() == 2.5 * n and equal(grad, np.array(1.0))


def test_what_the_step_does_not_read_may_change():
    class Trainer:
        def __init__(self):
            self.w, self.losses, self.epoch = tg.Tensor(X, requires_grad=True), [], 0
            self.started = time.time()

        def step(self, x):
            return np.sum(x * self.w)

    class Net(tg.layers.Module):
        def __init__(self):
            self.w, self.seen = tg.Tensor(X, requires_grad=True), []

        def forward(self, x):
            return np.sum(x * self.w)

    trainer, net = Trainer(), Net()
    fast, forward = tg.compile(trainer.step), tg.compile(lambda x: net(x))
    first = None
    for epoch in range(4):
        trainer.epoch = epoch
        trainer.losses.append(fast(X).item())
        net.seen.append(forward(X).item())
        first = first or (fast._programs[0], forward._programs[0])
        assert first == (fast._programs[0], forward._programs[0])


def test_what_operators_call_is_read_anew(monkeypatch):
    class Scaled:
        def __getitem__(self, i):
            return HIDDEN[0] * i

    scaled = Scaled()
    fast = tg.compile(lambda x: x * scaled[2])
    assert equal(fast(X), 2 * X)
    monkeypatch.setitem(HIDDEN, 0, 3.0)
    assert equal(fast(X), 6 * X)


HIDDEN = {0: 1.0}


def test_functions_of_several_results_give_what_numpy_gives():
    def step(x):
        return np.linalg.svd(x).S, [*np.split(x, 2), x][1], np.linalg.eigh(x.T @ x).eigenvalues, np.split(x, 2)

    fast = tg.compile(step)
    for x in np.random.default_rng(0).normal(size=(2, 4, 2)):
        found = fast(x)
        assert type(found[3]) is list and same_bits(found, step(x))

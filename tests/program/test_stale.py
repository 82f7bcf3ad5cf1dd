"""Nothing stale is replayed: what Python reads of arrays, shadowed names, variables that the step changes itself."""

from __future__ import annotations

import contextlib
import copy
import datetime
import itertools
import os
import random
import threading
import time
import types

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import agree, equal, same_bits

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


def unseeded(x):
    return x + np.random.default_rng().normal(size=x.shape)


def of_the_clock(x):
    return x * time.time()


def of_the_date(x):
    return x * datetime.datetime.now().second


def of_the_system(x):
    return x * len(os.urandom(3))


def imported_inside(x):
    import time

    return x * time.time()


def new_python_generator(x):
    return x * random.Random().random()


REFUSED = [unseeded, of_the_clock, of_the_date, of_the_system, imported_inside, new_python_generator]


@pytest.mark.parametrize("step", REFUSED, ids=lambda step: step.__name__)
def test_what_a_program_would_do_only_once_is_refused(step):
    with pytest.raises(RuntimeError, match=r"(?s)line \d+ of test_stale.py.*only once.*tg\.ops\.normal"):
        tg.compile(step)(X)


def test_random_numbers_of_the_system_are_refused():
    system = random.SystemRandom()
    with pytest.raises(RuntimeError, match="random numbers of the system"):
        tg.compile(lambda x: x * system.random())(X)


def test_a_generator_from_a_seed_gives_the_same_numbers():
    def step(x):
        return x + np.random.default_rng(3).normal(size=x.shape)

    fast = tg.compile(step)
    assert equal(fast(X), step(X)) and equal(fast(2 * X), step(2 * X))


RNG = np.random.default_rng(3)
NEW = {
    "generator": lambda x: tg.ops.normal(shape=x.shape, rng=np.random.default_rng(0)) * x,
    "layer": lambda x: tg.Dropout(0.5, rng=0)(x),
    "copy": lambda x: tg.ops.normal(shape=x.shape, rng=copy.deepcopy(RNG)) * x,
    "copy of a model": lambda x: copy.deepcopy(DROPOUT)(x),
    "child": lambda x: tg.ops.normal(shape=x.shape, rng=RNG.spawn(1)[0]) * x,
}
DROPOUT = tg.Sequential(tg.Dropout(0.5, rng=0))


@pytest.mark.parametrize("step", NEW.values(), ids=NEW)
def test_a_generator_that_the_step_makes_for_an_op_is_refused(step):
    """The program would go on with it, and the step begins anew."""
    with pytest.raises(RuntimeError, match=r"generator that it makes itself.*outside of the step"):
        tg.compile(step)(X)


HOLDER = types.SimpleNamespace(rng=np.random.default_rng(1))
KEPT = {
    "global": lambda x: tg.ops.normal(shape=x.shape, rng=RNG) * x,
    "attribute": lambda x: tg.ops.normal(shape=x.shape, rng=HOLDER.rng) * x,
    "layer": lambda x: DROPOUT(x),
    "thread": lambda x: tg.ops.normal(shape=x.shape) * x,
    "seed": lambda x: tg.ops.normal(shape=x.shape, rng=0) * x,
    "given": lambda x, rng: tg.ops.normal(shape=x.shape, rng=rng) * x,
}


@pytest.mark.parametrize("how", KEPT)
def test_a_generator_that_was_there_goes_on(how):
    generators = [RNG, HOLDER.rng, DROPOUT[0].rng]
    given = [RNG] if how == "given" else []
    fast, found, before = tg.compile(KEPT[how]), [], [copy.deepcopy(g.bit_generator.state) for g in generators]
    for call in (fast, KEPT[how]):
        tg.seed(1)
        for generator, state in zip(generators, before, strict=True):
            generator.bit_generator.state = state
        found.append([np.asarray(call(X, *given)).tolist() for _ in range(4)])
    assert found[0] == found[1]


def test_raw_bits_are_refused():
    bits = RNG.bit_generator
    for step in (lambda x: x * RNG.bit_generator.random_raw(), lambda x: x * bits.random_raw()):
        with pytest.raises(RuntimeError, match="draws random numbers by NumPy"):
            tg.compile(step)(X)


def test_the_environment_is_read_anew(monkeypatch):
    monkeypatch.setenv("A_SCALE", "2")
    fast = tg.compile(lambda x: x * float(os.environ["A_SCALE"]))
    assert equal(fast(X), 2 * X)
    monkeypatch.setenv("A_SCALE", "3")
    assert equal(fast(X), 3 * X)


def test_counters_count_captures():
    n, seen, table = 0, [], {"n": 0}

    def step(x):
        nonlocal n
        n += 1
        table["n"] += 1
        seen.append(x.shape)
        return x * 2

    fast = tg.compile(step)
    for _ in range(3):
        fast(X)
    assert (n, table, seen) == (1, {"n": 1}, [(2,)])


def test_a_number_that_the_step_changes_and_reads_is_refused_when_it_changes_again():
    holder = Holder()

    def step(x):
        holder.scale = holder.scale + 1
        return x * holder.scale

    fast = tg.compile(step)
    assert equal(fast(X), 2 * X)
    with pytest.raises(RuntimeError, match="changes 'scale' at each call"):
        fast(X)


def test_what_is_made_at_the_first_call_is_made_once():
    class Lazy:
        w = None

        def step(self, x):
            if self.w is None:
                self.w = tg.Tensor(np.ones(2), requires_grad=True)
            return np.sum(x * self.w)

    lazy = Lazy()
    fast = tg.compile(lazy.step)
    for _ in range(3):
        assert fast(X).item() == 3.0
    lazy.w.data = np.array([2.0, 2.0])
    assert fast(X).item() == 6.0


def test_an_attribute_may_hold_what_a_call_computes():
    class Model:
        def __init__(self):
            self.w, self.h = tg.Tensor(X, requires_grad=True), None

        def step(self, x):
            self.h = x * self.w
            return np.sum(self.h * self.h)

    made = Model()
    fast = tg.compile(made.step)
    assert [fast(X * n).item() for n in (1, 2, 3)] == [17.0, 68.0, 153.0]


@pytest.mark.parametrize("start", [None, "array", "tensor", "number"])
def test_what_is_kept_for_the_next_call_is_refused(start):
    class Recurrent:
        h = None

        def __init__(self):
            self.h = {"array": X * 0, "tensor": tg.Tensor(X * 0), "number": 0.0}.get(start)

        def step(self, x):
            h = np.zeros(2) if self.h is None else self.h
            self.h = np.tanh(x + h)
            return self.h

    made = Recurrent()
    before, fast = made.h, tg.compile(made.step)
    with pytest.raises(RuntimeError, match=r"keeps what it computes in 'h'|computed by a call before"):
        for _ in range(2):
            fast(X)
    if start is not None:
        assert made.h is before


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("start", [0.0, 0, np.float32(1)])
def test_a_mean_over_the_calls_that_begins_with_a_number_in_a_table_is_refused_at_once(kind, start):
    w = tg.Tensor(X, requires_grad=True)
    table = kind({0: start, 1: "word"}.items()) if kind is dict else [start, "word"]

    def step(x):
        loss = np.sum(w * x)
        table[0] = 0.9 * table[0] + 0.1 * loss.data
        return loss

    fast = tg.compile(step)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="keeps what it computes in 'table'"):
            fast(X)
        assert table[0] is start
    step(X)  # as it is, it goes on where it stood
    assert table[0] == 0.9 * start + 0.1 * np.sum(X * X)


@pytest.mark.parametrize("kind", [list, dict])
def test_a_table_of_arrays_and_numbers_is_as_it_was_after_a_refusal(kind):
    w = tg.Tensor(X, requires_grad=True)
    moments = [X * 0, np.float64(0.0)]
    table = kind(enumerate(moments)) if kind is dict else [*moments]

    def step(x):
        np.sum(w * x).backward()
        for i, g in enumerate([w.grad, w.grad.sum()]):
            table[i] = 0.9 * table[i] + g
        if kind is list:
            table.append(g)

    with pytest.raises(RuntimeError, match="keeps what it computes in 'table'"):
        tg.compile(step)(X)
    assert len(table) == 2
    assert all(now is was for now, was in zip([table[0], table[1]], moments, strict=True))


class Counting(itertools.count):
    """An iterator whose place no attribute tells."""


class Own:
    """An iterator of the user's own, whose place is an attribute."""

    def __init__(self):
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        return self.n


ITERATORS = {
    "batches": lambda: iter([X, 2 * X, 3 * X]),
    "count": itertools.count,
    "cycle": lambda: itertools.cycle([1.0, 2.0]),
    "chain": lambda: itertools.chain([1.0], [2.0]),
    "generator": lambda: (n for n in range(9)),
    "map": lambda: map(abs, [1, 2]),
    "count of a class of one's own": Counting,
}


@pytest.mark.parametrize("how", ITERATORS)
def test_what_is_taken_from_an_iterator_is_refused(how):
    it = ITERATORS[how]()
    holder, listed = types.SimpleNamespace(it=it), [it]
    for step in (lambda x: x * next(it), lambda x: x * next(holder.it), lambda x: x * next(listed[0])):
        with pytest.raises(RuntimeError, match=r"takes from the iterator '(it|listed)'"):
            tg.compile(step)(X)
    with pytest.raises(RuntimeError, match="given an iterator"):
        tg.compile(lambda x, given: x * next(given))(X, it)


def test_an_iterator_of_ones_own_is_followed_or_refused():
    own = Own()
    fast = tg.compile(lambda x: x * next(own))
    with pytest.raises(RuntimeError, match="changes 'n' at each call"):
        for n in range(1, 9):
            assert equal(fast(X), X * n)


def test_tensors_among_the_arguments_are_inputs():
    w = tg.Tensor(X, requires_grad=True)

    def step(x, y=None):
        loss = np.sum(x * w if y is None else x * w * y)
        loss.backward()
        return loss, x

    fast = tg.compile(step)
    for n in (1.0, 2.0, 3.0):
        x = tg.Tensor(X * n, requires_grad=True)
        w.grad = None
        loss, same = fast(x)
        assert loss.item() == 5 * n and same is x
        assert equal(x.grad, X) and equal(w.grad, X * n) and equal(x.data, X * n)
    assert len(fast._programs) == 1
    one = tg.Tensor(X, requires_grad=True)
    assert fast(one, one)[0].item() == 9.0 and equal(one.grad, 2 * X * X)
    assert fast(one, y=tg.Tensor(X + 1))[0].item() == 2 + 12.0


def test_a_tensor_that_is_given_gets_new_values():
    def step(w, x):
        np.sum(w * x).backward()
        w.data = w.data - 0.1 * w.grad
        w.grad = None

    fast = tg.compile(step)
    for _ in range(3):
        w = tg.Tensor(X, requires_grad=True)
        fast(w, X)
        fast(w, X)
        assert np.allclose(w.data, X * 0.8) and w.grad is None
    assert len(fast._programs) == 1


def test_a_tensor_that_is_given_and_referred_to_is_refused():
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w))
    assert fast(tg.Tensor(X)).item() == 5.0
    assert tg.compile(lambda x: np.sum(x * 2))(w).item() == 6.0
    with pytest.raises(RuntimeError, match="refers to as well"):
        fast(w)


def test_named_tuples_slices_and_tuples_of_arrays_are_taken_apart():
    from collections import namedtuple

    batch = namedtuple("batch", "x y")
    fast = tg.compile(lambda b, part: np.sum(b.x[part] * b.y[part]))
    for n in range(3):
        assert fast(batch(X * n, X), slice(0, 1)) == n
    assert fast(batch(X, X), slice(0, 2)) == 5.0
    assert len(fast._programs) == 2


def test_what_is_returned_in_an_object_is_refused():
    w = tg.Tensor(X, requires_grad=True)

    def step(x):
        found = types.SimpleNamespace()
        found.loss = np.sum(x * w)
        return found

    with pytest.raises(RuntimeError, match="in a SimpleNamespace, which a program can't make"):
        tg.compile(step)(X)
    with pytest.raises(RuntimeError, match="in a set"):
        tg.compile(lambda x: {np.sum(x * w)})(X)


@pytest.mark.parametrize("found", [None, 1.0, "word"])
def test_a_step_may_return_no_array(found):
    assert tg.compile(lambda x: found)(X) is found


def test_parameters_may_take_some_steps_without_each_other():
    def make():
        w, u = (tg.Tensor(np.ones(2), requires_grad=True) for _ in range(2))
        optimizer = tg.optim.Adam([w, u], lr=0.1)

        def step(x, which):
            optimizer.zero_grad()
            h = x * w if which == "w" else x * u if which == "u" else x * w * u
            loss = np.mean(h**2)
            loss.backward()
            optimizer.step()
            return loss

        return step, lambda: [w.data, u.data]

    agree(make, [(X, which) for which in ["w", "both", "w", "u", "both", "w", "both", "u"]])


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


def test_the_learning_rate_is_not_set_inside():
    optimizer = tg.optim.SGD([tg.Tensor(X, requires_grad=True)], lr=0.1)

    def step(x):
        optimizer.lr = 0.05

    with pytest.raises(RuntimeError, match=r"sets the learning rate.*schedule"):
        tg.compile(step)(X)
    assert optimizer.lr == 0.1


def test_the_number_of_steps_is_read_anew():
    w = tg.Tensor(X, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.0)

    def step(x):
        np.sum(x * w).backward()
        optimizer.step()
        return x * optimizer.steps

    fast = tg.compile(step)
    assert [fast(X)[0] for _ in range(3)] == [1.0, 2.0, 3.0]
    assert optimizer.steps == 3


def test_the_learning_rate_is_read_as_it_stands_after_the_step():
    def run(compiled):
        w = tg.Tensor(X, requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=lambda t: 1.0 / (1 + t))

        def step(x):
            optimizer.zero_grad()
            np.sum(x * w).backward()
            optimizer.step()
            return x * optimizer.lr

        call = tg.compile(step) if compiled else step
        return [call(X)[0] for _ in range(4)]

    assert run(True) == run(False) == [1 / 2, 1 / 3, 1 / 4, 1 / 5]


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


def test_data_that_the_step_writes_into_stays_where_it_is():
    """w.data -= … writes into the array, w.data = … puts another in its place; both, one after the other, do both."""

    def make():
        w = tg.Tensor(np.ones((3, 1)), requires_grad=True)
        held, tied = w.data, tg.Tensor(w.data[1:])

        def step(x, clip):
            loss = np.mean((x @ w) ** 2)
            loss.backward()
            w.data -= 0.1 * w.grad
            if clip:
                w.data = np.clip(w.data, 0.2, 1.0)
            w.grad = None
            return loss

        return w, held, tied, step

    ours, theirs = make(), make()
    fast, x = tg.compile(ours[-1]), np.array([[1.0, 2.0, 0.5], [0.5, 1.0, 1.0]])
    for clip in (False, False, True, False, True):
        assert equal(fast(x, clip).data, theirs[-1](x, clip).data)
        assert (ours[0].data is ours[1]) is (theirs[0].data is theirs[1])
        assert equal(ours[0].data, theirs[0].data) and equal(ours[1], theirs[1])
        assert equal(ours[2].data, theirs[2].data)


SHARING = {
    "read": lambda w, v, c: setattr(v, "data", w.data),
    "written": lambda w, v, c: setattr(w, "data", v.data),
    "reversed": lambda w, v, c: setattr(w, "data", v.data[::-1]),
    "a variable's": lambda w, v, c: setattr(w, "data", c),
    "a copy": lambda w, v, c: setattr(w, "data", v.data.copy()),
}


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("how", SHARING)
def test_an_array_that_has_come_to_be_shared_since_is_refused_where_the_step_writes_into_it(how, both):
    w, v, c = tg.Tensor([1.0, 2.0]), tg.Tensor([3.0, 4.0]), np.ones(2)

    def step(x):
        before = (v * x).sum() + (c * 2).sum()
        w.data -= 0.5
        if both:
            v.data -= 0.25
        return before + (w * x).sum()

    fast = tg.compile(step)
    fast(X)
    fast(X)
    SHARING[how](w, v, c)
    was = w.data.tolist(), v.data.tolist(), c.tolist()
    if how == "a copy":
        assert fast(X) == v.data @ X + 0.25 * both * 3 + 4 + w.data @ X and len(fast._programs) == 1
        return
    for _ in range(2):
        with pytest.raises(RuntimeError, match="others hold this array, too"):
            fast(X)
    assert (w.data.tolist(), v.data.tolist(), c.tolist()) == was
    w.data, v.data = [1.0, 2.0], [3.0, 4.0]
    assert fast(X) == 11 + 2 * c.sum() + 0.5 + 3.0


@pytest.mark.parametrize("was_read", [False, True])
def test_a_number_that_the_step_writes_into_may_be_assigned(was_read):
    def made(compile):
        w, b = tg.Tensor([1.0, 1.0], requires_grad=True), tg.Tensor(3.0, requires_grad=True)
        assert not was_read or b.data == 3.0  # from now on it is in an array

        def step(x):
            w.grad = b.grad = None
            loss = ((w * x).sum() + b) ** 2
            loss.backward()
            for p in (w, b):
                p.data -= 0.01 * p.grad
            return loss

        return w, b, tg.compile(step) if compile else step

    (w, b, fast), (w2, b2, step) = made(True), made(False)
    for value in (None, 5.0, np.array(7.0), None):
        if value is not None:
            b.data = b2.data = np.copy(value)
        assert equal(fast(X).data, step(X).data)
        assert equal(w.data, w2.data) and equal(b.data, b2.data)


@pytest.mark.parametrize("first", [False, True])
def test_two_tensors_of_one_array_are_refused_where_the_step_writes_into_it(first):
    w = tg.Tensor(np.ones((3, 1)), requires_grad=True)
    v = tg.Tensor(w.data)

    def step(x):
        before = x @ v if first else 0.0
        w.data *= 0.9
        return x @ v + before

    with pytest.raises(RuntimeError, match="others hold this array, too"):
        tg.compile(step)(np.ones((2, 3)))
    assert np.all(w.data == 1)


def test_data_that_is_written_into_is_as_the_step_leaves_it_where_a_later_line_fails():
    def make():
        w = tg.Tensor(np.eye(2), requires_grad=True)
        u, held = tg.Tensor(np.ones(2), requires_grad=True), w.data
        optimizer = tg.optim.SGD([u], lr=0.5)

        def step(x):
            np.sum(x * u).backward()
            w.data *= 0.5
            optimizer.step()
            return np.linalg.inv(x)

        return w, held, step

    ours, theirs = make(), make()
    fast = tg.compile(ours[-1])
    for x in (np.eye(2), np.eye(2), np.zeros((2, 2))):
        for w, held, step in ((*ours[:2], fast), theirs):
            with contextlib.suppress(np.linalg.LinAlgError):
                step(x)
            assert w.data is held
        assert equal(ours[1], theirs[1])


@pytest.mark.parametrize("kind", [tg.optim.SGD, tg.optim.Adam])
def test_a_parameter_that_is_written_into_before_its_optimizer_moves_it(kind):
    """The capture computes with copies: the parameter itself is written into by the program alone."""

    def make():
        w = tg.Tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True)
        optimizer = kind([w], lr=0.1)

        def step(x):
            loss = np.sum(np.tanh(x @ w) ** 2)
            optimizer.zero_grad()
            loss.backward()
            w.data *= 0.9
            w.data /= np.linalg.norm(w.data, axis=0, keepdims=True)
            optimizer.step()
            return loss, w.data

        return step, lambda: [w.data, w.grad]

    agree(make, [(x,) for x in np.random.default_rng(0).normal(size=(3, 4, 3))])


def test_data_may_be_given_a_tensor():
    mean = tg.Tensor(np.zeros(2))

    def step(x):
        mean.data = 0.9 * mean.data + 0.1 * np.mean(tg.Tensor(x), axis=0)
        return mean * 1

    fast, x = tg.compile(step), np.array([[1.0, 2.0], [3.0, 4.0]])
    found = [fast(x).data for _ in range(3)]
    mean.data = np.zeros(2)
    assert all(equal(step(x).data, values) for values in found)


def test_functions_of_several_results_give_what_numpy_gives():
    def step(x):
        return np.linalg.svd(x).S, [*np.split(x, 2), x][1], np.linalg.eigh(x.T @ x).eigenvalues, np.split(x, 2)

    fast = tg.compile(step)
    for x in np.random.default_rng(0).normal(size=(2, 4, 2)):
        found = fast(x)
        assert type(found[3]) is list and same_bits(found, step(x))


@pytest.mark.parametrize("before", [0, 1])
def test_parameters_that_take_only_some_steps_of_a_call_have_clocks_of_their_own(before):
    def make():
        first, second = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        optimizer = tg.optim.Adam([first, second], lr=0.1)
        for _ in range(before):
            second.grad = np.ones(2)
            optimizer.step()

        def step(x):
            optimizer.zero_grad()
            np.sum(first**2 * x).backward()
            optimizer.step()
            second.grad = x * 0.1
            optimizer.step()

        return step, lambda: [first.data, second.data, optimizer.state_of(first)["m"], optimizer.state_of(second)["m"]]

    agree(make, [(X * (i + 1),) for i in range(4)])


@pytest.mark.parametrize("clip", [tg.optim.clip_by_value, tg.optim.clip_by_norm, tg.optim.clip_by_global_norm])
def test_gradients_that_are_not_there_are_clipped_as_eagerly(clip):
    def make():
        w, v = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))

        def step(x, clear):
            found = clip([w, v], 0.1)
            np.sum(w**2 * x).backward()
            if clear:
                w.grad = None
            new = tg.Tensor(x, requires_grad=True)
            return found, clip([new], 0.1), new

        return step, lambda: [w.grad, v.grad]

    agree(make, [(X, True), (X, False), (X, False), (X, True), (X, True)])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_an_array_that_is_changed_in_place_lies_in_memory_as_it_did(dtype):
    """Sums go another way through memory that lies otherwise, and round otherwise."""

    def step(x, y):
        total = x * 1
        total += y
        total -= np.mean(y, axis=0)
        return total, np.sum(total, axis=0), np.sum(total)

    x, y = np.random.default_rng(0).normal(size=(2, 37, 29)).astype(dtype)
    for arguments in ((x, y), (np.asfortranarray(x), y), (x, np.asfortranarray(y)), (x.T, y.T)):
        assert same_bits(tg.compile(step)(*arguments), step(*arguments))
        assert tg.compile(step)(*arguments)[0].strides == step(*arguments)[0].strides


COPIES = {
    "method": lambda x: x.copy(),
    "method in an order": lambda x: x.copy("F"),
    "function": lambda x: np.copy(x),
    "function in an order": lambda x: np.copy(x, order="C"),
    "module": lambda x: copy.copy(x),
    "dtype": lambda x: x.astype(x.dtype),
    "another dtype": lambda x: x.astype("float32"),
    "another dtype in an order": lambda x: x.astype("float32", order="C", casting="safe"),
    "sign": lambda x: +x,
    "zeros": lambda x: np.zeros_like(x) + x,
    "ones": lambda x: np.ones_like(x, order="C") * x,
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies_lie_in_memory_as_numpys(copied):
    x = np.random.default_rng(0).normal(size=(37, 29)).astype("float16")
    for given in (x, np.asfortranarray(x), x.T, x[::2, ::-1]):
        ours, theirs = (step(given) for step in (tg.compile(lambda x: (copied(x), np.sum(copied(x), axis=0))), copied))
        assert ours[0].strides == theirs.strides and equal(ours[0], theirs)
        assert equal(ours[1], np.sum(theirs, axis=0))


def test_where_other_threads_run_one_of_them_may_be_who_draws() -> None:
    def refused() -> str:
        with pytest.raises(RuntimeError, match="it draws random numbers by NumPy") as caught:
            tg.compile(lambda x: np.sin(x) * random.random())(np.ones(3))
        return str(caught.value)

    assert "another thread" not in refused()
    released = threading.Event()
    other = threading.Thread(target=released.wait)
    other.start()
    try:
        assert "or is it another thread that draws, from np.random or random" in refused()
    finally:
        released.set()
        other.join()

"""Variables that the step itself changes: what counts is counted at captures, anything else is refused."""

from __future__ import annotations

import array
import collections
import contextvars
import operator
import os
import types
from collections import deque

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])


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


class Counts(dict):
    def update(self, n):
        self["n"] = self.get("n", 0) + n
        return self["n"]


def by_its_own_method():
    counts = Counts()
    return lambda: counts.update(1)


def by_another_name(kind):
    seen = kind()
    reader = types.SimpleNamespace(log=seen)

    def ask():
        seen.add(object()) if kind is set else seen.append(1)
        return len(reader.log)

    return ask


def in_a_table_of_two_names():
    stats = {"n": 0}
    reader = types.SimpleNamespace(counts=stats)

    def ask():
        stats["n"] += 1
        return reader.counts["n"]

    return ask


def in_a_tuple_of_two_names():
    pair = ({"n": 0}, 1)
    reader = types.SimpleNamespace(counts=pair)

    def ask():
        pair[0]["n"] += 1
        return reader.counts[0]["n"]

    return ask


def added_to_something_else():
    n = 0

    def ask():
        nonlocal n
        n += 1
        factor = 0.0
        factor += n
        return factor

    return ask


def the_key_of_a_count():
    n = 0

    def ask():
        nonlocal n
        n += 1
        tally = [0.0, 0.0, 1.0, 2.0]
        tally[n] += 1
        return tally[1]

    return ask


def the_key_of_a_count_in_a_list():
    turns = [0]

    def ask():
        turns[0] += 1
        tally = [0.0, 0.0, 1.0, 2.0]
        tally[turns[0]] += 1
        return tally[1]

    return ask


def read_by_attrgetter():
    counts, read = types.SimpleNamespace(n=0), operator.attrgetter("n")

    def ask():
        counts.n += 1
        return read(counts)

    return ask


GROWING = {
    "list": lambda: by_another_name(list),
    "deque": lambda: by_another_name(deque),
    "set": lambda: by_another_name(set),
    "table": in_a_table_of_two_names,
    "tuple": in_a_tuple_of_two_names,
    "own method": by_its_own_method,
    "sum": added_to_something_else,
    "key": the_key_of_a_count,
    "key in a list": the_key_of_a_count_in_a_list,
    "attrgetter": read_by_attrgetter,
}


@pytest.mark.parametrize("how", GROWING)
def test_what_only_seems_to_count_or_to_gather_is_refused(how):
    ask = GROWING[how]()
    fast = tg.compile(lambda x: x * ask())
    assert equal(fast(X), X)
    with pytest.raises(RuntimeError, match="at each call, and reads it"):
        fast(X)


def test_a_number_that_the_step_changes_and_reads_is_refused_when_it_changes_again():
    class Holder:
        scale = 1.0

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


class Blocks(tg.Module):
    """Keeps what its layers compute, anew at each call: a pair of it, or a list that grows."""

    def __init__(self, kind):
        self.kind, self.depth, self.w = kind, 2, tg.Tensor(X, requires_grad=True)

    def forward(self, x):
        if self.kind == "pair":
            self.kept = (x * self.w, np.tanh(x))
        else:
            self.kept = []
            for _ in range(self.depth):
                x = x * self.w
                self.kept.append(x if self.kind == "Tensors" else x.data)
        return sum(self.kept) * len(self.kept) * self.w


@pytest.mark.parametrize("kind", ["pair", "Tensors", "arrays"])
def test_a_list_or_tuple_may_hold_what_a_call_computes(kind):
    model, plain = Blocks(kind), Blocks(kind)
    fast = tg.compile(lambda x: model(x))
    for scale, depth in enumerate((2, 2, 2, 3, 3, 3, 2, 2)):
        model.depth = plain.depth = depth
        assert equal(fast(scale * X).data, plain(scale * X).data)
    source = fast.source
    fast(X)
    assert fast.source is source


@pytest.mark.parametrize("keep", [lambda kept, h: (*kept, h)[-3:], lambda kept, h: [h, len(kept)]])
def test_a_list_or_tuple_of_results_that_tells_of_calls_before_is_refused(keep):
    kept = ()

    def step(x):
        nonlocal kept
        kept = keep(kept, np.tanh(x))
        return x * len(kept)

    fast = tg.compile(step)
    fast(X)
    with pytest.raises(RuntimeError, match="changes 'kept' at each call, and reads it"):
        fast(X)


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


ASKS = {
    "shape": lambda a: a.shape,
    "dtype": lambda a: a.dtype,
    "size": lambda a: a.size,
    "length": len,
    "ndim": lambda a: a.ndim,
    "NumPy": np.shape,
}


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("ask", ASKS)
def test_what_is_asked_of_an_array_that_a_call_before_has_left_is_refused(ask, wrapped):
    kept = types.SimpleNamespace(state=None)

    def step(x):
        if kept.state is None or ASKS[ask](kept.state) != ASKS[ask](x):
            kept.state = tg.Tensor(x * 2) if wrapped else x * 2
        return np.sum(x * kept.state)

    fast = tg.compile(step)
    assert fast(X).item() == 10.0
    with pytest.raises(RuntimeError, match=r"belongs to a step that was captured|computed by a call before"):
        ASKS[ask](kept.state)
    with pytest.raises(RuntimeError, match="computed by a call before"):
        fast(X)


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


def test_a_step_that_leaves_its_model_in_another_mode_leaves_it_so_at_each_call():
    def made():
        model = tg.Sequential(tg.Dense(2, 40, rng=0), tg.Dropout(0.5, rng=1), tg.Dense(40, 1, rng=2))

        def step(x):
            noisy = model(x)
            model.eval()
            return noisy, model(x)

        return model, step

    (model, step), (other, plain) = made(), made()
    fast = tg.compile(step)
    for train in (True, False, False, True, False, True, False):
        if train:
            model.train()
            other.train()
        for mine, its in zip(fast(X[None]), plain(X[None]), strict=True):
            assert mine.item() == its.item()
        assert model.training is other.training is False


def test_a_refused_step_leaves_the_model_in_the_mode_that_it_had():
    model = tg.Sequential(tg.Dense(2, 1), tg.Dropout(0.5))

    def step(x):
        model.eval()
        return model(x).item()

    with pytest.raises(RuntimeError, match="item"):
        tg.compile(step)(X[None])
    assert all(layer.training for _, layer in model.named_modules())


def test_a_flag_that_the_step_takes_down_is_down_after_each_call():
    flags = types.SimpleNamespace(first=True)

    def step(x):
        factor = 2.0 if flags.first else 1.0
        flags.first = False
        return np.sum(x * factor)

    fast = tg.compile(step)
    for first in (True, False, False, True, False, True, False):
        flags.first = first or flags.first
        assert fast(X).item() == np.sum(X) * (2 if first else 1)
        assert not flags.first
    flags.first = True
    fast(X)
    flags.first = True
    with pytest.raises(RuntimeError, match="it changes 'first' at each call"):
        fast(X)
    assert flags.first


def test_what_a_step_notes_of_its_batch_may_be_another_for_the_last_one():
    noted = {"samples": 0, "scale": 2.0}

    def step(x):
        noted["samples"] = len(x)
        return np.sum(x) * noted["scale"]

    fast = tg.compile(step)
    for _ in range(4):
        for x in (np.ones(4), np.ones(4), np.ones(4), np.ones(3)):
            assert fast(x).item() == 2.0 * len(x)
            assert noted["samples"] == len(x)


def test_a_layer_that_a_step_adds_by_another_name_of_the_list_counts_at_the_next_call():
    model = tg.Sequential(tg.Dense(2, 2, rng=0))
    stack, spare = model.layers, tg.Dense(2, 2, rng=1)

    def step(x):
        stack.append(spare)
        return model(x)

    fast = tg.compile(step)
    assert equal(fast(X[None]).data, spare(model[0](X[None])).data)
    with pytest.raises(RuntimeError, match=r"it changes .* at each call"):
        fast(X[None])
    assert len(model) == 2


@pytest.mark.parametrize("table", [False, True])
def test_a_layer_may_note_the_shape_of_what_it_is_given(table):
    class Flat(tg.Module):
        def __init__(self):
            self.noted = {} if table else None

        def forward(self, x):
            if table:
                self.noted["shape"] = x.shape
            else:
                self.noted = x.shape
            return np.reshape(x, ((self.noted["shape"] if table else self.noted)[0], -1)) * 2

    layer = Flat()
    fast = tg.compile(lambda x: layer(x))
    for size in (2, 2, 2, 3, 3, 2):
        assert fast(np.ones((size, 3, 4))).shape == (size, 12)
    assert layer.noted == ({"shape": (2, 3, 4)} if table else (2, 3, 4))


def dropping():
    """A model, and a step that sets its rate of dropping behind it."""
    model = tg.Sequential(tg.Dense(2, 40, rng=0), tg.Dropout(0.1, rng=1), tg.Dense(40, 1, rng=2))

    def step(x):
        out = model(x)
        model[1].rate = 0.9
        return out

    return model, step


def test_what_a_step_sets_in_a_layer_counts_at_the_next_call():
    (model, step), (other, plain) = dropping(), dropping()
    fast = tg.compile(step)
    for rate in (None, None, None, 0.5, None, 0.5, None):
        if rate:
            model[1].rate = other[1].rate = rate
        assert fast(X[None]).item() == plain(X[None]).item()
        assert model[1].rate == 0.9


class Annealed(tg.Dropout):
    calls = 0
    by = 0.05

    def forward(self, x):
        self.calls += 1
        self.rate += self.by
        return super().forward(x)


def test_what_a_layer_of_ones_own_changes_and_the_layer_below_reads_is_refused():
    layer = Annealed(0.1)
    fast = tg.compile(lambda x: layer(x))
    fast(X)
    with pytest.raises(RuntimeError, match="it changes 'rate' at each call"):
        fast(X)
    layer.by = 0.0
    assert fast(X).shape == fast(X).shape and layer.calls == 2


def test_a_refused_step_leaves_layers_and_parameters_set_as_they_were():
    model, step = dropping()
    model[0].bias.requires_grad = False

    def refused(x):
        model[0].kernel.requires_grad, model[0].bias.requires_grad = False, True
        return step(x).item()

    with pytest.raises(RuntimeError, match="item"):
        tg.compile(refused)(X[None])
    assert model[1].rate == 0.1
    assert model[0].kernel.requires_grad
    assert not model[0].bias.requires_grad


def test_a_parameter_that_a_step_freezes_stays_frozen_and_one_that_it_freezes_in_turn_goes_on_in_turn():
    def made():
        w, v = (tg.Tensor(X, requires_grad=True) for _ in "wv")
        opt = tg.optim.SGD([w, v], lr=0.1)

        def step(x, turn=True):
            opt.zero_grad()
            loss = np.sum((w + v) * x)
            loss.backward()
            opt.step()
            w.requires_grad = turn and not w.requires_grad
            return loss

        return step, lambda: [w.data.tolist(), v.data.tolist(), w.requires_grad, w.grad is None]

    (step, state), (plain, its) = made(), made()
    once, fast = tg.compile(lambda x: step(x, False)), tg.compile(step)
    for _ in range(3):
        once(X), plain(X, False)
        assert state() == its()
    for _ in range(5):
        fast(X), plain(X)
        assert state() == its()


def test_steps_that_begin_with_train_and_eval_run_in_turn():
    def made():
        tg.seed(0)
        model = tg.Sequential(tg.Dense(2, 3), tg.BatchNorm(3), tg.Dropout(0.5), tg.Dense(3, 1))
        opt = tg.optim.SGD(model.parameters(), lr=0.1)

        def train(x):
            model.train()
            loss = np.mean(model(x) ** 2)
            opt.zero_grad()
            loss.backward()
            opt.step()
            return loss

        def evaluate(x):
            model.eval()
            return np.sum(model(x))

        return model, train, evaluate

    (model, *steps), (other, *plain) = made(), made()
    fast = [tg.compile(step) for step in steps]
    x = np.random.default_rng(0).normal(size=(4, 2))

    def seeded(step):
        tg.seed(1)
        return step(x).item()

    captured = []
    for turn in range(6):
        if turn == 4:  # by hand, in between
            model[2].eval(), other[2].eval()
        captured.append([step._programs[:1] for step in fast])
        for step, its in zip(fast, plain, strict=True):
            assert seeded(step) == seeded(its)
            assert [layer.training for layer in model] == [layer.training for layer in other]
    assert captured[2] == captured[3] == captured[4]


class Switched:
    k = 1


class Other:
    k = 2


def switched():
    thing = Switched()
    return lambda: thing.k, lambda k: setattr(thing, "__class__", Other if k == 2 else Switched)


def other_attributes():
    thing = types.SimpleNamespace(inner=Switched())
    return lambda: thing.inner.k, lambda k: setattr(thing.inner, "__dict__", {"k": k})


def by_word():
    thing = types.SimpleNamespace(k=1)
    return lambda: getattr(thing, "k"), lambda k: setattr(thing, "k", k)  # noqa: B009


def environment():
    os.environ["TINYGRAD_REG_K"] = "1"
    return lambda: int(os.environ["TINYGRAD_REG_K"]), lambda k: os.environ.update(TINYGRAD_REG_K=str(k))


def of(table, key=0):
    def put(k):
        table[key] = k

    return lambda: int(table[key]), put


def filled(kind):
    table = kind([1])

    def put(k):
        table.clear()
        table.update([k]) if kind is set else table.append(k)

    return lambda: max(table), put


def ordered():
    table = collections.OrderedDict(a=1)

    def put(k):
        table.clear()
        table["b" if k == 2 else "a"] = k

    return lambda: max(table[name] for name in table), put


def growing(table):
    def put(k):
        table[:] = table[:1] * k

    return lambda: len(table), put


def shown():
    """A view that can't be written into, of bytes that can."""
    table = bytearray([1])
    view, put = memoryview(table).toreadonly(), of(table)[1]
    return lambda: view[0], put


ROWS = np.dtype([("k", float)])
PLACES = {
    "list": lambda: of([1]),
    "dict": lambda: of({"k": 1}, "k"),
    "bytes": lambda: of(bytearray([1])),
    "view": lambda: of(memoryview(bytearray([1]))),
    "numbers": lambda: of(array.array("d", [1])),
    "words": lambda: of(np.array(["1"])),
    "objects": lambda: of(np.array([1, None], object)),
    "row": lambda: of(np.ones(1, ROWS)[0], "k"),
    "ordered": ordered,
    "shown": shown,
    "longer bytes": lambda: growing(bytearray([1])),
    "longer numbers": lambda: growing(array.array("d", [1])),
    "set": lambda: filled(set),
    "deque": lambda: filled(deque),
    "environment": environment,
    "type": switched,
    "attributes": other_attributes,
    "word": by_word,
}


def changing(place, result):
    """What asks for the number in a place, and a step that uses it, changes it, and returns its result."""
    ask, put = PLACES[place]()

    def step(x):
        out = np.sum(x * ask())
        put(2)
        return result(out)

    return ask, step


@pytest.mark.parametrize("place", PLACES)
def test_whatever_a_step_changes_behind_its_use_counts_at_the_next_call(place, monkeypatch):
    monkeypatch.setenv("TINYGRAD_REG_K", "1")
    ask, step = changing(place, result=lambda out: out)
    fast = tg.compile(step)
    assert [fast(X).item() for _ in range(4)] == [3.0, 6.0, 6.0, 6.0]
    assert ask() == 2


@pytest.mark.parametrize("place", PLACES)
def test_a_refused_step_leaves_whatever_it_changes_as_it_was(place, monkeypatch):
    monkeypatch.setenv("TINYGRAD_REG_K", "1")
    ask, step = changing(place, result=lambda out: out.item())
    with pytest.raises(RuntimeError, match="item"):
        tg.compile(step)(X)
    assert ask() == 1


def count(given):
    given["n"] += 1


def accumulate(given):
    given["v"] = 0.9 * given["v"] + X


def gather(given):
    given["log"].append(1)


def take_out(given):
    del given["n"]


@pytest.mark.parametrize("change", [count, accumulate, gather, take_out])
def test_a_step_that_changes_a_list_or_dict_that_it_is_given_is_refused(change):
    def step(x, given):
        change(given)
        return x * len(given["log"]) * given.get("n", 1)

    given = {"n": 1, "log": [1], "v": np.zeros(2)}
    fast = tg.compile(step)
    kind = "list 'given_log'" if change is gather else "dict 'given'"
    for options in ({}, {"given": given}):
        with pytest.raises(RuntimeError, match=f"it changes the {kind} that it is given"):
            fast(X, **options) if options else fast(X, given)
    assert given["n"] == 1 and given["log"] == [1] and equal(given["v"], np.zeros(2))
    copying = tg.compile(lambda x, given: step(x, {**given, "log": [*given["log"]]}))
    assert [copying(X, given).tolist() for _ in range(2)] == [step(X, {**given, "log": [1]}).tolist()] * 2


@pytest.mark.parametrize("thing", [bytearray([1]), {1}, array.array("d", [1])], ids=["bytes", "set", "numbers"])
def test_what_is_given_and_changed_at_each_call_is_refused(thing):
    def step(x, given):
        out = np.sum(x * max(given))
        if isinstance(given, set):
            given.add(max(given) + 1)
        else:
            given[0] += 1
        return out

    fast = tg.compile(step)
    assert fast(X, thing).item() == 3.0
    with pytest.raises(RuntimeError, match="it changes what it is given at each call"):
        fast(X, thing)
    assert max(thing) == 2


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_a_tensor_is_given_an_array_that_python_makes_at_each_call(shape, moved, first):
    def made():
        c, w = tg.Tensor(np.ones(shape), requires_grad=moved), tg.Tensor(X, requires_grad=True)
        opt = tg.optim.SGD([w, c] if moved else [w], lr=0.1)

        def step(x):
            if first:
                c.data = np.full(shape, 2.0)
            loss = np.sum(x * w * c)
            opt.zero_grad()
            loss.backward()
            opt.step()
            if not first:
                c.data = np.full(shape, 2.0)
            return loss

        return c, w, step

    (c, w, step), (d, v, plain) = made(), made()
    fast = tg.compile(step)
    for n in range(4):
        if n == 2:
            c.data = d.data = np.full(shape, 5.0)
        assert fast(X).item() == plain(X).item()
        assert equal(c.data, d.data)
        assert equal(w.data, v.data)
        if not moved:
            c.data[...] = 7.0  # its own
            d.data[...] = 7.0


def test_a_count_that_begins_as_an_attribute_of_the_step_is_refused():
    def step(x):
        step.n = getattr(step, "n", 0) + 1
        return x * step.n

    fast = tg.compile(step)
    assert equal(fast(X), X)
    with pytest.raises(RuntimeError, match="it changes 'n' at each call"):
        fast(X)
    assert step.n == 1


def test_a_context_variable_that_the_step_counts_in_is_refused_and_stands_as_it_did():
    count = contextvars.ContextVar("count", default=1.0)

    def step(x):
        count.set(count.get() + 1)
        return x * count.get()

    fast = tg.compile(step)
    assert equal(fast(X), 2 * X)
    with pytest.raises(RuntimeError, match="it changes 'count' at each call"):
        fast(X)
    assert count.get() == 2.0


@pytest.mark.parametrize("where", ["object", "layer", "class", "function", "globals"])
def test_what_a_refused_step_has_made_first_is_not_there(where):
    class Holder:
        pass

    def function():
        """Has attributes."""

    owner = {"object": Holder(), "layer": tg.Dense(2, 1, rng=0), "class": Holder, "function": function}.get(where)

    def step(x):
        global made_first
        if owner is None:
            try:
                made_first += 1
            except NameError:
                made_first = np.tanh(x)
        elif not hasattr(owner, "made_first"):
            owner.made_first = np.tanh(x)
        return x * np.sum(x).item()

    with pytest.raises(RuntimeError, match="item"):
        tg.compile(step)(X)
    assert not hasattr(owner, "made_first") and "made_first" not in globals()

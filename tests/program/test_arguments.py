"""Which program belongs to the arguments of a call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal, same_bits

X = np.array([1.0, 2.0])
OTHER = object()


class Batch(NamedTuple):
    x: np.ndarray
    scale: float


def total(x, *more, **named):
    """What depends on everything that may be among the arguments, on the sign of a zero, too."""

    def gathered(part):
        if isinstance(part, slice):
            return float(part.start or 0)
        if isinstance(part, dict):
            return sum((gathered(value) for value in part.values()), 0.0)
        if isinstance(part, (list, tuple)):
            return sum(map(gathered, part), 0.0)
        if isinstance(part, (np.ndarray, tg.Tensor)):
            return np.sum(part)
        return float(np.copysign(1.0, part)) + part if part == part else 7.0

    return np.sum(x) + gathered(more) + gathered(named)


def scaled(batch):
    return np.sum(batch.x) * batch.scale


ARGUMENTS = {  # what makes another program, and what does not
    "arrays": ((X,), (X + 1,), 1),
    "a shape": ((X,), (np.ones(3),), 2),
    "a memory order": ((np.ones((2, 2)),), (np.ones((2, 4))[:, ::2],), 2),
    "numbers": ((X, 1.0), (X, 2.0), 2),
    "a number's type": ((X, 1.0), (X, 1), 2),
    "zeros": ((X, 0.0), (X, -0.0), 2),
    "what is not even equal to itself": ((X, np.nan), (X, float("nan")), 1),
    "a slice": ((X, slice(1, None)), (X, slice(2, None)), 2),
    "a list": ((X, [X, 2.0]), (X, [X + 1, 2.0]), 1),
    "its length": ((X, [X, 2.0]), (X, [X, 2.0, 3.0]), 2),
    "a tuple of its own": ((Batch(X, 2.0),), (Batch(X, 3.0),), 2),
    "a dict": ((X, {"a": X, 3: 1.0}), (X, {"a": X * 2, 3: 1.0}), 1),
    "keys of all kinds": ((X, {(1, 2): X, OTHER: 1.0}), (X, {(1, 2): X * 2, OTHER: 1.0}), 1),
    "other keys": ((X, {"a": X}), (X, {"b": X}), 2),
    "Tensors": ((X, tg.Tensor(X)), (X, tg.Tensor(X + 1)), 1),
    "one Tensor twice": ((X, SAME := tg.Tensor(X), SAME), (X, SAME, tg.Tensor(X)), 2),
}


@pytest.mark.parametrize("which", ARGUMENTS)
def test_what_makes_another_program(which):
    first, second, programs = ARGUMENTS[which]
    step = scaled if which == "a tuple of its own" else total
    fast = tg.compile(step)
    for _ in range(3):
        for given in (first, second):
            assert equal(np.asarray(fast(*given)), np.asarray(step(*given)))
    assert len(fast._programs) == programs


def test_arguments_by_name():
    fast = tg.compile(total)
    for _ in range(2):
        assert fast(X, a=X) == 6.0 and fast(X, a=X * 2) == 9.0 and fast(x=X) == 3.0
        assert fast(X, b=X, a=1.0) == 8.0
    assert len(fast._programs) == 3


def test_an_array_in_a_file(tmp_path):
    np.save(tmp_path / "x.npy", X)
    fast = tg.compile(total)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert fast(mapped) == fast(mapped) == fast(X) == 3.0


def test_other_kinds_of_arrays_are_refused():
    with pytest.raises(TypeError, match=r"plain arrays, not MaskedArray: give array\.filled\(value\)"):
        tg.compile(total)(np.ma.masked_array(X, [True, False]))
    with pytest.raises(TypeError, match=r"plain arrays, not Own: give np\.asarray\(x\)"):
        tg.compile(total)(X.view(type("Own", (np.ndarray,), {})))


def test_a_tensor_that_the_step_hands_through():
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x, t: (np.sum(x), t, w))
    for k in (1, 2, 3):
        w.data, t = X * k, tg.Tensor(X + k)
        _, same, leaf = fast(X, t)
        assert same is t and leaf is w and equal(t.data, X + k) and equal(w.data, X * k)


def test_what_is_returned_is_put_together_as_the_step_did():
    w = tg.Tensor(X, requires_grad=True)

    def step(x, t):
        out = x * w
        return Batch(out, 2.0), [t, w, [out]], {"sum": np.sum(out), OTHER: (x, None)}, ()

    fast, t = tg.compile(step), tg.Tensor(X)
    fast(X, tg.Tensor(X))
    (first, scale), (same, leaf, [again]), found, empty = fast(X, t)
    assert type(fast(X, t)[0]) is Batch and scale == 2.0 and empty == ()
    assert same is t and leaf is w and equal(first.data, again.data) and first._primitive is None
    assert found["sum"].item() == 5.0 and equal(found[OTHER][0], X) and found[OTHER][1] is None
    assert fast(X, t)[1] is not fast(X, t)[1]  # a list of its own for each call


def test_an_array_of_objects_is_looked_into():
    table = np.array([{"k": 1.0}, 2.0], dtype=object)
    fast = tg.compile(lambda x, table: x * table[0]["k"] * table[1])
    assert equal(fast(np.ones(2), table), np.full(2, 2.0))
    table[0]["k"] = 3.0
    assert equal(fast(np.ones(2), table), np.full(2, 6.0))
    table[1] = 4.0
    assert equal(fast(np.ones(2), table), np.full(2, 12.0))


@pytest.mark.parametrize("others", [(1, 1.0), (1, True), (0.0, -0.0)])
def test_keys_that_are_equal_and_not_the_same_make_programs(others):
    fast = tg.compile(lambda given: [np.copysign(x * key, key) for key, x in given.items()])
    for key in (*others, *others):
        given = {key: np.array([1, 2])}
        assert same_bits(fast(given), [np.copysign(x * k, k) for k, x in given.items()])


def test_a_row_of_a_structured_array_is_looked_at_anew():
    row = np.zeros(1, [("k", "f8")])[0]
    fast = tg.compile(lambda x, given: x * float(given["k"]))
    for k in (1.0, 2.0):
        row["k"] = k
        assert equal(fast(np.ones(2), row), np.full(2, k))


def test_a_dict_of_parameters_is_known_by_the_parameters():
    first, second = (tg.Tensor(np.zeros(2), requires_grad=True) for _ in range(2))

    def step(x, rates):
        for p, rate in rates.items():
            np.sum(p * x * rate).backward()

    fast = tg.compile(step)
    for p in (first, second) * 2:
        fast(np.ones(2), {p: 2.0})
    assert first.grad.tolist() == second.grad.tolist() == [4.0, 4.0]


def test_what_is_read_of_the_keys_of_a_dict_is_read_anew():
    class Group:
        rate = 1.0

    group = Group()
    fast = tg.compile(lambda x, groups: sum(x * key.rate for key in groups["all"]))
    assert fast(np.ones(2), {"all": {group: 0}}).tolist() == [1.0, 1.0]
    group.rate = 3.0
    assert fast(np.ones(2), {"all": {group: 0}}).tolist() == [3.0, 3.0]


def test_keys_that_are_made_anew_are_the_same_where_they_read_the_same():
    fast = tg.compile(lambda x, table: x * len(table))
    for n in (1, 2, 3):
        fast(np.ones(2), {("a", n - n): 1, None: 2, 5000 + n - n: 3})
    assert len(fast._programs) == 1

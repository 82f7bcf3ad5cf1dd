"""Arrays that a step writes into: they stay where they are, and are nobody else's."""

from __future__ import annotations

import contextlib
import copy

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal, same_bits

X = np.array([1.0, 2.0])


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


def test_data_may_be_given_a_tensor():
    mean = tg.Tensor(np.zeros(2))

    def step(x):
        mean.data = 0.9 * mean.data + 0.1 * np.mean(tg.Tensor(x), axis=0)
        return mean * 1

    fast, x = tg.compile(step), np.array([[1.0, 2.0], [3.0, 4.0]])
    found = [fast(x).data for _ in range(3)]
    mean.data = np.zeros(2)
    assert all(equal(step(x).data, values) for values in found)


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


def descended(w, x, in_place):
    d = tg.Tensor(np.zeros(x.shape), requires_grad=True)
    for _ in range(3):
        d.grad = None
        np.sum(np.tanh((x + d) @ w) ** 2).backward()
        if in_place:
            d.data += 0.1 * np.sign(d.grad)
        else:
            d.data = d.data + 0.1 * np.sign(d.grad)
    return d


def summed_up(w, x, in_place):
    total = tg.Tensor(0.0)
    for row in x:
        total.data = total.data + np.sum(row * w.data)
    return total


def normalized_anew(w, x, in_place):
    layer = tg.BatchNorm(2)
    layer(x)
    return layer.moving_mean.data + layer(x @ np.diag(w))


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("make", [descended, summed_up, normalized_anew])
def test_a_tensor_that_the_step_makes_is_made_anew_at_each_call(make, in_place):
    """The second call went on with what the first had left in it."""
    w = tg.Tensor([1.0, -2.0], requires_grad=True)
    fast = tg.compile(lambda x: make(w, x, in_place))
    for i in range(3):
        x = np.array([[0.1, 0.2], [0.3, -0.1]]) + i
        w.grad = None
        assert equal(np.asarray(fast(x).data), np.asarray(make(w, x, in_place).data)), i
    assert len(fast._programs) == 1


def test_a_tensor_that_the_first_call_makes_and_keeps_is_kept():
    def made():
        w, kept = tg.Tensor([1.0, -2.0], requires_grad=True), {}

        def step(x):
            w.grad = None
            np.sum((w * x) ** 2).backward()
            if not kept:
                kept["v"] = tg.Tensor(np.zeros(2))
            v = kept["v"]
            v.data = 0.9 * v.data + w.grad
            w.data = w.data - 0.01 * v.data

        return w, kept, step

    (w, kept, step), (u, other, eager) = made(), made()
    fast = tg.compile(step)
    for _ in range(4):
        fast(X), eager(X)
        assert equal(w.data, u.data) and equal(kept["v"].data, other["v"].data)

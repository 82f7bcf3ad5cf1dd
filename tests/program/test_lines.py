"""What may be a line of a program, and what not: errors that depend on values, arrays of objects."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal, same_bits


def factored(w, a):
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return a * 100


def inverse(w, a):
    with contextlib.suppress(ValueError):
        a = np.linalg.inv(w * a)
    return w * a


def row(w, a):
    try:
        return w[np.sum(a[1]).astype(int) + a[0, 1].astype(int)]
    except IndexError:
        return w


def entropy(w, a):
    try:
        return tg.losses.softmax_crossentropy(w, a[0].astype(int))
    except ValueError:
        return w


@pytest.mark.parametrize("first", [factored, inverse, row, entropy])
def test_an_error_that_depends_on_values_is_caught_outside(first):
    """A program would go the way of the first call ever after."""
    w = tg.Tensor(np.eye(2), requires_grad=True)
    wrong, right = np.array([[0.0, 0.0], [0.0, 5.0]])[:: 1 if first is inverse else -1], np.eye(2)
    fast = tg.compile(first)
    with pytest.raises(RuntimeError, match="catches an error that depends on values"):
        fast(w, wrong)
    assert equal(np.asarray(fast(w, right).data), np.asarray(first(w, right).data))


def test_an_error_that_depends_on_shapes_may_be_caught():
    def step(x):
        try:
            return x @ np.ones(3)
        except ValueError:
            return x.T @ np.ones(2)

    fast = tg.compile(step)
    for x in (np.ones((2, 3)), np.ones((2, 2))):
        assert equal(fast(x), step(x))


def test_arrays_of_objects_are_computed_outside():
    doubled = np.frompyfunc(lambda number: 2 * number, 1, 1)
    with pytest.raises(RuntimeError, match="an array of object, which is none of numbers"):
        tg.compile(lambda x: doubled(x))(np.ones(2))


SHOWN = {
    "w.T": lambda w, x: x @ w.T,
    "reshape": lambda w, x: x @ w.reshape(2, 3),
    "a slice": lambda w, x: x @ w[:, ::-1].T,
    "its array's": lambda w, x: x @ w.data.T + np.sum(w),
}


@pytest.mark.parametrize("get", SHOWN.values(), ids=SHOWN)
def test_an_array_that_the_step_has_seen_from_another_side_may_be_written_into(get):
    def made():
        w = tg.Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)

        def step(x):
            loss = np.mean(np.tanh(get(w, x)))
            w.grad = None
            loss.backward()
            w.data -= 0.1 * w.grad
            return loss

        return w, step

    (w, step), (v, other) = made(), made()
    fast, x = tg.compile(step), np.ones((4, 2))
    for _ in range(3):
        assert same_bits(fast(x), other(x)) and equal(w.data, v.data)


def test_what_looks_at_an_array_that_was_written_into_is_not_read_any_more():
    w = tg.Tensor(np.ones((2, 2)), requires_grad=True)

    def step(x):
        turned = w.T
        w.data -= x
        return turned * 2

    with pytest.raises(RuntimeError, match=r"return turned \* 2\nbecause it reads .* before w.data -= .* moved it"):
        tg.compile(step)(np.ones((2, 2)))
    assert np.all(w.data == 1)


def test_an_array_of_the_users_is_not_written_into():
    total = np.zeros(2)

    def step(x):
        nonlocal total
        total += x
        return x

    with pytest.raises(RuntimeError, match=r"array that outlives the step. Keep it in a Tensor, and assign its .data"):
        tg.compile(step)(np.ones(2))


@pytest.mark.parametrize("rate", [np.float64(0.1), np.array(0.1), np.array([0.1, 0.2])], ids=str)
def test_a_difference_of_more_digits_is_rounded_as_numpy_does_in_place(rate):
    def made():
        w = tg.Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)

        def step(x):
            w.grad = None
            np.sum(np.tanh(w * x)).backward()
            w.data -= rate * w.grad

        return w, step

    (w, step), (v, other) = made(), made()
    fast, x = tg.compile(step), np.array([0.3, 0.4], np.float32)
    for _ in range(3):
        fast(x), other(x)
        assert equal(w.data, v.data) and w.data.dtype == np.float32

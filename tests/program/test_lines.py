"""What may be a line of a program, and what not: errors that depend on values, arrays of objects."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal


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

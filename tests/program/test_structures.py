"""What a step is given, and returns: arrays and Tensors, in lists, tuples, dicts."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])


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


@pytest.mark.parametrize("found", [None, 1.0, "word"])
def test_a_step_may_return_no_array(found):
    assert tg.compile(lambda x: found)(X) is found

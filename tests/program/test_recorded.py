"""What stands for an array while a step is captured: the same numbers come out as of the array itself."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import same_bits


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("number", [np.array(0.1), np.float64(0.1), np.float32(0.1), np.array(1), np.array(1e300)])
def test_a_number_that_is_compared_is_as_weak_as_in_the_step(number, shape, dtype):
    w = tg.Tensor(np.full(shape, 0.1, dtype), requires_grad=True)

    def step(x):
        return np.where(w > x, w, 2.0).sum() + np.where(x >= w, w, 5.0).sum() + np.where(x == w, w, 7.0).sum()

    fast = tg.compile(step)
    fast(number)
    assert fast(number).item() == step(number).item()


def test_shallow_copies_and_integer_operators_are_recorded():
    def step(x):
        q, r = divmod(x, 3)
        return copy.copy(x) << 1, x >> 1, 1 << x, q, r

    fast, n = tg.compile(step), np.array([1, 5, 9])
    for x in (n, n + 1, n + 2):
        assert same_bits(fast(x), step(x))


def test_a_tensor_is_not_taken_from_an_array_in_place():
    """As the step itself refuses it: w.data -= rate * w.grad, where the rate is a Tensor."""
    w, rate = tg.Tensor(np.ones(2), requires_grad=True), tg.Tensor(0.5)

    def step(x):
        w.data -= rate * x

    def adding(x):
        total = np.sum(x)
        total += rate
        return total

    with pytest.raises(TypeError, match="can't write the result of"):
        step(np.ones(2))
    with pytest.raises(RuntimeError, match="can't write a Tensor into an array"):
        tg.compile(step)(np.ones(2))
    assert np.all(w.data == 1)
    assert tg.compile(adding)(np.ones(2)).item() == adding(np.ones(2)).item() == 2.5

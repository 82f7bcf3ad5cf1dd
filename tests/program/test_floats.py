"""Programs of single numbers run in Python's floats: the same bits as NumPy, inf and nan included."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal, same_bits

SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e200, -1e-200, 5e-324, np.inf, -np.inf, np.nan]
NUMBERS = [*SPECIAL, *np.random.default_rng(0).normal(size=20)]


def neuron(a, b):
    return tg.ops.relu(a * b + 0.5) - a / b + (b - a) ** 3 / 2.0


def make(function, *values):
    leaves = [tg.Tensor(x, requires_grad=True) for x in values]

    def step():
        for leaf in leaves:
            leaf.grad = None
        out = function(*leaves)
        out.backward()
        return out, *(leaf.grad for leaf in leaves)

    return step, leaves


def same(x, y):
    """Equal to the last bit; which of two NaNs comes out of a sum is nobody's promise."""
    return equal(x, y) or (np.isnan(x) and np.isnan(y) and x.dtype == y.dtype)


@pytest.mark.parametrize("a", SPECIAL)
def test_the_same_bits_as_eager(a):
    step, leaves = make(neuron, 1.0, 2.0)
    fast = tg.compile(step)
    for b in NUMBERS:
        for x, y in ((a, b), (b, a)):
            leaves[0].data, leaves[1].data = x, y
            with np.errstate(all="ignore"):
                assert same_bits(fast(), step(), same), (x, y)
    assert "in_floats" in fast.planned_source


def test_comparisons_stay_comparisons():
    a, b = tg.Tensor(1.0), tg.Tensor(2.0)
    fast = tg.compile(lambda: (a > b, a * b))
    for x in (1.0, 3.0):
        a.data = x
        assert same_bits(fast(), (a > b, a * b))
    assert "in_floats" in fast.planned_source


def test_arrays_without_axes_are_numbers_too():
    def step(x, y):
        return x * y - 1.0, x > y

    fast = tg.compile(step)
    for x, y in ((2.0, 3.0), (np.inf, 0.0)):
        arrays = np.array(x), np.array(y)
        with np.errstate(all="ignore"):
            assert same_bits(fast(*arrays), step(*arrays), same)


@pytest.mark.parametrize(
    "function",
    [lambda a, b: (a * b) ** 0.5, lambda a, b: np.tanh(a) * b, lambda a, b: a**b, lambda a, b: np.maximum(a, b)],
)
def test_what_python_computes_otherwise_stays_with_numpy(function):
    step, leaves = make(function, 1.0, 2.0)
    fast = tg.compile(step)
    for a, b in ((0.3, 0.7), (-0.3, 0.7), (-2.0, -3.0), (0.0, 0.0)):
        leaves[0].data, leaves[1].data = a, b
        assert same_bits(fast(), step())
    assert "in_floats" not in fast.planned_source


def test_whole_numbers_and_float32_stay_with_numpy():
    fast = tg.compile(lambda x: x * x + x)
    for x in (np.array(2**40), np.array(1.1, np.float32)):
        assert equal(fast(x), x * x + x)
        assert "in_floats" not in fast.planned_source


@pytest.mark.parametrize(
    "function",
    [lambda x: np.maximum(x, -np.inf), lambda x: np.maximum(x, np.nan), lambda x: x**np.inf, lambda x: x * np.inf],
    ids=["maximum", "maximum of nan", "power", "times"],
)
def test_infinite_numbers_beside_single_ones(function):
    w = tg.Tensor(2.0)
    fast = tg.compile(lambda x: function(x * w))
    for x in (1.0, 0.25, -1.0, 0.0, np.nan):
        np.testing.assert_array_equal(fast(np.float64(x)).data, function(np.float64(x) * w).data)

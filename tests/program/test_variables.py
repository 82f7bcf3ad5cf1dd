"""What is asked of arrays and Tensors that the step refers to: their shapes, whether there is a gradient, names."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])


@pytest.mark.parametrize("read", [lambda a, x: a.T * x, lambda a, x: x * a.shape[0], lambda a, x: x * len(a)])
def test_an_array_that_gets_another_shape_is_captured_again(read):
    array = np.ones((1, 2))
    fast = tg.compile(lambda x: read(array, x))
    assert equal(fast(X), read(array, X))
    array.resize((2, 1), refcheck=False)
    assert equal(fast(X), read(array, X))


@pytest.mark.parametrize("ask", [lambda t: t.ndim, lambda t: t.shape[0], len, lambda t: 8 // t.dtype.itemsize])
def test_a_tensor_that_is_only_asked_for_its_shape_is_asked_anew(ask):
    tensor = tg.Tensor([[1.0, 2.0]])
    fast = tg.compile(lambda x: x * ask(tensor))
    assert equal(fast(X), ask(tensor) * X)
    tensor.data = np.ones((2, 1, 1))
    assert equal(fast(X), ask(tensor) * X)


def test_whether_a_tensor_has_a_gradient_or_requires_one_is_read_anew():
    k = tg.Tensor(X, requires_grad=True)
    with_gradient = tg.compile(lambda x: x * (2 if k.grad is None else 3))
    requiring = tg.compile(lambda x: x * (3 if k.requires_grad else 2))
    named = tg.compile(lambda x: x * len(k.name or ""))
    assert [f(X)[0] for f in (with_gradient, requiring, named)] == [2.0, 3.0, 0.0]
    k.grad, k.requires_grad, k.name = X, False, "ab"
    assert [f(X)[0] for f in (with_gradient, requiring, named)] == [3.0, 2.0, 2.0]

"""The methods that ops add to Tensor: methods.pyi is up to date, and users' calls have the types that it says.

`make types` checks the types in this file, the test runs it.
"""

from typing import assert_type

import numpy as np

import tinygrad_reg as tg
from tests.stub import STUB, stub


def test_stub_is_up_to_date() -> None:
    assert stub() == STUB.read_text(encoding="utf-8"), "an op has changed: run `make stubs`"


def test_types_of_what_users_write() -> None:
    t = tg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="t")
    tensors = [
        assert_type(t * 2 + np.ones(2), tg.Tensor),
        assert_type(2 * t, tg.Tensor),
        assert_type(1 - t / 3, tg.Tensor),
        assert_type(-(t**2), tg.Tensor),
        assert_type(t @ t, tg.Tensor),
        assert_type(t @ np.ones(2), tg.Tensor),
        assert_type(t[0], tg.Tensor),
        assert_type(t[:, 1], tg.Tensor),
        assert_type(t[t > 2], tg.Tensor),
        assert_type(t.sum(axis=0), tg.Tensor),
        assert_type(t.mean((0, 1), keepdims=True), tg.Tensor),
        assert_type(t.reshape(4).T, tg.Tensor),
        assert_type(t.maximum(0), tg.Tensor),
        assert_type(t.tanh(), tg.Tensor),
    ]
    assert all(type(tensor) is tg.Tensor for tensor in tensors)
    arrays = [assert_type(t > 2, np.ndarray), assert_type(t == t, np.ndarray), assert_type(t.data, np.ndarray)]
    assert all(type(array) is np.ndarray for array in arrays)
    assert_type(t.argmax(axis=1), np.ndarray)
    assert t.argmax(axis=1).tolist() == [1, 1]
    assert_type(t.sum().backward(), None)
    assert_type(t.grad, np.ndarray | None)
    assert_type(len(t), int)

"""Diagonals beyond the square: what NumPy accepts at the borders."""

import numpy as np
import pytest

from .leaves import counted


@pytest.mark.parametrize("offset", [-3, -1, 0, 2, 3])
def test_a_diagonal_of_any_length_goes_back_to_its_place(offset):
    t = counted(2, 3)
    np.diagonal(t, offset).sum().backward()
    np.testing.assert_array_equal(t.grad, np.eye(2, 3, offset))


def test_a_trace_of_stacked_matrices():
    t = counted(2, 2, 3)
    np.trace(t).backward(np.array([1.0, 10, 100]))
    np.testing.assert_array_equal(t.grad[0, 0], [1, 10, 100])
    np.testing.assert_array_equal(t.grad[0, 1], [0, 0, 0])


def test_a_row_on_the_diagonal_and_back():
    t = counted(3)
    np.diag(np.diag(t)).backward(np.array([1.0, 2, 3]))
    np.testing.assert_array_equal(t.grad, [1, 2, 3])


def test_one_axis_has_no_diagonal():
    with pytest.raises(ValueError, match=r"diagonal can't take tensor of shape \(3,\)"):
        np.diagonal(counted(3))

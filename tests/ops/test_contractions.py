"""Calls of einsum: subscripts as NumPy's users write them, large operands. Values: cases_contractions.py."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf
from .case import numbers
from .leaves import counted


def test_einsum_wants_its_subscripts_as_a_string():
    with pytest.raises(TypeError, match=r'einsum\("ij,jk->ik", x, y\)'):
        np.einsum(counted(2, 3), [0, 1], [1, 0])


def test_einsum_of_large_operands_takes_another_way_to_the_same_numbers():
    x, y, z = leaf(numbers(20, 30)), leaf(numbers(30, 25)), leaf(numbers(25, 2))
    out = np.einsum("ij,jk,kl->il", x, y, z)
    np.testing.assert_allclose(out.data, x.data @ y.data @ z.data, rtol=1e-12, atol=1e-12)
    out.sum().backward()
    np.testing.assert_allclose(x.grad, np.ones((20, 2)) @ (y.data @ z.data).T, rtol=1e-12, atol=1e-12)


def test_einsum_by_the_name_of_ops():
    x = counted(2, 3)
    assert np.array_equal(tg.ops.einsum("ij->ji", x).data, x.data.T)
    assert tg.ops.einsum("ij->ji", x).op == "einsum"

"""Lengths of arrays: right where squares leave the range of their numbers."""

import math

import numpy as np
import pytest

from tinygrad_reg.norms import length, norms


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_length_is_that_of_the_numbers_whatever_holds_them(dtype):
    assert length(np.array([[300.0], [400.0]], dtype)) == 500
    assert length(np.array([300.0], dtype), np.array([[0.0, 400.0]], dtype)) == 500


def test_no_square_overflows_or_vanishes():
    for size in (1e-200, 1e200):
        assert length(np.array([3 * size]), np.array([4 * size])) == pytest.approx(5 * size, rel=1e-15)
        np.testing.assert_allclose(norms(np.array([[3 * size, 0.0], [4 * size, 1.0]]), axis=0), [[5 * size, 1.0]])


def test_of_nothing_it_is_0_and_what_is_not_finite_stays_so():
    assert length(np.zeros((0, 3))) == length() == 0
    assert length(np.array([1.0, -np.inf])) == math.inf
    assert math.isnan(length(np.array([1.0, np.nan])))


def test_the_length_of_what_float64_can_not_hold_is_no_complaint():
    large = np.full(2, np.finfo(np.longdouble).max)
    with np.errstate(all="raise"):
        assert length(large) == math.inf or np.finfo(np.longdouble).bits == 64

"""Running sums and products, differences, order: at zeros, at ties, and where there is nothing."""

import numpy as np
import pytest

from ..making import leaf
from .leaves import gradient


def test_a_running_sum_is_summed_from_the_back():
    np.testing.assert_array_equal(gradient(np.cumsum, [5, 6, 7], [1, 10, 100]), [111, 110, 100])


@pytest.mark.parametrize(
    ("x", "shares"),
    [
        ([2, 3, 4], [1 + 3 * 10 + 12 * 100, 2 * 10 + 8 * 100, 6 * 100]),
        ([2, 0, 4], [1, 2 * 10 + 8 * 100, 0]),
        ([0, 0, 4], [1, 0, 0]),
    ],
)
def test_a_running_product_is_right_at_zeros(x, shares):
    np.testing.assert_array_equal(gradient(np.cumprod, x, [1, 10, 100]), shares)


def test_a_long_running_product_takes_few_steps_back():
    x = leaf(np.ones(1000))
    x.cumprod().sum().backward()
    np.testing.assert_array_equal(x.grad, np.arange(1000, 0, -1))


@pytest.mark.parametrize("op", [np.cumsum, np.cumprod, np.sort])
def test_of_nothing_comes_nothing(op):
    assert gradient(lambda x: op(x, axis=0), np.zeros((0, 2)), np.zeros((0, 2))).shape == (0, 2)


def test_more_differences_than_elements():
    assert np.diff(leaf([1, 2]), n=5).shape == (0,)
    np.testing.assert_array_equal(gradient(lambda x: np.diff(x, n=5), [1, 2], []), [0, 0])


def test_sorting_sends_each_gradient_home_and_keeps_the_order_of_equals():
    np.testing.assert_array_equal(gradient(np.sort, [3, 1, 1, 2], [10, 20, 30, 40]), [40, 10, 20, 30])


def test_a_sorted_array_is_a_new_one():
    x = leaf([2, 1])
    assert np.sort(x).data.tolist() == [1, 2]
    assert x.data.tolist() == [2, 1]
    assert not hasattr(x, "sort")  # ndarray.sort works in place, which a Tensor does not


def test_the_median_counts_the_middle_only():
    np.testing.assert_array_equal(gradient(np.median, [3, 1, 2], 1), [0, 0, 1])
    np.testing.assert_array_equal(gradient(np.median, [3, 1, 2, 9], 1), [0.5, 0, 0.5, 0])


def test_the_median_of_nan_is_nan():
    out = np.median(leaf([[1, np.nan, 2, 0], [3, 1, 2, 0]]), axis=1)
    np.testing.assert_array_equal(out.data, [np.nan, 1.5])


def test_the_median_takes_one_axis():
    with pytest.raises(TypeError, match="axis is one axis, or None for the median of all"):
        np.median(leaf(np.ones((2, 2))), axis=(0, 1))

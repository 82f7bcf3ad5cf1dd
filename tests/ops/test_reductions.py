"""Reductions at the edges: zeros, ties, infinities, nothing to reduce, and the forms in which users call them."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf
from .leaves import gradient

inf, nan = np.inf, np.nan


@pytest.mark.parametrize(
    ("x", "others"),
    [
        ([2, 3, 4], [12, 8, 6]),
        ([2, 0, 4], [0, 8, 0]),
        ([0, 3, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0]),
        ([5], [1]),
        ([], []),
    ],
)
def test_the_gradient_of_a_product_is_the_product_of_the_others(x, others):
    np.testing.assert_array_equal(gradient(np.prod, x), others)


def test_the_hessian_of_a_product_is_right_at_two_zeros():
    np.testing.assert_array_equal(tg.hessian(np.prod)(np.array([0.0, 0.0, 5.0])), [[0, 5, 0], [5, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(("op", "x"), [(np.max, [1.0, 3, 3, 2]), (np.min, [4.0, 3, 3, 7]), (np.amax, [1.0, 3, 3, 2])])
def test_ties_share_evenly(op, x):
    np.testing.assert_array_equal(gradient(op, x), [0, 0.5, 0.5, 0])


def test_ties_share_evenly_in_each_row():
    shares = gradient(lambda x: x.max(axis=1), [[1, 1, 0], [2, 3, 4], [5, 5, 5]])
    np.testing.assert_allclose(shares, [[0.5, 0.5, 0], [0, 0, 1], [1 / 3] * 3])


def test_the_maximum_of_nan_sends_its_gradient_to_the_nan():
    np.testing.assert_array_equal(gradient(np.max, [1, nan, 2]), [0, 1, 0])


def test_a_spread_of_zero_has_no_slope():
    np.testing.assert_array_equal(gradient(np.std, [2, 2, 2]), [0, 0, 0])
    # The mean of many of these is not the number itself, to the last bit.
    for x in np.random.default_rng(0).normal(size=50):
        assert np.std(tg.Tensor([x] * 11)).item() == 0
        np.testing.assert_array_equal(gradient(np.std, [x] * 11), np.zeros(11))
    np.testing.assert_array_equal(tg.hessian(np.std)(np.full(3, 2.0)), np.zeros((3, 3)))
    np.testing.assert_array_equal(gradient(np.var, [2, 2, 2]), [0, 0, 0])


@pytest.mark.parametrize(
    ("x", "value", "shares"),
    [
        ([1000, 1000], 1000 + np.log(2), [0.5, 0.5]),
        ([-1000, -1000], -1000 + np.log(2), [0.5, 0.5]),
        ([1000, -1000], 1000, [1, 0]),
        ([-inf, 0], 0, [0, 1]),
        ([-inf, -inf], -inf, [0, 0]),
        ([], -inf, []),
    ],
)
def test_logsumexp_is_stable(x, value, shares):
    assert tg.ops.logsumexp(leaf(x)).item() == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(gradient(tg.ops.logsumexp, x), shares, rtol=1e-12)


def test_logsumexp_of_integers_is_a_float():
    assert tg.ops.logsumexp(np.array([0, 0])) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("op", "value"), [(np.sum, [0, 0]), (np.prod, [1, 1]), (np.mean, [nan, nan]), (np.var, [nan, nan])]
)
def test_an_empty_axis(op, value):
    x = leaf(np.zeros((0, 2)))
    out = op(x, axis=0)
    np.testing.assert_array_equal(out.data, value)
    out.sum().backward()
    assert x.grad.shape == (0, 2)


def test_the_largest_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"max can't take tensor of shape \(0,\).*no identity"):
        leaf([]).max()


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.sum(0),
        lambda t: t.sum(axis=(0,)),
        lambda t: t.sum(-2),
        lambda t: np.sum(t, 0),
        lambda t: np.sum(t, axis=0),
        lambda t: np.sum(t, 0, None, None, False),
        lambda t: tg.ops.sum(t, 0),
    ],
)
def test_the_forms_of_a_call(call):
    t = leaf([[1, 2], [3, 4]])
    out = call(t)
    np.testing.assert_array_equal(out.data, [4, 6])
    assert out.op == "sum"


def test_an_unknown_option_is_refused_by_name():
    with pytest.raises(TypeError, match=r"np\.sum of a Tensor takes no where=; it takes axis, keepdims"):
        np.sum(leaf([1, 2]), where=np.array([True, False]))


def test_an_axis_that_is_not_there_is_refused_with_the_tensors_name():
    table = tg.Tensor([[1, 2], [3, 4]], requires_grad=True, name="table")
    with pytest.raises(IndexError, match=r"mean can't take table of shape \(2, 2\), axis=2: axis 2 is out of bounds"):
        table.mean(axis=2)


def test_average_refuses_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"weights in the shape of the array, \(2, 2\).* not \(3,\) with axis=0"):
        np.average(leaf([[1, 2], [3, 4]]), axis=0, weights=[1, 2, 3])


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_average_takes_a_weight_for_each_place_along_any_axis(axis):
    x, weights = np.arange(6.0).reshape(2, 3), np.arange(1.0, 1 + (2, 3)[axis])
    np.testing.assert_allclose(np.average(leaf(x), axis=axis, weights=weights).data, np.average(x, axis, weights))


def test_average_without_weights_is_the_mean():
    assert np.average(leaf([1, 2, 6])).op == "mean"
    np.testing.assert_allclose(gradient(np.average, [1, 2, 6]), [1 / 3] * 3)


def test_numbers_are_taken_as_numpy_takes_them():
    assert tg.ops.std(2.0) == np.std(2.0) and tg.ops.std(3) == 0 and tg.ops.sort(2.0, axis=None).tolist() == [2.0]
    with pytest.raises(np.exceptions.AxisError, match="sort can't take float"):
        tg.ops.sort(2.0)


@pytest.mark.parametrize("op", [np.sum, np.prod, np.max, np.min])
def test_numpy_takes_the_first_axis_of_a_number(op):
    assert gradient(lambda x: op(x, axis=0), 3.0) == 1.0


@pytest.mark.parametrize("op", [np.mean, np.var, np.std, np.linalg.norm])
def test_an_axis_of_a_number_is_refused(op):
    with pytest.raises((IndexError, ValueError), match="can't take x of shape"):
        op(tg.Tensor(3.0, requires_grad=True, name="x"), axis=0)


def test_the_mean_of_many_half_precision_numbers_is_no_overflow():
    x = tg.Tensor(np.ones(70_000, np.float16), requires_grad=True)
    mean = np.mean(x)
    assert (mean.dtype, mean.item()) == (np.float16, 1.0)
    rows = np.mean(tg.Tensor(np.ones((70_000, 2), np.float16)), axis=0)
    assert (rows.dtype, rows.data.tolist()) == (np.float16, [1.0, 1.0])


def test_the_spread_of_half_precision_numbers_is_no_overflow():
    far, many = np.tile(np.array([500, 1500], np.float16), 3000), np.tile(np.array([40, 44], np.float16), 40_000)
    for array, spread in ((far, 500), (many, 2)):
        out = np.std(tg.Tensor(array))
        assert (out.dtype, out.item()) == (np.float16, spread)
    assert np.var(tg.Tensor(many)).item() == 4


def test_half_precision_numbers_are_standardized():
    x = tg.Tensor(np.tile(np.array([[900], [1100]], np.float16), (5000, 1)), requires_grad=True)
    out = tg.ops.standardize(x)
    assert out.dtype == np.float16 and out.data[:2, 0].tolist() == [-1, 1]
    assert tg.BatchNorm(1, dtype="float16")(x).data[:2, 0].tolist() == [-1, 1]
    np.mean(x).backward()
    assert (x.grad > 0).all()


@pytest.mark.parametrize("n", [2**16, 70_000])
def test_every_element_of_many_has_a_share_of_their_mean_in_half_precision(n):
    x = tg.Tensor(np.ones(n, np.float16), requires_grad=True)
    np.mean(x).backward()
    np.testing.assert_allclose(x.grad[:3].astype(float), 1 / n, rtol=0.01)


@pytest.mark.parametrize("reduce", [np.mean, np.var, np.std])
@pytest.mark.parametrize("axis", [0, 1, -1, (0,), (1,), (-2,), (0, 1)])
def test_an_axis_may_be_given_as_a_tuple(reduce, axis):
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(reduce(tg.Tensor(x), axis=axis).data, reduce(x, axis=axis), rtol=1e-12)
    tg.check_grad(lambda t: reduce(t, axis=axis), x)


@pytest.mark.parametrize("axis", [0, 1, (0,), (1,), (-1,)])
def test_standardized_numbers_have_mean_0_and_variance_1_along_the_axis(axis):
    out = tg.ops.standardize(tg.Tensor(np.random.default_rng(0).normal(3.0, 2.0, (5, 4))), axis=axis).data
    np.testing.assert_allclose(out.mean(axis), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis), 1, rtol=1e-12)


@pytest.mark.parametrize("call", [np.std, np.var])
def test_options_may_be_tensors_of_one_number(call):
    x = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 5.0]])
    spread = call(leaf(x), axis=tg.Tensor(np.array(0)), ddof=tg.Tensor(np.array(1)))
    assert isinstance(spread.data, np.ndarray)
    np.testing.assert_array_equal(spread.data, call(leaf(x), axis=0, ddof=1).data)


def test_add_reduce_goes_over_the_first_axis_as_numpys_does():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(np.add.reduce(tg.Tensor(x)).data, [3, 5, 7])


def test_the_weights_of_an_average_are_added_up_in_the_digits_of_the_result():
    a, half, small = np.array([0.1, 0.6, 0.2]), np.array([1.4, 0.5, 1.7], np.float16), np.array([1, 2, 1], np.int8)
    np.testing.assert_allclose(np.average(leaf(a), weights=half).data, np.average(a, weights=half), rtol=1e-14)
    assert np.average(leaf(a, dtype="float32"), weights=small).dtype == np.float32
    assert np.average([1, 2, 6], weights=leaf([1, 2, 1], dtype="float32")).dtype == np.float64


@pytest.mark.parametrize("axis", [np.int64(1), 1])
def test_an_average_along_an_axis_by_any_whole_number(axis):
    np.testing.assert_allclose(np.average(leaf([[1, 2], [3, 5]]), axis=axis, weights=[1, 3]).data, [1.75, 4.5])
    with pytest.raises(ValueError, match=r"weights in the shape of the array, \(2,\).* not \(1, 2\) with axis="):
        np.average(leaf([1, 2]), axis=axis, weights=[[1, 2]])

"""Activations at their kinks and limits, with the lectures' numbers (rows A1 to A5, V2)."""

import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import source
from tinygrad_reg.primitive import registry

from ..making import leaf
from .leaves import close, value_slope_curvature

ops = tg.ops
INF = math.inf


pytestmark = pytest.mark.usefixtures("every_floating_point_error_raises")

A, B = 1.0507009873554805, 1.0507009873554805 * 1.6732632423543772

# function, its values at −1000, 0 and 1000, and its slopes there
LIMITS = [
    ("relu", ops.relu, [0, 0, 1000], [0, 0, 1]),
    ("leaky_relu", ops.leaky_relu, [-10, 0, 1000], [0.01, 0.01, 1]),
    ("elu", ops.elu, [-1, 0, 1000], [0, 1, 1]),
    ("elu 2", lambda x: ops.elu(x, alpha=2), [-2, 0, 1000], [0, 2, 1]),
    ("selu", ops.selu, [-B, 0, 1000 * A], [0, B, A]),
    ("gelu", ops.gelu, [0, 0, 1000], [0, 0.5, 1]),
    ("gelu tanh", lambda x: ops.gelu(x, approximate="tanh"), [0, 0, 1000], [0, 0.5, 1]),
    ("normal_cdf", ops.normal_cdf, [0, 0.5, 1], [0, 1 / math.sqrt(2 * math.pi), 0]),
    ("sigmoid", ops.sigmoid, [0, 0.5, 1], [0, 0.25, 0]),
    ("silu", ops.silu, [0, 0, 1000], [0, 0.5, 1]),
    ("softplus", ops.softplus, [0, math.log(2), 1000], [0, 0.5, 1]),
]


@pytest.mark.parametrize(("x", "value"), [(-2.0, 0.0), (0.5, 0.5), (np.float32(0.5), np.float32(0.5))])
def test_relu_of_a_single_number(x, value):
    assert ops.relu(x) == value
    assert ops.relu(tg.Tensor([x]).sum()).item() == value


@pytest.mark.parametrize(("f", "values", "slopes"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_limits_are_exact_at_1000_and_at_0(f, values, slopes):
    value, slope, curvature = value_slope_curvature(f, -1000, 0, 1000)
    close(value, values, rtol=1e-15)
    close(slope, slopes, rtol=1e-15)
    assert np.isfinite(curvature).all()
    assert curvature[[0, 2]].tolist() == [0, 0]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_is_exact_at_1000_and_does_not_depend_on_a_common_offset(name):
    x = tg.Tensor([[1000.0, 0.0, -1000.0], [1000.0, 1000.0, -INF], [-1000.0, -1000.0, -1000.0]], requires_grad=True)
    out = getattr(ops, name)(x)
    expected = {
        "softmax": [[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]],
        "log_softmax": [[0, -1000, -2000], [-math.log(2), -math.log(2), -INF], [-math.log(3)] * 3],
    }[name]
    close(out.data, expected, rtol=1e-15)
    weights = np.array([[1.0, 0, 0], [1, 0, 0], [1, 0, 0]])
    g = tg.gradients(out, x, create_graph=True, gradient=weights)
    slopes = {
        "softmax": [[0, 0, 0], [0.25, -0.25, 0], [2 / 9, -1 / 9, -1 / 9]],
        "log_softmax": [[0, 0, 0], [0.5, -0.5, 0], [2 / 3, -1 / 3, -1 / 3]],
    }[name]
    close(g.data, slopes, rtol=1e-14, atol=1e-16)
    assert np.isfinite(tg.gradients((g * g).sum(), x)).all()


def test_softmax_takes_any_axis_and_sums_to_1():
    x = tg.Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    for axis, sums in [(-1, (2, 3, 1)), (0, (1, 3, 4)), ((1, 2), (2, 1, 1)), (None, (1, 1, 1))]:
        out = ops.softmax(x, axis=axis)
        close(out.data.sum(axis=axis, keepdims=True), np.ones(sums), rtol=1e-15)
        close(ops.log_softmax(x, axis).data, np.log(out.data), rtol=1e-12, atol=1e-15)
    assert ops.softmax(tg.Tensor(np.zeros((0, 3)), requires_grad=True)).shape == (0, 3)
    with pytest.raises(IndexError, match=r"softmax can't take x of shape \(2, 3, 4\), axis=5"):
        ops.softmax(x, axis=5)


def test_the_slope_of_the_sigmoid_is_never_above_a_quarter():
    _, slope, _ = value_slope_curvature(ops.sigmoid, *np.linspace(-5, 5, 101))
    assert slope.max() == 0.25
    assert "4×" in registry["sigmoid"].why


def test_sigmoid_keeps_the_digits_of_small_probabilities():
    value, slope, _ = value_slope_curvature(ops.sigmoid, -40, -700)
    close(value, [math.exp(-40), math.exp(-700)], rtol=1e-15)
    close(slope, [math.exp(-40), math.exp(-700)], rtol=1e-15)


def test_relu_is_off_at_0_and_a_nan_stays_visible():
    value, slope, _ = value_slope_curvature(ops.relu, 0.0, -0.0, 1e-300, math.nan)
    np.testing.assert_array_equal(value, [0, 0, 1e-300, math.nan])
    assert slope[:3].tolist() == [0, 0, 1]


@pytest.mark.parametrize("op", [ops.prelu, ops.rrelu])
def test_a_unit_at_0_has_the_slope_of_the_negative_side(op):
    assert tg.grad(lambda x: op(x, np.array(0.2)))(0.0) == 0.2


def test_leaky_relu_and_elu_below_zero():
    value, slope, _ = value_slope_curvature(lambda x: ops.leaky_relu(x, alpha=0.2), -3, 3)
    close((value, slope), ([-0.6, 3], [0.2, 1]), rtol=1e-15)
    value, slope, _ = value_slope_curvature(lambda x: ops.elu(x, alpha=0.5), -3, 3)
    close((value, slope), ([0.5 * (math.exp(-3) - 1), 3], [0.5 * math.exp(-3), 1]), rtol=1e-14)


@pytest.mark.parametrize("op", [ops.leaky_relu, ops.elu])
def test_a_slope_to_be_learned_is_not_lost_as_an_option(op):
    slope = tg.Tensor(0.2, requires_grad=True)
    with pytest.raises(TypeError, match=r"alpha must be a number: .*differentiate"):
        op(tg.Tensor([1.0]), alpha=slope)


def test_prelu_learns_one_slope_or_one_a_channel():
    x = tg.Tensor(np.array([[-1.0, 2.0], [-3.0, -4.0]]), requires_grad=True)
    shared, own = tg.Tensor(0.25, requires_grad=True), tg.Tensor([0.5, 0.25], requires_grad=True)
    ops.prelu(x, shared).sum().backward()
    assert shared.grad == -8
    assert x.grad.tolist() == [[0.25, 1], [0.25, 0.25]]
    ops.prelu(x, own).sum().backward()
    assert own.grad.tolist() == [-4, -4]
    assert ops.prelu(x, own).data.tolist() == [[-0.5, 2], [-1.5, -1]]


def test_rrelu_draws_slopes_while_training_and_takes_their_mean_otherwise():
    x = tg.Tensor(-np.ones((100, 100)), requires_grad=True)
    still = ops.rrelu(x)
    close(still.data, -11 / 48, rtol=1e-15)
    drawn = ops.rrelu(x, training=True, rng=0)
    assert drawn.op == "rrelu"
    slopes = -drawn.data
    assert 1 / 8 <= slopes.min() < 0.127
    assert 0.331 < slopes.max() <= 1 / 3
    assert slopes.mean() == pytest.approx(11 / 48, rel=0.01)
    drawn.sum().backward()
    np.testing.assert_array_equal(x.grad, slopes)
    again = ops.rrelu(x, training=True, rng=0)
    np.testing.assert_array_equal(again.data, drawn.data)
    other = ops.rrelu(x, lower=0.5, upper=0.5, training=True)
    assert (other.data == -0.5).all()
    assert source.label(other) == "other"


def test_rrelu_draws_in_the_dtype_of_its_input():
    x = tg.Tensor(-np.ones(4, np.float32), requires_grad=True)
    assert ops.rrelu(x, training=True, rng=0).dtype == np.float32
    assert ops.rrelu(x.data, training=True, rng=0).dtype == np.float32


def test_the_gaussian_tail_has_the_digits_of_erfc():
    x = np.concatenate([np.linspace(-37, -8, 59), np.linspace(-8, 8, 161)])
    exact = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x])
    close(ops.normal_cdf(x), exact, rtol=3e-13)
    near = abs(x) <= 1
    close(ops.normal_cdf(x)[near], exact[near], rtol=1e-15)
    close(ops.gelu(x[near]), x[near] * exact[near], rtol=1e-15)
    assert ops.normal_cdf(np.array([-INF, INF])).tolist() == [0, 1]


def test_gelu_has_two_forms():
    x = tg.Tensor([1.0], requires_grad=True)
    assert ops.gelu(x).item() == pytest.approx(0.8413447460685429, rel=1e-15)
    assert ops.gelu(x, approximate="tanh").item() == pytest.approx(0.8411919906082768, rel=1e-15)
    with pytest.raises(ValueError, match="approximate must be one of 'none', 'tanh', not 'erf'"):
        ops.gelu(x, approximate="erf")


def test_activations_are_methods_where_users_write_them():
    x = tg.Tensor([0.5, -0.5], requires_grad=True)
    for name in ("relu", "sigmoid", "softplus", "gelu", "silu", "softmax", "log_softmax"):
        assert getattr(x, name)().op == name


def test_plain_arrays_in_plain_arrays_out():
    for name in ("relu", "leaky_relu", "rrelu", "elu", "selu", "gelu", "silu", "sigmoid", "softplus", "softmax"):
        assert isinstance(getattr(ops, name)(np.array([0.5, -0.5])), np.ndarray), name


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "tanh", "sigmoid", "silu", "gelu", "softplus", "rrelu"])
def test_images_of_whole_numbers_are_taken(name):
    image = np.array([[0, 3, 200]], np.uint8)
    options = {"training": True, "rng": 0} if name == "rrelu" else {}
    exact = getattr(tg.ops, name)(image.astype(float), **options)
    np.testing.assert_allclose(getattr(tg.ops, name)(image, **options), exact, rtol=1e-12)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_of_every_float16_is_near_that_of_float64(approximate):
    bits = np.arange(0, 2**16, 7, dtype=np.uint16).view(np.float16)
    numbers = bits[np.isfinite(bits)]
    found, exact = leaf(numbers, dtype="float16"), leaf(numbers.astype(float))
    small, large = (tg.ops.gelu(x, approximate=approximate) for x in (found, exact))
    small.backward(np.ones(small.shape))
    large.backward(np.ones(large.shape))
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(small.data, large.data, rtol=1e-2, atol=1e-5)
        np.testing.assert_allclose(found.grad, exact.grad, rtol=1e-2, atol=1e-4)

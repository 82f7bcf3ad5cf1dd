"""What check_grad() passes, what it catches, and what it says of it."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import op


def op_with_slope(factor, second=1.0):
    """x², with a first derivative that is `factor` times the right one, and a second that is `second` times it."""

    slope = op(lambda x: 2.0 * x, lambda g, out, x: g * 2 * second, elementwise=True, name="off_slope")
    return op(lambda x: x * x, lambda g, out, x: g * slope(x) * factor, elementwise=True, name="off_square")


@pytest.mark.parametrize("x", [1e-3, 1.0, 300.0])
def test_check_grad_passes_what_is_right_and_catches_a_thousandth(x):
    assert tg.check_grad(op_with_slope(1.0), [x, 2.0], order=2) < 2e-5
    with pytest.raises(AssertionError, match=r"the derivative by input 0\[0\]"):
        tg.check_grad(op_with_slope(1.001), [x])
    with pytest.raises(AssertionError, match="the second derivative by input 0"):
        tg.check_grad(op_with_slope(1.0, second=1.001), [x], order=2)


@pytest.mark.parametrize("at", [2.0, [2.0], [[1.0, 2.0]], 0.05])
def test_check_grad_catches_a_derivative_without_its_upstream_gradient(at):
    square = op(lambda x: x**2, lambda g, out, x: 2 * x, elementwise=True, name="alone")
    with pytest.raises(AssertionError, match=r"the derivative by input 0 is not −2 times .*: is `g \*` forgotten, or"):
        tg.check_grad(square, at)


@pytest.mark.parametrize("slope", [lambda g, out, x: abs(g) * 2 * x, lambda g, out, x: g * (g > 0) * 2 * x])
def test_check_grad_catches_a_derivative_that_asks_for_the_sign_of_its_upstream_gradient(slope):
    square = op(lambda x: x**2, slope, elementwise=True, name="one_sided")
    with pytest.raises(AssertionError, match="or is its sign asked for"):
        tg.check_grad(square, [1.0, 2.0])


def test_a_function_that_draws_random_numbers_is_told_so():
    dropout = tg.Dropout(0.5, rng=0)
    with pytest.raises(ValueError, match=r"gives the same again, and this one gave .* call model\.eval\(\)"):
        tg.check_grad(lambda x: np.sum(dropout(x)), np.ones(8))
    dropout.eval()
    tg.check_grad(lambda x: np.sum(dropout(x)), np.ones(8))


def test_check_grad_says_where_the_outputs_are_weighted():
    with pytest.raises(AssertionError, match=r"relative error \S+\); both are of the outputs' sum, each times a fixed"):
        tg.check_grad(op_with_slope(1.5), [1.0, 2.0])
    with pytest.raises(AssertionError, match=r"relative error 5.0e-01\)$"):
        tg.check_grad(op_with_slope(1.5), 1.0)


def test_check_grad_catches_a_nan():
    identity = op(lambda x: x * 1, lambda g, out, x: g * float("nan"), elementwise=True, name="nan_slope")
    with pytest.raises(AssertionError, match="nan"):
        tg.check_grad(identity, [1.0])


@pytest.mark.parametrize("step", [0.0, -1e-6, float("nan"), float("inf")])
def test_check_grad_needs_a_step_to_take(step):
    with pytest.raises(ValueError, match="step must be a finite number > 0"):
        tg.check_grad(np.tanh, [0.5], step=step)


def test_check_grad_returns_the_largest_relative_error():
    assert 0 < tg.check_grad(np.exp, [1.0, 2.0]) < 1e-6


def test_check_grad_makes_allowance_for_what_large_numbers_round():
    tg.check_grad(lambda x: 1e8 + np.sum(x), [0.5])  # a large result
    tg.check_grad(lambda x: np.sum(x**2), [1e6])  # a large input


def test_check_grad_without_a_tolerance_for_what_is_0():
    assert tg.check_grad(lambda x: 0.0 * x, 1.0, atol=0) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.check_grad(np.exp), ValueError, "at least one input"),
        (lambda: tg.check_grad(np.exp, 1.0, order=3), ValueError, "order 1 or 2"),
        (lambda: tg.check_grad(lambda x: 1.0, 1.0), TypeError, "must return a Tensor"),
        (lambda: tg.check_grad(3.0), TypeError, "takes a function, .* not float"),
        (lambda: tg.check_grad(np.exp, "a"), TypeError, "real numbers"),
        (lambda: tg.check_grad(np.exp, np.ma.array([1.0], mask=[True])), TypeError, "masked array"),
        (lambda: tg.check_grad(np.exp, 1.0, rtol=0), ValueError, "rtol must be a finite number > 0, not 0"),
        (lambda: tg.check_grad(np.exp, 1.0, atol="a"), TypeError, "atol must be a finite number ≥ 0, not 'a'"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_check_grad_is_quiet_where_twice_a_derivative_is_too_large():
    with np.errstate(all="raise"):
        assert tg.check_grad(np.exp, [709.5]) < 1e-5


@pytest.mark.parametrize("f", [tg.ops.relu, lambda x: tg.ops.elu(x) * (x > 0)])
def test_a_kink_is_told_as_one(f):
    with pytest.raises(AssertionError, match=r"to the left alone they give 0, to the right .*: there is a kink"):
        tg.check_grad(f, [0.0, 1.0])


@pytest.mark.parametrize("x", [0.5, 3.0, 40.0])
def test_a_wrong_derivative_of_a_curve_is_no_kink(x):
    with pytest.raises(AssertionError) as told:
        tg.check_grad(lambda x: np.exp(x) * 1.01 - 0.01 * np.exp(x).detach(), x)
    assert "kink" not in str(told.value)

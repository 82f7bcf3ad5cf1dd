"""The points at which formulas go wrong: kinks, ties, 0, ±1000, infinity; and the calls that NumPy's users write."""

import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import source
from tinygrad_reg.primitive import registry

from ..making import leaf
from .leaves import close, value_slope_curvature

INF = math.inf


pytestmark = pytest.mark.usefixtures("every_floating_point_error_raises")


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (np.exp, [-1000, -INF, 1000], [0, 0, INF], [0, 0, INF]),
        (np.expm1, [-1000, 0, 1e-300], [-1, 0, 1e-300], [0, 1, 1]),
        (np.log, [0, 1, INF], [-INF, 0, INF], [INF, 1, 0]),
        (np.log1p, [0, 1e-300, -1, INF], [0, 1e-300, -INF, INF], [1, 1, INF, 0]),
        (np.sqrt, [0, 4, INF], [0, 2, INF], [INF, 0.25, 0]),
        (np.cbrt, [0, -8, 8], [0, -2, 2], [INF, 1 / 12, 1 / 12]),
        (np.abs, [0, -0.0, -1000, INF], [0, 0, 1000, INF], [0, 0, -1, 1]),
        (np.square, [0, -1000], [0, 1e6], [0, -2000]),
        (np.reciprocal, [INF, -INF, 1000], [0, 0, 1e-3], [0, 0, -1e-6]),
        (np.tanh, [0, 1000, -1000, INF], [0, 1, -1, 1], [1, 0, 0, 0]),
        (np.arctan, [0, INF, 1e200], [0, math.pi / 2, math.pi / 2], [1, 0, 0]),
        (np.arcsinh, [0, 1e200, INF], [0, np.arcsinh(1e200), INF], [1, 1e-200, 0]),
        (np.arcsin, [1, -1], [math.pi / 2, -math.pi / 2], [INF, INF]),
        (np.arctanh, [0, 1], [0, INF], [1, INF]),
        (np.sign, [0, -3, 1000], [0, -1, 1], [0, 0, 0]),
        (np.floor, [1, -0.5], [1, -1], [0, 0]),
        (np.round, [0.5, 1.5, -1000], [0, 2, -1000], [0, 0, 0]),
        (np.nan_to_num, [math.nan, 1], [0, 1], [0, 1]),
    ],
)
def test_limits_are_exact_and_no_warning_escapes(f, x, value, slope):
    t = leaf(x)
    out = f(t)
    out.backward(np.ones(t.shape))
    close(out.data, value, rtol=1e-15)
    close(t.grad, slope, rtol=1e-15)


@pytest.mark.parametrize(
    "f",
    [
        *(np.abs, np.square, np.tanh, np.arctan, np.arcsinh, np.sin, np.cos, np.sign, np.floor, np.rint, np.cbrt),
        *(lambda x: np.log1p(np.abs(x)), lambda x: np.logaddexp(x, 0), lambda x: np.logaddexp(-1000, x)),
        *(lambda x: np.logaddexp2(x, 0), lambda x: np.hypot(x, 1), lambda x: np.arctan2(x, 1), lambda x: x % 3),
        *(lambda x: np.maximum(x, 0), lambda x: np.clip(x, -1, 1), lambda x: np.copysign(x, -1)),
    ],
)
def test_first_and_second_derivatives_are_finite_at_large_arguments(f):
    _, first, second = value_slope_curvature(f, 1000, -1000, 0.1)
    assert np.isfinite(first).all()
    assert np.isfinite(second).all()


def test_a_step_has_zeros_for_a_gradient_not_none():
    for f in (np.sign, np.floor, np.ceil, np.trunc, np.rint, np.round):
        t = leaf([0.3, -1.7])
        out = f(t)
        assert out.requires_grad
        (out * INF).backward(np.ones(2))
        assert t.grad.tolist() == [0, 0], f.__name__


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_ties_share_the_gradient_evenly(f):
    x, y = leaf([1.0, 2.0, 0.0]), leaf([1.0, 3.0, -0.0])
    f(x, y).backward(np.array([4.0, 4.0, 4.0]))
    assert x.grad.tolist() == [2, 0 if f is np.maximum else 4, 2]
    assert (x.grad + y.grad).tolist() == [4, 4, 4]


def test_the_input_that_was_not_chosen_gets_0_even_of_an_infinite_gradient():
    for chosen in (lambda x: np.maximum(x, 0), lambda x: np.clip(x, 0, 1), lambda x: np.where(x.data > 0, x, 0)):
        x = leaf([-1.0])
        np.sqrt(chosen(x)).backward(np.ones(1))  # the slope of the root at 0 is inf
        assert x.grad.tolist() == [0]


def test_hypot_and_arctan2_have_slope_0_at_the_origin_and_do_not_overflow():
    x, y = leaf([0.0, 3.0, 3e200]), leaf([0.0, 4.0, 4e200])
    np.hypot(x, y).backward(np.ones(3))
    close(x.grad, [0, 0.6, 0.6], rtol=1e-15)
    close(y.grad, [0, 0.8, 0.8], rtol=1e-15)
    x.grad = y.grad = None
    np.arctan2(y, x).backward(np.ones(3))
    close(x.grad, [0, -4 / 25, -0.16e-200], rtol=1e-14)
    close(y.grad, [0, 3 / 25, 0.12e-200], rtol=1e-14)


def test_logaddexp_stays_in_range():
    x, y = leaf([1000.0, 1000.0, -1000.0, -INF]), leaf([1000.0, -1000.0, -1000.0, 0.0])
    out = np.logaddexp(x, y)
    out.backward(np.ones(4))
    close(out.data, [1000 + math.log(2), 1000, -1000 + math.log(2), 0], rtol=1e-15)
    assert x.grad.tolist() == [0.5, 1, 0.5, 0]
    assert y.grad.tolist() == [0.5, 0, 0.5, 1]


def test_copysign_has_slope_0_at_0_as_abs_has():
    assert tg.grad(np.copysign)(0.0, -2.0) == 0 and tg.grad(np.copysign)(-3.0, 2.0) == -1


def test_powers_of_zero():
    def slopes(x, y):
        return [float(g) for g in tg.grad(np.power, (0, 1))(x, y)]

    assert slopes(0.0, 2.0) == [0, 0] and slopes(0.0, 1.0) == [1, 0] and slopes(0.0, 0.0) == [0, 0]
    assert slopes(0.0, -1.0) == [-np.inf, -np.inf]
    assert slopes(-0.0, -1.0) == [-np.inf, np.inf]
    assert slopes(-0.0, np.array(-2.0)) == [np.inf, -np.inf]


@pytest.mark.parametrize("x", [0.0, 1.0, -2.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 3.0])
def test_the_slope_of_a_power_is_the_same_with_a_graph_of_its_own(x, y):
    base, exponent = leaf(x), leaf(y)
    out, slope = base**exponent, y * x ** (y - 1) if y else 0
    assert tg.gradients(out, base, create_graph=True).item() == tg.gradients(out, base) == slope


def test_the_mixed_second_derivative_of_a_power_at_exponent_0():
    def slope(y):
        return tg.grad(np.power)(2.0, y)

    assert tg.grad(slope)(0.0) == 1 / 2  # ∂/∂y (y · x^(y−1)) = x^(y−1) at y = 0
    tg.check_grad(lambda x, y: x**y, [2.0, 0.5], [0.0, 0.0], order=2)
    assert tg.grad(tg.grad(lambda x: x**0))(0.0) == 0


def test_round_takes_decimals_in_every_way():
    x = leaf([1.256])
    for out in (round(x, 2), np.round(x, 2), np.round(x, decimals=2), np.around(x, 2), x.round(2)):
        assert out.data.tolist() == [1.26]
        assert out.op == "round"
    assert round(x).data.tolist() == [1]


def test_remainder_and_floor_divide_as_operators_from_both_sides():
    x = leaf([7.0, -7.0])
    assert (x % 3).data.tolist() == [1, 2]
    assert (x // 3).data.tolist() == [2, -3]
    assert (10 % x).data.tolist() == [3, -4]
    assert (np.array([10.0, 10.0]) // x).data.tolist() == [1, -2]
    y = leaf([3.0])
    (x % y).backward(np.ones(2))
    assert x.grad.tolist() == [1, 1]
    assert y.grad.tolist() == [1]  # −⌊7/3⌋ − ⌊−7/3⌋


def test_numpy_functions_of_one_meaning_are_one_op():
    x = leaf([0.5])
    assert np.fabs(x).op == np.abs(x).op == abs(x).op == x.abs().op == "abs"
    assert np.radians(x).op == np.deg2rad(x).op == "deg2rad"
    assert np.degrees(x).op == "rad2deg"


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sqrt", "abs", "square", "sin", "cos", "floor", "sign"])
def test_functions_are_methods_too(name):
    x = leaf([0.5])
    assert getattr(x, name)().data.tolist() == getattr(np, name)(x.data).tolist()
    assert getattr(tg.ops, name) is registry[name]


def test_a_call_in_numpys_form_names_its_result_after_the_users_variable():
    x = leaf([0.5])
    clipped = np.clip(x, 0, 1)
    shorter = x.astype("float32")
    assert (source.label(clipped), source.label(shorter)) == ("clipped", "shorter")


def test_numbers_do_not_widen_float32():
    x = leaf([0.5, 2.0], dtype=np.float32)
    for out in (
        np.maximum(x, 1.0),
        np.where(x > 1, x, 0.1),
        np.clip(x, 0.1, np.float64(0.9)),
        np.hypot(2.0, x),
        x % 0.3,
    ):
        assert out.dtype == np.float32
        out.backward(np.ones(2, np.float32))
        assert x.grad.dtype == np.float32


def test_misfitting_shapes_are_named():
    price, amount = tg.Tensor(np.ones(3), requires_grad=True, name="price"), tg.Tensor(np.ones((2, 4)), name="amount")
    with pytest.raises(ValueError, match=r"maximum can't take price of shape \(3,\), amount of shape \(2, 4\)"):
        np.maximum(price, amount)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint64", "int8", "int64"])
def test_powers_of_and_by_whole_numbers_of_any_kind(dtype):
    x, n = np.array([1.5, 2.5, 20.0]), np.array([0, 3, 1], dtype)
    np.testing.assert_allclose(tg.grad(lambda x: np.sum(x**n))(x), [0, 3 * 2.5**2, 1])
    base, y = np.array([5, 3, 100], dtype), np.array([1.5, 0.25, 2.0])
    exact = base.astype(float) ** y * np.log(base.astype(float))
    np.testing.assert_allclose(tg.grad(lambda y: np.sum(base**y))(y), exact, rtol=1e-13)


@pytest.mark.parametrize(("dtype", "tiny"), [("float16", 1e-5), ("float32", 1e-20), ("float64", 1e-200)])
def test_x_to_the_0_is_flat_where_x_is_tiny(dtype, tiny):
    x = np.array([tiny, 0.0, 2.0], dtype)
    for f in (lambda x: np.sum(x**0), lambda x: np.sum(x ** np.zeros(3, dtype))):
        assert tg.grad(f)(x).tolist() == [0, 0, 0]
        assert not tg.hessian(f)(x).any()

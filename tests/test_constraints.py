"""Constraints: max-norm as lectured (row P9), and the others; each a function of the values."""

import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.constraints import max_norm, non_negative, prox_l1, unit_norm


def incoming(w):
    """‖w_j‖ of the weights into each unit."""
    return np.linalg.norm(w, axis=0) if w.ndim <= 2 else np.linalg.norm(w.reshape(len(w), -1), axis=1)


@pytest.mark.parametrize("shape", [(5, 4), (6, 3, 2, 2), (6, 3, 4), (7,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_P9_max_norm_rescales_only_units_above_r(shape, dtype):
    w = (np.random.default_rng(0).normal(size=shape) * 0.7).astype(dtype)
    before = incoming(w)
    r = float(np.median(before)) if before.ndim else 0.5
    after = max_norm(r)(w)
    assert after.dtype == dtype and after is not w
    np.testing.assert_array_equal(max_norm(np.float64(r))(w), after, strict=True)  # a scalar of NumPy's is weak
    above = before > r
    np.testing.assert_allclose(incoming(after), np.minimum(before, r), rtol=1e-6)
    if w.ndim == 2:
        assert np.array_equal(after[:, ~above], w[:, ~above])  # to the last bit
        np.testing.assert_allclose(after[:, above], w[:, above] * (r / before[above]), rtol=1e-6)


def test_P9_norms_stay_below_r_after_every_step_of_training():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(20, 4)), 10 * rng.normal(size=(20, 3))
    layer = tg.Dense(4, 3, kernel_constraint=max_norm(1.0))
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.5)
    reached = []
    for _ in range(10):
        optimizer.zero_grad()
        tg.losses.mse(layer(x), y).backward()
        optimizer.step()
        layer.project()
        reached.append(incoming(layer.kernel.data))
    assert (np.array(reached) <= 1 + 1e-12).all() and np.array(reached).max() > 0.99


def test_unit_norm_leaves_a_unit_of_zeros():
    w = np.array([[3.0, 0.0, -0.1], [4.0, 0.0, 0.0]])
    np.testing.assert_allclose(unit_norm()(w), [[0.6, 0, -1], [0.8, 0, 0]])


def test_non_negative_lifts_what_is_below_0():
    assert non_negative()(np.array([-1.0, 0.0, 2.0], np.float32)).tolist() == [0, 0, 2]


def test_prox_l1_moves_by_the_amount_or_by_the_amount_times_the_learning_rate():
    w = np.array([0.5, -0.05, -1.0], np.float32)
    np.testing.assert_allclose(prox_l1(0.1)(w), [0.4, 0, -0.9], rtol=1e-6)
    np.testing.assert_allclose(prox_l1(0.1)(w, lr=0.5), [0.4, 0, -0.9], rtol=1e-6)
    scaled = prox_l1(0.1, scale_by_lr=True)(w, lr=np.float64(0.1))
    np.testing.assert_allclose(scaled, [0.49, -0.04, -0.99], rtol=1e-6)
    assert scaled.dtype == np.float32
    with pytest.raises(TypeError, match="scale_by_lr must be True or False"):
        prox_l1(0.1, 0.1)
    with pytest.raises(ValueError, match=r"model.project\(lr=optimizer.lr\)"):
        prox_l1(0.1, scale_by_lr=True)(w)


def test_impossible_bounds_are_refused():
    for r in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="r must be a finite number > 0"):
            max_norm(r)
    with pytest.raises(ValueError, match="amount must be a finite number ≥ 0"):
        prox_l1(-0.1)


def test_constraints_print_as_they_are_written_and_pickle():
    assert repr(max_norm(1.5)) == "max_norm(r=1.5)"
    for constraint in (max_norm(1.5), unit_norm(), non_negative(), prox_l1(0.1, scale_by_lr=True)):
        assert pickle.loads(pickle.dumps(constraint)) == constraint


def test_norms_whose_squares_are_no_floats():
    huge = np.array([[3e200, 3e-200], [4e200, 4e-200]])
    np.testing.assert_allclose(max_norm(1.0)(huge), [[0.6, 3e-200], [0.8, 4e-200]])
    np.testing.assert_allclose(unit_norm()(huge), [[0.6, 0.6], [0.8, 0.8]])
    assert max_norm(1.0)(np.float32([[3e30], [4e30]])).dtype == np.float32


def test_a_proximal_step_of_0_moves_nothing():
    assert tg.constraints.prox_l1(0.0)(np.array([0.5, -0.05])).tolist() == [0.5, -0.05]


ALL = [max_norm(1.0), unit_norm(), non_negative(), prox_l1(0.1)]


@pytest.mark.parametrize("constraint", ALL, ids=str)
def test_constraints_take_lists_and_refuse_what_is_no_numbers(constraint):
    np.testing.assert_array_equal(constraint([[3.0, 0.0], [4.0, 0.0]]), constraint(np.array([[3.0, 0.0], [4.0, 0.0]])))
    for wrong in (None, "a", np.array([1j]), np.ma.array([1.0], mask=[True])):
        with pytest.raises(TypeError, match=r"real numbers|masked array"):
            constraint(wrong)


@pytest.mark.parametrize("constraint", ALL, ids=str)
def test_constraints_of_what_is_not_finite_do_not_warn(constraint):
    with np.errstate(all="raise"):
        constraint(np.array([np.inf, np.nan, 1e308]))


@pytest.mark.parametrize("constraint", [max_norm(1.0), non_negative(), unit_norm(), prox_l1(0.1)])
def test_weights_may_be_a_tensor_or_a_list(constraint):
    w = [[3.0, -0.5], [4.0, 0.05]]
    expected = constraint(np.array(w))
    for given in (tg.Tensor(w), w):
        np.testing.assert_allclose(np.asarray(constraint(given)), expected)

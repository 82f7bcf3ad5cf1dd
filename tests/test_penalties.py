"""Penalties: the printed scalings and their gradients (rows P1, P3, P4, P6, P7), and the proximal operator (P8)."""

import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.penalties import gaussian_prior, get, l1, l1_l2, l2, laplace_prior, prox_l1

W = np.array([[0.5, -2.0, 0.0], [3.0, -0.25, 1.0]])
SQUARES, SIZES = float(np.sum(W**2)), float(np.sum(np.abs(W)))


def cost_and_gradient(penalty):
    w = tg.Tensor(W, requires_grad=True)
    cost = penalty(w)
    cost.backward()
    assert cost.shape == ()
    return cost.item(), w.grad


@pytest.mark.parametrize(
    ("penalty", "factor"),
    [
        (l2(0.3), 0.3),
        (l2(0.3, half=True), 0.15),
        (l2(0.3, samples=50), 0.3 / 100),
        (l2(0.3, samples=50, half=False), 0.3 / 50),
    ],
    ids=str,
)
def test_P1_l2_in_its_printed_scalings(penalty, factor):
    cost, gradient = cost_and_gradient(penalty)
    assert cost == pytest.approx(factor * SQUARES, rel=1e-14)
    np.testing.assert_allclose(gradient, 2 * factor * W, rtol=1e-14)


@pytest.mark.parametrize(("penalty", "factor"), [(l1(0.3), 0.3), (l1(0.3, samples=50), 0.3 / 50)], ids=str)
def test_P3_l1_and_the_sign_of_0_is_0(penalty, factor):
    cost, gradient = cost_and_gradient(penalty)
    assert cost == pytest.approx(factor * SIZES, rel=1e-14)
    np.testing.assert_allclose(gradient, factor * np.sign(W), rtol=1e-14)
    assert gradient[0, 2] == 0


def test_P4_l1_l2_is_the_sum_of_the_two():
    cost, gradient = cost_and_gradient(l1_l2(0.3, 0.2))
    assert cost == pytest.approx(0.3 * SIZES + 0.2 * SQUARES, rel=1e-14)
    np.testing.assert_allclose(gradient, 0.3 * np.sign(W) + 0.4 * W, rtol=1e-14)
    cost, _ = cost_and_gradient(l1_l2(0.3, 0.2, samples=10))
    assert cost == pytest.approx(0.03 * SIZES + 0.01 * SQUARES, rel=1e-14)
    assert cost_and_gradient(l1_l2(0.0, 0.2))[0] == cost_and_gradient(l2(0.2))[0]


def test_P6_a_penalty_is_a_negative_log_prior_up_to_a_constant():
    strength, scale = 0.7, 0.4
    variance = 1 / (2 * strength)
    others = W + np.random.default_rng(0).normal(size=W.shape)

    def minus_log_gaussian(w):
        return np.sum(w**2) / (2 * variance) + w.size * np.log(2 * np.pi * variance) / 2

    def minus_log_laplace(w):
        return np.sum(np.abs(w)) / scale + w.size * np.log(2 * scale)

    for prior, density, penalty in [
        (gaussian_prior(variance), minus_log_gaussian, l2(strength)),
        (laplace_prior(scale), minus_log_laplace, l1(1 / scale)),
    ]:
        constants = [density(w) - prior(w).item() for w in (W, others)]
        assert constants[0] == pytest.approx(constants[1], rel=1e-12)
        cost, gradient = cost_and_gradient(prior)
        assert cost == pytest.approx(cost_and_gradient(penalty)[0], rel=1e-14)
        np.testing.assert_allclose(gradient, cost_and_gradient(penalty)[1], rtol=1e-14)
        np.testing.assert_allclose(gradient, tg.grad(density)(W), rtol=1e-12)


def energy(w):
    """Lecture 001's E(w); unbounded below, with a local minimum at 1."""
    return (w - 1) ** 2 + (w - 1) ** 3 / 6


def descend(objective, w, steps=400, lr=0.1, project=lambda w, lr: w):
    for _ in range(steps):
        w = project(w - lr * tg.grad(objective)(w), lr)
    return float(w)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 2.0, 10.0])
def test_P7_l2_moves_the_optimum_towards_0_and_never_to_it(strength):
    found = descend(lambda w: energy(w) + l2(strength)(w), np.array(1.0), lr=0.1 / (1 + strength))
    assert found == pytest.approx(np.sqrt((2 + 2 * strength) ** 2 - 4 * strength) - 1 - 2 * strength, abs=1e-12)
    assert found > 0


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 1.4, 1.5, 1.6, 2.0])
def test_P7_l1_moves_the_optimum_to_0_exactly_from_a_strength_of_1_5_on(strength):
    proximal = tg.constraints.prox_l1(strength, scale_by_lr=True)
    found = descend(energy, np.array(1.0), project=proximal)
    if strength < 1.5:
        assert found == pytest.approx(np.sqrt(4 - 2 * strength) - 1, abs=1e-10)
        assert descend(lambda w: energy(w) + l1(strength)(w), np.array(1.0)) == pytest.approx(found, abs=1e-10)
    else:
        assert found == 0 or (strength == 1.5 and abs(found) < 1e-15)  # at 1.5 the steps fade out: to rounding


def test_P8_the_subgradient_step_jumps_over_zero_and_the_proximal_step_stays_there():
    rng = np.random.default_rng(1)
    x, lr, strength = rng.normal(size=(60, 8)), 0.1, 0.02
    target = x @ np.array([2.0, -1.0, 0, 0, 0, 0, 0, 0]) + 0.05 * rng.normal(size=60)
    slope = tg.grad(lambda w: tg.losses.half_mse(x @ w, target))
    jumping = resting = rng.normal(size=8)
    zeros = []
    for _ in range(300):
        jumping = jumping - lr * slope(jumping) - strength * np.sign(jumping)
        resting = prox_l1(resting - lr * slope(resting), strength)
        zeros.append(resting == 0)
        assert (jumping != 0).all()
    settled = np.array(zeros[-200:])
    assert settled[:, 2:].all() and not settled[:, :2].any()


def test_prox_l1_element_by_element():
    w = np.array([0.5, -0.05, 0.1, 0.0, -3.0], np.float32)
    moved = prox_l1(w, 0.1)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, [0.4, 0, 0, 0, -2.9], rtol=1e-6)
    assert (moved[1:4] == 0).all()
    assert isinstance(prox_l1(tg.Tensor(w), 0.1), tg.Tensor)
    with pytest.raises(ValueError, match="≥ 0"):
        prox_l1(w, -0.1)


def test_a_strength_of_0_costs_nothing_and_float32_stays():
    assert cost_and_gradient(l2(0))[0] == 0
    assert l1_l2(0.1, 0.1)(tg.Tensor(W.astype(np.float32))).dtype == np.float32


@pytest.mark.parametrize("strength", [-0.1, np.nan, np.inf, "0.1", None])
def test_impossible_strengths_are_refused(strength):
    for make in (l1, l2, lambda s: l1_l2(0.1, s)):
        with pytest.raises((ValueError, TypeError), match=r"(strength|l2) must be a finite number ≥ 0"):
            make(strength)
    with pytest.raises((ValueError, TypeError), match="variance must be a finite number > 0"):
        gaussian_prior(strength)
    with pytest.raises(ValueError, match="samples"):
        l2(0.1, samples=0)


def test_penalties_by_name_print_and_pickle():
    assert repr(get("l1_l2")) == "l1_l2(0.01, 0.01)"
    assert repr(l2(0.5, samples=100)) == "l2(0.5, samples=100)"
    assert get(None) is None and get(abs) is abs
    assert pickle.loads(pickle.dumps(l1(0.2))) == l1(0.2)
    with pytest.raises(ValueError, match=r"no penalty is called 'l3'.*There are l1, l2, l1_l2"):
        get("l3")
    with pytest.raises(TypeError, match=r"penalty must be a name such as .*, or an object"):
        get(0.01)


def test_the_default_strengths_are_a_hundredth():
    assert (l1(), l2(), l1_l2()) == (l1(0.01), l2(0.01), l1_l2(0.01, 0.01))


def test_a_strength_of_0_costs_nothing_where_all_weights_are_0():
    w = tg.Tensor(np.zeros(3), requires_grad=True)
    cost = l2(0.0)(w)
    cost.backward()
    assert cost.item() == 0 and w.grad.tolist() == [0, 0, 0]

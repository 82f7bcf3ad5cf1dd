"""AdaGrad, RMSProp and Adam against the lectures' formulas by hand, against plain NumPy and PyTorch's numbers."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import AdaGrad, Adam, AdamW, RMSProp

from .valley import START, follow, gradient, one, train

GRADIENTS = [1, 2, -1, 0, 4]


def test_o5_adagrad_by_hand() -> None:
    # √(9 + Σg²) runs through 5, 13, 85, 3613, 6526885: each leg of a right triangle is the last one's hypotenuse.
    w = one(0.0)
    opt = AdaGrad([w], lr=1.0, eps=9.0, eps_inside_root=True)
    path = follow(opt, w, [4, 12, 84, 3612, 6526884])
    steps = [4 / 5, 12 / 13, 84 / 85, 3612 / 3613, 6526884 / 6526885]
    np.testing.assert_allclose(path, -np.cumsum(steps), rtol=1e-14)


def test_o6_rmsprop_by_hand() -> None:
    s = [0.5, 2.25, 1.625, 0.8125, 8.40625]
    w = one()
    path = follow(RMSProp([w], lr=0.1, rho=0.5, eps=0.01, eps_inside_root=True), w, GRADIENTS)
    steps = [0.1 * g / sqrt(x + 0.01) for g, x in zip(GRADIENTS, s, strict=True)]
    np.testing.assert_allclose(path, 1 - np.cumsum(steps), rtol=1e-14)


M = [0.5, 1.25, 0.125, 0.0625, 2.03125]
S = [0.5, 2.25, 1.625, 0.8125, 8.40625]


def test_o7_adam_by_hand() -> None:
    corrections = [0.5, 0.75, 0.875, 0.9375, 0.96875]
    w = one()
    opt = Adam([w], lr=0.1, betas=(0.5, 0.5), eps=0.01, eps_inside_root=True)
    path = follow(opt, w, GRADIENTS)
    steps = [0.1 * m / c / sqrt(s / c + 0.01) for m, s, c in zip(M, S, corrections, strict=True)]
    np.testing.assert_allclose(path, 1 - np.cumsum(steps), rtol=1e-14)
    # The stored moments are the raw ones, not overwritten with the quotients as lecture 002 prints.
    assert opt.state_of(w)["m"].item() == M[-1] and opt.state_of(w)["s"].item() == S[-1]


def test_o8_adam_without_the_power_by_hand() -> None:
    w = one()
    opt = Adam([w], 0.1, betas=(0.5, 0.5), eps=0.01, eps_inside_root=True, bias_correction="constant")
    path = follow(opt, w, GRADIENTS)
    steps = [0.1 * m / 0.5 / sqrt(s / 0.5 + 0.01) for m, s in zip(M, S, strict=True)]
    np.testing.assert_allclose(path, 1 - np.cumsum(steps), rtol=1e-14)


def adagrad(x: np.ndarray, η: float, ε: float, inside: bool) -> np.ndarray:
    s = np.zeros(3)
    for _ in range(100):
        g = gradient(x)
        s = s + g**2
        x = x - η * g / (np.sqrt(s + ε) if inside else np.sqrt(s) + ε)
    return x


def rmsprop(x: np.ndarray, η: float, ε: float, inside: bool) -> np.ndarray:
    s = np.zeros(3)
    for _ in range(100):
        g = gradient(x)
        s = 0.9 * s + (1 - 0.9) * g**2
        x = x - η * g / (np.sqrt(s + ε) if inside else np.sqrt(s) + ε)
    return x


def adam(x: np.ndarray, η: float, ε: float, inside: bool, power: bool = True) -> np.ndarray:
    m, s = np.zeros(3), np.zeros(3)
    for t in range(1, 101):
        g = gradient(x)
        m = 0.9 * m + (1 - 0.9) * g
        s = 0.999 * s + (1 - 0.999) * g**2
        m_hat = m / (1 - 0.9 ** (t if power else 1))
        s_hat = s / (1 - 0.999 ** (t if power else 1))
        x = x - η * m_hat / (np.sqrt(s_hat + ε) if inside else np.sqrt(s_hat) + ε)
    return x


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(("reference", "optimizer"), [(adagrad, AdaGrad), (rmsprop, RMSProp), (adam, Adam)])
def test_100_steps_follow_the_lectures_form(reference: Any, optimizer: Any, inside: bool) -> None:
    expected = reference(np.array(START), 0.02, 1e-4, inside)
    end = train(lambda params: optimizer(params, 0.02, eps=1e-4, eps_inside_root=inside))
    np.testing.assert_allclose(end, expected, rtol=1e-10)


def test_o8_100_steps_follow_the_lectures_form() -> None:
    expected = adam(np.array(START), 0.02, 1e-4, inside=True, power=False)
    end = train(lambda params: Adam(params, 0.02, eps=1e-4, eps_inside_root=True, bias_correction="constant"))
    np.testing.assert_allclose(end, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("optimizer", "options", "expected"),
    [
        (AdaGrad, {"lr": 0.1}, [-0.190751640564289, 0.0723761135748522, 0.3822775969175253]),
        (RMSProp, {"lr": 0.002}, [-1.0129130901865546, 1.0762649616548785, 0.6340776438111905]),
        (Adam, {"lr": 0.02}, [-0.3387718188932566, 0.1682382072048958, 0.45487661085753645]),
        (
            Adam,
            {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1},
            [0.39164102611787843, 0.12823016428167966, -0.26403789864161814],
        ),
        (AdamW, {"lr": 0.02, "weight_decay": 0.1}, [-0.18978655260872243, 0.06418332886893606, 0.39104065563538676]),
    ],
)
def test_100_steps_arrive_where_pytorch_does(optimizer: Any, options: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(train(lambda params: optimizer(params, **options)), expected, rtol=1e-10)


def test_p2_decay_differs_from_the_penalty_for_adam() -> None:
    coupled = train(lambda params: Adam(params, 0.02, weight_decay=0.1))
    decoupled = train(lambda params: AdamW(params, 0.02, weight_decay=0.1))
    assert np.abs(coupled - decoupled).max() > 1e-2
    w = one()
    follow(AdamW([w], lr=0.1, weight_decay=0.5), w, [0.0])
    assert w.data.item() == pytest.approx(1 - 0.1 * 0.5, rel=1e-15)


def test_o10_adagrads_effective_rate_only_shrinks() -> None:
    w, b = Tensor([1.0, 1.0], requires_grad=True), Tensor(1.0, requires_grad=True)
    opt = AdaGrad([w, b], lr=0.5, eps=0.25)
    assert [rate.tolist() for rate in opt.effective_lr()] == [[2, 2], 2]
    w.grad, b.grad = np.array([3.0, 0.0]), np.array(1.0)
    opt.step()
    assert [rate.tolist() for rate in opt.effective_lr()] == [[0.5 / 3.25, 2], 0.5 / 1.25]
    opt.zero_grad()
    w.grad = np.array([4.0, 2.0])
    opt.step()
    assert [rate.tolist() for rate in opt.effective_lr()] == [[0.5 / 5.25, 0.5 / 2.25], 0.5 / 1.25]


@pytest.mark.parametrize("optimizer", [AdaGrad, RMSProp, Adam, AdamW])
def test_a_zero_gradient_moves_nothing(optimizer: Any) -> None:
    w = one()
    follow(optimizer([w], lr=0.1, **({"weight_decay": 0} if optimizer is AdamW else {})), w, [0.0])
    assert w.data.item() == 1


@pytest.mark.parametrize(
    ("optimizer", "options", "error", "message"),
    [
        (Adam, {"betas": (0.9, 1.0)}, ValueError, r"betas\[1\] must be a number ≥ 0 and < 1, not 1.0"),
        (Adam, {"betas": (float("nan"), 0.9)}, ValueError, r"betas\[0\]"),
        (Adam, {"betas": 0.9}, TypeError, "betas must be two numbers"),
        (Adam, {"betas": (0.9, 0.99, 0.999)}, TypeError, "betas must be two numbers"),
        (Adam, {"eps": -1e-8}, ValueError, "eps must be a finite number ≥ 0"),
        (Adam, {"eps_inside_root": 1}, TypeError, "eps_inside_root must be True or False"),
        (Adam, {"bias_correction": True}, ValueError, "bias_correction must be one of 'power', 'constant'"),
        (Adam, {"beta_1": 0.9}, TypeError, "beta_1"),
        (RMSProp, {"rho": 1.0}, ValueError, "rho must be"),
        (AdaGrad, {"eps": float("inf")}, ValueError, "eps must be"),
        (AdamW, {"weight_decay": "0.1"}, TypeError, "weight_decay must be a finite number"),
    ],
)
def test_impossible_settings_are_refused_by_name(
    optimizer: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        optimizer([one()], **options)


@pytest.mark.parametrize(
    ("optimizer", "options", "last_line"),
    [
        (AdaGrad, {}, "w ← w − η·g / (√s + ε)"),
        (AdaGrad, {"eps_inside_root": True}, "w ← w − η·g / √(s + ε)"),
        (RMSProp, {}, "w ← w − η·g / (√s + ε)"),
        (Adam, {}, "w ← w − η·m̂ / (√ŝ + ε)"),
        (Adam, {"eps_inside_root": True}, "w ← w − η·m̂ / √(ŝ + ε)"),
    ],
)
def test_it_tells_its_formula(optimizer: Any, options: dict[str, Any], last_line: str) -> None:
    assert optimizer([one()], **options).formula.splitlines()[-1] == last_line


def test_the_decay_has_its_line_in_the_formula() -> None:
    assert Adam([one()], weight_decay=0.1).formula.startswith("g ← g + λ·w\n")
    assert AdamW([one()]).formula.startswith("w ← (1 − η·λ)·w\n")
    assert "1 − β₁^t" in Adam([one()]).formula
    assert "1 − β₁^t" not in Adam([one()], bias_correction="constant").formula


@pytest.mark.parametrize("optimizer", [AdaGrad, RMSProp, Adam, AdamW])
def test_an_epsilon_that_is_0_in_float16_is_warned_of(optimizer: Any) -> None:
    w = Tensor(np.ones(1, np.float16), requires_grad=True)
    with pytest.warns(UserWarning, match=rf"of {optimizer.__name__} is 0 in float16, and so are the squares") as warned:
        optimizer([one(), w])
    assert warned[0].filename == __file__
    larger = optimizer([w], lr=0.01, eps=1e-4)  # without a warning, which would be an error
    w.grad = np.array([1e-4], np.float16)
    larger.step()
    assert 0.98 < w.item() < 1
    optimizer([one()], eps=0.0)

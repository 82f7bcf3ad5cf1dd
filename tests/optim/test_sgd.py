"""SGD against the lectures' formulas computed by hand, against plain NumPy and against PyTorch's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD

from .valley import START, follow, gradient, loss_of, one, train

GRADIENTS = [1, 2, -1, 0, 4]


def test_plain_steps_follow_the_gradient() -> None:
    w = one()
    assert follow(SGD([w], lr=0.125), w, GRADIENTS) == [0.875, 0.625, 0.75, 0.75, 0.25]


def test_o2_averaged_momentum_by_hand() -> None:
    # v = 0.5, 1.25, 0.125, 0.0625, 2.03125
    w = one()
    path = follow(SGD([w], lr=0.1, momentum=0.5, form="averaged"), w, GRADIENTS)
    np.testing.assert_allclose(path, [0.95, 0.825, 0.8125, 0.80625, 0.603125], rtol=1e-15)


def test_o3_accumulated_momentum_by_hand() -> None:
    # m = 0.1, 0.25, 0.025, 0.0125, 0.40625
    w = one()
    path = follow(SGD([w], lr=0.1, momentum=0.5, form="accumulated"), w, GRADIENTS)
    np.testing.assert_allclose(path, [0.9, 0.65, 0.625, 0.6125, 0.20625], rtol=1e-15)


def test_o3_accumulated_equals_torch_while_the_rate_is_constant_and_only_then() -> None:
    ends = {}
    for form in ("torch", "accumulated"):
        w = one()
        opt = SGD([w], lr=0.1, momentum=0.5, form=form)
        constant = follow(opt, w, GRADIENTS)
        opt.lr = 0.01
        ends[form] = constant, follow(opt, w, [1])
    np.testing.assert_allclose(ends["torch"][0], ends["accumulated"][0], rtol=1e-14)
    assert abs(ends["torch"][1][0] - ends["accumulated"][1][0]) > 0.1


def test_o4_lookahead_by_hand() -> None:
    # J = w²/2, so the gradient is w − μ·m: 1, 0.25, −0.0625, −0.109375, −0.06640625
    w = one()
    opt = SGD([w], lr=0.5, momentum=0.5, form="lookahead")
    seen, path = [], []

    def closure() -> Tensor:
        opt.zero_grad()
        loss = (w * w).sum() / 2
        loss.backward()
        seen.append(w.data.item())
        return loss

    for _ in range(5):
        loss = opt.step(closure)
        assert loss.item() == seen[-1] ** 2 / 2
        path.append(w.data.item())
    assert seen == [1, 0.25, -0.0625, -0.109375, -0.06640625]
    assert path == [0.5, 0.125, -0.03125, -0.0546875, -0.033203125]


def test_o4_nesterov_by_hand() -> None:
    # v = 1, 2.5, 0.25, 0.125, 4.0625
    w = one()
    path = follow(SGD([w], lr=0.1, momentum=0.5, nesterov=True), w, GRADIENTS)
    np.testing.assert_allclose(path, [0.85, 0.525, 0.6125, 0.60625, 0.003125], rtol=1e-13)


def plain(x: np.ndarray, η: float, μ: float) -> np.ndarray:
    for _ in range(100):
        x = x - η * gradient(x)
    return x


def averaged(x: np.ndarray, η: float, μ: float) -> np.ndarray:
    v = np.zeros(3)
    for _ in range(100):
        v = μ * v + (1 - μ) * gradient(x)
        x = x - η * v
    return x


def accumulated(x: np.ndarray, η: float, μ: float) -> np.ndarray:
    m = np.zeros(3)
    for _ in range(100):
        m = μ * m + η * gradient(x)
        x = x - m
    return x


def nesterov(x: np.ndarray, η: float, μ: float) -> np.ndarray:
    v = np.zeros(3)
    for _ in range(100):
        g = gradient(x)
        v = μ * v + g
        x = x - η * (g + μ * v)
    return x


@pytest.mark.parametrize(
    ("reference", "options"),
    [
        (plain, {}),
        (averaged, {"momentum": 0.8, "form": "averaged"}),
        (accumulated, {"momentum": 0.8, "form": "accumulated"}),
        (accumulated, {"momentum": 0.8}),
        (nesterov, {"momentum": 0.8, "nesterov": True}),
    ],
)
def test_100_steps_follow_the_lectures_form(reference: Any, options: dict[str, Any]) -> None:
    expected = reference(np.array(START), 0.01, 0.8)
    np.testing.assert_allclose(train(lambda params: SGD(params, 0.01, **options)), expected, rtol=1e-11)


def test_o4_100_steps_of_lookahead_follow_the_lectures_form() -> None:
    x, m = np.array(START), np.zeros(3)
    for _ in range(100):
        m = 0.8 * m + 0.01 * gradient(x - 0.8 * m)
        x = x - m
    w, b = Tensor(START[:2], requires_grad=True), Tensor(START[2], requires_grad=True)
    opt = SGD([w, b], lr=0.01, momentum=0.8, form="lookahead")

    def closure() -> None:
        opt.zero_grad()
        loss_of(w, b).backward()

    for _ in range(100):
        opt.step(closure)
    np.testing.assert_allclose([*w.data, b.data], x, rtol=1e-11)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.1679602256301522, 0.020194758047669306, 0.408097641851901]),
        ({"momentum": 0.8}, [1.1297047806532083, 1.2614898705805981, -0.6542445333559987]),
        ({"momentum": 0.8, "dampening": 0.3}, [0.9838626705818316, 0.9410886031298605, -0.6242935912235578]),
        ({"momentum": 0.8, "nesterov": True}, [1.124745399868181, 1.249973590914174, -0.6527255350983656]),
        ({"momentum": 0.8, "weight_decay": 0.1}, [1.0460494371829394, 1.0754408206245039, -0.6252297243917282]),
    ],
)
def test_100_steps_arrive_where_pytorch_does(options: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(train(lambda params: SGD(params, 0.01, **options)), expected, rtol=1e-11)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.8},
        {"momentum": 0.8, "nesterov": True},
        {"momentum": 0.8, "form": "averaged"},
        {"momentum": 0.8, "form": "lookahead"},
    ],
)
def test_p2_weight_decay_is_the_l2_penalty(options: dict[str, Any]) -> None:
    λ = 0.3
    ends = []
    for in_the_loss in (True, False):
        w, b = Tensor(START[:2], requires_grad=True), Tensor(START[2], requires_grad=True)
        opt = SGD([w, b], 0.01, weight_decay=0 if in_the_loss else λ, **options)

        def closure(w: Tensor = w, b: Tensor = b, opt: SGD = opt, in_the_loss: bool = in_the_loss) -> None:
            opt.zero_grad()
            loss = loss_of(w, b)
            if in_the_loss:
                loss = loss + λ / 2 * ((w * w).sum() + b * b)
            loss.backward()

        for _ in range(100):
            if opt.form == "lookahead":
                opt.step(closure)
            else:
                closure()
                opt.step()
        ends.append([*w.data, b.data])
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_p2_decay_shrinks_by_one_minus_eta_lambda() -> None:
    w = one()
    follow(SGD([w], lr=0.1, weight_decay=0.5), w, [0.0])
    assert w.data.item() == pytest.approx(1 - 0.1 * 0.5, rel=1e-15)


def test_weight_decay_leaves_the_gradient_as_it_is() -> None:
    w = one()
    opt = SGD([w], lr=0.1, weight_decay=0.5)
    (3 * w).sum().backward()
    opt.step()
    assert w.grad is not None and w.grad.tolist() == [3]


def test_lookahead_puts_everything_back_when_the_closure_fails() -> None:
    w = Tensor([0.1, 0.7], requires_grad=True)
    opt = SGD([w], lr=0.1, momentum=0.9, form="lookahead")

    def closure() -> None:
        opt.zero_grad()
        (w * w).sum().backward()

    opt.step(closure)
    before, state = w.data.copy(), opt.state_dict()

    def fails() -> None:
        raise ArithmeticError("no loss")

    with pytest.raises(ArithmeticError, match="no loss"):
        opt.step(fails)
    np.testing.assert_array_equal(w.data, before)
    np.testing.assert_equal(opt.state_dict(), state)


def test_lookahead_moves_neither_frozen_parameters_nor_those_without_a_gradient() -> None:
    v, w, frozen = (Tensor([0.1, 0.7], requires_grad=True) for _ in range(3))
    opt = SGD([v, w, frozen], lr=0.1, momentum=0.9, form="lookahead")
    everything, seen = True, []

    def closure() -> None:
        opt.zero_grad()
        ((v * v).sum() + ((w * w + frozen * frozen).sum() if everything else 0)).backward()
        seen.append((w.data.copy(), frozen.data.copy()))

    opt.step(closure)
    frozen.requires_grad = False
    everything = False
    before = [p.data.copy() for p in (v, w, frozen)]
    opt.step(closure)
    assert (v.data != before[0]).all()
    assert (seen[-1][0] != before[1]).all(), "w looked ahead with the others"
    np.testing.assert_array_equal(w.data, before[1])
    np.testing.assert_array_equal(seen[-1][1], before[2])
    np.testing.assert_array_equal(frozen.data, before[2])


def test_a_graph_from_before_the_look_ahead_is_stale() -> None:
    w = one()
    opt = SGD([w], lr=0.1, momentum=0.9, form="lookahead")
    loss = (w * w).sum()
    with pytest.raises(RuntimeError, match="new values"):
        opt.step(loss.backward)


def test_closures_are_for_lookahead_only() -> None:
    w = one()
    with pytest.raises(TypeError, match="closure only with form='lookahead'"):
        SGD([w], lr=0.1).step(lambda: None)
    with pytest.raises(TypeError, match=r"write step\(closure\)"):
        SGD([w], lr=0.1, form="lookahead").step()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1.0}, "momentum must be a number ≥ 0 and < 1, not 1.0"),
        ({"momentum": -0.1}, "momentum must be"),
        ({"momentum": 0.5, "dampening": 1.5}, "dampening must be a finite number from 0 to 1"),
        ({"nesterov": True}, "nesterov=True needs momentum > 0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov=True needs momentum > 0 and dampening=0"),
        ({"dampening": 0.1}, "dampening .* needs momentum > 0"),
        ({"form": "nesterov"}, "form must be one of 'torch', 'averaged', 'accumulated', 'lookahead', not 'nesterov'"),
        ({"form": "averaged", "momentum": 0.9, "nesterov": True}, "nesterov belongs to form='torch'"),
        ({"form": "lookahead", "momentum": 0.9, "dampening": 0.2}, "dampening belongs to form='torch'"),
        ({"weight_decay": -1.0}, "weight_decay must be a finite number ≥ 0"),
        ({"weight_decay": float("nan")}, "weight_decay must be"),
    ],
)
def test_impossible_settings_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SGD([one()], lr=0.1, **options)


def test_settings_of_the_wrong_kind_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"nesterov must be True or False, not 0.0005"):
        SGD([one()], 0.1, 0.9, 0, 0.0005)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="SGD takes no beta=: it takes params, lr, momentum"):
        SGD([one()], lr=0.1, beta=0.9)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("options", "formula"),
    [
        ({}, "w ← w − η·g"),
        ({"momentum": 0.9}, "v ← μ·v + g\nw ← w − η·v"),
        ({"momentum": 0.9, "dampening": 0.1}, "v ← μ·v + (1 − τ)·g\nw ← w − η·v"),
        ({"momentum": 0.9, "nesterov": True}, "v ← μ·v + g\nw ← w − η·(g + μ·v)"),
        ({"momentum": 0.9, "form": "averaged"}, "v ← μ·v + (1 − μ)·g\nw ← w − η·v"),
        ({"momentum": 0.9, "form": "accumulated"}, "m ← μ·m + η·g\nw ← w − m"),
        ({"momentum": 0.9, "form": "lookahead"}, "m ← μ·m + η·g(w − μ·m)\nw ← w − m"),
        ({"weight_decay": 0.1}, "g ← g + λ·w\nw ← w − η·g"),
    ],
)
def test_it_tells_its_formula(options: dict[str, Any], formula: str) -> None:
    assert SGD([one()], lr=0.1, **options).formula == formula


def test_a_resumed_lookahead_run_agrees_bit_for_bit() -> None:
    def run(w: Tensor, opt: SGD, steps: int) -> None:
        def closure() -> None:
            opt.zero_grad()
            (w**4).sum().backward()

        for _ in range(steps):
            opt.step(closure)

    w = Tensor([0.3, 0.7], requires_grad=True)
    opt = SGD([w], lr=0.1, momentum=0.9, form="lookahead")
    run(w, opt, 3)
    again = Tensor(w.data.copy(), requires_grad=True)
    resumed = SGD([again], lr=0.1, momentum=0.9, form="lookahead")
    resumed.load_state_dict(opt.state_dict())
    run(w, opt, 3)
    run(again, resumed, 3)
    np.testing.assert_array_equal(w.data, again.data)

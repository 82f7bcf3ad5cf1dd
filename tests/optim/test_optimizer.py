"""What all optimizers share: the rate, the settings, the step of a rule of one's own."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from tinygrad_reg.optim import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp, by_name, schedules

from ..making import leaf
from .valley import give, one

# ---- the learning rate


@pytest.mark.parametrize("optimizer", by_name.values())
@pytest.mark.parametrize("lr", [-0.1, float("nan"), float("inf"), "0.1", None, True])
def test_impossible_rates_are_refused(optimizer: Any, lr: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="lr must be a finite number ≥ 0"):
        optimizer([one()], lr=lr)
    opt = optimizer([one()], lr=0.1)
    with pytest.raises((ValueError, TypeError), match="lr must be a finite number ≥ 0"):
        opt.lr = lr
    assert opt.lr == 0.1


def test_the_rate_can_be_assigned() -> None:
    w = one()
    opt = SGD([w], lr=0.5)
    give(w, [1])
    opt.step()
    opt.lr /= 2
    opt.step()
    assert w.data.item() == 0.25 and opt.schedule is None
    opt.lr = schedules.step(0.5, decay=0.5, every=1)  # continues its clock: two steps have been taken
    assert opt.lr == 0.125


def test_o10_a_schedule_gives_each_step_its_rate() -> None:
    w = one()
    opt = SGD([w], lr=lambda step: [0.5, 0.25, 0.125][step])
    seen = []
    for _ in range(2):
        seen.append(opt.lr)
        opt.zero_grad()
        give(w, [1])
        opt.step()
    assert seen == [0.5, 0.25] and w.data.item() == 0.25 and opt.lr == 0.125


def test_a_schedule_that_goes_wrong_is_named_before_anything_moves() -> None:
    w = one()

    def falling(step: int) -> float:
        return 0.5 - step

    opt = SGD([w], lr=falling)
    give(w, [1])
    opt.step()
    with pytest.raises(ValueError, match=r"lr, given by .*falling for step 1, must be a finite number ≥ 0, not -0.5"):
        opt.step()
    assert w.data.item() == 0.5 and opt.steps == 1


def test_a_schedule_of_other_arguments_is_told_which_it_is_called_with() -> None:
    def keras(epoch: Any, lr: Any) -> Any:
        return lr * 0.9

    message = r"a schedule of the learning rate is called with \(step\), and keras takes .*: write def keras\(step\)"
    with pytest.raises(TypeError, match=message):
        SGD([one()], lr=keras)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=message):
        schedules.warmup(keras, 3)  # type: ignore[arg-type]


def test_other_settings_are_fixed() -> None:
    opt = Adam([one()])
    with pytest.raises(AttributeError, match="eps is fixed"):
        opt.eps = 1e-3
    assert opt.eps == 1e-8


def test_it_prints_as_it_was_made() -> None:
    assert repr(RMSProp([one()], rho=0.5)) == (
        "RMSProp(lr=0.001, weight_decay=0.0, eps=1e-08, eps_inside_root=False, rho=0.5)"
    )
    assert "lr=exponential(0.1, decay=0.5, every=1.0)" in repr(SGD([one()], schedules.exponential(0.1, 0.5)))


# ---- the step


def test_an_optimizer_of_ones_own_is_its_rule() -> None:
    class SignDescent(Optimizer):
        rule = "w ← w − η·sign(g)"

        def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Any) -> None:
            np.sign(g, out=a)
            np.multiply(a, lr, out=a)
            np.subtract(w, a, out=w)

    w = leaf([1.0, 1.0])
    opt = SignDescent([w], lr=0.25)
    give(w, [5, -3])
    opt.step()
    assert w.data.tolist() == [0.75, 1.25] and opt.formula == "w ← w − η·sign(g)"


def test_without_any_gradient_a_step_moves_nothing() -> None:
    w = one()
    opt = Adam([w], lr=0.1)
    opt.step()
    assert w.data.item() == 1 and opt.state_dict()["clocks"].tolist() == [0]


def test_the_defaults_are_those_that_the_documentation_names() -> None:
    defaults = {
        cls.__name__: {
            name: p.default
            for name, p in inspect.signature(cls).parameters.items()
            if p.default not in (inspect.Parameter.empty, 0.0, False)
        }
        for cls in (SGD, AdaGrad, RMSProp, Adam, AdamW)
    }
    adam = {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "bias_correction": "power"}
    assert defaults == {
        "SGD": {"lr": 0.01, "form": "torch"},
        "AdaGrad": {"lr": 0.01, "eps": 1e-10},
        "RMSProp": {"lr": 0.001, "rho": 0.9, "eps": 1e-8},
        "Adam": adam,
        "AdamW": {**adam, "weight_decay": 0.01},
    }


def test_an_update_that_takes_other_arguments_is_refused_where_it_is_written():
    with pytest.raises(
        TypeError, match=r"update\(\) of Mine must take \(self, lr, t, w, g, a, state\), not \(self, w, g\)"
    ):

        class Mine(Optimizer):
            def update(self, w, g): ...


def test_missing_gradients_stop_the_clock() -> None:
    v, w = leaf([1.0]), leaf([1.0])
    opt = Adam([v, w], lr=0.1)
    give(v, [1])
    opt.step()
    give(w, [1])
    opt.step()
    assert opt.state_dict()["clocks"].tolist() == [2, 1]
    assert w.data.item() == pytest.approx(0.9)  # its own first step


def test_a_clock_between_two_that_agree_is_its_own() -> None:
    together, alone = [[leaf([1.0]) for _ in "abc"] for _ in range(2)]
    one, each = Adam(together, lr=0.1), [Adam([p], lr=0.1) for p in alone]
    for step, absent in enumerate(["b", "c", "a", "c", ""]):
        one.zero_grad()
        for name, p, q, opt in zip("abc", together, alone, each, strict=True):
            if name != absent:
                give(p, np.array([1.0 + step]))
                give(q, np.array([1.0 + step]))
                opt.step()
            opt.zero_grad()
        one.step()
    for p, q, opt in zip(together, alone, each, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        np.testing.assert_equal(one.state_of(p), opt.state_of(q))

"""What all optimizers share: their parameters, the rate, the saved state, the step in numbers."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Sequential, Tensor
from tinygrad_reg.optim import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp, by_name, schedules

from ..making import leaf
from .valley import START, every_optimizer, give, loss_of, one

# ---- parameters


def test_parameters_from_any_iterable() -> None:
    v, w = one(), one()
    for params in ([v, w], (v, w), (p for p in (v, w)), {v: 0, w: 1}.keys()):
        assert len(SGD(params, lr=0.1).params) == 2
    assert SGD(v, lr=0.1).params == [v]


class Model:
    def parameters(self) -> list[Tensor]:
        return [one()]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, "no parameters"),
        ([{"params": [one()], "lr": 0.1}], TypeError, "no parameter groups: make an optimizer for each group"),
        ({"w": one()}, TypeError, "takes a list of Tensors, not dict"),
        (Model(), TypeError, r"takes parameters, not a Model: write .parameters\(\)"),
        (Sequential(), TypeError, r"takes parameters, not a Sequential: write .parameters\(\)"),
        (np.ones(3), TypeError, "takes a list of Tensors, not ndarray"),
        (Model().parameters, TypeError, r"takes parameters, not a function that gives them: call it, \.parameters\(\)"),
        (0.1, TypeError, r"takes the parameters first: \w+\(model\.parameters\(\), lr=0\.1\)"),
        (None, TypeError, "takes a list of Tensors, not NoneType"),
        ([("w", one())], TypeError, "there is a tuple"),
        ([one() * 2], ValueError, "takes leaves, but .* was computed by"),
        ([Tensor(np.array([1, 2]))], TypeError, "can't require gradients"),
    ],
)
def test_other_parameters_are_refused(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SGD(params, lr=0.1)


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


# ---- saving and resuming


def run(opt: Optimizer, w: Tensor, b: Tensor, steps: int) -> None:
    for i in range(steps):
        opt.zero_grad()
        (loss_of(w, b) if i % 3 else (w * w).sum()).backward()  # b misses a step out of three
        opt.step()


@every_optimizer
@pytest.mark.parametrize("scheduled", [False, True])
def test_a_resumed_run_agrees_bit_for_bit(optimizer: Any, options: dict[str, Any], scheduled: bool) -> None:
    lr = schedules.exponential(0.01, decay=0.9) if scheduled else 0.01
    w, b = leaf(START[:2]), leaf(START[2], dtype="float32")
    opt = optimizer([w, b], lr=lr, **options)
    run(opt, w, b, 7)
    file = io.BytesIO()
    np.savez(file, **opt.state_dict())
    file.seek(0)
    w2, b2 = leaf(w.data), leaf(b.data)
    resumed = optimizer([w2, b2], lr=lr if scheduled else 0.5, **options)
    with np.load(file, allow_pickle=False) as saved:
        resumed.load_state_dict(dict(saved))
    run(opt, w, b, 8)
    run(resumed, w2, b2, 8)
    np.testing.assert_array_equal(w.data, w2.data)
    np.testing.assert_array_equal(b.data, b2.data)
    np.testing.assert_equal(opt.state_dict(), resumed.state_dict())


def test_a_saved_state_is_a_copy() -> None:
    w = one()
    opt = Adam([w])
    give(w, [1])
    opt.step()
    state = opt.state_dict()
    m = state["0.m"].copy()
    opt.step()
    np.testing.assert_array_equal(state["0.m"], m)
    other = Adam([one()])
    other.load_state_dict(state)
    give(other.params[0], [1])
    other.step()
    np.testing.assert_array_equal(state["0.m"], m)


def test_the_saved_state_names_its_parts() -> None:
    state = Adam([one(), one()], lr=0.25).state_dict()
    assert set(state) == {
        "optimizer", "steps", "lr", "weight_decay", "eps", "eps_inside_root", "betas", "bias_correction", "clocks",
        "0.m", "0.s", "1.m", "1.s",
    }  # fmt: skip
    assert state["optimizer"] == "Adam" and state["lr"] == 0.25 and state["betas"].tolist() == [0.9, 0.999]


def test_a_state_that_does_not_fit_is_refused_with_all_differences() -> None:
    w, b = leaf([1.0, 2.0]), leaf(1.0)
    opt = Adam([w, b])
    give(w, [1, 1])
    opt.step()
    before = opt.state_dict()
    state = Adam([leaf([1.0]), leaf(1.0, dtype="float32")], betas=(0.5, 0.999), eps=1e-3).state_dict()
    state["steps"] = -1
    del state["1.m"]
    state["extra"] = 1
    with pytest.raises(ValueError, match="this state does not fit Adam") as error:
        opt.load_state_dict(state)
    for difference in (
        r"0.m is float64 of shape (1,) there, float64 of shape (2,) here",
        r"1.s is float32 of shape () there, float64 of shape () here",
        r"1.m is missing",
        r"betas is [0.5, 0.999] there, [0.9, 0.999] here",
        r"eps is 0.001 there, 1e-08 here",
        r"extra is not known here",
        r"steps is -1 there, 1 here",
    ):
        assert difference in str(error.value)
    np.testing.assert_equal(opt.state_dict(), before)


@pytest.mark.parametrize(
    ("saved", "own", "difference"),
    [
        (SGD([one()], 0.1), Adam([one()]), "optimizer is 'SGD' there, 'Adam' here"),
        (SGD([one()], 0.1), SGD([one()], schedules.constant(0.1)), "lr is 0.1 there, 'constant(0.1)' here"),
        (SGD([one()], schedules.constant(0.1)), SGD([one()], 0.1), "lr is 'constant(0.1)' there, 0.1 here"),
        (SGD([one()], 0.1, 0.9, form="accumulated"), SGD([one()], 0.1, 0.9, form="lookahead"), "form is 'accumulated'"),
        (AdaGrad([one()]), AdaGrad([one(), one()]), "1.s is missing"),
    ],
)
def test_a_state_of_another_kind_is_refused(saved: Optimizer, own: Optimizer, difference: str) -> None:
    with pytest.raises(ValueError) as error:
        own.load_state_dict(saved.state_dict())
    assert difference in str(error.value)


@pytest.mark.parametrize("damage", [{"lr": float("nan")}, {"lr": "fast"}, {"clocks": np.array([-1])}, {"steps": 0.5}])
def test_a_damaged_state_changes_nothing(damage: dict[str, Any]) -> None:
    opt = Adam([one()])
    before = opt.state_dict()
    with pytest.raises(ValueError, match=f"{next(iter(damage))} (is|must be) "):
        opt.load_state_dict({**before, **damage, "0.m": np.ones(1)})
    np.testing.assert_equal(opt.state_dict(), before)


def test_only_a_dict_is_a_state() -> None:
    with pytest.raises(TypeError, match=r"takes what state_dict\(\) gave"):
        Adam([one()]).load_state_dict([1])  # type: ignore[arg-type]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_is_tied_to_its_parameters(duplicate: Any) -> None:
    with pytest.raises(TypeError, match="can't be copied or pickled"):
        duplicate(Adam([one()]))


# ---- the step in numbers


@every_optimizer
def test_a_preview_tells_the_step_and_takes_none(optimizer: Any, options: dict[str, Any]) -> None:
    v, w = leaf([[1.0, 2.0]]), leaf(3.0)
    opt = optimizer([v, w], lr=0.25, **options)
    give(v, [[1, -1]])
    opt.step()
    give(w, 2.0)
    state = opt.state_dict()
    previews = {p: opt.preview(p) for p in (v, w)}
    np.testing.assert_equal(opt.state_dict(), state)
    before = {p: (p.data.copy(), p.grad) for p in (v, w)}
    opt.step()
    for p, (formula, numbers, after) in previews.items():
        assert formula == opt.formula
        np.testing.assert_array_equal(numbers["w"], before[p][0])
        np.testing.assert_array_equal(numbers["g"], before[p][1])
        assert numbers["η"] == 0.25 and all(symbol in formula for symbol in numbers)
        np.testing.assert_array_equal(after["w"], p.data)
        for name, array in opt.state_of(p).items():
            np.testing.assert_array_equal(after[name], array)


def test_a_preview_has_the_constants_of_its_formula() -> None:
    w = one()
    opt = Adam([w], eps=1e-3)
    give(w, [1])
    opt.step()
    numbers = opt.preview(w).before
    assert {name: numbers[name] for name in ("η", "β₁", "β₂", "ε", "t")} == {
        "η": 0.001, "β₁": 0.9, "β₂": 0.999, "ε": 1e-3, "t": 2,
    }  # fmt: skip
    assert "λ" not in numbers


def test_a_preview_needs_one_of_its_parameters_and_a_gradient() -> None:
    w = one()
    opt = SGD([w], lr=0.1)
    with pytest.raises(ValueError, match=r"w .* has no gradient"):
        opt.preview(w)
    with pytest.raises(ValueError, match="not among the parameters of this SGD"):
        opt.preview(one())


def test_a_preview_by_another_gradient_leaves_the_parameters_own_alone() -> None:
    w = leaf([1.0, 2.0])
    opt = SGD([w], lr=0.5)
    assert opt.preview(w, [2.0, 0.0]).after["w"].tolist() == [0.0, 2.0] and w.grad is None
    give(w, [1, 1])
    assert opt.preview(w, [2.0, 0.0]).before["g"].tolist() == [2.0, 0.0] and w.grad.tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"gradient must have the shape of tensor of shape \(2,\), not \(3,\)"):
        opt.preview(w, np.ones(3))


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


def test_a_state_from_before_the_first_step_can_be_loaded() -> None:
    w = one()
    opt = Adam([w])
    opt.load_state_dict(Adam([one()]).state_dict())
    assert opt.steps == 0 and opt.state_dict()["clocks"].tolist() == [0]


def test_an_update_that_takes_other_arguments_is_refused_where_it_is_written():
    with pytest.raises(
        TypeError, match=r"update\(\) of Mine must take \(self, lr, t, w, g, a, state\), not \(self, w, g\)"
    ):

        class Mine(Optimizer):
            def update(self, w, g): ...

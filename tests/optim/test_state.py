"""The saved state of an optimizer: a run that takes it up goes on as it would have, what does not fit is refused."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD, AdaGrad, Adam, Optimizer, schedules

from ..making import leaf
from .valley import START, every_optimizer, give, loss_of, one


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
        (SGD([one()], 0.1), Adam([one()]), "fit Adam(lr=0.001, weight_decay=0.0, eps=1e-08, "),
        (SGD([one()], 0.1), Adam([one()]), "bias_correction='power'): it is that of SGD"),
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


def test_a_state_from_before_the_first_step_can_be_loaded() -> None:
    w = one()
    opt = Adam([w])
    opt.load_state_dict(Adam([one()]).state_dict())
    assert opt.steps == 0 and opt.state_dict()["clocks"].tolist() == [0]

"""Schedules (row O10): their values, PyTorch's where the forms agree, and impossible ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.optim import schedules


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (schedules.constant(0.1), [0.1, 0.1, 0.1]),
        (schedules.exponential(0.1, decay=0.9), [0.1, 0.09, 0.081, 0.0729, 0.06561]),
        (schedules.exponential(0.1, decay=0.25, every=2), [0.1, 0.05, 0.025, 0.0125]),
        (schedules.step(0.1, decay=0.5, every=3), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]),
        (schedules.inverse_time(0.1, decay=0.5), [0.1, 0.1 / 1.5, 0.05, 0.1 / 2.5]),
        (schedules.inverse_time(0.1, decay=1, every=2), [0.1, 0.1 / 1.5, 0.05]),
        # PyTorch's CosineAnnealingLR(T_max=8, eta_min=0.01) and LinearLR(0.25, total_iters=4)
        (
            schedules.cosine(0.1, steps=8, end=0.01),
            [0.1, 0.0965745789630079, 0.08681980515339463, 0.07222075445642905, 0.055, 0.03777924554357096],
        ),
        (schedules.cosine(0.1, steps=2), [0.1, 0.05, 0, 0, 0]),
        (schedules.warmup(0.1, steps=4, start=0.025), [0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1]),
        (schedules.warmup(schedules.step(0.4, decay=0.5, every=1), steps=2), [0, 0.2, 0.4, 0.2, 0.1]),
        (schedules.warmup(lambda step: 1 - step / 10, steps=2), [0, 0.5, 1, 0.9]),
    ],
)
def test_o10_rates(schedule: Any, rates: list[float]) -> None:
    np.testing.assert_allclose([schedule(t) for t in range(len(rates))], rates, rtol=1e-14, atol=1e-17)


def test_they_print_as_they_were_made() -> None:
    cosine = schedules.cosine(0.1, steps=8)
    assert repr(cosine) == "cosine(0.1, steps=8, end=0.0)"
    assert repr(schedules.warmup(cosine, steps=2)) == "warmup(cosine(0.1, steps=8, end=0.0), steps=2, start=0.0)"
    assert repr(schedules.warmup(0.5, steps=2)) == "warmup(0.5, steps=2, start=0.0)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.constant(-1), "lr must be a finite number ≥ 0"),
        (lambda: schedules.exponential(0.1, decay=0), "decay must be a finite number > 0"),
        (lambda: schedules.exponential(0.1, decay=math.nan), "decay must be"),
        (lambda: schedules.exponential(0.1, decay=0.5, every=0), "every must be"),
        (lambda: schedules.step(0.1, decay=0.5, every=1.5), "every must be a number of steps"),
        (lambda: schedules.inverse_time(0.1, decay=-1), "decay must be"),
        (lambda: schedules.cosine(0.1, steps=0), "steps must be a number of steps"),
        (lambda: schedules.cosine(0.1, steps=8, end=math.inf), "end must be"),
        (lambda: schedules.warmup(0.1, steps=-2), "steps must be a number of steps"),
        (lambda: schedules.warmup(0.1, steps=2, start=-0.1), "start must be"),
    ],
)
def test_impossible_schedules_are_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("steps", ["8", None, [8], math.nan, math.inf])
def test_a_number_of_steps_is_a_whole_number(steps: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="steps must be a number of steps"):
        schedules.cosine(0.1, steps=steps)


@pytest.mark.parametrize(
    "grown", [schedules.exponential(0.1, decay=1.5), schedules.step(0.1, decay=2, every=3)], ids=str
)
def test_a_rate_that_grows_beyond_all_floats_is_refused_with_its_step(grown: Any) -> None:
    p = tg.Tensor([1.0], requires_grad=True)
    opt = tg.optim.SGD([p], lr=schedules.warmup(grown, 2))
    opt.steps = 10**5
    p.grad = [1.0]
    with pytest.raises(
        ValueError, match=r"lr, given by warmup\(.* for step 100000, must be a finite number ≥ 0, not inf"
    ):
        opt.step()
    assert p.data == 1

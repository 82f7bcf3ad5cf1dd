"""A step in numbers: what the formula holds before it, what it will have changed, and nothing taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_reg.optim import SGD, Adam

from ..making import leaf
from .valley import every_optimizer, give, one


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

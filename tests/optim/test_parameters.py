"""What optimizers are given: parameters from any iterable, and what is written in their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Sequential, Tensor
from tinygrad_reg.optim import SGD

from ..making import leaf
from .valley import give, one


def test_parameters_from_any_iterable() -> None:
    v, w = one(), one()
    for params in ([v, w], (v, w), (p for p in (v, w)), {v: 0, w: 1}.keys()):
        assert len(SGD(params, lr=0.1).params) == 2
    assert SGD(v, lr=0.1).params == (v,)


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


def test_given_twice_it_steps_once() -> None:
    w = leaf([1.0])
    opt = SGD([w, w], lr=0.25)
    give(w, [1])
    opt.step()
    assert w.data.item() == 0.75 and len(opt.params) == 1


def test_parameters_that_come_later_are_not_put_into_the_list_of_an_optimizer() -> None:
    opt = SGD([one()], lr=0.1)
    with pytest.raises(AttributeError, match=r"params is fixed.*: make a new optimizer"):
        opt.params = [one()]  # type: ignore[assignment]
    with pytest.raises(AttributeError, match="append"):
        opt.params.append(one())  # type: ignore[attr-defined]

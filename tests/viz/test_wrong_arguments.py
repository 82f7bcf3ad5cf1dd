"""Arguments that no picture can be made of are named in a sentence, whatever they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz

HISTORY = {"loss": [2.0, 1.0]}
MODEL = tg.Sequential(tg.Dense(2, 1))


def bowl(x: Any, y: Any) -> Any:
    return x**2 + y**2


WAYS = {"SGD": lambda p: tg.optim.SGD(p, lr=0.1)}


@pytest.mark.parametrize("ends", [None, 1, True, "", (1,), (1, 2, 3), (0, 0), (0, np.inf), ("a", "b"), np.ones((2, 2))])
@pytest.mark.parametrize("name", ["x", "y"])
def test_what_is_shown_of_a_plane_is_two_numbers(ends: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be two numbers, from where to where"):
        viz.landscape(bowl, **{name: ends})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: viz.paths(3, WAYS, start=(1, 1)), "the loss must be a function f(x, y), not int"),
        (lambda: viz.paths(bowl, WAYS, start=(1, 1), x=1), "x must be two numbers"),
        (lambda: viz.history(HISTORY, keys=3), "keys must be a list of curves, not 3"),
        (lambda: viz.history(HISTORY, keys=[["loss"]]), "keys must be a list of curves, not [['loss']]"),
        (lambda: viz.weights(MODEL, near_zero="a"), "near_zero must be a finite number ≥ 0, not 'a'"),
        (lambda: viz.weights(MODEL, bins=10**30), "bins must be a whole number from 1 to 100000"),
        (lambda: viz.decision_boundary(MODEL, np.ones((2, 2)), 1), "there are 2 samples, but no classes"),
        (lambda: viz.flow(np.mean(MODEL(np.ones((2, 2)))), names=3), "names must be a list"),
        (lambda: viz.graph(MODEL(np.ones((2, 2))), show=np.ones(3)), "show must join some of"),
        (
            lambda: viz.graph(MODEL(np.ones((2, 2))), theme=np.ones(3)),
            "theme must be one of 'light', 'dark', not array",
        ),
        (lambda: viz.program("step"), "program() takes what tg.compile returned, not str"),
    ],
)
def test_other_arguments_that_are_nothing(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        call()

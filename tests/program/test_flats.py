"""Optimizers' flat arrays in a program: a parameter keeps its place there, whatever a step gives it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg


def test_a_parameter_of_an_optimizer_is_not_given_the_array_of_a_constant_in_a_step():
    a, c = tg.Tensor(np.ones(3), requires_grad=True), tg.Tensor(np.full(3, 5.0))
    optimizer = tg.optim.SGD([a], lr=1.0)

    def step(x, copied):
        a.data = c.data.copy() if copied else c.data
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()

    with pytest.raises(RuntimeError, match=r"is given the array of another one.*Write q\.data\.copy\(\)"):
        tg.compile(step)(np.ones(3), False)
    tg.compile(step)(np.ones(3), True)
    assert a.data.tolist() == [4.0] * 3 and c.data.tolist() == [5.0] * 3


@pytest.mark.parametrize("late", [False, True])
def test_a_parameter_that_an_optimizer_moves_gets_no_other_shape_in_a_step(late):
    a = tg.Tensor(np.ones(3), requires_grad=True)
    optimizer = tg.optim.SGD([a])

    def step(x):
        if not late:
            a.data = a.data + np.ones(3)
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()
        if late:
            a.data = a.data[:1]

    if not late:
        a.data = np.ones(1)
    with pytest.raises(RuntimeError, match=r"gets an array of another shape.*Make a new optimizer"):
        tg.compile(step)(np.ones(3))
    assert a.data.tolist() == [1.0] * (3 if late else 1) and optimizer.steps == 0

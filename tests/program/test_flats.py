"""Optimizers' flat arrays in a program: a parameter keeps its place there, whatever a step gives it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD


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


def rotated(*arrays: np.ndarray) -> list[np.ndarray]:
    return [*arrays[1:], arrays[0]]


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("without", [None, 0, 1, 2])
def test_parameters_may_exchange_their_arrays(without: int | None, compile: bool) -> None:
    """Each goes on from the values that it was given, whether or not it takes the step itself."""
    p = [Tensor([float(i), i + 0.5], requires_grad=True) for i in (1, 2, 3)]
    optimizer = SGD(p, lr=1.0)

    def step(x: np.ndarray) -> None:
        optimizer.zero_grad()
        sum((x * t).sum() for i, t in enumerate(p) if i != without).backward()  # type: ignore[union-attr]
        optimizer.step()

    call: Any = tg.compile(step) if compile else step
    x = np.array([0.25, 0.5])
    call(x)
    for exchange in (rotated, lambda *a: [a[0], a[2][::-1], a[1]], lambda *a: [a[2], a[2], a[1]]):
        for t, array in zip(p, exchange(*(t.data for t in p)), strict=True):
            t.data = array
        wanted = [t.data - x * (i != without) for i, t in enumerate(p)]
        call(x)
        for t, values in zip(p, wanted, strict=True):
            assert np.array_equal(t.data, values)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("given", [lambda a, b: (b, a), lambda a, b: (a, a), lambda a, b: (b[::-1], b)])
@pytest.mark.parametrize("inside", [False, True])
def test_parameters_of_two_optimizers_may_exchange_their_arrays(inside: bool, given: Any, compile: bool) -> None:
    """Each has the values that it was given, and is moved by its own optimizer alone."""
    a, b = (Tensor(values, requires_grad=True) for values in ([1.0, 2.0], [10.0, 20.0]))
    one, other = SGD([a], lr=1.0), SGD([b], lr=0.5)

    def step(x: np.ndarray, exchanges: bool) -> None:
        if exchanges:
            a.data, b.data = given(a.data, b.data)
        one.zero_grad()
        other.zero_grad()
        ((a + b) * x).sum().backward()
        one.step()
        other.step()

    call: Any = tg.compile(step) if compile else step
    x = np.ones(2)
    call(x, False)
    for _ in range(3):
        wanted = given(a.data.copy(), b.data.copy())
        if not inside:
            a.data, b.data = given(a.data, b.data)
        call(x, inside)
        assert np.array_equal(a.data, wanted[0] - 1) and np.array_equal(b.data, wanted[1] - 0.5)


@pytest.mark.parametrize("compile", [False, True])
def test_a_copy_that_is_taken_in_a_step_has_the_values_of_that_moment(compile: bool) -> None:
    a, before, after = Tensor([1.0, 2.0], requires_grad=True), Tensor([0.0, 0.0]), Tensor([0.0, 0.0])
    optimizer = SGD([a], lr=1.0)

    def step(x: np.ndarray) -> None:
        before.data = a.data
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()
        after.data = a.data[::-1]

    call: Any = tg.compile(step) if compile else step
    for k in range(3):
        call(np.ones(2))
        assert before.data.tolist() == [1 - k, 2 - k] and after.data.tolist() == [1 - k, -k]


@pytest.mark.parametrize("shape", [(1,), (2, 2)])
@pytest.mark.parametrize("compile", [False, True])
def test_a_new_shape_is_refused_by_a_step_and_by_its_program(compile: bool, shape: tuple[int, ...]) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = SGD([w], lr=0.1)

    def step(x: np.ndarray) -> Tensor:
        optimizer.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    call: Any = tg.compile(step) if compile else step
    call(np.ones(2))
    w.data = np.full(shape, 7.0)
    with pytest.raises(ValueError, match=r"w of shape \S+ .*had the shape \(2,\) when its optimizer was made"):
        call(np.ones(2))
    assert w.data.tolist() == np.full(shape, 7.0).tolist() and optimizer.steps == 1
    w.data = [7.0, 7.0]
    assert call(np.ones(2)).item() == 14.0

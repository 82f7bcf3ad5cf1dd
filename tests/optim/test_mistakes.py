"""What optimizers warn of at their first steps, once: nothing moves, gradients are not finite."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD, Optimizer

from ..making import leaf
from .valley import give, one


@pytest.mark.parametrize(("first", "seen"), [(1, 1), (2, 2), (4, 5), (6, 9)])  # it looks at steps 1, 2, 3, 5, 9
def test_gradients_that_are_not_finite_are_warned_of_once(first: int, seen: int) -> None:
    w = Tensor([1.0], requires_grad=True, name="w")
    opt = SGD([w], lr=1.0)
    told = []
    for step in range(1, 12):
        w.grad = np.array([1.0 if step < first else np.inf])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            opt.step()
        told += [(step, str(warning.message), warning.filename) for warning in caught]
    assert [(step, file) for step, _, file in told] == [(seen, __file__)]
    assert "the gradient of w of shape (1,) is not finite" in told[0][1]
    assert ("Is the learning rate too large?" in told[0][1]) == (first > 1)
    assert ("No step was taken before: look for NaN in the data" in told[0][1]) == (first == 1)


def test_the_parameter_whose_gradient_is_not_finite_is_named_behind_one_without() -> None:
    p = [Tensor(np.ones(4), requires_grad=True, name=name) for name in "abc"]
    p[1].grad, p[2].grad = np.array([1.0, 1.0, np.nan, 1.0]), np.ones(4)
    with pytest.warns(UserWarning, match="the gradient of b of shape"):
        SGD(p, lr=0.1).step()


def test_three_steps_without_any_gradient_at_the_start_are_warned_of() -> None:
    w = one()
    opt = SGD([w], lr=0.1)
    opt.step()
    opt.step()
    with pytest.warns(UserWarning, match=r"3 steps of SGD have moved nothing.*loss\.backward\(\), then step\(\)"):
        opt.step()
    opt.step()  # once is enough
    frozen = one()
    frozen.requires_grad = False
    opt = SGD([frozen], lr=0.1)
    for _ in range(4):
        opt.step()  # as was asked for
    late = SGD([one()], lr=0.1)
    give(late.params[0], 1)
    for _ in range(4):
        late.step()
        late.zero_grad()


def take(steps, optimizer):
    for _ in range(steps):
        optimizer.step()


def test_a_rule_that_makes_a_new_array_is_noticed_at_its_third_step():
    class Rebinds(Optimizer):
        rule = "w ← w − η·g"

        def __init__(self, params, lr):
            super().__init__(params, lr)

        def update(self, lr, t, w, g, a, state):
            w = w - lr * g

    class Moves(Rebinds):
        def update(self, lr, t, w, g, a, state):
            w -= lr * g

    w = leaf([1.0, 2.0])
    w.grad = [1.0, 0.0]
    rebinds = Rebinds([w], lr=0.1)
    take(2, rebinds)  # without a warning, which would be an error
    with pytest.warns(UserWarning, match=r"third step of Rebinds has moved nothing, .* np\.subtract\(w, a, out=w\)"):
        take(1, rebinds)
    take(1, rebinds)
    as_error = Rebinds([w], lr=0.1)
    take(2, as_error)
    with pytest.raises(UserWarning):
        take(1, as_error)
    assert as_error.state_dict()["clocks"].tolist() == [as_error.steps] == [3]
    take(4, Rebinds([w], lr=0.0))
    take(4, Moves([w], lr=0.1))
    w.grad = 0
    take(4, Rebinds([w], lr=0.1))
    w.grad = [1e-20, 0.0]  # too small to move a 1
    take(4, Moves([w], lr=0.1))
    w.grad = [1.0, 0.0]
    w.requires_grad = False
    take(4, Moves([w], lr=0.1))


class Momentum(Optimizer):
    """The velocity m as it should be, and another state as the class says."""

    def __init__(self, params, lr):
        super().__init__(params, lr, state_names=("m", "v"))

    def update(self, lr, t, w, g, a, state):
        m, v = state
        m *= 0.9
        m += g
        self.remember(t, v, g)
        w -= lr * m

    def remember(self, t, v, g):
        v = 0.9 * v + g


class Rare(Momentum):
    def remember(self, t, v, g):
        if t % 6 == 0:
            v[...] = g


def test_a_state_that_stays_0_is_warned_of_once() -> None:
    """`v = 0.9 * v + g` in update() makes a new array: what was momentum is plain gradient descent."""
    w = leaf([1.0, 1.0])
    w.grad = [1.0, 0.0]
    rebinds = Momentum([w, Tensor([3.0], requires_grad=True)], lr=0.1)
    take(8, rebinds)
    with pytest.warns(
        UserWarning, match=r"nine steps of Momentum its state v is still 0 everywhere.*v\[\.\.\.\] = 0\.9"
    ) as told:
        take(1, rebinds)
    assert len(told) == 1 and told[0].filename == __file__
    take(20, rebinds)
    take(20, Rare([w], lr=0.1))
    w.grad = [1e-9, 0.0]  # a square of it may be too small to be remembered
    take(20, Momentum([w], lr=0.1))
    w.grad = [1.0, 0.0]
    w.requires_grad = False
    take(20, Momentum([w], lr=0.1))

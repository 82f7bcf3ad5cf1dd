"""A program that fails at a replay: which op and line it was, and what is left of state."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

REGULAR, SINGULAR = np.array([[2.0, 1.0], [1.0, 2.0]]), np.ones((2, 2))


def failing(early):
    """A step whose inverse fails before or behind the update, and what it moves."""
    w, v = tg.Tensor([[1.0], [2.0]], requires_grad=True), tg.Tensor([1.0])
    norm = tg.layers.BatchNorm(1)
    opt = tg.optim.Adam([w, *norm.parameters()], lr=0.1)

    def step(x):
        v.data = v.data + 1
        out = np.sum(norm(x @ w) ** 2 + x @ w)
        if early:
            out = out + np.sum(np.linalg.inv(x))
        opt.zero_grad()
        out.backward()
        opt.step()
        if not early:
            out = out + np.linalg.inv(x).sum()
        return out

    def state():
        arrays = (w.data, v.data, norm.moving_mean.data, norm.moving_var.data)
        return [*(array.tolist() for array in arrays), opt.steps]

    return tg.compile(step), state


@pytest.mark.parametrize("calls", [1, 3])  # the first replay, and later ones
@pytest.mark.parametrize("early", [True, False])
def test_an_error_has_a_note_with_the_op_and_the_users_line(early, calls):
    fast, _ = failing(early)
    for _ in range(calls):
        fast(REGULAR)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        fast(SINGULAR)
    (note,) = caught.value.__notes__
    assert note.startswith("in inv, line ")
    assert f"of test_failing.py: out = out + np.{'sum(np.' if early else ''}linalg.inv(x)" in note


def test_the_note_tells_of_a_derivative():
    @tg.primitive
    def stiff(x):
        return x * 1.0

    @stiff.derivative("1")
    def stiff_x(g, out, x):
        return g @ np.linalg.inv(x)

    def step(x):
        z = tg.Tensor(x, requires_grad=True)
        np.sum(stiff(z)).backward()
        return z.grad

    fast = tg.compile(step)
    fast(REGULAR)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        fast(SINGULAR)
    assert "in the derivative of stiff, line" in caught.value.__notes__[0]
    assert caught.value.__notes__[0].endswith("np.sum(stiff(z)).backward()")


@pytest.mark.parametrize("calls", [1, 3])
def test_what_fails_before_the_update_changes_nothing(calls):
    fast, state = failing(early=True)
    for _ in range(calls):
        fast(REGULAR)
    before = state()
    with pytest.raises(np.linalg.LinAlgError):
        fast(SINGULAR)
    assert state() == before
    fast(REGULAR)
    assert state() != before


def test_what_fails_behind_the_update_leaves_moved_parameters_only():
    fast, state = failing(early=False)
    fast(REGULAR)
    weights, *others = state()
    with pytest.raises(np.linalg.LinAlgError):
        fast(SINGULAR)
    assert state()[0] != weights
    assert state()[1:] == others

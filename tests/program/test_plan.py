"""What runs: buffers are written into only when nobody reads them any more."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.primitive import registry

from ..making import op
from .steps import agree

VIEWS = {
    "reversed": lambda x: x[::-1],
    "transposed": lambda x: x.T.reshape(3, 4),
    "part": lambda x: x[1:],
    "moved": lambda x: np.moveaxis(x, 0, 1).reshape(3, 4),
    "view of a view": lambda x: x[::-1][:, ::-1],
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_what_is_computed_twice_keeps_its_buffer(view):
    t = tg.Tensor(np.arange(12.0).reshape(3, 4) / 10, requires_grad=True)

    def step():
        a = np.exp(t * 2)
        seen = VIEWS[view](t * 2)
        loss = np.sum((a * 3 + a)[: len(seen)] * seen) + np.sum(VIEWS[view](t * 2) * seen)
        t.grad = None
        loss.backward()
        return loss

    loss, gradient = step(), t.grad.copy()
    fast = tg.compile(step)
    for _ in range(2):
        assert fast().item() == loss.item()
        np.testing.assert_array_equal(t.grad, gradient)


def test_pythons_abs_of_an_array_is_numpys():
    w = tg.Tensor([1.0, -2.0], requires_grad=True)
    fast = tg.compile(lambda x: w * abs(x))
    np.testing.assert_array_equal(fast(np.array([-3.0, 4.0])).data, [3, -8])
    assert "absolute(x, out=" in fast.planned_source
    assert "np.absolute(x)" in fast.source


def test_clipping_that_sets_in_and_ceases():
    def make():
        a, b = (tg.Tensor(np.full(3, x), requires_grad=True) for x in (1.0, 2.0))

        def step(x):
            loss = np.sum((x * a) ** 2) + np.sum((x * b) ** 2)
            loss.backward()
            tg.optim.clip_by_global_norm([a, b], 1.0)
            found = a.grad
            for p in (a, b):
                p.data -= 0.1 * p.grad
                p.grad = None
            return loss, found

        return step, lambda: [a, b]

    agree(make, [(np.array([1.0, 2.0, 3.0]) * size,) for size in (1, 0.05, 0.05, 1, 0.05)])


def test_an_op_that_sometimes_gives_back_what_it_was_given():
    positive = op(lambda x: x if (x > 0).all() else np.abs(x), lambda g, out, x: g * np.sign(x), name="positive_or_not")
    try:

        def make():
            w = tg.Tensor(np.ones(3), requires_grad=True)
            optimizer = tg.optim.SGD([w], lr=0.01)

            def step(x):
                h = positive(x * w)
                loss = np.sum(h * np.tanh(np.exp(x * 0.5 + w) * 3) * h)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                return loss, h

            return step, lambda: [w]

        agree(make, [(np.array(x),) for x in ([-1.0, -2.0, -3.0], [0.5, 1.0, 1.5], [-0.5, 1.0, 2.0])])
    finally:
        del registry["positive_or_not"]


def test_a_constraint_that_sometimes_gives_back_what_it_was_given():
    def make():
        model = tg.Sequential(tg.Dense(3, 2, rng=0, kernel_constraint=lambda w, lr: w if abs(w).max() < 0.5 else w / 9))
        weight = model[0].kernel

        def step(x):
            loss = np.sum(np.tanh(model(x)) ** 2)
            loss.backward()
            weight.data -= 0.1 * weight.grad
            weight.grad = None
            model.project()
            return loss

        return step, lambda: [weight]

    agree(make, [(np.random.default_rng(i).normal(size=(4, 3)),) for i in range(5)])


@pytest.mark.parametrize("clear", ["zero_grad", "None", "not at all"])
def test_a_gradient_that_is_returned_is_the_callers(clear):
    def make():
        w = tg.Tensor(np.ones(3), requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=0.01)

        def step(x):
            loss = np.sum((x * w) ** 2)
            if clear == "zero_grad":
                optimizer.zero_grad()
            elif clear == "None":
                w.grad = None
            loss.backward()
            gradient = w.grad
            optimizer.step()
            return loss, gradient, gradient[::-1]

        return step, lambda: [w]

    fast = tg.compile(make()[0])
    kept = [fast(np.array([1.0, 2.0, 3.0]) * k)[1:] for k in (1, 2, 3)]
    copies = [[x.copy() for x in each] for each in kept]
    fast(np.ones(3))
    for each, copied in zip(kept, copies, strict=True):
        for x, y in zip(each, copied, strict=True):
            np.testing.assert_array_equal(x, y)
    agree(make, [(np.array([1.0, 2.0, 3.0]) * k,) for k in (1, 2, 3)])


def test_the_gradient_of_a_first_step_is_there_behind_the_second():
    def make():
        w = tg.Tensor(np.ones(3), requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=0.01, momentum=0.9)

        def step(x):
            gradients = []
            for k in (1, 2):
                optimizer.zero_grad()
                np.sum((x * k * w) ** 2).backward()
                gradients.append(w.grad)
                optimizer.step()
            first, second = gradients
            return first * 1, second * 1, first - second, first

        return step, lambda: [w]

    agree(make, [(np.array([1.0, 2.0, 3.0]) * k,) for k in (1, 2, 3)])


def test_a_constant_that_divides_by_zero_is_as_quiet_as_in_the_step():
    w, x = tg.Tensor([1.0, 2.0], requires_grad=True), np.array([1.0, 2.0])

    def step():
        loss = (w * x / 0.0).sum()
        w.grad = None
        loss.backward()
        return loss

    fast = tg.compile(step)
    with np.errstate(all="raise"):
        assert fast().item() == fast().item() == np.inf
        assert np.geterr()["divide"] == "raise"
    assert w.grad.tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("extreme", [np.max, np.min])
def test_the_largest_of_each_of_many_short_rows(extreme, keepdims):
    """A program goes through the columns, which is quicker: what comes out is the same, NaN and infinities, too."""

    def step(x):
        return np.exp(-extreme(x * 2, axis=1, keepdims=keepdims))

    fast = tg.compile(step)
    x = np.random.default_rng(0).normal(size=(64, 10))
    x[3, 1], x[5], x[7, 2] = np.nan, -np.inf, np.inf
    for given in (x, x[::-1], np.asfortranarray(x)):
        assert np.array_equal(fast(given), step(given), equal_nan=True)
    assert "columns" in fast.planned_source

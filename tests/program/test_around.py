"""Functions that programs call as they are: what they read must be at each call what it was at the capture."""

import contextlib
import types

import numpy as np
import pytest

import tinygrad_reg as tg

X = np.array([1.0, 2.0])


def looping(rates, cache=None):
    """An op whose forward goes through its input: a program calls it as it is."""

    def forward(x):
        out = np.array([rates.k * number for number in x.tolist()])
        if cache is not None:
            cache[x.shape] = out.shape
        return out

    op = tg.primitive(forward, text="k · x")
    op.derivative("k")(lambda g, out, x: g * rates.k)
    return op


@contextlib.contextmanager
def temporarily(rates, k):
    before, rates.k = rates.k, k
    try:
        yield
    finally:
        rates.k = before


def test_what_is_changed_for_a_while_around_an_op_that_is_called_as_it_is_is_refused():
    rates = types.SimpleNamespace(k=1.0)
    op, w = looping(rates), tg.Tensor(X, requires_grad=True)

    def step(x):
        with temporarily(rates, 0.5):
            return np.sum(op(w * x))

    with pytest.raises(RuntimeError, match="it changes 'k' around or behind a function that reads it"):
        tg.compile(step)(X)
    assert rates.k == 1.0


def test_what_is_changed_behind_an_op_that_is_called_as_it_is_is_refused():
    rates = types.SimpleNamespace(k=1.0)
    op, w = looping(rates), tg.Tensor(X, requires_grad=True)

    def step(x):
        out = np.sum(op(w * x))
        rates.k *= 0.5
        return out

    with pytest.raises(RuntimeError, match="it changes 'k' around or behind a function that reads it"):
        tg.compile(step)(X)


def test_what_the_caller_changes_is_read_anew_and_what_an_op_keeps_itself_is_its_own():
    rates, cache = types.SimpleNamespace(k=1.0), {}
    op, w = looping(rates, cache), tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(op(w * x)) + np.sum(op(w[:1] * x[:1])))
    for k in (1.0, 3.0, 1.0):
        rates.k = k
        assert fast(X).item() == k * (5.0 + 1.0)


def test_what_a_rule_that_keeps_something_reads_elsewhere_is_not_changed_behind_it():
    rates = types.SimpleNamespace(k=1.0)

    class Counting(tg.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, lr)
            self.count = 0

        def update(self, lr, t, w, g, work, state):
            self.count += 1
            w -= lr * rates.k * g

    w = tg.Tensor(X, requires_grad=True)
    opt = Counting([w], lr=0.1)

    def step(x):
        opt.zero_grad()
        np.sum(w * x).backward()
        opt.step()
        rates.k = 0.5

    with pytest.raises(RuntimeError, match="it changes 'k' around or behind a function that reads it"):
        tg.compile(step)(X)


def test_what_a_constraint_reads_is_not_changed_behind_it():
    class Box:
        c = 0.5

        def __call__(self, w, lr=None):
            return np.clip(w, -self.c, self.c)

    box = Box()
    model = tg.Dense(2, 1, kernel_constraint=box)

    def step(x):
        model.project()
        box.c = 0.25  # in the place of the class's
        return np.sum(model(x))

    with pytest.raises(RuntimeError, match="it changes 'c' around or behind a function that reads it"):
        tg.compile(step)(X[None])
    assert box.c == 0.5

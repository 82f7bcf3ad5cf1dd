"""What a step returns: it must be there, and a result has no graph, which is said where one is asked for."""

from __future__ import annotations

import types

import numpy as np
import pytest

import tinygrad_reg as tg

X = np.array([[1.0, 2.0], [3.0, 4.0]])
w = tg.Tensor([1.0, 2.0], requires_grad=True)


def test_a_result_has_no_graph_and_says_so():
    fast = tg.compile(lambda x: np.sum(x @ w))
    with pytest.raises(RuntimeError, match=r"came out of tg\.compile without a graph: put backward\(\) into the step"):
        fast(X).backward()


def through(x):
    return x @ w


def after_backward(x):
    loss = np.sum(x @ w)
    loss.backward()
    w.grad = None
    return loss


def without_parameters(x):
    return tg.Tensor(x) * 2


USES = {
    "penalty": lambda y, v: np.mean(y**2) + np.sum(v * v),
    "head": lambda y, v: np.sum(y * v),
    "far away": lambda y, v: np.sum(np.tanh(np.exp(y) / 10) * np.ones(2) * v),
    "joined": lambda y, v: np.sum(np.stack([v, v * 2, y * np.ones(2)])),
}


@pytest.mark.parametrize("step", [through, after_backward])
@pytest.mark.parametrize("use", USES)
def test_a_graph_that_a_result_belongs_into_is_refused(use, step):
    """Eagerly a gradient flows on through the step: that it would not is not a thing to be silent about."""
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = tg.compile(step)(X)
    loss = USES[use](y, v)
    for way_back in (loss.backward, lambda: tg.gradients(loss, v)):
        with pytest.raises(RuntimeError, match=r"came out of tg\.compile without a graph: .* write \.detach\(\)"):
            way_back()
    assert v.grad is None
    USES[use](y.detach(), v).backward()
    USES[use](y.numpy(), v).backward()
    assert "came out of tg.compile" in tg.why(y) and "detach()" in tg.why(y.detach())


def test_results_that_would_have_no_graph_go_into_graphs():
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    with tg.no_grad():
        found = [tg.compile(through)(X)]
    found.append(tg.compile(without_parameters)(X))
    for y in found:
        np.sum(y * v).backward()


def test_a_result_that_is_given_to_another_program_is_refused_there():
    v = tg.Tensor([1.0, 2.0], requires_grad=True)

    def step(y):
        np.sum(y * v).backward()

    first, second = tg.compile(through), tg.compile(step)
    second(first(X).detach())
    for y in (first(X), np.exp(first(X))):
        with pytest.raises(RuntimeError, match=r"came out of tg\.compile"):
            second(y)


def returned_function(x):
    return lambda: x


def returned_iterator(x):
    return map(np.sum, [1, 2])


def returned_object(x):
    found = types.SimpleNamespace()
    found.loss = np.sum(x * w)
    return found


def returned_set(x):
    return {np.sum(x * w)}


RETURNED = {
    "function": returned_function,
    "map": returned_iterator,
    "SimpleNamespace": returned_object,
    "set": returned_set,
}


@pytest.mark.parametrize("kind", RETURNED)
def test_what_is_returned_must_be_there(kind):
    with pytest.raises(RuntimeError, match=f"it returns what it computes in a {kind}, which a program can't make"):
        tg.compile(RETURNED[kind])(X)

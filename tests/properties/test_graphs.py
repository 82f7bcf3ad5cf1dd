"""Gradients of random graphs: against central differences, and the laws that a derivative obeys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_reg as tg

from .examples import examples
from .graphs import Graph

graphs = st.builds(Graph, seed=st.integers(0, 2**32 - 1), ops=st.integers(3, 40))
small_graphs = st.builds(Graph, seed=st.integers(0, 2**32 - 1), ops=st.integers(3, 10))

# A difference over a step that a kink or a jump lies within (one of max, sort, floor_divide …) says nothing about the
# gradient beside it: then a shorter step decides. A wrong gradient agrees with none of them.
STEPS = 1e-5, 1e-6, 1e-7


def variables(graph):
    return [tg.Tensor(x, requires_grad=True) for x in graph.leaves]


def directions(graph):
    rng = np.random.default_rng(graph.seed)
    return [rng.uniform(-1, 1, x.shape) for x in graph.leaves]


def moved(graph, amount, by):
    return [x + amount * v for x, v in zip(graph.leaves, by, strict=True)]


def inner(xs, ys):
    return sum(float(np.sum(x * y)) for x, y in zip(xs, ys, strict=True))


@examples(60)
@given(graphs)
def test_the_gradient_is_the_slope_along_every_direction(graph):
    leaves = variables(graph)
    grads = tg.gradients(graph(*leaves), leaves)
    along = directions(graph)
    for only in range(0, len(leaves), max(1, len(leaves) // 4)):  # some leaves by themselves, then all at once
        by = [v if i == only else 0 * v for i, v in enumerate(along)]
        check_slope(graph, by, grads)
    check_slope(graph, along, grads)


def check_slope(graph, by, grads):
    def value(h):
        return graph(*map(tg.Tensor, moved(graph, h, by))).item()

    is_the_slope_of(inner(grads, by), value, rtol=2e-5, atol=2e-8, err_msg=str(graph))


def is_the_slope_of(exact, value, *, err_msg, **tolerance):
    slopes = []
    for h in STEPS:
        slopes.append((value(h) - value(-h)) / (2 * h))
        if np.isclose(slopes[-1], exact, **tolerance):
            return
    raise AssertionError(f"{err_msg}\nthe gradient says {exact}, differences over {STEPS} say {slopes}")


def test_a_jump_within_a_step_is_no_counterexample_and_a_wrong_gradient_is_one():
    def value(h):
        return 3 * h + (h > 5e-7)

    is_the_slope_of(3.0, value, err_msg="", rtol=2e-5, atol=2e-8)
    with pytest.raises(AssertionError, match=r"the gradient says 3\.03,"):
        is_the_slope_of(3.03, value, err_msg="", rtol=2e-5, atol=2e-8)


@pytest.mark.parametrize("seed, ops", [(589679135, 25)])
def test_graphs_that_were_taken_for_counterexamples(seed, ops):
    """floor_divide jumps within 10⁻⁶ of this one's inputs."""
    graph = Graph(seed, ops)
    leaves = variables(graph)
    check_slope(graph, directions(graph), tg.gradients(graph(*leaves), leaves))


@examples(25)
@given(small_graphs)
def test_the_second_derivative_is_the_slope_of_the_gradient(graph):
    check_curvature(graph)


def check_curvature(graph):
    along = directions(graph)

    def gradient_along(leaves):
        return sum(np.sum(g * v) for g, v in zip(tg.gradients(graph(*leaves), leaves, True), along, strict=True))

    leaves = variables(graph)
    slope = gradient_along(leaves)
    if not slope.requires_grad:
        return
    second = inner(tg.gradients(slope, leaves), along)

    def slope_at(h):
        return gradient_along([tg.Tensor(x, requires_grad=True) for x in moved(graph, h, along)]).item()

    is_the_slope_of(second, slope_at, rtol=1e-4, atol=1e-6, err_msg=str(graph))


@examples(25)
@given(graphs, st.floats(-3, 3), st.floats(-3, 3))
def test_backward_is_linear(graph, a, b):
    """∂(a·f + b·h) = a·∂f + b·∂h, where f and h share their leaves and half of their graph."""
    leaves = variables(graph)
    f, h = graph(*leaves), None
    h = np.sin(f) + sum(np.sum(x * x) for x in leaves)
    both = tg.gradients(a * f + b * h, leaves)
    for one, df, dh in zip(both, tg.gradients(f, leaves), tg.gradients(h, leaves), strict=True):
        np.testing.assert_allclose(one, a * df + b * dh, rtol=1e-9, atol=1e-11)


@examples(25)
@given(graphs)
def test_the_gradient_of_a_sum_of_losses_is_the_sum_of_their_gradients(graph):
    together, one_by_one = variables(graph), variables(graph)

    def losses(leaves):
        f = graph(*leaves)
        return [f, np.exp(f), *(np.mean(x) for x in leaves[:2] if x.size)]

    sum(losses(together)).backward()
    for loss in losses(one_by_one):
        loss.backward()  # they add up in .grad
    for x, y in zip(together, one_by_one, strict=True):
        if x.grad is None:  # not on the way to any loss
            assert y.grad is None
        else:
            np.testing.assert_allclose(x.grad, y.grad, rtol=1e-9, atol=1e-11)


@examples(25)
@given(graphs)
def test_every_way_back_gives_the_same_numbers(graph):
    """backward(), keeping inner gradients or not, gradients(), grad() and explain(): equal to the last bit."""
    leaves = variables(graph)
    loss = graph(*leaves)
    expected = tg.gradients(loss, leaves)
    results = [tg.grad(graph, range(len(leaves)))(*graph.leaves)]
    for options in ({}, {"retain_grads": False}):
        for x in leaves:
            x.grad = None
        loss.backward(**options)
        results.append([x.grad if x.grad is not None else np.zeros(x.shape) for x in leaves])
    tg.explain(loss)
    results.append([x.grad if x.grad is not None else np.zeros(x.shape) for x in leaves])
    for result in results:
        for g, e in zip(result, expected, strict=True):
            assert np.array_equal(g, e), str(graph)


@examples(25)
@given(graphs)
def test_gradients_are_arrays_of_their_own(graph):
    """Writing into one leaf's gradient reaches no other leaf, no value and no input."""
    leaves = variables(graph)
    loss = graph(*leaves)
    loss.backward()
    grads = [x.grad for x in leaves if x.grad is not None]
    for i, g in enumerate(grads):
        assert g.flags.writeable
        assert not any(np.may_share_memory(g, other) for other in grads[:i] if g.size and other.size)
        assert not any(np.may_share_memory(g, x.data) for x in leaves)


@examples(15)
@given(graphs)
def test_float32_is_the_same_computation_with_fewer_digits(graph):
    wide = variables(graph)
    narrow = [tg.Tensor(x.astype(np.float32), requires_grad=True) for x in graph.leaves]
    f, g = graph(*wide), graph(*narrow)
    np.testing.assert_allclose(g.item(), f.item(), rtol=1e-2, atol=1e-2)
    for a, b in zip(tg.gradients(f, wide), tg.gradients(g, narrow), strict=True):
        assert b.dtype == np.float32
        assert np.isfinite(b).all()
        if a.size:
            np.testing.assert_allclose(b, a, rtol=0.02, atol=0.02 * max(1, np.abs(a).max()))


@examples(15)
@given(graphs)
def test_under_no_grad_the_values_are_the_same_and_nothing_is_recorded(graph):
    leaves = variables(graph)
    with tg.no_grad():
        out = graph(*leaves)
    assert not out.requires_grad and out.parents == ()
    assert out.item() == graph(*leaves).item()

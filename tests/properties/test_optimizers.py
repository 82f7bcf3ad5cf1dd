"""An optimizer must not care in which order, in how many pieces or by how many optimizers parameters are updated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_reg as tg
from tinygrad_reg import optim

from .examples import examples

# Gradients are missing at random, in some examples all of an optimizer's in its first steps.
pytestmark = pytest.mark.filterwarnings("ignore:3 steps of .* have moved nothing")

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    "dampening": lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.5),
    "nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "averaged": lambda p: optim.SGD(p, optim.schedules.exponential(0.1, 0.9), momentum=0.9, form="averaged"),
    "accumulated": lambda p: optim.SGD(p, optim.schedules.step(0.1, 0.5, 2), momentum=0.9, form="accumulated"),
    "AdaGrad": lambda p: optim.AdaGrad(p, 0.1),
    "RMSProp": lambda p: optim.RMSProp(p, 0.1, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, 0.1),
    "Adam as lectured": lambda p: optim.Adam(p, 0.1, eps_inside_root=True, bias_correction="constant"),
    "AdamW": lambda p: optim.AdamW(p, optim.schedules.warmup(0.1, 3)),
}
names, seeds = st.sampled_from(sorted(OPTIMIZERS)), st.integers(0, 2**32 - 1)
SHAPES = [(2, 3), (4,), (), (1, 2, 2), (0,)]
STEPS = 6


def parameters(seed, dtype="float64"):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=shape).astype(dtype), requires_grad=True) for shape in SHAPES]


def gradients(seed, missing=True):
    """For each step the gradients of all parameters; here and there one is missing."""
    rng = np.random.default_rng(seed + 1)
    return [
        [rng.normal(size=shape) if not missing or rng.random() < 0.8 else None for shape in SHAPES]
        for _ in range(STEPS)
    ]


def run(optimizers, params, steps):
    for grads in steps:
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        for optimizer in optimizers:
            optimizer.step()
    return [p.data.copy() for p in params]


def equal(xs, ys):
    for x, y in zip(xs, ys, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


@examples(40)
@given(names, seeds)
def test_the_order_of_the_parameters_does_not_matter(name, seed):
    make, steps, order = OPTIMIZERS[name], gradients(seed), np.random.default_rng(seed).permutation(len(SHAPES))
    a, b = parameters(seed), parameters(seed)
    equal(run([make(a)], a, steps), run([make([b[i] for i in order])], b, steps))


@examples(40)
@given(names, seeds, st.integers(1, len(SHAPES) - 1))
def test_two_optimizers_of_some_parameters_each_are_one_of_all(name, seed, place):
    make, steps = OPTIMIZERS[name], gradients(seed)
    a, b = parameters(seed), parameters(seed)
    equal(run([make(a)], a, steps), run([make(b[:place]), make(b[place:])], b, steps))


@examples(40)
@given(names, seeds, st.integers(0, 12))
def test_a_parameter_in_pieces_moves_as_in_one(name, seed, cut):
    make, rng = OPTIMIZERS[name], np.random.default_rng(seed)
    whole, steps = rng.normal(size=12), rng.normal(size=(STEPS, 12))
    one = [tg.Tensor(whole.copy(), requires_grad=True)]
    two = [tg.Tensor(part.copy(), requires_grad=True) for part in np.split(whole, [cut])]
    expected = run([make(one)], one, [[g] for g in steps])
    found = run([make(two)], two, [np.split(g, [cut]) for g in steps])
    np.testing.assert_allclose(
        np.concatenate(found), expected[0], rtol=1e-12
    )  # SIMD lanes may differ in the last digit


@examples(40)
@given(names, seeds, st.integers(0, STEPS), st.sampled_from(["float64", "float32"]))
def test_a_run_that_was_stopped_and_resumed_is_the_run(name, seed, stop, dtype):
    make, steps = OPTIMIZERS[name], gradients(seed)
    a, b = parameters(seed, dtype), parameters(seed, dtype)
    expected = run([make(a)], a, steps)
    first = make(b)
    run([first], b, steps[:stop])
    c = [tg.Tensor(p.data.copy(), requires_grad=True) for p in b]
    second = make(c)
    second.load_state_dict(first.state_dict())
    equal(run([second], c, steps[stop:]), expected)


@examples(30)
@given(names, seeds)
def test_gradients_from_backward_and_from_assignment_are_the_same(name, seed):
    """backward() writes into the flat buffers, an assignment does not; a rebound .data lies elsewhere, too."""
    make, steps = OPTIMIZERS[name], gradients(seed, missing=False)
    a, b = parameters(seed), parameters(seed)
    opt_a, opt_b = make(a), make(b)
    for i, grads in enumerate(steps):
        run([opt_a], a, [grads])
        opt_b.zero_grad()
        if i == 2:
            for p in b:
                p.data = p.data.copy()
        sum(np.sum(p * g) for p, g in zip(b, grads, strict=True)).backward()
        opt_b.step()
    equal([p.data for p in a], [p.data for p in b])


@examples(30)
@given(names, seeds)
def test_a_frozen_parameter_and_one_without_gradient_stand_still(name, seed):
    make, steps = OPTIMIZERS[name], gradients(seed, missing=False)
    a, b = parameters(seed), parameters(seed)
    a[0].requires_grad = False
    start = a[0].data.copy()
    found = run([make(a)], a, [[g if i != 1 else None for i, g in enumerate(grads)] for grads in steps])
    np.testing.assert_array_equal(found[0], start)
    np.testing.assert_array_equal(found[1], b[1].data)
    equal(found[2:], run([make(b[2:])], b[2:], [grads[2:] for grads in steps]))


@examples(30)
@given(seeds, st.floats(0.01, 20))
def test_clipping_keeps_the_direction_and_the_bound(seed, r):
    params = parameters(seed)
    for p, g in zip(params, gradients(seed, missing=False)[0], strict=True):
        p.grad = g
    before = np.concatenate([p.grad.ravel() for p in params])
    norm = optim.clip_by_global_norm(params, r)
    after = np.concatenate([p.grad.ravel() for p in params])
    np.testing.assert_allclose(norm, np.linalg.norm(before), rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(after), min(norm, r), rtol=1e-12)
    np.testing.assert_allclose(after, before * min(1, r / norm), rtol=1e-12)

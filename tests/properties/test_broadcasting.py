"""Broadcasting: an input that is repeated counts as its copies, and the way back adds them up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import tinygrad_reg as tg
from tinygrad_reg.primitive import registry

from .examples import examples

NAMES = sorted(op.name for op in registry.values() if op.elementwise and op.inputs == ["x", "y"])
shapes = mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0)
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.uniform(0.5, 2, shape), requires_grad=True) for shape in shapes]


@examples(150)
@given(st.sampled_from(NAMES), shapes, seeds)
def test_a_repeated_input_is_as_good_as_its_copies(name, shapes, seed):
    op, result = registry[name], shapes.result_shape
    x, y = drawn(seed, *shapes.input_shapes)
    out = op(x, y)
    assert out.shape == result
    np.testing.assert_array_equal(out.data, op(*(np.broadcast_to(a.data, result) for a in (x, y))))
    weights = np.random.default_rng(seed).normal(size=result)
    implicit = tg.gradients(out, [x, y], gradient=weights)
    explicit = tg.gradients(op(np.broadcast_to(x, result), np.broadcast_to(y, result)), [x, y], gradient=weights)
    by_hand = []
    for position, a in enumerate((x, y)):
        copies = [tg.Tensor(np.broadcast_to(b.data, result).copy(), requires_grad=True) for b in (x, y)]
        share = tg.gradients(op(*copies), copies[position], gradient=weights)
        added = share.ndim - a.ndim
        stretched = [added + i for i, n in enumerate(a.shape) if n == 1]
        by_hand.append(share.sum(axis=(*range(added), *stretched)).reshape(a.shape))
    for a, g, *others in zip((x, y), implicit, explicit, by_hand, strict=True):
        assert g.shape == a.shape
        for other in others:
            np.testing.assert_allclose(g, other, rtol=1e-12, atol=1e-12)


@examples(60)
@given(st.sampled_from(NAMES), shapes, seeds)
def test_the_order_of_the_axes_does_not_matter(name, shapes, seed):
    """Both inputs transposed (after leading axes of 1 are written out): the transposed result and gradients."""
    op, ndim = registry[name], len(shapes.result_shape)
    x, y = drawn(seed, *((1,) * (ndim - len(s)) + s for s in shapes.input_shapes))
    out, turned = op(x, y), op(x.T, y.T)
    np.testing.assert_array_equal(turned.data, out.data.T)
    weights = np.random.default_rng(seed).normal(size=out.shape)
    for g, h in zip(
        tg.gradients(out, [x, y], gradient=weights), tg.gradients(turned, [x, y], gradient=weights.T), strict=True
    ):
        np.testing.assert_allclose(g, h, rtol=1e-12, atol=1e-12)


@examples(40)
@given(shapes, seeds)
def test_matrices_in_batches_are_matrices_one_by_one(shapes, seed):
    rng = np.random.default_rng(seed)
    x, y = (
        tg.Tensor(rng.normal(size=(*s, *m)), requires_grad=True)
        for s, m in zip(shapes.input_shapes, [(2, 3), (3, 2)], strict=True)
    )
    out = x @ y
    weights = rng.normal(size=out.shape)
    g, h = tg.gradients(out, [x, y], gradient=weights)
    sums = np.zeros(x.shape), np.zeros(y.shape)
    places = [
        np.broadcast_to(np.arange(np.prod(s, dtype=int)).reshape(s), shapes.result_shape) for s in shapes.input_shapes
    ]
    for index in np.ndindex(shapes.result_shape):
        a, b = (t.data.reshape(-1, *t.shape[-2:])[p[index]] for t, p in zip((x, y), places, strict=True))
        np.testing.assert_allclose(out.data[index], a @ b, rtol=1e-12, atol=1e-12)
        sums[0].reshape(-1, 2, 3)[places[0][index]] += weights[index] @ b.T
        sums[1].reshape(-1, 3, 2)[places[1][index]] += a.T @ weights[index]
    np.testing.assert_allclose(g, sums[0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(h, sums[1], rtol=1e-10, atol=1e-10)


@examples(60)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=4), seeds)
def test_a_reduction_over_axes_is_reductions_one_after_the_other(axes, seed):
    rng = np.random.default_rng(seed)
    x = tg.Tensor(rng.uniform(0.5, 2, size=rng.integers(1, 4, size=4)), requires_grad=True)
    axes = tuple({a % 4 for a in axes})
    for name in ("sum", "max", "min", "prod", "logsumexp", "mean"):
        at_once = registry[name](x, axis=axes)
        in_turn = x
        for a in sorted(axes, reverse=True):
            in_turn = registry[name](in_turn, axis=a)
        np.testing.assert_allclose(at_once.data, in_turn.data, rtol=1e-12)
        weights = rng.normal(size=at_once.shape)
        np.testing.assert_allclose(
            tg.gradients(at_once, x, gradient=weights), tg.gradients(in_turn, x, gradient=weights), rtol=1e-10
        )

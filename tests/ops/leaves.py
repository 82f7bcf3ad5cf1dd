"""Leaves to differentiate by, and the value, slope and curvature of a function at single points."""

import numpy as np

import tinygrad_reg as tg

from ..making import leaf


def counted(*shape, name=None, dtype=float):
    """0, 1, 2, … in this shape."""
    return tg.Tensor(np.arange(np.prod(shape), dtype=dtype).reshape(shape), requires_grad=True, name=name)


def gradient(f, x, weights=None):
    """∂/∂x of the sum of f(x), its elements weighted."""
    x = leaf(x)
    out = f(x)
    out.backward(np.ones(out.shape) if weights is None else np.array(weights, float))
    return x.grad


def value_slope_curvature(f, *points):
    """f and its first two derivatives at each of the points."""
    x = leaf(points)
    out = f(x)
    slope = tg.gradients(out, x, create_graph=True, gradient=np.ones(x.shape))
    curvature = tg.gradients(slope.sum(), x) if slope.requires_grad else np.zeros(x.shape)
    return out.data, slope.data, curvature


def close(actual, expected, rtol, atol=0.0):
    """They are, however NumPy is told to raise: the comparison itself underflows."""
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(actual, expected, rtol, atol)

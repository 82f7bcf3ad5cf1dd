"""The names of NumPy 2's array API: NumPy's values and refusals, and the gradients of the ops behind them."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf

X = np.random.default_rng(0).normal(size=(2, 3, 4))
CALLS = {
    "vector_norm": lambda x: np.linalg.vector_norm(x),
    "vector_norm kept": lambda x: np.linalg.vector_norm(x, keepdims=True),
    "vector_norm 1": lambda x: np.linalg.vector_norm(x, axis=1, ord=1),
    "vector_norm axes": lambda x: np.linalg.vector_norm(x, axis=(-1, 0), keepdims=True, ord=3),
    "matrix_norm": lambda x: np.linalg.matrix_norm(x),
    "matrix_norm 1": lambda x: np.linalg.matrix_norm(x, ord=1, keepdims=True),
    "linalg.trace": lambda x: np.linalg.trace(x, offset=1),
    "linalg.diagonal": lambda x: np.linalg.diagonal(x, offset=-1),
    "linalg.matrix_transpose": lambda x: np.linalg.matrix_transpose(x),
    "matrix_transpose": lambda x: np.matrix_transpose(x),
    "vecdot": lambda x: np.vecdot(x, X[0]),
    "vecdot axis": lambda x: np.vecdot(X[:, :1], x[:, 1:2], axis=0),
    "vecdot of a square": lambda x: np.vecdot(X[0, 0, :2], x[:, 0, :2], axis=0),
    "linalg.vecdot": lambda x: np.linalg.vecdot(x, x, axis=1),
    "unstack": lambda x: np.unstack(x, axis=1)[2],
    "cumulative_sum": lambda x: np.cumulative_sum(x, axis=1),
    "cumulative_sum from 0": lambda x: np.cumulative_sum(x, axis=-1, include_initial=True),
    "cumulative_prod from 1": lambda x: np.cumulative_prod(x, axis=0, include_initial=True),
    "cumulative_sum of a vector": lambda x: np.cumulative_sum(x[0, 0]),
}
NEW = [name for name in ("unstack", "cumulative_sum", "cumulative_prod") if not hasattr(np, name)]  # in NumPy 2.1
calls = pytest.mark.parametrize("call", [call for name, call in CALLS.items() if name.split()[0] not in NEW])


@calls
def test_the_value_is_numpys(call):
    out = call(leaf(X))
    assert isinstance(out, tg.Tensor)
    np.testing.assert_allclose(out.data, call(X), 1e-14)


@calls
def test_the_gradient_is_the_slope(call):
    tg.check_grad(call, X, order=2)


def test_vectors_must_be_equally_long():
    with pytest.raises(ValueError, match="equally long along the axis, not"):
        np.vecdot(leaf(X), np.ones(1))
    with pytest.raises(ValueError, match="equally long along the axis, not"):
        np.vecdot(leaf(X), 2.0)


@pytest.mark.skipif("cumulative_sum" in NEW, reason="NumPy before 2.1")
def test_of_several_axes_one_is_named():
    with pytest.raises(ValueError, match="axis=0 say: the array has 3"):
        np.cumulative_sum(leaf(X))

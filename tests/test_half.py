"""float16: sums over many numbers, forward and back, are right to its last digits, though it could not add them up."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.insight.explain import send_back
from tinygrad_reg.primitive import registry

rng = np.random.default_rng(0)
MANY = rng.normal(3.0, 1.0, size=(3000, 2)).astype(np.float16)
UPSTREAM = rng.normal(5.0, 1.0, size=(3000, 2)).astype(np.float16)
LABELS = rng.integers(0, 2, size=3000)

OPS = {
    "sum": lambda x: np.sum(x, axis=0) / 64,
    "mean": lambda x: np.mean(x, axis=0),
    "var": lambda x: np.var(x, axis=0),
    "std": lambda x: np.std(x, axis=0),
    "standardize": lambda x: tg.ops.standardize(x, axis=0, epsilon=1e-5),
    "softmax": lambda x: tg.ops.softmax(x, axis=0),
    "log_softmax": lambda x: tg.ops.log_softmax(x, axis=0),
    "logsumexp": lambda x: tg.ops.logsumexp(x, axis=0),
    "crossentropy": lambda x: tg.losses.softmax_crossentropy(x, LABELS),
    "norm": np.linalg.norm,
    "norm of order 1": lambda x: np.linalg.norm(x, 1) / 64,
    "norm along an axis": lambda x: np.linalg.norm(x, axis=0),
    "norm of order 3": lambda x: np.linalg.norm(x, 3, axis=0),
    "cumsum": lambda x: np.cumsum(x / 64, axis=0),
    "einsum": lambda x: np.einsum("ij->j", x) / 64,
    "einsum, summed on the way back": lambda x: np.einsum("i,j->ij", np.ones(3000, np.float16), x[0]),
    "index": lambda x: x[np.zeros(3000, int)] / 64,
    "take": lambda x: np.take(x, np.zeros(3000, int), axis=0) / 64,
    "take_along_axis": lambda x: np.take_along_axis(x, np.zeros((3000, 2), int), 0) / 64,
    "tile": lambda x: np.tile(x[:1], (3000, 1)) / 64,
    "pad": lambda x: np.pad(x[:1], ((2999, 0), (0, 0)), mode="edge") / 64,
}


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "with_graph"])
@pytest.mark.parametrize("op", OPS)
def test_a_sum_of_float16_is_as_good_as_one_of_float64(op, create_graph):
    found = {}
    for dtype in (np.float16, np.float64):
        x = tg.Tensor(MANY.astype(dtype), requires_grad=True)
        out = OPS[op](x)
        g = UPSTREAM[: out.shape[0] if out.shape else 1].reshape(-1)[: out.size].reshape(out.shape).astype(dtype)
        share = tg.gradients(out, x, create_graph, gradient=g)
        assert out.dtype == share.dtype == dtype
        found[dtype] = out.numpy(), share.numpy() if create_graph else share
    for half, exact in zip(found[np.float16], found[np.float64], strict=True):
        np.testing.assert_allclose(half, exact, rtol=4e-3, atol=2e-3 * np.abs(exact).max())


@pytest.mark.parametrize("n", [65519, 65530, 70000])
def test_a_mean_of_more_numbers_than_float16_can_count(n):
    x = tg.Tensor(np.ones(n, np.float16), requires_grad=True)
    np.mean(x).backward()
    np.testing.assert_allclose(x.grad, 1 / n, rtol=0.02)


@pytest.mark.parametrize("multiply", [np.prod, lambda x: np.cumprod(x)[-1]], ids=["prod", "cumprod"])
def test_a_product_of_many_factors_near_1(multiply):
    factors = rng.choice([1 + 2.0**-10, 1 - 2.0**-11], size=3000)  # float16 holds them as they are
    found = {}
    for dtype in (np.float16, np.float64):
        x = tg.Tensor(factors.astype(dtype), requires_grad=True)
        out = multiply(x)
        out.backward()
        assert out.dtype == x.grad.dtype == dtype
        found[dtype] = out.numpy(), x.grad
    for half, exact in zip(found[np.float16], found[np.float64], strict=True):
        np.testing.assert_allclose(half, exact, rtol=1e-3)


def test_whole_numbers_make_it_float64_as_they_do_in_numpy():
    half, whole = np.full(4, 0.5, np.float16), np.arange(4)
    for out in (np.einsum("i,i->", tg.Tensor(half), whole), tg.Tensor(half) @ whole):
        assert out.dtype == np.float64 and out.item() == 3.0


def test_a_norm_is_right_where_the_squares_are_beyond_float16():
    x = tg.Tensor(np.full(50, 300, np.float16), requires_grad=True)
    norm = np.linalg.norm(x)
    norm.backward()
    assert norm.dtype == x.grad.dtype == np.float16
    np.testing.assert_allclose(norm.numpy(), 300 * 50**0.5, rtol=1e-3)
    np.testing.assert_allclose(x.grad, 50**-0.5, rtol=1e-3)


MATRIX = np.array([[4, 1, 0], [1, 3, -1], [0, -1, 2]], np.float16)
LINALG = {
    "inv": np.linalg.inv,
    "pinv": np.linalg.pinv,
    "det": np.linalg.det,
    "slogdet": lambda x: np.linalg.slogdet(x).logabsdet,
    "sign": lambda x: np.linalg.slogdet(x).sign * x,
    "cholesky": np.linalg.cholesky,
    "solve": lambda x: np.linalg.solve(x, x[0] * 2),
    "power": lambda x: np.linalg.matrix_power(x, -2),
}


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "with_graph"])
@pytest.mark.parametrize("op", LINALG)
def test_equations_are_solved_although_lapack_has_no_float16(op, create_graph):
    found = {}
    for dtype in (np.float16, np.float64):
        x = tg.Tensor(MATRIX.astype(dtype), requires_grad=True)
        out = LINALG[op](x)
        share = tg.gradients(out.sum(), x, create_graph)
        assert out.dtype == share.dtype == dtype
        found[dtype] = out.numpy(), np.asarray(share.data)
    for half, exact in zip(found[np.float16], found[np.float64], strict=True):
        np.testing.assert_allclose(half, exact, rtol=4e-3, atol=2e-3)


def test_more_equal_numbers_than_float16_can_count_share_a_maximum():
    x = tg.Tensor(np.ones(70000, np.float16), requires_grad=True)
    np.max(x).backward()
    np.testing.assert_allclose(x.grad, 1 / 70000, rtol=0.02)


def test_an_array_out_of_a_file_whose_dtype_is_another_object():
    ones = pickle.loads(pickle.dumps(np.ones(5000, np.float16)))
    assert np.cumsum(tg.Tensor(ones, requires_grad=True))[-1].item() == 5000


def test_where_float16_meets_more_digits_an_einsum_keeps_these():
    x, y = tg.Tensor(MANY, requires_grad=True), tg.Tensor(MANY.astype(np.float32), requires_grad=True)
    out = np.einsum("ij,ij->j", x, y)
    out.sum().backward()
    assert out.dtype == y.grad.dtype == np.float32 and x.grad.dtype == np.float16
    np.testing.assert_allclose(out.numpy(), np.einsum("ij,ij->j", MANY, MANY, dtype=np.float64), rtol=1e-5)


def test_what_was_broadcast_adds_up_its_shares():
    b = tg.Tensor(np.zeros(3, np.float16), requires_grad=True)
    (np.ones((10000, 3), np.float16) + b).backward(np.ones((10000, 3), np.float16))
    assert b.grad.tolist() == [10000.0] * 3 and b.grad.dtype == np.float16
    layer = tg.Dense(2, 3, dtype="float16")
    layer(np.ones((10000, 2), np.float16)).backward(np.full((10000, 3), 0.5, np.float16))
    assert layer.bias.grad.tolist() == [5000.0] * 3


def test_a_users_op_may_sum_in_float32_too():
    @tg.primitive(sums=True)
    def total_of_all(x):
        return np.add.reduce(x, axis=None)

    @total_of_all.derivative("1")
    def _(g, out, x):
        assert x.dtype == g.dtype == np.float32
        return np.broadcast_to(g, x.shape)

    try:
        x = tg.Tensor(np.ones((3000, 2), np.float16), requires_grad=True)
        total = total_of_all(x)
        assert total.dtype == np.float16 and total.item() == 6000
        total.backward()
        assert x.grad.dtype == np.float16 and (x.grad == 1).all()
    finally:
        del registry["total_of_all"]


def test_one_factor_of_the_chain_rule_is_as_exact_as_the_walk():
    x = tg.Tensor(np.linspace(-100, 100, 3000, dtype=np.float16), requires_grad=True)
    p, g = tg.ops.softmax(x), np.linspace(0, 4e4, 3000, dtype=np.float16)
    p.backward(g)
    np.testing.assert_array_equal(send_back(p, x, g), x.grad)

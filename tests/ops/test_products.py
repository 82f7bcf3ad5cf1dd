"""Edges of the products: empty arrays, arrays on either side, messages. Values of every rank: cases_products.py."""

import numpy as np
import pytest

import tinygrad_reg as tg


def leaf(*shape, name=None, dtype=np.float64):
    return tg.Tensor(np.random.default_rng(len(shape)).normal(size=shape).astype(dtype), requires_grad=True, name=name)


@pytest.mark.parametrize(
    ("x", "y"),
    [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 0, 3), (3, 2)), ((0, 2, 3), (3,)), ((0,), (0,)), ((0, 2, 3), (0, 3, 2))],
)
def test_matmul_of_nothing_has_a_gradient_of_zeros(x, y):
    x, y = leaf(*x), leaf(*y)
    out = x @ y
    assert np.array_equal(out.data, x.data @ y.data)
    out.backward(np.ones(out.shape))
    assert x.grad.shape == x.shape and not x.grad.any()
    assert y.grad.shape == y.shape and not y.grad.any()


def test_matmul_with_an_array_on_either_side():
    w, x = leaf(3, 2), np.ones((4, 3))
    assert isinstance(x @ w, tg.Tensor)
    assert isinstance(w.T @ x.T, tg.Tensor)
    assert np.matmul(x, w).op == np.linalg.matmul(x, w).op == "matmul"


def test_one_matrix_for_a_batch_sums_its_gradient_over_the_batch():
    x, w = leaf(5, 4, 3), leaf(3, 2)
    out = x @ w
    g = np.random.default_rng(0).normal(size=out.shape)
    out.backward(g)
    np.testing.assert_allclose(w.grad, sum(x.data[i].T @ g[i] for i in range(5)), rtol=1e-12)


def test_matmul_tells_pictures_which_input_is_the_local_derivative():
    x, w = leaf(2, 3, name="x"), leaf(3, 2, name="w")
    to_x, to_w = [step for step in tg.explain((x @ w).sum()).backward if step.op == "matmul"]
    assert (to_x.how, to_w.how) == ("G @ wᵀ", "xᵀ @ G")
    assert np.array_equal(to_x.local, w.data) and np.array_equal(to_w.local, x.data)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: leaf(2, 3, name="h") @ leaf(2, 3, name="w"),
            r"h of shape \(2, 3\), w of shape \(2, 3\).*columns of x",
        ),
        (lambda: leaf(2) @ leaf(3, name="w"), r"w of shape \(3,\).*columns of x must equal the rows of y"),
        (lambda: 2.0 @ leaf(3), "columns of x must equal the rows of y"),
        (lambda: leaf(2, 2, 3) @ leaf(3, 3, 2), "axes before these broadcast"),
        (lambda: np.dot(leaf(2, 3), leaf(2, 3)), "last axis of x"),
        (lambda: np.inner(leaf(2, 3), leaf(3, 2)), "last axes of x and y"),
        (lambda: np.vdot(leaf(2, 3), leaf(2, 2)), "equally many elements"),
        (lambda: np.tensordot(leaf(2, 3), leaf(2, 3)[:1]), "axes summed over"),
        (
            lambda: np.einsum("ij,jk->ik", leaf(2, 3), leaf(2, 3)),
            r"subscripts='ij,jk->ik'.*equal letters are equally long",
        ),
        (lambda: np.einsum("ij,jk", leaf(2, 3)), "one term of letters for each operand"),
        (lambda: np.einsum("i", leaf(2, 3)), "a letter for each axis"),
    ],
)
def test_shapes_that_do_not_multiply_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_multi_dot_multiplies_from_left_to_right():
    a, b, c = leaf(2, 3), leaf(3, 4), leaf(4)
    out = np.linalg.multi_dot([a, b, c])
    np.testing.assert_allclose(out.data, a.data @ b.data @ c.data, rtol=1e-12)
    out.sum().backward()
    assert c.grad.shape == (4,)
    with pytest.raises(ValueError, match="two arrays or more"):
        np.linalg.multi_dot([a])


@pytest.mark.parametrize("product", [np.dot, np.matmul, np.inner, lambda a, b: np.einsum("ij,ij", a, b)])
def test_a_gradient_of_a_float32_matrix_is_float32(product):
    x, y = leaf(2, 2, dtype=np.float32), leaf(2, 2, dtype=np.float32)
    out = product(x, y)
    out.backward(np.ones(out.shape))
    assert out.dtype == x.grad.dtype == y.grad.dtype == np.float32


@pytest.mark.parametrize(("w", "b"), [((3,), (4,)), ((3, 4), (1,)), ((3, 4), (2, 4)), ((3, 4), ())])
def test_affine_takes_a_matrix_and_a_number_for_each_of_its_columns(w, b):
    with pytest.raises(ValueError, match=r"affine can't take .* \(the columns of x must equal the rows of w"):
        tg.ops.affine(np.ones((2, 3)), tg.Tensor(np.ones(w), requires_grad=True), np.ones(b))


def test_multi_dot_of_two_is_their_product():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    np.testing.assert_array_equal(np.linalg.multi_dot([tg.Tensor(a), b]).data, a @ b)


@pytest.mark.parametrize("number", [2.0, 2, np.float64(2)], ids=lambda x: type(x).__name__)
def test_a_number_never_makes_float64_of_float32(number):
    t, one = leaf(3, dtype=np.float32), tg.Tensor(np.float32(3), requires_grad=True)
    products = [
        np.dot(number, t), np.dot(t, number), np.inner(number, t), np.outer(t, number), np.vdot(one, number),
        np.tensordot(number, t, 0), np.einsum(",i->i", number, t),
    ]  # fmt: skip
    assert {p.dtype for p in products} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(products[0].data, 2 * t.data)
    sum(p.sum() for p in products).backward()
    np.testing.assert_array_equal(t.grad, [12.0] * 3)
    assert t.grad.dtype == np.float32

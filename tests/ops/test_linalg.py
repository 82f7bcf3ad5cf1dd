"""Edges of linear algebra: norms at 0 and at ties, singular matrices, what NumPy's signatures mean."""

import numpy as np
import pytest

import tinygrad_reg as tg

from .leaves import gradient

MATRIX = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.0], [0.5, 0.0, 1.0]])


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 1.5, 0.5, 0, -1, np.inf, -np.inf])
def test_the_norm_has_derivatives_0_at_0(ord):
    def norm(x):
        return np.linalg.norm(x, ord)

    assert np.array_equal(gradient(norm, np.zeros(3)), np.zeros(3))
    assert np.array_equal(tg.hessian(norm)(np.zeros(3)), np.zeros((3, 3)))


def test_rows_of_zeros_do_not_disturb_the_others():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(gradient(lambda t: np.linalg.norm(t, axis=1).sum(), x), [[0.6, 0.8], [0, 0]])


def test_an_element_at_0_gets_no_share_of_a_norm():
    for ord in (0.5, 1, 1.5, 3):
        share = gradient(lambda t, ord=ord: np.linalg.norm(t, ord), [0.0, 2.0])
        assert np.array_equal(share, [0, 1])


def test_a_norm_that_one_0_holds_at_0_has_no_slope_by_the_others():
    assert np.array_equal(gradient(lambda t: np.linalg.norm(t, -1), [0.0, -1.0, 1.0]), [0, 0, 0])


@pytest.mark.parametrize(("ord", "share"), [(np.inf, [0.5, -0.5, 0]), (-np.inf, [0, 0, 1])])
def test_ties_of_an_infinite_norm_share(ord, share):
    assert np.array_equal(gradient(lambda t: np.linalg.norm(t, ord), [2.0, -2.0, 1.0]), share)


def test_tied_columns_of_a_matrix_norm_share():
    assert np.array_equal(gradient(lambda t: np.linalg.norm(t, 1), [[1.0, -2], [2, 1]]), [[0.5, -0.5], [0.5, 0.5]])


@pytest.mark.parametrize("ord", [2, -2, "nuc"])
def test_norms_by_singular_values_are_refused(ord):
    with pytest.raises(ValueError, match="singular values, which have no derivative here"):
        np.linalg.norm(tg.Tensor(MATRIX), ord)


def test_a_float64_order_leaves_float32_alone():
    x = tg.Tensor(np.ones(3, np.float32), requires_grad=True)
    out = np.linalg.norm(x, np.float64(3))
    raw = tg.ops.norm.functions[0](np.float32(1), out.data, x.data, ord=np.float64(3))
    assert out.dtype == raw.dtype == np.float32


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: np.linalg.norm(t[None, None], 1),
        lambda t: np.linalg.norm(t, axis=2),
        lambda t: np.linalg.norm(t, "fro", 0),
        lambda t: np.linalg.norm(t, 3),
    ],
)
def test_norms_that_do_not_exist_are_refused(wrong):
    with pytest.raises((ValueError, IndexError), match="norm can't take"):
        wrong(tg.Tensor(MATRIX))


@pytest.mark.parametrize(
    "call",
    [
        lambda w: np.linalg.inv(w),
        lambda w: np.linalg.solve(w, np.ones(2)),
        lambda w: np.linalg.matrix_power(w, -1),
        lambda w: np.linalg.cholesky(-w - 1),
    ],
)
def test_what_numpy_can_not_compute_stays_a_LinAlgError_and_names_the_matrix(call):
    with pytest.raises(np.linalg.LinAlgError, match=r"can't take w of shape \(2, 2\)|cholesky can't take"):
        call(tg.Tensor(np.ones((2, 2)), requires_grad=True, name="w"))


def test_a_matrix_that_is_not_square_has_no_inverse():
    with pytest.raises(np.linalg.LinAlgError, match=r"w of shape \(2, 3\).*square"):
        np.linalg.inv(tg.Tensor(np.ones((2, 3)), name="w"))


@pytest.mark.parametrize("function", [np.linalg.svd, np.linalg.eigh, np.linalg.qr, np.linalg.lstsq])
def test_a_decomposition_without_a_rule_raises_instead_of_losing_the_gradient(function):
    inputs = [tg.Tensor(MATRIX, requires_grad=True)] * (2 if function is np.linalg.lstsq else 1)
    with pytest.raises(TypeError, match=f"np.linalg.{function.__name__} has no rule"):
        function(*inputs)


def test_a_right_side_with_one_axis_is_a_vector_for_every_matrix_of_a_batch():
    x, y = tg.Tensor(np.stack([MATRIX, 2 * MATRIX]), requires_grad=True), tg.Tensor(np.ones(3), requires_grad=True)
    out = np.linalg.solve(x, y)
    np.testing.assert_allclose(out.data[0], 2 * out.data[1], rtol=1e-12)
    out.sum().backward()
    assert y.grad.shape == (3,) and x.grad.shape == (2, 3, 3)


@pytest.mark.parametrize("x", [[[0.0]], [[1, 2], [2, 4]], np.zeros((2, 2)), np.zeros((3, 3)), np.ones((3, 3))], ids=str)
def test_det_has_the_right_derivative_at_singular_matrices(x):
    tg.check_grad(np.linalg.det, x)


def test_det_at_a_singular_matrix_by_hand():
    np.testing.assert_allclose(gradient(np.linalg.det, [[1, 2], [2, 4]]), [[4, -2], [-2, 1]], atol=1e-14)


def test_the_second_derivative_of_det_needs_an_inverse():
    tg.check_grad(np.linalg.det, MATRIX, order=2)
    with pytest.raises(np.linalg.LinAlgError, match="x is singular: keep x away from there"):
        tg.hessian(np.linalg.det)(np.ones((2, 2)))


def test_the_logarithm_of_a_determinant_of_0_has_no_slope():
    w = tg.Tensor(np.ones((2, 2)), requires_grad=True)
    with pytest.raises(np.linalg.LinAlgError, match="this derivative needs the inverse of x") as caught:
        np.linalg.slogdet(w).logabsdet.backward()
    assert caught.value.__notes__ == ["in the derivative of 'logabsdet' by 'x'"]


def test_det_and_inverse_of_empty_matrices():
    x = tg.Tensor(np.zeros((0, 0)), requires_grad=True)
    out = np.linalg.det(x)
    out.backward()
    assert out.item() == 1 and x.grad.shape == (0, 0)
    assert np.linalg.inv(tg.Tensor(np.zeros((0, 2, 2)))).shape == (0, 2, 2)


def test_slogdet_gives_a_constant_sign_and_a_differentiable_logarithm():
    x = tg.Tensor(-MATRIX * 1e200, requires_grad=True)
    found = np.linalg.slogdet(x)
    sign, size = found
    assert found.sign is sign and found.logabsdet is size
    assert sign.item() == -1 and not sign.requires_grad
    size.backward()
    np.testing.assert_allclose(x.grad, np.linalg.inv(x.data).T, rtol=1e-12)


def test_cholesky_counts_the_symmetric_part_and_its_gradient_is_symmetric():
    x = tg.Tensor(MATRIX @ MATRIX.T + np.triu(np.ones((3, 3)), 1) - np.tril(np.ones((3, 3)), -1), requires_grad=True)
    out = np.linalg.cholesky(x)
    np.testing.assert_allclose(out.data, np.linalg.cholesky(MATRIX @ MATRIX.T), rtol=1e-12)
    out.sum().backward()
    np.testing.assert_allclose(x.grad, x.grad.T, rtol=1e-12)


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 5, np.int64(3)])
def test_matrix_power(n):
    x = tg.Tensor(MATRIX, requires_grad=True)
    out = np.linalg.matrix_power(x, n)
    np.testing.assert_allclose(out.data, np.linalg.matrix_power(MATRIX, n), rtol=1e-12, atol=1e-13)
    assert out is not x
    out.sum().backward()
    assert x.grad.shape == (3, 3)


def test_matrix_power_of_what_has_none():
    with pytest.raises(TypeError, match="whole number"):
        np.linalg.matrix_power(tg.Tensor(MATRIX), 0.5)
    with pytest.raises(ValueError, match=r"square matrices, not the shape \(2, 3\)"):
        np.linalg.matrix_power(tg.Tensor(MATRIX[:2]), 2)
    with pytest.raises(ValueError, match=r"square matrices, not the shape \(4, 2, 3\)"):
        np.linalg.matrix_power(tg.Tensor(np.ones((4, 2, 3))), 2)


@pytest.mark.parametrize("n", [-1, 0, 3])
def test_matrix_power_of_batches_of_batches(n):
    x = np.random.default_rng(0).normal(size=(3, 4, 2, 2))
    np.testing.assert_allclose(np.linalg.matrix_power(tg.Tensor(x), n).data, np.linalg.matrix_power(x, n), rtol=1e-12)


def test_determinants_of_batches_of_batches():
    tg.check_grad(np.linalg.det, np.random.default_rng(0).normal(size=(3, 4, 2, 2)))


def test_matrix_power_0_is_the_identity_even_of_infinite_numbers():
    assert np.array_equal(np.linalg.matrix_power(tg.Tensor([[np.inf, 0], [0, 1]]), 0).data, np.eye(2))


@pytest.mark.parametrize("x", [np.diag([1e200, 1e200]), np.diag([1e-200, 1e-200]), np.full((2, 2), np.nan)])
def test_slogdet_keeps_numpys_warnings_to_itself(x):
    with np.errstate(all="raise"):
        np.linalg.slogdet(tg.Tensor(x))
        tg.ops.slogdet(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_needs_singular_values_comes_to_an_end_at_infinity(dtype):
    x = np.array([[np.inf, -1, 5], [5, 1000, -1], [1000, 1000, 1]], dtype)  # the singular values of which LAPACK seeks
    w = tg.Tensor(np.stack([x, np.eye(3, dtype=dtype)]), requires_grad=True)
    np.linalg.det(w).sum().backward()
    assert w.grad.dtype == dtype and np.isnan(w.grad[0]).all()
    np.testing.assert_allclose(w.grad[1], np.eye(3), atol=1e-6)
    inverse = np.linalg.pinv(w)
    assert inverse.dtype == dtype and np.isnan(inverse.data[0]).all() and np.isfinite(inverse.data[1]).all()


@pytest.mark.parametrize(("ord", "shape"), [(np.inf, (0, 3)), (1, (3, 0)), (1, (0, 3)), (3, (0,))])
def test_a_norm_of_nothing_has_an_empty_gradient(ord, shape):
    try:
        np.linalg.norm(np.zeros(shape), ord)
    except ValueError:
        pytest.skip("this NumPy knows no largest sum of none")
    x = tg.Tensor(np.zeros(shape), requires_grad=True)
    np.linalg.norm(x, ord).backward()
    assert x.grad.shape == shape


def test_the_rank_of_a_matrix_is_asked_of_finite_numbers():
    x = tg.Tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    assert np.linalg.matrix_rank(x) == 1 and np.linalg.matrix_rank(x, tol=10.0) == 0
    assert np.linalg.matrix_rank(tg.Tensor(np.eye(3, dtype=np.float16))) == 3
    assert np.linalg.matrix_rank(x[0]) == 1  # of a vector: whether it is not 0
    with pytest.raises(np.linalg.LinAlgError, match=r"has no rank, and w of shape \(2, 2\) holds one"):
        np.linalg.matrix_rank(tg.Tensor([[np.inf, 0.0], [1.0, 1.0]], name="w"))

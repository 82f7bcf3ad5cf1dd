"""Matrices and lengths: norm, inverse, solving equations, determinants, Cholesky's root.

The last two axes are the matrix, axes before them are batches. Derivatives are written with @ and each other, so they
can be differentiated again. LAPACK knows no float16: it is taken to float32 and back (sums=True).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..half import widened
from ..modes import quiet
from ..primitive import composed, primitive
from ..source import result
from ..sums import unbroadcast
from ..tensor import Tensor, describe, values
from .products import matmul
from .reductions import keep_axes


def _turned(x: Any) -> Any:
    """Every matrix of x, transposed."""
    return np.swapaxes(x, -1, -2)


def _finite(x: Any) -> Any:
    """Which matrices of x are of finite numbers: LAPACK may seek the singular values of others for ever."""
    return np.all(np.isfinite(x), axis=(-1, -2), keepdims=True)


# ---- lengths


@primitive(
    sums=True, numpy=np.linalg.norm, symbol="‖ ‖", text="‖x‖",
    expects="ord is None, 1, 2, another number or ±inf for vectors; None, 'fro', 1 or ±inf for matrices",
    why="An element moves the norm as much as it has a part in it; at 0, where there is no direction, it gets 0.",
)  # fmt: skip
def norm(x: Any, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """√Σx² over `axis`, of all elements by default; `ord` = p: (Σ|x|ᵖ)^(1/p), ±inf: max or min |x|; see np.linalg.norm.

    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    axes = _normed_axes(np.ndim(x), axis)
    if len(axes) == 2 and ord in (2, -2, "nuc"):
        raise ValueError(f"the matrix norm ord={ord!r} is a function of singular values, which have no derivative here")
    return np.linalg.norm(x, ord, axis, keepdims)


@norm.derivative("x/‖x‖", how="G repeated ⊙ local")
def _(g, out, x, *, ord=None, axis=None, keepdims=False):
    axes = _normed_axes(x.ndim, axis)
    g, out = keep_axes(g, x, axis, keepdims), keep_axes(out, x, axis, keepdims)
    if ord in (None, "fro") or (ord == 2 and len(axes) == 1):
        return x * (g * (out != 0) / (out + (out == 0)))
    if ord == 0:
        return np.zeros(x.shape, x.dtype)
    if abs(ord) != np.inf and len(axes) == 1:
        parts = (np.abs(x) + (x == 0)) / (out + (out == 0))  # where x is 0 its sign is 0, and so is its share
        return g * np.sign(x) * (out != 0) * parts ** (float(ord) - 1)  # ord < 0: one 0 holds the norm at 0
    if not x.size:
        return np.zeros(x.shape, x.dtype)
    # What is largest or smallest: of a vector an element, of a matrix the sum of a column (ord=±1) or of a row (±inf).
    sizes = np.abs(x)
    if len(axes) == 2:
        sizes = np.sum(sizes, axis=axes[0] if abs(ord) == 1 else axes[1], keepdims=True)
    extreme = sizes == (np.max if ord > 0 else np.min)(sizes, axis=axes, keepdims=True)
    ties = np.sum(extreme, axis=axes, keepdims=True).astype(x.dtype)
    return g * np.sign(x) * extreme / ties


def _normed_axes(ndim: int, axis: Any) -> tuple[int, ...]:
    """The axes that a norm reduces; two of them hold a matrix."""
    if axis is None:
        return tuple(range(ndim))
    ndim = ndim or 1  # of a number np.linalg.norm refuses every axis
    return tuple(a % ndim for a in axis) if isinstance(axis, tuple) else (axis % ndim,)


# ---- equations


@primitive(
    sums=True, numpy=np.linalg.inv, text="x⁻¹", expects="the last two axes are a square matrix that can be inverted",
    why="x · x⁻¹ is fixed, so the inverse moves against x, multiplied by the inverse from both sides.",
)  # fmt: skip
def inv(x: Any) -> Any:
    """The matrix with x · x⁻¹ = 1"""
    return np.linalg.inv(x)


@inv.derivative("x⁻¹", how="−(x⁻¹)ᵀ @ G @ (x⁻¹)ᵀ")
def _(g, out, x):
    turned = _turned(out)
    return -(turned @ g @ turned)


@primitive(
    sums=True, numpy=np.linalg.solve, text="x⁻¹ @ y",
    expects="x is a square matrix that can be inverted, (n, n); y has n rows, (n, k), or is a vector (n,)",
    why="The right side's share solves the transposed equations; the matrix gets minus its product with the solution.",
)  # fmt: skip
def solve(x: Any, y: Any) -> Any:
    """The z with x @ z = y; only a y with one axis is a vector, any other is a matrix (or a batch of them)"""
    return np.linalg.solve(x, y)


@solve.derivative("x⁻¹", how="−(x⁻ᵀ @ G) @ outᵀ")
def _(g, out, x, y):
    if y.ndim == 1:
        g, out = np.expand_dims(g, -1), np.expand_dims(out, -1)
    share = -(np.linalg.solve(_turned(x), g) @ _turned(out))
    return unbroadcast(share, x.shape)


@solve.derivative("x⁻¹", how="x⁻ᵀ @ G")
def _(g, out, x, y):
    if y.ndim == 1:
        share = np.squeeze(np.linalg.solve(_turned(x), np.expand_dims(g, -1)), -1)
    else:
        share = np.linalg.solve(_turned(x), g)
    return unbroadcast(share, y.shape)


@primitive(
    sums=True, numpy=np.linalg.pinv, text="x⁺",
    why="It moves as the inverse does, and into the rows and columns that x did not reach.",
)  # fmt: skip
def pinv(x: Any, *, rcond: Any = None) -> Any:
    """The pseudo-inverse: x⁺ @ y is the shortest z with the least ‖x @ z − y‖; its derivative holds at a fixed rank"""
    finite = _finite(x)
    given = np.where(finite, x, 0)
    return np.where(finite, np.linalg.pinv(given) if rcond is None else np.linalg.pinv(given, rcond), np.nan)


@pinv.derivative("x⁺", how="three products of G with x⁺")
def _(g, out, x, *, rcond=None):
    turned, g_turned = _turned(out), _turned(g)
    left = g_turned @ out @ turned
    right = turned @ out @ g_turned
    return left - x @ (out @ left) + right - (right @ out) @ x - turned @ g @ turned


# ---- determinants


@primitive(
    sums=True, numpy=np.linalg.det, text="|x|", expects="the last two axes are a square matrix",
    why="The determinant is linear in each element: its factor is the determinant of the rest, the cofactor.",
)  # fmt: skip
def det(x: Any) -> Any:
    """The determinant. Its derivative is right for singular matrices too; the second one needs an inverse."""
    return np.linalg.det(x)


@det.derivative("cofactors of x", how="G ⊙ local")
def _(g, out, x):
    return np.expand_dims(g, (-1, -2)) * cofactors(x)


@primitive(
    sums=True, text="cof x", expects="the last two axes are a square matrix",
    why="The cofactors are |x| · x⁻ᵀ: the product rule, with the derivatives of both.",
)  # fmt: skip
def cofactors(x: Any) -> Any:
    """out[i, j] = ± the determinant of x without row i and column j, which is |x| · x⁻ᵀ where that exists"""
    finite = _finite(x)
    left, values, right = np.linalg.svd(np.where(finite, x, 0))
    n = x.shape[-1]
    # With x = left · diag(values) · right, each singular value's cofactor is the product of the others: no division.
    others = np.where(np.eye(n, dtype=bool), np.ones((), x.dtype), np.expand_dims(values, -2))
    sign = np.sign(np.linalg.det(left) * np.linalg.det(right))
    products = np.expand_dims(sign, -1) * np.multiply.reduce(others, axis=-1)
    return np.where(finite, left @ (np.expand_dims(products, -1) * right), np.nan)


@cofactors.derivative("∂(|x| · x⁻ᵀ)")
def _(g, out, x):
    inverse_turned = _turned(_inverse(x))
    total = np.sum(g * out, axis=(-1, -2), keepdims=True)
    return total * inverse_turned - inverse_turned @ _turned(g) @ out


def _inverse(x: Any) -> Any:
    """x⁻¹, for a derivative that needs it."""
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(
            "this derivative needs the inverse of x, and x is singular: keep x away from there, "
            "for example by x + ε·np.eye(n) with a small ε"
        ) from None


@primitive(
    sums=True, text="ln |det x|", expects="the last two axes are a square matrix",
    why="The determinant's cofactors, divided by the determinant, are the inverse.",
)  # fmt: skip
def logabsdet(x: Any) -> Any:
    """ln |det x|, where the determinant itself would overflow or vanish"""
    return np.linalg.slogdet(x)[1]


@logabsdet.derivative("x⁻ᵀ", how="G ⊙ local")
def _(g, out, x):
    return np.expand_dims(g, (-1, -2)) * _turned(_inverse(x))


class SignAndLog(NamedTuple):
    """What slogdet returns: det = sign · e^logabsdet."""

    sign: Any
    logabsdet: Any


@composed(numpy=np.linalg.slogdet)
def slogdet(x: Any) -> SignAndLog:
    """The determinant's sign (a constant) and the logarithm of its size.

    >>> [float(part) for part in slogdet(np.diag([-1.0, 1.0]))]
    [-1.0, 0.0]
    """
    size = logabsdet(x)
    with quiet():
        sign = np.linalg.slogdet(widened(values(x)))[0].astype(size.dtype)
    return SignAndLog(result(Tensor(sign)), result(size)) if isinstance(x, Tensor) else SignAndLog(sign, size)


@composed(numpy=np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many rows of each matrix are independent: a question about the values"""
    x = widened(values(A))
    if x.ndim > 1 and not _finite(x).all():
        raise np.linalg.LinAlgError(f"a matrix with inf or NaN has no rank, and {describe(A)} holds one")
    with quiet():
        return np.linalg.matrix_rank(x, values(tol), hermitian, **({} if rtol is None else {"rtol": values(rtol)}))


# ---- roots and powers


@primitive(
    sums=True, numpy=np.linalg.cholesky, text="chol x", expects="x is symmetric and positive definite",
    why="The gradient goes through the triangle's product with itself; it comes back symmetric, as x is.",
)  # fmt: skip
def cholesky(x: Any, *, upper: bool = False) -> Any:
    """The lower triangle L with L @ Lᵀ = x (upper: its transpose). Of x, the symmetric part ½(x + xᵀ) counts."""
    lower = np.linalg.cholesky((x + _turned(x)) * 0.5)
    return _turned(lower) if upper else lower


@cholesky.derivative("L", how="½(S + Sᵀ), S = L⁻ᵀ @ Φ(Lᵀ @ G) @ L⁻¹")
def _(g, out, x, *, upper=False):
    if upper:
        g, out = _turned(g), _turned(out)
    n = x.shape[-1]
    half_triangle = np.tri(n, dtype=x.dtype) - 0.5 * np.eye(n, dtype=x.dtype)  # Φ: the lower half, half the diagonal
    inverse = np.linalg.inv(out)
    share = _turned(inverse) @ (half_triangle * (_turned(out) @ g)) @ inverse
    return (share + _turned(share)) * 0.5


@composed(numpy=np.linalg.matrix_power)
def matrix_power(x: Any, n: int) -> Any:
    """x @ x @ … @ x, n factors, by squaring; n = 0 is the identity, n < 0 takes the inverse.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power needs a whole number as the power, not {n!r}")
    if np.ndim(x) < 2 or np.shape(x)[-1] != np.shape(x)[-2]:
        raise ValueError(f"matrix_power needs square matrices, not the shape {np.shape(x)}")
    if n == 0:
        return result(np.where(False, x, np.eye(np.shape(x)[-1], dtype=x.dtype)))
    square = inv(x) if n < 0 else x
    left, power = abs(int(n)), None
    while left:
        if left % 2:
            power = square if power is None else matmul(power, square)
        left //= 2
        if left:
            square = matmul(square, square)
    return result(+power if power is x else power)

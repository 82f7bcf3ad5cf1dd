"""Products that sum: matmul, dot, inner, outer, tensordot, einsum."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..primitive import composed, primitive
from ..source import result

# ---- the matrix product: the op of every dense layer, so two matrices take the shortest way


@primitive(
    numpy=(np.matmul, np.linalg.matmul), operator="matmul", symbol="@", text="x @ y",
    expects="the columns of x must equal the rows of y: (m, k) @ (k, n); axes before these broadcast",
    why="Each input's gradient is the upstream gradient times the other matrix, turned so that the shapes fit.",
)  # fmt: skip
def matmul(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[k, j]; a vector is a row on the left, a column on the right; more axes are batches"""
    return x @ y


@matmul.derivative("y", how="G @ yᵀ", local_input=1)
def _(g, out, x, y):
    if x.ndim == 2 and y.ndim == 2:
        return g @ y.T
    if y.ndim == 1:
        return g * y if x.ndim == 1 else np.expand_dims(g, -1) * y
    rows = np.expand_dims(g, -2) if x.ndim == 1 else g
    return unbroadcast(rows @ np.swapaxes(y, -1, -2), x.shape)


@matmul.derivative("x", how="xᵀ @ G", local_input=0)
def _(g, out, x, y):
    if x.ndim == 2 and y.ndim == 2:
        return x.T @ g
    if x.ndim == 1:
        return g * x if y.ndim == 1 else np.expand_dims(x, -1) * np.expand_dims(g, -2)
    if y.ndim <= 2:  # one matrix for the whole batch: its gradient is one product over all rows
        rows = math.prod(x.shape[:-1])
        flat_x, flat_g = np.reshape(x, (rows, x.shape[-1])), np.reshape(g, (rows, *y.shape[1:]))
        return flat_x.T @ flat_g
    return unbroadcast(np.swapaxes(x, -1, -2) @ g, y.shape)


@primitive(
    symbol="@ +", text="x @ w + b",
    expects="the columns of x must equal the rows of w, and b has a number for each column of w",
    why="A weighted sum is linear in everything: x gets G times the weights, w the inputs times G, b the sum of G.",
)  # fmt: skip
def affine(x: Any, w: Any, b: Any) -> Any:
    """z[i, j] = Σₖ x[i, k] · w[k, j] + b[j]: what every dense layer computes, z = w·x + b, for all samples at once"""
    if w.ndim != 2 or b.shape != w.shape[1:]:
        raise ValueError("w is no matrix, or b does not fit it")
    return x @ w + b


@affine.derivative("w", how="G @ wᵀ", local_input=1)
def _(g, out, x, w, b):
    return g @ w.T


@affine.derivative("x", how="xᵀ @ G", local_input=0)
def _(g, out, x, w, b):
    return _over_samples(x).T @ _over_samples(g)


@affine.derivative("1", how="G summed over the samples")
def _(g, out, x, w, b):
    return np.add.reduce(_over_samples(g), axis=0)


def _over_samples(x: Any) -> Any:
    """One row a sample, whatever the axes that the samples lie along."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


# ---- its relatives


@primitive(
    numpy=np.dot, method="dot", symbol="·", text="x · y",
    expects="the last axis of x must be as long as the last but one of y, or the only one",
    why="Each input's gradient is the upstream gradient times the other input, summed over the axes that it lacks.",
)  # fmt: skip
def dot(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[k, j]: the last axis of x against the last but one of y (np.dot); numbers multiply"""
    return np.dot(x, y)


@dot.derivative("y")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * y, np.shape(x))
    ahead, contracted = x.ndim - 1, max(y.ndim - 2, 0)
    free = [i for i in range(y.ndim) if i != contracted]
    return np.tensordot(g, y, (list(range(ahead, g.ndim)), free))


@dot.derivative("x")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * x, np.shape(y))
    ahead = list(range(x.ndim - 1))
    return np.moveaxis(np.tensordot(x, g, (ahead, ahead)), 0, max(y.ndim - 2, 0))


@primitive(
    numpy=np.inner, text="⟨x, y⟩", expects="the last axes of x and y must be equally long",
    why="Each input's gradient is the upstream gradient times the other input.",
)  # fmt: skip
def inner(x: Any, y: Any) -> Any:
    """out[i, j] = Σₖ x[i, k] · y[j, k]: the last axes against each other; numbers multiply"""
    return np.inner(x, y)


@inner.derivative("y")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * y, np.shape(x))
    return np.tensordot(g, y, (list(range(x.ndim - 1, g.ndim)), list(range(y.ndim - 1))))


@inner.derivative("x")
def _(g, out, x, y):
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(g * x, np.shape(y))
    ahead = list(range(x.ndim - 1))
    return np.tensordot(g, x, (ahead, ahead))


@primitive(
    numpy=np.outer, symbol="⊗", text="x ⊗ y",
    why="Each number of x met all of y: it gets the products of y with its row of the gradient, summed.",
)  # fmt: skip
def outer(x: Any, y: Any) -> Any:
    """out[i, j] = x[i] · y[j], of the flattened x and y"""
    return np.outer(x, y)


@outer.derivative("y", how="G @ y")
def _(g, out, x, y):
    return np.reshape(g @ np.ravel(y), np.shape(x))


@outer.derivative("x", how="x @ G")
def _(g, out, x, y):
    return np.reshape(np.ravel(x) @ g, np.shape(y))


@primitive(
    numpy=np.vdot, text="Σ x ⊙ y", expects="x and y must have equally many elements",
    why="Each element's gradient is the element that it was multiplied with.",
)  # fmt: skip
def vdot(x: Any, y: Any) -> Any:
    """Σᵢ x[i] · y[i], of the flattened x and y"""
    return np.vdot(x, y)


@vdot.derivative("y")
def _(g, out, x, y):
    return g * np.reshape(y, np.shape(x))


@vdot.derivative("x")
def _(g, out, x, y):
    return g * np.reshape(x, np.shape(y))


@composed(numpy=np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    """The matrix product of two or more arrays, from left to right"""
    if len(arrays) < 2:
        raise ValueError(f"multi_dot needs two arrays or more, not {len(arrays)}")
    product = arrays[0]
    for factor in arrays[1:]:
        product = dot(product, factor)
    return result(product)


# ---- sums over any axes


@primitive(
    numpy=(np.tensordot, np.linalg.tensordot), text="x · y over the axes",
    expects="the axes summed over must be equally long in x and in y",
    why="Each input's gradient is the upstream gradient times the other input, summed over the other's free axes.",
)  # fmt: skip
def tensordot(x: Any, y: Any, *, axes: Any = 2) -> Any:
    """Σ over pairs of axes: `axes` = n (the last n of x with the first n of y), or (axes of x, axes of y)"""
    return np.tensordot(x, y, axes)


@tensordot.derivative("y")
def _(g, out, x, y, *, axes=2):
    x_free, x_summed, y_free, y_summed = _pairing(np.ndim(x), np.ndim(y), axes)
    share = np.tensordot(g, y, (list(range(len(x_free), len(x_free) + len(y_free))), y_free))
    # Its axes are x's free ones, then x's summed ones in the order of their partners in y.
    return _in_order(share, x_free + [i for _, i in sorted(zip(y_summed, x_summed, strict=True))])


@tensordot.derivative("x")
def _(g, out, x, y, *, axes=2):
    x_free, x_summed, y_free, y_summed = _pairing(np.ndim(x), np.ndim(y), axes)
    share = np.tensordot(x, g, (x_free, list(range(len(x_free)))))
    return _in_order(share, [i for _, i in sorted(zip(x_summed, y_summed, strict=True))] + y_free)


def _pairing(x_ndim: int, y_ndim: int, axes: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """Free and summed axes of x, free and summed axes of y; the summed ones are paired in order."""
    if isinstance(axes, (tuple, list)):
        first, second = ([a] if isinstance(a, (int, np.integer)) else list(a) for a in axes)
    else:
        first, second = list(range(-axes, 0)), list(range(axes))
    x_summed, y_summed = [int(a) % x_ndim for a in first], [int(a) % y_ndim for a in second]
    x_free = [i for i in range(x_ndim) if i not in x_summed]
    y_free = [i for i in range(y_ndim) if i not in y_summed]
    return x_free, x_summed, y_free, y_summed


def _in_order(share: Any, axes: list[int]) -> Any:
    """Move the axes of `share`, which are the operand's axes numbered `axes`, into the operand's order."""
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return share if order == list(range(len(axes))) else np.transpose(share, order)


@primitive(
    name="einsum", text="einsum(subscripts, xs)",
    expects="one term of letters for each operand, a letter for each axis; equal letters are equally long",
    why="Each input's gradient is an einsum again: G with the other inputs, summed to the letters of its own.",
)  # fmt: skip
def einsum_op(*xs: Any, subscripts: str) -> Any:
    """Multiply elements of equal letters, sum over letters that the output lacks: "ij,jk->ik" is a matrix product"""
    # Looking for a good order of products, and doing them as matrix products, pays for large operands only.
    optimize = len(xs) > 1 and sum(map(np.size, xs)) > 1000
    return np.einsum(subscripts, *xs, optimize=optimize)


@einsum_op.derivatives_of_all()
def _(needed, g, out, *xs, subscripts):
    terms, output = _spelled_out(subscripts, tuple(np.ndim(x) for x in xs))
    return [_einsum_share(i, g, xs, terms, output) if need else None for i, need in enumerate(needed)]


def _einsum_share(position: int, g: Any, xs: Sequence[Any], terms: Sequence[str], output: str) -> Any:
    x, term = xs[position], terms[position]
    operands, letters = [g], [output]
    for i, other in enumerate(xs):
        if i != position:
            operands.append(other)
            letters.append(terms[i])
    spare = iter(string.ascii_letters)
    target = ""
    for axis, letter in enumerate(term):
        if letter in target:  # a diagonal was read: write onto the diagonal, by an identity matrix
            fresh = next(c for c in spare if c not in "".join(terms) + output)
            operands.append(np.eye(x.shape[axis], dtype=g.dtype))
            letters.append(letter + fresh)
            letter = fresh
        target += letter
    for letter in target:
        if letter not in "".join(letters):  # it was summed over here: every element gets the same
            operands.append(np.ones(1, dtype=g.dtype))
            letters.append(letter)
    share = np.einsum(f"{','.join(letters)}->{target}", *operands)
    # Lengths of 1 were broadcast: in x they get the sum over the copies, in the share they are copied.
    share = unbroadcast(share, tuple(1 if n == 1 else m for n, m in zip(np.shape(x), share.shape, strict=True)))
    return share if share.shape == np.shape(x) else np.broadcast_to(share, np.shape(x))


@lru_cache(maxsize=256)
def _spelled_out(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    """The operands' terms and the output's, with a letter for each axis that an ellipsis stands for."""
    given, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    hidden = [ndim - len(term) + 3 if "..." in term else 0 for term, ndim in zip(terms, ndims, strict=True)]
    unused = [c for c in string.ascii_letters if c not in subscripts]
    dots = "".join(unused[: max(hidden)])
    if not arrow:
        alone = sorted(c for c in set(given) - set(".,") if given.count(c) == 1)
        output = "..." + "".join(alone)
    spelled = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, hidden, strict=True)]
    return spelled, output.replace("...", dots)


@composed(numpy=np.einsum)
def einsum(subscripts: Any, *xs: Any, optimize: Any = None) -> Any:
    """einsum("ij,jk->ik", x, y), as np.einsum; the order of the products is chosen well whatever `optimize` says.

    >>> einsum("ij,j->i", np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    if not isinstance(subscripts, str):
        raise TypeError(
            "einsum of Tensors takes its subscripts as a string in front of the operands, "
            f'such as einsum("ij,jk->ik", x, y), not {type(subscripts).__name__}'
        )
    return result(einsum_op(*xs, subscripts=subscripts))

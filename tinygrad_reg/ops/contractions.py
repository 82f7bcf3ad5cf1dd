"""Products that are summed over any axes: tensordot, einsum."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..operands import alike
from ..primitive import composed, primitive
from ..source import result
from ..sums import unbroadcast


@primitive(
    numpy=(np.tensordot, np.linalg.tensordot), text="x · y, axes=axes",
    expects="the axes summed over must be equally long in x and in y",
    why="Each input's gradient is the upstream gradient times the other input, summed over the other's free axes.",
)  # fmt: skip
def tensordot(x: Any, y: Any, *, axes: Any = 2) -> Any:
    """Σ over pairs of axes: `axes` = n (the last n of x with the first n of y), or (axes of x, axes of y)"""
    return np.tensordot(*alike(x, y), axes)


@tensordot.derivative("y", how="G · y over the other dimensions of y")
def _(g, out, x, y, *, axes=2):
    x_free, x_summed, y_free, y_summed = _pairing(np.ndim(x), np.ndim(y), axes)
    share = np.tensordot(g, y, (list(range(len(x_free), len(x_free) + len(y_free))), y_free))
    # Its axes are x's free ones, then x's summed ones in the order of their partners in y.
    return _in_order(share, x_free + [i for _, i in sorted(zip(y_summed, x_summed, strict=True))])


@tensordot.derivative("x", how="x · G over the other dimensions of x")
def _(g, out, x, y, *, axes=2):
    x_free, x_summed, y_free, y_summed = _pairing(np.ndim(x), np.ndim(y), axes)
    share = np.tensordot(x, g, (x_free, list(range(len(x_free)))))
    return _in_order(share, [i for _, i in sorted(zip(x_summed, y_summed, strict=True))] + y_free)


def _pairing(x_ndim: int, y_ndim: int, axes: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """Free and summed axes of x, free and summed axes of y; the summed ones are paired in order."""
    axes = axes.tolist() if isinstance(axes, np.ndarray) else axes
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
    name="einsum", sums=True, text="einsum(subscripts, xs)",
    expects="one term of letters for each operand, a letter for each axis; equal letters are equally long",
    why="Each input's gradient is an einsum again: G with the other inputs, summed to the letters of its own.",
)  # fmt: skip
def einsum_op(*xs: Any, subscripts: str) -> Any:
    """Multiply elements of equal letters, sum over letters that the output lacks: "ij,jk->ik" is a matrix product"""
    # Looking for a good order of products, and doing them as matrix products, pays for large operands only.
    optimize = len(xs) > 1 and sum(map(np.size, xs)) > 1000
    return np.einsum(subscripts, *alike(*xs), optimize=optimize)


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

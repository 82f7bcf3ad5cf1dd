"""What cross-entropies are made of besides sums: a logarithm that stays finite, and picking the true class."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..primitive import primitive


@primitive(
    elementwise=True, text="max(log p, −100)",
    why="The derivative of a logarithm is one over its argument: the less probable the truth, the stronger the push.",
)  # fmt: skip
def floored_log(p: Any) -> Any:
    """max(log p, −100): the logarithm in a cross-entropy, finite where a probability is 0"""
    return np.maximum(np.log(p), -100.0)


@floored_log.derivative("1/max(p, 10⁻¹²)")
def _(g, out, p):
    least = 1e-12 if out.dtype.itemsize > 2 else 2.0**-14  # float16 has no 10⁻¹²
    return g / np.maximum(p, least)  # finite at 0 and, as PyTorch's, still pointing away from it


@primitive(
    text="x[i, labels]", symbol="[y]",
    why="Only the true class of each sample was looked at, so only it gets a gradient here.",
)  # fmt: skip
def picked(x: Any, labels: Any) -> Any:
    """The element of each row of x that its label points at"""
    return x[(*_positions(labels.shape), labels)]


@picked.derivative("1 at the label, 0 elsewhere", how="G put at the labels")
def _(g, out, x, labels):
    return placed(g, labels, classes=x.shape[-1])


picked.no_derivative()


@primitive(
    text="zeros; out[i, labels] = x", symbol="[y] =",
    why="Each number was put at one place, and gets the gradient from there.",
)  # fmt: skip
def placed(x: Any, labels: Any, *, classes: int) -> Any:
    """Rows of zeros for `classes` classes, with x at the place that the label of each row points at"""
    out = np.zeros_like(x, shape=(*x.shape, classes))
    out[(*_positions(labels.shape), labels)] = x
    return out


@placed.derivative("1", how="G picked at the labels")
def _(g, out, x, labels, *, classes):
    return picked(g, labels)


placed.no_derivative()


@functools.lru_cache(maxsize=16)
def _positions(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Index arrays that run over all places of this shape."""
    return tuple(np.ogrid[tuple(map(slice, shape))]) if shape else ()

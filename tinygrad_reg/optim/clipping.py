"""Gradient clipping (row O9 of the lectures): keep a gradient from being larger than the step can bear.

Call it between backward() and step(). It changes `.grad`; an array that the user assigned or read there is replaced,
not written into.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..modes import modes, quiet
from ..norms import norms
from ..tensor import Tensor
from .parameters import leaves


@answered
def clip_by_value(params: Tensor | Iterable[Tensor], limit: float) -> None:
    """g ← min(max(g, −limit), limit), each element by itself, which may turn the gradient's direction.

    An infinite element becomes ±limit, NaN stays NaN.

    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> w.grad = [0.9, 100.0]
    >>> clip_by_value([w], 1.0)
    >>> w.grad
    array([0.9, 1. ])
    """
    limit = checks.limit("limit", limit)
    params = leaves(params, "clip_by_value")
    if modes.capture is not None:
        modes.capture.clip(clip_by_value, params, limit)
        return
    for p in params:
        if p._grad is not None:
            p._grad = np.clip(p._grad, -limit, limit, out=_own(p))


@answered
def clip_by_norm(params: Tensor | Iterable[Tensor], r: float) -> list[float]:
    """g ← g · r/‖g‖ for each parameter's gradient of a norm above r; returns the norms before (0 without a gradient).

    A gradient with NaN or infinite elements has no direction to keep: it stays as it is, and its norm tells.

    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> w.grad = [0.9, 100.0]
    >>> norms = clip_by_norm([w], 1.0)
    >>> w.grad
    array([0.00899964, 0.9999595 ])
    """
    r = checks.limit("r", r)
    params = leaves(params, "clip_by_norm")
    if modes.capture is not None:
        return modes.capture.clip(clip_by_norm, params, r)  # type: ignore[no-any-return]
    before = []
    for p, norm in _norms(params):
        before.append(norm)
        if r < norm < math.inf:
            _scale(p, r / norm)
    return before


@answered
def clip_by_global_norm(params: Tensor | Iterable[Tensor], r: float) -> float:
    """All g ← g · r/‖all g‖ where the norm of all gradients together is above r; returns that norm before.

    With a NaN or infinite element anywhere, all gradients stay as they are, and the norm returned is NaN or infinite:
    leave out the step then. r=math.inf clips nothing, and just measures.

    >>> v, w = Tensor([0.0, 0.0], requires_grad=True), Tensor([0.0], requires_grad=True)
    >>> v.grad, w.grad = [3.0, 0.0], [4.0]
    >>> clip_by_global_norm([v, w], 1.0), v.grad, w.grad
    (5.0, array([0.6, 0. ]), array([0.8]))
    """
    r = checks.limit("r", r)
    params = leaves(params, "clip_by_global_norm")
    if modes.capture is not None:
        return modes.capture.clip(clip_by_global_norm, params, r)  # type: ignore[no-any-return]
    norm = math.hypot(*(norm for _, norm in _norms(params)))
    if r < norm < math.inf:
        for p in params:
            if p._grad is not None:
                _scale(p, r / norm)
    return norm


def _norms(params: list[Tensor]) -> Iterator[tuple[Tensor, float]]:
    with quiet():
        for p in params:
            yield p, 0.0 if p._grad is None else _norm(np.ravel(p._grad))


def _norm(g: Any) -> float:
    if g.dtype.itemsize < 4:
        g = g.astype(np.float32)
    norm = math.sqrt(np.dot(g, g))  # takes a fifth of the time of norms
    return norm if 1e-15 < norm < math.inf else norms(g).item()


def _scale(p: Tensor, factor: float) -> None:
    with quiet():
        p._grad = np.multiply(p._grad, factor, out=_own(p))


def _own(p: Tensor) -> np.ndarray | None:
    """The array that p's gradient may be written into: its place in an optimizer's buffer, if it lies there."""
    return p._grad if p._grad is p._home else None

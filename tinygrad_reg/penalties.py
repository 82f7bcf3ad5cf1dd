"""Penalties: what large weights cost. Each is a callable, weights -> one number, built from ops: a node of the graph.

    loss = tg.losses.mse(model(x), y) + tg.penalties.l2(0.01)(w)

A layer takes one as kernel_regularizer= or bias_regularizer=; biases are penalised only when asked. The lectures scale
penalties in several ways (λ the strength, N the number of samples in the training set):

| written | is | printed in |
|---|---|---|
| l2(λ) | λ Σ w² | 001, 002, 003; Keras |
| l2(λ, half=True) | λ/2 Σ w² | 004; acts as PyTorch's weight_decay |
| l2(λ, samples=N) | λ/(2N) Σ w² | 000 |
| l1(λ) | λ Σ abs(w) | 001, 002, 004; Keras |
| l1(λ, samples=N) | λ/N Σ abs(w) | 000 |
| l1_l2(a, b) | the sum of the two | 000, 004 |

The derivative of abs(w) is sgn(w) with sgn(0) = 0 (000 prints 1 there): a weight at 0 is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import source
from .answers import checks
from .answers.calls import answered
from .answers.naming import made, missing, resolve
from .arrays import as_array
from .modes import quiet
from .ops.reductions import sum_of_squares
from .tensor import Tensor


@dataclass(frozen=True, repr=False)
class Penalty:
    """absolute · Σ|w| + square · Σw²; a factor of 0 leaves its term out of the graph."""

    absolute: float
    square: float
    text: str

    def __call__(self, w: Any) -> Tensor:
        """What the weights `w` cost, a Tensor of one number."""
        if not isinstance(w, Tensor):
            w = Tensor(w)
        cost: Any = 0.0 * np.sum(w) if self.absolute == self.square == 0 else None
        if self.absolute:
            cost = self.absolute * np.sum(np.abs(w))
        if self.square:
            squares = self.square * sum_of_squares(w)
            cost = squares if cost is None else cost + squares
        named: Tensor = source.result(cost)
        return named

    def __repr__(self) -> str:
        return self.text


@answered
def l1(strength: float = 0.01, *, samples: int | None = None) -> Penalty:
    """λ Σ|w|; with samples=N, λ/N Σ|w|. Drives weights to 0 by steps of equal size.

    >>> l1(0.1)([3.0, -4.0]).item()
    0.7000000000000001
    """
    return Penalty(_absolute("strength", strength, samples), 0.0, f"l1({strength:g}{_said(samples=samples)})")


@answered
def l2(strength: float = 0.01, *, half: bool | None = None, samples: int | None = None) -> Penalty:
    """λ Σw²; with half=True λ/2 Σw²; with samples=N λ/(2N) Σw² (and λ/N Σw² with half=False as well).

    >>> l2(0.1)([3.0, -4.0]).item(), l2(0.1, half=True)([3.0, -4.0]).item(), l2(0.1, samples=5)([3.0, -4.0]).item()
    (2.5, 1.25, 0.25)
    """
    square = _square("strength", strength, half, samples)
    return Penalty(0.0, square, f"l2({strength:g}{_said(half=half, samples=samples)})")


@answered
def l1_l2(l1: float = 0.01, l2: float = 0.01, *, half: bool | None = None, samples: int | None = None) -> Penalty:
    """Both at once: l1 Σ|w| + l2 Σw², with `half` and `samples` as in the functions l1 and l2.

    >>> l1_l2(0.1, 0.1)([3.0, -4.0]).item()
    3.2
    """
    absolute, square = _absolute("l1", l1, samples), _square("l2", l2, half, samples)
    return Penalty(absolute, square, f"l1_l2({l1:g}, {l2:g}{_said(half=half, samples=samples)})")


@answered
def gaussian_prior(variance: float) -> Penalty:
    """−log of the prior w ~ N(0, variance · 1), up to a constant: Σw² / (2 · variance).

    So a variance of 1/(2λ) is l2(λ): the most probable weights are those of the least penalised loss.

    >>> gaussian_prior(0.5)
    gaussian_prior(0.5)
    """
    return Penalty(0.0, 1 / (2 * checks.positive("variance", variance)), f"gaussian_prior({variance:g})")


@answered
def laplace_prior(scale: float) -> Penalty:
    """−log of the prior in which each weight is Laplace distributed with `scale` b, up to a constant: Σ|w| / b.

    So it is l1(1/b).
    """
    return Penalty(1 / checks.positive("scale", scale), 0.0, f"laplace_prior({scale:g})")


@answered
def prox_l1(w: Any, amount: float) -> Any:
    """The proximal operator of L1: w − min(amount, |w|) · sign(w), element by element.

    After a gradient step it moves every weight towards 0 by `amount`, and never across: a weight that gets there is
    exactly 0. (The step −λ · sign(w) of the plain subgradient jumps over 0, and never rests.)

    >>> prox_l1(np.array([0.5, -0.05, 0.0]), 0.1)
    array([0.4, 0. , 0. ])
    """
    amount = checks.number("amount", amount, 0)
    w = w if isinstance(w, Tensor) else as_array(w)
    with quiet():
        return w - np.minimum(amount, np.abs(w)) * np.sign(w)


PENALTIES: dict[str, Callable[..., Penalty]] = {"l1": l1, "l2": l2, "l1_l2": l1_l2}


def get(penalty: str | Callable[..., Any] | None) -> Callable[[Any], Tensor] | None:
    """The penalty of this name (or l2 for l2()) with its default strength, 0.01; a callable, or None, as it is.

    >>> get("l1_l2")
    l1_l2(0.01, 0.01)
    """
    if penalty is None:
        return None
    others = "an object such as tg.penalties.l2(0.01), or a callable weights -> Tensor"
    found: Callable[..., Any] = made(resolve(penalty, PENALTIES, "penalty", others), PENALTIES)
    return found


def _absolute(name: str, strength: Any, samples: Any) -> float:
    """The factor of Σ|w|."""
    count = 1.0 if samples is None else checks.positive("samples (of the training set)", samples)
    return checks.number(name, strength, 0) / count


def _square(name: str, strength: Any, half: bool | None, samples: Any) -> float:
    """The factor of Σw²; with `samples` it is halved unless half=False."""
    if half is not None:
        checks.switch("half", half)
    return _absolute(name, strength, samples) / (2 if half or (half is None and samples is not None) else 1)


def _said(**options: Any) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items() if value is not None)


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

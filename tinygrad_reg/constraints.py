"""Constraints: where weights are put back after each step of the optimizer.

A constraint is a callable (weights, lr=None) -> weights, a plain function of the values; the model applies its layers'
constraints with model.project(). Those that speak of a unit mean its incoming weights: a column of a dense kernel
(in, out), one kernel of a convolution (out, in, kernel height, kernel width), the whole of a vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import penalties
from .answers import checks
from .answers.calls import Called
from .answers.naming import missing
from .arrays import as_array
from .modes import quiet
from .norms import norms
from .tensor import Tensor

# The classes are named as what they are called like, kernel_constraint=max_norm(1.0), and as they print.


@dataclass(frozen=True)
class max_norm(Called):
    """w_j ← w_j · r / ‖w_j‖ where ‖w_j‖ > r, for the incoming weights w_j of each unit j; others stay as they are.

    >>> max_norm(1.0)(np.array([[3.0, 0.6], [4.0, 0.8]]))
    array([[0.6, 0.6],
           [0.8, 0.8]])
    """

    r: float = 2.0

    def __post_init__(self) -> None:
        checks.positive("r", self.r)

    def __call__(self, weights: np.ndarray, lr: float | None = None) -> np.ndarray:
        """The weights with no unit's norm above r."""
        weights = _numbers(weights)
        with quiet():
            r = float(self.r)  # NumPy's float64 would turn float32 weights into float64
            factors = r / np.maximum(_norms(weights), r)  # up to r the factor is 1 exactly
            shrunk: np.ndarray = weights * factors
        return shrunk


@dataclass(frozen=True)
class unit_norm(Called):
    """w_j ← w_j / ‖w_j‖ for the incoming weights w_j of each unit j; weights that are all 0 stay 0.

    >>> unit_norm()(np.array([[3.0, 0.0], [4.0, 0.0]]))
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """

    def __call__(self, weights: np.ndarray, lr: float | None = None) -> np.ndarray:
        """The weights with every unit's norm 1."""
        weights = _numbers(weights)
        sizes = _norms(weights)
        with quiet():
            scaled: np.ndarray = weights / np.where(sizes == 0, np.ones_like(sizes), sizes)
        return scaled


@dataclass(frozen=True)
class non_negative(Called):
    """w ← max(w, 0).

    >>> non_negative()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, weights: np.ndarray, lr: float | None = None) -> np.ndarray:
        """The weights with 0 in place of negative ones."""
        clipped: np.ndarray = np.maximum(_numbers(weights), 0)
        return clipped


@dataclass(frozen=True)
class prox_l1(Called):
    """w ← w − min(amount, |w|) · sign(w): lecture 001's proximal step after each gradient step, giving exact zeros.

    With scale_by_lr=True the amount is multiplied by the learning rate, so that training ends at the minimum of the
    loss plus amount · Σ|w|; the lecture subtracts the amount itself.

    >>> prox_l1(0.1)(np.array([0.5, -0.05]))
    array([0.4, 0. ])
    """

    amount: float
    scale_by_lr: bool = False

    def __post_init__(self) -> None:
        checks.number("amount", self.amount, 0)
        checks.switch("scale_by_lr", self.scale_by_lr)

    def __call__(self, weights: np.ndarray, lr: float | None = None) -> np.ndarray:
        """The weights, each moved towards 0 by the amount, but not beyond."""
        amount = self.amount
        if self.scale_by_lr:
            if lr is None:
                raise ValueError(f"{self!r} needs the learning rate: write model.project(lr=optimizer.lr)")
            amount *= float(lr)  # as in max_norm
        result: np.ndarray = penalties.prox_l1(weights, amount)
        return result


def _numbers(weights: Any) -> Any:
    """The weights, which may be a list."""
    return weights if isinstance(weights, Tensor) else as_array(weights)


def _norms(weights: np.ndarray) -> np.ndarray:
    """‖w_j‖ of each unit's incoming weights, shaped to divide the weights by."""
    return norms(weights, axis=tuple(range(1, weights.ndim)) if weights.ndim > 2 else (0,)[: weights.ndim])


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

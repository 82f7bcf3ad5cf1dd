"""What losses look for in the numbers they are given: functions that raise where they make no sense.

A program runs them at each call. A check is called by `modes.check(test, *arrays, loss=...)`, positional what it looks
at, by name what its message says.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .source import users_level

TOLERANCE = 1e-3  # how far probabilities may be from the sum 1: float16 and printed numbers must pass


def are_labels(y: Any, classes: int, *, loss: str) -> None:
    """Whole numbers from 0 to classes − 1."""
    # One comparison finds both kinds of stray: seen as unsigned, a negative label is a huge one.
    if y.size and np.maximum.reduce(y.astype(np.intp, copy=False).view(np.uintp), axis=None) >= classes:
        raise ValueError(
            f"{loss} has {classes} classes, so labels go from 0 to {classes - 1}; these go from {y.min()} to {y.max()}"
        )


def are_distributions(y: Any, *, loss: str) -> None:
    """Rows that are not negative and sum to 1."""
    sums = np.add.reduce(y, axis=-1)
    if (np.abs(sums - 1) > TOLERANCE).any() or (y < 0).any():
        raise ValueError(
            f"one-hot labels of {loss} must be ≥ 0 and sum to 1 in each row, these sum to "
            f"{sums.min():.4g} … {sums.max():.4g}; for several classes a sample, or one probability a sample, use "
            "binary_crossentropy or sigmoid_crossentropy"
        )


def are_signs(y: Any) -> None:
    """Numbers −1 and +1."""
    if np.count_nonzero(np.abs(y) != 1):
        raise ValueError("the targets of hinge must be −1 and +1; for labels of 0 and 1 give it 2 * target − 1")


def lie_in_0_1(x: Any, *, what: str, loss: str, advice: str) -> None:
    """Numbers from 0 to 1. A NaN passes: that the training diverged is for others to say."""
    if x.size:
        low, high = np.minimum.reduce(x, axis=None), np.maximum.reduce(x, axis=None)
        if low < 0 or high > 1:
            raise ValueError(f"the {what} of {loss} must lie in [0, 1], but is {low:.4g} to {high:.4g}; {advice}")


def sum_to_1(p: Any) -> None:
    """Rows of probabilities: a warning for those that do not sum to 1, to the user's line."""
    away = np.abs(np.add.reduce(p, axis=-1) - 1)
    if (away > TOLERANCE).any():
        worst = np.add.reduce(p, axis=-1).flat[np.argmax(away)]
        warnings.warn(
            f"categorical_crossentropy was given probabilities that do not sum to 1 (a row sums to {worst:.4g}); "
            "they are used as they are",
            stacklevel=users_level(),
        )


def are_weights(w: Any) -> None:
    """Numbers from 0 on."""
    if not (w >= 0).all():
        raise ValueError("weights must be numbers ≥ 0")

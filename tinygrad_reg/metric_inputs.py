"""What metrics are given: as numbers or labels of one shape; anything else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from .answers import checks
from .arrays import plain_array
from .loss_inputs import reshaped
from .tensor import values


def as_numbers(x: Any) -> np.ndarray:
    """A prediction or a target as an array of real numbers."""
    array = plain_array(values(x))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"predictions and targets must be real numbers, not {array.dtype}")
    return array


_EMPTY = "there is nothing to compare: prediction and target are empty"


def _unlike(a: np.ndarray, y: np.ndarray) -> str:
    said = f"a metric compares like with like: the prediction is of shape {a.shape}, the target {y.shape}"
    return said + (f"; write {reshaped(a.shape)}" if a.size == y.size else "")


def pair(prediction: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays of one shape."""
    a, y = as_numbers(prediction), as_numbers(target)
    if a.shape != y.shape:
        raise ValueError(_unlike(a, y))
    if not y.size:
        raise ValueError(_EMPTY)
    return np.asarray(a, np.float64), np.asarray(y, np.float64)


def class_1(target: np.ndarray, metric: str, soft: bool) -> np.ndarray:
    """Which targets are of class 1: marks of 0 and 1, or −1 and 1; soft ones between 0 and 1 where they are taken."""
    low, high = target.min(), target.max()
    if np.isin(target, (0, 1)).all() or np.isin(target, (-1, 1)).all() or (soft and low >= 0 and high <= 1):
        result: np.ndarray = target > 0.5
        return result
    marks = "0 and 1 (or between them, as probabilities), or −1 and 1" if soft else "0 and 1, or −1 and 1"
    raise ValueError(
        f"the targets of {metric} must be {marks}, but go from {low:.4g} to {high:.4g}"
        + ("" if soft or low < 0 or not high <= 1 else ": make labels of them, such as y > 0.5")
    )


def above(scores: np.ndarray, threshold: float | None) -> np.ndarray:
    """Which scores count as class 1."""
    if threshold is None:
        threshold = 0.5
        if (scores < 0).any() or (scores > 1).any():
            raise ValueError(
                f"scores from {scores.min():.4g} to {scores.max():.4g} are no probabilities: "
                "for logits write threshold=0 (their sigmoid is 0.5 there)"
            )
    result: np.ndarray = scores > checks.number("threshold", threshold)
    return result


def as_labels(prediction: Any, target: Any, threshold: float | None) -> tuple[np.ndarray, np.ndarray, int]:
    """Predicted and true labels in one shape, and the number of classes, by the rules at the top of metrics.py.

    A prediction with NaN is of no class, and so never right: its label is −1.
    """
    a, y = as_numbers(prediction), as_numbers(target)
    if a.dtype.kind == "f" and a.ndim >= 2 and a.shape[-1] > 1:
        count = a.shape[-1]
        if y.shape == a.shape:
            if not ((y == 0) | (y == 1)).all() or not (y.sum(-1) == 1).all():
                raise ValueError(
                    "targets in the shape of the scores are one-hot rows, and these are not; "
                    "for several classes a sample use binary_accuracy, or one column at a time"
                )
            y = y.argmax(-1)
        predicted = a.argmax(-1)
    else:
        if _whole(y, "target").max(initial=0) > 1 and a.dtype.kind == "f":
            raise ValueError(
                f"one score a sample tells two classes apart, but the labels go from {y.min():g} to {y.max():g}: for "
                f"several classes the model needs an output for each; {_NO_CLASSES}"
            )
        predicted = above(a, threshold).astype(np.intp) if a.dtype.kind == "f" else a
        count = 2
    if predicted.shape != y.shape:
        raise ValueError(_unlike(a, as_numbers(target)))
    if not y.size:
        raise ValueError(_EMPTY)
    true, predicted = _whole(y, "target"), _whole(predicted, "prediction")
    if a.dtype.kind == "f":
        nothing = np.isnan(a)
        predicted = np.where(nothing if nothing.shape == true.shape else nothing.any(-1), -1, predicted)
    if a.dtype.kind != "f":
        count = max(2, int(max(predicted.max(), true.max())) + 1)
    elif true.max() >= count:
        raise ValueError(f"labels must go from 0 to {count - 1}, by the scores of {count} classes, not to {true.max()}")
    return predicted, true, count


_NO_CLASSES = "for numbers that are no classes use mae, mse or r2"


def _whole(labels: np.ndarray, what: str) -> np.ndarray:
    whole = labels.astype(np.intp, copy=False)
    if labels.size and ((whole != labels).any() or whole.min() < 0):
        raise ValueError(
            f"the labels in a {what} must be whole numbers ≥ 0, but go from {labels.min():.4g} to {labels.max():.4g}; "
            + _NO_CLASSES
        )
    return whole

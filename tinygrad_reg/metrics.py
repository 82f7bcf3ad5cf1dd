"""Metrics: how good a prediction is, in numbers that people read. Plain functions of values; nothing is differentiated.

Every metric is called as metric(prediction, target) with arrays or Tensors. What a prediction means follows from its
form, never from its values:

- integers (or bools) are class labels, in the shape of the target;
- floats with several numbers on the last axis are scores of the classes, one row a sample: the highest one counts
  (the first of equal ones), whether they are probabilities or logits;
- floats with one number a sample, (N,) or (N, 1), are scores of the second of two classes: they count as class 1
  above `threshold`, 0.5 by default, which is right for probabilities. Logits need threshold=0, and scores outside
  [0, 1] are refused without it.

Targets are labels (N,), or (N, 1) with one score a sample, or one-hot rows (N, C). A prediction that is NaN, as
those of a model that has diverged, is of no class: it is never right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .answers import checks
from .answers.calls import answered
from .answers.naming import missing, resolve
from .metric_inputs import above, as_labels, as_numbers, class_1, pair
from .modes import quiet

Metric = Callable[..., Any]
_MOST_CLASSES = 2**15  # of a confusion matrix: 8 GB

# ---- classification


@answered
def accuracy(prediction: Any, target: Any, *, threshold: float | None = None) -> float:
    """The share of samples whose class was predicted.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    predicted, true, _ = as_labels(prediction, target, threshold)
    return float(np.mean(predicted == true))


@answered
def binary_accuracy(prediction: Any, target: Any, *, threshold: float | None = None) -> float:
    """The share of elements on the right side of the threshold: for several yes-or-no outputs a sample.

    Targets are 0 and 1, or −1 and 1 as in hinge. Soft ones between 0 and 1, as the cross-entropies take, count as what
    they say is more probable: class 1 above 0.5.

    >>> round(binary_accuracy([[0.8, 0.3, 0.9], [0.7, 0.2, 0.1]], [[1, 0, 1], [1, 1, 0]]), 3)
    0.833
    """
    scores, true = pair(prediction, target)
    positive = class_1(true, "binary_accuracy", soft=True)
    return float(np.mean((above(scores, threshold) == positive) & ~np.isnan(scores)))


@answered
def top_k(prediction: Any, target: Any, *, k: int = 5) -> float:
    """The share of samples whose class is among the k with the highest scores (of equal scores the first counts more).

    >>> top_k([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2], k=2)
    0.5
    """
    scores = as_numbers(prediction)
    if scores.ndim < 2 or checks.whole("k", k) > scores.shape[-1]:
        raise ValueError(f"top_k needs scores (N, C) and k from 1 to C, not scores {scores.shape} and k={k!r}")
    _, true, _ = as_labels(scores, target, None)
    own = np.take_along_axis(scores, true[..., None], -1)
    first = np.arange(scores.shape[-1]) < true[..., None]
    before = np.count_nonzero((scores > own) | ((scores == own) & first), axis=-1)
    return float(np.mean((before < k) & ~np.isnan(own[..., 0])))


@answered
def confusion_matrix(
    prediction: Any, target: Any, *, classes: int | None = None, threshold: float | None = None
) -> np.ndarray:
    """How often class i (row) was predicted to be class j (column). NaN is no class, and refused.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]))
    array([[1, 1],
           [0, 1]])
    """
    predicted, true, found = as_labels(prediction, target, threshold)
    if (predicted < 0).any():
        raise ValueError(
            f"{np.count_nonzero(predicted < 0)} of {predicted.size} predictions are NaN, which is no class: the table "
            "has no place for them"
        )
    count = found if classes is None else checks.whole("classes", classes)
    largest = max(predicted.max(), true.max())
    if largest >= count:
        raise ValueError(f"classes must be above the largest label, {largest}, not {classes}")
    return _table(predicted, true, count)


@answered
def precision(prediction: Any, target: Any, *, threshold: float | None = None, average: str | None = None) -> Any:
    """Of those predicted to be in a class, the share that is: TP / (TP + FP), and 0 where none is predicted.

    With two classes it is class 1's; with more, the mean over the classes. average="macro", "micro" or "none" asks for
    the mean over classes, the share over all decisions, or an array with one number a class. A mean is over the classes
    that occur, in the targets or the predictions (as scikit-learn's): one that does not was neither missed nor found.

    >>> precision(np.array([0.9, 0.8, 0.6, 0.2]), np.array([1, 0, 1, 1]), threshold=0.7)
    0.5
    """
    return _score(prediction, target, threshold, average, lambda tp, said, true: _ratio(tp, said))


@answered
def recall(prediction: Any, target: Any, *, threshold: float | None = None, average: str | None = None) -> Any:
    """Of those in a class, the share that was found: TP / (TP + FN), and 0 where there are none; else as precision."""
    return _score(prediction, target, threshold, average, lambda tp, said, true: _ratio(tp, true))


@answered
def f1(prediction: Any, target: Any, *, threshold: float | None = None, average: str | None = None) -> Any:
    """The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); else as precision."""
    return _score(prediction, target, threshold, average, lambda tp, said, true: _ratio(2 * tp, said + true))


@answered
def roc_auc(prediction: Any, target: Any) -> float:
    """The probability that a sample of class 1 scores higher than one of class 0; equal scores count half.

    Targets are 0 and 1, or −1 and 1.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    scores, true = (x.ravel() for x in pair(prediction, target))
    positive = class_1(true, "roc_auc", soft=False)
    many, few = int(positive.sum()), int((~positive).sum())
    if not many or not few:
        raise ValueError("roc_auc compares two classes, but the target holds only one of them")
    if np.isnan(scores).any():
        raise ValueError("roc_auc ranks the scores, and some of them are NaN")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # equal scores share the mean of their ranks
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * few))


# ---- regression


@answered
def mse(prediction: Any, target: Any) -> float:
    """Mean squared error, mean((a − y)²)."""
    a, y = pair(prediction, target)
    with quiet():
        return float(np.mean((a - y) ** 2))


@answered
def mae(prediction: Any, target: Any) -> float:
    """Mean absolute error, mean(|a − y|)."""
    a, y = pair(prediction, target)
    with quiet():
        return float(np.mean(np.abs(a - y)))


@answered
def r2(prediction: Any, target: Any) -> float:
    """The share of the target's variance that is explained, 1 − Σ(y − a)² / Σ(y − ȳ)², averaged over the outputs.

    Predicting the mean gives 0. A constant output counts 1 where it is predicted exactly, else 0.
    """
    a, y = pair(prediction, target)
    if y.ndim == 0 or len(y) < 2:
        raise ValueError("r2 compares with the target's variance, which needs two samples or more")
    with quiet():
        left = np.sum((y - a) ** 2, axis=0)
        total = np.sum((y - y.mean(axis=0)) ** 2, axis=0)
        constant = (y == y[0]).all(axis=0) | (total == 0)  # the mean of equal numbers is not always one of them
        explained = 1 - left / np.where(constant, 1, total)
    return float(np.mean(np.where(constant, left == 0, explained)))


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (accuracy, binary_accuracy, top_k, precision, recall, f1, confusion_matrix, roc_auc, mse, mae, r2)
}
_OF_LOGITS = ("accuracy", "binary_accuracy", "precision", "recall", "f1", "confusion_matrix")


def get(metric: str | Metric, loss: str | None = None) -> Metric:
    """The metric of this name; a callable (prediction, target) -> number is returned as it is.

    With the name of the loss that the model is trained by, thresholds fit it: sigmoid_crossentropy and hinge take
    logits or scores, so class 1 begins at 0; and under the losses of yes-or-no outputs accuracy is binary_accuracy.

    >>> get("accuracy", loss="sigmoid_crossentropy")([-3.0, 2.0], [0, 1])
    1.0
    """
    if loss in ("binary_crossentropy", "sigmoid_crossentropy", "hinge") and metric == "accuracy":
        metric = "binary_accuracy"
    found: Metric = resolve(metric, METRICS, "metric", "a callable (prediction, target) -> number")
    if loss in ("sigmoid_crossentropy", "hinge") and metric in _OF_LOGITS:
        return functools.wraps(found)(functools.partial(found, threshold=0.0))
    return found


# ---- from a table of what was predicted


def _table(predicted: np.ndarray, true: np.ndarray, count: int) -> np.ndarray:
    if count > _MOST_CLASSES:
        raise ValueError(
            f"a table of {count:,} classes, each with each, is too large: number those that there are, with "
            "np.unique(labels, return_inverse=True)"
        )
    return np.bincount(true.ravel() * count + predicted.ravel(), minlength=count * count).reshape(count, count)


def _ratio(part: Any, whole: Any) -> Any:
    return part / np.maximum(whole, 1)


def _score(
    prediction: Any, target: Any, threshold: float | None, average: str | None, score: Callable[..., Any]
) -> Any:
    if average is not None:
        checks.one_of("average", average, ("macro", "micro", "none"))
    predicted, labels, count = as_labels(prediction, target, threshold)
    some = predicted >= 0  # NaN says no class, and so misses the true one
    table, true = _table(predicted[some], labels[some], count), np.bincount(labels.ravel(), minlength=count)
    hits, said = np.diag(table), table.sum(axis=0)
    if average == "micro":
        return float(score(hits.sum(), said.sum(), true.sum()))
    by_class = score(hits, said, true)
    if average == "none":
        return by_class
    return float(by_class[1] if average is None and count == 2 else by_class[said + true > 0].mean())


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = functools.partial(missing, __name__)

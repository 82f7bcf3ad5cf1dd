"""Labels as vectors: one-hot for one class a sample, multi-hot for any number of classes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..modes import default_dtype
from .arrays import complete


@answered
def one_hot(labels: Any, classes: int | None = None, *, dtype: Any = None) -> np.ndarray:
    """A row for each label, 1 at the label and 0 elsewhere; `classes` is the highest label + 1 unless given.

    >>> one_hot([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    array = complete(labels)
    checks.labels("labels", array)
    if classes is None:
        if not array.size:
            raise ValueError("there are no labels to count the classes by; give classes=")
        classes = max(int(array.max()) + 1, 1)
    checks.whole("classes", classes)
    rows = _rows(array.shape, classes, dtype)
    np.put_along_axis(rows, _checked(array, classes)[..., None], 1, axis=-1)
    return rows


@answered
def multi_hot(labels: Iterable[Any], classes: int, *, dtype: Any = None) -> np.ndarray:
    """A row for each sample, 1 at every one of its labels (words of a text, tags of a picture); repeats count once.

    >>> multi_hot([[0, 2], [], [1, 1]], classes=3)
    array([[1., 0., 1.],
           [0., 0., 0.],
           [0., 1., 0.]])
    """
    checks.whole("classes", classes)
    labels = list(labels) if isinstance(labels, Iterable) else [labels]
    if any(isinstance(sample, str) or not isinstance(sample, Iterable) for sample in labels):
        raise TypeError("multi_hot takes a list of labels for each sample; for one label each there is one_hot(labels)")
    samples = [complete(sample) if sample else np.zeros(0, np.intp) for sample in map(list, labels)]
    rows = _rows((len(samples),), classes, dtype)
    for row, sample in zip(rows, samples, strict=True):
        if sample.dtype.kind not in "iu":
            raise TypeError(f"the labels of a sample must be whole numbers, not {sample.dtype}")
        row[_checked(sample, classes)] = 1
    return rows


def _rows(shape: tuple[int, ...], classes: int, dtype: Any) -> np.ndarray:
    kind = np.dtype(default_dtype() if dtype is None else dtype)
    try:
        return np.zeros((*shape, classes), kind)
    except (ValueError, OverflowError, MemoryError):
        raise ValueError(
            f"{classes:,} classes are too many: no memory holds {math.prod(shape):,} rows of so many numbers. Are "
            "these labels? Number those there are: names, labels = np.unique(labels, return_inverse=True)"
        ) from None


def _checked(labels: np.ndarray, classes: int) -> np.ndarray:
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"{classes} classes have labels 0 to {classes - 1}, not {labels.min()} to {labels.max()}")
    return labels.astype(np.intp, copy=False)

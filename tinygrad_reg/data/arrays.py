"""What is given as data, as plain arrays: of one length, a value in every place, labels of one kind; or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def same_length(arrays: Sequence[Any]) -> list[np.ndarray]:
    """The arrays, if they hold the same number of samples, and at least one sample."""
    found = [complete(array) for array in arrays]
    lengths = [array.shape[0] if array.ndim else None for array in found]
    if None in lengths:
        raise ValueError("a single number is no data set: samples lie along the first axis")
    if len(set(lengths)) > 1:
        raise ValueError(f"x and y must hold as many samples as each other, not {' and '.join(map(str, lengths))}")
    if not lengths[0]:
        raise ValueError("the data set is empty")
    return found


def complete(x: Any) -> np.ndarray:
    """x as a plain array, if there is a value wherever it has a place for one."""
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise ValueError(
                f"{np.sum(np.ma.getmaskarray(x))} values of a masked array are masked, and would be taken as they are: "
                "leave these samples out, or fill the values in (x.filled(...))"
            )
        return np.asarray(x.data)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"the samples are not all of one shape, so they make no array ({error})") from None
    if array.dtype == object and not array.ndim:
        raise TypeError(f"samples must lie in an array or a list, not in {type(x).__name__} objects")
    return array


def as_labels(name: str, y: Any, samples: int) -> np.ndarray:
    """A label a sample, of one kind, so that they can be put in order."""
    labels = complete(y)
    if labels.shape != (samples,):
        one_hot = labels.ndim == 2 and labels.shape[1] > 1
        advice = "from one-hot labels take y.argmax(axis=1)" if one_hot else "from a column take y.reshape(-1)"
        raise ValueError(
            f"{name} must hold one label a sample, shape ({samples},), not {labels.shape}"
            + f"; {advice}" * (labels.ndim == 2)
        )
    try:
        np.unique(labels)
    except TypeError:  # None beside words
        kinds = sorted({type(label).__name__ for label in labels})
        raise TypeError(f"{name} must hold labels of one kind, not {' and '.join(kinds)}") from None
    missing = np.flatnonzero(labels != labels)  # NaN, which equals nothing, and so would be a class without members
    if missing.size:
        raise ValueError(
            f"{name} must hold the class of each sample, and has NaN for {missing.size} of {samples}, sample "
            f"{missing[0]} first: leave these samples out"
        )
    return labels


def as_floats(x: Any) -> np.ndarray:
    """x as an array of floats; float32 stays, integers become float64."""
    array = complete(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"features must be numbers, not {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)

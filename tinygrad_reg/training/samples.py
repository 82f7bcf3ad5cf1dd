"""The samples that fit is given, and what is asked of them: as arrays of numbers, of use for training, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import losses
from ..answers import checks
from ..data.arrays import same_length
from ..data.sets import batches
from ..layers.module import Module
from ..layers.normalization import BatchNorm
from ..tensor import values
from .scores import of_the_house, score


def data_set(x: Any, y: Any, what: str = "") -> tuple[np.ndarray, np.ndarray]:
    """x and y as arrays of one length, with numbers only. `what` says in messages which set it is."""
    if y is None:
        raise TypeError("fit needs targets: an autoencoder is trained with its inputs, fit(model, x, x)")
    try:
        x, y = same_length([values(x), values(y)])
    except ValueError as error:
        raise ValueError(f"{what}{error}") from None
    for name, array in (("x", x), ("y", y)):
        if array.dtype.kind not in "fiub":
            text = "text" if array.dtype.kind in "UST" else array.dtype
            number = "; tg.data.one_hot makes columns of a column of words that are numbered" if text == "text" else ""
            if name == "y" and array.dtype.kind in "USTO":
                number = "; number the classes: names, y = np.unique(y, return_inverse=True)"
            raise TypeError(f"{what}{name} must hold numbers, not {text}{number}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = ~np.isfinite(array).reshape(len(array), -1)
            sample = int(np.flatnonzero(bad.any(axis=1))[0])
            place = f"column {int(np.flatnonzero(bad[sample])[0])}" if bad.shape[1] > 1 else "it"
            raise ValueError(
                f"{what}{name} has NaN or infinite values in {int(bad.any(axis=1).sum())} of {len(array)} samples (the "
                f"first in sample {sample}: {place} is {array.reshape(len(array), -1)[sample][bad[sample]][0]}): "
                "leave these samples out, or fill the values in"
            )
    return x, y


def validation(
    data: Any, share: float, x: np.ndarray, y: np.ndarray, changes_shape: bool
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Training x and y, and the pair (x, y) of validation, None where there is none."""
    share = checks.fraction("validation_split", share)
    if data is None and not share:
        return x, y, None
    if data is not None and share:
        raise ValueError("give validation_data= or validation_split=, not both")
    if data is None:
        at = len(x) - round(len(x) * share)
        if not 0 < at < len(x):
            raise ValueError(f"validation_split={share} of {len(x)} samples leaves one of the two parts empty")
        _check_mixture(_classes(y), at)
        return x[:at], y[:at], (x[at:], y[at:])
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError("validation_data must be a pair (x_val, y_val)")
    x_val, y_val = data_set(data[0], data[1], "in validation_data, ")
    for name, train, val in (("x", x, x_val), ("y", y, y_val)):
        if train.shape[1:] != val.shape[1:] and not (name == "x" and changes_shape):
            raise ValueError(
                f"{name} has samples of shape {train.shape[1:]} for training, but {val.shape[1:]} in validation_data"
            )
    return x, y, (x_val, y_val)


def _check_mixture(classes: np.ndarray, at: int) -> None:
    """Whether the last samples, from `at` on, can stand for those before them."""
    known = np.unique(classes)
    if not 1 < len(known) < 100:  # no labels of classes: counts, or numbers
        return
    missing = np.setdiff1d(classes[at:], classes[:at])
    if missing.size or (classes[:-1] <= classes[1:]).all():
        alone = f", and class {missing[0]:g} is among them alone" if missing.size else ""
        raise ValueError(
            f"validation_split takes the last {len(classes) - at} samples{alone}: the set is sorted. Split it at "
            "random: tg.data.split(x, y, (0.8, 0.2), stratify=y)"
        )


def _classes(y: np.ndarray) -> np.ndarray:
    """The class of each sample, where y holds labels: whole numbers, marks of −1, 0, 1, one-hot rows; else none."""
    if y.size == len(y):
        marks = y.dtype.kind in "iub" or np.isin(y, (-1, 0, 1)).all()
        return y.reshape(-1) if marks else y[:0]
    one_hot = y.ndim == 2 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
    return y.argmax(axis=1) if one_hot else y[:0]


def check_targets(
    out: np.ndarray, sets: Mapping[str, Any], loss: losses.Loss, found: Mapping[str, Callable[..., Any]]
) -> None:
    """Whether all targets go with the loss and the metrics of the house, found out on the first prediction.

    What they say of a target depends on the prediction's shape alone, so one sample's prediction stands for all.
    """
    for what, y in sets.items():
        try:
            if loss in losses.LOSSES.values():
                for start in range(0, len(y), 4096):
                    loss(_repeated(out, len(y[start : start + 4096])), y[start : start + 4096])
            for name, metric in found.items():
                if of_the_house(metric):
                    score(name, metric, _repeated(out, len(y)), y)
        except (ValueError, TypeError) as error:
            raise type(error)(f"{what}{error}") from None


def say_what_y_is(error: ValueError, y: np.ndarray) -> None:
    """A loss speaks of the target, which is a batch of what the user calls y."""
    reshaped = re.search(r"write target(\.reshape\([-\d, ]+\))", str(error))
    if reshaped:
        error.args = (f"{error}: y has the shape {y.shape}, so y = y{reshaped[1]} before fit",)


def _repeated(out: np.ndarray, samples: int) -> np.ndarray:
    return np.broadcast_to(out[:1], (samples, *out.shape[1:]))


def check_batch_of_one(model: Module, train: batches) -> None:
    """A batch of one sample has no variance, so batch norm can't train on it."""
    last = train.batch_size if train.drop_last else (train.samples - 1) % train.batch_size + 1
    if last == 1:
        for path, module in model.named_modules():
            if isinstance(module, BatchNorm):
                raise ValueError(
                    f"the last batch would hold one sample, which batch norm (layer {path or 'BatchNorm'}) can't "
                    "normalize: leave it out with drop_last=True, or choose another batch_size"
                )

"""What losses are given: in the right type and shape, with numbers that make sense; anything else is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .answers import checks
from .arrays import as_array, read
from .captured import check
from .modes import default_dtype, quiet
from .source import users_level
from .tensor import Tensor, describe, values

_INTP, _UINTP = np.dtype(np.intp), np.dtype(np.uintp)  # made once: to find them by their types takes as long as to look


def as_prediction(prediction: Any) -> Tensor:
    """A Tensor of floats."""
    tensor = prediction if isinstance(prediction, Tensor) else _one_tensor(prediction)
    return tensor if tensor._data.dtype.kind == "f" else Tensor(tensor.data, name=tensor.name, dtype=default_dtype())


def _one_tensor(prediction: Any) -> Tensor:
    if isinstance(prediction, (tuple, list)) and any(isinstance(part, Tensor) for part in prediction):
        raise TypeError(
            f"a loss takes one prediction, not a {type(prediction).__name__} of {len(prediction)}: write a loss of "
            "your own for them, such as lambda out, y: tg.losses.mse(out[0], y)"
        )
    return Tensor(prediction)


def check_order(prediction: Tensor, target: Any, loss: str) -> None:
    """Labels and probabilities that have changed places are in range, and would be trained on without a word."""
    if isinstance(target, Tensor) and target._requires_grad and not prediction._requires_grad:
        warnings.warn(
            f"{loss} takes the prediction first, and here only the target requires a gradient: "
            "have they changed places?",
            stacklevel=users_level(),
        )


def check_logits(prediction: Tensor, activation: str, loss: str, on_probabilities: str) -> None:
    """Probabilities given to a loss that takes logits: it trains, but badly, and nothing else would tell."""
    primitive = prediction._primitive
    if primitive is not None and primitive.name == activation:
        warnings.warn(
            f"{loss} applies a {activation}, and was given the output of one: leave the model's {activation} out, or "
            f"use {on_probabilities}",
            stacklevel=users_level(),
        )


def as_target(prediction: Tensor, target: Any, loss: str) -> Any:
    """The target of an elementwise loss: in the prediction's shape and dtype."""
    if not isinstance(target, (np.ndarray, Tensor)):
        target = read(target)
    if target.shape != prediction._data.shape:
        raise _mismatch(prediction, target, loss)
    return _in_dtype(target, prediction, loss)


def as_labels(prediction: Tensor, target: Any, loss: str) -> Any:
    """The target of a categorical loss: whole numbers without the axis of classes, or a distribution over them."""
    shape = prediction._data.shape
    if not shape or shape[-1] < 2:
        raise ValueError(
            f"{loss} needs two classes or more on the last axis, but the prediction is {describe(prediction)}; "
            f"for one output a sample use {'binary' if loss.startswith('cat') else 'sigmoid'}_crossentropy"
        )
    if not isinstance(target, (np.ndarray, Tensor)):
        target = read(target)
    if target.shape == shape[:-1]:
        labels = values(target)
        checks.labels("target", labels)
        check(are_labels, labels, shape[-1], loss=loss)
        return labels.astype(_INTP, copy=False)
    if target.shape != shape:
        raise _mismatch(prediction, target, loss)
    target = _in_dtype(target, prediction, loss)
    check(are_distributions, values(target), loss=loss)
    return target


def _in_dtype(target: Any, prediction: Tensor, loss: str) -> Any:
    """The target in the prediction's dtype: float64 or integer targets leave a float32 model in float32."""
    _must_be_numbers(target, loss)  # astype would read them out of words and dates
    dtype = prediction._data.dtype
    if target.dtype == dtype:
        return target
    with quiet():  # a float64 may be too large or too small for float32
        return target.astype(dtype)


def _must_be_numbers(target: Any, loss: str) -> None:
    if target.dtype.kind not in "fiub":
        raise TypeError(f"the target of {loss} must hold real numbers, not {target.dtype}")


def reshaped(shape: tuple[int, ...]) -> str:
    """How a target gets this shape, whose first length may be that of a batch: to be reshaped is the set."""
    return f"target.reshape({', '.join(map(str, (-1, *shape[1:]) if shape else ()))})"


_OF_CLASSES = ("categorical_crossentropy", "softmax_crossentropy")


def _mismatch(prediction: Tensor, target: Any, loss: str) -> ValueError:
    _must_be_numbers(target, loss)  # None has a shape as well
    given, wanted = tuple(target.shape), prediction.shape
    if np.size(target) == prediction.size:
        advice = f"write {reshaped(wanted)}"
    elif given in (wanted[:-1], (*wanted[:-1], 1)):  # labels of the classes that lie along the last axis
        flat = reshaped(wanted[:-1])
        if loss in _OF_CLASSES:
            advice = f"write {flat} if it holds labels"
        else:
            advice = (
                f"labels of {wanted[-1]} classes go with categorical_crossentropy after a softmax, with "
                "softmax_crossentropy without one" + (f" ({flat})" if given != wanted[:-1] else "")
            )
            advice += "; yes or no is one output a sample" if wanted[-1] == 2 else ""
    elif len(given) == len(wanted) == 2 and given[0] == wanted[0]:
        advice = f"the target has {given[1]} numbers a sample, so the model's last layer needs {given[1]} outputs"
        if given[1] < wanted[1] and loss in _OF_CLASSES:
            advice = (
                f"where these samples lack some of {wanted[1]} classes, write tg.data.one_hot(labels, {wanted[1]}); "
                f"for {given[1]} classes the model's last layer needs {given[1]} outputs"
            )
        if given[1] == 2 and wanted[1] == 1:
            advice += "; one-hot labels of two classes go to one output as target[:, 1:]"
    else:
        advice = "compare what the model gives with what the data set holds"
    return ValueError(
        f"{loss} compares like with like: the prediction is {describe(prediction)}, the target {given}; {advice}"
    )


def as_weights(weights: Any, each: Tensor) -> Any:
    """Factors of the losses `each`, in their shape or one that is broadcast to it."""
    w = as_array(weights, each.dtype)
    if w.shape != each.shape:
        if w.shape != each.shape[:1]:
            raise ValueError(
                f"weights must hold one number a sample, shape {each.shape[:1]}, or one a loss, {each.shape}, "
                f"not {w.shape}"
            )
        w = w.reshape(w.shape + (1,) * (each.ndim - 1))
    check(are_weights, w)
    return w


def check_signs(y: Any) -> None:
    """Targets of −1 and +1."""
    check(are_signs, values(y))


def check_range(x: Any, what: str, loss: str, advice: str) -> None:
    """Probabilities, or the like, in [0, 1]."""
    if isinstance(x, Tensor) and x.op in ("sigmoid", "softmax"):
        return  # can't be anywhere else
    check(lie_in_0_1, values(x), what=what, loss=loss, advice=advice)


def check_rows(p: Tensor, loss: str) -> None:
    """Probabilities of classes: in [0, 1], and with sum 1 in each row."""
    if p.op == "softmax" and p._options.get("axis", -1) in (-1, p.ndim - 1):
        return
    check_range(p, "prediction", loss, "softmax_crossentropy takes logits")
    check(sum_to_1, values(p))


# ---- what a program looks at anew in each call: check(test, *arrays, loss=...), positional what a test looks at, by
# name what its message says

TOLERANCE = 1e-3  # how far probabilities may be from the sum 1: float16 and printed numbers must pass


def are_labels(y: Any, classes: int, *, loss: str) -> None:
    """Whole numbers from 0 to classes − 1."""
    # One comparison finds both kinds of stray: seen as unsigned, a negative label is a huge one.
    # (Where the largest stands is found five times as fast as which it is.)
    unsigned = y.astype(_INTP, copy=False).view(_UINTP)
    if y.size and unsigned.item(unsigned.argmax()) >= classes:
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
    """Rows of probabilities: a warning for those that do not sum to 1, to the user's line.

    It names no figure: Python shows a text once a line, and a figure would make another text of each batch.
    """
    if (np.abs(np.add.reduce(p, axis=-1) - 1) > TOLERANCE).any():
        warnings.warn(
            "categorical_crossentropy was given probabilities that do not sum to 1 in each row; they are used as they "
            "are. End the model in a softmax, or give the logits to softmax_crossentropy",
            stacklevel=users_level(),
        )


def are_weights(w: Any) -> None:
    """Numbers from 0 on."""
    if not (w >= 0).all():
        raise ValueError("weights must be numbers ≥ 0")

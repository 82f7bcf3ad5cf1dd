"""Losses: how far a prediction is from its target, as one number to go backward from.

Every loss is called as loss(prediction, target, reduction="mean", weights=None) and returns a Tensor. It is built from
ops, so its gradient is the ops' own. The formulas name the prediction a (an output), p (a probability) or z (a logit,
the number before the sigmoid or softmax) and the target y, as the lectures do.

Shapes must match: nothing is broadcast. A categorical loss has its classes on the last axis, and takes labels as whole
numbers, 0 to C − 1, of the shape without that axis, or one-hot, in the shape of the prediction.

| reduction= | gives |
|---|---|
| "mean" | the mean over all losses of the batch (over all elements, or over all samples in a categorical loss) |
| "sum" | their sum |
| "samples" | summed over a sample's outputs, averaged over the samples: 1/N Σᵢ Σⱼ, as the lectures write it |
| "none" | the losses themselves |

`weights=` are factors of the losses, one a sample or one a loss; the divisor of a mean stays the number of losses.
Logarithms are natural ones (the lectures' numbers are log10: divide by ln 10), floored at −100, and 0 · log 0 = 0.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from . import ops, source
from .answers import checks
from .answers.calls import answered
from .answers.naming import look_up, missing, resolve
from .loss_inputs import (
    as_labels,
    as_prediction,
    as_target,
    as_weights,
    check_logits,
    check_order,
    check_range,
    check_rows,
    check_signs,
)
from .modes import modes
from .ops.crossentropy import floored_log
from .tensor import Tensor

Reduction = Literal["mean", "sum", "samples", "none"]
Loss = Callable[..., Tensor]

LOSSES: dict[str, Loss] = {}
_REDUCTIONS = get_args(Reduction)


def _loss(per_loss: Callable[..., Any]) -> Loss:
    """Make a loss of the function that computes it for each element or sample: adds the reduction and the name."""

    def loss(
        prediction: Any, target: Any, *, reduction: Reduction = "mean", weights: Any = None, **options: Any
    ) -> Tensor:
        if reduction not in _REDUCTIONS:
            checks.one_of("reduction", reduction, _REDUCTIONS)
        here = modes.__dict__
        before = here["place"]
        call = before or source.running(3)  # who called what `answered` made of this
        try:
            here["place"] = source.inside(call)
            prediction = as_prediction(prediction)
            if averages and reduction == "mean" and weights is None and prediction._data.size:
                named: Tensor = per_loss(prediction, target, True, **options)
            else:
                each = per_loss(prediction, target, **options)
                named = _reduced(each if weights is None else each * as_weights(weights, each), reduction)
        finally:
            here["place"] = before
        return source.result(named, call)

    parameters = inspect.signature(per_loss).parameters
    averages = "mean" in parameters  # it can take the mean in the same op
    own = [p for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
    ours = [p for p in inspect.signature(loss).parameters.values() if p.kind is not p.VAR_KEYWORD]
    functools.update_wrapper(loss, per_loss)
    loss.__signature__ = inspect.Signature([*ours, *own], return_annotation="Tensor")  # type: ignore[attr-defined]
    LOSSES[loss.__name__] = found = answered(loss)
    return found


def get(loss: str | Loss) -> Loss:
    """The loss of this name; a callable (prediction, target) -> Tensor is returned as it is.

    >>> get("mse") is mse
    True
    """
    found: Loss = resolve(loss, LOSSES, "loss", "a callable (prediction, target) -> Tensor")
    return found


# ---- regression


@_loss
def mse(prediction: Any, target: Any) -> Any:
    """Mean squared error, mean((a − y)²), over all elements as in Keras and PyTorch.

    >>> mse([[2.1, 2.5], [6.3, 2.7]], [[3, 4], [5, 2]])
    Tensor(1.31)
    """
    return (prediction - as_target(prediction, target, "mse")) ** 2


@_loss
def half_mse(prediction: Any, target: Any) -> Any:
    """Mean squared error as lecture 000 defines it, 1/(2N) Σᵢ ‖yᵢ − aᵢ‖², N the number of samples.

    It equals mse for two outputs, is half of it for one, and 1.5 times it for three. The loss of a sample is
    ½‖yᵢ − aᵢ‖²: that is what reduction="none" gives.
    """
    squares = (prediction - as_target(prediction, target, "half_mse")) ** 2
    outputs = tuple(range(1, squares.ndim))
    return 0.5 * (np.sum(squares, axis=outputs) if outputs else squares)


@_loss
def mae(prediction: Any, target: Any) -> Any:
    """Mean absolute error, mean(|a − y|); its derivative is 0 where a = y."""
    return np.abs(prediction - as_target(prediction, target, "mae"))


@_loss
def huber(prediction: Any, target: Any, *, delta: float = 1.0) -> Any:
    """Squared near the target, absolute far from it: ½d² where |d| ≤ δ, else δ(|d| − ½δ), for d = a − y."""
    checks.limit("delta", delta)
    d = prediction - as_target(prediction, target, "huber")
    near = np.clip(d, -delta, delta)
    return near * (d - 0.5 * near)


# ---- two classes, or several independent ones


@_loss
def hinge(prediction: Any, target: Any) -> Any:
    """max(0, 1 − y·a) of a score a and a target y of −1 or +1: a support vector machine's loss."""
    y = as_target(prediction, target, "hinge")
    check_signs(y)
    return ops.relu(1.0 - y * prediction)


@_loss
def binary_crossentropy(prediction: Any, target: Any) -> Any:
    """−mean(y log p + (1 − y) log(1 − p)) of probabilities p, with y in [0, 1].

    reduction="samples" gives the lecture's multi-label loss, summed over the classes. For training prefer
    sigmoid_crossentropy of the logits: a saturated sigmoid sends back no gradient.

    >>> p, y = np.array([0.8, 0.1, 0.3, 0.8]), np.array([1, 0, 1, 0])
    >>> round(binary_crossentropy(p, y).item() / np.log(10), 4)  # lecture 000's example, to base 10
    np.float64(0.3411)
    """
    check_order(prediction, target, "binary_crossentropy")
    y = as_target(prediction, target, "binary_crossentropy")
    check_range(prediction, "prediction", "binary_crossentropy", "sigmoid_crossentropy takes logits")
    check_range(y, "target", "binary_crossentropy", "labels are 0 or 1")
    return -(y * floored_log(prediction) + (1.0 - y) * floored_log(1.0 - prediction))


@_loss
def sigmoid_crossentropy(prediction: Any, target: Any) -> Any:
    """Binary cross-entropy of logits z, mean(log(1 + e^z) − y·z): its gradient is (σ(z) − y)/n, however large z is."""
    check_order(prediction, target, "sigmoid_crossentropy")
    check_logits(prediction, "sigmoid", "sigmoid_crossentropy", "binary_crossentropy")
    y = as_target(prediction, target, "sigmoid_crossentropy")
    check_range(y, "target", "sigmoid_crossentropy", "labels are 0 or 1")
    return ops.sigmoid_crossentropy(prediction, y)


# ---- one of several classes


@_loss
def categorical_crossentropy(prediction: Any, target: Any) -> Any:
    """−1/N Σᵢ Σⱼ y_ij log p_ij of probabilities p, one row a sample, with integer or one-hot labels y.

    Rows are not renormalised: a row that does not sum to 1 gets a warning. (Lecture 000's example has one; Keras
    divides by the sum.) For training prefer softmax_crossentropy of the logits.

    >>> p = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    >>> print(categorical_crossentropy(p, [0, 2], reduction="none").data)  # −ln 0.7, −ln 0.4
    [0.35667494 0.91629073]
    """
    check_order(prediction, target, "categorical_crossentropy")
    y = as_labels(prediction, target, "categorical_crossentropy")
    check_rows(prediction, "categorical_crossentropy")
    if y.ndim < prediction.ndim:
        return -floored_log(ops.take_along_axis(prediction, y[..., None], axis=-1)[..., 0])
    return -np.sum(y * floored_log(prediction), axis=-1)


@_loss
def softmax_crossentropy(prediction: Any, target: Any, mean: bool = False, /) -> Any:
    """Categorical cross-entropy of logits z, −1/N Σᵢ log softmax(zᵢ)[yᵢ], with integer or one-hot labels y.

    Computed by log-sum-exp, so it is exact for logits of any size; its gradient is (softmax(z) − y)/N.

    >>> z = Tensor([[np.log(7), np.log(2), 0.0]], requires_grad=True)  # softmax(z) = [0.7, 0.2, 0.1]
    >>> softmax_crossentropy(z, [0]).backward()
    >>> print(z.grad.round(6))
    [[-0.3  0.2  0.1]]
    """
    check_order(prediction, target, "softmax_crossentropy")
    check_logits(prediction, "softmax", "softmax_crossentropy", "categorical_crossentropy")
    y = as_labels(prediction, target, "softmax_crossentropy")
    if y.ndim < prediction.ndim:
        return ops.softmax_crossentropy(prediction, y, mean=mean)
    each = -np.sum(y * ops.log_softmax(prediction), axis=-1)
    return _reduced(each, "mean") if mean else each


@answered
def head_for(problem: str) -> tuple[Callable[..., Tensor] | None, Loss]:
    """The last layer's activation and the loss for a kind of problem, by the table of lecture 000.

    | problem | means | last activation | loss |
    |---|---|---|---|
    | "binary" | one of two classes | sigmoid | binary_crossentropy |
    | "multiclass" | one of several classes | softmax | categorical_crossentropy |
    | "multilabel" | any number of several classes | sigmoid | binary_crossentropy |
    | "regression" | arbitrary values | None | mse |
    | "unit_regression" | values between 0 and 1 | sigmoid | mse (or binary_crossentropy) |

    >>> activation, loss = head_for("binary")
    >>> activation.__name__, loss.__name__
    ('sigmoid', 'binary_crossentropy')
    """
    heads: dict[str, tuple[Any, Loss]] = {
        "binary": (ops.sigmoid, binary_crossentropy),
        "multiclass": (ops.softmax, categorical_crossentropy),
        "multilabel": (ops.sigmoid, binary_crossentropy),
        "regression": (None, mse),
        "unit_regression": (ops.sigmoid, mse),
    }
    return look_up(problem, heads, "kind of problem")


# ---- many losses to one number


def _reduced(each: Any, reduction: Reduction) -> Any:
    if reduction == "none":
        return each
    if reduction == "sum":
        return ops.sum(each)
    if each.size == 0:
        raise ValueError(f"the mean of no losses is not defined: the batch is empty (losses of shape {each.shape})")
    if reduction == "mean" or each.ndim <= 1:
        return ops.mean(each)
    return ops.mean(ops.sum(each, axis=tuple(range(1, each.ndim))))


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

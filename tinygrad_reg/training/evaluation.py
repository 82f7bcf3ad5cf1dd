"""What a model makes of data, batch by batch, in eval mode and without a graph."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .. import losses, metrics
from ..answers import checks
from ..answers.calls import answered, takes
from ..data.arrays import same_length
from ..layers.evaluating import evaluating
from ..layers.module import Module, a_module
from ..modes import no_grad
from ..tensor import Tensor, values

Metrics = str | Callable[..., Any] | Sequence[str | Callable[..., Any]]


@answered
def predict(model: Module, x: Any, batch_size: int = 256) -> np.ndarray:
    """The model's outputs for all samples of x, as one array: computed in eval mode, batch by batch, without a graph.

    The model's mode is put back afterwards. Several threads may do this with one model, while nobody trains it.

    >>> from tinygrad_reg.layers import Dense
    >>> predict(Dense(2, 3, kernel_initializer="ones"), [[1.0, 2.0]])
    array([[3., 3., 3.]])
    """
    a_module(model, "predict")
    (x,) = same_length([values(x)])
    outputs = []
    with no_grad(), evaluating(model):
        for start in range(0, len(x), checks.whole("batch_size", batch_size)):
            batch = x[start : start + batch_size]
            out = model(batch)
            if not isinstance(out, Tensor) or len(out) != len(batch):
                raise TypeError(
                    f"predict needs a model that gives one output for each sample; for {len(batch)} samples this "
                    f"{type(model).__name__} gave {out.shape if isinstance(out, Tensor) else type(out).__name__} "
                    "(a single sample is x[:1], not x[0])"
                )
            outputs.append(out.data)
    return np.concatenate(outputs)


@answered
def evaluate(
    model: Module,
    x: Any,
    y: Any,
    loss: str | losses.Loss | None = None,
    metrics: Metrics | None = (),
    batch_size: int = 256,
) -> dict[str, float]:
    """The loss and the metrics over all samples, by name: {"loss": 0.31, "accuracy": 0.92}.

        tg.evaluate(model, x_test, y_test, loss="softmax_crossentropy", metrics=["accuracy"])

    The loss is the mean over the samples, without penalties, also of a loss that sums over them (a functools.partial
    with reduction="sum"); one of your own gives the mean over a batch. Each metric is computed once, on all
    predictions.
    """
    a_module(model, "evaluate")
    if loss is None and not metrics:
        raise TypeError("evaluate needs something to compute: give loss='mse' (as in fit) or metrics=['accuracy']")
    x, y = same_length([values(x), values(y)])
    return measured(model, x, y, None if loss is None else losses.get(loss), named_metrics(metrics, loss), batch_size)


# ---- shared with fit


def measured(
    model: Module,
    x: np.ndarray,
    y: np.ndarray,
    loss: losses.Loss | None,
    found: dict[str, Callable[..., Any]],
    batch_size: int = 256,
) -> dict[str, float]:
    """What evaluate returns, once everything given has been looked up."""
    total, predictions = 0.0, []
    with no_grad(), evaluating(model):
        for start in range(0, len(x), checks.whole("batch_size", batch_size)):
            out, target = model(x[start : start + batch_size]), y[start : start + batch_size]
            if loss is not None:
                value = checks.one_number("a loss function", loss(out, target)).item()
                total += len(target) * mean_over(loss, value, len(target))
            if found:
                predictions.append(one_output(out))
    return {**({} if loss is None else {"loss": total / len(x)}), **scores(found, predictions, y)}


def one_output(out: Any) -> np.ndarray:
    """The array that metrics compare with the target."""
    if not isinstance(out, (Tensor, np.ndarray)):
        raise TypeError(
            f"metrics compare one output with the target, but this model gives a {type(out).__name__}: compute them in "
            "a callback, of the output that they are meant for"
        )
    array: np.ndarray = values(out)
    return array


def mean_over(loss: Any, value: float, samples: int) -> float:
    """What a loss gave for a batch, as the mean over its samples: sums of batches of other sizes can't be compared."""
    while isinstance(loss, functools.partial):
        if loss.keywords.get("reduction") == "sum":
            return value / samples
        loss = loss.func
    return value


def named_metrics(wanted: Metrics | None, loss: Any = None) -> dict[str, Callable[..., Any]]:
    """The metrics by the names that the history has them under; thresholds fit the loss."""
    choice = "a name such as 'accuracy', or a function (prediction, target) -> number"
    wanted = checks.several("metrics", wanted, lambda each: isinstance(each, str) or callable(each), choice)
    loss_name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    found: dict[str, Callable[..., Any]] = {}
    for metric in wanted:
        function = metrics.get(metric, loss_name)
        takes(function, "a metric", "prediction", "target")
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
        if name in found or name in ("loss", "penalty", "lr") or name.startswith("val_"):
            raise ValueError(f"two figures would be called '{name}': give the metric a function name of its own")
        found[name] = function
    return found


def scores(found: dict[str, Callable[..., Any]], predictions: list[np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Each metric, computed once on all predictions."""
    if not found:
        return {}
    joined = np.concatenate(predictions)
    return {name: score(name, metric, joined, y) for name, metric in found.items()}


def score(name: str, metric: Callable[..., Any], prediction: Any, y: Any) -> float:
    """What a metric gives, as one number."""
    try:
        value = metric(prediction, y)
    except ValueError as error:
        if "threshold=0" not in str(error):
            raise
        own = f"def {name}_of_logits(p, t): return tg.metrics.{name}(p, t, threshold=0)"
        raise ValueError(f"{error}: {own}, and metrics=[{name}_of_logits]") from None
    number = value.item() if isinstance(value, (np.ndarray, np.generic, Tensor)) and value.size == 1 else value
    if not isinstance(number, Real):
        shown = f"an array of shape {np.shape(value)}" if np.ndim(value) else repr(value)
        raise TypeError(
            f"the metric '{name}' must give one number, not {shown}: call it yourself, with the result of tg.predict"
        )
    return float(number)

"""What a model makes of data, batch by batch, in eval mode and without a graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import losses
from ..answers import checks
from ..answers.calls import answered, takes
from ..data.arrays import same_length
from ..insight.debug import columns_and_rows
from ..layers.evaluating import evaluating
from ..layers.module import Module, a_module
from ..modes import no_grad, recording
from ..tensor import Tensor, values
from .scores import Metrics, named_metrics, one_output, scores


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
            if not isinstance(out, Tensor) or out.shape[:1] != (len(batch),):
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
    function = None if loss is None else losses.get(loss)
    if function is not None:
        takes(function, "a loss", "prediction", "target")
    x, y = same_length([values(x), values(y)])
    return measured(model, x, y, function, named_metrics(metrics, loss), batch_size, tell=True)


# ---- shared with fit


def measured(
    model: Module,
    x: np.ndarray,
    y: np.ndarray,
    loss: losses.Loss | None,
    found: dict[str, Callable[..., Any]],
    batch_size: int = 256,
    tell: bool = False,
) -> dict[str, float]:
    """What evaluate returns, once everything given has been looked up; fit has told already of what it would `tell`."""
    total, predictions = 0.0, []
    with no_grad(), evaluating(model):
        for start in range(0, len(x), checks.whole("batch_size", batch_size)):
            out, target = model(x[start : start + batch_size]), y[start : start + batch_size]
            if loss is not None:
                given = loss(out, target) if start or not tell else _first(loss, out, target)
                value = checks.one_number("a loss function", given).item()
                total += len(target) * mean_over(loss, value, len(target))
            if found:
                predictions.append(one_output(out))
    return {**({} if loss is None else {"loss": total / len(x)}), **scores(found, predictions, y)}


def _first(loss: losses.Loss, out: Any, target: np.ndarray) -> Any:
    """The loss of a batch; with a graph, as in fit, where a column may meet a row in a loss of one's own."""
    if not (isinstance(out, Tensor) and out.shape == (len(target), 1) and target.ndim == 1 and out.dtype.kind == "f"):
        return loss(out, target)
    with recording(True):
        value = loss(Tensor(out.data, requires_grad=True), target)
    if isinstance(value, Tensor):
        columns_and_rows(value)
    return value


def mean_over(loss: Any, value: float, samples: int) -> float:
    """What a loss gave for a batch, as the mean over its samples: sums of batches of other sizes can't be compared."""
    while isinstance(loss, functools.partial):
        if loss.keywords.get("reduction") == "sum":
            return value / samples
        loss = loss.func
    return value

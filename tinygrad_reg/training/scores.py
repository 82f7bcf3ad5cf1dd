"""What metrics say of a model: looked up by name, computed once over all predictions, one number each."""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .. import metrics
from ..answers import checks
from ..answers.calls import takes
from ..source import users_level
from ..tensor import Tensor, values

Metrics = str | Callable[..., Any] | Sequence[str | Callable[..., Any]]


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


def one_output(out: Any) -> np.ndarray:
    """The array that metrics compare with the target."""
    if not isinstance(out, (Tensor, np.ndarray)):
        raise TypeError(
            f"metrics compare one output with the target, but this model gives a {type(out).__name__}: compute them in "
            "a callback, of the output that they are meant for"
        )
    array: np.ndarray = values(out)
    return array


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


def nan_where_undefined(found: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The metrics, those of the house NaN with one warning where values let them say nothing.

    Scores may leave [0, 1], or a part hold one class alone, hours after the first step: a figure is no reason to stop.
    """
    told: set[str] = set()

    def value(name: str, metric: Callable[..., Any], prediction: Any, target: Any) -> float:
        try:
            return score(name, metric, prediction, target)
        except ValueError as error:
            if name not in told:
                told.add(name)
                warnings.warn(
                    f"the metric '{name}' is NaN where it has no value, and the training goes on: {error}",
                    stacklevel=users_level(),
                )
            return math.nan

    return {
        name: functools.partial(value, name, metric) if of_the_house(metric) else metric
        for name, metric in found.items()
    }


def of_the_house(metric: Callable[..., Any]) -> bool:
    """Whether it is one of tg.metrics, perhaps with the threshold that a loss asks for."""
    return inspect.unwrap(metric) in map(inspect.unwrap, metrics.METRICS.values())

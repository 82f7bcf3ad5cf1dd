"""The figures of an epoch: means over the samples that were trained on."""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..metrics import METRICS
from ..source import users_level
from .evaluation import score, scores


class Figures:
    """The sums of an epoch."""

    def __init__(self) -> None:
        self.samples, self.loss, self.last_loss = 0, 0.0, math.nan
        self.penalty: float | None = None  # where no layer declares one
        self.predictions: list[np.ndarray] = []
        self.targets: list[np.ndarray] = []

    def add(self, samples: int, loss: float, penalty: float | None) -> None:
        """A batch: its mean loss counts by its samples."""
        self.samples += samples
        self.loss += samples * loss
        self.last_loss = loss
        if penalty is not None:
            self.penalty = (self.penalty or 0.0) + samples * penalty

    @property
    def mean_loss(self) -> float:
        """The mean over the samples so far."""
        return self.loss / self.samples

    def result(self, metrics: dict[str, Callable[..., Any]]) -> dict[str, float]:
        """The epoch's figures by name."""
        found = {"loss": self.mean_loss}
        if self.penalty is not None:
            found["penalty"] = self.penalty / self.samples
        return {**found, **(scores(metrics, self.predictions, np.concatenate(self.targets)) if metrics else {})}


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

    of_house = [inspect.unwrap(metric) for metric in METRICS.values()]
    return {
        name: functools.partial(value, name, metric) if inspect.unwrap(metric) in of_house else metric
        for name, metric in found.items()
    }

"""The figures of an epoch: means over the samples that were trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .scores import scores


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

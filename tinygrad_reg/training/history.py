"""History: what fit returns, the figures of each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..insight.words import table
from .diagnosis import Diagnosis, diagnosed, diverged
from .direction import direction_or_none

if TYPE_CHECKING:
    from .recorder import GradientRecorder


class Report(str):
    """Text that shows as it is where Python prints a result."""

    def __repr__(self) -> str:
        return str(self)


class History(dict[str, list[float]]):
    """What training reports, a list with a number for each epoch: history["loss"], history["val_accuracy"], …

    "loss" is the loss of the data alone; where layers declare penalties, their sum is "penalty". Figures of the
    training set are means over the epoch, while the weights moved; those of the validation set are its end's.

    `stop_reason` says why training ended before its last epoch, None if it did not. `best_epoch` (counted from 1) is
    the one whose weights EarlyStopping keeps. `start_loss` is the loss of the first batch before the first step,
    `start_lr` the learning rate of that step.
    `gradients` is the GradientRecorder that was among the callbacks, or None.
    """

    def __init__(self, figures: Mapping[str, Any] | None = None, **more: Any) -> None:
        if figures is not None and not isinstance(figures, Mapping):
            raise TypeError(
                "a history holds lists of figures by name, such as {'loss': [0.9, 0.5]}, and is not made of a "
                f"{type(figures).__name__}"
            )
        given = {**(figures or {}), **more}
        for name, values in given.items():
            if not np.iterable(values):
                raise TypeError(f"a history has a list with a number for each epoch, but its '{name}' is {values!r}")
        super().__init__({name: [float(v) for v in values] for name, values in given.items()})
        lengths = {name: len(values) for name, values in self.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"a history has a number for each epoch in every list; these have {lengths}")
        self.stop_reason: str | None = None
        self.best_epoch: int | None = None
        self.start_loss: float | None = None
        self.start_lr: float | None = None
        self.gradients: GradientRecorder | None = None

    def __missing__(self, name: str) -> NoReturn:
        raise KeyError(f"no {name!r} in this history: it has {', '.join(self) or 'no epoch yet'}")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            own = f"; write history[{name!r}]" if name in self else ""
            keras = '; it is what Keras calls history.history: write history["loss"]' if name == "history" else ""
            raise AttributeError(f"a History has no attribute {name!r}{own or keras}", name=name, obj=self)

    def __repr__(self) -> str:
        return str(self.summary())

    @property
    def epochs(self) -> int:
        """How many epochs it tells of."""
        return max(map(len, self.values()), default=0)

    def take(self, other: History) -> None:
        """Tell what the other one tells, and go on from there."""
        self.clear()
        self.update(other)
        vars(self).update(vars(other), gradients=self.gradients)

    def add(self, figures: Mapping[str, float]) -> None:
        """Append an epoch's figures; one that is missing, or was before, is NaN there."""
        before, numbers = self.epochs, {name: _number(name, value) for name, value in figures.items()}
        for name in {**self, **numbers}:
            self.setdefault(name, [math.nan] * before).append(numbers.get(name, math.nan))

    def summary(self) -> Report:
        """A table: each figure in the first and the last epoch, and at its best. print(history) shows it, too.

        >>> History({"loss": [2.3, 0.5], "accuracy": [0.1, 0.9]}).summary()
        2 epochs  first  last  best
        loss      2.3    0.5   0.5 (epoch 2)
        accuracy  0.1    0.9   0.9 (epoch 2)
        """
        if not self.epochs:
            return Report("a history of no epoch")
        rows = [(f"{self.epochs} epoch{'s' * (self.epochs != 1)}", "first", "last", "best")]
        for name, values in self.items():
            rows.append((name, f"{values[0]:.4g}", f"{values[-1]:.4g}", self._best(name)))
        stopped = f"\nstopped: {self.stop_reason}" if self.stop_reason is not None else ""
        spoiled = f"\ndiverged: {self.diverged()}" if self.diverged() else ""
        return Report(table(rows) + stopped + spoiled)

    def _best(self, name: str) -> str:
        better = direction_or_none(name)
        if better is None:
            return ""  # a user's own figure
        values = np.array(self[name])
        if np.isnan(values).all():
            return "nan"
        best = int(np.nanargmin(values) if better == "min" else np.nanargmax(values))
        return f"{values[best]:.4g} (epoch {best + 1})"

    def diagnosis(self, remaining: float = 1 / 3, gap: float = 0.1, rise: float = 0.05) -> Diagnosis:
        """Underfitting, good fit, overfitting or diverged, from the curves of "loss" and "val_loss".

        All is measured in shares of the loss at the start: that of the first batch before the first step, or the first
        epoch's, whichever is larger.

        - overfitting: at the end the validation loss is above the training loss by more than `gap`, and no score of
          both (accuracy and val_accuracy) says that they are alike; or it has risen from its minimum by more than
          `rise` while the training loss went on falling;
        - underfitting: more than `remaining` of the training loss is still there at the end;
        - diverged: there is more than ten times of it at the end, or no finite number;
        - good fit: none of them.

        Without "val_loss" there is no telling a good fit from overfitting: the verdict then is "no validation".

        >>> History({"loss": [2.0, 1.0, 0.1], "val_loss": [2.1, 1.2, 1.5]}).diagnosis().verdict
        'overfitting'
        """
        return diagnosed(self, remaining, gap, rise)

    def diverged(self) -> str:
        """What to say of a training loss that ended far above its start, or as no finite number; "" of any other.

        >>> History({"loss": [2.0, 5e9]}).diverged()
        'the training loss went from 2 to 5e+09 in 2 epochs: try a lower learning rate, standardized x, or clip=1.0'
        """
        return diverged(self)


def _number(name: str, value: Any) -> float:
    """A figure, as a callback may have put it there."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"a figure of an epoch must be a number, but '{name}' in the logs is {value!r}") from None

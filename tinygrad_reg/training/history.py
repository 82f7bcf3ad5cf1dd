"""History: the figures of each epoch, and what the curves say about underfitting and overfitting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .. import losses
from ..answers import checks
from ..answers.naming import look_up
from ..insight.words import table

if TYPE_CHECKING:
    from .callbacks import GradientRecorder

# Which way the figures of the house get better. A user's own says so itself, with mode=: its name may hold a word that
# says the opposite, as "inaccuracy" does.
FALLING = ("loss", "penalty", *losses.LOSSES)
RISING = ("accuracy", "binary_accuracy", "top_k", "precision", "recall", "f1", "roc_auc", "r2")


def direction(name: str, mode: str = "auto") -> str:
    """Whether a figure gets better as it falls ("min") or rises ("max"), by its name where it is one of the house.

    >>> direction("val_loss"), direction("val_accuracy"), direction("cost", mode="min")
    ('min', 'max', 'min')
    """
    if checks.one_of("mode", mode, ("min", "max", "auto")) != "auto":
        return mode
    figure = name.removeprefix("val_")
    if figure in FALLING:
        return "min"
    if figure.removesuffix("_of_logits") in RISING:  # as fit advises to call them with another threshold
        return "max"
    start = name.removesuffix(figure)
    near = [f"'{start}{known}'" for known in (*FALLING, *RISING) if figure and known.startswith(figure)]
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ValueError(f"is a better '{name}' a lower or a higher one? Write mode='min' or mode='max'.{hint}")


_DIVERGED = 10.0  # the multiple of the loss at the start above which a training has diverged


class Report(str):
    """Text that shows as it is where Python prints a result."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Diagnosis:
    """What the curves say: `verdict` in a word or two, `reasons` with the figures that it rests on."""

    verdict: str  # "underfitting", "good fit", "overfitting", "diverged", or "no validation"
    reasons: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reasons}"

    __repr__ = __str__


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
        diverged = f"\ndiverged: {self.diverged()}" if self.diverged() else ""
        return Report(table(rows) + stopped + diverged)

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
        for name, value in (("remaining", remaining), ("gap", gap), ("rise", rise)):
            checks.number(name, value, 0)
        loss = self._curve("loss")
        start = self._start()
        if diverged := self.diverged():
            return Diagnosis("diverged", diverged + self._scores())
        val = self._curve("val_loss") if "val_loss" in self else None
        ends = [float(start), float(loss[-1]), *([] if val is None else [float(val[-1])])]
        if not np.isfinite(ends).all() or start <= 0:
            raise ValueError(f"a diagnosis compares finite losses with the one at the start, above 0; given {ends}")
        left = loss[-1] / start
        text = f"{self._course(start)} ({left:.0%} is left)"
        verdict = "underfitting" if left > remaining else "good fit"
        if val is None:
            text += "; whether that holds for other data, only validation_data= can tell"
            verdict = verdict if left > remaining else "no validation"
        else:
            best = int(np.nanargmin(val))
            above, risen = (val[-1] - loss[-1]) / start, (val[-1] - val[best]) / start
            text += f"; the validation loss ended at {val[-1]:.3g}"
            alike = self._scores_alike()
            if (above > gap and not alike) or (risen > rise and loss[-1] < loss[best]):
                verdict = "overfitting"
            if above > gap:
                text += f", above the training loss by {above:.0%} of the start"
                text += " (which is measured with noise and batch statistics on)" if alike else ""
            if best + 1 < len(val):
                text += f", after its minimum of {val[best]:.3g} in epoch {best + 1}"
        text += self._scores()
        if verdict == "underfitting":
            rate = "" if self.start_lr is None else f" ({self.start_lr:g})"
            text += f". Is it the learning rate{rate}, too few epochs, or too small a model?"
        return Diagnosis(verdict, text)

    def diverged(self) -> str:
        """What to say of a training loss that ended far above its start, or as no finite number; "" of any other.

        >>> History({"loss": [2.0, 5e9]}).diverged()
        'the training loss went from 2 to 5e+09 in 2 epochs: try a lower learning rate, standardized x, or clip=1.0'
        """
        if not self.get("loss"):
            return ""
        start, end = self["loss"][0] if self.start_loss is None else self.start_loss, self["loss"][-1]
        if not 0 < start < math.inf or end <= _DIVERGED * start:
            return ""
        return f"{self._course(start)}: try a lower learning rate, standardized x, or clip=1.0"

    def _course(self, start: float) -> str:
        """From where the training loss went to where; the loss at the start may be none of the epochs'."""
        epochs, before = len(self["loss"]), " before training" * (start == self.start_loss)
        end = f"{self['loss'][-1]:.3g} in {epochs} epoch{'s' * (epochs != 1)}"
        return f"the training loss went from {start:.3g}{before} to {end}"

    def _start(self) -> float:
        """The loss at the start: a first batch may be an easy one, and a first epoch has learned already."""
        first: float = self["loss"][0]
        return first if self.start_loss is None or not self.start_loss > first else self.start_loss

    def _scores_alike(self) -> bool:
        """Whether a score, the larger the better, is no lower in validation than in training."""
        scores = [name for name in self if f"val_{name}" in self and direction_or_none(name) == "max"]
        return any(self[f"val_{name}"][-1] >= self[name][-1] - 0.01 for name in scores)

    def _curve(self, name: str) -> np.ndarray:
        values = look_up(name, self, "curve")
        if not values:
            raise ValueError("a diagnosis needs an epoch at least, and this history is empty")
        return np.array(values)

    def _scores(self) -> str:
        """What else readers want to know: the accuracies at the end."""
        scores = [f"{name} {self[name][-1]:.3g}" for name in self if direction_or_none(name) == "max"]
        return f"; {', '.join(scores)} at the end" if scores else ""


def direction_or_none(name: str) -> str | None:
    """As direction(), None where a name does not tell."""
    try:
        return direction(name)
    except ValueError:
        return None


def _number(name: str, value: Any) -> float:
    """A figure, as a callback may have put it there."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"a figure of an epoch must be a number, but '{name}' in the logs is {value!r}") from None

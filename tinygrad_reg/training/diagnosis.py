"""What the curves of a training say: underfitting, a good fit, overfitting, or that it diverged (row T4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..answers import checks
from ..answers.naming import look_up
from .direction import direction_or_none

if TYPE_CHECKING:
    from .history import History

_DIVERGED = 10.0  # the multiple of the loss at the start above which a training has diverged


@dataclass(frozen=True)
class Diagnosis:
    """What the curves say: `verdict` in a word or two, `reasons` with the figures that it rests on."""

    verdict: str  # "underfitting", "good fit", "overfitting", "diverged", or "no validation"
    reasons: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reasons}"

    __repr__ = __str__


def diagnosed(history: History, remaining: float, gap: float, rise: float) -> Diagnosis:
    """What `History.diagnosis` returns."""
    for name, value in (("remaining", remaining), ("gap", gap), ("rise", rise)):
        checks.number(name, value, 0)
    loss = _curve(history, "loss")
    start = _start(history)
    if said := diverged(history):
        return Diagnosis("diverged", said + _scores(history))
    val = _curve(history, "val_loss") if "val_loss" in history else None
    ends = [float(start), float(loss[-1]), *([] if val is None else [float(val[-1])])]
    if not np.isfinite(ends).all() or start <= 0:
        raise ValueError(f"a diagnosis compares finite losses with the one at the start, above 0; given {ends}")
    left = loss[-1] / start
    if val is None:
        overfits, of_validation = False, "; whether that holds for other data, only validation_data= can tell"
    else:
        overfits, of_validation = _of_validation(history, loss, val, start, gap, rise)
    if overfits:
        verdict = "overfitting"
    elif left > remaining:
        verdict = "underfitting"
    else:
        verdict = "no validation" if val is None else "good fit"
    text = f"{_course(history, start)} ({left:.0%} is left){of_validation}{_scores(history)}"
    if verdict == "underfitting":
        rate = "" if history.start_lr is None else f" ({history.start_lr:g})"
        text += f". Is it the learning rate{rate}, too few epochs, too small a model, or x that is not standardized?"
    return Diagnosis(verdict, text)


def _of_validation(
    history: History, loss: np.ndarray, val: np.ndarray, start: float, gap: float, rise: float
) -> tuple[bool, str]:
    """Whether the two curves say overfitting, and what there is to say of the validation loss."""
    best = int(np.nanargmin(val))
    above, risen = (val[-1] - loss[-1]) / start, (val[-1] - val[best]) / start
    alike = _scores_alike(history)
    text = f"; the validation loss ended at {val[-1]:.3g}"
    if above >= 0.01:
        text += f", above the training loss by {above:.0%} of the start"
        text += " (which is measured with noise and batch statistics on)" if above > gap and alike else ""
    if best + 1 < len(val):
        text += f", after its minimum of {val[best]:.3g} in epoch {best + 1}"
    return (above > gap and not alike) or (risen > rise and loss[-1] < loss[best]), text


def diverged(history: History) -> str:
    """What `History.diverged` returns."""
    if not history.get("loss"):
        return ""
    start = history["loss"][0] if history.start_loss is None else history.start_loss
    if not 0 < start < math.inf or history["loss"][-1] <= _DIVERGED * start:
        return ""
    return f"{_course(history, start)}: try a lower learning rate, standardized x, or clip=1.0"


def _course(history: History, start: float) -> str:
    """From where the training loss went to where; the loss at the start may be none of the epochs'."""
    loss, before = history["loss"], " before training" * (start == history.start_loss)
    epochs = f"{len(loss)} epoch{'s' * (len(loss) != 1)}"
    return f"the training loss went from {start:.3g}{before} to {loss[-1]:.3g} in {epochs}"


def _start(history: History) -> float:
    """The loss at the start: a first batch may be an easy one, and a first epoch has learned already."""
    first = history["loss"][0]
    return first if history.start_loss is None or not history.start_loss > first else history.start_loss


def _curve(history: History, name: str) -> np.ndarray:
    values = look_up(name, history, "curve")
    if not values:
        raise ValueError("a diagnosis needs an epoch at least, and this history is empty")
    return np.array(values)


def _scores(history: History) -> str:
    """What else readers want to know: the accuracies at the end."""
    scores = [f"{name} {history[name][-1]:.3g}" for name in history if direction_or_none(name) == "max"]
    return f"; {', '.join(scores)} at the end" if scores else ""


def _scores_alike(history: History) -> bool:
    """Whether a score, the larger the better, is no lower in validation than in training."""
    scores = [name for name in history if f"val_{name}" in history and direction_or_none(name) == "max"]
    return any(history[f"val_{name}"][-1] >= history[name][-1] - 0.01 for name in scores)

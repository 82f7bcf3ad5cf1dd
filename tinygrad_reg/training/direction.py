"""Which way a figure gets better: down, as a loss does, or up, as an accuracy does."""

from __future__ import annotations

from .. import losses
from ..answers import checks

# Those of the house. A user's own says so itself, with mode=: its name may hold a word that says the opposite, as
# "inaccuracy" does.
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


def direction_or_none(name: str) -> str | None:
    """As direction(), None where a name does not tell."""
    try:
        return direction(name)
    except ValueError:
        return None

"""What an optimizer's first steps tell of a mistake, which it warns of: nothing moves, or gradients are not finite."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..modes import quiet
from ..source import users_level
from ..tensor import Tensor, describe
from .flat import Flat, Group, stretches

if TYPE_CHECKING:
    from .optimizer import Optimizer


def look(optimizer: Optimizer, ready: list[list[Group]]) -> list[np.ndarray] | None:
    """Warn, before a step, of what its gradients tell; give the parameters, where it is to be seen to move them."""
    steps = optimizer.steps
    if steps & (steps - 1):  # none of 0, 1, 2, 4, 8, …
        return None
    if steps == 2 and not any(ready):
        warn_of_idle_steps(optimizer)
    if looks_for_divergence(optimizer, steps):
        for flat, groups in zip(optimizer.flats, ready, strict=True):
            for place, _ in stretches(groups):
                warn_of_divergence(optimizer, steps, flat, place, flat.arrays["g"][place])
    return [flat.arrays["w"].copy() for flat in optimizer.flats] if _looks_whether_it_moves(optimizer) else None


def warn_of_idle_steps(optimizer: Optimizer) -> None:
    """A step without any gradient moves nothing, which is right; three of them at the start are a mistake."""
    groups = [group for flat in optimizer.flats for group in flat.groups]
    if all(group.t == 0 and p.requires_grad for group in groups for p in group.params):
        warnings.warn(
            f"3 steps of {type(optimizer).__name__} have moved nothing, because no parameter had a gradient: call "
            "zero_grad(), then loss.backward(), then step(). If you do, the loss does not depend on these "
            "parameters: tg.why(p) says why",
            stacklevel=users_level(),
        )


def _looks_whether_it_moves(optimizer: Optimizer) -> bool:
    """At the third step, of a rule that a user wrote."""
    return optimizer.steps == 2 and not type(optimizer).update.__module__.startswith(f"{__package__}.")


def warn_of_a_rule_that_moves_nothing(optimizer: Optimizer, before: list[np.ndarray], lr: float) -> None:
    """`w = w - lr * g` in a user's update() makes a new array, and leaves the parameters, `before`, as they were."""
    pairs = zip(before, optimizer.flats, strict=True)
    moved = any(not np.array_equal(w, flat.arrays["w"], equal_nan=True) for w, flat in pairs)
    if not moved and any(_would_move(p, lr) for p in optimizer.params):
        warnings.warn(
            f"the third step of {type(optimizer).__name__} has moved nothing, and gradients are not 0: update() must "
            "write into w, np.subtract(w, a, out=w) or w -= a; w = w - a makes a new array",
            stacklevel=users_level(),
        )


def _would_move(p: Tensor, lr: float) -> bool:
    """Whether plain gradient descent would move this parameter: it is not frozen, its gradient not too small."""
    if p._grad is None or not p._requires_grad:
        return False
    with quiet():
        return bool(np.any(p._data - lr * p._grad != p._data))


def looks_for_divergence(optimizer: Optimizer, steps: int) -> bool:
    """At steps 1, 2, 3, 5, 9, 17, … only: looking costs a pass over all gradients, and what is NaN stays NaN."""
    return steps & (steps - 1) == 0 and not optimizer.warned_of_divergence


def warn_of_divergence(optimizer: Optimizer, steps: int, flat: Flat, place: slice, g: Any) -> None:
    """Warn, once, where `g`, the gradients of this stretch of the flat arrays, are not finite."""
    if optimizer.warned_of_divergence or not g.size or (math.isfinite(g.max()) and math.isfinite(g.min())):
        return
    optimizer.warned_of_divergence = True
    wrong = place.start + int(np.argmin(np.isfinite(g)))
    p = next(p for p, its in flat.places.items() if its.start <= wrong < its.stop)
    asked = (
        "Is the learning rate too large?"
        if steps
        else "No step was taken before: look for NaN in the data, and for log(0), 0/0 or √0 in the loss."
    )
    warnings.warn(
        f"step {steps + 1} of {type(optimizer).__name__}: the gradient of {describe(p)} is not finite, "
        f"and neither will the parameters be from here on. {asked} Inside "
        "`with tg.debug():` the first inf or NaN is an error that names its op and line",
        stacklevel=users_level(),
    )

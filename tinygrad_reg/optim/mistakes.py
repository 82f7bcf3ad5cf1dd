"""What an optimizer's first steps tell of a mistake, which it warns of.

Nothing moves, nothing is remembered, or gradients are not finite.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..modes import quiet
from ..source import users_level
from ..tensor import Tensor, describe
from .flat import Flat, Group, stretches

if TYPE_CHECKING:
    from .optimizer import Optimizer


def look(optimizer: Optimizer, ready: list[list[Group]]) -> Callable[[], None] | None:
    """Warn, before a step, of what its gradients tell; give the look that is to be taken behind it, if any."""
    steps = optimizer._steps
    if steps & (steps - 1):  # none of 0, 1, 2, 4, 8, …
        return None
    if steps == 2 and not any(ready):
        warn_of_idle_steps(optimizer)
    if looks_for_divergence(optimizer, steps):
        for flat, groups in zip(optimizer.flats, ready, strict=True):
            for place, _ in stretches(groups):
                warn_of_divergence(optimizer, steps, flat, place, flat.arrays["g"][place])
    if type(optimizer).update.__module__.startswith(f"{__package__}."):
        return None
    if steps == 2:
        before = [flat.arrays["w"].copy() for flat in optimizer.flats]
        return partial(_warn_of_a_rule_that_moves_nothing, optimizer, before, optimizer.lr)
    return partial(_warn_of_a_state_that_stays_empty, optimizer) if steps == 8 else None


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


def _warn_of_a_rule_that_moves_nothing(optimizer: Optimizer, before: list[np.ndarray], lr: float) -> None:
    """At the third step: `w = w - lr * g` in update() makes a new array, and leaves the parameters as `before`."""
    pairs = zip(before, optimizer.flats, strict=True)
    moved = any(not np.array_equal(w, flat.arrays["w"], equal_nan=True) for w, flat in pairs)
    if not moved and any(_would_move(p, lr) for p in optimizer.params):
        warnings.warn(
            f"the third step of {type(optimizer).__name__} has moved nothing, and gradients are not 0: update() must "
            "write into w, np.subtract(w, a, out=w) or w -= a; w = w - a makes a new array",
            stacklevel=users_level(),
        )


def _warn_of_a_state_that_stays_empty(optimizer: Optimizer) -> None:
    """At the ninth step, as a rule may write some only each few: `v = 0.9 * v + g` makes a new array, v stays 0."""
    if not any(_is_felt(p) for p in optimizer.params):
        return
    for name in optimizer.state_names:
        if not any(flat.arrays[name].any() for flat in optimizer.flats):
            warnings.warn(
                f"after nine steps of {type(optimizer).__name__} its state {name} is still 0 everywhere, and gradients "
                f"are not: update() must write into it, {name}[...] = 0.9 * {name} + g or {name} *= 0.9; {name} += g, "
                f"where {name} = … makes a new array, which is forgotten",
                stacklevel=users_level(),
            )


def _is_felt(p: Tensor) -> bool:
    """Whether the gradient of this parameter would be seen in a state, its square in float16 too."""
    return p._grad is not None and p._requires_grad and bool(np.any(np.abs(p._grad) > 0.01))


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

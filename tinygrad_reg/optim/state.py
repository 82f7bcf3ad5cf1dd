"""What a resumed run needs of an optimizer, and what keeps the state of one from being taken up by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor
from .settings import settings_of

if TYPE_CHECKING:
    from .optimizer import Optimizer


def told(optimizer: Optimizer) -> dict[str, Any]:
    """What `Optimizer.state_dict` returns."""
    state: dict[str, Any] = {"optimizer": type(optimizer).__name__, "steps": optimizer._steps}
    state["lr"] = optimizer.lr_to_tell()
    for name in settings_of(optimizer):
        value = getattr(optimizer, name)
        state[name] = np.array(value) if isinstance(value, tuple) else value
    state["clocks"] = np.array([optimizer.flat_of(p).clock(p) for p in optimizer.params])
    for i, p in enumerate(optimizer.params):
        state.update((f"{i}.{name}", array) for name, array in optimizer.state_of(p).items())
    return state


def take_up(optimizer: Optimizer, state: Any) -> None:
    """What `Optimizer.load_state_dict` does."""
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict takes what state_dict() gave, a dict, not {type(state).__name__}")
    own, kind = optimizer.state_dict(), state.get("optimizer")
    if kind != own["optimizer"]:  # in one word, before all that differs for it
        whose = f"that of {kind}" if isinstance(kind, str) else "no optimizer's"
        raise ValueError(f"this state does not fit {optimizer!r}: it is {whose}")
    differences = [f"{name} is missing" for name in own if name not in state]
    differences += [f"{name} is not known here" for name in state if name not in own]
    for name in own.keys() & state.keys():
        differences += _differences(optimizer, name, state[name], own[name])
    if differences:
        raise ValueError(f"this state does not fit {optimizer!r}: " + "; ".join(sorted(differences)))
    if optimizer.schedule is None:
        optimizer.lr = float(state["lr"])
    optimizer._steps = int(state["steps"])
    clocks = dict(zip(optimizer.params, map(int, state["clocks"]), strict=True))
    for flat in optimizer.flats:
        by_clock: dict[int, list[Tensor]] = {}
        for p in flat.shapes:
            by_clock.setdefault(clocks[p], []).append(p)
        flat.lay_out([(params, t) for t, params in by_clock.items()])
    for i, p in enumerate(optimizer.params):
        for name in optimizer.state_names:
            np.copyto(optimizer.flat_of(p).view(name, p), state[f"{i}.{name}"])


def _differences(optimizer: Optimizer, name: str, saved: Any, own: Any) -> list[str]:
    """What keeps a saved entry from being taken up."""
    saved = np.asarray(saved)
    if not isinstance(own, np.ndarray):  # a number or a word, which may have been an array in between
        if name == "steps":
            fits = saved.dtype.kind in "iu" and saved.shape == () and saved >= 0
        elif name == "lr" and optimizer.schedule is None:
            fits = saved.dtype.kind in "fiu" and saved.shape == ()
        else:
            fits = saved.shape == () and saved.item() == own
        return [] if fits else [f"{name} is {saved.tolist()!r} there, {own!r} here"]
    if saved.shape != own.shape or saved.dtype != own.dtype:
        return [f"{name} is {saved.dtype} of shape {saved.shape} there, {own.dtype} of shape {own.shape} here"]
    if (name in settings_of(optimizer) and np.any(saved != own)) or (name == "clocks" and np.any(saved < 0)):
        return [f"{name} is {saved.tolist()} there, {own.tolist()} here"]
    return []

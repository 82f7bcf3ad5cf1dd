"""What fit is given beside the samples, as the training uses it: looked up, or refused before the first step."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from .. import optim
from ..answers.calls import takes
from ..answers.naming import look_up
from ..data.augmentation import Augmentation
from ..layers.module import Module
from ..layers.sequential import Sequential
from ..layers.state import join
from ..optim import Optimizer
from ..tensor import Tensor
from .callbacks import Callback, FunctionCallback, several
from .saving import drafts
from .watchers import ModelCheckpoint

_CLIPPINGS = {
    "value": optim.clip_by_value,
    "norm": optim.clip_by_norm,
    "global_norm": optim.clip_by_global_norm,
}


def optimizer(given: Any, model: Module) -> Optimizer:
    """The optimizer: as given, by name, or made by a function of the parameters."""
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"this {type(model).__name__} has no parameters to train: {_why_none(model)}")
    if isinstance(given, str):
        make: Callable[..., Optimizer] = look_up(given.lower(), optim.by_name, "optimizer")
        return make(parameters)
    if not isinstance(given, Optimizer):
        if not callable(given):
            raise TypeError(
                f"optimizer must be an optimizer such as tg.optim.SGD(model.parameters(), lr=0.1), a name, or a "
                f"function of the parameters, not {given!r}{_OWN * hasattr(given, 'step')}"
            )
        takes(given, "an optimizer", "parameters")
        given = given(parameters)
        if not isinstance(given, Optimizer):
            raise TypeError(
                f"the function given as optimizer= must make an optimizer, not {type(given).__name__}"
                + _OWN * hasattr(given, "step")
            )
    if not set(given.params) & set(parameters):
        raise ValueError(
            "the optimizer moves none of this model's parameters, it was made for another model: make a new one of "
            "model.parameters()"
        )
    return given


_OWN = "; one of your own is a subclass of tg.optim.Optimizer that has update(), see docs/add-an-op.md"


def _why_none(model: Module) -> str:
    """What keeps a model from having parameters."""
    if model.named_state():
        return "all its tensors are frozen (requires_grad=False)"
    for path, module in model.named_modules():
        for name, part in module.parts():
            if isinstance(part, np.ndarray) and part.dtype.kind == "f":
                own = f"self.{name}"
                return (
                    f"the array {join(path, name)} is none, but {own} = tg.Tensor({name}, requires_grad=True) would be"
                )
    if type(model).forward is Sequential.forward:
        return "add layers such as tg.Dense(2, 1)"
    return "make its layers in __init__, as attributes (self.dense = tg.Dense(2, 1)), and use them in forward"


def augmentation(augment: Any) -> Callable[[Any], Any] | None:
    """A function of a batch of x, or None."""
    if augment is None or isinstance(augment, Augmentation):
        return augment
    if inspect.isclass(augment):
        raise TypeError(
            f"augment must be a function of a batch, not the class {augment.__name__}: write {augment.__name__}(...)"
        )
    if not callable(augment):
        raise TypeError(f"augment must be a function of a batch such as tg.data.augmentation.shift(2), not {augment!r}")
    takes(augment, "augment", "x")
    return augment  # type: ignore[no-any-return]


def clipping(clip: Any) -> Callable[[list[Tensor]], Any] | None:
    """The function of the parameters that clips their gradients."""
    if clip is None:
        return None
    if callable(clip):
        takes(clip, "clip", "parameters")
        return clip  # type: ignore[no-any-return]
    kind, limit = clip if isinstance(clip, (tuple, list)) and len(clip) == 2 else ("global_norm", clip)
    if kind not in _CLIPPINGS or not isinstance(limit, Real) or isinstance(limit, bool) or not float(limit) > 0:
        raise ValueError(
            "clip must be the largest norm of all gradients together, a number > 0, or (kind, limit) with kind "
            f"{', '.join(map(repr, _CLIPPINGS))}, or a function of the parameters, not {clip!r}"
        )
    if math.isinf(limit):
        return None

    def clipped(parameters: list[Tensor]) -> Any:
        return _CLIPPINGS[kind](parameters, float(limit))

    clipped.__name__ = f"{kind} {float(limit):g}"
    return clipped


def callbacks(given: Any, resume: Any = None) -> list[Callback]:
    """The callbacks, one or several, as a list."""
    found = [_callback(each) for each in several(given)]
    for at, each in enumerate(found):
        if any(each is other for other in found[:at]):
            raise ValueError(
                f"the same {type(each).__name__} is among the callbacks twice, and would see each epoch twice: give it "
                "once, or make two"
            )
    _check_files([each for each in found if isinstance(each, ModelCheckpoint)], resume)
    return found


def _check_files(checkpoints: list[ModelCheckpoint], resume: Any) -> None:
    """Each file has one that saves there: the last to write would leave nothing of the others."""
    taken = {} if resume is None else {drafts.place(resume): "resume="}
    for each in checkpoints:
        file = drafts.place(each.path)
        if file in taken:
            raise ValueError(
                f"{taken[file]} and ModelCheckpoint would both save to '{each.path}', and the one would "
                "overwrite the other: give them different paths"
            )
        taken[file] = "a ModelCheckpoint"


def _callback(given: Any) -> Callback:
    if isinstance(given, Callback):
        return given
    name = getattr(given, "__name__", type(given).__name__)
    if inspect.isclass(given):
        raise TypeError(f"a callback must be an object, not the class {name}: write {name}(...)")
    if hasattr(given, "on_epoch_end") or hasattr(given, "state_dict"):
        raise TypeError(f"a callback with methods must be a tg.Callback: write class {name}(tg.Callback)")
    takes(given, "a callback", "epoch", "logs")
    return FunctionCallback(given)

"""Training that diverges: noticing it before the step that would spoil the weights, and saying where it began."""

from __future__ import annotations

import math
from typing import NoReturn

import numpy as np

from ..insight.explain import Record, explain
from ..insight.words import number
from ..layers.module import Module
from ..modes import quiet
from ..optim import Optimizer
from ..tensor import Tensor


def finite_gradients(parameters: list[Tensor]) -> bool:
    """Whether all gradients are finite numbers; one product a parameter, unless something looks wrong."""
    with quiet():
        total = sum(np.vdot(p._grad, p._grad) for p in parameters if p._grad is not None)
        return math.isfinite(total) or all(p._grad is None or np.isfinite(p._grad).all() for p in parameters)


def sizes(model: Module) -> dict[str, float]:
    """The largest weight of each parameter, by path."""
    return {path: float(np.max(np.abs(p.data))) for path, p in model.named_parameters() if p.size}


def refuse(
    model: Module, loss: Tensor, optimizer: Optimizer, before: dict[str, float], x: np.ndarray, epoch: int, batch: int
) -> NoReturn:
    """Stop, naming the layer whose weight, value or gradient was the first to be no finite number.

    `before` are the sizes of the weights when the training began: what has grown most is named, too, and how large the
    numbers in `x` are. The first step can't blame the rate: none was taken before.
    """
    raise FloatingPointError(
        f"training diverged in epoch {epoch}, batch {batch}: {_first(model, loss)}. The step was not taken. "
        f"{_growth(before, sizes(model))}{_large(x)}{_advice(optimizer)}"
    )


def check_weights(model: Module, optimizer: Optimizer, epoch: int) -> None:
    """At the end of an epoch: its last step, too, must have left finite weights."""
    bad = _bad_weights(model)
    if bad:
        raise FloatingPointError(
            f"training diverged at the end of epoch {epoch}: {bad}. The learning rate is {optimizer.lr:g}: try a lower "
            "one, or clip=1.0"
        )


def _advice(optimizer: Optimizer) -> str:
    if optimizer.steps:
        return f"The learning rate is {optimizer.lr:g}: try a lower one, clip=1.0, or look closer with tg.debug()"
    return (
        "It is the first step, so the learning rate is not to blame: look in the layers and the loss for log(0), 0/0 "
        "or √0, with tg.debug()"
    )


def _large(x: np.ndarray) -> str:
    """Numbers that no initialization of weights is made for."""
    largest = float(np.max(np.abs(x), initial=0.0))
    return f"x holds numbers up to {number(largest)}: tg.data.Standardizer scales them. " if largest > 100 else ""


def _first(model: Module, loss: Tensor) -> str:
    weights = _bad_weights(model)
    if weights:
        return f"the loss is {loss.item():.3g}, because {weights}"
    record = explain(loss)
    names = {id(p): path for path, p in model.named_state()}
    for step in record.forward:
        if not np.isfinite(step.value).all():
            value = "NaN" if np.isnan(step.value).any() else "infinite"
            if step.op is None:  # no op made it
                taker = next(other for other in record.forward if step.index in other.inputs)
                given = names.get(id(step.tensor), step.name)
                return (
                    f"the loss is {loss.item():.3g}. There are {value} values in what was given to '{taker.op}' in "
                    f"{_layer(taker.layer)}: {given}, of shape {step.value.shape}"
                )
            inputs = ", ".join(_of(record, i, names) for i in step.inputs)
            return (
                f"the loss is {loss.item():.3g}. The first {value} value was that of '{step.op}' in "
                f"{_layer(step.layer)}" + (f", from {inputs}" if inputs else "")
            )
    for share in record.backward:
        if not np.isfinite(share.accumulated).all():
            path = names.get(id(record.forward[share.input].tensor))
            what = f"that of {path}" if path else "one"
            return (
                f"the loss is {loss.item():.3g}, but a gradient is not finite. The first was {what} in "
                f"{_layer(share.layer)}, on the way back through '{share.op}'"
            )
    return f"the loss is {loss.item():.3g}, and gradients are not finite"


def _bad_weights(model: Module) -> str:
    """The first parameter that is not finite."""
    for path, p in model.named_parameters():
        if not np.isfinite(p.data).all():
            return f"the weights of {_layer(path.rpartition('.')[0])} are not finite ({path})"
    return ""


def _layer(path: str) -> str:
    return f"layer {path}" if path else "the model or the loss, outside of its layers"


def _of(record: Record, index: int, names: dict[int, str]) -> str:
    step = record.forward[index]
    if step.kind == "constant":
        return step.name  # which is the number itself
    largest = float(np.max(np.abs(step.value))) if step.value.size else 0.0
    return f"{names.get(id(step.tensor), step.name)} up to {number(largest)}"


def _growth(before: dict[str, float], now: dict[str, float]) -> str:
    """Which weights have grown most, if any have."""
    path = max(now, key=lambda path: now[path] / max(before.get(path, 0.0), 1.0))
    if not (path in before and now[path] > 10 * max(before[path], 1.0)):
        return ""
    layer = path.rpartition(".")[0]
    return f"The weights of {_layer(layer)} have grown most: {path} from {before[path]:.3g} to {now[path]:.3g}. "

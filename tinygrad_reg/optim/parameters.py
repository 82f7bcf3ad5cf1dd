"""What optimizers and clipping are given: parameters, or something else that many write in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from ..arrays import require_float
from ..tensor import Tensor, describe


def leaves(params: Any, taker: str) -> list[Tensor]:
    """The parameters that were given, each once, or an error that says how to give them."""
    if isinstance(params, Tensor):
        params = [params]
    elif not isinstance(params, Iterable) or isinstance(params, (Mapping, np.ndarray)) or hasattr(params, "parameters"):
        _refuse(params, taker)
    found = dict.fromkeys(_leaf(p, taker) for p in params)
    if not found:
        raise ValueError(
            f"{taker} was given no parameters: those of a module are the Tensors with requires_grad=True that it holds "
            "(and a generator that was used before is empty)"
        )
    return list(found)


def _leaf(p: Any, taker: str) -> Tensor:
    if isinstance(p, Mapping):
        raise TypeError(
            f"{taker} takes no parameter groups: make an optimizer for each group, such as "
            "a = SGD(weights, lr=0.1) and b = SGD(biases, lr=0.01), and call step() of both"
        )
    if not isinstance(p, Tensor):
        raise TypeError(f"{taker} takes Tensors, such as model.parameters(), but there is a {type(p).__name__}")
    if p._primitive is not None:
        raise ValueError(f"{taker} takes leaves, but {describe(p)} was computed by '{p.op}': give its inputs")
    require_float(p._data)
    return p


def _refuse(params: Any, taker: str) -> NoReturn:
    """What is no list: a model, its method without (), the learning rate ..."""
    if hasattr(params, "parameters"):
        raise TypeError(f"{taker} takes parameters, not a {type(params).__name__}: write .parameters() after it")
    if callable(params):
        name = getattr(params, "__name__", "parameters")
        raise TypeError(f"{taker} takes parameters, not a function that gives them: call it, .{name}()")
    if isinstance(params, (int, float)):
        raise TypeError(f"{taker} takes the parameters first: {taker}(model.parameters(), lr={params})")
    raise TypeError(f"{taker} takes a list of Tensors, not {type(params).__name__}")

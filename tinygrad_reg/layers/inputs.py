"""What modules are given: arrays become Tensors, and where a forward fails of what it was given, that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.wrong_calls import instead
from ..tensor import Tensor
from .state import Stateful

if TYPE_CHECKING:
    from .module import Module


def as_tensor(value: Any) -> Any:
    """An array, a float or a list of numbers as a Tensor, anything else as it is."""
    if isinstance(value, np.ndarray):
        return Tensor(value)
    if isinstance(value, Tensor):
        return value
    if isinstance(value, float) or (hasattr(value, "__array__") and np.ndim(value)):
        return Tensor(value)
    if isinstance(value, list) and not any(isinstance(part, (Tensor, Stateful)) for part in value):
        return Tensor(value)
    return value


def told_of(module: Module, error: Exception, is_whole: bool, inputs: Sequence[Any], options: Any) -> Exception:
    """What is raised for an error in forward: the same, but where what was given explains it, or what to write.

    `is_whole`: the module is the model, and no layer of it.
    """
    odd = [x for x in inputs if not isinstance(as_tensor(x), Tensor)]
    of_the_house = type(module).__module__.startswith(f"{__package__}.")
    if isinstance(error, AttributeError) and odd and of_the_house:
        return TypeError(f"{module.where()} takes an array or a Tensor, not {type(odd[0]).__name__}")
    if "training" in options and "unexpected keyword argument 'training'" in str(error):
        return TypeError(
            f"{module.where()} takes no training=: model.eval() and model.train() switch the mode, and "
            "tg.predict(model, x) computes in eval mode"
        )
    if isinstance(error, ValueError) and is_whole and (choose := instead(error)):
        error.add_note(choose)
    return error

"""What tests are made of: leaves to differentiate by, and ops for the occasion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_reg as tg


def leaf(data: Any, name: str | None = None, dtype: Any = None) -> tg.Tensor:
    """A Tensor with an array of its own that requires a gradient; whole numbers become floats."""
    array = np.array(data, dtype)
    return tg.Tensor(array if array.dtype.kind == "f" else array.astype(float), requires_grad=True, name=name)


def op(forward: Callable[..., Any], *derivatives: Callable[..., Any], **declaration: Any) -> Any:
    """An op of this forward, with a derivative for each input in order: g, out and all inputs -> the share."""
    made = tg.primitive(**declaration)(forward)
    for derivative in derivatives:
        made.derivative("…")(derivative)
    return made

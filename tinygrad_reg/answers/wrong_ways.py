"""What is said of a way back over the graph that can't be gone: where it would start, where it is broken off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from ..modes import modes
from ..tensor import COMPILED, Tensor, describe


def refuse_start(output: Any, gradient: Any, call: str) -> None:
    """A gradient starts at a Tensor that has a graph; at one number, or at many that are given weights."""
    if not isinstance(output, Tensor):
        again = "; a gradient that can be differentiated again is made by tg.gradients(y, x, create_graph=True)"
        raise TypeError(
            f"{call} starts at a Tensor, not at {type(output).__name__}"
            + again * isinstance(output, (np.ndarray, list))
        )
    if not output._requires_grad:
        if output._cut is COMPILED:
            raise RuntimeError(_without_graph(output, call))
        raise RuntimeError(
            f"{describe(output)} has no graph to go back through: nothing it was computed from requires a gradient"
            + (" (and no_grad() is on)" if not modes.recording else ", or it was computed under no_grad()")
            + ". Make the parameters with requires_grad=True; one that was computed inside no_grad(), W = 0.1 * W, is "
            "none any more: write W.data = 0.1 * W.data"
        )
    if gradient is None and output._data.size != 1:
        raise ValueError(
            f"{call} needs a single number to start from, but {describe(output)} has {output.size}; "
            "reduce it with .sum() or .mean(), or give gradient=, the weight of each element"
        )


def refuse_stale(parent: Tensor, node: Tensor) -> NoReturn:
    """A leaf has been written into since the graph was made."""
    raise RuntimeError(
        f"{_has_moved(parent, node)}, so this graph's gradients would be wrong: compute the loss anew, then go backward"
    )


def refuse_to_show_stale(parent: Tensor, node: Tensor) -> NoReturn:
    """The same, where nobody wants to go backward, but to see the graph."""
    raise RuntimeError(
        f"{_has_moved(parent, node)}, so what is shown of this graph would be wrong: draw or explain it before the "
        "optimizer's step, or compute the loss anew"
    )


def _has_moved(parent: Tensor, node: Tensor) -> str:
    if getattr(parent, "_thawed", None) == parent._time:
        return f"{describe(parent)} requires a gradient only since '{node.op}' used it, as a constant"
    why = "an optimizer's step, a load or an assignment to .data"
    return f"{describe(parent)} has new values ({why}) since '{node.op}' used it"


def refuse_compiled(parent: Tensor) -> NoReturn:
    """What a program returned has no graph, where eagerly it would have one."""
    raise RuntimeError(f"{_without_graph(parent, 'backward()')}, or write .detach() if no gradient should flow there")


def _without_graph(tensor: Tensor, call: str) -> str:
    return f"{describe(tensor)} came out of tg.compile without a graph: put {call} into the step"


def differentiable(inputs: Any) -> list[Tensor]:
    """What gradients are asked for: one Tensor, or several."""
    if isinstance(inputs, np.ndarray) or not isinstance(inputs, (Tensor, Iterable)):
        model = callable(getattr(inputs, "parameters", None))
        advice = "; write model.parameters()" if model else ""
        raise TypeError(f"gradients() are taken with respect to Tensors, not {type(inputs).__name__}{advice}")
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for x in wanted:
        if not isinstance(x, Tensor):
            raise TypeError(f"gradients() are taken with respect to Tensors, not {type(x).__name__}")
        if not x._requires_grad:
            raise ValueError(f"{describe(x)} does not require a gradient; make it with requires_grad=True")
    return wanted

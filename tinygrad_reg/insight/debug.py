"""When numbers go wrong: debug() stops at the first NaN or inf, and at arrays that change under a graph."""

from __future__ import annotations

import warnings
import weakref
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..modes import switched, watching
from ..primitive import Primitive
from ..source import users_level
from ..tensor import Tensor, describe
from .words import interval, not_finite, ranges, where


def debug() -> switched:
    """Watch every op inside the block (in this thread), at the price of reading each array once more.

    The first NaN or inf that no operand had raises FloatingPointError with the op, the layer, the line, the operands'
    ranges and the likely cause; an array that was changed in place between the forward pass and the way back raises
    RuntimeError. A column (N, 1) that met a row (N,), so that (N, N) came out, is warned of.
    """
    return watching(Alarms())


class Alarms:
    """Looks at each result of an op, and at each step of the way back (it is an Observer of the walk)."""

    def __init__(self) -> None:
        # For each node, by its id: of the arrays that it was made from, and of its own.
        self._prints: dict[int, tuple[Any, list[int | None]]] = {}

    def applying(self, op: Primitive, inputs: Sequence[Any]) -> Callable[..., Any]:
        """An op is going to be applied; what computes it is returned."""
        return op.forward

    def forward(self, op: Primitive, node: Tensor, inputs: Sequence[Any], arrays: Sequence[Any]) -> None:
        """An op has computed `node` from `arrays`."""
        if not is_finite(node._data) and all(is_finite(x) for x in arrays):
            cause = op.undefined or f"The result is too large for {node.dtype}."
            raise FloatingPointError(
                f"{op.name} gave {not_finite(node._data)}{where(node)}, from {ranges(inputs)}. {cause}"
            )
        _column_and_row(node, inputs)
        if node._primitive is not None:
            key = id(node)
            # When the node goes, so does its entry. No Python code runs then, in which Ctrl-C would be lost.
            forget = partial(self._prints.pop, key)
            self._prints[key] = (weakref.ref(node, forget), _fingerprints(node))

    def start(self, output: Tensor, gradient: Any) -> None:
        """The way back begins."""

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        """`node` has sent a share of its gradient to one of its inputs."""
        if id(node) in self._prints:
            watched = (*node._inputs, node, *node._options)
            for one, then, now in zip(watched, self._prints[id(node)][1], _fingerprints(node), strict=True):
                if then not in (now, None):
                    changed = f"its option {one}=" if isinstance(one, str) else describe(one)
                    raise RuntimeError(
                        f"{changed} was changed in place after '{node.op}' had used it{where(node)}: "
                        "the gradient would be that of other values. Make a new array instead of writing into this one"
                    )
        op = node._primitive
        assert op is not None
        if not is_finite(after) and is_finite(upstream) and (before is None or is_finite(before)):
            if any(np.isnan(x).any() for x in node._arrays):
                return  # as on the way there: a NaN passes that was there before
            raise FloatingPointError(
                f"the derivative of {op.name} by '{op.input_name(position)}' gave {not_finite(after)} on the way back"
                f"{where(node)}, at {ranges(node._inputs)}, with an upstream gradient in {interval(upstream)}."
                + (f" {op.undefined}" if op.undefined else "")
            )


def columns_and_rows(output: Tensor) -> None:
    """Warn of each op in the graph of `output` in which a column met a row."""
    for node in below(output):
        _column_and_row(node, node._inputs)


def below(output: Tensor) -> dict[Tensor, None]:
    """Everything that `output` was computed from, and itself, in the order of the way back."""
    found: dict[Tensor, None] = {}
    stack = [output]
    while stack:
        tensor = stack.pop()
        if tensor not in found:
            found[tensor] = None
            stack.extend(x for x in tensor._inputs if isinstance(x, Tensor))
    return found


def _column_and_row(node: Tensor, inputs: Sequence[Any]) -> None:
    """Warn of (N, 1) with (N,): NumPy makes (N, N) of them, each with each, where a loss means one with one."""
    if len(inputs) != 2 or node.ndim != 2 or node._primitive is None or not node._primitive.elementwise:
        return
    one, other = sorted(map(np.shape, inputs), key=len)
    if len(one) == 1 and one[0] > 1 and other == (one[0], 1):
        warnings.warn(
            f"{node.op} of {' and '.join(map(describe, inputs))} has shape {node.shape}, each element of one with each "
            f"of the other{where(node)}. If they belong together, give both one shape: y.reshape(-1, 1)",
            stacklevel=users_level(),
        )


def _fingerprints(node: Tensor) -> list[int | None]:
    """Of the node's inputs, its own array and its options: None of a number, which can't change."""
    options = [x if isinstance(x, np.ndarray) else np.array(repr(x)) for x in node._options.values()]  # such as a list
    return [_fingerprint(x._data if isinstance(x, Tensor) else x) for x in (*node._inputs, node, *options)]


def _fingerprint(x: Any) -> int | None:
    if isinstance(x, (int, float)):
        return None
    return zlib.crc32(np.ascontiguousarray(x).view(np.uint8).data) if np.size(x) else 0


def is_finite(x: Any) -> bool:
    """Whether there is neither NaN nor inf in x, an array or a Tensor."""
    return bool(np.all(np.isfinite(x._data if isinstance(x, Tensor) else x)))

"""When numbers go wrong: debug() stops at the first NaN or inf, why() says what became of a gradient."""

from __future__ import annotations

import warnings
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from . import source
from .backward import start_gradient, walk
from .modes import modes, quiet, watching
from .primitive import Primitive
from .tensor import Tensor, describe
from .words import number


@contextmanager
def debug() -> Iterator[None]:
    """Watch every op inside the block (in this thread), at the price of reading each array once more.

    The first NaN or inf that no operand had raises FloatingPointError with the op, the layer, the line, the operands'
    ranges and the likely cause; an array that was changed in place between the forward pass and the way back raises
    RuntimeError. A column (N, 1) that met a row (N,), so that (N, N) came out, is warned of.
    """
    with watching(Watch()):
        yield


class Watch:
    """Looks at each result of an op, and at each step of the way back (it is an Observer of the walk)."""

    def __init__(self) -> None:
        self._prints: dict[int, tuple[Any, list[int]]] = {}  # of the arrays that a node was made from and of its own

    def applying(self, op: Primitive, inputs: Sequence[Any]) -> Callable[..., Any]:
        """An op is going to be applied; what computes it is returned."""
        return op.forward

    def forward(self, op: Primitive, node: Tensor, inputs: Sequence[Any], arrays: Sequence[Any]) -> None:
        """An op has computed `node` from `arrays`."""
        if not _finite(node._data) and all(_finite(x) for x in arrays):
            raise FloatingPointError(
                f"{op.name} gave {_what(node._data)}{_where(node)}, from {_ranges(inputs)}."
                + (
                    f" {op.undefined}"
                    if op.undefined
                    else " The result is too large for " + str(node._data.dtype) + "."
                )
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
            for tensor, then, now in zip(
                (*node._inputs, node), self._prints[id(node)][1], _fingerprints(node), strict=True
            ):
                if then != now:
                    raise RuntimeError(
                        f"{describe(tensor)} was changed in place after '{node.op}' had used it{_where(node)}: "
                        "the gradient would be that of other values. Make a new array instead of writing into this one"
                    )
        op = node._primitive
        assert op is not None
        if not _finite(after) and _finite(upstream) and (before is None or _finite(before)):
            raise FloatingPointError(
                f"the derivative of {op.name} by '{op.input_name(position)}' gave {_what(after)} on the way back"
                f"{_where(node)}, at {_ranges(node._inputs)}, with an upstream gradient in {_range(upstream)}."
                + (f" {op.undefined}" if op.undefined else "")
            )


def columns_and_rows(output: Tensor) -> None:
    """Warn of each op in the graph of `output` in which a column met a row."""
    for node in _all_below(output)[0]:
        _column_and_row(node, node._inputs)


def _column_and_row(node: Tensor, inputs: Sequence[Any]) -> None:
    """Warn of (N, 1) with (N,): NumPy makes (N, N) of them, each with each, where a loss means one with one."""
    if len(inputs) != 2 or node.ndim != 2 or node._primitive is None or not node._primitive.elementwise:
        return
    one, other = sorted(map(np.shape, inputs), key=len)
    if len(one) == 1 and one[0] > 1 and other == (one[0], 1):
        warnings.warn(
            f"{node.op} of {' and '.join(map(describe, inputs))} has shape {node.shape}, each element of one with each "
            f"of the other{_where(node)}. If they belong together, give both one shape: y.reshape(-1, 1)",
            stacklevel=2,
        )


def why(tensor: Tensor, loss: Tensor | None = None) -> str:
    """Why the gradient of `tensor` is None, zero, NaN or huge, in one or two sentences.

    `loss` is where backward() started; by default, the last one in this thread that is still in use.

    >>> print(why(Tensor(1.0, name="x")))
    x has no gradient because it does not require one: make it with requires_grad=True.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"why() takes a Tensor, not {type(tensor).__name__}")
    if loss is not None and not isinstance(loss, Tensor):
        raise TypeError(f"why() takes the loss that backward() started at, a Tensor, not {type(loss).__name__}")
    name = source.label(tensor) or "it"
    if loss is None and modes.last_output is not None:
        loss = modes.last_output()
    if not tensor.requires_grad:
        return _why_constant(tensor, name)
    grad = tensor._grad
    if grad is None:
        return _why_none(tensor, name, loss)
    if not _finite(grad):
        return f"The gradient of {name} holds {_what(grad)}: " + _first_step(tensor, loss, _turns_bad, _explain_bad)
    if not np.any(grad):
        return f"The gradient of {name} is 0: " + _first_step(tensor, loss, _turns_zero, _explain_zero)
    largest = float(np.max(np.abs(grad)))
    rms = largest * float(np.sqrt(np.mean(np.square(np.divide(grad, largest, dtype=np.float64)))))
    if largest > _HUGE:
        return f"The gradient of {name} is huge, up to {number(largest)}: " + _first_step(
            tensor, loss, _grows_most, _explain_growth
        )
    zeros = float(np.mean(np.asarray(grad) == 0))
    text = f"The gradient of {name} is there: largest entry {number(largest)}, root mean square {number(rms)}."
    text += f" {zeros:.0%} of its entries are 0." if zeros else ""
    if largest < _TINY and loss is not None and tensor in _all_below(loss)[0]:
        text += " It is small: " + _first_step(tensor, loss, _shrinks_most, _explain_shrinking)
    return text


_HUGE, _TINY = 1e3, 1e-3


def _why_constant(tensor: Tensor, name: str) -> str:
    if tensor._cut == "no_grad()":
        return (
            f"{name} has no gradient: it was computed inside no_grad(){_where(tensor)}, so no graph leads through it."
        )
    if tensor._cut == "detach()":
        return f"{name} has no gradient: it was cut from its graph by detach(){_where(tensor)}."
    return f"{name} has no gradient because it does not require one: make it with requires_grad=True."


def _why_none(tensor: Tensor, name: str, loss: Tensor | None) -> str:
    if loss is None:
        return f"{name} has no gradient yet: backward() has not been called on what uses it, or it was cleared."
    goal = source.label(loss) or "the loss"
    reached, cuts = _all_below(loss)
    if tensor in reached:
        if tensor._primitive is not None:
            return f"{name} has no gradient: backward(retain_grads=False) keeps those of leaves only."
        return f"{name} has no gradient: it was cleared after backward(), or backward() has not been called on {goal}."
    text = f"{name} has no gradient because {goal} was not computed from it"
    if cuts:
        cut = cuts[0]
        text += f": the graph is cut at {source.label(cut) or describe(cut)} by {cut._cut}{_where(cut)}"
    return text + "."


def _all_below(loss: Tensor) -> tuple[set[Tensor], list[Tensor]]:
    """Everything that `loss` was computed from, and the tensors among it that were cut from a graph."""
    seen, stack = {loss}, [loss]
    cuts: list[Tensor] = []
    while stack:
        tensor = stack.pop()
        if tensor._cut:
            cuts.append(tensor)
        for parent in tensor._inputs:
            if isinstance(parent, Tensor) and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen, cuts


class _Steps:
    """The observer that keeps the steps of the walk that lie between the loss and one tensor."""

    def __init__(self) -> None:
        self.steps: list[tuple[Tensor, int, Any, Any]] = []

    def start(self, output: Tensor, gradient: Any) -> None: ...

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        self.steps.append((node, position, upstream, share))


def _first_step(tensor: Tensor, loss: Tensor | None, decides: Any, explains: Any) -> str:
    """Walk back from the loss once more, only to `tensor`, and explain the step that decided."""
    advice = "give why(tensor, loss) the loss it came from to learn where."
    if loss is None or not loss.requires_grad or tensor not in _all_below(loss)[0]:
        return f"no way from the last loss leads to it, so {advice}"
    watcher = _Steps()
    with quiet():
        gradient = start_gradient(loss, np.ones(loss.shape, loss.dtype), "why()")
        for _ in walk([loss], [gradient], [tensor], observer=watcher):
            pass
    steps = decides(watcher.steps)
    if not steps:
        return "the last backward pass does not show it; it was accumulated over several, or written since."
    return str(explains(*steps[0]))


def _turns_bad(steps: list[Any]) -> list[Any]:
    return [s for s in steps if not _finite(s[3]) and _finite(s[2])]


def _turns_zero(steps: list[Any]) -> list[Any]:
    return [s for s in steps if not np.any(s[3]) and np.any(s[2])]


def _grows_most(steps: list[Any]) -> list[Any]:
    def growth(step: Any) -> float:
        return float(np.max(np.abs(step[3]), initial=0) / max(np.max(np.abs(step[2]), initial=0), 1e-300))

    return sorted(steps, key=growth, reverse=True)


def _shrinks_most(steps: list[Any]) -> list[Any]:
    """The op that takes most of the gradient, with how much its steps pass on: the geometric mean, by norms."""
    passed: dict[str, list[float]] = {}
    of: dict[str, Tensor] = {}
    for node, _, upstream, share in steps:
        before, after = (float(np.max(np.abs(x), initial=0)) for x in (upstream, share))
        if node.op is not None and before and after:
            passed.setdefault(node.op, []).append(float(np.log(after) - np.log(before)))
            of[node.op] = node
    most = sorted(passed, key=lambda op: sum(passed[op]))
    return [(of[op], np.exp(np.mean(passed[op])), len(passed[op])) for op in most if sum(passed[op]) < 0]


def _explain_bad(node: Tensor, position: int, upstream: Any, share: Any) -> str:
    op = node._primitive
    assert op is not None
    return (
        f"the derivative of {op.name}{_where(node)} gave {_what(share)} at {_ranges(node._inputs)}."
        + (f" {op.undefined}" if op.undefined else "")
        + " tg.debug() stops there."
    )


def _explain_zero(node: Tensor, position: int, upstream: Any, share: Any) -> str:
    op = node._primitive
    assert op is not None
    others = [x for i, x in enumerate(node.parents) if i != position]
    if op.name == "multiply" and others and not np.any(others[0].data):
        mask = source.label(others[0]) or "the other factor"
        return (
            f"{op.name}{_where(node)} multiplies it by {mask}, which is 0 everywhere (a mask that dropped every unit?)."
        )
    if op.vanishes:
        return (
            f"{op.vanishes} That happens{_where(node)}, where the input is in {_range(node.parents[position]._data)}."
        )
    return f"{op.name}{_where(node)} has slope 0 at {_ranges(node._inputs)}."


def _explain_shrinking(node: Tensor, factor: float, times: int) -> str:
    op = node._primitive
    assert op is not None
    share = number(float(f"{factor:.2g}"))
    if times > 1:
        text = f"most is lost at {op.name}, which stands {times} times on the way and passes on {share} on average."
    else:
        text = f"most is lost at {op.name}{_where(node)}, which passes on {share} of it."
    if "saturates" in op.vanishes:
        text += f" {op.why} ReLU, an initialization that fits, or batch norm help."
    return text


def _explain_growth(node: Tensor, position: int, upstream: Any, share: Any) -> str:
    op = node._primitive
    assert op is not None
    return (
        f"the largest growth is at {op.name}{_where(node)}, from {number(float(np.max(np.abs(upstream))))} to "
        f"{number(float(np.max(np.abs(share))))}. Smaller weights, another initialization or clipping help."
    )


def _finite(x: Any) -> bool:
    return bool(np.all(np.isfinite(x._data if isinstance(x, Tensor) else x)))


def _what(x: Any) -> str:
    nans, infs = int(np.sum(np.isnan(x))), int(np.sum(np.isinf(x)))
    found = [f"{count} {kind}" if np.size(x) > 1 else kind for count, kind in ((nans, "NaN"), (infs, "inf")) if count]
    return " and ".join(found) + (f" among {np.size(x)} values" if np.size(x) > 1 else "")


def _where(tensor: Tensor) -> str:
    place = source.place(tensor)
    layer = f" in layer {tensor._layer}" if tensor._layer else ""
    return layer + (f" ({place}: {place.code})" if place else "")


def _ranges(inputs: Sequence[Any]) -> str:
    named = [(source.label(x) if isinstance(x, Tensor) else None) or f"operand {i + 1}" for i, x in enumerate(inputs)]
    return ", ".join(f"{name} in {_range(x)}" for name, x in zip(named, inputs, strict=True)) or "nothing"


def _range(x: Any) -> str:
    array = np.asarray(x._data if isinstance(x, Tensor) else x)
    if array.size == 0:
        return "an empty array"
    return f"[{number(float(array.min()))}, {number(float(array.max()))}]"


def _fingerprints(node: Tensor) -> list[int]:
    arrays = [x._data if isinstance(x, Tensor) else x for x in (*node._inputs, node)]
    return [zlib.crc32(np.ascontiguousarray(x).data) if np.size(x) else 0 for x in arrays]

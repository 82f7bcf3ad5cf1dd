"""What a call of an op does: it computes the forward on plain arrays, and makes a node of the graph of the result.

A node is a Tensor that remembers its op and what the op was given. It is made where one of the inputs requires a
gradient and recording is on; elsewhere the result is a constant, and its past is freed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import source
from .answers import wrong_calls
from .arrays import plain_array
from .modes import ERROR_STATE, IGNORE, modes
from .operands import as_float, in_dtype, is_captured_number, operand, weakened
from .signature import bound
from .tensor import COMPILED, Tensor, tick

if TYPE_CHECKING:
    from .primitive import Primitive

NO_OPTIONS: dict[str, Any] = {}  # of the ops that were given none: one for all nodes
_new_tensor = Tensor.__new__


def apply(op: Primitive, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a call of `op` gives: an array where none of its inputs is a Tensor, else a Tensor."""
    if len(inputs) != op.arity and not op.variadic:
        inputs, options = bound(op, inputs, options)

    # 1. Tensors give their arrays; a number stays one, so that it does not decide the dtype.
    here = modes.__dict__
    watch = here["watch"]
    forward = op.forward if watch is None else watch.applying(op, inputs)
    arrays: list[Any] = []
    any_tensor = requires_grad = has_numbers = False
    for x in inputs:
        if isinstance(x, Tensor):
            any_tensor = True
            if x._requires_grad:
                requires_grad = True
            arrays.append(x._data)
        elif type(x) is float or type(x) is int:
            has_numbers = True
            arrays.append(x)
        elif type(x) is np.ndarray and x.dtype.kind in "fiub":
            arrays.append(x)
        else:
            has_numbers |= isinstance(x, np.generic) or (watch is not None and is_captured_number(x))
            arrays.append(operand(x))

    if not any_tensor and not op.random:
        arrays = [x if isinstance(x, (np.generic, float, int)) else plain_array(x) for x in inputs]
    if has_numbers and watch is not None and any_tensor and op.elementwise:
        arrays = weakened(inputs, arrays)
    if op.floats:
        arrays = [as_float(x) for x in arrays]

    # 2. The forward, without warnings of NumPy: as by `quiet`, at a fraction of its cost.
    outside = ERROR_STATE.get()
    try:
        ERROR_STATE.set(IGNORE)  # inside, so that Ctrl-C right behind it finds the way back
        out = forward(*arrays, **options) if options else forward(*arrays)
        kept = None
        if op.keeps:
            out, kept = out
        if has_numbers and requires_grad and here["recording"]:
            known = in_dtype(inputs, arrays, out.dtype)
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise wrong_calls.misfit(op, error, inputs, options) from None
    finally:
        ERROR_STATE.set(outside)
    if not any_tensor and not op.random:
        return out  # plain in, plain out, as with NumPy's own functions

    # 3. The node, or a constant. (Tensor(...) would look at the array, which an op of the house has no need of.)
    node = _new_tensor(Tensor)
    node._data = out
    node._grad = node._home = node._name = None
    node._owned = False
    if requires_grad and here["recording"]:
        if options or op.fixed or op.foreign:
            wrong_calls.refuse_lost_gradients(op, inputs, options)
            if out.dtype.kind != "f":
                raise TypeError(
                    f"{op.name} gave {out.dtype} numbers, which carry no gradient, of inputs that require one; "
                    "give it their .numpy(), if none should flow there"
                )
        node._requires_grad = True
        node._primitive = op
        node._inputs = inputs
        node._arrays = tuple(known if has_numbers else arrays)
        node._options = options or NO_OPTIONS
        node._kept = kept
        node._cut = None
        node._time = tick()
    else:
        node._requires_grad = False
        node._primitive = node._kept = None
        node._inputs = node._arrays = ()
        node._options = NO_OPTIONS
        node._cut = "no_grad()" if requires_grad else _compiled(inputs)
        if _is_view(out, arrays) and (requires_grad or _is_held(inputs)):
            node._data = out.copy()  # of a parameter, which the optimizer will write into
        node._time = 0
    if op.random:
        node._name = op.symbol  # "mask", "noise": no op stands behind it in a picture
    node._layer = here["layer"]
    node._code, node._place = here["place"] or source.running(3)
    if watch is not None:
        watch.forward(op, node, inputs, arrays)
    return node


def _compiled(inputs: Sequence[Any]) -> str | None:
    """Whether one of them came out of a program, which gave it no graph where it would have one."""
    for x in inputs:
        if isinstance(x, Tensor) and x._cut is COMPILED:
            return COMPILED
    return None


def _is_view(out: Any, arrays: Sequence[Any]) -> bool:
    """Whether the result of an op shows one of its inputs' own memory."""
    return isinstance(out, np.ndarray) and out.base is not None and any(np.may_share_memory(out, x) for x in arrays)


def _is_held(inputs: Sequence[Any]) -> bool:
    """Whether one of them is a parameter that an optimizer holds."""
    return any(isinstance(x, Tensor) and x._home is not None for x in inputs)

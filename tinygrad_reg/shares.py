"""A share of a gradient: what an op's derivative gives one of its inputs, in that input's own shape and dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import plain_array
from .half import widened_for_derivative
from .sums import unbroadcast
from .tensor import Tensor

if TYPE_CHECKING:
    from .primitive import Primitive


def share_of(node: Tensor, position: int, upstream: Any) -> Any:
    """What `node` sends its input at `position` of the gradient `upstream`, as its op's derivative gives it.

    A step of the walk by itself: one factor of the chain rule, before it is summed over broadcast axes.
    """
    primitive: Primitive = node._primitive
    known = (upstream, node._data, *node._arrays)
    if primitive.sums:
        known = widened_for_derivative(known)
    options = {**node._options, primitive.keeps: node._kept} if primitive.keeps else node._options
    if primitive.joint:
        return primitive.shares_of_all(known, options, node._inputs, {node._inputs[position]})[position]
    return primitive.functions[position](*known, **options)


def fitted(share: Any, parent: Tensor, node: Tensor, create_graph: bool = False) -> Any:
    """The share in its input's own shape and dtype: an input that was broadcast gets the sum over the copies."""
    if isinstance(share, Tensor) and not create_graph:
        raise TypeError(
            f"the derivative of '{node.op}' must give an array, not a Tensor: it used one that "
            "is no input of the op; make it an input, or write .numpy() of it"
        )
    if not isinstance(share, (np.ndarray, np.generic, Tensor)):
        if not isinstance(share, (float, int)):
            raise TypeError(f"the derivative of '{node.op}' must give an array, not {type(share).__name__}")
        share = np.asarray(share, parent._data.dtype)
    if share.shape != parent._data.shape:
        primitive = node._primitive
        assert primitive is not None
        repeated = primitive.elementwise and share.shape == node._data.shape
        if not repeated or (primitive.foreign and not _broadcasts(parent._data.shape, share.shape)):
            raise ValueError(
                f"the derivative of '{node.op}' must give an input of shape {parent.shape} a gradient of that shape, "
                f"not {share.shape}" + ("; elementwise=True is for ops whose inputs broadcast" if repeated else "")
            )
        share = unbroadcast(share, parent._data.shape)
    dtype = parent._data.dtype
    if isinstance(share, np.ndarray) and type(share) is not np.ndarray:
        share = plain_array(share)
    if share.dtype.kind not in "fiub":
        raise TypeError(f"the derivative of '{node.op}' must give real numbers, not {share.dtype}")
    return share if share.dtype == dtype else share.astype(dtype)


def _broadcasts(shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
    """Whether an array of `shape` can be repeated into one of the shape `out`."""
    try:
        return np.broadcast_shapes(shape, out) == out
    except ValueError:
        return False

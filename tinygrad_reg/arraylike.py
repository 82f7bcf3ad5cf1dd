"""A Tensor where it stands for an array or a number: np.array(t), len(t), float(t), `if t > 0`, t += u, t[0] = 1.

It is answered where no gradient gets lost. Elsewhere it is refused, with what to write instead. (NumPy's functions that
are given a Tensor: see dispatch.py. What other libraries have: see answers/foreign.py.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from . import source
from .methods import attach
from .modes import modes
from .tensor import Tensor, describe

# ---- an array


def array(t: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """np.array(t), np.asarray(t)"""
    if t._requires_grad:
        raise TypeError(
            f"{describe(t)} requires a gradient, which a plain array can't carry: write .numpy() for values, "
            "np.stack([...]) to join tensors, or tg.ops / np functions to stay in the graph"
        )
    return np.array(t.data, dtype=dtype, copy=copy)


def length(t: Tensor) -> int:
    """len(t)"""
    if not t.shape:
        raise TypeError("a 0-d tensor has no len()")
    return t.shape[0]


def rows(t: Tensor) -> Iterator[Tensor]:
    """for row in t"""
    if not t.shape:
        raise TypeError("a 0-d tensor can't be iterated over; its value is .item()")
    return (t[i] for i in range(len(t)))


def assign_elements(t: Tensor, index: Any, value: Any) -> NoReturn:
    """t[0] = 1"""
    raise TypeError(
        "a Tensor can't be changed in place: its graph would tell of values that are gone. "
        "Write np.where(mask, new, t) for a new tensor, or assign a whole array to .data of a leaf"
    )


def mask(t: Tensor) -> NoReturn:
    """A masked array on the left of an operator asks for it."""
    if t._requires_grad:
        raise TypeError(
            f"a masked array can't go with {describe(t)}, whose gradient would get lost: write "
            "array.filled(value) for an array without a mask"
        )
    raise AttributeError("a Tensor has no mask", name="_mask", obj=t)


attach(array, "__array__")
attach(length, "__len__")
attach(rows, "__iter__")
attach(assign_elements, "__setitem__")
attach(property(mask), "_mask")


# ---- a number


def truth(t: Tensor) -> bool:
    """if t: ..., not t, t and u"""
    if t.size != 1:
        raise ValueError(f"the truth of {describe(t)} is not defined, it has {t.size} elements: ask (t > 0).any()")
    return bool(t.item())


def as_float(t: Tensor) -> float:
    """float(t), math.exp(t)"""
    if modes.transform and t._requires_grad:
        raise TypeError(
            f"float() of {describe(t)}, which the functions of math use too, would lose its gradient inside "
            "grad() and its relatives: use np functions or tg.ops, not math, or .item() for the value alone"
        )
    return float(_single(t, "float"))


def as_int(t: Tensor) -> int:
    """int(t)"""
    return int(_single(t, "int"))


def as_index(t: Tensor) -> int:
    """values[t], range(t)"""
    if t.dtype.kind not in "iu":
        raise TypeError(f"only an integer tensor can be an index, not one of {t.dtype}")
    return int(_single(t, "index"))


def _single(t: Tensor, wanted: str) -> Any:
    if t.size != 1:
        raise TypeError(
            f"{wanted}() needs one value, but {describe(t)} has {t.size}; take one by indexing, "
            "reduce with .sum() or .mean(), or use .numpy() for the array"
        )
    return t.item()


attach(truth, "__bool__")
attach(as_float, "__float__")
attach(as_int, "__int__")
attach(as_index, "__index__")


# ---- operators that are no ops


_PLAIN = (np.ndarray, np.generic)
_PLAINER = (np.ndarray, np.generic, int, float)  # inside no_grad()


def _in_place(operator: str) -> Callable[[Tensor, Any], Any]:
    def change(t: Tensor, other: Any) -> Any:
        """t += u is t = t + u. A parameter that is updated so with plain values would stay as it is, in silence.

        With a number it is a node of the graph, w *= 0.1 inside no_grad() not even that.
        """
        if t._primitive is None and t._requires_grad and isinstance(other, _PLAIN if modes.recording else _PLAINER):
            name = source.label(t) or "t"
            anew = f"{name} = {name} {operator} …"
            values = f"{name}.data {operator}= … to change its values"
            advice = anew if modes.transform else values  # a function that is differentiated would lose .data
            raise TypeError(
                f"{name} {operator}= … would make a new tensor and leave {describe(t)} as it is: write {advice}"
            )
        return NotImplemented  # Python goes on with t + u

    return change


attach(_in_place("+"), "__iadd__")
attach(_in_place("-"), "__isub__")
attach(_in_place("*"), "__imul__")
attach(_in_place("/"), "__itruediv__")


def xor(t: Tensor, other: Any) -> NoReturn:
    """t ^ 2"""
    raise TypeError("t ^ n is no power in Python: write t ** n")


attach(xor, "__xor__")

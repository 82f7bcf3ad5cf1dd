"""What a step is given, and returns: arrays and Tensors, in lists, tuples and dicts; which program belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..modes import Captured
from ..tensor import Tensor


def is_structure(x: Any) -> bool:
    """Whether it is taken apart: a list, a dict, a slice, a tuple, a named one too."""
    return type(x) in (list, tuple, dict, slice) or (isinstance(x, tuple) and hasattr(x, "_fields"))


def parts(x: Any) -> Iterable[tuple[Any, Any]]:
    """Its elements, with their places."""
    if isinstance(x, slice):
        return enumerate((x.start, x.stop, x.step))
    return x.items() if isinstance(x, dict) else enumerate(x)


def like(x: Any, new: Sequence[Any]) -> Any:
    """A list, a tuple, a dict or a slice as x is, of other elements."""
    if isinstance(x, dict):
        return dict(zip(x, new, strict=True))
    return type(x)(*new) if isinstance(x, slice) or hasattr(x, "_fields") else type(x)(new)


def mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """x with change(thing) in the place of each thing in it."""
    return like(x, [mapped(change, part) for _, part in parts(x)]) if is_structure(x) else change(x)


def things(x: Any) -> Iterator[Any]:
    """What is in x, or x itself where that is not taken apart."""
    if not is_structure(x):
        yield x
        return
    for _, part in parts(x):
        yield from things(part)


def is_given(x: Any) -> bool:
    """Whether it is an array, or a Tensor that is an argument as arrays are: parameters are known by identity."""
    if isinstance(x, Tensor):
        return x._primitive is None and not x._owned and x._home is None and type(x) is Tensor
    return isinstance(x, np.ndarray)


def key(x: Any, arrays: list[Any]) -> Any:
    """What of an argument makes it another program; arrays and Tensors are gathered."""
    if isinstance(x, np.ndarray) and not isinstance(x, Captured):
        if type(x) not in (np.ndarray, np.memmap):
            raise TypeError(f"a compiled step takes plain arrays, not {type(x).__name__}: give np.asarray(x)")
        arrays.append(x)
        return x.shape, x.dtype, x.strides
    if isinstance(x, (bool, int, float, str, np.generic, type(None))):
        return type(x), x if x else repr(x)  # 0.0 == -0.0
    if isinstance(x, Tensor) and is_given(x):
        first = next((i for i, other in enumerate(arrays) if other is x), None)  # one Tensor twice is another program
        arrays.append(x)
        data = x._data
        return Tensor, data.shape, data.dtype, data.strides, x._requires_grad, x._grad is None, first
    if is_structure(x):
        return type(x), *((i, key(part, arrays)) for i, part in parts(x))
    return type(x), id(x)


def others(x: Any) -> list[Any]:
    """What is no array among the arguments: keys know it by identity, so nothing else may take its address."""
    return [thing for thing in things(x) if not is_given(thing)]


def names_of(step: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The names of a step's parameters, for these arguments."""
    function = getattr(step, "__func__", step)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    if function is not step:
        names = names[1:]
    return [names[i] if i < len(names) else f"x{i}" for i in range(len(args))]

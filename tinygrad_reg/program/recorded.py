"""What stands for an array while a step is captured: it carries a value, and each NumPy call on it is written down.

Forwards and derivatives are plain NumPy, so they run on a Recorded as on an array, and leave their program behind.
Python may ask it for shape and dtype. It may not ask for values (`if`, float(), item()): the program could not follow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..captured import Captured
from ..tensor import Tensor
from .callables import COMPARING, FILLED, OPERATORS, PREFIX, Method, transposed
from .node import Node
from .refusals import GONE_BY, REFUSED, capture_now, decide_a_shape, look_at, look_at_function, refuse


class Recorded(Captured):
    """Stands for an array; see the module."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    # The house asks isinstance(x, np.ndarray), and this is to be treated as one. NumPy's own C code is not deceived: it
    # asks __array_ufunc__, __array_function__, and, before it would read values, __array__.
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    @property
    def is_number(self) -> bool:  # type: ignore[override]
        """Whether NumPy gave a number in its place, such as the mean of an array."""
        return isinstance(self.node.value, np.generic)

    @property
    def _value(self) -> Any:
        """Its value, for who asks what of it makes another program: a value that a call before has left is gone."""
        if self.node.value is None:
            refuse(*GONE_BY)
        self.node.asked = True
        return self.node.value

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # ---- what is recorded

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return _record(transposed, self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(x, Tensor) for x in inputs):
            return NotImplemented  # Tensor's own rule
        if "out" in options:
            return capture_now().write(ufunc, method, inputs, options)
        decide_a_shape(options.get("axis"), f"np.{ufunc.__name__}.{method} returns")
        if method not in ("__call__", "reduce", "accumulate", "outer", "reduceat"):
            refuse(f"np.{ufunc.__name__}.{method} writes into an array", "Write it with functions that return new ones")
        return _record(ufunc if method == "__call__" else getattr(ufunc, method), *inputs, **options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return NotImplemented
        if function in _ABOUT_SHAPES:
            capture = capture_now()
            return function(*capture.values(inputs), **capture.values(options))
        if function is np.copy:
            return inputs[0].copy(*inputs[1:2] or [options.get("order", "K")])
        look_at_function(function, inputs, options)
        if function in FILLED:
            return capture_now().filled(function, inputs, options)
        return _record(function, *inputs, **options)

    def __getitem__(self, index: Any) -> Any:
        pieces = index if isinstance(index, tuple) else (index,)
        for piece in pieces:
            if isinstance(piece, slice) or (isinstance(piece, Recorded) and piece.dtype.kind == "b"):
                decide_a_shape(piece, f"a {'slice' if isinstance(piece, slice) else 'mask'} picks")
        if isinstance(index, tuple) and not index and not self.shape:
            return self
        return _record(operator.getitem, self, index)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """The values as another dtype."""
        if self.dtype == np.dtype(dtype):
            return self.copy(order) if copy or order != "K" else self
        how = {} if (order, casting) == ("K", "unsafe") else {"order": order, "casting": casting}
        return _record(Method("astype"), self, np.dtype(dtype), **how)

    def copy(self, order: str = "C") -> Any:
        """The same values in memory of their own, by default row after row, as NumPy's method has it."""
        is_so = order == "K" or (order == "C" and self.flags.c_contiguous)  # without being asked for
        return _record(np.array, self, **({} if is_so else {"order": order}))

    def __copy__(self) -> Any:
        return self.copy("K")

    def __setitem__(self, index: Any, value: Any) -> None:
        capture_now().set_item(self, index, value)

    def __repr__(self) -> str:
        return f"<captured array of shape {self.shape} and dtype {self.dtype}>"

    def __getattr__(self, name: str) -> Any:
        if name in _KNOWN:
            return getattr(np.asarray(self._value), name)
        if not hasattr(np.ndarray, name) or name.startswith("__"):
            raise AttributeError(f"an array has no attribute {name!r}")
        if name not in _METHODS:
            refuse(f".{name} is not recorded", "Use a NumPy function instead")

        def method(*arguments: Any, **options: Any) -> Any:
            packed = (arguments,) if name in ("reshape", "transpose") else arguments
            look_at(getattr(np, name, None), (self, *packed), options, f".{name}")
            return _record(Method(name), self, *arguments, **options)

        return method


_KNOWN = {"shape", "dtype", "ndim", "size", "nbytes", "itemsize", "flags", "base"}  # another shape, another program
_METHODS = {
    "sum", "mean", "max", "min", "prod", "std", "var", "argmax", "argmin", "cumsum", "cumprod", "clip", "round", "dot",
    "reshape", "ravel", "flatten", "transpose", "swapaxes", "squeeze", "repeat", "take", "any", "all", "argsort",
    "diagonal", "trace", "conj",
}  # fmt: skip
_ABOUT_SHAPES = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type,
    np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory}  # fmt: skip


def _operand(x: Any, number: Recorded) -> Any:
    """What stands beside it in an operation: a whole number times a list is that list so often."""
    if isinstance(x, (list, tuple, str, bytes)) and isinstance(number.node.value, np.integer):
        refuse(*REFUSED["__index__"])
    return x


def _operators() -> None:
    def forth(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: NotImplemented if isinstance(y, Tensor) else _record(function, x, _operand(y, x))

    def back(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: NotImplemented if isinstance(y, Tensor) else _record(function, _operand(y, x), x)

    def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
        def change(x: Recorded, y: Any) -> Any:
            if not isinstance(y, Tensor):
                return capture_now().change(x, function, y)
            if isinstance(x.node.value, np.ndarray):  # as the step itself refuses it
                refuse("+=, -= and the like can't write a Tensor into an array", "Give them its array, t.data")
            return NotImplemented

        return change

    def of_one(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: _record(function, x)

    for one in OPERATORS.values():
        if one.level == PREFIX:
            setattr(Recorded, f"__{one.name}__", of_one(one.function))
            continue
        setattr(Recorded, f"__{one.name}__", forth(one.function))
        if one.level != COMPARING:  # Python turns x < y around by itself
            setattr(Recorded, f"__r{one.name}__", back(one.function))
            setattr(Recorded, f"__i{one.name}__", in_place(one.function))
    for name, method in {"abs": of_one(np.abs), "divmod": forth(np.divmod), "rdivmod": back(np.divmod)}.items():
        setattr(Recorded, f"__{name}__", method)


_operators()
for _name, _words in REFUSED.items():
    setattr(Recorded, _name, lambda *given, words=_words, **options: refuse(*words))
Recorded.__name__ = Recorded.__qualname__ = "captured array"  # what Python calls it, in messages of its own


def is_computed(x: Any) -> bool:
    """Whether something stands for what a captured step has computed."""
    return isinstance(x, Recorded) or (isinstance(x, Tensor) and isinstance(x._data, Recorded))


def _record(function: Any, *arguments: Any, **options: Any) -> Any:
    return capture_now().record(function, arguments, options)

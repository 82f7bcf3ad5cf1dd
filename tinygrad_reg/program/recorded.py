"""What stands for an array while a step is captured: it carries a value, and each NumPy call on it is written down.

Forwards and derivatives are plain NumPy, so they run on a Recorded as on an array, and leave their program behind.
Python may ask it for shape and dtype. It may not ask for values (`if`, float(), item()): the program could not follow.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from ..modes import Captured, modes
from ..tensor import Tensor
from .node import COMPARING, FILLED, OPERATORS, PREFIX, Method, Node, transposed
from .origins import Refused, ShapeRefused
from .structures import things


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

    def __len__(self) -> int:
        return len(self.node.value)

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
            return _capture().write(ufunc, method, inputs, options)
        _decide_a_shape(options.get("axis"), f"np.{ufunc.__name__}.{method} returns")
        if method not in ("__call__", "reduce", "accumulate", "outer", "reduceat"):
            refuse(f"np.{ufunc.__name__}.{method} writes into an array", "Write it with functions that return new ones")
        return _record(ufunc if method == "__call__" else getattr(ufunc, method), *inputs, **options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return NotImplemented
        if function in _ABOUT_SHAPES:
            capture = _capture()
            return function(*capture.values(inputs), **capture.values(options))
        if function in _SHAPE_BY_VALUES or (function is np.where and len(inputs) == 1):
            refuse_shape(f"the shape of what np.{function.__name__} returns depends on values")
        if function in _READING:
            refuse(f"np.{function.__name__} reads values", "Return the array from the step, and look at it outside")
        if function in _WRITING:
            refuse(f"np.{function.__name__} writes into an array", "Write np.where(mask, new, x) for a new array")
        if function is np.copy:
            return inputs[0].copy()
        _look_at(function, inputs, options, f"np.{function.__name__}")
        if function in FILLED:
            return _capture().filled(function, inputs, options)
        return _record(function, *inputs, **options)

    def __getitem__(self, index: Any) -> Any:
        pieces = index if isinstance(index, tuple) else (index,)
        for piece in pieces:
            if isinstance(piece, slice) or (isinstance(piece, Recorded) and piece.dtype.kind == "b"):
                _decide_a_shape(piece, f"a {'slice' if isinstance(piece, slice) else 'mask'} picks")
        if isinstance(index, tuple) and not index and not self.shape:
            return self
        return _record(operator.getitem, self, index)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """The values as another dtype."""
        if self.dtype == np.dtype(dtype):
            return self if not copy else self.copy()
        return _record(Method("astype"), self, np.dtype(dtype))

    def copy(self) -> Any:
        """The same values in memory of their own."""
        return _record(np.array, self)

    def __copy__(self) -> Any:
        return self.copy()

    def __setitem__(self, index: Any, value: Any) -> None:
        _capture().set_item(self, index, value)

    def __repr__(self) -> str:
        return f"<captured array of shape {self.shape} and dtype {self.dtype}>"

    def __getattr__(self, name: str) -> Any:
        if name in _KNOWN:
            return getattr(np.asarray(self.node.value), name)
        if not hasattr(np.ndarray, name) or name.startswith("__"):
            raise AttributeError(f"an array has no attribute {name!r}")
        if name not in _METHODS:
            refuse(f".{name} is not recorded", "Use a NumPy function instead")

        def method(*arguments: Any, **options: Any) -> Any:
            packed = (arguments,) if name in ("reshape", "transpose") else arguments
            _look_at(getattr(np, name, None), (self, *packed), options, f".{name}")
            return _record(Method(name), self, *arguments, **options)

        return method


_PRINTED = "it is printed", "Return it from the step, and print it outside"
# Methods that look at values: what the step does that calls them, and what to write instead.
_REFUSED = {
    "item": ("item() takes a number out of an array", "Return the array from the step, and take item() outside"),
    "tolist": ("tolist() takes the numbers out of an array", "Return the array from the step"),
    "__bool__": ("Python's if, while, and, or, not look at a value", "Write np.where(condition, a, b) for a choice"),
    "__float__": (
        "float(), math functions and the like take the number out of an array", "Use np functions (np.sqrt)"),
    "__int__": ("int() takes the number out of an array", "Use np functions, or give the number as an argument"),
    "__index__": ("a computed number is used as a length or an index of a list", "Index arrays by arrays: x[i]"),
    "__round__": ("round() takes the number out of an array", "Write np.round(x, 2), or round what the step returns"),
    "__complex__": ("complex() takes the number out of an array", "Return the array from the step"),
    "__hash__": ("hash(), sets and keys of dicts look at a value", "Use a list, or a word as the key"),
    "__deepcopy__": (
        "copy.deepcopy copies what has no numbers of its own yet", "Write x.copy(), or copy outside the step"),
    "__reduce_ex__": ("it is pickled", "Return it from the step, and pickle it outside"),
    "__format__": _PRINTED,
    "__str__": _PRINTED,
    "__array__": (
        "the array is converted to a plain one, or written into one",
        "Stay with functions of arrays (np.where, np.concatenate; np.take(table, i, axis=0) for table[i]), "
        "and return what you want to keep"),
}  # fmt: skip
_KNOWN = {"shape", "dtype", "ndim", "size", "nbytes", "itemsize", "flags", "base"}  # another shape, another program
_METHODS = {
    "sum", "mean", "max", "min", "prod", "std", "var", "argmax", "argmin", "cumsum", "cumprod", "clip", "round", "dot",
    "reshape", "ravel", "flatten", "transpose", "swapaxes", "squeeze", "repeat", "take", "any", "all", "argsort",
    "diagonal", "trace", "conj",
}  # fmt: skip
_ABOUT_SHAPES = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type,
    np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory}  # fmt: skip
_SHAPE_BY_VALUES = {np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_values, np.unique_counts,
    np.unique_all, np.unique_inverse, np.extract, np.compress, np.bincount, np.trim_zeros, np.union1d, np.intersect1d,
    np.setdiff1d, np.setxor1d, np.delete, np.histogram_bin_edges}  # fmt: skip
_NUMBERS = "Give the step a Python number for it, int(n): each makes a program of its own"
# Parameters of NumPy's functions that decide a shape, and those of single ones.
_LENGTHS = {"repeats", "reps", "pad_width", "indices_or_sections", "shape", "new_shape", "num", "offset",
    "axis", "axes", "axis1", "axis2", "source", "destination"}  # fmt: skip
_COUNTS = {np.diff: "n", np.diag: "k", np.rot90: "k", np.histogram: "bins"}
_NAMES = {np.dot: ("a", "b", "out"), np.concatenate: ("arrays", "axis", "out")}  # which older NumPys do not tell
_WRITING = {np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}
_READING = {np.array2string, np.array_repr, np.array_str, np.save, np.savetxt, np.array_equal, np.allclose}


def _look_at(function: Any, inputs: Sequence[Any], options: dict[str, Any], name: str) -> None:
    """What a function, or a method of that name, may not be given: an array to write into, a computed length."""
    try:
        given = inspect.signature(function).bind(*inputs, **options).arguments
    except (TypeError, ValueError):  # a function without a signature, or a call that NumPy will refuse
        given = {**dict(zip(_NAMES.get(function, ()), inputs, strict=False)), **options}
    if given.get("out") is not None:
        refuse(f"{name} writes into an array, out=", "Leave out= away, it returns a new one")
    if given.get("copy") is False and function is np.nan_to_num:
        refuse(f"{name} writes into its array with copy=False", "Leave copy= away, it returns a new one")
    for key, value in given.items():
        if key in _LENGTHS or key == _COUNTS.get(function):
            _decide_a_shape(value, f"{name} returns")


def _decide_a_shape(x: Any, what: str) -> None:
    """What decides a shape must be known before the step; other values make another program then."""
    for thing in things(x):
        if isinstance(thing, Recorded):
            if thing.node.kind not in ("constant", "variable"):
                refuse_shape(f"the shape of what {what} depends on values", "" if thing.dtype.kind == "b" else _NUMBERS)
            _capture().read(thing.node.of.tobytes, thing.node.of.tobytes())


def _operand(x: Any, number: Recorded) -> Any:
    """What stands beside it in an operation: a whole number times a list is that list so often."""
    if isinstance(x, (list, tuple, str, bytes)) and isinstance(number.node.value, np.integer):
        refuse(*_REFUSED["__index__"])
    return x


def _operators() -> None:
    def forth(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: NotImplemented if isinstance(y, Tensor) else _record(function, x, _operand(y, x))

    def back(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: NotImplemented if isinstance(y, Tensor) else _record(function, _operand(y, x), x)

    def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y: NotImplemented if isinstance(y, Tensor) else _capture().change(x, function, y)

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
    for name, method in {"abs": of_one(operator.abs), "divmod": forth(np.divmod), "rdivmod": back(np.divmod)}.items():
        setattr(Recorded, f"__{name}__", method)


_operators()
for _name, _words in _REFUSED.items():
    setattr(Recorded, _name, lambda *given, words=_words, **options: refuse(*words))
Recorded.__name__ = Recorded.__qualname__ = "captured array"  # what Python calls it, in messages of its own


def is_computed(x: Any) -> bool:
    """Whether something stands for what a captured step has computed."""
    return isinstance(x, Recorded) or (isinstance(x, Tensor) and isinstance(x._data, Recorded))


def _capture() -> Any:
    if modes.capture is None:
        raise Refused(
            "this value belongs to a step that was captured: it had numbers then, and has none now. "
            "Return what you want to keep from the step (return loss)"
        )
    return modes.capture


def _record(function: Any, *arguments: Any, **options: Any) -> Any:
    return _capture().record(function, arguments, options)


def refuse(what: str, advice: str, kind: type[Refused] = Refused) -> NoReturn:
    """Raise Refused, with the user's line."""
    raise_it: Callable[..., NoReturn] = _capture().refuse
    raise_it(what, advice, kind)


def refuse_shape(what: str, advice: str = "") -> NoReturn:
    """Raise ShapeRefused, with the user's line."""
    advice = advice or "Write np.where(mask, x, 0), which keeps the shape, or compute it before the step"
    refuse(what, advice, ShapeRefused)

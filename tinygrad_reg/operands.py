"""What an op is given besides Tensors: arrays, and numbers, which never decide the dtype of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import plain_array
from .captured import Captured
from .modes import default_dtype
from .tensor import Tensor


def operand(x: Any) -> Any:
    """An input that is neither a Tensor nor Python's number: an array, or a number that is as weak as Python's."""
    array = x if type(x) is np.ndarray else plain_array(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"an op can't take {type(x).__name__} (dtype {array.dtype})")
    if isinstance(x, np.generic):
        # NumPy's scalars would turn float32 into float64, Python's do not. (A longdouble is its own item.)
        return float(x) if array.dtype.kind == "f" else x.item()
    return array


def weak(option: Any) -> Any:
    """An option of an op that is a number, as weak as one among its operands; a Tensor computes no result in there."""
    return option.item() if isinstance(option, (np.generic, Tensor)) else option


def is_captured_number(x: Any) -> bool:
    """Whether it stands for a number, in a step that is being captured."""
    return isinstance(x, Captured) and x.is_number


def weakened(inputs: Sequence[Any], arrays: list[Any]) -> list[Any]:
    """Numbers that a captured step takes from arrays, as weak as NumPy's and Python's are: see `operand`."""
    are_weak, weak = [is_captured_number(x) for x in inputs], {"f": 1.0, "i": 1, "u": 1, "b": True}
    pairs = list(zip(are_weak, arrays, strict=True))
    common = np.result_type(*[weak[x.dtype.kind] if is_weak else getattr(x, "dtype", x) for is_weak, x in pairs])
    return [x.astype(common) if is_weak and x.dtype != common else x for is_weak, x in pairs]


def alike(*arrays: Any) -> list[Any]:
    """Numbers in the dtype of the floats beside them: NumPy's functions that are no ufuncs make float64 of both."""
    numbers = [type(x) in (float, int) or is_captured_number(x) for x in arrays]
    dtypes = [getattr(x, "dtype", None) for x, is_number in zip(arrays, numbers, strict=True) if not is_number]
    floats = [dtype for dtype in dtypes if dtype is not None and dtype.kind == "f"]
    if not floats or not any(numbers):
        return list(arrays)
    dtype = np.result_type(*floats)
    return [
        x if not is_number else x.astype(dtype) if isinstance(x, Captured) else dtype.type(x)
        for x, is_number in zip(arrays, numbers, strict=True)
    ]


def as_float(x: Any) -> Any:
    """Whole numbers as floats of the default dtype."""
    if isinstance(x, (np.ndarray, np.generic)):
        return x if x.dtype.kind == "f" else x.astype(default_dtype())
    return float(x)


def in_dtype(inputs: Sequence[Any], arrays: list[Any], dtype: Any) -> list[Any]:
    """The arrays, with the numbers among them as the derivatives need them, which take no number's type for theirs."""
    if dtype.kind != "f":
        return arrays
    return [  # True stays an index
        dtype.type(x) if type(x) in (float, int) else x.astype(dtype) if is_captured_number(given) else x
        for given, x in zip(inputs, arrays, strict=True)
    ]

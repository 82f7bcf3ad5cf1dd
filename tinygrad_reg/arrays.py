"""Arrays of real numbers, of whatever is given: what a Tensor holds, and what an op computes with."""

from __future__ import annotations

from typing import Any

import numpy as np

from .captured import Captured
from .methods import Methods
from .modes import default_dtype, quiet


def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """`data` as an array, not copied where it is one already. Python numbers and lists of them become floats."""
    if type(data) is np.ndarray:
        array = data
    elif isinstance(data, (Methods, np.ndarray, np.generic)):
        array = plain_array(data)
    else:
        array = read(data)
        if array.dtype == object and all(isinstance(x, int) for x in array.flat):  # beyond 64 bits, as floats are not
            array = array.astype(np.float64)
        # Python's numbers, and not a list of arrays of another float type
        if dtype is None and (array.dtype.kind in "iu" or array.dtype == np.float64) and not hasattr(data, "__array__"):
            array = array.astype(default_dtype(), copy=False)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Tensor holds real numbers, not {array.dtype} (given: {type(data).__name__})")
    if not array.dtype.isnative:  # another machine's order of bytes, from a file: slow, and not what is saved
        array = array.astype(array.dtype.newbyteorder("="))
    if dtype is None or array.dtype == dtype:
        return array
    with quiet():  # a float64 may be too large for float32
        return array.astype(real_dtype(dtype))


def plain_array(data: Any) -> np.ndarray:
    """`data` as NumPy reads it, shedding subclasses such as np.matrix; a mask, which would get lost, is refused."""
    if isinstance(data, Captured):
        return data  # type: ignore[return-value]  # stands for an array
    tensor: Any = data
    if isinstance(data, Methods) and not tensor._requires_grad:
        own: np.ndarray = tensor.data
        return own
    if isinstance(data, np.ndarray) and type(data) is not np.ndarray and hasattr(data, "mask"):
        raise TypeError("a masked array would lose its mask here: write array.filled(value) for an array without one")
    return read(data)


def read(data: Any) -> np.ndarray:
    """`data` as NumPy reads it; a list of rows that are not equally long is no array."""
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ValueError(f"can't make an array of this {type(data).__name__}: {error}") from None


def real_dtype(dtype: Any) -> np.dtype[Any]:
    """A dtype that a Tensor can have, in this machine's order of bytes."""
    try:
        wanted = np.dtype(dtype)
    except (TypeError, ValueError, DeprecationWarning):  # the last of NumPy 2.0, of a module
        raise TypeError(f"a dtype is a name such as 'float32', or a type such as np.float32, not {dtype!r}") from None
    if wanted.kind not in "fiub":
        raise TypeError(f"a Tensor holds real numbers, it can't have the dtype {wanted}")
    native: np.dtype[Any] = np.dtype(wanted.type)
    return native


def require_float(array: np.ndarray) -> None:
    """Gradients are real numbers: only a float array can require them."""
    if array.dtype.kind != "f":
        raise TypeError(
            f"an array of {array.dtype} can't require gradients, they need floats; "
            "write array.astype('float64'), or leave requires_grad=False"
        )

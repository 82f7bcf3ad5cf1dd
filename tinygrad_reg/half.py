"""float16 is a way to store numbers: what adds up many of them computes in float32, and rounds at the end.

Its own sums stall at 2048 equal numbers, since 2048 + 1 rounds to 2048, and end at 65504.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

_HALF = np.dtype(np.float16)
_CHAR = _HALF.char  # of an unpickled array, the dtype is another object


def widened(x: Any) -> Any:
    """float16 as float32; anything else as it is."""
    return x.astype(np.float32) if hasattr(x, "dtype") and x.dtype.char == _CHAR else x


def forward_in_float32(forward: Callable[..., Any], *, keeps: bool) -> Callable[..., Any]:
    """A forward that adds up many numbers; with `keeps` it gives (result, kept), and kept stays in float32.

    Where float16 meets floats of more digits, the result has theirs, as in NumPy.
    """

    @functools.wraps(forward)
    def wide(*inputs: Any, **options: Any) -> Any:
        if inputs and type(inputs[0]) is np.ndarray and inputs[0].dtype.char in "fd":  # nearly always
            return forward(*inputs, **options)
        is_half = False
        for x in inputs:
            dtype = getattr(x, "dtype", None)
            if dtype is None:
                continue
            if dtype.char == _CHAR:
                is_half = True
            elif dtype.kind == "f":
                return forward(*inputs, **options)
        if not is_half:
            return forward(*inputs, **options)
        out = forward(*map(widened, inputs), **options)
        return (_rounded(out[0]), out[1]) if keeps else _rounded(out)

    return wide


def _rounded(out: Any) -> Any:
    """float32 as float16; whole numbers among the inputs may have made it float64, as they do without the detour."""
    return out.astype(_HALF) if out.dtype == np.float32 else out


def widened_for_derivative(known: tuple[Any, ...]) -> tuple[Any, ...]:
    """What the derivative of such an op is given, (g, out, …). Its share is rounded where it joins the others."""
    return tuple(map(widened, known)) if known[0].dtype.char == _CHAR else known

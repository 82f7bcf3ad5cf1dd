"""float16 is a way to store numbers: what adds up many of them computes in float32, and rounds at the end.

Its own sums stall at 2048 equal numbers, since 2048 + 1 rounds to 2048, and end at 65504.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

_HALF = np.dtype(np.float16)


def widened(x: Any) -> Any:
    """float16 as float32; anything else as it is."""
    return x.astype(np.float32) if getattr(x, "dtype", None) is _HALF else x


def forward_in_float32(forward: Callable[..., Any], *, keeps: bool) -> Callable[..., Any]:
    """A forward that adds up its first input; with `keeps` it gives (result, kept), and kept stays in float32."""

    @functools.wraps(forward)
    def wide(x: Any, *others: Any, **options: Any) -> Any:
        if getattr(x, "dtype", None) is not _HALF:
            return forward(x, *others, **options)
        out = forward(widened(x), *others, **options)
        return (out[0].astype(_HALF), out[1]) if keeps else out.astype(_HALF)

    return wide


def derivative_in_float32(derivative: Callable[..., Any]) -> Callable[..., Any]:
    """A derivative of such an op. What it gives is rounded where it joins its input's other shares."""

    @functools.wraps(derivative)
    def wide(g: Any, *known: Any, **options: Any) -> Any:
        return (
            derivative(*map(widened, (g, *known)), **options) if g.dtype is _HALF else derivative(g, *known, **options)
        )

    return wide

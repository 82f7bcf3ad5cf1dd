"""The four operations, powers and signs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive
from ..tensor import Tensor


@primitive(
    elementwise=True, numpy=np.add, operator="add", symbol="+", text="x + y",
    why="Addition passes the gradient on unchanged to both inputs.",
)  # fmt: skip
def add(x: Any, y: Any) -> Any:
    """x + y"""
    return x + y


@add.derivative("1")
def _(g, out, x, y):
    return g


@add.derivative("1")
def _(g, out, x, y):
    return g


@primitive(
    elementwise=True, numpy=np.subtract, operator="sub", symbol="−", text="x − y",
    why="Subtraction passes the gradient on to the first input, and its negative to the second.",
)  # fmt: skip
def subtract(x: Any, y: Any) -> Any:
    """x − y"""
    return x - y


@subtract.derivative("1")
def _(g, out, x, y):
    return g


@subtract.derivative("−1")
def _(g, out, x, y):
    return -g


@primitive(
    elementwise=True, numpy=np.multiply, operator="mul", symbol="×", text="x × y",
    why="Multiply swaps: each input's gradient is scaled by the value of the other input.",
)  # fmt: skip
def multiply(x: Any, y: Any) -> Any:
    """x · y, element by element"""
    return x * y


@multiply.derivative("y")
def _(g, out, x, y):
    return g * y


@multiply.derivative("x")
def _(g, out, x, y):
    return g * x


@primitive(
    elementwise=True, numpy=np.divide, operator="truediv", symbol="÷", text="x / y",
    why="The numerator's share is divided by the denominator; the denominator's is also scaled by −quotient.",
    undefined="x / 0 is infinite, 0 / 0 is NaN, and numbers that are very large next to the denominator overflow.",
)  # fmt: skip
def divide(x: Any, y: Any) -> Any:
    """x / y"""
    return x / y


@divide.derivative("1/y")
def _(g, out, x, y):
    return g / y


@divide.derivative("−x/y²")
def _(g, out, x, y):
    return -g * out / y


@primitive(
    elementwise=True, numpy=np.power, operator="pow", symbol="^", text="x ^ y",
    why="The exponent comes down as a factor, and the power is lowered by one.",
    undefined="A root of a negative number is NaN, 0 to a negative power is infinite, and large powers overflow.",
)  # fmt: skip
def power(x: Any, y: Any) -> Any:
    """x raised to the power y"""
    return x**y


@power.derivative("y · x^(y − 1)")
def _(g, out, x, y):
    if isinstance(y, (int, float, np.number)) and y:
        return g * y * (x if y == 2 else x ** (y - 1))  # NumPy takes the long way for x**1
    # x⁰ is flat, also where x⁻¹ is not finite; but its slope by x varies with y. (Unsigned, 0 − 1 would be huge.)
    flat = (y == 0) & (x == 0) if isinstance(y, Tensor) and y.requires_grad else y == 0
    return g * y * np.where(flat, 1.0, x) ** (y - 1.0)


@power.derivative("x^y · ln x")
def _(g, out, x, y):
    if getattr(x, "dtype", out.dtype) != out.dtype:
        x = x.astype(out.dtype)  # the logarithm of a small integer is a float16 to NumPy
    return g * out * np.log(x + ((x == 0) & (y >= 0)))  # 0^y is 0 (or 1) whatever y ≥ 0: no share


@primitive(
    elementwise=True, numpy=np.negative, method="__neg__", symbol="−", text="−x",
    why="The sign of the gradient is turned round.",
)  # fmt: skip
def negative(x: Any) -> Any:
    """−x"""
    return -x


@negative.derivative("−1")
def _(g, out, x):
    return -g


@primitive(
    elementwise=True, numpy=np.positive, method="__pos__", symbol="+", text="x", why="The gradient passes unchanged."
)
def positive(x: Any) -> Any:
    """x itself, as a node of its own"""
    return +x


@positive.derivative("1")
def _(g, out, x):
    return g

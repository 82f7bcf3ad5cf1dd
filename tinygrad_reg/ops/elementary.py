"""The functions of a calculus book, element by element: a row is a function, its derivative, and why.

A row gives the share of each input as a formula of the upstream gradient g, the output and the inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitive import Primitive, primitive
from .activations import sigmoid

Slope = tuple[str, Callable[..., Any]]  # the local derivative as text, and the share (g, out, *inputs) it makes of g


def elementary(function: Any, text: str, *slopes: Slope, why: str, aliases: Any = (), **declaration: Any) -> Primitive:
    """The op of a NumPy function of as many inputs as there are slopes; its name becomes a method as well."""

    def unary(x: Any) -> Any:
        return function(x)

    def binary(x: Any, y: Any) -> Any:
        return function(x, y)

    forward = unary if len(slopes) == 1 else binary
    forward.__doc__ = text
    declaration = {"name": function.__name__, "method": function.__name__, **declaration}
    op = Primitive(forward, elementwise=True, text=text, why=why, numpy=(function, *aliases), **declaration)
    for local, share in slopes:
        op.derivative(local)(share)
    return op


def _zero(g: Any, out: Any, *inputs: Any) -> Any:
    return np.zeros_like(g)


FLAT: Slope = ("0", _zero)
LN2, LN10 = math.log(2), math.log(10)

# fmt: off

# ---- exponentials and logarithms

_LARGE = "e^x is too large for a float above x = 709 (88 in float32)."
_LOG_0 = "The logarithm is −inf at 0 and NaN below, and its slope 1/x is inf at 0; keep its input above 0."

exp = elementary(np.exp, "e^x", ("e^x", lambda g, out, x: g * out),
    why="The exponential is its own slope.", undefined=_LARGE)
exp2 = elementary(np.exp2, "2^x", ("2^x · ln 2", lambda g, out, x: g * out * LN2),
    why="2^x = e^(x ln 2): an exponential's slope is proportional to it.")
expm1 = elementary(np.expm1, "e^x − 1", ("e^x", lambda g, out, x: g * np.exp(x)),
    why="The constant 1 does not change the slope e^x.", undefined=_LARGE)
log = elementary(np.log, "ln x", ("1/x", lambda g, out, x: g / x),
    why="The smaller the input, the steeper the logarithm.", undefined=_LOG_0)
log2 = elementary(np.log2, "log₂ x", ("1/(x ln 2)", lambda g, out, x: g / (x * LN2)),
    why="log₂ x = ln x / ln 2: the slope of ln, scaled.", undefined=_LOG_0)
log10 = elementary(np.log10, "log₁₀ x", ("1/(x ln 10)", lambda g, out, x: g / (x * LN10)),
    why="log₁₀ x = ln x / ln 10: the slope of ln, scaled.", undefined=_LOG_0)
log1p = elementary(np.log1p, "ln(1 + x)", ("1/(1 + x)", lambda g, out, x: g / (1 + x)),
    why="The slope of ln, one to the right of x.", undefined="ln(1 + x) is −inf at x = −1 and NaN below.")
logaddexp = elementary(np.logaddexp, "ln(e^x + e^y)",
    ("σ(x − y)", lambda g, out, x, y: g * sigmoid(x - y)),
    ("σ(y − x)", lambda g, out, x, y: g * sigmoid(y - x)),
    why="A soft maximum: the inputs share the gradient by their softmax, so most of it goes to the larger.")
logaddexp2 = elementary(np.logaddexp2, "log₂(2^x + 2^y)",
    ("2^x / (2^x + 2^y)", lambda g, out, x, y: g * sigmoid((x - y) * LN2)),
    ("2^y / (2^x + 2^y)", lambda g, out, x, y: g * sigmoid((y - x) * LN2)),
    why="A soft maximum in base 2: most of the gradient goes to the larger input.")

# ---- powers and roots

square = elementary(np.square, "x²", ("2 · x", lambda g, out, x: g * x * 2),
    why="The exponent 2 comes down as a factor.")
sqrt = elementary(np.sqrt, "√x", ("1/(2√x)", lambda g, out, x: g / (2 * out)),
    why="The root is vertical at 0 and flattens out.",
    undefined="The square root is NaN below 0, and its slope 1/(2√x) is inf at 0; add a small number under the root.")
cbrt = elementary(np.cbrt, "∛x", ("1/(3 ∛x²)", lambda g, out, x: g / (3 * out * out)),
    why="The root is vertical at 0 and flattens out.", undefined="The slope of the cube root is inf at 0.")
reciprocal = elementary(np.reciprocal, "1/x", ("−1/x²", lambda g, out, x: -g * out * out),
    why="The larger the input, the flatter its reciprocal.", undefined="1/x is inf at 0.")
hypot = elementary(np.hypot, "√(x² + y²)",
    ("x / out", lambda g, out, x, y: g * (x / (out + (out == 0)))),
    ("y / out", lambda g, out, x, y: g * (y / (out + (out == 0)))),
    why="Each side counts by the cosine of its angle with the diagonal (and not at all at the origin).")

# ---- angles

_ENDS = "It is defined from −1 to 1, and vertical at both ends."

sin = elementary(np.sin, "sin x", ("cos x", lambda g, out, x: g * np.cos(x)),
    why="The slope of the sine is the cosine.")
cos = elementary(np.cos, "cos x", ("−sin x", lambda g, out, x: -g * np.sin(x)),
    why="The slope of the cosine is minus the sine.")
tan = elementary(np.tan, "tan x", ("1 + tan² x", lambda g, out, x: g * (1 + out * out)),
    why="The slope is 1/cos² x, which is 1 + tan² x.")
arcsin = elementary(np.arcsin, "arcsin x", ("1/√(1 − x²)", lambda g, out, x: g / np.sqrt((1 - x) * (1 + x))),
    why="An inverse function has the reciprocal slope: 1/cos(out).", undefined=_ENDS)
arccos = elementary(np.arccos, "arccos x", ("−1/√(1 − x²)", lambda g, out, x: -g / np.sqrt((1 - x) * (1 + x))),
    why="An inverse function has the reciprocal slope: −1/sin(out).", undefined=_ENDS)
arctan = elementary(np.arctan, "arctan x", ("1/(1 + x²)", lambda g, out, x: g / (1 + x * x)),
    why="An inverse function has the reciprocal slope: 1/(1 + tan²(out)).")
arctan2 = elementary(np.arctan2, "angle of the point (y, x)",  # NumPy names the height first
    ("y / (x² + y²)", lambda g, out, x, y: g * _across(y, x)),
    ("−x / (x² + y²)", lambda g, out, x, y: -g * _across(x, y)),
    why="The angle turns with the part of a move across the direction to the point, and less the further it is.")
deg2rad = elementary(np.deg2rad, "x · π/180", ("π/180", lambda g, out, x: g * (math.pi / 180)),
    why="A constant factor is the slope.", aliases=[np.radians])
rad2deg = elementary(np.rad2deg, "x · 180/π", ("180/π", lambda g, out, x: g * (180 / math.pi)),
    why="A constant factor is the slope.", aliases=[np.degrees])


def _across(a: Any, b: Any) -> Any:
    """a / (a² + b²) without overflow on the way, and 0 at the origin."""
    r = np.hypot(a, b)
    r = r + (r == 0)
    return a / r / r


# ---- hyperbolic functions

sinh = elementary(np.sinh, "sinh x", ("cosh x", lambda g, out, x: g * np.cosh(x)),
    why="The slope of (e^x − e^(−x))/2 is (e^x + e^(−x))/2.")
cosh = elementary(np.cosh, "cosh x", ("sinh x", lambda g, out, x: g * np.sinh(x)),
    why="The slope of (e^x + e^(−x))/2 is (e^x − e^(−x))/2.")
tanh = elementary(np.tanh, "tanh x", ("1 − out²", lambda g, out, x: g * (1 - out * out)),
    why="Tanh's slope 1 − a² is 1 at 0 and falls to 0 on both sides, so a saturated unit hardly learns.",
    vanishes="tanh saturates: where its output is next to −1 or 1, its slope 1 − a² is next to 0.", floats=True)
arcsinh = elementary(np.arcsinh, "arsinh x", ("1/√(x² + 1)", lambda g, out, x: g / np.hypot(x, 1.0)),
    why="An inverse function has the reciprocal slope: 1/cosh(out).")
arccosh = elementary(np.arccosh, "arcosh x", ("1/√(x² − 1)", lambda g, out, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1))),
    why="An inverse function has the reciprocal slope: 1/sinh(out).",
    undefined="arcosh is defined from 1 on, and vertical there.")
arctanh = elementary(np.arctanh, "artanh x", ("1/(1 − x²)", lambda g, out, x: g / ((1 - x) * (1 + x))),
    why="An inverse function has the reciprocal slope: 1/(1 − tanh²(out)).",
    undefined="artanh is defined between −1 and 1, and infinite at both.")

# ---- the larger, the smaller, the size

maximum = elementary(np.maximum, "max(x, y)",
    ("1 if x > y, ½ if equal, else 0", lambda g, out, x, y: np.where(x == y, g * 0.5, np.where(x > y, g, 0))),
    ("1 if y > x, ½ if equal, else 0", lambda g, out, x, y: np.where(x == y, g * 0.5, np.where(y > x, g, 0))),
    why="The larger input gets the whole gradient; where both are equal, each gets half.")
minimum = elementary(np.minimum, "min(x, y)",
    ("1 if x < y, ½ if equal, else 0", lambda g, out, x, y: np.where(x == y, g * 0.5, np.where(x < y, g, 0))),
    ("1 if y < x, ½ if equal, else 0", lambda g, out, x, y: np.where(x == y, g * 0.5, np.where(y < x, g, 0))),
    why="The smaller input gets the whole gradient; where both are equal, each gets half.")
abs = elementary(np.absolute, "|x|", ("sign(x)", lambda g, out, x: g * np.sign(x)),
    why="Below 0 the sign of the gradient is turned round; at 0 it is 0.",
    name="abs", method=("abs", "__abs__"), aliases=[np.fabs])
copysign = elementary(np.copysign, "|x| · sign y",
    ("sign(x) · sign(y)", lambda g, out, x, y: g * np.sign(x) * np.copysign(1.0, y)), FLAT,
    why="The size comes from x and passes its gradient; the sign comes from y and is flat.")

# ---- steps: flat wherever they do not jump

_STEP = "A step is flat wherever it does not jump, so no gradient passes."

sign = elementary(np.sign, "sign x", FLAT, why=_STEP, vanishes=_STEP)
floor = elementary(np.floor, "⌊x⌋", FLAT, why=_STEP, vanishes=_STEP)
ceil = elementary(np.ceil, "⌈x⌉", FLAT, why=_STEP, vanishes=_STEP)
trunc = elementary(np.trunc, "x without its decimals", FLAT, why=_STEP, vanishes=_STEP)
rint = elementary(np.rint, "the whole number nearest to x", FLAT, why=_STEP, vanishes=_STEP)
floor_divide = elementary(np.floor_divide, "⌊x / y⌋", FLAT, FLAT, why=_STEP, vanishes=_STEP, operator="floordiv")
remainder = elementary(np.remainder, "x − y · ⌊x / y⌋",
    ("1", lambda g, out, x, y: g), ("−⌊x / y⌋", lambda g, out, x, y: -g * np.floor_divide(x, y)),
    why="What is left over grows with x, and falls by the number of times that y fits in.", operator="mod")
fmod = elementary(np.fmod, "x − y · trunc(x / y)",
    ("1", lambda g, out, x, y: g), ("−trunc(x / y)", lambda g, out, x, y: -g * np.trunc(x / y)),
    why="What is left over grows with x, and falls by the number of times that y fits in.")

# fmt: on


@primitive(
    elementwise=True, numpy=(np.round, np.around), method=("round", "__round__"), text="x rounded",
    why=_STEP, vanishes=_STEP,
)  # fmt: skip
def round(x: Any, *, decimals: int = 0) -> Any:
    """x rounded to so many decimals, halves to the even neighbour; the derivative is 0"""
    return np.round(x, decimals)


@round.derivative("0")
def _(g, out, x, *, decimals=0):
    return np.zeros_like(g)

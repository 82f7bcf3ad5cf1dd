"""The nonlinearities between layers: without one, a stack of layers is a single linear map.

Every formula is exact at ±1000 as well: what overflows on the way is a term that the limit does not need.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..answers import checks
from ..modes import Rng
from ..operands import weak
from ..primitive import composed, primitive
from ..source import result
from ..tensor import Tensor
from .random import uniform


@primitive(
    elementwise=True, method="relu", text="max(x, 0)",
    why="A unit that is on passes the gradient on, one that is off blocks it.",
    vanishes="relu blocks the gradient wherever its input is not above 0; a unit that is off for every sample is dead.",
)  # fmt: skip
def relu(x: Any) -> Any:
    """max(x, 0); the derivative at 0 is 0"""
    if type(x) is not np.ndarray or not x.flags.c_contiguous:  # the result lies in memory as x does
        return np.maximum(x, 0)
    zeros = _small_zeros(x.shape, x.dtype) if x.size <= 2**14 else _zeros(x.shape, x.dtype)
    return np.maximum(x, zeros)  # NumPy is fast with two arrays


def _zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Nothing but 0, to be read; of what np.maximum makes of the dtype and 0: True and False become numbers."""
    array = np.zeros(shape, np.result_type(dtype, 0))
    array.flags.writeable = False
    return array


_small_zeros = functools.lru_cache(maxsize=16)(_zeros)  # the same array each time


@relu.derivative("1 if x > 0, else 0")
def _(g, out, x):
    return g * _as_numbers(out > 0, g.dtype)


def _as_numbers(mask: Any, dtype: Any) -> Any:
    """1 and 0 for True and False: NumPy multiplies by them sooner."""
    return mask.astype(dtype) if type(mask) is np.ndarray else mask


@primitive(
    elementwise=True, method="leaky_relu", text="x if x > 0, else alpha · x",
    why="A unit that is off still passes the share alpha of its gradient, so it can't die.",
)  # fmt: skip
def leaky_relu(x: Any, *, alpha: float = 0.01) -> Any:
    """x where x > 0, else alpha · x"""
    if isinstance(alpha, Tensor):
        raise TypeError("alpha must be a number: write tg.ops.prelu(x, alpha), which differentiates by it")
    return np.where(x > 0, x, weak(alpha) * x)


@leaky_relu.derivative("1 if x > 0, else alpha")
def _(g, out, x, *, alpha=0.01):
    return np.where(x > 0, g, g * alpha)


@primitive(
    elementwise=True, text="x if x > 0, else alpha · x",
    why="As in leaky_relu; and the slope is learned from the inputs that were below 0.",
)  # fmt: skip
def prelu(x: Any, alpha: Any) -> Any:
    """x where x > 0, else alpha · x; alpha is an input too: one number, or one a channel, of shape (C, 1, 1)"""
    return np.where(x > 0, x, alpha * x)


@primitive(
    name="rrelu", elementwise=True, text="x if x > 0, else slope · x",
    why="As in leaky_relu, with a slope that is drawn anew for each element while training.",
)  # fmt: skip
def rrelu_op(x: Any, slope: Any) -> Any:
    """x where x > 0, else slope · x"""
    return np.where(x > 0, x, slope * x)


@prelu.derivative("1 if x > 0, else alpha")
@rrelu_op.derivative("1 if x > 0, else slope")
def _(g, out, x, slope):
    return np.where(x > 0, g, g * slope)


@prelu.derivative("0 if x > 0, else x")
@rrelu_op.derivative("0 if x > 0, else x")
def _(g, out, x, slope):
    return np.where(x > 0, 0, g * x)


@composed(method="rrelu")
def rrelu(
    x: Any, slope: Any = None, *, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, rng: Rng = None
) -> Any:
    """x where x > 0, else slope · x; while training, each element's slope is drawn between `lower` and `upper`.

    Otherwise the slope is their mean. Slopes that are drawn elsewhere are given as `slope`.
    """
    if slope is None:
        slope = (lower + upper) / 2
        if training:
            x = x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x, float)
            dtype = x.dtype if x.dtype.kind == "f" else None
            slope = uniform(shape=x.shape, low=lower, high=upper, rng=rng, dtype=dtype)
    return result(rrelu_op(x, slope))


def _elu_slope(x: Any, alpha: float) -> Any:
    # Where x > 0, the exponential is not used; e^0 there keeps 0 · ∞ out of the second derivative.
    return np.where(x > 0, 1.0, alpha * np.exp(np.where(x > 0, 0.0, x)))


@primitive(
    floats=True, elementwise=True, method="elu", text="x if x > 0, else alpha · (e^x − 1)",
    why="Below 0 the slope fades as e^x instead of breaking off, and the mean activation is pulled towards 0.",
)  # fmt: skip
def elu(x: Any, *, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha · (e^x − 1)"""
    if isinstance(alpha, Tensor):
        raise TypeError("alpha must be a number: to differentiate by it, write np.where(x > 0, x, alpha * np.expm1(x))")
    return np.where(x > 0, x, weak(alpha) * np.expm1(x))


@elu.derivative("1 if x > 0, else alpha · e^x")
def _(g, out, x, *, alpha=1.0):
    return g * _elu_slope(x, alpha)


# The fixed point of mean 0 and variance 1 under selu for Gaussian inputs (Klambauer et al., 2017).
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@primitive(
    floats=True, elementwise=True, method="selu", text="1.0507 · elu(x, 1.6733)",
    why="Slopes above and below 1 balance out, so that activations keep mean 0 and variance 1 through many layers.",
)  # fmt: skip
def selu(x: Any) -> Any:
    """scale · elu(x, alpha), with the two constants that keep mean 0 and variance 1"""
    return np.where(x > 0, SELU_SCALE * x, SELU_SCALE * SELU_ALPHA * np.expm1(x))


@selu.derivative("1.0507 if x > 0, else 1.7581 · e^x")
def _(g, out, x):
    return g * (SELU_SCALE * _elu_slope(x, SELU_ALPHA))


# (1 − Φ(x)) · e^(x²/2) for x = √2 · z ≥ 0 as P(z) / Q(z): half the scaled complementary error function. Fitted for
# the least relative error, 6e-17 on 0 ≤ z ≤ 28; no coefficient is negative, so nothing cancels. Highest power first.
_TAIL_P = 0.5 * np.array([
    0.00006303476211310706292, 0.0011973242505808523116, 0.011137442776006195268, 0.065627893230790554512,
    0.26792067423274825374, 0.78313277364622199008, 1.6391386696267477368, 2.3785895713899827056,
    2.1928492010643325585, 0.9999999999999999503,
])  # fmt: skip
_TAIL_Q = np.array([
    0.00011172620684860037608, 0.0021222019786787269672, 0.019796466444046944532, 0.11738351295117164796,
    0.48469147264447949417, 1.445166740908341326, 3.1330064739492142561, 4.8544541272888507621,
    5.1261944711888015823, 3.3212283681598311427, 1.0,
])  # fmt: skip


@primitive(
    floats=True,
    sums=True,  # of powers that float16 does not reach
    elementwise=True,
    symbol="Φ",
    text="Φ(x)",
    why="The slope of the cumulative probability is the density.",
)
def normal_cdf(x: Any) -> Any:
    """Φ(x), the probability that a standard Gaussian number is below x, to 15 digits (13 where it is below 1e-15)"""
    size = np.minimum(np.abs(x), 39.0)  # beyond it, the tail is 0
    z = size * math.sqrt(0.5)
    ratio = np.polyval(_TAIL_P.astype(z.dtype), z) / np.polyval(_TAIL_Q.astype(z.dtype), z)
    tail = ratio * np.exp(-0.5 * size * size)
    return np.where(x > 0, 1 - tail, tail)


def _density(x: Any) -> Any:
    return np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


@normal_cdf.derivative("e^(−x²/2) / √(2π)")
def _(g, out, x):
    return g * _density(x)


_GELU_A, _GELU_B = math.sqrt(2 / math.pi), 0.044715


@primitive(
    floats=True, sums=True, elementwise=True, method="gelu", text="x · Φ(x)",
    why="Each input is weighted by the probability that a Gaussian number is below it: a relu with a soft corner.",
)  # fmt: skip
def gelu(x: Any, *, approximate: str = "none") -> Any:
    """x · Φ(x); with approximate="tanh", ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))"""
    if checks.one_of("approximate", approximate, ("none", "tanh")) == "none":
        return x * normal_cdf.forward(x)
    return 0.5 * x * (1 + np.tanh(_GELU_A * (x + _GELU_B * x * x * x)))


@gelu.derivative("Φ(x) + x · e^(−x²/2) / √(2π)")
def _(g, out, x, *, approximate="none"):
    if approximate == "none":
        return g * (normal_cdf(x) + x * _density(x))
    t = np.tanh(_GELU_A * (x + _GELU_B * x * x * x))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_GELU_A * (1 + 3 * _GELU_B * x * x)))


@primitive(
    floats=True, elementwise=True, method="sigmoid", symbol="σ", text="1 / (1 + e^(−x))",
    why="Sigmoid's slope a(1 − a) is never above 0.25: by itself it shrinks the gradient at least 4×.",
    vanishes="sigmoid saturates: where its output is next to 0 or 1, its slope a(1 − a) is next to 0.",
)  # fmt: skip
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^(−x))"""
    return 1 / (1 + np.exp(-x))


@sigmoid.derivative("out · (1 − out)")
def _(g, out, x):
    return g * (out - out * out)  # out · (1 − out) without the 1, of which NumPy would make an array at each call


@primitive(
    floats=True, elementwise=True, method="silu", text="x · σ(x)",
    why="x times its own sigmoid: the slope is near 1 for large inputs and near 0 for very negative ones.",
)  # fmt: skip
def silu(x: Any) -> Any:
    """x · σ(x), also called swish"""
    return x / (1 + np.exp(-x))


@silu.derivative("σ(x) · (1 + x · (1 − σ(x)))")
def _(g, out, x):
    s = sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


@primitive(
    floats=True, elementwise=True, method="softplus", text="ln(1 + e^x)",
    why="Softplus is the integral of the sigmoid, so its slope is the sigmoid.",
)  # fmt: skip
def softplus(x: Any) -> Any:
    """ln(1 + e^x), a smooth max(x, 0)"""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@softplus.derivative("σ(x)")
def _(g, out, x):
    return g * sigmoid(x)


@primitive(
    floats=True, sums=True, method="softmax", text="e^x / Σ e^x",
    why="A class gains what the upstream gives it above the average (weighted by the probabilities): the sum stays 1.",
    vanishes="softmax saturates: where one probability is next to 1, all its slopes are next to 0.",
)  # fmt: skip
def softmax(x: Any, *, axis: int | tuple[int, ...] | None = -1) -> Any:
    """e^x / Σ e^x over `axis`: positive numbers with sum 1"""
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    return e / np.add.reduce(e, axis=axis, keepdims=True)


@softmax.derivative("diag(out) − out · outᵀ", how="out ⊙ (G − Σ G ⊙ out)")
def _(g, out, x, *, axis=-1):
    return out * (g - (g * out).sum(axis=axis, keepdims=True))


@primitive(
    floats=True, sums=True, method="log_softmax", text="x − ln Σ e^x",
    why="Each input raises its own log-probability by 1 and lowers all by the probability it has.",
)  # fmt: skip
def log_softmax(x: Any, *, axis: int | tuple[int, ...] | None = -1) -> Any:
    """x − ln Σ e^x over `axis`: the logarithm of softmax, without the log of an underflow"""
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


@log_softmax.derivative("I − softmax(x)", how="G − softmax(x) ⊙ Σ G")
def _(g, out, x, *, axis=-1):
    return g - np.exp(out) * g.sum(axis=axis, keepdims=True)

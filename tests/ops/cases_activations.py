"""Cases of ops/activations.py."""

import math

import numpy as np

import tinygrad_reg as tg

from .case import Case, numbers

ops = tg.ops
x = numbers(2, 3, low=-4, high=4)
images = numbers(2, 3, 2, 2, seed=1)
channel_slopes = numbers(3, 1, 1, low=0.1, high=0.4, seed=2)
slopes = numbers(2, 3, low=1 / 8, high=1 / 3, seed=3)

erfc = np.vectorize(math.erfc)


def softmax(a, axis=-1):
    e = np.exp(a)
    return e / e.sum(axis=axis, keepdims=True)


CASES = [
    Case("relu", ops.relu, (x,), value=lambda a: np.maximum(a, 0)),
    Case("leaky_relu", ops.leaky_relu, (x,), value=lambda a: np.where(a > 0, a, 0.01 * a)),
    Case(
        "leaky_relu", lambda a: ops.leaky_relu(a, 0.3), (x,), value=lambda a: np.where(a > 0, a, 0.3 * a), note="slope"
    ),
    Case("prelu", ops.prelu, (x, np.array(0.25)), value=lambda a, s: np.where(a > 0, a, s * a), note="shared"),
    Case("prelu", ops.prelu, (images, channel_slopes), value=lambda a, s: np.where(a > 0, a, s * a), note="channels"),
    Case("rrelu", ops.rrelu, (x, slopes), value=lambda a, s: np.where(a > 0, a, s * a)),
    Case("rrelu", ops.rrelu, (x,), value=lambda a: np.where(a > 0, a, 11 / 48 * a), note="evaluation"),
    Case("elu", ops.elu, (x,), value=lambda a: np.where(a > 0, a, np.exp(a) - 1)),
    Case(
        "elu", lambda a: ops.elu(a, 1.7), (x,), value=lambda a: np.where(a > 0, a, 1.7 * np.exp(a) - 1.7), note="alpha"
    ),
    Case("selu", ops.selu, (x,), value=lambda a: 1.0507009873554805 * ops.elu(a, 1.6732632423543772)),
    Case("normal_cdf", ops.normal_cdf, (x,), value=lambda a: erfc(-a / math.sqrt(2)) / 2),
    Case("gelu", ops.gelu, (x,), value=lambda a: a * erfc(-a / math.sqrt(2)) / 2),
    Case(
        "gelu",
        lambda a: ops.gelu(a, approximate="tanh"),
        (x,),
        value=lambda a: a / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))),
        note="tanh",
    ),
    Case("sigmoid", ops.sigmoid, (x,), value=lambda a: (1 + np.tanh(a / 2)) / 2),
    Case("sigmoid", ops.sigmoid, (np.array(0.3),), value=lambda a: (1 + np.tanh(a / 2)) / 2),
    Case("silu", ops.silu, (x,), value=lambda a: a * (1 + np.tanh(a / 2)) / 2),
    Case("softplus", ops.softplus, (x,), value=lambda a: np.log(1 + np.exp(a))),
    Case("softmax", ops.softmax, (x,), value=softmax),
    Case("softmax", lambda a: ops.softmax(a, axis=0), (x,), value=lambda a: softmax(a, 0), note="axis0"),
    Case("softmax", lambda a: ops.softmax(a, axis=(1, 2)), (images,), value=lambda a: softmax(a, (1, 2)), note="axes"),
    Case("log_softmax", ops.log_softmax, (x,), value=lambda a: np.log(softmax(a))),
    Case("log_softmax", lambda a: ops.log_softmax(a, 0), (x,), value=lambda a: np.log(softmax(a, 0)), note="axis0"),
]

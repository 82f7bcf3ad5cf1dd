"""The graphs that the tests of pictures draw, from one neuron to ten thousand operations."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import Tensor
from tinygrad_reg.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual, Sequential

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot on this machine (apt install graphviz)")


def neuron() -> Tensor:
    """The lecture's neuron: L = (σ(w1·x1 + w2·x2 + b) − y)², with e used twice."""
    w1, w2, b = (Tensor(v, requires_grad=True, name=n) for v, n in ((-0.6, "w1"), (0.8, "w2"), (-0.5, "b")))
    x1, y = Tensor(1.5, name="x1"), Tensor(1.0, name="y")
    x2 = Tensor(2.5, requires_grad=True, name="x2")
    h1 = w1 * x1
    h2 = w2 * x2
    s = h1 + h2
    z = s + b
    a = z.sigmoid()
    e = a - y
    L = e * e
    return L


def network() -> Tensor:
    """A vectorized network of two layers: matrix products, broadcast biases, a fan-out."""
    rng = np.random.default_rng(0)
    X, Y = Tensor(rng.normal(size=(4, 3)), name="X"), Tensor([[1.0], [0.0], [1.0], [0.0]], name="Y")
    W1 = Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="W1")
    b1 = Tensor(np.zeros(2), requires_grad=True, name="b1")
    W2 = Tensor(rng.normal(size=(2, 1)), requires_grad=True, name="W2")
    b2 = Tensor(0.1, requires_grad=True, name="b2")
    M1 = X @ W1
    Z1 = M1 + b1
    A1 = Z1.sigmoid()
    M2 = A1 @ W2
    Z2 = M2 + b2
    P = Z2.sigmoid()
    E = P - Y
    L = (E * E).mean()
    return L


def lecture_chain(activation: str = "sigmoid", weight: float = 0.9, length: int = 4) -> tuple[Tensor, list[Tensor]]:
    """The one-neuron chain of the lecture (row V1), and its biases."""
    a, biases = Tensor(0.5, name="x"), []
    for n in range(1, length + 1):
        w = Tensor(weight + 0.03 * n, requires_grad=True, name=f"w{n}")
        b = Tensor(0.1 * (n % 3), requires_grad=True, name=f"b{n}")
        z = w * a + b
        z.name = f"z{n}"
        a = getattr(z, activation)()
        a.name = f"a{n}"
        biases.append(b)
    C = (a - 1.0) ** 2
    return C, biases


def dense(activation: str = "sigmoid", layers: int = 10, init: str = "glorot_uniform") -> tuple[Sequential, Tensor]:
    """A Sequential of dense layers, and its loss on a batch."""
    tg.seed(0)
    hidden = [Dense(16, 16, activation=activation, kernel_initializer=init) for _ in range(layers)]
    model = Sequential(*hidden, Dense(16, 1))
    x = np.random.default_rng(1).normal(size=(8, 16))
    loss = tg.losses.mse(model(x), np.ones((8, 1)))
    return model, loss


def regularized() -> Tensor:
    """A network with batch norm, dropout and an L2 penalty."""
    tg.seed(1)
    penalty = tg.penalties.l2(0.01)
    model = Sequential(
        Dense(5, 4, activation="relu", kernel_regularizer=penalty), BatchNorm(4), Dropout(0.5, rng=2),
        Dense(4, 2, kernel_regularizer=penalty),
    )  # fmt: skip
    x = np.random.default_rng(1).normal(size=(6, 5))
    loss = tg.losses.mse(model(x), np.zeros((6, 2))) + model.penalty()
    return loss


def convolution() -> Tensor:
    """A small convolution net."""
    tg.seed(2)
    model = Sequential(Conv2D(1, 2, 3, activation="relu"), MaxPool2D(2), Flatten(), Dense(8, 3))
    x = np.random.default_rng(1).normal(size=(2, 1, 6, 6))
    loss = tg.losses.softmax_crossentropy(model(x), np.array([0, 2]))
    return loss


def residual() -> Tensor:
    """Convolutions with batch norm and a penalty, one of them in a residual block: frames in frames, side by side."""
    tg.seed(4)
    penalty = tg.penalties.l2(0.01)
    model = Sequential(
        Conv2D(1, 2, 3, activation="relu", padding="same", kernel_regularizer=penalty), BatchNorm(2),
        Residual(Conv2D(2, 2, 3, activation="relu", padding="same")), MaxPool2D(2), Flatten(), Dense(8, 3),
    )  # fmt: skip
    x = np.random.default_rng(1).normal(size=(2, 1, 4, 4))
    return tg.losses.softmax_crossentropy(model(x), np.array([0, 2])) + model.penalty()


def autoencoder() -> Tensor:
    """An encoder and a decoder, one inside the other."""
    tg.seed(3)
    encoder = Sequential(Dense(6, 4, activation="tanh"), Dense(4, 2))
    decoder = Sequential(Dense(2, 4, activation="tanh"), Dense(4, 6))
    x = np.random.default_rng(1).normal(size=(5, 6))
    loss = tg.losses.mse(Sequential(encoder, decoder)(x), x)
    return loss


def second_order() -> Tensor:
    """A graph of gradients: ‖∂f/∂w‖² with create_graph=True."""
    w = Tensor([0.3, -0.8], requires_grad=True, name="w")
    f = (w.tanh() * w).sum()
    g = tg.gradients(f, w, create_graph=True)
    return (g * g).sum()


def recurrent(times: int = 30) -> Tensor:
    """A recurrent network, in the form of the textbooks: h ← tanh(U·x + W·h)."""
    u, w = Tensor(np.eye(2, 3), requires_grad=True, name="U"), Tensor(np.eye(3) / 2, requires_grad=True, name="W")
    h = Tensor(np.zeros((4, 3)), name="h0")
    for t in range(times):
        x = Tensor(np.full((4, 2), t + 1.0))
        h = (x @ u + h @ w).tanh()
    return h.sum()


def blocks() -> Tensor:
    """Thirty times the same two operations."""
    h = Tensor(np.full((2, 3), 0.5), name="h0")
    w = Tensor(np.eye(3), requires_grad=True, name="W")
    for _ in range(30):
        h = (h @ w).tanh()
    return h.sum()


def chain(length: int) -> Tensor:
    """So many multiplications in a row."""
    x = Tensor(1.0, requires_grad=True, name="x")
    for _ in range(length):
        x = x * 1.0001
    return x


ALL: dict[str, Callable[[], Tensor]] = {
    "neuron": neuron, "network": network, "regularized": regularized, "convolution": convolution, "residual": residual,
    "autoencoder": autoencoder, "second_order": second_order, "chain": lambda: lecture_chain()[0],
    "dense": lambda: dense()[1],
}  # fmt: skip

HOSTILE = (
    "<b>bold</b>", '"><script>alert(1)</script>', "a:b:c", "quote\" and 'quote'", "x" * 10_000, "\u202eright to left",
    "שלום", "back\\slash\\N", "new\nline\x00\x1b[31m", "$\\frac{x}{",
    "</script><script>alert(1)</script>", "&amp;&lt;", "%s{0}",
)  # fmt: skip

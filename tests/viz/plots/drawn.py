"""What the tests of plots draw: one of each kind, from a small model on forty points."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_reg as tg
import viz
from tinygrad_reg.layers import Dense, Sequential

CURVES = {"loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [3.0, 2.0, 2.5, 2.6], "accuracy": [0.1, 0.2, 0.3, 0.4]}
POINTS = np.random.default_rng(0).normal(size=(40, 2))
CLASSES = (POINTS[:, 0] > 0).astype(int)


def network(outputs: int) -> Sequential:
    tg.seed(0)
    return Sequential(Dense(2, 4, activation="tanh"), Dense(4, outputs))


def trained(*callbacks: Any) -> Any:
    return tg.fit(network(1), POINTS, CLASSES[:, None], loss="mse", optimizer="sgd", epochs=1, verbose=0,
                  callbacks=callbacks)  # fmt: skip


def valley(x: Any, y: Any) -> Any:
    return x * x + 3 * y * y


PLOTS = {
    "history": lambda **k: viz.history(CURVES, title="t", **k),
    "decision_boundary": lambda **k: viz.decision_boundary(network(1), POINTS, CLASSES, title="t", **k),
    "areas": lambda **k: viz.decision_boundary(network(3), POINTS, CLASSES, title="t", **k),
    "activations": lambda **k: viz.activations(network(1), POINTS, title="t", **k),
    "weights": lambda **k: viz.weights(network(1), title="t", **k),
    "landscape": lambda **k: viz.landscape(valley, resolution=20, title="t", **k),
    "paths": lambda **k: viz.paths(
        valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.1)}, start=(1.0, 1.0), steps=3, title="t", **k
    ),
    "gradient_heatmap": lambda **k: viz.gradient_heatmap([{"0": 1.0, "1": 0.1}] * 3, title="t", **k),
}  # fmt: skip


def kernel(*numbers: float) -> Dense:
    layer = Dense(2, 2)
    layer.kernel.data = np.resize(np.array(numbers), (2, 2))
    return layer

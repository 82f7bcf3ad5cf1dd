"""The pictures of docs/pictures.md: a network's graph in rows, a derivation, and a step's program beside its graph.

Run it: `python docs/pictures/network.py` writes network.svg, chain-rule.svg and program.svg anew.
"""

from pathlib import Path

import numpy as np

import tinygrad_reg as tg
import viz

FOLDER = Path(__file__).parent

tg.seed(0)
rng = np.random.default_rng(0)
decay = tg.penalties.l2(0.01)
model = tg.Sequential(
    tg.Dense(5, 4, activation="relu", kernel_regularizer=decay),
    tg.BatchNorm(4),
    tg.Dropout(0.5),
    tg.Dense(4, 2, kernel_regularizer=decay),
)
x, y = rng.normal(size=(6, 5)), np.zeros((6, 2))
loss = tg.losses.mse(model(x), y) + model.penalty()
loss.backward()
viz.graph(loss, depth=1, title="Batch norm, dropout, L2: layers closed").save(FOLDER / "network.svg")

w = tg.Tensor(0.8, requires_grad=True)
b = tg.Tensor(-0.2, requires_grad=True)
x = tg.Tensor(1.5)
z = w * x + b
a = tg.ops.sigmoid(z)
loss = (a - 1) ** 2
viz.derivation(loss, wrt=w).save(FOLDER / "chain-rule.svg")

W1 = tg.Tensor(rng.normal(size=(3, 4)), requires_grad=True)
b1 = tg.Tensor(np.zeros(4), requires_grad=True)
W2 = tg.Tensor(rng.normal(size=(4, 1)), requires_grad=True)
optimizer = tg.optim.SGD([W1, b1, W2], lr=0.1)


def step(X, Y):
    Z = X @ W1 + b1
    H = np.tanh(Z)
    P = H @ W2
    loss = tg.losses.mse(P, Y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


fast = tg.compile(step)
fast(rng.normal(size=(8, 3)), rng.normal(size=(8, 1)))
viz.program(fast, title="One training step: its graph and its program").save(FOLDER / "program.svg")

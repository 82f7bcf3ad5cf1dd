"""What students write besides: trainers, settings, layers that come and go, functions and ops of their own."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np

import tinygrad_reg as tg

from .way import net, normal, parameter, way

_count = itertools.count()


@way
def a_trainer_with_a_history():
    class Trainer:
        def __init__(self):
            self.model, self.history, self.l2 = net(3, 4, 1), [], 0.01
            self.optimizer = tg.optim.RMSProp(self.model.parameters(), lr=0.01)

        def loss(self, x, y):
            return tg.losses.mse(self.model(x), y) + self.l2 * sum(np.sum(p**2) for p in self.model.parameters())

        def step(self, x, y):
            self.optimizer.zero_grad()
            loss = self.loss(x, y)
            loss.backward()
            tg.optim.clip_by_norm(self.model.parameters(), 1.0)
            self.optimizer.step()
            return loss

    trainer = Trainer()

    def before(i):
        trainer.l2 = 0.01 * (i // 2)
        trainer.history.append(i)

    return trainer.step, lambda i: (normal(i, 4, 3), normal(i, 4, 1)), list(trainer.model.parameters()), before


@way
def settings_in_a_dataclass():
    @dataclasses.dataclass
    class Settings:
        scale: float = 1.0
        activation: str = "tanh"

    settings, w = Settings(), parameter(3, 2)

    def step(x):
        h = np.tanh(x @ w) if settings.activation == "tanh" else tg.ops.relu(x @ w)
        return np.sum(h) * settings.scale

    def before(i):
        settings.scale, settings.activation = 1.0 + i // 3, "tanh" if i % 4 < 2 else "relu"

    return step, lambda i: (normal(i, 4, 3),), [w], before


@way
def layers_that_come_and_go():
    class Net(tg.layers.Module):
        def __init__(self):
            tg.seed(0)
            self.layers, self.head, self.seen = [tg.Dense(3, 3)], tg.Dense(3, 2), None

        def forward(self, x):
            for layer in self.layers:
                x = np.tanh(layer(x))
            self.seen = x
            return self.head(x)

    model = Net()

    def step(x):
        loss = np.mean(model(x) ** 2) + 0.1 * np.mean(model.seen**2)
        loss.backward()
        for p in model.parameters():
            p.data = p.data - 0.1 * p.grad
            p.grad = None
        return loss

    def before(i):
        tg.seed(i)
        if i == 2:
            model.layers.append(tg.Dense(3, 3))
        if i == 4:
            model.layers.pop(0)

    return step, lambda i: (normal(i, 4, 3),), [model.head.kernel], before


@way
def functions_of_functions():
    w, b = parameter(3, 3), parameter(3, seed=1)

    def layer(activation, x):
        return activation(x @ w + b)

    hidden = functools.partial(layer, np.tanh)

    def step(x):
        slope = tg.value_and_grad(lambda v: np.mean(hidden(hidden(v)) ** 2))(x)
        loss = np.mean(hidden(hidden(x)) ** 2)
        loss.backward()
        return loss, slope

    return step, lambda i: (normal(i, 4, 3),), [w, b]


@way
def an_op_of_ones_own():
    scale, w = [1.0], parameter(3)

    @tg.primitive(name=f"students_cube_{next(_count)}")
    def cube(x):
        """x³"""
        return x**3 * scale[0]

    @cube.derivative("3x²")
    def _(g, out, x):
        return g * 3 * x**2 * scale[0]

    def step(x):
        loss = np.sum(cube(x * w))
        loss.backward()
        return loss

    def before(i):
        scale[0] = 1.0 + i // 2

    return step, lambda i: (normal(i, 3),), [w], before

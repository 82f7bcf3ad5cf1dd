"""The ways in which students write a step: each runs as it is and as a program, call by call, with the same bits."""

from __future__ import annotations

import collections
import copy
import dataclasses
import functools
import itertools

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import agree

WAYS = {}
_count = itertools.count()


def way(make):
    """`make` gives a step, a function call number → arguments, the Tensors to watch, and what happens before a call."""
    WAYS[make.__name__] = make
    return make


def normal(i, *shape):
    return np.random.default_rng(i).normal(size=shape)


def labels(i, n=4, classes=2):
    return np.random.default_rng(i).integers(0, classes, n)


def parameter(*shape, seed=0, dtype="float64"):
    return tg.Tensor(normal(seed, *shape).astype(dtype), requires_grad=True)


def net(*sizes):
    tg.seed(0)
    return tg.Sequential(*(tg.Dense(a, b, activation="tanh") for a, b in itertools.pairwise(sizes)))


@way
def batches_in_dicts():
    w = parameter(3, 2)

    def step(batch):
        loss = tg.losses.softmax_crossentropy(batch["x"] @ w, batch["y"])
        loss.backward()
        return {"loss": loss, "size": len(batch["x"])}

    return step, lambda i: ({"x": normal(i, 4, 3), "y": labels(i)},), [w]


@way
def last_batches_that_are_smaller_or_empty():
    w = parameter(3, 2)

    def step(x):
        w.grad = None
        np.sum(np.tanh(x @ w)).backward()

    return step, lambda i: (normal(i, [4, 4, 3, 0, 1][i % 5], 3),), [w]


@way
def half_precision():
    w = parameter(3, 2, dtype="float16")

    def step(x):
        loss = np.mean((x @ w) ** 2)
        loss.backward()
        return loss

    return step, lambda i: (normal(i, 4, 3).astype("float16"),), [w]


@way
def whole_numbers_and_truth_values():
    w = parameter(3)

    def step(x, keep):
        loss = np.sum(np.where(keep, x * w, 0))
        loss.backward()
        return loss

    return step, lambda i: (np.arange(3) + i, (np.arange(3) + i) % 2 == 0), [w]


@way
def single_numbers():
    w = parameter()

    def step(x):
        loss = x * w * w
        loss.backward()
        return loss, x + 1

    return step, lambda i: (np.array(float(i)),), [w]


@way
def gradients_gathered_over_calls():
    w = parameter(3, 2)
    optimizer = tg.optim.Adam([w], lr=0.1)

    def step(x, last):
        loss = np.mean((x @ w) ** 2) / 2
        loss.backward()
        if last:
            optimizer.step()
            optimizer.zero_grad()
        return loss

    return step, lambda i: (normal(i, 4, 3), i % 2 == 1), [w]


@way
def two_networks_against_each_other():
    made, judge = net(2, 4, 2), net(2, 4, 1)
    makes = tg.optim.Adam(made.parameters(), lr=0.01)
    judges = tg.optim.Adam(judge.parameters(), lr=0.01)
    loss = tg.losses.sigmoid_crossentropy

    def step(real):
        fake = made(tg.ops.normal(shape=real.shape))
        ones, zeros = np.ones((len(real), 1)), np.zeros((len(real), 1))
        judges.zero_grad()
        wrong = loss(judge(real), ones) + loss(judge(fake.detach()), zeros)
        wrong.backward()
        judges.step()
        makes.zero_grad()
        caught = loss(judge(fake), ones)
        caught.backward()
        makes.step()
        return wrong, caught

    return step, lambda i: (normal(i, 4, 2),), [*made.parameters(), *judge.parameters()]


@way
def views_and_what_was_given_are_returned():
    w = parameter(3, 2)

    def step(x):
        h = x @ w
        return h, h[0], h.T, h.reshape(-1), x[1:], x.T, w, w.data[0], h.data, None, "word", (h, {"h": h})

    return step, lambda i: (normal(i, 4, 3),), [w]


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
def momentum_and_averages_in_tensors():
    w, v, mean = parameter(3, 2), tg.Tensor(np.zeros((3, 2))), tg.Tensor(np.zeros((3, 2)))

    def step(x):
        loss = np.mean((x @ w) ** 2)
        w.grad = None
        loss.backward()
        v.data = 0.9 * v.data + w.grad
        w.data -= 0.1 * v.data
        mean.data = 0.99 * mean.data + 0.01 * w.data
        return loss, w.grad

    return step, lambda i: (normal(i, 4, 3),), [w, v, mean]


@way
def rows_of_a_data_set():
    class Rows:
        def __init__(self):
            self.x, self.y = normal(0, 20, 3), labels(1, 20)

        def __getitem__(self, i):
            return self.x[i], self.y[i]

        def __len__(self):
            return len(self.x)

    rows, w = Rows(), parameter(3, 2)

    def step(i):
        x, y = rows[i]
        loss = tg.losses.softmax_crossentropy(x @ w, y) * len(rows)
        loss.backward()
        return loss

    def before(i):
        rows.x[i] = i

    return step, lambda i: (np.random.default_rng(i).permutation(20)[:5],), [w], before


@way
def an_epoch():
    x, w = normal(0, 20, 3), parameter(3, 2)
    optimizer = tg.optim.SGD([w], lr=0.1)

    def step():
        total = 0.0
        for i in range(0, 20, 4):
            optimizer.zero_grad()
            loss = np.mean((x[i : i + 4] @ w) ** 2)
            loss.backward()
            optimizer.step()
            total = total + loss
        return total

    def before(i):
        x[i] += 1

    return step, lambda i: (), [w], before


@way
def a_recurrent_network():
    w, u = parameter(2, 3), parameter(3, 3, seed=1)

    def step(x, h):
        loss = 0.0
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ w + h @ u)
            loss = loss + np.mean(h**2)
        loss.backward()
        return loss, h

    return step, lambda i: (normal(i, 4, 5, 2), np.zeros((4, 3))), [w, u]


@way
def a_network_that_follows_another():
    model = net(3, 4, 2)
    target = copy.deepcopy(model)
    optimizer = tg.optim.Adam(model.parameters(), lr=0.1)

    def step(x, actions, rewards, done):
        with tg.no_grad():
            wanted = rewards + 0.9 * np.max(target(x), axis=1).data * (1 - done)
        optimizer.zero_grad()
        loss = np.mean((model(x)[np.arange(len(x)), actions] - wanted) ** 2)
        loss.backward()
        optimizer.step()
        for slow, fast in zip(target.parameters(), model.parameters(), strict=True):
            slow.data = 0.9 * slow.data + 0.1 * fast.data
        return loss

    given = [*model.parameters(), *target.parameters()]
    return step, lambda i: (normal(i, 4, 3), labels(i), normal(i, 4), labels(i + 9)), given


@way
def a_step_within_a_step():
    w = parameter(3, 2)

    def step(x, y):
        (slope,) = tg.gradients(tg.losses.mse(x @ w, y), [w], create_graph=True)
        loss = tg.losses.mse(x @ (w - 0.1 * slope), y)
        w.grad = None
        loss.backward()
        w.data = w.data - 0.1 * w.grad
        return loss

    return step, lambda i: (normal(i, 4, 3), normal(i, 4, 2)), [w]


@way
def noise_of_a_generator_of_ones_own():
    w, rng = parameter(3, 4), np.random.default_rng(4)

    def step(x):
        mean, spread = (x @ w)[:, :2], (x @ w)[:, 2:]
        z = mean + np.exp(spread / 2) * tg.ops.normal(shape=mean.shape, rng=rng)
        loss = np.mean(z**2) - 0.5 * np.mean(1 + spread - mean**2 - np.exp(spread))
        loss.backward()
        return loss, z

    return step, lambda i: (normal(i, 4, 3),), [w]


@way
def two_optimizers_in_turn():
    w = parameter(3, 2)
    optimizers = tg.optim.SGD([w], lr=0.1, momentum=0.9), tg.optim.Adam([w], lr=0.01)

    def step(x, which):
        optimizer = optimizers[which]
        optimizer.zero_grad()
        loss = np.mean((x @ w) ** 2)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda i: (normal(i, 4, 3), i % 2), [w]


@way
def what_is_returned_by_name():
    found, w = collections.namedtuple("found", "loss out"), parameter(3, 2)

    def step(x):
        out = x @ w
        return found(np.sum(out), out)

    return step, lambda i: (normal(i, 4, 3),), [w]


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


@way
def arrays_that_lie_elsewhere_in_memory():
    w = parameter(3, 2)

    def step(x):
        loss = np.sum(np.tanh(x @ w))
        loss.backward()
        return loss, x

    return step, lambda i: (normal(i, 8, 6)[::2, ::2] if i % 2 else normal(i, 3, 4).T,), [w]


@way
def a_shape_that_does_not_fit():
    w = parameter(3, 2)

    def step(x):
        loss = np.sum(x @ w)
        loss.backward()
        return loss

    return step, lambda i: (np.ones((4, 5 if i % 3 == 1 else 3)),), [w]


@pytest.mark.parametrize("name", WAYS)
def test_a_program_gives_the_same_bits(name):
    def make():
        step, _, watched, *before = WAYS[name]()
        return step, lambda: [(w.data, w.grad) for w in watched], *before

    agree(make, map(WAYS[name]()[1], range(6)))

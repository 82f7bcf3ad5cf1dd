"""How students train: several networks and optimizers, gradients over calls, whole epochs, updates by hand."""

from __future__ import annotations

import copy

import numpy as np

import tinygrad_reg as tg

from .way import labels, net, normal, parameter, way


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

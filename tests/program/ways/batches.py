"""What students give to a step, and what it returns: shapes, dtypes, dicts, rows of a data set, views."""

from __future__ import annotations

import collections

import numpy as np

import tinygrad_reg as tg

from .way import labels, normal, parameter, way


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
def views_and_what_was_given_are_returned():
    w = parameter(3, 2)

    def step(x):
        h = x @ w
        return h, h[0], h.T, h.reshape(-1), x[1:], x.T, w, w.data[0], h.data, None, "word", (h, {"h": h})

    return step, lambda i: (normal(i, 4, 3),), [w]


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
def what_is_returned_by_name():
    found, w = collections.namedtuple("found", "loss out"), parameter(3, 2)

    def step(x):
        out = x @ w
        return found(np.sum(out), out)

    return step, lambda i: (normal(i, 4, 3),), [w]


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

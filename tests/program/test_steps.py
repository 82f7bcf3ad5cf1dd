"""What real steps do besides forward, backward, step: each the same as eager, to the last bit."""

from __future__ import annotations

import collections
import itertools
import tracemalloc

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.primitive import primitive

from .steps import agree, digits, equal, same_bits, training


def model_and_optimizer(**options):
    tg.seed(0)
    model = tg.Sequential(tg.Dense(3, 4, "tanh", **options), tg.Dense(4, 2, **options))
    return model, tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def state_of(model, optimizer):
    return lambda: [
        list(model.state_dict().values()),
        [p.grad for p in model.parameters()],
        [v for v in optimizer.state_dict().values() if not isinstance(v, str)],
    ]


RNG = np.random.default_rng(0)
BATCHES = [(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))) for _ in range(4)]


def test_constraints_after_the_step():
    def make():
        model, optimizer = model_and_optimizer(kernel_constraint=tg.constraints.max_norm(0.5))

        def step(x, y):
            optimizer.zero_grad()
            loss = tg.losses.mse(model(x), y)
            loss.backward()
            optimizer.step()
            model.project(optimizer.lr)
            return loss

        return step, state_of(model, optimizer)

    fast = agree(make, BATCHES)
    assert "max_norm" in fast.source


def test_gradients_gathered_over_parts_of_a_batch():
    def make():
        model, optimizer = model_and_optimizer()

        def step(x, y):
            optimizer.zero_grad()
            for part in range(0, 5, 2):
                loss = tg.losses.mse(model(x[part : part + 2]), y[part : part + 2])
                loss.backward()
            grads = [p.grad for p in model.parameters()]
            optimizer.step()
            return loss, grads

        return step, state_of(model, optimizer)

    agree(make, BATCHES)


def test_a_rule_of_the_users():
    class SignDescent(tg.optim.Optimizer):
        rule = "w ← w − η·sign(g)"

        def update(self, lr, t, w, g, a, state):
            np.sign(g, out=a)
            np.multiply(a, lr / t, out=a)
            np.subtract(w, a, out=w)

    class Hesitating(SignDescent):
        def update(self, lr, t, w, g, a, state):
            if t > 2:  # which no program can follow: it calls the rule
                super().update(lr, t, w, g, a, state)

    for kind in (SignDescent, Hesitating):

        def make(kind=kind):
            model, _ = model_and_optimizer()
            optimizer = kind(model.parameters(), lr=0.1)
            return training(lambda x, y: tg.losses.huber(model(x), y), optimizer), state_of(model, optimizer)

        agree(make, BATCHES)


def test_an_op_of_the_users():
    @primitive(name="a_users_op")
    def looping(x):
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = x[i] * float(x[i].sum())
        return out

    @looping.derivative("…")
    def _(g, out, x):
        return g * np.sum(x, axis=-1, keepdims=True) + np.sum(g * x, axis=-1, keepdims=True)

    def make():
        w = tg.Tensor(np.ones((3, 2)), requires_grad=True)

        def step(x, y):
            w.grad = None
            loss = np.sum(looping(x @ w) * y)
            loss.backward()
            return loss

        return step, lambda: [w.data, w.grad]

    assert "a_users_op" in agree(make, BATCHES).source


def test_methods_of_an_object():
    class Trainer:
        def __init__(self):
            self.model, self.optimizer = model_and_optimizer()
            self.scale = 1.0

        def step(self, x, *, y):
            self.optimizer.zero_grad()
            loss = tg.losses.mse(self.model(x), y) * self.scale
            loss.backward()
            self.optimizer.step()
            return loss

    eager, captured = Trainer(), Trainer()
    fast = tg.compile(captured.step)
    for i, (x, y) in enumerate(BATCHES):
        eager.scale = captured.scale = 1.0 + i // 2
        assert equal(eager.step(x, y=y).data, fast(x, y=y).data)
    assert equal(eager.model[0].kernel.data, captured.model[0].kernel.data)


def test_structures_of_arguments_and_results():
    Pair = collections.namedtuple("Pair", "first second")
    w = tg.Tensor(2.0, requires_grad=True)

    def step(batch, scale=(1.0,)):
        return Pair(batch["x"] * w * scale[0], [batch["y"][0] + 1, "text", None])

    fast = tg.compile(step)
    for n in (1.0, 2.0):
        batch = {"x": np.full(3, n), "y": [np.arange(2)]}
        ours, theirs = fast(batch), step(batch)
        assert isinstance(ours, Pair) and isinstance(ours.first, tg.Tensor) and ours.second[1:] == ["text", None]
        assert equal(ours.first.data, theirs.first.data) and equal(ours.second[0], theirs.second[0])
    assert len(fast._programs) == 1


def test_tables_indexed_by_arguments():
    def make():
        table = tg.Tensor(RNG_TABLE.copy(), requires_grad=True)
        step = training(lambda ids, y: tg.losses.mse(np.mean(table[ids], axis=1), y), tg.optim.Adam([table]))
        return step, lambda: [table.data, table.grad]

    RNG_TABLE = np.random.default_rng(1).normal(size=(7, 2))
    rng = np.random.default_rng(2)
    agree(make, [(rng.integers(0, 7, (4, 3)), rng.normal(size=(4, 2))) for _ in range(3)])


@pytest.mark.parametrize("loss", ["binary_crossentropy", "sigmoid_crossentropy", "half_mse", "mae"])
@pytest.mark.parametrize("reduction", ["mean", "samples"])
def test_losses_with_weights(loss, reduction):
    def make():
        model, optimizer = model_and_optimizer()
        of = tg.losses.get(loss)

        def step(x, y, weights):
            out = model(x)
            total = of(out.sigmoid() if loss == "binary_crossentropy" else out, y, weights=weights, reduction=reduction)
            total.backward()
            optimizer.step()
            optimizer.zero_grad()
            return total

        return step, state_of(model, optimizer)

    rng = np.random.default_rng(3)
    agree(make, [(x, (y > 0).astype(float), rng.random(5)) for x, y in BATCHES])


def test_probabilities_and_one_hot_labels():
    def make():
        model, optimizer = model_and_optimizer()
        step = training(lambda x, y: tg.losses.categorical_crossentropy(model(x).softmax(), y), optimizer)
        return step, state_of(model, optimizer)

    agree(make, [(x, np.eye(2)[(y[:, 0] > 0).astype(int)]) for x, y in BATCHES])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_dtype(dtype):
    def make():
        model, optimizer = model_and_optimizer(dtype=dtype)

        def loss_of(x, y):
            return tg.losses.mse(model(x), y) + 0.01 * sum(np.sum(np.abs(p)) for p in model.parameters())

        return training(loss_of, optimizer), state_of(model, optimizer)

    agree(make, [(x.astype(dtype), y.astype(dtype)) for x, y in BATCHES])


def test_a_call_allocates_what_it_returns_and_little_more():
    tg.seed(0)
    model = tg.Sequential(tg.Dense(64, 256, "sigmoid"), tg.Dense(256, 256, "tanh"), tg.Dense(256, 1))
    fast = tg.compile(training(lambda x, y: tg.losses.mse(model(x), y), tg.optim.Adam(model.parameters())))
    x, y = np.ones((512, 64)), np.ones((512, 1))
    fast(x, y)
    fast(x, y)
    tracemalloc.start()
    try:
        fast(x, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000, "one activation alone has a megabyte"


def test_the_values_of_the_capture_are_dropped():
    made = digits()
    fast = tg.compile(made.step)
    x, y = np.zeros((20_000, 6), np.float32), np.zeros(20_000, int)
    fast(x, y)
    tracemalloc.start()
    try:
        another = tg.compile(made.step)
        another(x, y)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 5 * 20_000 * 8 * 4, "a few buffers, not every value"


def test_gradients_read_after_the_step_stay():
    def make():
        model, optimizer = model_and_optimizer()

        def step(x, y):
            seen = []
            for _ in range(2):
                optimizer.zero_grad()
                tg.losses.mse(model(x), y).backward()
                optimizer.step()
                seen.append([p.grad for p in model.parameters()])
            return seen

        return step, state_of(model, optimizer)

    agree(make, BATCHES)


def test_what_is_made_once_may_call_ops_of_the_house():
    image = tg.Tensor(np.ones((1, 1, 4, 4)), requires_grad=True)

    def step():
        return tg.gradients(tg.ops.avg_pool2d(image, size=2).sum(), image)

    np.testing.assert_array_equal(tg.compile(step)(), step())


NUMBERS = {
    "mean": lambda t, c: t * c.mean(),
    "element": lambda t, c: t / c[0],
    "extremes": lambda t, c: t + c.max() - c.min(),
    "exponent": lambda t, c: t ** c[1],
    "base": lambda t, c: c[1] ** t,
    "where": lambda t, c: np.where(c > 0.15, t, c.max()),
    "share": lambda t, c: t * (c > 0.15).mean(),
    "count": lambda t, c: t * (c > 0.15).sum(),
    "product": lambda t, c: t * (c @ c),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_taken_from_an_array_is_as_weak_in_a_program(number, dtype):
    t = tg.Tensor(np.array([1, 2, 3], dtype) / 3, requires_grad=True)

    def step(c):
        y = NUMBERS[number](t, c)
        t.grad = None
        y.sum().backward()
        return y, t.grad

    fast = tg.compile(step)
    for c in (np.array([0.1, 0.2, 0.4]), np.array([0.15, 0.3, 0.05])):
        for ours, wanted in zip(fast(c), step(c), strict=True):
            assert ours.dtype == wanted.dtype == dtype
            np.testing.assert_array_equal(getattr(ours, "data", ours), getattr(wanted, "data", wanted))


@pytest.mark.parametrize("moves", [True, False])
def test_what_is_summed_up_of_gradients_lies_in_memory_as_eagerly(moves):
    """A weight that is used the other way round: its gradient comes column after column."""

    def make():
        w = tg.Tensor(np.random.default_rng(0).normal(size=(5, 7)), requires_grad=True)
        optimizer = tg.optim.SGD(w, lr=0.01)

        def step(x):
            w.grad = None
            np.sum(np.tanh(x @ w.T)).backward()
            found = np.sum(w.grad * w.grad), np.sum(np.tanh(w.grad))
            if moves:
                optimizer.step()
            return found

        return step, lambda: [w.data, w.grad]

    rng = np.random.default_rng(1)
    fast = agree(make, [(rng.normal(size=(6, 7)),) for _ in range(20)])
    assert fast.planned_source.count("grad_w[...]") <= 1


def test_a_gradient_that_was_copied_before_is_what_it_was_then():
    def make():
        p, q = (
            tg.Tensor(np.random.default_rng(i).normal(size=s), requires_grad=True)
            for i, s in enumerate([(2, 3), (3, 2)])
        )
        first, second = tg.optim.SGD(p, lr=0.5), tg.optim.SGD(q, lr=0.5)

        def step(x):
            p.grad = x
            q.grad = p.data.T.copy()
            first.step()
            second.step()
            return q.data

        return step, lambda: [p.data, q.data]

    agree(make, [(np.full((2, 3), n),) for n in (1.0, 2.0, 3.0)])


def test_relu_leaves_memory_in_its_order():
    """So that a sum takes its elements in the same order."""
    bias = tg.Tensor(np.zeros(4))

    def step(x):
        return np.sum(np.tanh(tg.ops.relu(x + bias) * 1.5)), tg.ops.relu(x > 0)

    fast, rng = tg.compile(step), np.random.default_rng(0)
    for _ in range(20):
        x = np.asfortranarray(rng.normal(size=(3, 4)))
        assert same_bits(fast(x), step(x))
        assert tg.ops.relu(x).flags.f_contiguous


@pytest.mark.parametrize("mixed", [*itertools.product([True, False], repeat=3)])
def test_shares_of_several_memory_orders_are_summed_up_as_eagerly(mixed):
    w, rows = tg.Tensor(1.0, requires_grad=True), np.random.default_rng(1).normal(size=(40, 5))

    def step(x):
        w.grad = None
        h = x * w
        sum(np.sum(np.tanh(h * (rows if one else 1.5) + k)) for k, one in enumerate(mixed)).backward()
        return w.grad

    fast, rng = tg.compile(step), np.random.default_rng(0)
    for _ in range(20):
        x = np.asfortranarray(rng.normal(size=(40, 5)))
        assert equal(fast(x), step(x))

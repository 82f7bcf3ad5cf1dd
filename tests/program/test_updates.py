"""How optimizers move parameters in a program: their clocks and rates, clipping, steps without some of them."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import agree

X = np.array([1.0, 2.0])


def test_parameters_may_take_some_steps_without_each_other():
    def make():
        w, u = (tg.Tensor(np.ones(2), requires_grad=True) for _ in range(2))
        optimizer = tg.optim.Adam([w, u], lr=0.1)

        def step(x, which):
            optimizer.zero_grad()
            h = x * w if which == "w" else x * u if which == "u" else x * w * u
            loss = np.mean(h**2)
            loss.backward()
            optimizer.step()
            return loss

        return step, lambda: [w.data, u.data]

    agree(make, [(X, which) for which in ["w", "both", "w", "u", "both", "w", "both", "u"]])


def test_the_learning_rate_is_not_set_inside():
    optimizer = tg.optim.SGD([tg.Tensor(X, requires_grad=True)], lr=0.1)

    def step(x):
        optimizer.lr = 0.05

    with pytest.raises(RuntimeError, match=r"sets the learning rate.*schedule"):
        tg.compile(step)(X)
    assert optimizer.lr == 0.1


def test_the_number_of_steps_is_read_anew():
    w = tg.Tensor(X, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.0)

    def step(x):
        np.sum(x * w).backward()
        optimizer.step()
        return x * optimizer.steps

    fast = tg.compile(step)
    assert [fast(X)[0] for _ in range(3)] == [1.0, 2.0, 3.0]
    assert optimizer.steps == 3


def test_the_learning_rate_is_read_as_it_stands_after_the_step():
    def run(compiled):
        w = tg.Tensor(X, requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=lambda t: 1.0 / (1 + t))

        def step(x):
            optimizer.zero_grad()
            np.sum(x * w).backward()
            optimizer.step()
            return x * optimizer.lr

        call = tg.compile(step) if compiled else step
        return [call(X)[0] for _ in range(4)]

    assert run(True) == run(False) == [1 / 2, 1 / 3, 1 / 4, 1 / 5]


@pytest.mark.parametrize("kind", [tg.optim.SGD, tg.optim.Adam])
def test_a_parameter_that_is_written_into_before_its_optimizer_moves_it(kind):
    """The capture computes with copies: the parameter itself is written into by the program alone."""

    def make():
        w = tg.Tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True)
        optimizer = kind([w], lr=0.1)

        def step(x):
            loss = np.sum(np.tanh(x @ w) ** 2)
            optimizer.zero_grad()
            loss.backward()
            w.data *= 0.9
            w.data /= np.linalg.norm(w.data, axis=0, keepdims=True)
            optimizer.step()
            return loss, w.data

        return step, lambda: [w.data, w.grad]

    agree(make, [(x,) for x in np.random.default_rng(0).normal(size=(3, 4, 3))])


@pytest.mark.parametrize("before", [0, 1])
def test_parameters_that_take_only_some_steps_of_a_call_have_clocks_of_their_own(before):
    def make():
        first, second = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        optimizer = tg.optim.Adam([first, second], lr=0.1)
        for _ in range(before):
            second.grad = np.ones(2)
            optimizer.step()

        def step(x):
            optimizer.zero_grad()
            np.sum(first**2 * x).backward()
            optimizer.step()
            second.grad = x * 0.1
            optimizer.step()

        return step, lambda: [first.data, second.data, optimizer.state_of(first)["m"], optimizer.state_of(second)["m"]]

    agree(make, [(X * (i + 1),) for i in range(4)])


@pytest.mark.parametrize("clip", [tg.optim.clip_by_value, tg.optim.clip_by_norm, tg.optim.clip_by_global_norm])
def test_gradients_that_are_not_there_are_clipped_as_eagerly(clip):
    def make():
        w, v = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))

        def step(x, clear):
            found = clip([w, v], 0.1)
            np.sum(w**2 * x).backward()
            if clear:
                w.grad = None
            new = tg.Tensor(x, requires_grad=True)
            return found, clip([new], 0.1), new

        return step, lambda: [w.grad, v.grad]

    agree(make, [(X, True), (X, False), (X, False), (X, True), (X, True)])


ASKS = {
    "state_of": lambda o, w: o.state_of(w)["s"],
    "effective_lr": lambda o, w: o.effective_lr(),
    "state_dict": lambda o, w: o.state_dict(),
    "preview": lambda o, w: o.preview(w),
}


@pytest.mark.parametrize("asks", ASKS.values(), ids=ASKS)
def test_what_an_optimizer_remembers_is_asked_outside(asks):
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    optimizer = tg.optim.AdaGrad([v], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        np.sum(x * v).backward()
        found = asks(optimizer, v)
        optimizer.step()
        return found

    with pytest.raises(RuntimeError, match=r"(?s)lambda o, w.*what AdaGrad remembers.*outside of the step"):
        tg.compile(step)(np.ones(2))
    assert optimizer.steps == 0 and v.data.tolist() == [1.0, 2.0]


class Decaying:
    """A schedule that may be changed."""

    base = 0.1

    def __call__(self, step):
        return self.base / (1 + step)


@pytest.mark.parametrize("before", [True, False])
def test_a_step_that_changes_its_schedule_behind_the_update_is_refused(before):
    schedule, w = Decaying(), tg.Tensor(X, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=schedule)

    def step(x):
        if before:
            schedule.base = 0.05
        optimizer.zero_grad()
        np.sum(x * w).backward()
        optimizer.step()
        if not before:
            schedule.base = 0.05

    fast = tg.compile(step)
    if before:
        fast(X), fast(X)
        assert np.allclose(w.data, X - (0.05 + 0.025) * X)
        return
    with pytest.raises(RuntimeError, match="changes what the schedule of its learning rate reads"):
        fast(X)
    assert schedule.base == 0.1
    assert np.array_equal(w.data, [1.0, 2.0])


def in_a_dict():
    table = {"f": 1.0}

    def lower():
        table["f"] *= 0.5

    return lambda t: 0.1 * table["f"], lower


def in_a_closure():
    n = 0

    def count():
        nonlocal n
        n += 1

    return lambda t: 0.1 / (1 + n), count


def in_an_object():
    class Rates:
        f = 1.0

        def lr(self, t):
            return 0.1 * self.f

    rates = Rates()

    def lower():
        rates.f *= 0.5

    return rates.lr, lower


@pytest.mark.parametrize("made", [in_a_dict, in_a_closure, in_an_object])
def test_what_a_step_changes_and_only_its_schedule_reads_is_refused(made):
    schedule, change = made()
    w = tg.Tensor(X, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=schedule)

    def step(x):
        change()
        optimizer.zero_grad()
        np.sum(x * w).backward()
        optimizer.step()

    fast = tg.compile(step)
    fast(X)
    assert np.allclose(w.data, 0.95 * np.array([1.0, 2.0]))
    with pytest.raises(RuntimeError, match="at each call, and reads it"):
        fast(X)

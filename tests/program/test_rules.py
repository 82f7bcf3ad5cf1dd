"""Optimizers of one's own: a rule that keeps something in Python runs once for each step, the others are recorded."""

from __future__ import annotations

import functools
import types

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

COUNT = [0]
SCALE = 1.0


class Own(tg.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr, state_names=("m",))
        self.n, self.seen, self.rng, self.k = 0, [], np.random.default_rng(5), 2.0
        self.box, self.mean = types.SimpleNamespace(n=0), np.zeros(3)


class Counts(Own):
    def update(self, lr, t, w, g, a, state):
        self.n += 1
        (m,) = state
        m[...] = 0.9 * m + 0.1 * g
        w -= lr * m / (1 - 0.9**self.n)


class Gathers(Own):
    def update(self, lr, t, w, g, a, state):
        self.seen.append(1)
        w -= lr * g / len(self.seen)


class Draws(Own):
    def update(self, lr, t, w, g, a, state):
        w -= lr * (g + self.rng.normal(size=g.shape))


class Holds(Own):
    def update(self, lr, t, w, g, a, state):
        self.box.n += 1
        w -= lr * g / self.box.n


class Averages(Own):
    def update(self, lr, t, w, g, a, state):
        self.mean *= 0.5
        self.mean += g
        w -= lr * self.mean


class Global(Own):
    def update(self, lr, t, w, g, a, state):
        COUNT[0] += 1
        w -= lr * g / COUNT[0]


class ByName(Own):
    def update(self, lr, t, w, g, a, state):
        setattr(self, "n", getattr(self, "n") + 1)  # noqa: B009, B010
        w -= lr * g / getattr(self, "n")  # noqa: B009


def more(box):
    box.n += 1
    return box.n


class ByHelper(Own):
    def update(self, lr, t, w, g, a, state):
        w -= lr * g / more(self)


class Asks(Own):
    """Not recorded, because it asks the clock; it keeps something as well."""

    def update(self, lr, t, w, g, a, state):
        self.n += 1
        w -= lr * g / (float(t) * self.n)


class OfAKind(tg.optim.Adam):
    """One of the house's with something more."""

    n = 0

    def update(self, lr, t, w, g, a, state):
        self.n += 1
        super().update(lr / self.n, t, w, g, a, state)


class OfSteps(Own):
    def update(self, lr, t, w, g, a, state):
        w -= lr * g / (1 + self.steps)


def counted(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*given):
        nonlocal calls
        calls += 1
        function(*given, calls)

    return wrapper


class Decorated(Own):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.rule_of = counted(lambda lr, w, g, n: np.subtract(w, lr * g / n, out=w))

    def update(self, lr, t, w, g, a, state):
        self.rule_of(lr, w, g)


KEEPING = [Counts, Gathers, Draws, Holds, Averages, Global, ByName, ByHelper, Asks, OfAKind, OfSteps, Decorated]


class Plain(Own):
    def update(self, lr, t, w, g, a, state):
        (m,) = state
        m *= 0.9
        m += g
        w -= lr * SCALE * self.halved(m)

    def halved(self, x):
        return x / self.k


def trained(kind, compile):
    COUNT[0] = 0
    w = tg.Tensor([0.5, -1.0, 2.0], requires_grad=True)
    optimizer = kind([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = np.sum((x * w) ** 2)
        loss.backward()
        optimizer.step()
        return loss

    return optimizer, w, tg.compile(step) if compile else step


@pytest.mark.parametrize("kind", KEEPING, ids=lambda kind: kind.__name__)
def test_a_rule_that_keeps_something_runs_once_for_each_step(kind):
    x, found = np.array([1.0, 2.0, 3.0]), []
    for compile in (False, True):
        optimizer, w, step = trained(kind, compile)
        losses = [step(x).item() for _ in range(5)]
        kept = getattr(optimizer, "n", 0), len(getattr(optimizer, "seen", ())), COUNT[0], optimizer.steps
        found.append((losses, w.data.tolist(), kept))
    assert found[0] == found[1]
    assert len(step._programs) <= 2 and "apply(" in step.source  # its first step may make attributes


def test_a_rule_that_keeps_nothing_is_recorded_and_its_settings_are_read_anew(monkeypatch):
    x = np.array([1.0, 2.0, 3.0])
    (ours, w, fast), (theirs, v, step) = trained(Plain, True), trained(Plain, False)
    for i in range(8):
        fast(x), step(x)
        assert equal(w.data, v.data), i
        if i == 2:
            ours.k = theirs.k = 4.0
        if i == 3:
            monkeypatch.setattr("tests.program.test_rules.SCALE", 0.5)
        if i == 4:
            monkeypatch.setattr(Plain, "halved", lambda self, x: x / 3)
        if i == 5:
            monkeypatch.setattr(Plain, "update", Counts.update)
    assert ours.n == theirs.n == 2
    assert "apply(" in fast.source


def test_a_recorded_rule_is_on_the_page():
    _, _, fast = trained(Plain, True)
    fast(np.ones(3))
    assert "m *= 0.9" in fast.source and "apply(" not in fast.source


def test_a_rule_that_one_optimizer_is_given_is_called():
    x, found = np.array([1.0, 2.0, 3.0]), []
    for compile in (False, True):
        optimizer, w, step = trained(tg.optim.SGD, compile)
        calls = []
        optimizer.update = lambda lr, t, w, g, a, state, calls=calls: (
            calls.append(t),
            np.subtract(w, lr * g / len(calls), out=w),
        )
        found.append([[step(x).item() for _ in range(3)], w.data.tolist(), calls])
    assert found[0] == found[1]


def lower(optimizer):
    optimizer.n *= 0.5


def set_it(optimizer):
    optimizer.k = 1.0


@pytest.mark.parametrize(
    ("first", "change", "words"),
    [
        (False, lower, "changes what the rule of its optimizer reads"),
        (False, set_it, "changes what the rule of its optimizer reads"),
        (True, lower, "it changes 'n' at each call"),
        (True, set_it, ""),
    ],
)
def test_what_a_step_changes_and_a_rule_that_is_called_reads_counts(first, change, words):
    def made():
        optimizer, w, step = trained(Counts, False)

        def changing(x):
            if first:
                change(optimizer)
            loss = step(x)
            if not first:
                change(optimizer)
            return loss

        return w, changing

    (w, step), (v, plain) = made(), made()
    fast, x = tg.compile(step), np.array([1.0, 2.0, 3.0])

    def run():
        for _ in range(4):
            plain(x)
            fast(x)
            assert equal(w.data, v.data)

    if not words:
        run()
        return
    with pytest.raises(RuntimeError, match=words):
        run()

"""Update rules on the page: formulas in place of working space, and the same bits."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal


class Signs(tg.optim.Optimizer):
    """A rule of a user's, which reads its working space after it has changed what that was made of."""

    def update(self, lr, t, w, g, a, state):
        np.sign(g, out=a)
        np.multiply(a, w, out=a)
        np.multiply(w, 0.5, out=w)
        np.add(a, w, out=w)
        np.maximum(g, lr, out=a)
        np.maximum(a, w, out=w)


class Masked(tg.optim.Optimizer):
    """A rule of a user's, which writes parts of its working space."""

    def update(self, lr, t, w, g, a, state):
        np.multiply(g, lr, out=a)
        np.multiply(a, 2.0, out=a, where=w > 0)
        np.subtract(w, a, out=w)


RULES = {
    "plain": lambda p: tg.optim.SGD(p, lr=0.1),
    "momentum": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "averaged": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9, form="averaged"),
    "accumulated": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9, form="accumulated"),
    "adagrad": lambda p: tg.optim.AdaGrad(p, lr=0.1),
    "rmsprop": lambda p: tg.optim.RMSProp(p, lr=0.1, eps_inside_root=True),
    "adam": lambda p: tg.optim.Adam(p, lr=0.1),
    "adam inside the root": lambda p: tg.optim.Adam(p, lr=0.1, eps_inside_root=True),
    "adamw": lambda p: tg.optim.AdamW(p, lr=0.1, bias_correction="constant"),
    "signs": lambda p: Signs(p, lr=0.1),
    "masked": lambda p: Masked(p, lr=0.1),
}


def compiled(rule, dtype):
    rng = np.random.default_rng(0)
    p = [tg.Tensor(rng.normal(size=shape).astype(dtype), requires_grad=True) for shape in ((2, 3), (3,))]
    optimizer = RULES[rule](p)

    def step(x):
        optimizer.zero_grad()
        np.mean(np.tanh(x @ p[0]) * p[1]).backward()
        optimizer.step()

    x = rng.normal(size=(4, 2)).astype(dtype)
    fast = tg.compile(step)
    fast(x)
    return fast, x


@pytest.mark.filterwarnings("ignore:eps=.* is 0 in float16")
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("rule", RULES)
def test_the_page_gives_the_same_bits(rule, dtype):
    fast, x = compiled(rule, dtype)
    for _ in range(3):
        inputs, scope = fast.inputs(x), {}
        exec(fast.source, scope)
        scope["step"](**inputs)
        fast(x)
        after = fast.inputs(x)
        for name in set(inputs) - {"lr", "t", "x"}:
            assert equal(inputs[name], after[name]), f"{name}\n{fast.source}"


class Counts(tg.optim.Optimizer):
    """A rule of a user's, which only looks at gradients."""

    def __init__(self, params):
        super().__init__(params, 0.1, state_names=["n"])

    def update(self, lr, t, w, g, a, state):
        (n,) = state
        np.sign(g, out=a)
        np.add(n, a, out=n)


class Decays(tg.optim.Optimizer):
    """A rule of a user's, which does not look at gradients."""

    def update(self, lr, t, w, g, a, state):
        np.multiply(w, 0.5, out=w)


@pytest.mark.parametrize("make", [RULES["momentum"], Counts, lambda p: Decays(p, 0.1)])
def test_parameters_with_clocks_of_their_own(make):
    rng = np.random.default_rng(0)
    a, b, c = (tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name=name) for name in "abc")
    optimizer = make([a, b, c])

    def step(x, *tensors):
        optimizer.zero_grad()
        loss = np.sum((sum(x * tensor for tensor in tensors)) ** 2)
        loss.backward()
        optimizer.step()
        return loss

    x = rng.normal(size=(3, 2))
    step(x, a, c)  # b stays behind
    fast = tg.compile(lambda x: step(x, a, b, c))
    fast(x)
    inputs, scope = fast.inputs(x), {}
    exec(fast.source, scope)
    assert equal(scope["step"](**inputs), fast(x).numpy())
    for name, value in fast.inputs(x).items():
        assert equal(inputs[name], value), f"{name}\n{fast.source}"


def update(fast):
    found = re.findall(r"^    ([^#\n]+)", fast.source.split("# ---- update")[1], re.MULTILINE)
    return found[:-1]  # without the return


def test_adam_as_in_the_book():
    fast, _ = compiled("adam", "float32")
    assert update(fast) == [
        "m *= 0.9",
        "m += g * (1 - 0.9)",
        "s *= 0.999",
        "s += g * g * (1 - 0.999)",
        "c = (1 - 0.999 ** t) ** 0.5",
        "w -= m / (np.sqrt(s) + 1e-08 * c) * (lr * c / (1 - 0.9 ** t))",
    ]
    assert "work" not in fast.source and "out=" not in fast.source


def test_momentum_as_in_the_book():
    assert update(compiled("momentum", "float64")[0]) == ["v *= 0.9", "v += g", "w -= v * lr"]
    assert update(compiled("nesterov", "float64")[0]) == [
        "change = g + w * 0.1", "v *= 0.9", "v += change", "w -= (change + v * 0.9) * lr",
    ]  # fmt: skip


def test_what_was_changed_in_between_is_named_first():
    assert update(compiled("signs", "float64")[0]) == [
        "change = np.sign(g) * w", "w *= 0.5", "w += change", "w[...] = np.maximum(np.maximum(g, lr), w)",
    ]  # fmt: skip

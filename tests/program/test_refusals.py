"""What no program can repeat is refused, with the user's line and what to write instead."""

from __future__ import annotations

import copy
import math
import pickle
import random

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([[1.0, 2.0], [3.0, 4.0]])
w = tg.Tensor([1.0, 2.0], requires_grad=True)
RNG = np.random.default_rng(0)


def if_loss(x):
    loss = np.sum(x @ w)
    if loss.item() < 1:
        loss = loss * 2
    return loss


def if_tensor(x):
    return x if np.sum(x @ w) > 0 else -x


def length_of_it(x):
    return np.sum(x[: np.argmax(x[0])] * 2)


def repeated_so_often(x):
    return np.sum(np.repeat(x, np.argmax(x[0]), axis=0) * 2)


def along_a_computed_axis(x):
    return x.sum(axis=np.argmax(x[0]))


def zeros_of_a_computed_shape(x):
    return np.zeros_like(x, shape=(np.argmax(x[0]),)) + 1


def part_of_a_tensor(x):
    return w[: np.argmax(x[0])] * 2


def float_of_it(x):
    return float(np.sum(x @ w))


def math_of_it(x):
    return math.sqrt(np.sum(x * x))


def plain_array(x):
    return np.asarray(x @ w.data)


def assigned(x):
    h = x * 2
    h[0] = 1
    return h @ w


def assigned_input(x):
    x += 1
    return x @ w


def assigned_elsewhere(x):
    out = np.zeros(2)
    out[...] = x @ w.data
    return out


def mask(x):
    return np.sum((x * w)[x > 1])


def counted(x):
    return len(np.nonzero(x)[0]) * w


def looped(x):
    return sum(w * n for n in range(int(np.max(x))))


def printed(x):
    loss = np.sum(x @ w)
    print(f"loss {loss}")
    return loss


def noise(x):
    return (x + RNG.normal(size=x.shape)) @ w


def old_noise(x):
    return (x + np.random.normal(size=x.shape)) @ w  # noqa: NPY002


def choice(x):
    return x @ w * random.random()


def item_of_parameter(x):
    return x @ w if w[0].item() > 0 else x


def rounded(x):
    return round(np.sum(x @ w.data), 2)


def hashed(x):
    return {np.sum(x): 1}


def deep_copied(x):
    return copy.deepcopy(x) @ w


def pickled(x):
    return pickle.dumps(x) and x @ w


def repeated_list(x):
    return np.stack([w] * np.argmax(x[0]))


def repeated_word(x):
    return x @ w, np.argmax(x[0]) * "a"


def in_words(x):
    return x @ w, str(np.sum(x))


def in_a_message(x):
    return x @ w, "%s" % np.sum(x)  # noqa: UP031


REFUSED = [
    (repeated_list, "[w] * np.argmax(x[0])", "x[i]"),
    (repeated_word, 'np.argmax(x[0]) * "a"', "x[i]"),
    (in_words, "str(np.sum(x))", "outside"),
    (in_a_message, '"%s" % np.sum(x)', "outside"),
    (rounded, "round(np.sum(x @ w.data), 2)", "np.round"),
    (hashed, "{np.sum(x): 1}", "as the key"),
    (deep_copied, "copy.deepcopy(x)", "x.copy()"),
    (pickled, "pickle.dumps(x)", "outside"),
    (if_loss, "if loss.item() < 1:", "item"),
    (if_tensor, "return x if np.sum(x @ w) > 0 else -x", "np.where"),
    (float_of_it, "return float(np.sum(x @ w))", "float"),
    (math_of_it, "math.sqrt", "np.sqrt"),
    (plain_array, "np.asarray(x @ w.data)", "plain"),
    (assigned, "h[0] = 1", "np.where"),
    (assigned_input, "x += 1", "a = a + b"),
    (assigned_elsewhere, "out[...] = x @ w.data", "plain"),
    (mask, "(x * w)[x > 1]", "np.where"),
    (counted, "np.nonzero", "shape"),
    (length_of_it, "x[: np.argmax(x[0])]", "Python number"),
    (repeated_so_often, "np.repeat(x, np.argmax(x[0]), axis=0)", "Python number"),
    (along_a_computed_axis, "x.sum(axis=np.argmax(x[0]))", "Python number"),
    (zeros_of_a_computed_shape, "np.zeros_like(x, shape=(np.argmax(x[0]),))", "Python number"),
    (part_of_a_tensor, "w[: np.argmax(x[0])]", "Python number"),
    (looped, "range(int(np.max(x)))", "int"),
    (printed, 'print(f"loss {loss}")', "outside"),
    (noise, "RNG.normal", "tg.ops.normal"),
    (old_noise, "np.random.normal", "tg.ops.normal"),
    (choice, "random.random()", "tg.ops"),
    (item_of_parameter, "w[0].item() > 0", "item"),
]


@pytest.mark.parametrize(("step", "line", "advice"), REFUSED, ids=lambda x: getattr(x, "__name__", ""))
def test_what_no_program_can_repeat_is_refused_with_the_line_and_the_advice(step, line, advice):
    fast = tg.compile(step)
    before, data = X.copy(), w.data
    with pytest.raises(RuntimeError) as caught:
        fast(X)
    message = str(caught.value)
    assert "tg.compile can't capture" in message and advice in message
    if step not in (noise, old_noise, choice):  # which are found out when the step is over
        assert line in message and "test_refusals.py" in message
    assert equal(X, before) and w.data is data and type(w.data) is np.ndarray and w.grad is None
    with pytest.raises(RuntimeError):  # again, not a half-made program
        fast(X)


WRITING = {
    **{
        name: (lambda h, out, name=name: getattr(h, name)(axis=0, out=out))
        for name in ("sum", "mean", "max", "min", "prod", "std", "var")
    },
    "sum, by position": lambda h, out: h.sum(0, None, out),
    "argmax": lambda h, out: h.argmax(0, out=np.zeros(2, np.int64)),
    "any": lambda h, out: (h > 1).any(0, np.zeros(2, bool)),
    "trace": lambda h, out: h.trace(out=out[0, ...]),
    "cumsum": lambda h, out: h[0].cumsum(out=out),
    "cumprod": lambda h, out: h[0].cumprod(0, None, out),
    "round": lambda h, out: h[0].round(1, out),
    "clip": lambda h, out: h[0].clip(0, 1, out),
    "take": lambda h, out: h[0].take([0, 1], out=out),
    "dot": lambda h, out: h.dot(h[0], out),
    "conj": lambda h, out: h[0].conj(out),
    "np.sum, by position": lambda h, out: np.sum(h, 0, None, out),
    "np.dot": lambda h, out: np.dot(h, h[0], out),
    "np.concatenate": lambda h, out: np.concatenate([h[0, :1], h[1, :1]], 0, out),
    "np.median": lambda h, out: np.median(h, 0, out),
    "np.outer": lambda h, out: np.outer(h[0, :1], h[1], out.reshape(1, 2)),
    "np.add": lambda h, out: np.add(h[0], 1, out),
    "np.fix": lambda h, out: np.fix(h[0], out),
    "what it made itself": lambda h, out: np.sum(h, axis=0, out=h[0]),
    "nan_to_num": lambda h, out: np.nan_to_num(h, copy=False),
}  # fmt: skip


@pytest.mark.parametrize("how", WRITING)
def test_what_writes_into_an_array_is_refused_and_writes_nothing(how):
    out = np.zeros(2)

    def step(x):
        h = x * 2
        WRITING[how](h, out)
        return h + out

    for array in (X, np.log(X - 1, where=X > 1, out=np.full((2, 2), np.nan))):
        with pytest.raises(RuntimeError, match=r"(?s)tg\.compile can't capture line.*into (an|a captured|its) array"):
            tg.compile(step)(array)
    assert equal(out, np.zeros(2))


def test_lengths_in_arrays_of_the_steps_own_make_programs():
    counts = np.array([2, 1])

    def step(x):
        return np.sum(np.repeat(x, counts, axis=0) * 2)

    fast = tg.compile(step)
    for counts[...] in ([2, 1], [0, 3], [1, 1]):
        assert equal(fast(X), step(X))


def test_a_refusal_is_one_whatever_numpy_makes_of_it():
    def step(x):
        numbers = np.zeros(2)
        numbers[0] = x[0, 1]
        return numbers

    with pytest.raises(RuntimeError, match=r"numbers\[0\] = x\[0, 1\]"):
        tg.compile(step)(X)


def makes_its_optimizer(x):
    optimizer = tg.optim.SGD([w], lr=0.1)
    optimizer.zero_grad()


OF_THE_HOUSE = {
    "a metric": (lambda x: tg.metrics.accuracy(x @ w, x[:, 0] > 1), r"tg\.metrics\.accuracy\(\) looks at values\."),
    "one-hot rows": (lambda x: tg.data.one_hot(x[0]) @ x, r"tg\.data\.one_hot\(\) looks at values\. Call it outside"),
    "an optimizer": (makes_its_optimizer, r"it makes SGD\(\.\.\.\), which .* only once\. Make it outside of the step"),
    "a layer": (lambda x: tg.Dense(2, 3)(x), r"it makes Dense\(\.\.\.\), which .* only once\. Make it outside"),
    "print": (lambda x: print(np.sum(x @ w)), r"it is printed\. Return it from the step, and print it outside"),
}


@pytest.mark.parametrize("step, said", OF_THE_HOUSE.values(), ids=OF_THE_HOUSE)
def test_what_the_house_is_asked_for_is_told_by_its_name(step, said):
    with pytest.raises(RuntimeError, match=said):
        tg.compile(step)(X)


def test_a_table_is_made_outside_of_the_step():
    labels, table = np.array([2, 0]), np.eye(3)
    for look in (lambda y: np.eye(3)[y] * 2, lambda y: np.take(np.eye(3), y, axis=0) * 2):
        with pytest.raises(RuntimeError, match=r"a table that is made outside of the step for np\.eye\(3\)\[i\]"):
            tg.compile(look)(labels)
    fast = tg.compile(lambda y: table[y] * 2)
    for y in (labels, labels[::-1]):
        assert equal(fast(y), table[y] * 2)

"""What no program can repeat is refused, with the user's line and what to write instead; nothing has changed then."""

from __future__ import annotations

import contextlib
import copy
import math
import pickle
import random

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import digits, equal, same_bits

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


def test_nothing_has_changed_after_a_refusal():
    made, same = digits(), digits()
    model, step = made.model, made.step

    def refused(x, y):
        loss = step(x, y)
        return loss if loss.item() > 0 else None

    batch = made.batches[0]
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"loss\.item\(\)"):
            tg.compile(refused)(*batch)
    assert equal(step(*batch).data, same.step(*batch).data)
    for (name, ours), (_, theirs) in zip(made.state(), same.state(), strict=True):
        assert equal(ours, theirs), name
    assert all(type(p._data) is np.ndarray for p in model.parameters())


def test_an_error_of_the_users_leaves_everything_as_it_was():
    def wrong(x):
        tg.ops.normal(shape=(2,))
        return x @ w @ w

    tg.seed(0)
    first = tg.ops.normal(shape=(2,)).data
    tg.seed(0)
    with pytest.raises(ValueError, match="matmul"):
        tg.compile(wrong)(np.ones((3, 2)))
    assert equal(tg.ops.normal(shape=(2,)).data, first)
    assert type(w.data) is np.ndarray


def test_a_value_that_was_not_returned_has_no_numbers():
    kept = []

    def step(x):
        loss = np.sum(x @ w)
        kept.append(loss)
        return loss

    fast = tg.compile(step)
    fast(X)
    with pytest.raises(RuntimeError, match="return loss"):
        kept[0].item()


def test_a_graph_from_outside_is_refused():
    h = w * 2
    with pytest.raises(RuntimeError, match=r"h was computed before the step.*detach"):
        tg.compile(lambda x: np.sum(x @ h))(X)


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


def test_a_result_has_no_graph_and_says_so():
    fast = tg.compile(lambda x: np.sum(x @ w))
    with pytest.raises(RuntimeError, match=r"came out of tg\.compile without a graph: put backward\(\) into the step"):
        fast(X).backward()


def through(x):
    return x @ w


def after_backward(x):
    loss = np.sum(x @ w)
    loss.backward()
    w.grad = None
    return loss


def without_parameters(x):
    return tg.Tensor(x) * 2


USES = {
    "penalty": lambda y, v: np.mean(y**2) + np.sum(v * v),
    "head": lambda y, v: np.sum(y * v),
    "far away": lambda y, v: np.sum(np.tanh(np.exp(y) / 10) * np.ones(2) * v),
    "joined": lambda y, v: np.sum(np.stack([v, v * 2, y * np.ones(2)])),
}


@pytest.mark.parametrize("step", [through, after_backward])
@pytest.mark.parametrize("use", USES)
def test_a_graph_that_a_result_belongs_into_is_refused(use, step):
    """Eagerly a gradient flows on through the step: that it would not is not a thing to be silent about."""
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = tg.compile(step)(X)
    loss = USES[use](y, v)
    for way_back in (loss.backward, lambda: tg.gradients(loss, v)):
        with pytest.raises(RuntimeError, match=r"came out of tg\.compile without a graph: .* write \.detach\(\)"):
            way_back()
    assert v.grad is None
    USES[use](y.detach(), v).backward()
    USES[use](y.numpy(), v).backward()
    assert "came out of tg.compile" in tg.why(y) and "detach()" in tg.why(y.detach())


def test_results_that_would_have_no_graph_go_into_graphs():
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    with tg.no_grad():
        found = [tg.compile(through)(X)]
    found.append(tg.compile(without_parameters)(X))
    for y in found:
        np.sum(y * v).backward()


def test_a_result_that_is_given_to_another_program_is_refused_there():
    v = tg.Tensor([1.0, 2.0], requires_grad=True)

    def step(y):
        np.sum(y * v).backward()

    first, second = tg.compile(through), tg.compile(step)
    second(first(X).detach())
    for y in (first(X), np.exp(first(X))):
        with pytest.raises(RuntimeError, match=r"came out of tg\.compile"):
            second(y)


def test_a_seed_inside_is_refused():
    def step(x):
        tg.seed(0)
        return x * tg.ops.normal(shape=x.shape)

    tg.seed(1)
    with pytest.raises(RuntimeError, match=r"tg\.seed\(\)"):
        tg.compile(step)(X)


def returned_function(x):
    return lambda: x


def returned_iterator(x):
    return map(np.sum, [1, 2])


@pytest.mark.parametrize("step", [returned_function, returned_iterator])
def test_what_is_returned_must_be_there(step):
    with pytest.raises(RuntimeError, match=r"it returns what it computes in a (function|map)"):
        tg.compile(step)(X)


@pytest.mark.parametrize("x", [np.array([None]), np.array(["a"]), np.array(["2020"], "M8[Y]"), np.array([1j])])
def test_messages_know_no_names_of_the_house(x):
    steps = [lambda x: x @ w, lambda x: np.exp(tg.Tensor(x)), lambda x: memoryview(x)]
    for step in steps[: 2 if x.dtype.kind == "O" else 3]:  # an array of objects is what it is
        with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
            tg.compile(step)(x)
        assert "Recorded" not in str(caught.value)


def test_a_parameter_of_an_optimizer_is_not_given_the_array_of_a_constant_in_a_step():
    a, c = tg.Tensor(np.ones(3), requires_grad=True), tg.Tensor(np.full(3, 5.0))
    optimizer = tg.optim.SGD([a], lr=1.0)

    def step(x, copied):
        a.data = c.data.copy() if copied else c.data
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()

    with pytest.raises(RuntimeError, match=r"is given the array of another one.*Write q\.data\.copy\(\)"):
        tg.compile(step)(np.ones(3), False)
    tg.compile(step)(np.ones(3), True)
    assert a.data.tolist() == [4.0] * 3 and c.data.tolist() == [5.0] * 3


@pytest.mark.parametrize("late", [False, True])
def test_a_parameter_that_an_optimizer_moves_gets_no_other_shape_in_a_step(late):
    a = tg.Tensor(np.ones(3), requires_grad=True)
    optimizer = tg.optim.SGD([a])

    def step(x):
        if not late:
            a.data = a.data + np.ones(3)
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()
        if late:
            a.data = a.data[:1]

    if not late:
        a.data = np.ones(1)
    with pytest.raises(RuntimeError, match=r"gets an array of another shape.*Make a new optimizer"):
        tg.compile(step)(np.ones(3))
    assert a.data.tolist() == [1.0] * (3 if late else 1) and optimizer.steps == 0


def factored(w, a):
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return a * 100


def inverse(w, a):
    with contextlib.suppress(ValueError):
        a = np.linalg.inv(w * a)
    return w * a


def row(w, a):
    try:
        return w[np.sum(a[1]).astype(int) + a[0, 1].astype(int)]
    except IndexError:
        return w


def entropy(w, a):
    try:
        return tg.losses.softmax_crossentropy(w, a[0].astype(int))
    except ValueError:
        return w


@pytest.mark.parametrize("first", [factored, inverse, row, entropy])
def test_an_error_that_depends_on_values_is_caught_outside(first):
    """A program would go the way of the first call ever after."""
    w = tg.Tensor(np.eye(2), requires_grad=True)
    wrong, right = np.array([[0.0, 0.0], [0.0, 5.0]])[:: 1 if first is inverse else -1], np.eye(2)
    fast = tg.compile(first)
    with pytest.raises(RuntimeError, match="catches an error that depends on values"):
        fast(w, wrong)
    assert equal(np.asarray(fast(w, right).data), np.asarray(first(w, right).data))


def test_an_error_that_depends_on_shapes_may_be_caught():
    def step(x):
        try:
            return x @ np.ones(3)
        except ValueError:
            return x.T @ np.ones(2)

    fast = tg.compile(step)
    for x in (np.ones((2, 3)), np.ones((2, 2))):
        assert equal(fast(x), step(x))


def test_arrays_of_objects_are_computed_outside():
    doubled = np.frompyfunc(lambda number: 2 * number, 1, 1)
    with pytest.raises(RuntimeError, match="an array of object, which is none of numbers"):
        tg.compile(lambda x: doubled(x))(np.ones(2))


def test_a_refusal_is_one_whatever_numpy_makes_of_it():
    def step(x):
        numbers = np.zeros(2)
        numbers[0] = x[0, 1]
        return numbers

    with pytest.raises(RuntimeError, match=r"numbers\[0\] = x\[0, 1\]"):
        tg.compile(step)(X)


HELD = {
    "the array": lambda p: p.data,
    "a view of it": lambda p: p.data.T[::-1],
    "a Tensor that shows it": lambda p: p[::-1],
}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("get", HELD.values(), ids=HELD)
def test_an_array_of_a_parameter_is_not_held_over_the_optimizers_step(get, in_place):
    """Outside of programs it may be the array that the optimizer writes into, or one from which it fetches values."""

    def made(before):
        p = tg.Tensor([1.0, 2.0], requires_grad=True)
        optimizer = tg.optim.SGD(p, lr=0.5)

        def step(x):
            optimizer.zero_grad()
            np.sum(p * x).backward()
            if in_place:
                p.data -= x
            old = before(p)
            optimizer.step()
            return old * 2, get(p) * 2

        return step

    with pytest.raises(RuntimeError, match=r"return old \* 2, get\(p\) \* 2\nbecause it reads the array of a param"):
        tg.compile(made(get))(X[0])
    copied = made(lambda p: get(p) * 1)
    fast = tg.compile(made(lambda p: get(p) * 1))
    for _ in range(3):
        assert same_bits(fast(X[0]), copied(X[0]))

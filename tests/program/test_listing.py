"""The page that people read: it computes what runs, and what it is given has names that say what it is."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import ALL, equal, numbers, same_bits


def page(step, *arguments):
    fast = tg.compile(step)
    fast(*arguments)
    return fast.source


def parameters(source):
    return source.split("def step(")[1].split(")")[0].split(", ")


def test_constants_are_named_after_the_variables_that_hold_them():
    x = tg.Tensor(np.arange(32.0).reshape(1, 2, 4, 4), requires_grad=True)

    def step():
        tg.ops.max_pool2d(tg.ops.max_pool2d(x, size=2, stride=1), size=2, stride=1).sum().backward()

    source = page(step)
    assert parameters(source) == [
        "x", "within", "corners", "planes", "within_2", "corners_2", "planes_2", "index",
    ]  # fmt: skip
    assert "# index: Index [array], given" in source


def test_constants_that_are_short_are_written_out():
    def step(x):
        rows, third, table = np.arange(2), np.full(2, 3.0), np.array([[1.0, 2.0], [3.0, 4.0]])
        return x[rows, rows] * third @ table * np.array(2.0)

    source = page(step, np.eye(2))
    assert "v = x[np.arange(2), np.arange(2)] * np.full(2, 3.0) @ table * np.float64(2.0)" in source
    assert parameters(source) == ["x", "table"]


def test_only_the_result_of_an_op_has_its_name():
    model = tg.Sequential(tg.Dense(2, 1))

    def step(x, y):
        loss = tg.losses.sigmoid_crossentropy(model(x), y) + model.penalty()
        loss.backward()
        return loss

    source = page(step, np.eye(2), np.ones((2, 1)))
    assert "    v = -affine" in source
    assert "    loss = sigmoid_crossentropy.sum() / 2 + penalty" in source
    assert source.count("    sigmoid_crossentropy") == 1


def test_arrays_of_variables_are_given_even_where_they_are_short():
    ones = np.ones(3)
    assert parameters(page(lambda x: x * ones, np.ones(3))) == ["x", "ones"]


@pytest.mark.parametrize(
    "names", [("wi", "wᵢ"), ("µ", "μ"), ("ﬁ", "ª"), ("²", "½"), ("௰", "․"), ("\u0323", "ṿ"), ("٣", "class")]
)
def test_names_that_python_reads_as_one_are_two(names):
    """Its parser takes wᵢ for wi, and not every letter and number can stand in a name."""
    w, b = (tg.Tensor(np.array([1.0, 2.0]) * (10.0**i), requires_grad=True, name=n) for i, n in enumerate(names))
    opt = tg.optim.SGD([w, b], lr=0.125)

    def step(x):
        loss = np.sum((x * w + b) ** 2)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss

    fast, scope = tg.compile(step), {}
    assert fast(np.ones(2)) == 11.0**2 + 22.0**2
    assert np.array_equal(w.data, [1 - 22 / 8, 2 - 44 / 8]) and np.array_equal(b.data, [10 - 22 / 8, 20 - 44 / 8])
    exec(fast.source, scope)
    inputs = fast.inputs(np.ones(2))
    assert scope["step"](**inputs) == fast(np.ones(2)).item()


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_source_gives_the_numbers_of_the_planned_program(make):
    made = make()
    fast = tg.compile(made.step)
    fast(*made.batches[0])
    fast(*made.batches[0])  # dampening leaves out the first step
    for i, batch in enumerate(made.batches):
        inputs, scope = fast.inputs(*batch), {}
        exec(fast.source, scope)
        tg.seed(i)
        with np.errstate(all="ignore"):
            read = scope[made.step.__name__](**inputs)
        tg.seed(i)
        ran = [x for x in numbers(fast(*batch)) if x is not None]
        assert same_bits(numbers(read)[: len(ran)], ran), fast.source
        if made.optimizer is not None:  # the optimizer's array, which the program changes in place
            assert equal(inputs["w"], fast.inputs(*batch)["w"]), fast.source


@pytest.mark.parametrize(
    "limit, values",
    [
        (np.datetime64("2020-01-02"), np.array(["2020-01-01", "2020-01-05"], "M8[D]")),
        (np.timedelta64(3, "h"), np.array([1, 5], "m8[h]")),
        (np.bytes_(b"b"), np.array([b"a", b"c"])),
        (np.longdouble("0.1"), np.nextafter(np.longdouble("0.1"), np.array([0, 1], np.longdouble))),
    ],
)
def test_what_no_number_of_pythons_can_write_is_given_to_the_program(limit, values):
    def step(x, values):
        return np.where(values > limit, x, 0.0)

    fast, x = tg.compile(step), np.array([1.0, 2.0])
    assert fast(x, values).tolist() == fast(x, values).tolist() == [0.0, 2.0]
    names = {}
    exec(fast.source, names)
    assert names["step"](**fast.inputs(x, values)).tolist() == [0.0, 2.0]

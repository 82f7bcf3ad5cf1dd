"""debug() stops where numbers go wrong."""

import gc
import threading

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf


def test_debug_names_op_line_ranges_of_the_first_inf():
    x = leaf([0.0, 2.0], "x")
    with (
        tg.debug(),
        pytest.raises(FloatingPointError, match=r"divide gave 1 inf among 2 values .*y = 1 / x.*x in \[0, 2\]"),
    ):
        y = 1 / x
    y = 1 / x  # outside the block nothing is watched
    assert np.isinf(y.data[0])


def test_debug_looks_at_the_way_back_too():
    x = leaf([0.0, 4.0], "x")
    with tg.debug():
        loss = (x**0.5).sum()
        with pytest.raises(FloatingPointError, match=r"derivative of power by 'x' gave 1 inf .*way back.*\[0, 4\]"):
            loss.backward()
    assert x.grad is None


def test_debug_lets_a_nan_pass_that_was_there_before():
    x = leaf([np.nan, 1.0])
    with tg.debug():
        (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])
    x = leaf([np.nan, 1.0])
    with tg.debug():
        h = x * 2
        np.sum(h * h).backward()  # by h, which is NaN already, the square's derivative is, too
    np.testing.assert_array_equal(x.grad, [np.nan, 8.0])


def test_debug_catches_an_array_changed_in_place():
    x, c = leaf([1.0, 2.0], "x"), np.array([3.0, 4.0])
    with tg.debug():
        loss = (x * c).sum()
        c[0] = 100.0
        with pytest.raises(RuntimeError, match=r"changed in place after 'multiply'"):
            loss.backward()


def test_debug_keeps_no_graph_alive():
    import weakref

    x = leaf(np.ones(10))
    with tg.debug():
        h = x * 2
        watch = weakref.ref(h)
        gc.disable()
        try:
            del h
            assert watch() is None
        finally:
            gc.enable()


def test_debug_is_a_matter_of_the_thread():
    errors = []

    def work():
        try:
            leaf(1.0) / 0.0
        except FloatingPointError as error:
            errors.append(error)

    with tg.debug():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert errors == []


def test_a_column_that_meets_a_row_is_warned_of():
    p, y = leaf([[0.5], [1.5]], "p"), np.array([1.0, 2.0])
    with tg.debug():
        with pytest.warns(UserWarning, match=r"p of shape \(2, 1\) and array of shape \(2,\) has shape") as told:
            p - y
        assert told[0].filename == __file__
        with pytest.warns(UserWarning, match=r"each element of one with each .*reshape\(-1, 1\)"):
            y * p
        p - y.reshape(-1, 1)  # no warning, which would be an error here
        p - y[:1]
        p - np.array([1.0, 2.0, 3.0])
    p - y


def test_gradients_and_transforms_are_watched_as_backward_is():
    with tg.debug(), pytest.raises(FloatingPointError, match="the derivative of sqrt by 'x' gave 3 inf"):
        tg.grad(lambda w: np.sum(np.sqrt(w)))(np.zeros(3))
    w, x = tg.Tensor(np.ones(3), requires_grad=True), np.arange(3.0)
    with tg.debug():
        loss = np.sum(w * x)
        x[0] = 7
        with pytest.raises(RuntimeError, match="was changed in place after 'multiply' had used it"):
            tg.gradients(loss, w)
        with pytest.raises(RuntimeError, match="was changed in place"):
            tg.gradients(loss, w, create_graph=True)
        assert tg.hessian(lambda w: np.sum(w**3))(np.ones(2)).tolist() == [[6, 0], [0, 6]]


@pytest.mark.parametrize(
    ("f", "cause"),
    [
        (lambda w: w / np.zeros(2), "x / 0 is infinite"),
        (lambda w: (-w) ** 0.5, "A root of a negative number is NaN"),
    ],
    ids=["divide", "power"],
)
def test_the_likely_cause_is_named(f, cause):
    with tg.debug(), pytest.raises(FloatingPointError, match=cause):
        f(tg.Tensor(np.ones(2), requires_grad=True))


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.int64(2), True, [2.0, 2.0]], ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_look_at_the_parents_is_no_change_in_place(number, dtype):
    x = leaf([1.0, 3.0], dtype=dtype)
    with tg.debug():
        y = x * number
        tg.explain(y)  # numbers among the inputs become Tensors, of the result's dtype
        y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.broadcast_to(number, 2))


def test_options_that_change_before_the_way_back_are_named():
    @tg.primitive(name="times_in_a_dict")
    def times(x, *, factors):
        return x * factors["x"]

    @times.derivative("factor")
    def _(g, out, x, *, factors):
        return g * factors["x"]

    x, factors = leaf([1.0, 3.0]), {"x": 2.0}
    with tg.debug():
        y = times(x, factors=factors).sum()
        factors["x"] = 3.0
        with pytest.raises(RuntimeError, match=r"its option factors= was changed in place after 'times_in_a_dict' had"):
            y.backward()

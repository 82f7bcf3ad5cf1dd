"""debug() stops where numbers go wrong; why() says what became of a gradient."""

import gc
import threading

import numpy as np
import pytest

import tinygrad_reg as tg


def leaf(data, name=None):
    return tg.Tensor(data, requires_grad=True, name=name)


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
        with pytest.warns(UserWarning, match=r"p of shape \(2, 1\) and array of shape \(2,\) has shape \(2, 2\)"):
            p - y
        with pytest.warns(UserWarning, match=r"each element of one with each .*reshape\(-1, 1\)"):
            y * p
        p - y.reshape(-1, 1)  # no warning, which would be an error here
        p - y[:1]
        p - np.array([1.0, 2.0, 3.0])
    p - y


def test_why_there_is_no_gradient():
    w = leaf([1.0, 2.0], "w")
    assert "requires_grad=True" in tg.why(tg.Tensor(1.0, name="x"))
    assert "backward() has not been called" in tg.why(w)
    with tg.no_grad():
        frozen = w * 2
    assert "inside no_grad() (test_debug.py:" in tg.why(frozen)
    cut = w.detach()
    assert "detach()" in tg.why(cut)
    other = leaf(3.0, "other")
    loss = (cut * other).sum()
    loss.backward()
    assert tg.why(w) == (
        f"w has no gradient because loss was not computed from it: the graph is cut at w by detach() "
        f"(test_debug.py:{test_why_there_is_no_gradient.__code__.co_firstlineno + 7}: cut = w.detach())."
    )
    unrelated = leaf(1.0, "unrelated")
    assert "loss was not computed from it" in tg.why(unrelated)
    h = other * 2
    (h * h).backward(retain_grads=False)
    assert "retain_grads=False" in tg.why(h, h * h)


def test_why_a_gradient_is_zero_names_the_factor():
    w = leaf([1.0, 2.0], "w")
    mask = tg.Tensor([0.0, 0.0])
    loss = (w * mask).sum()
    loss.backward()
    assert tg.why(w).startswith("The gradient of w is 0: multiply (test_debug.py:")
    assert "multiplies it by mask, which is 0 everywhere" in tg.why(w)


def test_why_a_gradient_is_not_finite_or_huge():
    x = leaf([0.0, 1.0], "x")
    loss = (x**0.5).sum()
    loss.backward()
    assert "holds 1 inf among 2 values: the derivative of power" in tg.why(x)
    w = leaf(1.0, "w")
    loss = w * 2.0 * 1e6
    loss.backward()
    text = tg.why(w)
    assert "huge, up to 2e6" in text
    assert "from 1 to 1e6" in text


def test_why_of_an_ordinary_gradient_describes_it():
    w = leaf([3.0, 0.0], "w")
    loss = (w * w).sum()
    loss.backward()
    assert tg.why(w) == "The gradient of w is there: largest entry 6, root mean square 4.243. 50% of its entries are 0."
    with pytest.raises(TypeError, match="takes a Tensor"):
        tg.why(1.0)


def test_why_a_gradient_vanishes_counts_what_took_it():
    w = leaf(0.9, "w")
    z = w * 0.5
    for _ in range(6):
        z = z.sigmoid()
    z.backward()
    slope = (w.grad / 0.5) ** (1 / 6)
    assert f"most is lost at sigmoid, which stands 6 times on the way and passes on {slope:.2g} on average" in tg.why(w)
    assert "never above 0.25" in tg.why(w)
    assert "ReLU" in tg.why(w)
    chain = (w * 1e-6).sum()
    w.grad = None
    chain.backward()
    assert tg.why(w).endswith("chain = (w * 1e-6).sum()), which passes on 1e−6 of it.")


def test_why_of_a_gradient_whose_square_is_no_float():
    w = leaf([1.0, 1.0], "w")
    (w * [1e200, 1e-200]).sum().backward()
    assert "huge, up to 1e200" in tg.why(w)
    tiny = leaf([1.0, 1.0], "tiny")
    (tiny * 1e-200).sum().backward()
    assert "root mean square 1e−200" in tg.why(tiny)


def test_why_takes_the_loss_as_a_tensor():
    with pytest.raises(TypeError, match="the loss that backward"):
        tg.why(tg.Tensor(1.0, requires_grad=True), 2)

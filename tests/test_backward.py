"""Gradients: what backward() and gradients() fill in, what they leave alone, what they refuse."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_reg as tg

from .making import leaf, op

# ---- graphs on which engines go wrong


def test_a_node_used_twice_gets_both_shares():
    x = leaf(3.0)
    y = x * x
    (y * y).backward()
    assert x.grad == 4 * 3**3
    assert y.grad == 2 * 9


def test_augmented_assignment_makes_new_nodes():
    a = leaf(2.0)
    c = a + 1
    c += c + 1
    c += c * a
    c.backward()
    # c = (2a + 3)(1 + a)
    assert c.item() == 21.0
    assert a.grad == 2 * (1 + 2) + (2 * 2 + 3)


def test_add_hands_one_array_to_two_inputs_and_neither_corrupts_the_other():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    s = a + b
    loss = (s + a * 10 + s).sum()
    loss.backward()
    np.testing.assert_array_equal(a.grad, [12.0, 12.0])
    np.testing.assert_array_equal(b.grad, [2.0, 2.0])
    a.grad += 100
    np.testing.assert_array_equal(b.grad, [2.0, 2.0])
    np.testing.assert_array_equal(s.grad, [2.0, 2.0])


def test_no_leaf_gradient_shares_memory_with_another_array():
    given = np.ones((2, 3))
    leaves = [leaf(np.ones((2, 3))) for _ in range(4)]
    a, b, c, d = leaves
    out = (a + b) + np.reshape(np.reshape(c, 6), (2, 3)) - (-d)
    out.backward(given)
    arrays = [given, *(x.grad for x in leaves), *(x.data for x in leaves)]
    for i, first in enumerate(arrays):
        assert first.flags.writeable
        for second in arrays[i + 1 :]:
            assert not np.shares_memory(first, second)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3,)),
        ((2, 1), (1, 3)),
        ((), (2, 3)),
        ((4, 1, 3), (2, 1)),
        ((1,), ()),
        ((0, 3), (1, 3)),
        ((2, 3), (1, 1)),
    ],
)
def test_broadcast_inputs_get_the_sum_over_their_copies(left, right):
    rng = np.random.default_rng(0)
    x, y = leaf(rng.normal(size=left)), leaf(rng.normal(size=right))
    weights = rng.normal(size=np.broadcast_shapes(left, right))
    (x * y).backward(weights)
    for one, other in ((x, y), (y, x)):
        full = weights * other.data
        expected = np.zeros(one.shape)
        for index in np.ndindex(full.shape):
            own = index[len(index) - one.ndim :]
            expected[tuple(0 if n == 1 else i for i, n in zip(own, one.shape, strict=True))] += full[index]
        assert one.grad.shape == one.shape
        np.testing.assert_allclose(one.grad, expected, rtol=1e-12, atol=1e-14)


# ---- what is kept


def test_leaves_accumulate_and_inner_nodes_do_not():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    z.backward()
    z.backward()
    assert x.grad == 2 * (2 * 6 * 3)
    assert y.grad == 12.0
    assert z.grad == 1.0
    x.grad = None
    z.backward()
    assert (x.grad, y.grad) == (2 * 6 * 3, 12.0)


def test_retain_grads_false_keeps_leaves_only():
    x = leaf(2.0)
    y = x * 3
    (y * y).backward()  # that gradient of y is not left standing
    (y * y).backward(retain_grads=False)
    assert y.grad is None
    assert x.grad == 72.0


def test_gradients_have_the_dtype_of_their_tensor():
    x, y = leaf(np.ones(3, np.float32)), leaf(np.ones(3))
    (x * y).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(x.grad, y.data)
    np.testing.assert_array_equal(y.grad, x.data)


def test_a_failing_backward_leaves_every_grad_as_it_was():
    def fails(g, out, x):
        raise ArithmeticError("no derivative today")

    fragile = op(lambda x: x * 1, fails, elementwise=True, name="fragile")
    a, b = leaf(1.0), leaf(2.0)
    loss = a * 2 + fragile(b)
    with pytest.raises(ArithmeticError):
        loss.backward()
    assert a.grad is None
    assert b.grad is None
    assert loss.grad is None


def test_a_user_who_keeps_a_gradient_keeps_its_values():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    kept = x.grad
    (x * 5).sum().backward()
    np.testing.assert_array_equal(kept, [2.0, 2.0])
    np.testing.assert_array_equal(x.grad, [7.0, 7.0])


def test_accumulating_beyond_the_largest_float_warns_no_more_than_the_ops_do():
    x = leaf([1.0, 1.0])
    for weights in ([1e308, np.inf], [1e308, -np.inf]):
        (x * weights).sum().backward()
    np.testing.assert_array_equal(x.grad, [np.inf, np.nan])


def test_the_gradient_to_start_with_stays_the_users():
    y, weights = leaf([1.0, 2.0]) * 2, tg.Tensor([1.0, 1.0])
    y.backward(weights)
    assert not np.shares_memory(y.grad, weights.data)


# ---- what is not computed


def test_derivatives_of_inputs_that_need_none_are_not_computed():
    calls = []

    def by_x(g, out, x, y):
        calls.append("x")
        return g * y

    def by_y(g, out, x, y):
        calls.append("y")
        return g * x

    spied = op(lambda x, y: x * y, by_x, by_y, elementwise=True, name="spied")
    spied(leaf(2.0), tg.Tensor(3.0)).backward()
    assert calls == ["x"]
    a, b = leaf(2.0), leaf(3.0)
    tg.gradients(spied(a, b), [b])
    assert calls == ["x", "y"]


def test_no_grad_is_a_matter_of_the_thread():
    import threading

    seen = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
        assert not (leaf(1.0) * 2).requires_grad
    assert seen == [True]


def test_interrupting_no_grad_restores_recording():
    with pytest.raises(KeyboardInterrupt), tg.no_grad():
        raise KeyboardInterrupt
    assert (leaf(1.0) * 2).requires_grad


# ---- gradients()


def test_gradients_of_leaves_and_nodes_touch_no_grad():
    x = leaf([1.0, 2.0])
    h = x * x
    loss = (h * 3).sum()
    by_x, by_h = tg.gradients(loss, [x, h])
    np.testing.assert_array_equal(by_x, [6.0, 12.0])
    np.testing.assert_array_equal(by_h, [3.0, 3.0])
    assert (x.grad, h.grad) == (None, None)
    assert isinstance(by_x, np.ndarray)


def test_gradients_of_something_independent_are_zero():
    x, y = leaf([1.0, 2.0]), leaf([1.0])
    np.testing.assert_array_equal(tg.gradients((x * 2).sum(), y), [0.0])


def test_gradients_are_arrays_of_their_own():
    a, b = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    ga, gb = tg.gradients((a + b).sum(), [a, b])
    ga += 1
    np.testing.assert_array_equal(gb, [1.0, 1.0])


def test_create_graph_gives_gradients_to_differentiate_again():
    x = leaf(2.0)
    first = tg.gradients(x**4, x, create_graph=True)
    second = tg.gradients(first, x, create_graph=True)
    third = tg.gradients(second, x)
    assert (first.item(), second.item(), third) == (32.0, 48.0, 48.0)


def test_double_backprop_through_a_gradient_penalty():
    w, x = leaf([0.5, -1.0]), leaf([1.0, 2.0])
    y = (w * x * x).sum()
    slope = tg.gradients(y, x, create_graph=True)
    (slope * slope).sum().backward()
    np.testing.assert_allclose(w.grad, 8 * w.data * x.data**2)


@pytest.mark.parametrize("weights", [np.array(2.0), np.ones(3), leaf(2.0), None])
def test_weights_in_the_place_of_create_graph_are_refused(weights):
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match="create_graph must be True or False"):
        tg.gradients(x.sum(), x, weights)


def test_create_graph_adds_to_a_sum_of_constant_gradients():
    x = leaf(2.0)
    y = np.floor(x) + np.sign(x) + x * x + np.sin(x)  # the first two gradients are plain zeros
    g = tg.gradients(y, x, create_graph=True)
    np.testing.assert_allclose(g.data, 4 + np.cos(2.0))
    np.testing.assert_allclose(tg.gradients(g, x), 2 - np.sin(2.0))


# ---- size


def test_a_chain_longer_than_any_stack_goes_backward_and_is_freed():
    """`make attack` makes one of a million nodes."""
    x = leaf(1.0)
    y = x * 1.0
    first = weakref.ref(y)
    for _ in range(100_000):
        y = y + 1.0
    y.backward(retain_grads=False)
    assert x.grad == 1.0
    assert y.item() == 100_001.0
    del y
    assert first() is None


def test_a_node_with_twenty_thousand_users():
    x = leaf(np.ones(3))
    total = x * 0
    for _ in range(20_000):
        total = total + x
    total.sum().backward()
    np.testing.assert_array_equal(x.grad, [20_000.0] * 3)


def test_graph_memory_is_freed_at_once_without_the_cycle_collector():
    x = leaf(np.ones(1000))
    gc.collect()
    gc.disable()
    try:
        h = x * 2
        loss = (h * h).sum()
        loss.backward()
        watch = weakref.ref(h)
        del h
        assert watch() is not None
        del loss
        assert watch() is None
    finally:
        gc.enable()


# ---- refusals


def test_backward_needs_one_number_or_weights():
    x = leaf(np.ones((2, 3)), name="x")
    with pytest.raises(ValueError, match=r"shape \(2, 3\) has 6; reduce it .* or give gradient="):
        (x * 2).backward()
    with pytest.raises(ValueError, match=r"gradient= must have the shape of .*\(2, 3\), not \(3,\)"):
        (x * 2).backward(np.ones(3))


def test_backward_on_a_constant_or_under_no_grad_says_why():
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        tg.Tensor(1.0).backward()
    with tg.no_grad():
        y = leaf(1.0) * 2
        with pytest.raises(RuntimeError, match="no_grad"):
            y.backward()
    with pytest.raises(RuntimeError, match="no_grad"):
        y.backward()


def test_gradients_refuses_what_has_no_gradient():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="requires_grad=True"):
        tg.gradients(x * 2, [tg.Tensor(1.0)])
    with pytest.raises(TypeError, match="float"):
        tg.gradients(x * 2, [1.0])
    x = tg.Tensor(2.0, requires_grad=True)
    y = x**3
    for first in (tg.gradients(y, x), tg.gradients(y, [x])):
        with pytest.raises(TypeError, match=r"not at (ndarray|list); .* tg\.gradients\(y, x, create_graph=True\)$"):
            tg.gradients(first, x)
    with pytest.raises(TypeError, match="starts at a Tensor"):
        tg.gradients(2.0, [x])


def test_a_graph_on_values_that_were_replaced_is_refused():
    w = leaf([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data = w.data - 0.1
    for use in (loss.backward, lambda: tg.gradients(loss, w), lambda: tg.explain(loss)):
        with pytest.raises(RuntimeError, match=r"w of shape .* has new values"):
            use()
    (w * w).sum().backward()
    np.testing.assert_allclose(w.grad, [1.8, 3.8])


def test_a_graph_is_refused_whose_node_was_written_into_before_that_could_be():
    w = leaf([1.0, 2.0])
    h = w * 2
    loss = (h * h).sum()
    with pytest.raises(TypeError, match="was computed by 'multiply'"):
        h.data = np.array([0.0, 0.0])
    np.testing.assert_array_equal(tg.gradients(loss, w), [8.0, 16.0])
    with pytest.raises(TypeError, match="was computed by 'multiply'"):
        h.data -= 1
    with pytest.raises(RuntimeError, match=r"h of shape .* has new values"):
        loss.backward()


@pytest.mark.parametrize("turned", [(1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0)], ids=str)
def test_every_way_back_adds_shares_that_lie_differently_to_the_same_bits(turned):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 9, 11))
    for shape in ((5, 1, 1), (9, 1), (11,)):
        b = leaf(rng.normal(size=shape))

        def f(b=b):
            h = b + x  # its gradient is summed up in the order in which it lies in memory
            there = x.transpose(turned).copy()
            first, second = np.sin(h.transpose(turned)) * there, np.cos(h.transpose(turned)) * there
            return np.sum(np.tanh(h) * x) + np.sum(first) + np.sum(second)

        def step(b=b, f=f):
            f().backward()
            grad, b.grad = b.grad, None
            return grad

        expected = step()
        np.testing.assert_array_equal(tg.explain(f()).backward[-1].accumulated, expected)
        with tg.debug():
            np.testing.assert_array_equal(step(), expected)
        fast = tg.compile(step)
        for _ in range(2):
            np.testing.assert_array_equal(fast(), expected)


def test_a_graph_in_which_a_tensor_was_a_constant_still_is_refused():
    w, x = leaf(2.0), tg.Tensor(3.0, name="x")
    constant = x * 2
    loss = w * x + w * constant  # the way back would find w of 3 w
    x.requires_grad = True
    for use in (loss.backward, lambda: tg.gradients(loss, x), lambda: tg.explain(loss)):
        with pytest.raises(RuntimeError, match=r"x of shape .* requires a gradient only since 'multiply' used it"):
            use()
    assert w.grad is None
    (w * x + w * (x * 2)).backward()
    assert x.grad == 6
    x.requires_grad = True  # which it did
    loss = w * x
    x.requires_grad = False
    loss.backward()
    assert x.grad == 6


def test_a_derivative_of_the_wrong_shape_is_refused_by_name():
    misshapen = op(lambda x: x * 2, lambda g, out, x: g[:1], name="misshapen")
    with pytest.raises(ValueError, match=r"'misshapen' .*\(3,\).*\(1,\)"):
        misshapen(leaf(np.ones(3))).backward(np.ones(3))


@pytest.mark.parametrize(
    ("habit", "advice"),
    [
        ("retain_graph", "takes no retain_graph=: a graph lives as long as its loss"),
        ("create_graph", r"takes no create_graph=: tg\.gradients\(loss, parameters, create_graph=True\)"),
        ("retain_grad", "takes no retain_grad=, did you mean retain_grads"),
    ],
)
def test_what_other_libraries_give_backward_is_answered_with_what_to_write(habit, advice):
    w = tg.Tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match=advice):
        (w * w).backward(**{habit: True})
    assert w.grad is None


@pytest.mark.parametrize(
    ("habit", "advice"),
    [
        ("retain_graph", "takes no retain_graph=: a graph lives as long as its loss, leave it out"),
        ("allow_unused", "takes no allow_unused=: an input that the output does not depend on gets zeros"),
        ("grad_outputs", "takes no grad_outputs=, here it is called gradient"),
    ],
)
def test_what_other_libraries_give_gradients_is_answered_with_what_to_write(habit, advice):
    w = leaf(2.0)
    with pytest.raises(TypeError, match=advice):
        tg.gradients(w * w, w, **{habit: True})


def test_a_single_truth_as_index_has_its_way_back():
    x = leaf(5.0)
    x[x > 0].sum().backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, bool])
def test_a_tensor_to_start_with_is_taken_in_the_outputs_dtype(dtype):
    weights = tg.Tensor(np.array([1, 0, 1], dtype))
    x = leaf([1.0, 2.0, 3.0], dtype="float32")
    y = x * 2
    y.backward(weights)
    (again,) = tg.gradients(y, [x], create_graph=True, gradient=weights)
    for gradient in (x.grad, y.grad, again, tg.explain(y, weights).find(y).gradient):
        assert gradient.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2, 0, 2])


def test_a_weight_of_another_dtype_stays_in_the_graph():
    x, weights = leaf([1.0, 2.0], dtype="float16"), leaf([3.0, 4.0])
    (g,) = tg.gradients(x * 2, [x], create_graph=True, gradient=weights)
    (slope,) = tg.gradients(g.sum(), [weights])
    assert slope.dtype == np.float64
    np.testing.assert_array_equal(slope, [2, 2])
    assert tg.explain(x * 2, weights).forward[-1].gradient.tolist() == [3, 4]


@pytest.mark.parametrize("use", [lambda w: w.T @ np.ones(2), lambda w: w.T * 2, lambda w: w + np.ones((3, 2)).T])
def test_the_gradient_of_a_leaf_lies_row_after_row(use):
    w = tg.Tensor(np.ones((2, 3)), requires_grad=True)
    loss = np.sum(np.tanh(use(w)))
    assert tg.gradients(loss, w).flags.c_contiguous
    for _ in range(2):
        loss.backward()
        assert w.grad.flags.c_contiguous


def test_gradients_by_the_same_tensor_twice_are_two_arrays():
    w = leaf([1.0, 2.0])
    first, second = tg.gradients((w * w).sum(), [w, w])
    first[0] = 7
    assert second.tolist() == [2.0, 4.0]

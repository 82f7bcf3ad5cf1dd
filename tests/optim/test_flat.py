"""The flat arrays: whatever users do to their parameters between steps, each step is the right one."""

from __future__ import annotations

import math
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD, Adam, Optimizer, flat
from tinygrad_reg.optim.flat import Flat

from ..making import leaf
from .valley import every_optimizer, give


@every_optimizer
def test_together_they_go_where_each_would_go_alone(optimizer: Any, options: dict[str, Any]) -> None:
    """Random steps in which parameters lack a gradient, are frozen, rebound, or get a gradient assigned."""
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape) for shape in [(3,), (2, 2), (), (0,), (4, 1)]]
    start = [a.astype(dtype) for a in start for dtype in ("float64", "float32")]
    together = [leaf(a) for a in start]
    alone = [leaf(a) for a in start]
    one = optimizer(together, lr=0.1, **options)
    each = [optimizer([p], lr=0.1, **options) for p in alone]
    for step in range(30):
        one.zero_grad()
        for i, (p, q) in enumerate(zip(together, alone, strict=True)):
            q.grad = None
            p.requires_grad = q.requires_grad = True
            g = rng.standard_normal(p.shape).astype(p.dtype)
            what = rng.integers(6)
            if what == 0 or (i == 1 and step % 2):
                continue
            give(p, g)
            give(q, g)
            if what == 1:
                p.requires_grad = q.requires_grad = False
            elif what == 2:
                p.data = q.data = g * 2
            elif what == 3:
                p.grad = q.grad = g * 3
            elif what == 4:
                assert p.grad is not None
                p.grad += 1
                give(p, g)
                q.grad = p.grad.copy()
        one.step()
        for opt, q in zip(each, alone, strict=True):
            if q.grad is not None and q.requires_grad:
                opt.step()
        for p, q in zip(together, alone, strict=True):
            assert p.dtype == q.dtype and p.shape == q.shape
            np.testing.assert_array_equal(p.data, q.data)
    for p, opt, q in zip(together, each, alone, strict=True):
        np.testing.assert_equal(one.state_of(p), opt.state_of(q))


def test_all_parameters_take_the_step_in_one_update() -> None:
    sizes = []

    class Counting(SGD):
        def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Any) -> None:
            sizes.append(w.size)
            super().update(lr, t, w, g, a, state)

    params = [leaf(np.ones(3)) for _ in range(20)]
    opt = Counting(params, lr=0.1)
    for p in params:
        give(p, np.ones(3))
    opt.step()
    assert sizes == [60]
    # Those that share a clock still do, wherever they stood in the list.
    opt.zero_grad()
    for p in params[::2]:
        give(p, np.ones(3))
    opt.step()
    for p in params[1::2]:
        give(p, np.ones(3))
    sizes.clear()
    opt.step()
    assert sizes == [30, 30]


@every_optimizer
def test_a_step_allocates_nothing_that_grows_with_the_parameters(optimizer: Any, options: dict[str, Any]) -> None:
    params = [leaf(np.ones(n)) for n in (50_000, 50_000, 1)]
    opt = optimizer(params, lr=0.1, **options)
    for p in params:
        give(p, np.ones(p.shape))
    opt.step()
    tracemalloc.start()
    try:
        opt.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000


def test_the_users_arrays_are_not_written() -> None:
    mine, later, g = np.ones(3), np.full(3, 5.0), np.ones(3)
    w = Tensor(mine, requires_grad=True)
    opt = SGD([w], lr=0.5, momentum=0.9)
    w.grad = g
    opt.step()
    w.data = later
    opt.step()
    assert (mine == 1).all() and (later == 5).all() and (g == 1).all()
    assert w.data.tolist() == [5 - 0.5 * 1.9] * 3


def test_a_gradient_that_was_read_stays_as_it_was() -> None:
    w = leaf([1.0, 2.0])
    opt = SGD([w], lr=0.1)
    give(w, [1, 1])
    read = w.grad
    assert read is not None
    opt.step()
    opt.zero_grad()
    give(w, [5, 5])
    opt.step()
    assert read.tolist() == [1, 1]
    np.testing.assert_allclose(w.data, [0.4, 1.4])


def test_gradients_go_straight_to_the_flat_array() -> None:
    v, w = leaf([1.0]), leaf([[2.0]])
    flat = Flat([v, w], [])
    give(v, [3])
    give(w, [[4]])
    assert flat.arrays["g"].tolist() == [3, 4]
    give(w, [[5]])  # a second backward pass adds
    assert flat.arrays["g"].tolist() == [3, 9] and w.grad is not None and w.grad.tolist() == [[9]]


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.arange(12.0)[::-2], np.array(3.0)])
def test_any_memory_layout(array: np.ndarray) -> None:
    w = Tensor(array, requires_grad=True)
    opt = SGD([w], lr=1.0)
    np.testing.assert_array_equal(w.data, array)
    give(w, array)
    opt.step()
    np.testing.assert_array_equal(w.data, np.zeros(array.shape))
    w.data = array + 1
    opt.step()
    np.testing.assert_array_equal(w.data, np.ones(array.shape))


def test_data_that_overlaps_itself() -> None:
    w = leaf([1.0, 2.0, 3.0])
    opt = SGD([w], lr=1.0)
    give(w, [0, 0, 0])
    w.data = w.data[::-1]
    opt.step()
    assert w.data.tolist() == [3, 2, 1]


def test_parameters_given_an_array_in_common_part_at_the_step() -> None:
    v, w = leaf([1.0]), leaf([2.0])
    opt = SGD([v, w], lr=1.0)
    v.data = w.data
    give(v, [1])
    give(w, [10])
    opt.step()
    assert v.data.item() == 1 and w.data.item() == -8


def test_given_twice_it_steps_once() -> None:
    w = leaf([1.0])
    opt = SGD([w, w], lr=0.25)
    give(w, [1])
    opt.step()
    assert w.data.item() == 0.75 and len(opt.params) == 1


def test_two_optimizers_share_a_parameter() -> None:
    v, w, u = leaf([1.0]), leaf([1.0]), leaf([1.0])
    first, second = SGD([v, w], lr=0.5), SGD([w, u], lr=0.25)
    for _ in range(2):
        for opt in (first, second):
            opt.zero_grad()
            ((v * v) + (w * w) + (u * u)).sum().backward()
            opt.step()
        second.step()
        first.step()
    w_expected = 1.0
    for _ in range(2):
        w_expected -= 0.5 * 2 * w_expected
        g = 2 * w_expected
        w_expected -= 0.25 * g + 0.25 * g + 0.5 * g
    assert w.data.item() == w_expected


def test_a_second_optimizer_leaves_the_first_ones_gradient_to_its_reader() -> None:
    w = leaf([1.0])
    first = SGD([w], lr=0.5)
    give(w, [1])
    second = SGD([w], lr=0.5)
    read = w.grad
    assert read is not None and read.tolist() == [1]
    w.grad = None
    first.zero_grad()
    give(w, [7])
    second.step()
    first.step()
    assert read.tolist() == [1] and w.data.item() == 1 - 7


def test_a_model_with_two_optimizers() -> None:
    v, w = leaf([1.0]), leaf([1.0])
    a, b = SGD([v], lr=0.5), Adam([w], lr=0.5)
    (v * w).sum().backward()
    a.step()
    assert v.data.item() == 0.5 and w.data.item() == 1
    b.step()
    assert w.data.item() == pytest.approx(0.5)
    a.zero_grad()
    assert v.grad is None and w.grad is not None


def test_missing_gradients_stop_the_clock() -> None:
    v, w = leaf([1.0]), leaf([1.0])
    opt = Adam([v, w], lr=0.1)
    give(v, [1])
    opt.step()
    give(w, [1])
    opt.step()
    assert opt.state_dict()["clocks"].tolist() == [2, 1]
    assert w.data.item() == pytest.approx(0.9)  # its own first step


def test_a_clock_between_two_that_agree_is_its_own() -> None:
    together, alone = [[leaf([1.0]) for _ in "abc"] for _ in range(2)]
    one, each = Adam(together, lr=0.1), [Adam([p], lr=0.1) for p in alone]
    for step, absent in enumerate(["b", "c", "a", "c", ""]):
        one.zero_grad()
        for name, p, q, opt in zip("abc", together, alone, each, strict=True):
            if name != absent:
                give(p, np.array([1.0 + step]))
                give(q, np.array([1.0 + step]))
                opt.step()
            opt.zero_grad()
        one.step()
    for p, q, opt in zip(together, alone, each, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        np.testing.assert_equal(one.state_of(p), opt.state_of(q))


def test_a_new_shape_is_refused_and_nothing_moves() -> None:
    v, w = leaf([1.0]), leaf([1.0])
    opt = SGD([v, w], lr=0.1)
    w.data = np.ones(3)
    give(v, [1])
    give(w, [1, 1, 1])
    with pytest.raises(ValueError, match=r"had the shape \(1,\) when its optimizer was made"):
        opt.step()
    assert v.data.item() == 1


def test_regrouping_leaves_arrays_in_other_hands_alone() -> None:
    params = [leaf([float(i)]) for i in range(4)]
    opt = SGD(params, lr=1.0)
    held = [p.data for p in params]
    for i in (1, 3):
        give(params[i], [10])
    opt.step()
    assert [a.item() for a in held] == [0, 1, 2, 3]
    assert [p.data.item() for p in params] == [0, -9, 2, -7]


def test_a_step_makes_older_graphs_stale() -> None:
    v, w = leaf([1.0]), leaf([1.0])
    opt = SGD([v, w], lr=0.1)
    of_v, of_w = (v * v).sum(), (w * w).sum()
    give(v, [1])
    opt.step()
    of_w.backward()  # w has not moved
    with pytest.raises(RuntimeError, match="has new values"):
        of_v.backward()


@every_optimizer
def test_float32_stays_float32(optimizer: Any, options: dict[str, Any]) -> None:
    w = leaf([1.0, 2.0], dtype="float32")
    opt = optimizer([w], lr=np.float64(0.1), **options)
    give(w, [1, -1])
    opt.step()
    assert w.data.dtype == np.float32
    assert all(array.dtype == np.float32 for array in opt.state_of(w).values())


def test_parameters_outlive_their_optimizer_and_free_it() -> None:
    w = leaf([1.0])
    opt: Optimizer | None = SGD([w], lr=0.5)
    gone = weakref.ref(opt)
    opt = None
    assert gone() is None
    give(w, [1])
    assert w.grad is not None and w.grad.tolist() == [1]


def test_gradients_keep_to_the_flat_array_through_regrouping_and_sharing() -> None:
    v, w = leaf([1.0]), leaf([2.0])
    flat = Flat([v, w], [])
    give(w, [4])
    assert [group.params for group in flat.ready()] == [[w]]  # regrouped: w now lies first
    give(w, [1])
    give(v, [3])
    assert flat.arrays["g"].tolist() == [5, 3]
    Flat([v, w], [])  # a second optimizer takes the gradients over, until the first one clears them
    flat.claim()
    give(v, [6])
    assert flat.arrays["g"].tolist() == [5, 6]


def rotated(*arrays: np.ndarray) -> list[np.ndarray]:
    return [*arrays[1:], arrays[0]]


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("without", [None, 0, 1, 2])
def test_parameters_may_exchange_their_arrays(without: int | None, compile: bool) -> None:
    """Each goes on from the values that it was given, whether or not it takes the step itself."""
    p = [Tensor([float(i), i + 0.5], requires_grad=True) for i in (1, 2, 3)]
    optimizer = SGD(p, lr=1.0)

    def step(x: np.ndarray) -> None:
        optimizer.zero_grad()
        sum((x * t).sum() for i, t in enumerate(p) if i != without).backward()  # type: ignore[union-attr]
        optimizer.step()

    call: Any = tg.compile(step) if compile else step
    x = np.array([0.25, 0.5])
    call(x)
    for exchange in (rotated, lambda *a: [a[0], a[2][::-1], a[1]], lambda *a: [a[2], a[2], a[1]]):
        for t, array in zip(p, exchange(*(t.data for t in p)), strict=True):
            t.data = array
        wanted = [t.data - x * (i != without) for i, t in enumerate(p)]
        call(x)
        for t, values in zip(p, wanted, strict=True):
            assert np.array_equal(t.data, values)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("given", [lambda a, b: (b, a), lambda a, b: (a, a), lambda a, b: (b[::-1], b)])
@pytest.mark.parametrize("inside", [False, True])
def test_parameters_of_two_optimizers_may_exchange_their_arrays(inside: bool, given: Any, compile: bool) -> None:
    """Each has the values that it was given, and is moved by its own optimizer alone."""
    a, b = (Tensor(values, requires_grad=True) for values in ([1.0, 2.0], [10.0, 20.0]))
    one, other = SGD([a], lr=1.0), SGD([b], lr=0.5)

    def step(x: np.ndarray, exchanges: bool) -> None:
        if exchanges:
            a.data, b.data = given(a.data, b.data)
        one.zero_grad()
        other.zero_grad()
        ((a + b) * x).sum().backward()
        one.step()
        other.step()

    call: Any = tg.compile(step) if compile else step
    x = np.ones(2)
    call(x, False)
    for _ in range(3):
        wanted = given(a.data.copy(), b.data.copy())
        if not inside:
            a.data, b.data = given(a.data, b.data)
        call(x, inside)
        assert np.array_equal(a.data, wanted[0] - 1) and np.array_equal(b.data, wanted[1] - 0.5)


@pytest.mark.parametrize("compile", [False, True])
def test_a_copy_that_is_taken_in_a_step_has_the_values_of_that_moment(compile: bool) -> None:
    a, before, after = Tensor([1.0, 2.0], requires_grad=True), Tensor([0.0, 0.0]), Tensor([0.0, 0.0])
    optimizer = SGD([a], lr=1.0)

    def step(x: np.ndarray) -> None:
        before.data = a.data
        optimizer.zero_grad()
        (a * x).sum().backward()
        optimizer.step()
        after.data = a.data[::-1]

    call: Any = tg.compile(step) if compile else step
    for k in range(3):
        call(np.ones(2))
        assert before.data.tolist() == [1 - k, 2 - k] and after.data.tolist() == [1 - k, -k]


@pytest.mark.parametrize("shape", [(1,), (2, 2)])
@pytest.mark.parametrize("compile", [False, True])
def test_a_new_shape_is_refused_by_a_step_and_by_its_program(compile: bool, shape: tuple[int, ...]) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = SGD([w], lr=0.1)

    def step(x: np.ndarray) -> Tensor:
        optimizer.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    call: Any = tg.compile(step) if compile else step
    call(np.ones(2))
    w.data = np.full(shape, 7.0)
    with pytest.raises(ValueError, match=r"w of shape \S+ .*had the shape \(2,\) when its optimizer was made"):
        call(np.ones(2))
    assert w.data.tolist() == np.full(shape, 7.0).tolist() and optimizer.steps == 1
    w.data = [7.0, 7.0]
    assert call(np.ones(2)).item() == 14.0


def test_a_view_of_a_frozen_parameter_stays_as_it_was() -> None:
    a, v = Tensor([1.0, 2.0], requires_grad=True), Tensor([[1.0], [1.0]], requires_grad=True)
    optimizer = SGD([a], lr=1.0)
    a.requires_grad = False
    loss = (v * a.reshape(2, 1)).sum()
    a.requires_grad = True
    (a * 3).sum().backward()
    optimizer.step()
    loss.backward()
    assert v.grad is not None and v.grad.ravel().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("moved", range(3))
def test_ctrl_c_while_parameters_are_laid_out_anew_leaves_an_optimizer_that_works(
    moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, move = [math.inf], flat._move

    def breaks_off(old: Any, new: Any) -> None:
        if not left[0]:
            left[0] = math.inf
            raise KeyboardInterrupt
        left[0] -= 1
        move(old, new)

    def trained(interrupt: bool) -> list[Any]:
        params = [leaf([1.0, 2.0]), leaf(3.0), leaf([[4.0]])]
        adam = Adam(params, lr=0.1)
        for step in range(4):
            for p in params:
                give(p, np.full(p.shape, step + 1.0))
            if step == 2:
                params[1].grad = None  # the group is split
                if interrupt:
                    left[0] = moved
                    with pytest.raises(KeyboardInterrupt):
                        adam.step()
            adam.step()
        return [*(p.data.tolist() for p in params), *(adam.state_of(p)["m"].tolist() for p in params)]

    monkeypatch.setattr(flat, "_move", breaks_off)
    assert trained(True) == trained(False)

"""The flat arrays: whatever users do to their parameters between steps, each step is the right one."""

from __future__ import annotations

import math
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

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


@pytest.mark.parametrize("before", [True, False], ids=["made before the optimizer", "made after it"])
def test_a_tensor_of_a_parameters_values_stays_where_it_is(before: bool) -> None:
    w = leaf([1.0, 2.0])
    kept = [Tensor(w.data)] if before else []
    opt = SGD([w], lr=1.0)
    kept += [Tensor(w.data), Tensor(w.data[:2], requires_grad=True)]
    give(w, [1, 1])
    opt.step()
    assert all(t.data.tolist() == [1, 2] for t in kept) and w.data.tolist() == [0, 1]


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

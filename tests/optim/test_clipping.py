"""Gradient clipping: the lecture's numbers, where the clipped gradient lies, and gradients that are no numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tinygrad_reg import Tensor
from tinygrad_reg.optim import SGD, clip_by_global_norm, clip_by_norm, clip_by_value

from ..making import leaf
from .valley import give


def with_gradient(g: Any, dtype: Any = None) -> Tensor:
    g = np.array(g, dtype)
    p = leaf(np.zeros(g.shape, g.dtype))
    p.grad = g
    return p


def test_o9_clip_by_value() -> None:
    p = with_gradient([0.9, 100.0])
    clip_by_value([p], 1.0)
    assert p.grad is not None and p.grad.tolist() == [0.9, 1]


def test_o9_clip_by_norm() -> None:
    p = with_gradient([0.9, 100.0])
    assert clip_by_norm([p], 1.0) == [pytest.approx(math.hypot(0.9, 100))]
    np.testing.assert_allclose(p.grad, [0.00899964, 0.9999595], atol=5e-9)


def test_norms_of_each_gradient_and_of_all() -> None:
    p, q = with_gradient([3.0, 4.0]), with_gradient([0.6, 0.8])
    assert clip_by_norm([p, q], 1.0) == pytest.approx([5, 1])
    np.testing.assert_allclose(p.grad, [0.6, 0.8])
    np.testing.assert_allclose(q.grad, [0.6, 0.8])
    p, q = with_gradient([3.0, 4.0]), with_gradient([0.6, 0.8])
    norm = clip_by_global_norm([p, q], 1.0)
    assert norm == pytest.approx(math.sqrt(26))
    np.testing.assert_allclose(p.grad, np.array([3, 4]) / norm)
    np.testing.assert_allclose(q.grad, np.array([0.6, 0.8]) / norm)


def test_what_is_below_the_limit_stays_to_the_last_bit() -> None:
    g = np.array([0.3, -0.4])
    for clip in (clip_by_value, clip_by_norm, clip_by_global_norm):
        p = with_gradient(g)
        clip([p], 0.5)
        np.testing.assert_array_equal(p.grad, g)


def test_parameters_without_a_gradient_count_as_nothing() -> None:
    p, q = leaf([1.0]), with_gradient([3.0, 4.0])
    clip_by_value([p, q], 10)
    assert clip_by_norm([p, q], 10) == [0, 5]
    assert clip_by_global_norm([p, q], 10) == 5
    assert p.grad is None


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_norm, clip_by_global_norm])
def test_arrays_of_the_user_are_replaced_not_written(clip: Any) -> None:
    mine = np.array([30.0, 40.0])
    p = leaf([0.0, 0.0])
    p.grad = mine
    clip([p], 1)
    assert mine.tolist() == [30, 40] and np.abs(p.grad).max() <= 1


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_norm, clip_by_global_norm])
@pytest.mark.parametrize("read_first", [False, True])
def test_the_optimizer_steps_by_the_clipped_gradient(clip: Any, read_first: bool) -> None:
    p, scalar = leaf([1.0, 1.0]), leaf(1.0)
    opt = SGD([p, scalar], lr=1.0)
    give(p, [30, 0])
    give(scalar, 0)
    read = p.grad if read_first else None
    clip([p, scalar], 0.5)
    opt.step()
    assert p.data.tolist() == [0.5, 1] and scalar.data == 1
    assert read is None or read.tolist() == [30, 0]


def test_one_tensor_and_a_0d_gradient() -> None:
    p = leaf(2.0)
    (p * 3).backward()
    assert clip_by_norm(p, 1) == [3]
    assert p.grad is not None and p.grad.shape == () and p.grad == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_norms_whose_square_is_out_of_range(dtype: str) -> None:
    tiny, large = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max) / 8
    for scale in (tiny, large):
        p = with_gradient([3 * scale, 4 * scale], dtype)
        assert clip_by_norm([p], scale) == [pytest.approx(5 * scale, rel=1e-3)]
        assert p.grad is not None and p.grad.dtype == dtype
        np.testing.assert_allclose(p.grad, [0.6 * scale, 0.8 * scale], rtol=1e-2, atol=tiny / 100)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_gradients_that_are_no_numbers(bad: float) -> None:
    p, q = with_gradient([bad, 3.0]), with_gradient([30.0, 40.0])
    assert not math.isfinite(clip_by_global_norm([p, q], 1))
    np.testing.assert_array_equal(p.grad, [bad, 3])
    np.testing.assert_array_equal(q.grad, [30, 40])
    norms = clip_by_norm([p, q], 1)
    assert not math.isfinite(norms[0]) and norms[1] == 50
    np.testing.assert_array_equal(p.grad, [bad, 3])
    np.testing.assert_allclose(q.grad, [0.6, 0.8])
    clip_by_value([p], 1)
    np.testing.assert_array_equal(p.grad, [np.clip(bad, -1, 1), 1])


def test_an_infinite_limit_measures() -> None:
    p = with_gradient([3.0, 4.0])
    assert clip_by_global_norm([p], math.inf) == 5
    assert p.grad is not None and p.grad.tolist() == [3, 4]


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_norm, clip_by_global_norm])
@pytest.mark.parametrize("limit", [0, -1.0, math.nan, "1", None])
def test_impossible_limits_are_refused(clip: Any, limit: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="must be a number > 0"):
        clip([with_gradient([1.0])], limit)


def test_gradients_are_not_parameters() -> None:
    with pytest.raises(TypeError, match="clip_by_norm takes Tensors"):
        clip_by_norm([np.ones(3)], 1.0)  # type: ignore[list-item]


def test_numpys_error_state_does_not_reach_inside():
    p = Tensor(np.zeros((2, 2)), requires_grad=True)
    p.grad = np.array([[1e-200, 1e200], [0.0, -1e308]])
    with np.errstate(all="raise"):
        clip_by_global_norm([p], 1.0)
    np.testing.assert_allclose(p.grad, [[0, 1e-108], [0, -1]], atol=1e-100)

"""The logarithm of a cross-entropy where probabilities are 0, in every dtype."""

import numpy as np
import pytest

import tinygrad_reg as tg


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_gradient_of_a_probability_of_0_or_1_is_finite(dtype):
    p = tg.Tensor(np.array([0, 1, 0, 1], dtype), requires_grad=True)
    tg.losses.binary_crossentropy(p, np.array([0, 1, 1, 0]), reduction="sum").backward()
    assert p.grad.dtype == dtype
    assert p.grad[:2].tolist() == [1, -1]
    assert np.isfinite(p.grad).all()
    assert p.grad[2] < -1000 and p.grad[3] > 1000


@pytest.mark.parametrize(("dtype", "slope"), [("float64", 1e12), ("float32", 1e12), ("float16", 2**14)])
def test_the_slope_of_the_logarithm_has_a_largest_value(dtype, slope):
    p = tg.Tensor(np.zeros(1, dtype), requires_grad=True)
    tg.ops.floored_log(p).backward()
    assert p.grad == np.array(slope, dtype)

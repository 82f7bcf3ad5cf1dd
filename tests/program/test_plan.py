"""What runs: buffers are written into only when nobody reads them any more."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

VIEWS = {
    "reversed": lambda x: x[::-1],
    "transposed": lambda x: x.T.reshape(3, 4),
    "part": lambda x: x[1:],
    "moved": lambda x: np.moveaxis(x, 0, 1).reshape(3, 4),
    "view of a view": lambda x: x[::-1][:, ::-1],
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_what_is_computed_twice_keeps_its_buffer(view):
    t = tg.Tensor(np.arange(12.0).reshape(3, 4) / 10, requires_grad=True)

    def step():
        a = np.exp(t * 2)
        seen = VIEWS[view](t * 2)
        loss = np.sum((a * 3 + a)[: len(seen)] * seen) + np.sum(VIEWS[view](t * 2) * seen)
        t.grad = None
        loss.backward()
        return loss

    loss, gradient = step(), t.grad.copy()
    fast = tg.compile(step)
    for _ in range(2):
        assert fast().item() == loss.item()
        np.testing.assert_array_equal(t.grad, gradient)

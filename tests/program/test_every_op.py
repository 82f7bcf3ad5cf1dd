"""Every op and its derivatives, first and second, as a program: the same bits as eager, in both texts."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from ..ops.test_ops import CASES
from .steps import same_bits

# Which elements are there depends on values, so no program can repeat it.
BY_VALUE = {"compress"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_program_of_an_op_gives_its_bits(case):
    arrays = [np.array(x, np.float64) for x in case.inputs]
    weights = np.random.default_rng(0).normal(size=case.call(*map(tg.Tensor, arrays)).shape)

    def step(*inputs):
        tensors = [tg.Tensor(x, requires_grad=True) for x in inputs]
        out = case.call(*tensors)
        shares = tg.gradients(out, tensors, create_graph=case.order == 2, gradient=weights)
        found = (
            [out, *(+share for share in map(tg.Tensor, shares))]
            if case.order == 1
            else [out, *map(np.positive, shares)]
        )
        if case.order == 2:
            curved = [share for share in shares if share.requires_grad]
            total = sum(np.sum(share * share) for share in curved)
            found += tg.gradients(total, tensors) if curved else []
        return found

    fast = tg.compile(step)
    fast(*arrays)
    others = [np.asarray(x + 0.01 * (x - x.mean()) + 0.001) for x in arrays]
    for given in (arrays, others):
        wanted = step(*given)
        assert same_bits(fast(*given), wanted), fast.planned_source
        scope: dict = {}
        exec(fast.source, scope)
        with np.errstate(all="ignore"):
            assert same_bits(scope["step"](**fast.inputs(*given)), wanted), fast.source
    assert len(fast._programs) == 1

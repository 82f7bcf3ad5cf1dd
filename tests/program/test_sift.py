"""The lines that count, where they are best computed: none reads an array that an optimizer has moved since."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import same_bits

X = np.array([[1.0, 2.0], [3.0, 4.0]])


HELD = {
    "the array": lambda p: p.data,
    "a view of it": lambda p: p.data.T[::-1],
    "a Tensor that shows it": lambda p: p[::-1],
}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("get", HELD.values(), ids=HELD)
def test_an_array_of_a_parameter_is_not_held_over_the_optimizers_step(get, in_place):
    """Outside of programs it may be the array that the optimizer writes into, or one from which it fetches values."""

    def made(before):
        p = tg.Tensor([1.0, 2.0], requires_grad=True)
        optimizer = tg.optim.SGD(p, lr=0.5)

        def step(x):
            optimizer.zero_grad()
            np.sum(p * x).backward()
            if in_place:
                p.data -= x
            old = before(p)
            optimizer.step()
            return old * 2, get(p) * 2

        return step

    with pytest.raises(RuntimeError, match=r"return old \* 2, get\(p\) \* 2\nbecause it reads the array of a param"):
        tg.compile(made(get))(X[0])
    copied = made(lambda p: get(p) * 1)
    fast = tg.compile(made(lambda p: get(p) * 1))
    for _ in range(3):
        assert same_bits(fast(X[0]), copied(X[0]))

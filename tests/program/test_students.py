"""The ways in which students write a step: each runs as it is and as a program, call by call, with the same bits."""

from __future__ import annotations

import pytest

from .steps import agree
from .ways import WAYS


@pytest.mark.parametrize("name", WAYS)
def test_a_program_gives_the_same_bits(name):
    def make():
        step, _, watched, *before = WAYS[name]()
        return step, lambda: [(w.data, w.grad) for w in watched], *before

    agree(make, map(WAYS[name]()[1], range(6)))

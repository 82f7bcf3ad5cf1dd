"""Public functions called with what they were not made for."""

from __future__ import annotations

import contextlib
import io
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.properties import test_wrong_calls as wrong
from tests.properties.public import arguments_of, public

from .attack import attack

AT_ONCE = 20


@cache
def functions() -> list[Any]:
    """(name, function, names of its arguments) of all that is public."""
    return [(name, function, arguments_of(function)) for name, function in public()]


@attack(long=5000, short=10)
def wrong_calls(rng: np.random.Generator, folder: Path) -> int:
    """wrong calls of public functions: refused, nothing changed"""
    draw = random.Random(int(rng.integers(2**32)))
    for _ in range(AT_ONCE):
        name, function, names = draw.choice(functions())
        args = [wrong.anything(draw) for _ in range(draw.randrange(4))]
        if name.startswith(("np.", "Tensor.")):  # without a Tensor, it would be NumPy's own function
            args = [draw.choice(wrong.TENSORS)(), *args]
        with contextlib.redirect_stdout(io.StringIO()):
            wrong.call(name, function, args, {n: wrong.anything(draw) for n in names if draw.random() < 0.2})
    return AT_ONCE

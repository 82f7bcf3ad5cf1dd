"""Cases of ops/arithmetic.py."""

import numpy as np

from .case import Case, numbers

x, y, row, column = numbers(2, 3), numbers(2, 3, seed=1), numbers(3, seed=2), numbers(2, 1, seed=3)
positive = numbers(2, 3, low=0.5, high=3, seed=4)

CASES = [
    *(
        Case(op, call, inputs, value=call)
        for op, call in {
            "add": lambda a, b: a + b,
            "subtract": lambda a, b: a - b,
            "multiply": lambda a, b: a * b,
            "divide": lambda a, b: a / b,
        }.items()
        for inputs in [(x, y), (x, row), (column, row), (x, np.array(1.5)), (np.array(0.5), np.array(-2.0))]
    ),
    Case("power", lambda a, b: a**b, (positive, y), value=np.power),
    Case("power", lambda a: a**3, (x,), value=lambda a: a**3, note="number"),
    Case("power", lambda a: 2.0**a, (x,), value=lambda a: 2.0**a, note="base"),
    Case("negative", lambda a: -a, (x,), value=np.negative),
    Case("positive", lambda a: +a, (x,), value=np.positive),
]

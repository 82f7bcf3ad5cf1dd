"""Cases of ops/elementary.py."""

import numpy as np

from .case import Case, numbers

x, y, row = numbers(2, 3), numbers(2, 3, seed=1), numbers(3, seed=2)
positive = numbers(2, 3, low=0.5, high=3, seed=4)
inside = numbers(2, 3, low=-0.9, high=0.9, seed=5)
beyond_1 = numbers(2, 3, low=1.2, high=3, seed=6)

ANYWHERE = [np.exp, np.exp2, np.expm1, np.square, np.sin, np.cos, np.arctan, np.deg2rad, np.rad2deg]
ANYWHERE += [np.sinh, np.cosh, np.tanh, np.arcsinh, np.sign, np.floor, np.ceil, np.trunc, np.rint]
POSITIVE = [np.log, np.log2, np.log10, np.log1p, np.sqrt, np.cbrt, np.reciprocal]
INSIDE = [np.tan, np.arcsin, np.arccos, np.arctanh]
PAIRS = [np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.copysign]
DIVISIONS = [np.floor_divide, np.remainder, np.fmod]

CASES = [
    *(Case(f.__name__, f, (inputs,), value=f) for f in ANYWHERE for inputs in (x, np.array(0.7))),
    *(Case(f.__name__, f, (positive,), value=f) for f in POSITIVE),
    *(Case(f.__name__, f, (inside,), value=f) for f in INSIDE),
    Case("arccosh", np.arccosh, (beyond_1,), value=np.arccosh),
    *(Case(f.__name__, f, inputs, value=f) for f in PAIRS for inputs in [(x, y), (x, row), (np.array(0.3), y)]),
    *(Case(f.__name__, f, inputs, value=f) for f in DIVISIONS for inputs in [(x, positive), (positive, row)]),
    Case("remainder", lambda a: a % 0.7, (x,), value=lambda a: a % 0.7, note="number"),
    Case("floor_divide", lambda a: 3 // a, (positive,), value=lambda a: 3 // a, note="number"),
    Case("abs", np.abs, (x,), value=np.abs),
    Case("abs", abs, (x,), value=np.fabs, note="builtin"),
    Case("round", round, (x,), value=np.rint, note="builtin"),
    Case("round", lambda a: np.round(a, 1), (x,), value=lambda a: np.round(a, 1), note="decimals"),
]

"""Cases of ops/cumulative.py."""

import numpy as np

from .case import Case, numbers

x, cube, number = numbers(3, 4), numbers(2, 5, 3, seed=1), np.array(1.5)
some_zeros = np.array([[2.0, 0.0, 3.0, 0.5], [0.0, 0.0, 5.0, 1.0], [0.0, 0.0, 0.0, 0.0], [1.5, -2.0, 0.5, 0.0]])


def case(op, call, *inputs, note=""):
    return Case(op, call, inputs, value=call, note=note)


CASES = [
    *(
        case(op, lambda a, f=function, axis=axis: f(a, axis=axis), inputs, note=f"axis={axis}")
        for op, function in {"cumsum": np.cumsum, "cumprod": np.cumprod}.items()
        for axis, inputs in [(None, x), (0, x), (1, cube), (-1, cube), (None, number), (0, number)]
    ),
    *(
        case("cumprod", lambda a, axis=axis: np.cumprod(a, axis=axis), some_zeros, note=f"zeros,axis={axis}")
        for axis in (None, 0, 1)
    ),
    case("cumprod", lambda a: np.cumprod(a), numbers(9, low=0.5, high=1.5), note="long"),
    case("diff", lambda a: np.diff(a), x),
    case("diff", lambda a: np.diff(a, n=2, axis=1), cube, note="n=2,axis=1"),
    case("diff", lambda a: np.diff(a, n=3, axis=0), numbers(6), note="n=3"),
    case("diff", lambda a: np.diff(a, n=0), x, note="n=0"),
    case("sort", lambda a: np.sort(a), x),
    case("sort", lambda a: np.sort(a, axis=1), cube, note="axis=1"),
    case("sort", lambda a: np.sort(a, axis=None), x, note="axis=None"),
    case("median", lambda a: np.median(a), x),
    case("median", lambda a: np.median(a), numbers(5), note="odd"),
    case("median", lambda a: np.median(a, axis=1), cube, note="axis=1"),
    case("median", lambda a: np.median(a, axis=-1, keepdims=True), x, note="keepdims"),
    case("median", lambda a: np.median(a, keepdims=True), cube, note="all,keepdims"),
    case("median", lambda a: np.median(a), number),
]

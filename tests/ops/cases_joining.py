"""Cases of ops/joining.py."""

import numpy as np

from .case import Case, numbers

x, y, wide, row, number = numbers(2, 3), numbers(2, 3, seed=1), numbers(2, 1, seed=2), numbers(3, seed=3), np.array(1.5)
cube = numbers(2, 3, 4, seed=4)


def case(op, call, *inputs, note=""):
    # A gradient of these is constant in x, so its cube is what shows a wrong second derivative, or sign.
    return Case(op, lambda *xs: call(*xs) ** 3, inputs, value=lambda *xs: call(*xs) ** 3, note=note)


CASES = [
    case("concatenate", lambda a, b: np.concatenate([a, b]), x, y),
    case("concatenate", lambda a, b: np.concatenate((a, b), axis=-1), x, wide),
    case("concatenate", lambda a, b: np.concatenate([a, b], axis=None), x, number, note="flat"),
    case("concatenate", lambda a: np.concatenate([a, np.ones((1, 3), a.dtype), a]), x, note="twice"),
    case("concatenate", lambda a, b: np.hstack([a, b]), x, wide, note="hstack"),
    case("concatenate", lambda a, b: np.hstack([a, b]), row, number, note="hstack"),
    case("concatenate", lambda a, b: np.vstack([a, b]), x, row, note="vstack"),
    case("concatenate", lambda a, b: np.dstack([a, b]), x, y, note="dstack"),
    case("concatenate", lambda a, b: np.column_stack([a, b]), numbers(2), x, note="column_stack"),
    case("stack", lambda a, b: np.stack([a, b]), x, y),
    case("stack", lambda a, b: np.stack([a, b], axis=-1), x, y, note="axis=-1"),
    case("stack", lambda a, b: np.stack([a, b]), number, number),
    case("getitem", lambda a: np.split(a, 2, axis=-1)[1], cube, note="split"),
    case("getitem", lambda a: np.array_split(a, 3, axis=2)[0], cube, note="array_split"),
    case("getitem", lambda a: np.split(a, [1, 2], axis=1)[2], cube, note="split-places"),
    case("getitem", lambda a: np.hsplit(a, 3)[1], cube, note="hsplit"),
    case("getitem", lambda a: np.vsplit(a, 2)[1], cube, note="vsplit"),
    case("repeat", lambda a: np.repeat(a, 2), x),
    case("repeat", lambda a: np.repeat(a, 3, axis=1), cube, note="axis=1"),
    case("repeat", lambda a: np.repeat(a, [2, 0, 1], axis=1), cube, note="each"),
    case("repeat", lambda a: np.repeat(a, 2), number),
    case("tile", lambda a: np.tile(a, 2), x),
    case("tile", lambda a: np.tile(a, (2, 1, 3)), x, note="more axes"),
    case("tile", lambda a: np.tile(a, 2), cube, note="fewer axes"),
    case("tile", lambda a: np.tile(a, 3), number),
    case("pad", lambda a: np.pad(a, 1), x),
    case("pad", lambda a: np.pad(a, (1, 2)), x, note="pair"),
    case("pad", lambda a: np.pad(a, ((0, 1), (2, 0)), constant_values=3.0), x, note="value"),
    *(
        case("pad", lambda a, mode=mode: np.pad(a, ((0, 0), (1, 2), (3, 1)), mode=mode), cube, note=mode)
        for mode in ("edge", "reflect", "symmetric", "wrap")
    ),
]

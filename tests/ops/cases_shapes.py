"""Cases of ops/shapes.py."""

import numpy as np

import tinygrad_reg as tg

from .case import Case, numbers

x, cube, row, number = numbers(3, 4), numbers(2, 3, 4, seed=1), numbers(3, seed=2), np.array(1.5)
thin = numbers(1, 3, 1, seed=3)


def case(op, call, *inputs, note=""):
    # A gradient of these is constant in x, so its cube is what shows a wrong second derivative, or sign.
    return Case(op, lambda *xs: call(*xs) ** 3, inputs, value=lambda *xs: call(*xs) ** 3, note=note)


CASES = [
    case("reshape", lambda a: a.reshape(4, -1), x),
    case("reshape", lambda a: np.reshape(a, (2, 2, 3)), x, note="tuple"),
    case("reshape", lambda a: np.reshape(a, -1), number, note="row"),
    case("reshape", lambda a: np.atleast_1d(a), number, note="atleast_1d"),
    case("reshape", lambda a: np.atleast_2d(a), row, note="atleast_2d"),
    *(case("reshape", lambda a: np.atleast_3d(a), a, note="atleast_3d") for a in (number, row, x)),
    *(case("ravel", lambda a: np.ravel(a), a) for a in (number, x, cube)),
    case("flatten", lambda a: a.flatten(), cube),
    case("expand_dims", lambda a: np.expand_dims(a, 1), x),
    case("expand_dims", lambda a: np.expand_dims(a, (0, -1)), x, note="two"),
    case("squeeze", lambda a: np.squeeze(a), thin),
    case("squeeze", lambda a: np.squeeze(a, axis=0), thin, note="axis=0"),
    case("transpose", lambda a: a.T, x),
    case("transpose", lambda a: a.T, number),
    case("transpose", lambda a: np.transpose(a, (1, 2, 0)), cube),
    case("transpose", lambda a: a.transpose(-1, 0, 1), cube, note="method"),
    case("swapaxes", lambda a: np.swapaxes(a, 0, -1), cube),
    case("moveaxis", lambda a: np.moveaxis(a, 0, -1), cube),
    case("moveaxis", lambda a: np.moveaxis(a, (0, 1), (-1, 0)), cube, note="two"),
    case("flip", lambda a: np.flip(a), x),
    case("flip", lambda a: np.flip(a, (0, -1)), cube, note="axes"),
    case("fliplr", lambda a: np.fliplr(a), x),
    case("flipud", lambda a: np.flipud(a), x),
    *(case("rot90", lambda a, k=k: np.rot90(a, k), x, note=f"k={k}") for k in (1, 2, 3, -1)),
    case("rot90", lambda a: np.rot90(a, 1, (2, 0)), cube, note="axes"),
    case("roll", lambda a: np.roll(a, 2), x),
    case("roll", lambda a: np.roll(a, (1, -2), (0, -1)), cube, note="axes"),
    case("copy", lambda a: np.copy(a), x),
    case("broadcast_to", lambda a: np.broadcast_to(a, (2, 3, 4)), numbers(3, 1)),
    case("broadcast_to", lambda a: np.broadcast_to(a, (2, 3)), number),
    Case("broadcast_to", lambda a, b: tg.ops.multiply(*np.broadcast_arrays(a, b)), (row, numbers(2, 1)), note="arrays"),
]

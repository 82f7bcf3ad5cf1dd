"""Cases of ops/shapes.py."""

import numpy as np

import tinygrad_reg as tg

from .case import Case, cubed, numbers

x, cube, row, number = numbers(3, 4), numbers(2, 3, 4, seed=1), numbers(3, seed=2), np.array(1.5)
thin = numbers(1, 3, 1, seed=3)


CASES = [
    cubed("reshape", lambda a: a.reshape(4, -1), x),
    cubed("reshape", lambda a: np.reshape(a, (2, 2, 3)), x, note="tuple"),
    cubed("reshape", lambda a: np.reshape(a, -1), number, note="row"),
    cubed("reshape", lambda a: np.atleast_1d(a), number, note="atleast_1d"),
    cubed("reshape", lambda a: np.atleast_2d(a), row, note="atleast_2d"),
    *(cubed("reshape", lambda a: np.atleast_3d(a), a, note="atleast_3d") for a in (number, row, x)),
    *(cubed("ravel", lambda a: np.ravel(a), a) for a in (number, x, cube)),
    cubed("flatten", lambda a: a.flatten(), cube),
    cubed("expand_dims", lambda a: np.expand_dims(a, 1), x),
    cubed("expand_dims", lambda a: np.expand_dims(a, (0, -1)), x, note="two"),
    cubed("squeeze", lambda a: np.squeeze(a), thin),
    cubed("squeeze", lambda a: np.squeeze(a, axis=0), thin, note="axis=0"),
    cubed("transpose", lambda a: a.T, x),
    cubed("transpose", lambda a: a.T, number),
    cubed("transpose", lambda a: np.transpose(a, (1, 2, 0)), cube),
    cubed("transpose", lambda a: a.transpose(-1, 0, 1), cube, note="method"),
    cubed("swapaxes", lambda a: np.swapaxes(a, 0, -1), cube),
    cubed("moveaxis", lambda a: np.moveaxis(a, 0, -1), cube),
    cubed("moveaxis", lambda a: np.moveaxis(a, (0, 1), (-1, 0)), cube, note="two"),
    cubed("flip", lambda a: np.flip(a), x),
    cubed("flip", lambda a: np.flip(a, (0, -1)), cube, note="axes"),
    cubed("fliplr", lambda a: np.fliplr(a), x),
    cubed("flipud", lambda a: np.flipud(a), x),
    *(cubed("rot90", lambda a, k=k: np.rot90(a, k), x, note=f"k={k}") for k in (1, 2, 3, -1)),
    cubed("rot90", lambda a: np.rot90(a, 1, (2, 0)), cube, note="axes"),
    cubed("roll", lambda a: np.roll(a, 2), x),
    cubed("roll", lambda a: np.roll(a, (1, -1), (1, -1)), cube, note="axes"),
    cubed("copy", lambda a: np.copy(a), x),
    cubed("broadcast_to", lambda a: np.broadcast_to(a, (2, 3, 4)), numbers(3, 1)),
    cubed("broadcast_to", lambda a: np.broadcast_to(a, (2, 3)), number),
    Case("broadcast_to", lambda a, b: tg.ops.multiply(*np.broadcast_arrays(a, b)), (row, numbers(2, 1)), note="arrays"),
]

"""Cases of ops/joining.py."""

import numpy as np

from .case import cubed, numbers

x, y, wide, row, number = numbers(2, 3), numbers(2, 3, seed=1), numbers(2, 1, seed=2), numbers(3, seed=3), np.array(1.5)
cube = numbers(2, 3, 4, seed=4)


CASES = [
    cubed("concatenate", lambda a, b: np.concatenate([a, b]), x, y),
    cubed("concatenate", lambda a, b: np.concatenate((a, b), axis=-1), x, wide),
    cubed("concatenate", lambda a, b: np.concatenate([a, b], axis=None), x, number, note="flat"),
    cubed("concatenate", lambda a: np.concatenate([a, np.ones((1, 3), a.dtype), a]), x, note="twice"),
    cubed("concatenate", lambda a, b: np.hstack([a, b]), x, wide, note="hstack"),
    cubed("concatenate", lambda a, b: np.hstack([a, b]), row, number, note="hstack"),
    cubed("concatenate", lambda a, b: np.vstack([a, b]), x, row, note="vstack"),
    cubed("concatenate", lambda a, b: np.dstack([a, b]), x, y, note="dstack"),
    cubed("concatenate", lambda a, b: np.column_stack([a, b]), numbers(2), x, note="column_stack"),
    cubed("stack", lambda a, b: np.stack([a, b]), x, y),
    cubed("stack", lambda a, b: np.stack([a, b], axis=-1), x, y, note="axis=-1"),
    cubed("stack", lambda a, b: np.stack([a, b]), number, number),
    cubed("getitem", lambda a: np.split(a, 2, axis=-1)[1], cube, note="split"),
    cubed("getitem", lambda a: np.array_split(a, 3, axis=2)[0], cube, note="array_split"),
    cubed("getitem", lambda a: np.split(a, [1, 2], axis=1)[2], cube, note="split-places"),
    cubed("getitem", lambda a: np.hsplit(a, 3)[1], cube, note="hsplit"),
    cubed("getitem", lambda a: np.vsplit(a, 2)[1], cube, note="vsplit"),
    cubed("repeat", lambda a: np.repeat(a, 2), x),
    cubed("repeat", lambda a: np.repeat(a, 3, axis=1), cube, note="axis=1"),
    cubed("repeat", lambda a: np.repeat(a, [2, 0, 1], axis=1), cube, note="each"),
    cubed("repeat", lambda a: np.repeat(a, 2), number),
    cubed("tile", lambda a: np.tile(a, 2), x),
    cubed("tile", lambda a: np.tile(a, (2, 1, 3)), x, note="more axes"),
    cubed("tile", lambda a: np.tile(a, 2), cube, note="fewer axes"),
    cubed("tile", lambda a: np.tile(a, 3), number),
    cubed("pad", lambda a: np.pad(a, 1), x),
    cubed("pad", lambda a: np.pad(a, (1, 2)), x, note="pair"),
    cubed("pad", lambda a: np.pad(a, ((0, 1), (2, 0)), constant_values=3.0), x, note="value"),
    *(
        cubed("pad", lambda a, mode=mode: np.pad(a, ((0, 0), (1, 2), (3, 1)), mode=mode), cube, note=mode)
        for mode in ("edge", "reflect", "symmetric", "wrap")
    ),
]

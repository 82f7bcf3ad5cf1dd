"""Cases of ops/indexing.py."""

import numpy as np

import tinygrad_reg as tg
from tinygrad_reg.ops.indexing import ARRAY, Index

from .case import cubed, numbers

row, x, cube = numbers(5), numbers(3, 4, seed=1), numbers(2, 3, 4, seed=2)
mask = x > 0.3
twice = np.array([0, 2, 0, -1])
INDICES = [
    (row, np.s_[2]),
    (row, np.s_[::-2]),
    (row, np.s_[None, 1:-1]),
    (row, twice),
    (row, [True, False, True, True, False]),
    (x, np.s_[-1]),
    (x, np.s_[...]),
    (x, np.s_[1:, ::-1]),
    (x, np.s_[..., 0, None]),
    (x, mask),
    (x, mask[:, 0]),
    (x, np.s_[mask[:, 0], 1:]),
    (x, twice - 1),
    (x, np.s_[:, twice]),
    (x, np.s_[np.arange(3), [0, 3, 0]]),
    (x, np.s_[[0, 0, 2], [1, 1, 3]]),
    (x, np.array([[0, 1], [1, 2]])),
    (x, []),
    (cube, np.s_[1, ..., 2]),
    (cube, np.s_[:, [0, 0, 2]]),
    (cube, np.s_[[1, 1], :, [0, 0]]),
    (cube, np.s_[:, [[0], [2]], None, [0, 0]]),
    (cube, np.s_[np.array([[1], [0]]), np.array([0, 2, 2])]),
    (cube, np.s_[:, mask]),
    (cube, np.s_[np.array(1), 1:, np.array([0, 0])]),
    (np.array(1.5), np.s_[()]),
    (np.array(1.5), np.s_[None, ...]),
]


def added_at(shape, *index):
    def value(a):
        out = np.zeros(shape)
        np.add.at(out, index, a)
        return out

    return value


CASES = [
    *(cubed("getitem", lambda a, i=i: a[i], a, note=str(i).replace("\n", "")) for a, i in INDICES),
    cubed(
        "scatter_add",
        lambda a: tg.ops.scatter_add(a, twice % 3, index=Index((ARRAY,)), shape=(3,)),
        numbers(4),
        value=added_at((3,), twice % 3),
        note="numbers",
    ),
    cubed(
        "scatter_add",
        lambda a: tg.ops.scatter_add(a, twice % 3, index=Index((ARRAY,)), shape=(3, 2)),
        numbers(4, 2),
        value=added_at((3, 2), twice % 3),
        note="rows",
    ),
    cubed(
        "scatter_add",
        lambda a: tg.ops.scatter_add(a, index=Index((slice(None, None, -2),)), shape=(5,)),
        numbers(3),
        value=added_at((5,), slice(None, None, -2)),
        note="slice",
    ),
    cubed("take", lambda a: np.take(a, twice), row),
    cubed("take", lambda a: np.take(a, [[0, 5], [5, 11]]), x, note="flat"),
    cubed("take", lambda a: np.take(a, 1, axis=0), x, note="one"),
    cubed("take", lambda a: np.take(a, twice, axis=-1), cube, note="axis=-1"),
    cubed("take", lambda a: np.take(a, [[0, 1], [1, 1]], axis=0), x, note="rows"),
    cubed("take_along_axis", lambda a: np.take_along_axis(a, np.argsort(x, axis=1), 1), x),
    cubed("take_along_axis", lambda a: np.take_along_axis(a, np.array([[0, 0, 3], [1, 1, 2]])[:, None], -1), cube),
    cubed("take_along_axis", lambda a: np.take_along_axis(a, np.array([[0], [2], [2]]), axis=1), x, note="labels"),
    cubed("take_along_axis", lambda a: np.take_along_axis(a, twice, None), x, note="flat"),
]

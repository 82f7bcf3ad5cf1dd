"""Cases of ops/diagonals.py."""

import numpy as np

from .case import cubed, numbers

x, square, cube, row = numbers(3, 4), numbers(3, 3), numbers(2, 3, 4, seed=1), numbers(3, seed=2)


CASES = [
    *(cubed("diagonal", lambda a, k=k: np.diagonal(a, k), x, note=f"{k}") for k in (0, 1, -2, 4)),
    cubed("diagonal", lambda a: np.diagonal(a, -1, 2, 0), cube, note="axes"),
    cubed("diagonal", lambda a: np.diagonal(a, axis1=-1, axis2=1), cube, note="last"),
    *(cubed("diag", lambda a, k=k: np.diag(a, k), a, note=f"{k}") for a in (row, x) for k in (0, 1, -1)),
    *(cubed("trace", lambda a, k=k: np.trace(a, k), a, note=f"{k}") for a in (square, x, cube) for k in (0, 1, -1)),
    cubed("trace", lambda a: np.trace(a, axis1=2, axis2=1), cube, note="axes"),
    *(cubed("tril", lambda a, k=k: np.tril(a, k), a, note=f"{k}") for a in (x, cube) for k in (0, 1, -1)),
    *(cubed("triu", lambda a, k=k: np.triu(a, k), a, note=f"{k}") for a in (x, cube) for k in (0, 1, -1)),
    cubed("tril", lambda a: np.tril(a), row),
    cubed("triu", lambda a: np.triu(a), row),
]

"""Cases of ops/linalg.py, at matrices that are well away from singular."""

import numpy as np

from tinygrad_reg.ops.linalg import cofactors

from .case import Case, numbers

vector = numbers(3)
matrix, batch = numbers(2, 3, seed=1) ** 3, numbers(2, 2, 3, seed=2) ** 3  # cubed: no sums of rows are equal
square, squares = numbers(3, 3, seed=3) + 3 * np.eye(3), numbers(2, 2, 2, seed=4) + 3 * np.eye(2)
symmetric = square @ square.T


def cofactor_matrix(x):
    minors = [[np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(len(x))] for i in range(len(x))]
    return np.array(minors) * (-1) ** np.add.outer(np.arange(len(x)), np.arange(len(x)))


def norm(ord, axis=None, keepdims=False):
    return lambda x: np.linalg.norm(x, ord, axis, keepdims)


CASES = [
    *(
        Case("norm", norm(*options), (x,), value=norm(*options), note="-".join(map(str, options)).replace(" ", ""))
        for x, options in [
            (np.array(-2.0), (None,)),
            (vector, (None,)),
            (batch, (None,)),
            (batch, (None, 1)),
            (batch, (None, -1, True)),
            (batch, (None, (0, 2))),
            *((vector, (ord,)) for ord in (2, 1, np.inf, -np.inf, 3, 0.5, -1)),
            *((batch, (ord, 1)) for ord in (2, 1, np.inf, -np.inf, 3, 2.5)),
            *((matrix, (ord,)) for ord in ("fro", 1, -1, np.inf, -np.inf)),
            *((batch, (ord, (2, 0))) for ord in ("fro", 1, -1, np.inf, -np.inf)),
            (batch, (1, (0, 1), True)),
        ]
    ),
    *(
        Case(op, function, (x,), value=function)
        for op, function in {
            "inv": lambda x: np.linalg.inv(x),
            "pinv": lambda x: np.linalg.pinv(x),
            "det": lambda x: np.linalg.det(x),
            "logabsdet": lambda x: np.linalg.slogdet(x)[1],
        }.items()
        for x in (square, squares)
    ),
    *(
        Case("pinv", lambda x: np.linalg.pinv(x), (x,), value=np.linalg.pinv)
        for x in (matrix, matrix.T, numbers(2, 3, 2, seed=5))
    ),
    *(
        Case("solve", lambda x, y: np.linalg.solve(x, y), (x, numbers(*y, seed=6)), value=np.linalg.solve)
        for x, *shapes in [(square, (3,), (3, 2), (2, 3, 1)), (squares, (2,), (2, 1), (3, 1, 2, 2))]
        for y in shapes
    ),
    Case("cofactors", cofactors, (square,), value=cofactor_matrix),
    Case("cholesky", lambda x: np.linalg.cholesky(x), (symmetric,), value=lambda x: np.linalg.cholesky(x)),
    Case(
        "cholesky",
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)),
        (numbers(3, 1, 2, 2, seed=7) + 3 * np.eye(2),),
        value=lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)),
        note="batch",
    ),
    Case(
        "cholesky",
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2), upper=True),
        (squares,),
        value=lambda x: np.swapaxes(np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)), -1, -2),
        note="upper",
    ),
    *(
        Case(op, power(n), (square,), value=power(n), note=f"power{n}")
        for op, n in [("where", 0), ("positive", 1), ("matmul", 5), ("inv", -2)]
        for power in [lambda n: lambda x: np.linalg.matrix_power(x, n)]
    ),
]

"""Cases of ops/products.py: every mix of ranks, with batches that broadcast."""

import numpy as np

from tinygrad_reg import ops

from .case import Case, numbers, pair

VECTORS_AND_MATRICES = [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4))]
BATCHES = [((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2))]
BROADCAST = [((2, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 1))]
INNER = [
    ((), (2, 3)),
    ((2, 3), ()),
    ((3,), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (3,)),
    ((2, 3), (4, 3)),
    ((2, 2, 3), (2, 3)),
]

CASES = [
    *(
        Case("matmul", lambda a, b: a @ b, pair(*s), value=np.matmul)
        for s in VECTORS_AND_MATRICES + BATCHES + BROADCAST
    ),
    *(
        Case("affine", ops.affine, (*pair(shape, (3, 4)), numbers(4, seed=3)), value=lambda x, w, b: x @ w + b)
        for shape in [(2, 3), (3,), (2, 5, 3)]
    ),
    *(
        Case("dot", lambda a, b: np.dot(a, b), pair(*s), value=np.dot)
        for s in [((), ()), ((), (2, 3)), ((2, 3), ()), *VECTORS_AND_MATRICES, *BATCHES, ((2, 2, 3), (2, 3, 2))]
    ),
    *(Case("inner", lambda a, b: np.inner(a, b), pair(*s), value=np.inner) for s in INNER),
    *(Case("outer", lambda a, b: np.outer(a, b), pair(*s), value=np.outer) for s in [((3,), (2,)), ((2, 2), (3,))]),
    Case("vdot", lambda a, b: np.vdot(a, b), pair((2, 3), (3, 2)), value=np.vdot),
]

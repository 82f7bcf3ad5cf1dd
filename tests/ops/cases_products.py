"""Cases of ops/products.py: every mix of ranks, with batches that broadcast."""

import numpy as np

from tinygrad_reg import ops

from .case import Case, numbers


def pair(x, y):
    return numbers(*x, seed=1), numbers(*y, seed=2)


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
    *(
        Case(
            "tensordot",
            lambda a, b, axes=axes: np.tensordot(a, b, axes),
            pair(*shapes),
            value=lambda a, b, axes=axes: np.tensordot(a, b, axes),
            note=str(axes).replace(" ", ""),
        )
        for axes, *shapes in [
            (2, (2, 3, 2), (3, 2, 2)),
            (0, (2, 2), (3,)),
            ((0, 1), (3,), (2, 3)),
            (((1, 2), (1, 0)), (2, 3, 2), (2, 3, 2)),
            (((2, 1), (0, 1)), (2, 3, 2), (2, 3, 2)),
            (((-1, 0), (1, 2)), (4, 3, 2), (2, 2, 4)),
        ]
    ),
    *(
        Case(
            "einsum",
            lambda *xs, subscripts=subscripts: np.einsum(subscripts, *xs),
            tuple(numbers(*shape, seed=i) for i, shape in enumerate(shapes)),
            value=lambda *xs, subscripts=subscripts: np.einsum(subscripts, *xs),
            note=subscripts.replace(" ", "_"),
        )
        for subscripts, *shapes in [
            ("ij,jk->ik", (2, 3), (3, 2)),
            ("ij,jk", (2, 3), (3, 2)),
            (" b a ", (2, 3)),
            ("ii->i", (3, 3)),
            ("ii", (3, 3)),
            ("iij->j", (2, 2, 3)),
            ("iii->i", (2, 2, 2)),
            ("ij->i", (2, 3)),
            ("ij->", (2, 3)),
            ("ij,k->k", (2, 2), (3,)),
            ("ii,ij->j", (2, 2), (2, 3)),
            ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
            ("...ij,...jk", (1, 2, 2), (2, 2, 2)),
            ("i...j,j->...", (2, 3, 2), (2,)),
            ("...,...", (2, 3), (3,)),
            ("i,i->i", (1,), (3,)),
            ("i,i->", (3,), (1,)),
            (",i", (), (3,)),
            ("ij,jk,kl->il", (2, 2), (2, 3), (3, 2)),
            ("i,i,i", (3,), (3,), (3,)),
        ]
    ),
]

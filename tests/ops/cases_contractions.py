"""Cases of ops/contractions.py: axes in any order, letters that repeat, are summed, or stand for several."""

import numpy as np

from .case import Case, numbers, pair

CASES = [
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

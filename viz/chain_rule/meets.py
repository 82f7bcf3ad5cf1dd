"""How an upstream gradient meets the other factor of a product: "G @ Wᵀ", "xᵀ @ G", "x ⊗ G", as the shapes have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad_reg.insight.explain import BackwardStep, ForwardStep

# By the number of axes of the two factors: what the first one receives, and what the second one does. o is the other.
_MATRICES = {
    (2, 2): ("G @ oᵀ", "oᵀ @ G"), (1, 2): ("G @ oᵀ", "o ⊗ G"), (2, 1): ("G ⊗ o", "oᵀ @ G"), (1, 1): ("G × o", "G × o"),
}  # fmt: skip
_PATTERNS = {
    "matmul": _MATRICES,
    "affine": {(2, 2): _MATRICES[2, 2]},
    "dot": {**_MATRICES, (0, 0): ("G × o", "G × o")},
    "inner": {
        (2, 2): ("G @ o", "Gᵀ @ o"), (1, 2): ("G @ o", "G ⊗ o"), (2, 1): ("G ⊗ o", "Gᵀ @ o"),
        (1, 1): ("G × o", "G × o"), (0, 0): ("G × o", "G × o"),
    },
}  # fmt: skip
PRODUCTS = frozenset(_PATTERNS)


def pattern(share: BackwardStep, forward: Sequence[ForwardStep]) -> tuple[str, ForwardStep] | None:
    """The product that a share is, such as "G @ oᵀ", and the other factor o; None where it is no plain product."""
    inputs = forward[share.node].inputs
    if share.op not in _PATTERNS or share.position > 1:
        return None
    found = _PATTERNS[share.op].get(tuple(forward[i].value.ndim for i in inputs[:2]))  # type: ignore[arg-type]
    return (found[share.position], forward[inputs[1 - share.position]]) if found else None


def how(share: BackwardStep, forward: Sequence[ForwardStep]) -> str:
    """The same with the other factor's name; where it is no plain product, in the op's own words."""
    product = pattern(share, forward)
    if share.op == "softmax_crossentropy":
        return "G/n ⊙ local" if forward[share.node].options.get("mean") else "G of each sample ⊙ local"
    if product:
        return product[0].replace("o", product[1].name)
    if share.op in _PATTERNS and share.position < 2:  # batches of matrices
        other = forward[forward[share.node].inputs[1 - share.position]].name
        summed = ", summed over the batch" if forward[share.input].value.ndim < share.upstream.ndim else ""
        return (f"{other}ᵀ @ G" if share.position else f"G @ {other}ᵀ") + summed if share.op == "matmul" else share.how
    return share.how


def averaged(share: BackwardStep, forward: Sequence[ForwardStep]) -> int:
    """The n of G/n: over how many numbers the op takes a mean, 1 where it takes none."""
    top, bottom = forward[share.node], forward[share.input]
    if top.op == "mean":
        return bottom.value.size // max(top.value.size, 1)
    return bottom.value[..., 0].size if top.op == "softmax_crossentropy" and top.options.get("mean") else 1


def value_of(token: str, upstream: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """The array that a token of a pattern stands for; None for its sign."""
    array = {"G": upstream, "o": other}.get(token[0])
    return array if array is None else array.T if token.endswith("ᵀ") else array

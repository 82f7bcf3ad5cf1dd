"""What is said of a product's derivative is true: computed as it is written, it is the share that was sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tinygrad_reg import Tensor
from viz.chain_rule.meets import how, pattern, value_of

SIGNS = {"@": np.matmul, "×": np.multiply, "⊗": np.multiply.outer}
SHAPES = {
    "matrices": ((2, 3), (3, 4)), "row @ matrix": ((3,), (3, 4)), "matrix @ column": ((2, 3), (3,)),
    "vectors": ((3,), (3,)),
}  # fmt: skip


def _product(op: str, x: tuple[int, ...], y: tuple[int, ...]) -> tuple[Tensor, Any]:
    rng = np.random.default_rng(0)
    a = Tensor(rng.normal(size=x), requires_grad=True, name="x")
    b = Tensor(rng.normal(size=y), requires_grad=True, name="W")
    z = getattr(np, op)(a, b)
    loss = (z * rng.normal(size=z.shape)).sum()
    return loss, tg.explain(loss)


@pytest.mark.parametrize(
    ("op", "name"),
    [*((op, name) for op in ("matmul", "dot", "inner") for name in SHAPES), ("dot", "numbers"), ("inner", "numbers")],
)
def test_the_product_that_is_written_is_the_share(op: str, name: str) -> None:
    x, y = SHAPES.get(name, ((), ()))
    if op == "inner" and len(y) == 2:
        y = y[::-1]
    _, record = _product(op, x, y)
    shares = [share for share in record.backward if share.op == op]
    assert len(shares) == 2
    for share in shares:
        found = pattern(share, record.forward)
        assert found is not None
        first, sign, second = found[0].split()
        left, right = (value_of(token, share.upstream, found[1].value) for token in (first, second))
        np.testing.assert_allclose(SIGNS[sign](left, right), share.raw, rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ((2, 3), (3, 4), {"x": "G @ Wᵀ", "W": "xᵀ @ G"}),
        ((3,), (3, 4), {"x": "G @ Wᵀ", "W": "x ⊗ G"}),
        ((2, 3), (3,), {"x": "G ⊗ W", "W": "xᵀ @ G"}),
        ((3,), (3,), {"x": "G × W", "W": "G × x"}),
        ((5, 2, 3), (3, 4), {"x": "G @ Wᵀ", "W": "xᵀ @ G, summed over the batch"}),
        ((5, 2, 3), (5, 3, 4), {"x": "G @ Wᵀ", "W": "xᵀ @ G"}),
    ],
)
def test_how_it_is_said(x: tuple[int, ...], y: tuple[int, ...], words: dict[str, str]) -> None:
    _, record = _product("matmul", x, y)
    said = {record.forward[s.input].name: how(s, record.forward) for s in record.backward if s.op == "matmul"}
    assert said == words


def test_the_arrow_of_an_outer_product_does_not_say_elementwise() -> None:
    loss, _ = _product("matmul", (3,), (3, 4))
    steps = viz.steps(loss, engine="builtin")
    chips = [lines for step in steps.steps for lines in step.arrows.values() if lines]
    assert any(lines[0] == "x ⊗" for lines in chips)
    assert any(lines[0] == "@ Wᵀ" for lines in chips)


def test_a_dense_layers_three_shares() -> None:
    rng = np.random.default_rng(0)
    x, w, b = (
        Tensor(rng.normal(size=s), requires_grad=True, name=n) for s, n in (((4, 3), "x"), ((3, 2), "w"), (2, "b"))
    )
    record = tg.explain(tg.ops.affine(x, w, b).sum())
    said = {record.forward[s.input].name: how(s, record.forward) for s in record.backward if s.op == "affine"}
    assert said == {"x": "G @ wᵀ", "w": "xᵀ @ G", "b": "G summed over the samples"}

"""Whatever the engine computes can be drawn: empty arrays, NaN, whole numbers, batches, tensors without a graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz.reading import Written, overlaps, parse, texts
from tinygrad_reg import Tensor


def _without_graph() -> Tensor:
    with tg.no_grad():
        return Tensor(1.0, requires_grad=True) * 2


def _four_times() -> Tensor:
    x = Tensor(2.0, requires_grad=True)
    return x + x + x + x


def _ones(*shape: int, dtype: str = "float64") -> Tensor:
    return Tensor(np.ones(shape, dtype), requires_grad=True)


ODD: dict[str, Callable[[], Tensor]] = {
    "a number": lambda: Tensor(1.0),
    "whole numbers": lambda: Tensor(np.arange(3)),
    "truths": lambda: Tensor(np.array([True, False])),
    "a leaf": lambda: _ones(2),
    "nothing": lambda: (_ones(0, 3) * 2).sum(),
    "NaN": lambda: (_ones(2) * np.nan).sum(),
    "overflow": lambda: Tensor(1e300, requires_grad=True) * 1e300,
    "a vector": lambda: _ones(4) * 2,
    "a large array": lambda: (_ones(100, 100) @ np.ones((100, 2))).sum(),
    "three axes": lambda: (_ones(2, 3, 4) * 2).mean(),
    "a batch of matrices": lambda: (_ones(2, 3, 4) @ _ones(4, 2)).sum(),
    "float32": lambda: (_ones(3, dtype="float32") ** 2).sum(),
    "a fan-out of four": _four_times,
    "an element": lambda: _ones(2, 3)[0, 1],
    "a choice": lambda: np.where(np.array([True, False]), _ones(2), 0.0).sum(),
    "any number of inputs": lambda: np.concatenate([_ones(1), _ones(2), _ones(3)]).sum(),
    "a sum of products": lambda: np.einsum("ij,jk->ik", _ones(2, 3), _ones(3, 2)).sum(),
    "a mask": lambda: (_ones(3, 3) * tg.ops.bernoulli(keep=0.5, shape=(3, 3), rng=0)).sum(),
    "under no_grad": _without_graph,
}


@pytest.mark.parametrize("name", ODD)
def test_it_can_be_drawn(name: str) -> None:
    tensor = ODD[name]()
    assert overlaps(parse(viz.graph(tensor, engine="builtin").svg)) == []
    steps = viz.steps(tensor, engine="builtin")
    assert steps.html.endswith("</html>\n")
    for n in range(1, len(steps) + 1):
        assert overlaps(parse(steps.still(n).svg)) == []
    record = tg.explain(tensor)
    if record.backward:
        assert overlaps(parse(viz.flow(tensor).svg)) == []
        for step in record.forward:
            if step.kind == "parameter":
                derived = viz.derivation(tensor, wrt=step.tensor)
                np.testing.assert_allclose(derived.gradient, step.gradient)
    else:
        with pytest.raises(ValueError, match="no graph to go back through"):
            viz.flow(tensor)


def test_the_norm_of_half_precision_is_the_same_in_every_picture() -> None:
    w = Tensor(np.ones(5, np.float16), requires_grad=True, name="w")
    loss = (w * np.array([300, 400, 0, 0, 0], np.float16)).sum()
    loss.backward()
    assert "grad norm 500" in " ".join(t.text for t in texts(parse(viz.graph(loss, engine="builtin").svg)))
    assert "norm 500" in viz.steps(loss, engine="builtin").html
    assert 'data-name="w" data-gradient="500.0"' in viz.flow(loss).svg
    assert viz.derivation(loss, wrt=w).latex_lines[-1].endswith(r"\mathrm{norm}\;500)")
    assert "norm 500" in str(tg.explain(loss))


def test_the_reader_of_pictures_sees_an_overlap() -> None:
    one = Written("one", 0, 0, 30, 10)
    assert one.overlaps(Written("two", 25, 5, 60, 15))
    assert not one.overlaps(Written("two", 31, 0, 60, 10))
    two = '<text x="0" y="9" font-size="10">a</text><text x="3" y="12" font-size="10">b</text>'
    assert overlaps(parse(f'<svg xmlns="http://www.w3.org/2000/svg">{two}</svg>')) == [("a", "b")]

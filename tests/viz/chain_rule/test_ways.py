"""Ways of the gradient through a record: counted, found by number, and the longest of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

import tinygrad_reg as tg
from tests.viz import examples
from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import BackwardStep, Record
from viz.chain_rule.ways import Ways, find, longest


def _names(record: Record, way: list[list[BackwardStep]]) -> list[str]:
    return [record.forward[shares[0].input].name for shares in way]


def test_every_way_has_a_number() -> None:
    w = Tensor(0.5, requires_grad=True, name="w")
    q = w * 2
    r = q.tanh() + q.sigmoid() + w
    record = tg.explain(r)
    ways = Ways(record, find(record, w))
    found = [_names(record, ways.way(n)) for n in range(ways.count)]
    assert len(found) == len({tuple(names) for names in found}) == 3
    assert all(names[-1] == "w" for names in found)
    assert ["w"] in found  # r takes it directly, too


def test_shares_of_one_pair_are_one_way() -> None:
    w = Tensor(0.5, requires_grad=True, name="w")
    record = tg.explain(w * w)
    ways = Ways(record, find(record, w))
    assert ways.count == 1
    assert [len(shares) for shares in ways.way(0)] == [2]


def test_they_may_be_more_than_an_integer_of_the_machine_holds() -> None:
    w = x = Tensor(1.0, requires_grad=True, name="w")
    for _ in range(70):
        x = x.tanh() + x.sigmoid()
    record = tg.explain(x)
    ways = Ways(record, find(record, w))
    assert ways.count == 2**70
    assert len(ways.way(2**70 - 1)) == 140


def test_the_longest_one_goes_to_the_leaf_that_is_furthest_away() -> None:
    loss, biases = examples.lecture_chain()
    record = tg.explain(loss)
    way = longest(record, None)
    assert record.forward[way[0].node].tensor is loss
    assert all(one.input == other.node for one, other in pairwise(way))
    assert record.forward[way[-1].input].name == "w1"
    assert longest(record, find(record, biases[3]))[-1].op == "add"


def test_no_way_leads_to_what_the_gradient_does_not_reach() -> None:
    loss = examples.neuron()
    record = tg.explain(loss)
    target = next(step.index for step in record.forward if step.name == "y")
    for look in (Ways, longest):
        with pytest.raises(ValueError, match="no gradient goes from L to y"):
            look(record, target)

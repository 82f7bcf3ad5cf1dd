"""Random graphs captured as programs: the same bits as the graph, on the numbers of the capture and on others."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_reg as tg

from .examples import examples
from .graphs import Graph


@examples(12)
@given(st.builds(Graph, seed=st.integers(0, 2**32 - 1), ops=st.integers(3, 30)))
def test_the_program_of_a_graph_gives_its_bits(graph):
    assume(can_be_captured(graph))
    check_program(graph)


def can_be_captured(graph):
    """compress has as many elements as its condition's values say, so no program can repeat it."""
    return all(case.op != "compress" for case in graph.cases)


def check_program(graph):
    """Value and gradients: the numbers that it was captured with, others, and the first ones again."""

    def step(*arrays):
        leaves = [tg.Tensor(x, requires_grad=True) for x in arrays]
        loss = graph(*leaves)
        return [loss, *map(np.positive, tg.gradients(loss, leaves))]

    fast = tg.compile(step)
    others = [np.array(x, order="K") for x in graph.leaves]  # in the same layout, which the program was made for
    for x in others:
        x += 0.01 * np.sin(np.arange(x.size) + graph.seed % 7).reshape(x.shape)
    for arrays in (graph.leaves, others, graph.leaves):
        for ours, wanted in zip(fast(*arrays), step(*arrays), strict=True):
            a, b = (x.data if isinstance(x, tg.Tensor) else x for x in (ours, wanted))
            assert a.shape == b.shape and a.dtype == b.dtype, str(graph)
            assert np.array_equal(a, b, equal_nan=True), str(graph)
    assert len(fast._programs) == 1

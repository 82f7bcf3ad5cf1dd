"""How a graph that is too large to read is folded: blocks, layers, the middle."""

from __future__ import annotations

import numpy as np

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import forward_steps
from viz.graphs.fold import fold


def test_a_chain_of_ten_thousand_is_folded() -> None:
    loss = examples.chain(10_000)
    picture = viz.graph(loss, engine="builtin")
    assert "more identical blocks" in picture.svg
    assert picture.svg.count('class="node') < 10


def test_identical_blocks_are_counted() -> None:
    svg = viz.graph(examples.blocks(), max_nodes=12, engine="builtin").svg
    assert "… 28 more identical blocks …" in svg
    assert "56 operations, 9 parameters" in svg
    assert "block 1 of 30" in svg
    assert "block 30 of 30" in svg


def test_where_nothing_repeats_the_middle_is_counted() -> None:
    x = Tensor(0.5, requires_grad=True, name="x")
    ops = ["tanh", "sigmoid", "relu", "__neg__"]
    rng = np.random.default_rng(0)
    for _ in range(300):
        x = getattr(x, ops[rng.integers(4)])()
    picture = viz.graph(x, max_nodes=20, engine="builtin")
    assert picture.svg.count('class="node') <= 20
    assert "operations not shown" in picture.svg


def test_micrograd_neurons_are_folded() -> None:
    inputs = [Tensor(0.1 * i, requires_grad=True, name=f"x{i}") for i in range(3)]
    outs = []
    for _ in range(40):
        z = Tensor(0.0, requires_grad=True)
        for x in inputs:
            z = z + Tensor(0.5, requires_grad=True) * x
        outs.append(z.tanh())
    total = outs[0]
    for out in outs[1:]:
        total = total + out
    assert viz.graph(total, engine="builtin").svg.count('class="node') <= 60


def test_depth_closes_layers() -> None:
    svg = viz.graph(examples.autoencoder(), depth=1, engine="builtin").svg
    assert "layer 0" in svg
    assert "layer 0.0" not in svg
    assert svg.count('class="node layer"') == 2


def test_what_a_closed_layer_draws_for_itself_is_in_its_box() -> None:
    tg.seed(0)
    block = tg.Sequential(tg.Dense(3, 3, activation="relu"), tg.Dropout(0.5), tg.Dense(3, 3))
    loss = np.sum(tg.Sequential(tg.Dense(2, 3), block)(np.ones((4, 2))))
    assert "mask" in viz.graph(loss, depth=2, engine="builtin").svg
    closed = viz.graph(loss, depth=1, engine="builtin").svg
    assert closed.count(">layer 1<") == 1
    assert "mask" not in closed


def test_a_penalty_is_no_second_layer_of_the_same_name() -> None:
    svg = viz.graph(examples.regularized(), depth=1, engine="builtin").svg
    assert svg.count(">layer 0<") == 1
    assert svg.count(">penalty of layer 0<") == 1
    assert svg.count(">penalty of layer 3<") == 1


def test_the_blocks_of_a_loop_are_its_steps_and_have_gradients() -> None:
    out = examples.recurrent(30)
    out.backward()
    svg = viz.graph(out, engine="builtin").svg
    assert svg.count(">… 27 more identical blocks …<") == svg.count(">block 1 of 29<") == 1
    assert "v2 = x @ U" in svg
    assert "x₃₀ @ U" in svg
    assert "grad not computed yet" not in svg
    assert ">108 operations" in svg  # four a step: its input is none
    last = [unit for unit in fold(forward_steps(out), 60) if unit.cluster == "block 29 of 29"]
    assert [unit.signature[0] for unit in last] == [None, "matmul", "matmul", "add", "tanh"]


def test_a_graph_drawn_whole_has_every_node() -> None:
    assert viz.graph(examples.chain(80), max_nodes=None, engine="builtin").svg.count('class="node') == 161

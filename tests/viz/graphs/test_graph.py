"""viz.graph: what is drawn, that it can be read, and how large graphs are folded."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.reading import by_id, overlaps, parse, texts
from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import forward_steps
from viz.graphs.digraph import digraph
from viz.graphs.engine import place
from viz.graphs.fold import fold
from viz.graphs.rows import fit
from viz.graphs.trace import Drawing, Labels, drawing, in_layers
from viz.ink.text import width
from viz.ink.theme import LIGHT

GOLDEN = Path(__file__).parent / "golden"
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot on this machine (apt install graphviz)")


def _backward(loss: Tensor) -> Tensor:
    loss.backward()
    return loss


def _folded() -> Tensor:
    h = Tensor(np.full((2, 3), 0.5), name="h0")
    w = Tensor(np.eye(3), requires_grad=True, name="W")
    for _ in range(30):
        h = (h @ w).tanh()
    return h.sum()


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("neuron", lambda: viz.graph(_backward(examples.neuron()), title="One neuron")),
        ("neuron-before-backward", lambda: viz.graph(examples.neuron(), theme="dark", show="grad", direction="TB")),
        ("network", lambda: viz.graph(_backward(examples.network()), digits=3)),
        ("layers", lambda: viz.graph(examples.dense(layers=2)[1], show="value")),
        ("layers-closed", lambda: viz.graph(examples.autoencoder(), depth=1, show="shape")),
        ("folded", lambda: viz.graph(_backward(_folded()), max_nodes=12)),
    ],
)
def test_golden_dot_text(name: str, draw: object) -> None:
    """The DOT text is the one that was looked at. After a wanted change: UPDATE_GOLDEN=1, and look at the diff."""
    path = GOLDEN / f"{name}.dot"
    found = draw().dot  # type: ignore[operator]
    found = re.sub(r"\(line \d+\)", "(line)", found)  # where the tests' own lines stand is no part of a picture
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text()


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
@pytest.mark.parametrize("name", examples.ALL)
def test_no_text_covers_another(name: str, engine: str) -> None:
    picture = viz.graph(
        examples.ALL[name](), engine=engine, title="A title that is rather long, for a graph that may be small"
    )
    root = parse(picture.svg)
    assert overlaps(root) == []
    w, h = float(root.get("width", "")), float(root.get("height", ""))
    for line in texts(root):
        assert line.left >= 0
        assert line.right <= w + 1
        assert 0 <= line.top < line.bottom <= h


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
def test_ids_and_numbers(engine: str) -> None:
    loss = _backward(examples.neuron())
    root = parse(viz.graph(loss, engine=engine).svg)
    ids = by_id(root)
    prefix = next(iter(ids)).removesuffix("title")
    nodes = [i for i in ids if i.startswith(f"{prefix}n")]
    assert sorted(nodes) == sorted(f"{prefix}n{i}" for i in range(13))
    assert sum(i.startswith(f"{prefix}e") for i in ids) == 13
    for step in tg.explain(loss).forward:
        shown = [t.text for t in ids[f"{prefix}n{step.index}"].iter() if t.tag.endswith("text")]
        assert shown[0].split(" = ")[0] == step.name
        assert float(shown[1].replace("−", "-")) == pytest.approx(float(step.value), rel=1e-3)
        if step.tensor.grad is not None:
            assert float(shown[2].removeprefix("grad ").replace("−", "-")) == pytest.approx(
                float(step.tensor.grad), rel=1e-3
            )


def test_two_arrows_for_an_input_that_is_used_twice() -> None:
    x = Tensor(3.0, requires_grad=True, name="x")
    square = x * x
    assert viz.graph(square, engine="builtin").dot.count("n0 -> n1") == 2


def test_before_backward_a_gradient_is_not_computed_yet() -> None:
    text = viz.graph(examples.neuron(), engine="builtin").svg
    assert "not computed yet" in text
    assert "grad 0" not in text


def test_of_several_outputs_each_is_drawn() -> None:
    w = Tensor(2.0, requires_grad=True, name="w")
    one = w * 3
    other = w + 1
    picture = viz.graph([one, other], engine="builtin")
    assert picture.svg.count('class="node op"') == 2
    assert picture.svg.count(">w<") == 1


def test_a_tensor_without_a_graph_is_one_box() -> None:
    assert viz.graph(Tensor([1.0, 2.0], name="alone"), engine="builtin").svg.count('class="node') == 1


def test_a_chain_of_ten_thousand_is_folded() -> None:
    loss = examples.chain(10_000)
    picture = viz.graph(loss, engine="builtin")
    assert "more identical blocks" in picture.svg
    assert picture.svg.count('class="node') < 10


def test_identical_blocks_are_counted() -> None:
    svg = viz.graph(_folded(), max_nodes=12, engine="builtin").svg
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


def test_layers_are_frames() -> None:
    assert viz.graph(examples.dense(layers=2)[1], engine="builtin").svg.count('class="cluster"') == 3


def test_a_graph_of_older_values_is_refused() -> None:
    w = Tensor(2.0, requires_grad=True, name="w")
    loss = w * 3
    w.data = np.array(5.0)
    with pytest.raises(RuntimeError, match="new values"):
        viz.graph(loss)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"direction": "RL"}, ValueError, "direction must be one of 'LR', 'TB', not 'RL'"),
        ({"show": "values"}, ValueError, "show must join"),
        ({"depth": 0}, ValueError, r"depth must be a whole number ≥ 1 \(None: all levels of layers\), not 0"),
        ({"max_nodes": 2}, ValueError, "max_nodes must be a whole number from 3 to 2000"),
        ({"max_nodes": 5000}, ValueError, "None: everything is drawn"),
        ({"engine": "neato"}, ValueError, "engine must be one of 'auto', 'dot', 'builtin'"),
        ({"theme": "blue"}, ValueError, "theme must be one of 'light', 'dark'"),
        ({"digits": 0}, ValueError, "digits must be a whole number from 1 to 17"),
        ({"digits": "4"}, TypeError, "digits must be"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        viz.graph(examples.neuron(), **options)  # type: ignore[arg-type]


def test_only_tensors_can_be_drawn() -> None:
    with pytest.raises(TypeError, match=r"not Dense; a model's graph is that of what it computes: graph\(model\(x\)\)"):
        viz.graph(tg.Dense(2, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a Tensor or a list of Tensors, not float"):
        viz.graph(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a Tensor"):
        viz.graph([])


def test_a_graph_drawn_whole_has_every_node() -> None:
    assert viz.graph(examples.chain(80), max_nodes=None, engine="builtin").svg.count('class="node') == 161


def _placed(loss: Tensor, rows: int | None, direction: str = "LR", engine: str = "builtin") -> Drawing:
    steps = forward_steps(loss, call="")
    labels = Labels(steps, frozenset({"value"}), 3)
    plan = drawing(steps, in_layers(fold(steps, 60), steps), labels, direction=direction)
    place(plan, digraph(plan, LIGHT).source, engine, rows=rows)
    return plan


@pytest.mark.parametrize("name", ["regularized", "convolution", "autoencoder", "dense"])
def test_a_long_graph_is_set_in_rows_that_fit_a_slide(name: str) -> None:
    loss = examples.ALL[name]()
    assert fit(_placed(loss, None)) > 1.2 * fit(_placed(loss, 1))


def _along(points: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Places on a curve, close to each other."""
    for at in range(0, len(points) - 3, 3):
        for step in range(33):
            t = step / 32
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(w * p[i] for w, p in zip(weights, points[at : at + 4], strict=True)) for i in (0, 1))
            yield x, y


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
@pytest.mark.parametrize("name", examples.ALL)
def test_in_rows_boxes_keep_apart_and_arrows_end_at_them(name: str, rows: int) -> None:
    plan = _placed(examples.ALL[name](), rows)
    for i, one in enumerate(plan.boxes):
        for other in plan.boxes[i + 1 :]:
            apart = abs(one.x - other.x) >= (one.w + other.w) / 2 or abs(one.y - other.y) >= (one.h + other.h) / 2
            assert apart, (one.lines, other.lines)
    for arrow in plan.arrows:
        tail, head = plan.box(arrow.tail), plan.box(arrow.head)
        assert len(arrow.points) % 3 == 1
        assert arrow.points[0][0] == pytest.approx(tail.x + tail.w / 2)
        assert arrow.points[-1][0] == pytest.approx(head.x - head.w / 2)
        for x, y in _along(arrow.points):
            for box in plan.boxes:
                if box.id not in (arrow.tail, arrow.head):
                    inside = abs(x - box.x) < box.w / 2 - 2 and abs(y - box.y) < box.h / 2 - 2
                    assert not inside, f"the arrow from {tail.lines[0]} to {head.lines[0]} crosses {box.lines[0]}"
    for x, y in (point for arrow in plan.arrows for point in arrow.points):
        assert 0 <= x <= plan.w
        assert 0 <= y <= plan.h


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", ["regularized", "convolution", "residual", "autoencoder", "dense"])
def test_the_builtin_layout_frames_every_layer_and_nothing_else(name: str, rows: int) -> None:
    plan = _placed(examples.ALL[name](), rows)
    assert {frame.path for frame in plan.placed} == {frame.path for frame in plan.frames}
    for frame in plan.placed:
        assert frame.corners is not None, frame.title
        left, top, right, bottom = frame.corners
        for box in plan.boxes:
            if box.id in frame.boxes:
                assert left < box.x < right
                assert top < box.y < bottom


FRAMED = ["regularized", "convolution", "residual", "autoencoder", "dense"]


@pytest.mark.parametrize(("direction", "rows"), [("LR", 1), ("LR", 2), ("LR", 3), ("TB", 1)])
@pytest.mark.parametrize("name", FRAMED)
def test_frames_of_layers_keep_apart(name: str, direction: str, rows: int) -> None:
    plan = _placed(examples.ALL[name](), rows, direction)
    for i, one in enumerate(plan.placed):
        for other in plan.placed[i + 1 :]:
            if one.boxes <= other.boxes or other.boxes <= one.boxes:
                continue
            assert one.corners and other.corners, (one.title, other.title)
            (a, b, c, d), (e, f, g, h) = one.corners, other.corners
            assert min(c, g) <= max(a, e) or min(d, h) <= max(b, f), (one.title, other.title)


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
@pytest.mark.parametrize(("direction", "rows"), [("LR", 1), ("LR", 3), ("TB", 1)])
@pytest.mark.parametrize("name", FRAMED)
def test_no_arrow_runs_through_the_title_of_a_frame(name: str, direction: str, rows: int, engine: str) -> None:
    plan = _placed(examples.ALL[name](), 1 if engine == "dot" else rows, direction, engine)
    for frame in plan.placed:
        assert frame.corners is not None
        left, top = frame.corners[0] + frame.title_at, frame.corners[1] + 4
        right = left + width(frame.title, 11.5, bold=True)
        for arrow in plan.arrows:
            crossed = any(left < x < right and top < y < top + 12 for x, y in _along(arrow.points))
            assert not crossed or (frame.is_crossed and direction == "TB"), frame.title
    assert sum(frame.is_crossed for frame in plan.placed) <= 2  # these stand on paper of their own, over the arrows


@pytest.mark.parametrize("name", FRAMED)
def test_arrows_to_another_row_go_round_the_frames(name: str) -> None:
    plan = _placed(examples.ALL[name](), 3)
    corners = [frame.corners for frame in plan.placed if frame.corners]
    turns = [arrow.turn for arrow in plan.arrows if arrow.turn]
    assert turns
    for x, y in turns:
        assert x < min(left for left, _, _, _ in corners)
        assert not any(top < y < bottom for _, top, _, bottom in corners)


def test_what_is_made_of_a_layers_parameters_stands_by_what_uses_it() -> None:
    plan = _placed(examples.convolution(), 1)
    bias = next(box for box in plan.boxes if "reshape(0.bias" in box.lines[0].text)
    used = plan.box(next(arrow.head for arrow in plan.arrows if arrow.tail == bias.id))
    assert not any(bias.x < box.x < used.x - 1 for box in plan.boxes)


def test_a_call_that_is_too_long_for_a_box_keeps_whole_arguments() -> None:
    svg = viz.graph(examples.residual(), engine="builtin").svg
    titles = re.findall(r'class="title">([^<]*…[^<]*)<', svg)
    assert "v21 = max_pool2d(v20, size=2, …)" in titles
    assert "v9 = standardize(v8, …)" in titles
    assert all(title.count("(") == title.count(")") for title in titles)


def test_what_begins_on_the_way_leaves_the_trunk_straight() -> None:
    terms = [Tensor(float(i), requires_grad=True, name=f"t{i}") for i in range(24)]
    total = terms[0] * 1.0
    for term in terms[1:]:
        total = total + term * term
    plan = _placed(total, 1)
    trunk = [box.y for box in plan.boxes if " + " in box.lines[0].text]
    assert len(trunk) == 23
    assert max(trunk) - min(trunk) < 100


def test_a_penalty_is_no_second_layer_of_the_same_name() -> None:
    svg = viz.graph(examples.regularized(), depth=1, engine="builtin").svg
    assert svg.count(">layer 0<") == 1
    assert svg.count(">penalty of layer 0<") == 1
    assert svg.count(">penalty of layer 3<") == 1


@pytest.mark.parametrize("options", [{"rows": 0}, {"rows": 2, "direction": "TB"}, {"rows": 2, "engine": "dot"}])
def test_rows_that_mean_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rows( must|=)"):
        viz.graph(examples.neuron(), **options)  # type: ignore[arg-type]

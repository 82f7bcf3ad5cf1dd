"""Where the built-in layout puts boxes, arrows and frames, in one row and in several."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import viz
from tests.viz import examples
from tests.viz.examples import needs_dot
from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import forward_steps
from viz.graphs.digraph import digraph
from viz.graphs.engine import place
from viz.graphs.fold import fold
from viz.graphs.rows import fit
from viz.graphs.trace import Drawing, Labels, drawing, in_layers
from viz.ink.text import width
from viz.ink.theme import LIGHT


def _placed(loss: Tensor, rows: int | None, direction: str = "LR", engine: str = "builtin") -> Drawing:
    steps = forward_steps(loss, call="")
    labels = Labels(steps, frozenset({"value"}), 3)
    plan = drawing(in_layers(fold(steps, 60), steps), labels, direction=direction)
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


def test_what_begins_on_the_way_leaves_the_trunk_straight() -> None:
    terms = [Tensor(float(i), requires_grad=True, name=f"t{i}") for i in range(24)]
    total = terms[0] * 1.0
    for term in terms[1:]:
        total = total + term * term
    plan = _placed(total, 1)
    trunk = [box.y for box in plan.boxes if " + " in box.lines[0].text]
    assert len(trunk) == 23
    assert max(trunk) - min(trunk) < 100


def test_what_a_recurrent_network_makes_of_an_input_stands_in_the_step_that_uses_it() -> None:
    u, w = (Tensor(0.5, requires_grad=True, name=name) for name in "uw")
    h = Tensor(0.0, name="h")
    for x in (1.0, 2.0, 3.0, 4.0):
        h = np.tanh(u * Tensor(x, name="x") + w * h)
    plan = _placed(h, 1)
    of_inputs = [box.x for box in plan.boxes if "u × x" in box.lines[0].text]
    of_state = [box.x for box in plan.boxes if "w × h" in box.lines[0].text]
    assert of_inputs == pytest.approx(of_state, abs=1)
    assert len(of_inputs) == 4


@pytest.mark.parametrize("options", [{"rows": 0}, {"rows": 2, "direction": "TB"}, {"rows": 2, "engine": "dot"}])
def test_rows_that_mean_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rows( must|=)"):
        viz.graph(examples.neuron(), **options)  # type: ignore[arg-type]

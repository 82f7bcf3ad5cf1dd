"""viz.graph: what is drawn, that it can be read, and how large graphs are folded."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.examples import needs_dot
from tests.viz.reading import by_id, overlaps, parse, texts
from tinygrad_reg import Tensor

GOLDEN = Path(__file__).parent / "golden"


def _backward(loss: Tensor) -> Tensor:
    loss.backward()
    return loss


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("neuron", lambda: viz.graph(_backward(examples.neuron()), title="One neuron")),
        ("neuron-before-backward", lambda: viz.graph(examples.neuron(), theme="dark", show="grad", direction="TB")),
        ("network", lambda: viz.graph(_backward(examples.network()), digits=3)),
        ("layers", lambda: viz.graph(examples.dense(layers=2)[1], show="value")),
        ("layers-closed", lambda: viz.graph(examples.autoencoder(), depth=1, show="shape")),
        ("folded", lambda: viz.graph(_backward(examples.blocks()), max_nodes=12)),
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


def test_a_call_that_is_too_long_for_a_box_keeps_whole_arguments() -> None:
    svg = viz.graph(examples.residual(), engine="builtin").svg
    titles = re.findall(r'class="title">([^<]*…[^<]*)<', svg)
    assert "v21 = max_pool2d(v20, size=2, …)" in titles
    assert any(re.fullmatch(r"v\d+ = standardize\(v\d+, …\)", title) for title in titles)
    assert all(title.count("(") == title.count(")") for title in titles)

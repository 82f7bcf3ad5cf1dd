"""viz.steps without a browser: what the steps say, in numbers, and the stills."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.reading import boxes, by_id, overlaps, parse, texts
from tinygrad_reg import Tensor
from viz.lessons.blocks import MOST
from viz.lessons.terms import Array, Row, Step


def _steps(loss: Tensor, **options: object) -> viz.Steps:
    return viz.steps(loss, engine="builtin", **options)  # type: ignore[arg-type]


def _arrays(row: Row) -> list[np.ndarray]:
    return [term.value for term in row.terms if isinstance(term, Array)]


def _called(steps: viz.Steps, words: str) -> Step:
    return next(step for step in steps.steps if words in step.title)


def test_the_order_is_forward_backward_update() -> None:
    loss = examples.neuron()
    leaves = [s.tensor for s in tg.explain(loss).forward if s.kind == "parameter"]
    steps = _steps(loss, optimizer=tg.optim.SGD(leaves, lr=0.1))
    phases = [step.phase for step in steps.steps]
    assert phases == sorted(phases, key=["forward", "backward", "update"].index)
    assert (phases.count("forward"), phases.count("update")) == (8, 4)


def test_a_share_is_upstream_times_local() -> None:
    for row in _called(_steps(examples.neuron()), "Back through h2 = w2 × x2").rows:
        upstream, local, contribution = _arrays(row)
        assert contribution == pytest.approx(float(upstream) * float(local), rel=1e-15)


def test_a_matrix_product_is_transposed_in_a_step_for_each_side() -> None:
    loss = examples.network()
    loss.backward()
    steps = _steps(loss)
    tensors = {step.name: step.tensor for step in steps.record.forward}
    to_input = _called(steps, "Back through M2 = A1 @ W2, to A1").rows[0]
    to_weight = _called(steps, "Back through M2 = A1 @ W2, to W2").rows[0]
    upstream, turned, out = _arrays(to_input)
    np.testing.assert_array_equal(turned, tensors["W2"].data.T)
    np.testing.assert_array_equal(upstream @ turned, out)
    turned, upstream, out = _arrays(to_weight)
    np.testing.assert_array_equal(turned, tensors["A1"].data.T)
    np.testing.assert_array_equal(out, tensors["W2"].grad)


def test_broadcasting_is_undone_in_a_step_of_its_own() -> None:
    loss = examples.network()
    loss.backward()
    steps = _steps(loss)
    copies, total = _arrays(_called(steps, "Undo the broadcasting of b1").rows[0])
    assert copies.shape == (4, 2)
    np.testing.assert_allclose(copies.sum(axis=0), total, rtol=1e-15)
    np.testing.assert_array_equal(total, next(s.tensor.grad for s in steps.record.forward if s.name == "b1"))


def test_shares_of_a_fan_out_are_added_in_a_step_of_their_own() -> None:
    so_far, share, total = _arrays(_called(_steps(examples.neuron()), "e is used 2 times").rows[0])
    assert float(so_far) + float(share) == float(total)


def test_the_source_line_stands_beside_a_step() -> None:
    step = _called(_steps(examples.neuron()), "Back through z = s + b")
    assert step.code == "z = s + b"
    assert re.fullmatch(r"examples\.py:\d+", step.place)


@pytest.mark.parametrize("name", examples.ALL)
def test_the_last_changes_are_the_gradients(name: str) -> None:
    loss = examples.ALL[name]()
    loss.backward()
    steps = _steps(loss, digits=17)
    final: dict[str, str] = {}
    for step in steps.steps:
        final |= {box: change["grad"] for box, change in step.changes.items() if "grad" in change}
    for box in steps.plan.boxes:
        tensor = steps.record.forward[box.unit.members[-1]].tensor
        if tensor.requires_grad and len(box.unit.members) == 1:
            shown = json.loads(final[box.id].removeprefix("norm ").replace("−", "-"))
            grad = tensor.grad
            assert grad is not None
            norm = pytest.approx(np.linalg.norm(grad), rel=1e-14)
            assert shown == (
                grad.tolist() if isinstance(shown, list) else float(grad.item()) if grad.size == 1 else norm
            )


def test_no_grad_is_touched() -> None:
    loss = examples.network()
    _steps(loss).html  # noqa: B018
    assert all(step.tensor.grad is None for step in tg.explain(loss).forward)


def test_the_update_is_in_the_optimizers_own_formula_and_changes_nothing() -> None:
    w = Tensor([1.0, -2.0], requires_grad=True, name="w")
    loss = (w * w).sum()
    optimizer = tg.optim.Adam([w], lr=0.1)
    steps = _steps(loss, optimizer=optimizer)
    shown = steps.steps[-1]
    assert shown.formula == optimizer.formula
    new = _arrays(shown.rows[-1])[-1]
    assert w.grad is None
    loss.backward()  # the graph is still good: nothing has moved
    optimizer.step()
    np.testing.assert_allclose(new, w.data, rtol=1e-15)


def test_plain_descent_is_one_equation() -> None:
    w = Tensor(3.0, requires_grad=True, name="w")
    step = _steps(w * w, optimizer=tg.optim.SGD([w], lr=0.5)).steps[-1]
    old, gradient, new = _arrays(step.rows[0])
    assert (float(old), float(gradient), float(new)) == (3.0, 6.0, 0.0)


def test_an_optimizer_that_has_nothing_to_do_with_it_is_refused() -> None:
    stranger = tg.optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.1)
    with pytest.raises(ValueError, match="none of the optimizer's parameters"):
        _steps(examples.neuron(), optimizer=stranger)
    with pytest.raises(TypeError, match=r"optimizer must be one of tinygrad_reg\.optim"):
        _steps(examples.neuron(), optimizer="SGD")


@pytest.mark.parametrize("build", [lambda: examples.chain(3000), lambda: examples.dense(layers=30)[1]])
def test_a_long_lesson_goes_by_blocks(build: object) -> None:
    steps = _steps(build())  # type: ignore[operator]
    assert len(steps) <= MOST
    assert len(steps.html) < 2_000_000
    shown = {box for step in steps.steps for box in step.active}
    assert shown == {box.id for box in steps.plan.boxes}


@pytest.mark.parametrize("name", examples.ALL)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_in_a_still_covers_another(name: str, theme: str) -> None:
    steps = _steps(examples.ALL[name]())
    for n in range(1, len(steps) + 1):
        root = parse(steps.still(n, theme=theme).svg)
        by_id(root)
        below = [line for line in texts(root) if line.text]
        assert overlaps(root) == [], f"step {n}: {steps.steps[n - 1].title}"
        assert all(line.right <= 1401 for line in below if line.top > 460), f"step {n}"


def test_a_still_shows_its_step(tmp_path: Path) -> None:
    steps = _steps(examples.neuron())
    at = next(i for i, step in enumerate(steps.steps, 1) if step.title == "Back through h2 = w2 × x2")
    steps.still(at).save(tmp_path / "step.svg")
    shown = [t.text for t in texts(parse((tmp_path / "step.svg").read_text()))]
    assert "Back through h2 = w2 × x2" in shown
    assert shown.count("−0.4053") >= 2  # on the arrow and in the equation
    assert "grad −0.1621" in shown
    with pytest.raises(IndexError, match="steps 1 to 17"):
        steps.still(0)
    with pytest.raises(IndexError, match="steps 1 to 17, but not True"):
        steps.still(True)
    assert steps.still(np.int64(2)).svg == steps.still(2).svg
    with pytest.raises(ValueError, match=r"saved as \.svg, \.png, \.pdf, \.dot, \.html"):
        steps.still(1).save(tmp_path / "step.gif")


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    viz.steps(examples.network(), tmp_path / "steps.html", engine="builtin")
    page = (tmp_path / "steps.html").read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["steps.html"]
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!data:|#)\w""", page.replace("link.href", ""))
    assert set(re.findall(r"https?://[^\s\"'<>]+", page)) == {"http://www.w3.org/2000/svg"}


def test_exact_numbers_stand_in_data_attributes() -> None:
    loss = examples.network()
    loss.backward()
    steps = _steps(loss)
    rows = re.findall(r'<tr id="row-(n\d+)" data-kind="free" data-value="([^"]+)" data-gradient="([^"]+)"', steps.html)
    assert len(rows) == 13
    for box, value, gradient in rows:
        tensor = steps.record.forward[steps.plan.box(box).unit.members[0]].tensor
        np.testing.assert_array_equal(json.loads(value), tensor.data)
        np.testing.assert_array_equal(json.loads(gradient), tensor.grad)


def test_large_arrays_are_summarised() -> None:
    x = Tensor(np.array([np.nan, np.inf] + [1.0] * 60), requires_grad=True, name="x")
    summary = dict(Array(x.data).summary(4))
    assert summary == {"shape": "62", "min": "1", "max": "1", "mean": "1", "norm": "nan", "NaN": "1", "inf": "1"}
    assert "summary of a large array" in _steps((x * 2).sum()).html


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(TypeError, match="not Dense; call the model"):
        viz.steps(tg.Dense(2, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a Tensor, the loss, not int"):
        viz.steps(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="theme must be one of 'auto', 'light', 'dark'"):
        _steps(examples.neuron(), theme="blue")


@pytest.mark.parametrize("name", examples.ALL)
def test_a_still_cuts_no_box(name: str) -> None:
    steps = _steps(examples.ALL[name]())
    for n in range(1, len(steps) + 1):
        root = parse(steps.still(n).svg)
        assert not [element for element in root.iter() if element.tag.endswith("}svg") and element is not root]
        places = boxes(root)
        active = steps.steps[n - 1].active
        assert {box.text for box in places} & set(active), f"step {n}"
        for box in places:
            assert 24 <= box.left < box.right <= 1376, f"step {n}: {box.text}"


def test_the_same_graph_makes_the_same_page_in_every_process() -> None:
    code = "import viz, zlib; from tests.viz import examples; "
    code += "print(zlib.crc32(viz.steps(examples.lecture_chain()[0], engine='builtin').html.encode()))"
    pages = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        pages.add(done.stdout)
    assert len(pages) == 1


def test_the_first_step_shows_plain_arrays_by_the_names_of_their_variables() -> None:
    X, T, w = np.ones((3, 2)), np.zeros((3, 1)), Tensor([[1.0], [2.0]], requires_grad=True)
    loss = np.mean((X @ w - T) ** 2)
    first = viz.steps(loss, engine="builtin").steps[0]
    assert {row.name: row.terms[0].value.shape for row in first.rows} == {"X": (3, 2), "w": (2, 1), "T": (3, 1)}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["network", "regularized", "convolution", "residual", "dense"])
def test_what_stands_on_an_arrow_is_never_cut(name: str) -> None:
    steps = viz.steps(examples.ALL[name](), engine="builtin")
    chips = [lines for step in steps.steps for lines in step.arrows.values()]
    assert not any("…" in line for lines in chips for line in lines)
    assert all(len(lines[0]) <= 20 for lines in chips if lines)


def test_what_stands_on_an_arrow_tells_how_the_gradient_goes_on() -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3) - 2.0, requires_grad=True, name="x")
    a = Tensor([1.0, -1.0, 2.0], requires_grad=True, name="a")
    h = (x @ a).tanh()
    chips = {
        (step.title.split(" = ")[0].removeprefix("Back through "), lines[0])
        for step in viz.steps((h * -2.0).mean() + tg.ops.sum_of_squares(a), engine="builtin").steps
        for lines in step.arrows.values()
        if len(lines) > 1
    }
    found = {chip for _, chip in chips}
    assert {"⊗ a", "xᵀ @", "⊙ (1 − h²)", "/n repeated", "repeated ⊙ 2 · a", "+"} <= found
    z = Tensor(2.0, requires_grad=True, name="z")
    steps = viz.steps(z * Tensor(-3.0, name="c"), engine="builtin").steps
    assert ("× (−3)", "−3") in [lines for step in steps for lines in step.arrows.values()]


def test_a_still_of_a_small_network_fits_a_slide() -> None:
    loss = examples.network()
    params = [step.tensor for step in tg.explain(loss).forward if step.kind == "parameter"]
    steps = viz.steps(loss, engine="builtin", optimizer=tg.optim.Adam(params))
    for n in range(1, len(steps) + 1):
        root = parse(steps.still(n).svg)
        assert float(root.get("height", "")) < 2 / 3 * float(root.get("width", "")), steps.steps[n - 1].title
        assert overlaps(root) == []


def test_the_formula_of_the_whole_writes_each_op_as_people_do() -> None:
    x, t = np.ones((2, 3)), np.array([0, 1])
    W = Tensor(np.ones((3, 2)), requires_grad=True)
    b = Tensor(np.zeros(2), requires_grad=True)
    written = {
        "−ln softmax(x @ W + b)[t]": tg.losses.softmax_crossentropy(x @ W + b, t),
        "Σ((x @ W)ᵀ[0] × 2)": ((x @ W).T[0] * 2).sum(),
        "‖W‖ + Σ(b²)": np.linalg.norm(W) + (b * b).sum(),
        "Σ(clip(W, 0, 1))": np.clip(W, 0, 1).sum(),
    }
    for formula, loss in written.items():
        assert viz.steps(loss, engine="builtin").formula.partition(" = ")[2] == formula

"""viz.program: every line of a program stands by the box that it computes, or carries a gradient back through."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz.browser import Browser
from tests.viz.lessons.test_page import AXE
from tests.viz.reading import overlaps, parse, texts
from tinygrad_reg import Tensor
from viz.graphs.draw import prefix
from viz.ink.theme import DARK, LIGHT


def _compiled() -> Any:
    rng = np.random.default_rng(0)
    W1 = Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W1")
    b1 = Tensor(np.zeros(4), requires_grad=True, name="b1")
    W2 = Tensor(rng.normal(size=(4, 1)), requires_grad=True, name="W2")

    def step(X: Any, Y: Any) -> Any:
        Z = X @ W1 + b1
        H = np.tanh(Z)
        P = H @ W2
        loss = tg.losses.mse(P, Y)  # "</script><b>"
        loss.backward()
        return loss

    fast = tg.compile(step)
    fast(rng.normal(size=(8, 3)), rng.normal(size=(8, 1)))
    return fast


def _through(picture: Any) -> dict[str, list[str]]:
    """What each box is computed by, and the lines back through it, by the variable that the box is called after."""
    found: dict[str, list[str]] = {}
    for line in picture.lines:
        if line.box is not None:
            name = picture.plan.boxes[line.box].lines[0].text.split(" ")[1]
            found.setdefault(name, []).append(line.writes)
    return found


def test_each_line_is_linked_to_its_box() -> None:
    found = _through(viz.program(_compiled()))
    assert found["H"][:1] == ["H"]
    assert found["Z"][:1] == ["Z"]
    assert {re.sub(r"^(grad|d)_", "", name) for name in found["P"][1:]} == {"H", "W2"}
    assert {re.sub(r"^(grad|d)_", "", name) for name in found["H"][1:]} == {"Z"}
    assert {re.sub(r"^(grad|d)_", "", name) for name in found["Z"][1:]} == {"W1", "b1"}


def test_every_forward_line_is_a_box_and_every_backward_line_has_one() -> None:
    picture: Any = viz.program(_compiled())
    for line in picture.lines:
        if line.phase in ("forward", "backward") and line.writes:
            assert line.box is not None, line.text
    kinds = {box.lines[0].text: box.kind for box in picture.plan.boxes if box.is_leaf}
    assert kinds == {"X": "input", "Y": "input", "W1": "parameter", "W2": "parameter", "b1": "parameter"}


def test_the_picture_shows_every_line_and_nothing_covers_another(tmp_path: Path) -> None:
    fast = _compiled()
    picture = viz.program(fast, theme="dark")
    root = parse(picture.svg)
    assert overlaps(root) == []
    shown = {text.text for text in texts(root)}
    body = fast.source.split("# ---- forward")[1]
    assert {line.strip()[:117] for line in body.splitlines() if line.strip()} <= shown
    for ending in ("svg", "html", "dot"):
        picture.save(tmp_path / f"program.{ending}")
    assert "<b>" not in (tmp_path / "program.html").read_text().replace("&lt;b&gt;", "")


def test_layers_of_a_model() -> None:
    tg.seed(0)
    model = tg.Sequential(tg.Dense(3, 4, activation="relu"), tg.BatchNorm(4), tg.Dense(4, 1))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)

    def step(x: Any, y: Any) -> Any:
        loss = tg.losses.mse(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    fast = tg.compile(step)
    fast(np.ones((8, 3)) * np.arange(8)[:, None], np.ones((8, 1)))
    picture: Any = viz.program(fast)
    assert all(line.box is not None for line in picture.lines if line.phase == "backward" and line.writes)
    assert overlaps(parse(picture.svg)) == []
    layer = next(line.box for line in picture.lines if line.writes == "relu_0")
    learned = [
        line.box
        for line in picture.lines
        if line.writes in ("grad_kernel_0", "grad_bias_0") and line.phase == "backward"
    ]
    assert learned == [layer, layer]


def test_a_line_that_fills_an_array_belongs_to_the_box_of_that_array() -> None:
    picture: Any = viz.program("""def step(x, labels, W):
    # ---- forward
    # a.py:1  z = x @ W
    z = x @ W
    # a.py:2  loss = cross_entropy(z, labels)
    hot = np.zeros((2, 3))
    hot[np.arange(2), labels] = 1
    loss = (z * hot).sum()

    # ---- backward
    # a.py:2  loss = cross_entropy(z, labels)
    grad_loss = np.float64(1.0)
    grad_z = grad_loss * hot
    # a.py:1  z = x @ W
    grad_W_2 = x.T @ grad_z
    grad_W[...] = grad_W_2
    return loss
""")
    boxes = {box.lines[0].text: box for box in picture.plan.boxes}
    assert sorted(boxes) == ["1 z = x @ W", "2 hot = np.zeros((2, 3))", "3 loss = (z * hot).sum()", "W", "labels", "x"]
    filled = boxes["2 hot = np.zeros((2, 3))"].id
    assert (boxes["labels"].id, filled) in {(arrow.tail, arrow.head) for arrow in picture.plan.arrows}
    assert _through(picture)["hot"] == ["hot", "hot"]
    assert _through(picture)["z"] == ["z", "grad_W_2", "grad_W"]


def test_the_page_follows_the_system_unless_a_theme_insists() -> None:
    fast = _compiled()
    assert '<html lang="en">' in viz.program(fast).html
    assert '<html lang="en" data-theme="dark">' in viz.program(fast, theme="dark").html
    assert LIGHT.panel in viz.program(fast).svg and DARK.panel in viz.program(fast, theme="dark").svg
    with pytest.raises(ValueError, match="theme must be one of 'auto', 'light', 'dark'"):
        viz.program(fast, theme="blue")


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(TypeError, match=r"what tg\.compile returned, not function: fast = tg\.compile\(step\)"):
        viz.program(lambda: None)
    with pytest.raises(RuntimeError, match="no program yet"):
        viz.program(tg.compile(lambda x: x))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("wide", [1400, 390])
def test_the_page_links_boxes_and_lines(chromium: Browser, tmp_path: Path, dark: bool, wide: int) -> None:
    picture: Any = viz.program(_compiled())
    picture.save(tmp_path / "program.html")
    chromium.size(wide, 850, phone=wide < 500)
    chromium.scheme(dark)
    chromium.open(tmp_path / "program.html")
    box = next(box for box in picture.plan.boxes if box.lines[0].text.startswith("2 H"))
    chromium.run("document.getElementById(arguments[0]).focus()", f"{prefix(picture.plan)}{box.id}")
    shown = "return [...document.querySelectorAll('button.shown code')].map(c => c.textContent.trim())"
    lines = [line.text.strip() for line in picture.lines if line.box == int(box.id[1:])]
    assert chromium.run(shown) == lines
    assert len(lines) == 2
    chromium.run("document.querySelectorAll('button[data-box]')[0].focus()")
    active = "return [...document.querySelectorAll('#graph .node.active')].map(n => n.getAttribute('aria-label'))"
    assert chromium.run(active) == ["1 Z = X @ W1 + b1"]
    assert chromium.errors() == []
    assert chromium.requests() == []
    assert chromium.run("return document.querySelectorAll('script').length") == 1
    if not AXE.is_file():
        pytest.skip("no axe-core here (npm install axe-core)")
    chromium.run(AXE.read_text(encoding="utf-8"))
    chromium.run("""window.found = null; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
        'wcag22aa', 'best-practice']}).then(r => { window.found = r.violations.map(
        v => v.id + ': ' + v.nodes.map(x => x.html.slice(0, 160) + x.failureSummary).join(' | ')); })""")
    assert chromium.wait("return window.found && {all: window.found}") == {"all": []}

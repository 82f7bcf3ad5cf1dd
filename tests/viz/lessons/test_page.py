"""The step page in a real browser: every step by keyboard and by slider, its numbers, and who can read it.

axe-core, which checks accessibility, is looked for in node_modules of this folder (`npm install axe-core`), or where
AXE_CORE says; CI installs it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.browser import Browser
from tests.viz.reading import parse
from tinygrad_reg import Tensor

AXE = Path(os.environ.get("AXE_CORE", Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"))
SEEN = """return {
  section: [...document.querySelectorAll('.step:not([hidden])')].map(s => s.id),
  title: document.querySelector('.step:not([hidden]) h2').textContent,
  where: document.getElementById('where').textContent, slider: document.getElementById('slider').value}"""
TABLE = """return Object.fromEntries([...document.querySelectorAll('#tensors tbody tr')].map(r => [
  r.querySelector('th').textContent,
  [r.querySelector('.value').textContent, r.querySelector('.gradient').textContent, r.dataset.gradient]]))"""
SET = """const s = document.getElementById('slider'); s.value = arguments[0];
  s.dispatchEvent(new Event('input', {bubbles: true}))"""


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, viz.Steps]]:
    """The pages that are opened, and what they were made from."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name in ("neuron", "network", "dense"):
        loss = examples.ALL[name]()
        loss.backward()
        leaves = [s.tensor for s in tg.explain(loss).forward if s.kind == "parameter"]
        steps = viz.steps(loss, folder / f"{name}.html", optimizer=tg.optim.SGD(leaves, lr=0.1), engine="builtin")
        made[name] = folder / f"{name}.html", steps
    return made


def _open(chromium: Browser, lesson: tuple[Path, viz.Steps], fragment: str = "") -> viz.Steps:
    chromium.size(1400, 875)
    chromium.scheme(dark=False)
    chromium.open(lesson[0], fragment)
    return lesson[1]


@pytest.mark.parametrize("name", ["neuron", "network", "dense"])
def test_every_step_by_keyboard_and_by_slider(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]], name: str
) -> None:
    steps = _open(chromium, lessons[name])
    for n, step in enumerate(steps.steps):
        seen = chromium.run(SEEN)
        where = f"step {n + 1} of {len(steps)}"
        assert seen == {"section": [f"s{n}"], "title": step.title, "where": where, "slider": str(n)}
        chromium.press("ArrowRight")
    for n in reversed(range(len(steps))):
        chromium.run(SET, n)
        assert chromium.run(SEEN)["title"] == steps.steps[n].title
    chromium.press("End")
    assert chromium.run(SEEN)["section"] == [f"s{len(steps) - 1}"]
    chromium.press("Home")
    assert chromium.run(SEEN)["section"] == ["s0"]
    assert chromium.errors() == []
    assert chromium.requests() == []


@pytest.mark.parametrize("name", ["neuron", "network"])
def test_the_numbers_on_the_page_are_the_gradients(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]], name: str
) -> None:
    steps = _open(chromium, lessons[name])
    assert all(gradient in ("–", "none") for _, gradient, _ in chromium.run(TABLE).values())
    last_backward = max(n for n, step in enumerate(steps.steps) if step.phase == "backward")
    chromium.run(SET, last_backward)
    table = chromium.run(TABLE)
    for step in steps.record.forward:
        value, gradient, exact = table[step.name]
        if step.tensor.requires_grad:
            grad = step.tensor.grad
            assert grad is not None
            np.testing.assert_array_equal(json.loads(exact), grad)
            _tells(gradient, grad)
        else:
            assert gradient == "none"
        _tells(value, step.value)


def _tells(text: str, array: np.ndarray) -> None:
    """The text is the array's one number, its two numbers, or its norm."""
    shown = json.loads(text.replace("−", "-"))
    np.testing.assert_allclose(shown, np.reshape(array, np.shape(shown)) if array.size <= 2 else np.linalg.norm(array),
                               rtol=1e-3)  # fmt: skip


def test_the_page_and_python_draw_the_same_graph_at_each_step(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]
) -> None:
    steps = _open(chromium, lessons["network"])
    for n in range(len(steps)):
        chromium.run(SET, n)
        on_page = chromium.run(
            "return [...document.querySelectorAll('#graph .node text, #graph .chip text')].map(t => t.textContent)"
        )
        state = steps._state(n)
        expected = [
            state.texts.get((box.id, line.role), line.text) for box in steps.plan.boxes for line in box.lines
        ]  # fmt: skip
        expected += [line for arrow in steps.plan.arrows for line in state.arrows.get(arrow.id, ())]
        assert sorted(on_page) == sorted(expected), f"step {n + 1}"


def test_predict_then_reveal(chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]) -> None:
    steps = _open(chromium, lessons["neuron"])
    at = next(n for n, step in enumerate(steps.steps) if step.title == "Back through h2 = w2 × x2")
    chromium.run(SET, at)
    chromium.click("#predict")
    shown = "return [...document.querySelectorAll('.step:not([hidden]) .answer')].map(a => getComputedStyle(a).display)"
    assert chromium.run(shown) == ["none", "none"]
    assert chromium.run(TABLE)["w2"][1] == "–"
    assert "−0.4053" not in chromium.run("return document.getElementById('graph').textContent")
    chromium.press("ArrowRight")  # shows the result, and stays
    assert chromium.run(SEEN)["section"] == [f"s{at}"]
    assert "none" not in chromium.run(shown)
    assert chromium.run(TABLE)["w2"][1] == "−0.4053"
    chromium.press("ArrowRight")
    assert chromium.run(SEEN)["section"] == [f"s{at + 1}"]
    chromium.click(f"#s{at + 1} .reveal")
    assert chromium.run("return document.querySelector('.asking')") is None


def test_play_stops_at_the_end(chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]) -> None:
    steps = _open(chromium, lessons["neuron"], f"#{len(lessons['neuron'][1]) - 1}")
    assert chromium.run(SEEN)["section"] == [f"s{len(steps) - 2}"]
    chromium.click("#play")
    assert chromium.run("return document.getElementById('play').textContent") == "Pause"
    chromium.wait("return document.getElementById('play').textContent === 'Play'")
    assert chromium.run(SEEN)["section"] == [f"s{len(steps) - 1}"]


def test_the_saved_still_is_the_one_python_draws(chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]) -> None:
    steps = _open(chromium, lessons["neuron"], "#5")
    chromium.run("""
        URL.createObjectURL = (blob) => { blob.text().then(t => { window.saved = t; }); return 'blob:none'; };
        HTMLAnchorElement.prototype.click = function () { window.name_of_it = this.download; };
        document.getElementById('still').click();""")
    saved = chromium.wait("return window.saved")
    assert saved == steps.still(5).svg
    assert chromium.run("return window.name_of_it") == "step-5.svg"
    parse(saved)


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["neuron", "network"])
def test_everyone_can_read_it(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]], name: str, dark: bool, width: int
) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core here (npm install axe-core)")
    steps = _open(chromium, lessons[name])
    chromium.size(width, 850, phone=width < 500)
    chromium.scheme(dark)
    chromium.run(AXE.read_text(encoding="utf-8"))
    assert chromium.run("return getComputedStyle(document.body).backgroundColor === 'rgb(14, 18, 22)'") is dark
    for n in (0, len(steps) // 3, len(steps) * 2 // 3, len(steps) - 1):
        chromium.run(SET, n)
        chromium.run("""window.found = null; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
            'wcag22aa', 'best-practice']}).then(r => { window.found = r.violations.map(
            v => v.id + ': ' + v.nodes.map(x => x.html.slice(0, 160) + x.failureSummary).join(' | ')); })""")
        assert chromium.wait("return window.found && {all: window.found}") == {"all": []}


def test_on_a_phone_nothing_is_cut_off(chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]) -> None:
    steps = _open(chromium, lessons["network"])
    chromium.size(390, 844, phone=True)
    for n in range(len(steps)):
        chromium.run(SET, n)
        wide = chromium.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"step {n + 1} is wider than the phone"


def test_on_a_slide_a_short_update_has_its_name_and_the_table_all_its_columns(
    chromium: Browser, tmp_path: Path
) -> None:
    loss = examples.recurrent(2)
    weights = [s.tensor for s in tg.explain(loss).forward if s.kind == "parameter"]
    page = tmp_path / "steps.html"
    viz.steps(loss, page, optimizer=tg.optim.SGD(weights, lr=0.1), engine="builtin")
    chromium.size(1280, 720)
    chromium.open(page)
    seen = """const one = document.querySelector('#bar .parts .update'), all = document.querySelector('#bar .parts');
      const words = document.createRange(); words.selectNodeContents(one);
      const part = words.getBoundingClientRect(), table = document.getElementById('tensors');
      return [getComputedStyle(one).overflow, part.left >= all.getBoundingClientRect().left,
              part.right <= all.getBoundingClientRect().right + 1, table.scrollWidth - table.clientWidth]"""
    assert chromium.run(seen) == ["visible", True, True, 0]


def test_it_works_inside_a_frame_without_rights(chromium: Browser, tmp_path: Path) -> None:
    steps = viz.steps(examples.neuron(), engine="builtin")
    frame = steps._repr_html_().replace("<iframe", '<iframe sandbox="allow-scripts"')
    (tmp_path / "notebook.html").write_text(f"<!doctype html><title>n</title>{frame}", encoding="utf-8")
    chromium.open(tmp_path / "notebook.html")
    assert chromium.errors() == []
    assert chromium.requests() == []


def test_hostile_names_stay_text(chromium: Browser, tmp_path: Path) -> None:
    total = Tensor(1.0, requires_grad=True, name="start")
    for name in examples.HOSTILE:
        total = total * Tensor(1.1, requires_grad=True, name=name)
        total.name = name
    viz.steps(total, tmp_path / "hostile.html", engine="builtin", title="</title><script>alert(1)</script>")
    chromium.open(tmp_path / "hostile.html")
    chromium.press(*["ArrowRight"] * 8)
    assert chromium.errors() == []
    assert chromium.requests() == []
    assert chromium.run("return document.querySelectorAll('script').length") == 2
    assert chromium.run("return document.querySelectorAll('#graph b, #tensors b, h2 b').length") == 0
    assert "<b>bold</b>" in chromium.run("return document.body.textContent")


@pytest.mark.parametrize(("size", "phone"), [((1400, 1000), False), ((390, 844), True)])
@pytest.mark.parametrize("name", ["neuron", "network", "dense"])
def test_each_step_shows_the_box_that_it_is_about_and_the_first_one_an_input(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]], name: str, size: tuple[int, int], phone: bool
) -> None:
    chromium.size(*size, phone=phone)
    chromium.open(lessons[name][0])
    hidden = """const panel = document.getElementById('graph').getBoundingClientRect();
      const box = document.querySelector('#graph .node.active').getBoundingClientRect();
      return [panel.left - box.left, panel.top - box.top, box.right - panel.right, box.bottom - panel.bottom]"""
    for n in range(len(lessons[name][1])):
        chromium.run(SET, n)
        assert max(chromium.run(hidden)) <= 0, f"step {n + 1}"
    chromium.size(1400, 875)


def test_a_wide_graph_is_set_in_rows_that_can_be_read(
    chromium: Browser, lessons: dict[str, tuple[Path, viz.Steps]]
) -> None:
    chromium.size(1400, 1000)
    for name in ("network", "dense"):
        chromium.open(lessons[name][0])
        width, scale = chromium.run("""const svg = document.querySelector('#graph svg');
          return [svg.getBoundingClientRect().width - document.getElementById('graph').clientWidth,
                  svg.getScreenCTM().a]""")
        assert width <= 0
        assert scale > 0.7
    chromium.size(1400, 875)


def test_a_matrix_with_many_columns_fits_its_panel(chromium: Browser, tmp_path: Path) -> None:
    x = Tensor(np.random.default_rng(0).normal(size=(2, 16)), requires_grad=True, name="x")
    steps = viz.steps((x * x).sum(), tmp_path / "wide.html", engine="builtin")
    chromium.size(1400, 875)
    chromium.open(tmp_path / "wide.html")
    for n in range(len(steps)):
        chromium.run(SET, n)
        panel = "const p = document.getElementById('steps'); return [p.scrollWidth, p.clientWidth]"
        wide, room = chromium.run(panel)
        assert wide <= room, f"step {n + 1}"

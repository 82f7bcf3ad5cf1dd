"""Names are input: whatever a user calls a tensor, a layer or a title, nothing of it becomes markup."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import viz
from tests.viz import examples
from tests.viz.reading import by_id, parse
from tinygrad_reg import Tensor
from tinygrad_reg.modes import layer_scope
from viz.ink.text import clean

ENGINES = ["builtin", *(["dot"] if shutil.which("dot") else [])]


def _named(name: str) -> Tensor:
    with layer_scope(name):
        w = Tensor([0.5, 2.0], requires_grad=True, name=name)
        total = (w * w).sum()
        total.name = name
    return total


def _tags(root: ET.Element) -> set[str]:
    return {element.tag.split("}")[-1] for element in root.iter()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_a_graph(name: str, engine: str) -> None:
    root = parse(viz.graph(_named(name), title=name, engine=engine).svg)
    assert _tags(root) <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "text"}
    assert all(re.fullmatch(r"g[0-9a-f]{8}-\w+", i) for i in by_id(root))
    assert not any(attribute.startswith("on") for element in root.iter() for attribute in element.attrib)
    assert all(len(element.text or "") < 300 for element in root.iter())


@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_dot_text_a_name_is_no_port_and_no_markup(name: str) -> None:
    source = viz.graph(_named(name), title=name, engine="builtin").dot
    for line in source.splitlines():
        if "->" in line.split("[")[0]:
            assert re.fullmatch(r"\tn\d+ -> n\d+ \[id=e\d+ weight=\d+\]", line)
    labels = re.findall(r"label=<(.*?)>(?: \w+=|\])", source)
    assert labels
    for label in labels:
        ET.fromstring(f"<x>{label}</x>")  # well-formed, so dot reads it as it was meant


@pytest.mark.skipif("dot" not in ENGINES, reason="no dot on this machine (apt install graphviz)")
@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_what_dot_paints(name: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.png"
    viz.graph(_named(name), title=name, engine="builtin").save(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["graph.png"]


@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_a_program(name: str, tmp_path: Path) -> None:
    source = "import numpy as np\n\n\ndef step(x):\n    # ---- forward\n"
    source += f"    # {clean(name, 60)}\n    y = x * 2\n    # ---- backward\n    grad_x = grad_y * 2\n    return y\n"
    picture = viz.program(source, title=name)
    assert _tags(parse(picture.svg)) <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "text", "line"}
    picture.save(tmp_path / "program.html")
    page = (tmp_path / "program.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "<b>bold" not in page


@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_a_flow(name: str) -> None:
    w = Tensor(0.5, requires_grad=True, name=name)
    root = parse(viz.flow(w.sigmoid().sigmoid(), names=[name], title=name).svg)
    assert _tags(root) <= {"svg", "title", "desc", "g", "rect", "line", "polygon", "text"}


@pytest.mark.parametrize("name", examples.HOSTILE)
def test_in_a_page_and_its_stills(name: str) -> None:
    steps = viz.steps(_named(name), title=name, engine="builtin")
    page = steps.html
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<b>bold" not in page
    assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)|\\u003cscript>alert\(1\)", "", page)
    for n in range(1, len(steps) + 1):
        assert "script" not in _tags(parse(steps.still(n).svg))


def test_a_frame_in_a_notebook_holds_the_page_as_text() -> None:
    frame = viz.steps(_named('"><script>'), engine="builtin")._repr_html_()
    assert re.fullmatch(r'<iframe srcdoc="[^"<>]*" style="[^"]*" title="[^"<>]*"></iframe>', frame)


def test_names_are_short_on_one_line_and_keep_their_direction() -> None:
    assert clean("x" * 10_000) == "x" * 29 + "…"
    assert clean("a\nb\tc") == "a b c"
    assert clean("a\x00b\u202ec\ud800") == "a\ufffdb\ufffdc\ufffd"
    assert clean("שלום") == "\u2068שלום\u2069"

"""Formats, files, notebooks, and machines where dot is missing, slow or broken."""

from __future__ import annotations

import base64
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import viz
from tests.viz import examples
from tests.viz.examples import needs_dot
from tests.viz.reading import by_id, overlaps, parse
from tinygrad_reg import Tensor
from viz.ink import dot, files, paint
from viz.ink.theme import DARK, LIGHT


@pytest.mark.parametrize("ending", ["svg", "html", "dot", *(pytest.param(e, marks=needs_dot) for e in ("png", "pdf"))])
def test_each_format_is_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"graph.{ending}"
    viz.graph(examples.neuron(), engine="builtin").save(path)
    start = {"svg": b"<svg", "html": b"<!doctype html>", "dot": b"digraph", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_other_packages_call_it_is_answered() -> None:
    picture = viz.graph(Tensor(1.0, name="x"), engine="builtin")
    with pytest.raises(AttributeError, match=r"^Picture has no attribute 'show'; write picture\.save\("):
        picture.show()  # type: ignore[attr-defined]
    assert "show" not in dir(picture)
    with pytest.raises(AttributeError, match=r"^viz has no 'plot'; it has .*graph, .*steps"):
        viz.plot  # type: ignore[attr-defined]  # noqa: B018


def test_a_page_of_a_dark_picture_is_dark() -> None:
    loss = examples.neuron()
    light, dark = ((viz.graph(loss, engine="builtin", theme=t), viz.flow(loss, theme=t)) for t in ("light", "dark"))
    assert all(f"background:{LIGHT.panel}" in picture.html for picture in light)
    assert all(f"background:{DARK.panel}" in picture.html for picture in dark)
    assert f"background:{DARK.paper}" in viz.steps(loss, engine="builtin").still(2, theme="dark").html
    dark = viz.steps(loss, engine="builtin", theme="dark")
    assert dark.still(2).svg == dark.still(2, theme="dark").svg != dark.still(2, theme="light").svg
    assert dark.still(2).html.count(DARK.paper) and not dark.still(2).html.count(LIGHT.paper)


@needs_dot
@pytest.mark.parametrize("ending", ["png", "pdf"])
@pytest.mark.parametrize("name", examples.ALL)
def test_every_picture_is_painted_as_it_is_in_svg(tmp_path: Path, name: str, ending: str) -> None:
    loss = examples.ALL[name]()
    steps = viz.steps(loss, engine="builtin")
    for at, picture in enumerate((viz.graph(loss, engine="builtin"), viz.flow(loss), steps.still(len(steps)))):
        path = tmp_path / f"{at}.{ending}"
        picture.save(path)
        written = path.read_bytes()
        assert written.startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[ending])
        if ending == "png":
            root = parse(picture.svg)
            wide, high = struct.unpack(">II", written[16:24])
            assert wide / high == pytest.approx(float(root.get("width", "")) / float(root.get("height", "")), rel=0.01)
            assert wide >= 1920


def test_what_is_painted_holds_every_text_and_shape_of_the_svg() -> None:
    svg = viz.steps(examples.network(), engine="builtin").still(9).svg
    source = paint.source(svg)
    root = parse(svg)
    assert source.count(" T ") == sum(element.tag.endswith("text") for element in root.iter())
    for element in root.iter():
        if element.tag.endswith("text"):
            text = element.text or ""
            assert f"{len(text.encode())} -{text} " in source
    areas = [e for e in root.iter() if e.tag.endswith(("rect", "polygon", "path")) and e.get("fill") != "none"]
    assert source.count(" C ") == len(areas)


def test_a_name_cannot_end_the_string_that_it_is_painted_from() -> None:
    picture = viz.graph(Tensor(1.0, name='a\\" b=" \\'), engine="builtin")
    inside = re.sub(r'"(?:[^"\\]|\\.)*"', "", paint.source(picture.svg))
    assert " b=" not in inside
    assert "\\" not in inside


def test_unknown_endings_are_refused_by_name(tmp_path: Path) -> None:
    picture = viz.graph(examples.neuron(), engine="builtin")
    with pytest.raises(ValueError, match=r"'g\.jpg' ends in \.jpg; this picture can be saved as \.svg, \.png"):
        picture.save("g.jpg")
    with pytest.raises(TypeError, match=r"path must be the name of a file, such as 'picture\.svg', not None"):
        viz.graph(examples.neuron(), engine="builtin").save(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ends in no format"):
        picture.save("graph")
    with pytest.raises(ValueError, match=r"can be saved as \.html"):
        viz.steps(examples.neuron(), tmp_path / "steps.svg", engine="builtin")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.svg"
    path.write_text("old")
    picture = viz.graph(examples.neuron(), engine="builtin")

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        picture.save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["graph.svg"]


def test_what_cannot_be_written_is_named_as_the_user_did(tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(IsADirectoryError, match=r"'[^']*folder\.svg' can't be written \(Is a directory\)"):
        viz.graph(examples.neuron(), engine="builtin").save(tmp_path / "folder.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.svg"]


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no folder 'nowhere'"):
        viz.graph(examples.neuron(), engine="builtin").save("nowhere/graph.svg")


def test_without_dot_the_builtin_layout_draws_and_warns_once(no_dot: None) -> None:
    with pytest.warns(RuntimeWarning, match="no 'dot' on this machine.*apt install graphviz") as caught:
        svg = viz.graph(examples.neuron()).svg
        viz.graph(examples.network()).svg  # noqa: B018
    assert len(caught) == 1
    assert overlaps(parse(svg)) == []


def test_without_dot_asking_for_it_raises(no_dot: None, tmp_path: Path) -> None:
    with pytest.raises(viz.DotNotFound, match=r"apt install graphviz.*brew install graphviz.*winget"):
        viz.graph(examples.neuron(), engine="dot")
    with pytest.raises(FileNotFoundError, match="painted by the program 'dot'"):
        viz.graph(examples.neuron(), engine="builtin").save(tmp_path / "g.png")
    assert not list(tmp_path.iterdir())


def test_a_damaged_dot_is_quoted(fake_dot: Callable[[str], None], tmp_path: Path) -> None:
    fake_dot("echo first >&2; echo 'libgvc.so.6: cannot open shared object file' >&2; exit 127")
    with pytest.warns(RuntimeWarning, match=r"libgvc\.so\.6: cannot open"):
        assert "<svg" in viz.graph(examples.neuron()).svg
    with pytest.raises(viz.DotNotFound, match=r"libgvc\.so\.6"):
        viz.graph(examples.neuron(), engine="dot").svg  # noqa: B018
    with pytest.raises(viz.DotNotFound, match=r"a \.png is painted by the program 'dot' .* but it said: libgvc\.so\.6"):
        viz.graph(examples.neuron(), engine="builtin").save(tmp_path / "g.png")


def test_a_dot_that_answers_nonsense_changes_nothing(fake_dot: Callable[[str], None]) -> None:
    fake_dot("""echo '{"bb":"0,0,1,1","objects":[]}'""")
    with pytest.warns(RuntimeWarning, match="'dot' failed"):
        assert overlaps(parse(viz.graph(examples.neuron()).svg)) == []


def test_a_slow_dot_is_given_up(fake_dot: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot("exec /bin/sleep 30")
    monkeypatch.setattr(dot, "TIMEOUT", 0.2)
    with pytest.warns(RuntimeWarning, match="took longer than"):
        assert "<svg" in viz.graph(examples.neuron()).svg


def test_a_notebook_shows_an_image() -> None:
    bundle = viz.graph(examples.neuron(), engine="builtin")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    found = re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="graph of [^"]+" style="[^"]*">', bundle["text/html"]
    )
    assert found is not None
    assert base64.b64decode(found[1]).decode() == bundle["image/svg+xml"]


def test_a_notebook_never_sees_an_exception(no_dot: None) -> None:
    def fails() -> str:
        raise RuntimeError("broken")

    bundle = viz.Picture("t", "a picture", fails)._repr_mimebundle_()
    assert bundle == {"text/plain": "a picture (not drawn: broken)"}


def test_two_pictures_share_no_id() -> None:
    ids = [
        set(re.findall(r' id="([^"]+)"', viz.graph(f(), engine="builtin").svg))
        for f in (examples.neuron, examples.network)
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("arguments", [["doctor"], []])
def test_the_doctor(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "viz", *arguments], capture_output=True, text=True, check=False)
    if not arguments:
        assert done.returncode == 2
        assert "python -m viz doctor" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert "step pages can be written" in done.stdout
    assert ("placed by 'dot'" if shutil.which("dot") else "the built-in layout places every graph") in done.stdout


def test_pictures_side_by_side_share_no_ids() -> None:
    """A notebook may put their SVGs into one page."""
    small, large = examples.lecture_chain(length=3)[0], examples.lecture_chain(length=4)[0]
    programs = ["def f(x):\n    # ---- forward\n    y = x + 1\n", "def f(x):\n    # ---- forward\n    y = x * 2\n"]
    pictures = [viz.graph(small), viz.graph(large), viz.flow(small), viz.flow(large), *map(viz.program, programs)]
    found = [id for picture in pictures for id in by_id(parse(picture.svg))]
    assert len(found) == len(set(found))


def test_a_link_is_followed_and_a_folders_name_is_none_of_a_file(tmp_path: Path) -> None:
    picture = viz.graph(Tensor(1.0, requires_grad=True, name="w") * 2)
    (tmp_path / "real").mkdir()
    (tmp_path / "link.svg").symlink_to(tmp_path / "real" / "a.svg")
    picture.save(tmp_path / "link.svg")
    assert (tmp_path / "link.svg").is_symlink() and (tmp_path / "real" / "a.svg").is_file()
    with pytest.raises(ValueError, match=r"b\.svg/' ends in no format"):
        picture.save(f"{tmp_path / 'b.svg'}{os.sep}")

"""The demos: each is listed with a line on what it shows, runs in its small size, and draws what it lists."""

import html
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from demos import __main__ as cli
from demos.__main__ import HERE, demos
from tinygrad_reg.modes import modes

# Without Graphviz the built-in layout draws, and says so once.
pytestmark = pytest.mark.filterwarnings("ignore:there is no 'dot' on this machine")

ROOT = Path(__file__).parent.parent
SIGNATURES = {".png": b"\x89PNG", ".svg": b"<", ".html": b"<!doctype html>", ".pdf": b"%PDF"}


def command_line(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "demos", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a demo in this process; gives what it printed, and the pictures that it lists by name of the file."""
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")

    def run(name, *options):
        monkeypatch.setattr(sys, "argv", sys.argv)
        before = modes.generator
        try:
            with matplotlib.rc_context():
                cli.run(name, "--output", str(tmp_path), *map(str, options))
        finally:
            modes.generator = before
        listed = json.loads((tmp_path / name / "pictures.json").read_text("utf-8"))["pictures"]
        return capsys.readouterr().out, {picture["file"]: picture["said"] for picture in listed}

    return run


def test_all_are_listed_with_a_line():
    listed = command_line().stdout
    assert sorted(demos()) == sorted(file.stem for file in HERE.glob("[a-z]*.py"))
    assert all(line and f"{name} " in listed and line in listed for name, line in demos().items())


def test_a_folder_that_cannot_be_made_is_named(run, tmp_path):
    (tmp_path / "losses").write_text("a file")
    with pytest.raises(SystemExit, match=r"no folder for the pictures can be made at '[^']*losses' .*see --output"):
        run("losses", "--size", "small")


def test_the_folder_lists_them_with_the_same_lines():
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.py\) \| (.*) \|$", (HERE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {name: line for name, _, line in rows} == demos()
    assert all(name == file for name, file, _ in rows)


def test_unknown_name_is_refused_with_the_names_there_are():
    result = command_line("digitz")
    assert result.returncode == 1
    assert "no demo is called 'digitz'" in result.stderr
    assert "digits" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_what_the_project_installs_it_says_how_to_run():
    command = [sys.executable, "-S", "-m", "demos"]  # -S: nothing that was installed is found
    result = subprocess.run([*command, "losses"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert re.search(r"losses needs \w+, which .*python\S* does not have", result.stderr)
    assert re.search(r"make demo|-m demos losses", result.stderr)
    assert "Traceback" not in result.stderr
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).returncode == 0  # the list needs nothing


def test_help_tells_the_options_and_the_formulas(run, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        run("digits", "--help")
    told = capsys.readouterr().out
    assert "--learning-rate" in told
    assert "λ Σ w²" in told


def test_reader_that_has_read_enough_is_no_error(tmp_path):
    pytest.importorskip("matplotlib")
    result = subprocess.run(
        f'"{sys.executable}" -m demos losses --size small --output "{tmp_path}" | head -n 3',
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, shell=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "example" in result.stdout
    assert "Traceback" not in result.stderr


def test_no_epochs_are_refused(run, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        run("digits", "--epochs", 0)
    assert "--epochs must be at least 1, not 0" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(demos()))
def test_runs_in_the_small_size_and_draws_what_it_lists(name, run, tmp_path):
    printed, pictures = run(name, "--size", "small")
    assert "Drawn in" in printed
    assert pictures
    for file, said in pictures.items():
        content = (tmp_path / name / file).read_bytes()
        assert content.startswith(SIGNATURES[Path(file).suffix]), file
        assert len(content) > 1000, f"{file} is nearly empty"
        assert said.endswith(".") and said in printed, file
        if file.endswith(".svg"):
            ET.fromstring(content)
    index = (tmp_path / "index.html").read_text("utf-8")
    assert all(f'src="{name}/{file}"' in index or f'href="{name}/{file}"' in index for file in pictures)
    assert not re.search(r"https?:", index)  # it is read without a network
    numbers = printed.partition("\nDrawn in")[0].strip("\n")
    assert html.escape(numbers) in index  # a table that is printed belongs to the lesson, too


def test_the_small_size_says_that_its_figures_mean_nothing(run):
    small, full = (run("gradient_penalty", "--epochs", 1, "--size", size)[0] for size in ("small", "full"))
    assert small.startswith("Small size: this shows that it runs. What it trains is trained too little")
    assert "Small size" not in full


def test_the_same_seed_prints_the_same(run):
    once, again, other = (run("gradient_penalty", "--size", "small", "--seed", seed)[0] for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_digits_learns(run):
    printed, _ = run("digits", "--epochs", 8, "--deep-epochs", 1)
    train, test, constant = map(float, re.findall(r"([\d.]+)%\n", printed)[:3])
    assert train > 90
    assert test > 90
    assert constant < 15


def test_losses_computes_what_the_lecture_prints(run):
    printed, _ = run("losses", "--size", "small")
    rows = re.findall(r"^.*?(\d\.\d{4}) +(\d\.\d+)$", printed, re.MULTILINE)
    assert len(rows) == 7
    for computed, by_lecture in rows:
        digits = len(by_lecture) - 2
        assert abs(float(computed) - float(by_lecture)) <= 0.51 * 10**-digits + 0.51e-4


def test_plots_are_saved_in_the_format_asked_for(run, tmp_path):
    _, pictures = run("losses", "--size", "small", "--format", "pdf")
    assert pictures.keys() == {"curves.pdf", "slope.svg", "graph.svg"}
    assert (tmp_path / "losses" / "curves.pdf").read_bytes().startswith(b"%PDF")

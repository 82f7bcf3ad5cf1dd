"""The demos: each is listed with a line on what it shows, and the main one trains, says how well, and draws."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demos.__main__ import HERE, demos

ROOT = Path(__file__).parent.parent


def run(*arguments, folder=ROOT):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "demos", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_all_are_listed_with_a_line():
    listed = run().stdout
    assert demos().keys() == {file.stem for file in HERE.glob("[a-z]*.py")}
    assert all(line and f"{name} " in listed and line in listed for name, line in demos().items())


def test_unknown_name_is_refused_with_the_names_there_are():
    result = run("digitz")
    assert result.returncode == 1
    assert "no demo is called 'digitz'" in result.stderr
    assert "digits" in result.stderr
    assert "Traceback" not in result.stderr


def test_digits_learns_and_draws(tmp_path):
    pytest.importorskip("sklearn")
    result = run("digits", "--epochs", 5, "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "epoch/s" in result.stderr  # the progress bar
    train, test, constant = map(float, re.findall(r"([\d.]+)%", result.stdout))
    assert train > 90
    assert test > 90
    assert constant < 15
    assert "<svg" in (tmp_path / "digits.svg").read_text(encoding="utf-8")


def test_digits_refuses_no_epochs():
    result = run("digits", "--epochs", 0)
    assert result.returncode == 2
    assert "at least 1" in result.stderr

"""The one page on which program/ is explained knows every file of it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinygrad_reg import program

FILES = {path.stem for path in Path(program.__file__).parent.glob("*.py")} - {"__init__"}


def test_the_table_of_the_package():
    assert sorted(re.findall(r"^\| (\w+)\.py \|", program.__doc__, re.MULTILINE)) == sorted(FILES)


def test_the_figure():
    page = Path(__file__).parents[2] / "docs" / "programs.md"
    if not page.exists():
        pytest.skip("no docs beside this package")
    figure = page.read_text("utf-8").split("## How it works")[1].split("```")[1]
    assert set(re.findall(r"\w+", figure)) >= FILES

"""The one page on which program/ is explained knows every file of it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinygrad_reg import program

FILES = {path.stem for path in Path(program.__file__).parent.glob("*.py")} - {"__init__"}


def test_the_table_of_the_package():
    (table,) = (part for part in program.__doc__.split("\n\n") if part.startswith("    compiled "))
    assert set(re.findall(r"\w+", table)) >= FILES


@pytest.fixture
def section():
    page = Path(__file__).parents[2] / "docs" / "programs.md"
    if not page.exists():
        pytest.skip("no docs beside this package")
    return page.read_text("utf-8").split("## How it works")[1]


def test_the_figure(section):
    assert set(re.findall(r"\w+", section.split("```")[1])) >= FILES


def test_a_line_for_each_file(section):
    assert sorted(re.findall(r"^(?:- )?`(\w+)` ", section, re.MULTILINE)) == sorted(FILES)

"""The pages of docs/: the tables are up to date, and every row of the lectures leads to code, test and demo.

That their code runs and their links lead somewhere is tested with the README's, in test_readme.py.
"""

import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from tests import api_page, ops_page
from tests.test_readme import PAGES

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_ops_is_up_to_date():
    lines = ops_page.PAGE.read_text(encoding="utf-8").splitlines()
    too_new = [line for line in lines if (row := re.match(r"\| `np\.(\w+)`", line)) and not hasattr(np, row[1])]
    here = [line for line in lines if line not in too_new]
    assert ops_page.page().splitlines() == here, "an op has changed: run `make stubs`"


def test_the_list_of_everything_public_is_up_to_date():
    assert api_page.page() == api_page.PAGE.read_text(encoding="utf-8"), "a docstring has changed: run `make stubs`"


@pytest.mark.parametrize("part", api_page.PARTS.values())
def test_everything_public_is_documented_and_typed(part):
    module = importlib.import_module(part)
    missing = []
    for name, value in api_page.public(module).items():
        members = {f"{name}.{m}": f for m, f in vars(value).items()} if inspect.isclass(value) else {name: value}
        members = {m: getattr(f, "fget", f) for m, f in members.items() if not m.partition(".")[2].startswith("_")}
        missing += [] if inspect.getdoc(value) else [f"{name}: docstring"]
        for member, function in members.items():
            if inspect.isfunction(function):
                hints = inspect.signature(function)
                given = [p.annotation for p in hints.parameters.values() if p.name != "self"]
                missing += [] if function.__doc__ else [f"{member}: docstring"]
                missing += [f"{member}: types"] if inspect.Signature.empty in (*given, hints.return_annotation) else []
    assert missing == []


def test_the_index_lists_every_page():
    listed = re.findall(r"\]\((\w[\w-]*\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8"))
    assert sorted(set(listed)) == sorted({page.name for page in PAGES if page.parent == DOCS} - {"README.md"})


def test_the_page_on_the_engine_lists_every_file_of_the_package():
    page = (DOCS / "engine.md").read_text(encoding="utf-8").split("## Where things stand")[1]
    listed = re.findall(r"\]\(\.\./tinygrad_reg/([\w.]+)\)", page)
    package = DOCS.parent / "tinygrad_reg"
    there = {path.name for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(listed) == sorted(there - {"__init__.py"})


def test_our_column_runs_beside_keras_and_pytorch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "keras-pytorch.md").read_text(encoding="utf-8")
    steps = re.findall(r"^```python\n(.*?)^```$|^\|[^\n]*\| `([^|\n]*)` \|$", text, re.MULTILINE | re.DOTALL)
    names = {}
    for block, cell in steps:
        exec(block or cell, names)
    assert sum(bool(cell) for _, cell in steps) == len(re.findall(r"^\| (?!what)", text, re.MULTILINE))


ROWS = [
    f"{family}{i}" for family, n in zip("IALOPNTV", (7, 6, 8, 10, 10, 10, 15, 4), strict=True) for i in range(1, n + 1)
]


def test_every_row_of_the_lectures_is_listed_with_a_demo_and_tests_that_name_it():
    lines = (DOCS / "lectures.md").read_text(encoding="utf-8").splitlines()
    found = {row[1]: line for line in lines if (row := re.match(r'\| <a id="(\w+)"></a>\1 \|', line))}
    assert list(found) == ROWS
    for row, line in found.items():
        files = re.findall(r"\]\(\.\./(tests/[\w/]+\.py)\)", line)
        assert files, f"{row} names no test"
        assert re.search(r"\]\(\.\./demos/\w+\.py\) \|$", line), f"{row} names no demo"
        for file in files:
            text = (DOCS.parent / file).read_text(encoding="utf-8")
            named = re.search(rf"def test_(?:\w+_)?{row}_", text, re.IGNORECASE)
            assert named, f"no test in {file} has the row {row} in its name"

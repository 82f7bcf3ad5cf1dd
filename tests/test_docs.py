"""The pages of docs/: the table of ops is up to date, and every row of the lectures leads to code, test and demo.

That their code runs and their links lead somewhere is tested with the README's, in test_readme.py.
"""

import re
from pathlib import Path

from tests.ops_page import PAGE, page
from tests.test_readme import PAGES

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_ops_is_up_to_date():
    assert page() == PAGE.read_text(encoding="utf-8"), "an op has changed: run `make stubs`"


def test_the_index_lists_every_page():
    listed = re.findall(r"\]\((\w[\w-]*\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8"))
    assert sorted(set(listed)) == sorted({page.name for page in PAGES if page.parent == DOCS} - {"README.md"})


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


def test_every_row_of_the_lectures_is_listed_with_tests_that_name_it():
    lines = (DOCS / "lectures.md").read_text(encoding="utf-8").splitlines()
    found = {row[1]: line for line in lines if (row := re.match(r'\| <a id="(\w+)"></a>\1 \|', line))}
    assert list(found) == ROWS
    for row, line in found.items():
        files = re.findall(r"\]\(\.\./(tests/[\w/]+\.py)\)", line)
        assert files, f"{row} names no test"
        for file in files:
            text = (DOCS.parent / file).read_text(encoding="utf-8")
            named = re.search(rf"def test_(?:\w+_)?{row}_", text, re.IGNORECASE)
            assert named, f"no test in {file} has the row {row} in its name"

"""Every python block of the README and of docs/ runs, and prints what the ```text block below it shows.

python -m tests.test_readme writes those text blocks anew; read the difference before it is committed.
"""

import contextlib
import io
import re
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")  # to a file of the project, not to the web
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def runs(page):
    """(line number, code, what it prints) of each python block; None where no output is shown."""
    text = page.read_text(encoding="utf-8")
    blocks = [*BLOCK.finditer(text), None]
    for block, following in pairwise(blocks):
        if block[1] == "python":
            shown = (
                following is not None and following[1] == "text" and not text[block.end() : following.start()].strip()
            )
            yield text.count("\n", 0, block.start()) + 2, block[2], following[2] if shown else None


def execute(code, names, file):
    """What the code prints. It stands in a file, as a user's does: tensors take their names from there."""
    file.parent.mkdir()
    file.write_text(code, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(file), "exec"), names)
    return printed.getvalue()


@pytest.mark.filterwarnings("ignore:there is no 'dot' on this machine")  # pictures are drawn all the same
@every_page
def test_blocks_run_and_print_what_is_shown(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a block writes goes there
    names = {"__name__": "__main__"}
    for number, (line, code, expected) in enumerate(runs(page), 1):
        printed = execute(code, names, tmp_path / str(number) / "script.py")
        if expected is not None:
            assert printed == expected, f"{page.name}:{line} prints something else than the page shows"


@every_page
def test_links_lead_to_files(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_shows_what_its_blocks_print():
    """At least one block with output stands there, so the test above compares something."""
    assert any(expected for _, _, expected in runs(PAGES[0]))


def write_outputs():
    """Fill in the text blocks of all pages with what the code prints now."""
    for page in PAGES:
        text, names = page.read_text(encoding="utf-8"), {"__name__": "__main__"}
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            for number, (_, code, expected) in enumerate(list(runs(page)), 1):
                printed = execute(code, names, Path(folder, str(number), "script.py"))
                if expected is not None:
                    shown = f"```python\n{code}```\n\n```text\n"
                    text = text.replace(f"{shown}{expected}```", f"{shown}{printed}```")
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_outputs()

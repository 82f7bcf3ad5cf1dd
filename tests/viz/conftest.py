"""What tests of pictures share: one browser for all pages, and machines without dot made up on the spot."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import viz.graphs.engine
from tests.viz import browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    """A headless browser; tests that need it are left out where there is none."""
    if lack := browser.missing():
        pytest.skip(lack)
    window = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield window
    window.close()


@pytest.fixture(autouse=True)
def warns_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test gets the warnings that a process gets once."""
    monkeypatch.setattr(viz.graphs.engine, "_warned", set())


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without the program dot."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fake_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Put a shell script in the place of dot."""

    def install(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "dot"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return install

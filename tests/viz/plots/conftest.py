"""Plots are painted into memory, and shown by nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def closes_figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plot never shows itself."""
    pytest.importorskip("matplotlib", reason="no matplotlib here").use("Agg")
    from matplotlib import pyplot

    monkeypatch.setattr(pyplot, "show", lambda: pytest.fail("a plot called show()"))
    yield
    pyplot.close("all")

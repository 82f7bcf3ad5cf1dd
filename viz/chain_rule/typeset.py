"""Formulas as a picture for slides, set by matplotlib's mathtext under one another, with their equals signs aligned."""

from __future__ import annotations

import io
from collections.abc import Sequence

from ..ink.theme import Theme
from ..plots.axes import matplotlib

SIZE = 18  # points
HIGH, LOW = 0.86, 0.44  # inches that a line takes, with a fraction in it and without


def typeset(lines: Sequence[tuple[str, str]], format: str, theme: Theme) -> bytes:
    """Each line is what stands on the left and on the right of its sign =, as LaTeX."""
    matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1), facecolor=theme.panel)  # an inch, so that places are in inches; it grows as needed
    y = 0.0
    for left, right in lines:
        height = HIGH if r"\frac" in left + right else LOW
        y -= height / 2
        for text, side in ((left, "right"), (f"\\;=\\;{right}", "left")):
            if text:
                # The prime of a text font: that of a formula is in a font which a stale cache of fonts does not find.
                set_large = text.replace(r"\frac", r"\dfrac").replace("'", r"\text{′}")
                figure.text(0, y, f"${set_large}$", ha=side, size=SIZE, color=theme.ink)
        y -= height / 2
    out = io.BytesIO()
    date = {"svg": "Date", "pdf": "CreationDate", "png": "Software"}[format]
    with rc_context({"svg.hashsalt": "viz"}):  # the same formulas make the same file
        figure.savefig(out, format=format, dpi=200, bbox_inches="tight", pad_inches=0.25, metadata={date: None})
    return out.getvalue()

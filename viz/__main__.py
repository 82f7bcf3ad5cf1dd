"""`python -m viz doctor`: which program draws the pictures on this machine, and what is missing for the others."""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
from pathlib import Path

from tinygrad_reg import Tensor

from .graphs.graph import graph
from .ink import dot, paint
from .lessons.steps import steps


def doctor() -> int:
    """Try every way of drawing, and say what works. 0 if pictures can be drawn at all."""
    w, x = Tensor(3.0, requires_grad=True, name="w"), Tensor(2.0, name="x")
    loss = (w * x).sum()
    print(f"graphviz (Python package) {importlib.metadata.version('graphviz')}: writes DOT text")
    try:
        print(f"{dot.version()} at {dot.find()}")
        picture = graph(loss, engine="dot")
        picture.svg  # noqa: B018
        print("  graphs are placed by 'dot'; those too long for a slide are set in rows, by the built-in layout")
        paint.painted(picture.svg, "png")
        print("  .png and .pdf can be saved")
    except dot.DotNotFound as error:
        print(f"dot: {error}")
        print("  the built-in layout places every graph; .svg and .html can be saved, .png and .pdf can't")
    try:
        print(f"matplotlib {importlib.metadata.version('matplotlib')}: plots can be drawn")
    except importlib.metadata.PackageNotFoundError:
        print("matplotlib is missing: no plots (pip install 'tinygrad_reg[plots]')")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "steps.html")
        steps(loss, target, engine="builtin")
        print(f"step pages can be written ({target.stat().st_size // 1024} kB for the smallest one)")
    return 0


def main(arguments: list[str]) -> int:
    """The command line."""
    if arguments == ["doctor"]:
        return doctor()
    print("usage: python -m viz doctor", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What every demo shares: its options, its seed, its folder of pictures, and the page that lists them all.

    lesson = Lesson(__file__, __doc__, epochs=(60, 3, "passes over the training set"))  # default, --size small, help
    ... lesson.epochs, lesson.rng ...
    lesson.picture(ax, "curves", "What one sees on it.")
    lesson.finish()

A demo stays a script: this only takes what it draws and prints, and knows nothing of what it teaches.
"""

from __future__ import annotations

import argparse
import html
import json
import math
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.ticker import LogFormatterMathtext

import tinygrad_reg as tg
import viz
from demos import ORDER
from viz.ink.files import write
from viz.plots.axes import COLORS, DASHES

HERE = Path(__file__).parent
LOOK: Any = {
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=DASHES),
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "lines.linewidth": 2.0, "font.size": 12, "legend.fontsize": 11, "figure.figsize": (9.6, 5.0),
    "figure.constrained_layout.use": True, "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08, "figure.titleweight": "bold", "savefig.dpi": 150, "svg.hashsalt": "demos",
    "axes.formatter.min_exponent": 4,  # 0.01 and not 10⁻²
}  # fmt: skip


class Lesson:
    """One run of a demo: its options are attributes, and what it draws goes through `picture`."""

    def __init__(self, file: str, text: str | None, **options: tuple[Any, Any, str]) -> None:
        self.name, self.text = Path(file).stem, text or ""
        given = read_options(self.name, self.text, options)
        for name in options:
            setattr(self, name, getattr(given, name))
        self.seed, self.small, self.format = given.seed, given.size == "small", given.format
        self.rng = np.random.default_rng(given.seed)
        tg.seed(given.seed)
        tg.set_default_dtype("float64")
        matplotlib.use("agg")  # pictures go to files, no window is needed
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        self.output: Path = given.output
        self.folder = self.output / self.name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sys.exit(f"no folder for the pictures can be made at {str(self.folder)!r} ({error.strerror}): see --output")
        self.pictures: list[dict[str, str]] = []
        sys.stdout = self._printed = Kept(sys.stdout)
        if self.small and any(default != small for default, small, _ in options.values()):
            print("Small size: this shows that it runs. What it trains is trained too little to mean anything.\n")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this lesson was given no option {name!r}")

    def picture(self, drawn: Any, name: str, said: str) -> None:
        """Save what was drawn, axes or what viz made, and list it with the sentence `said`.

        Steps are an .html page, other pictures of viz an .svg, or with a `name` that says so an .html page.
        """
        if isinstance(drawn, (viz.Steps, viz.Picture, viz.Derivation)):
            ending = ".html" if isinstance(drawn, viz.Steps) else ".svg"
            file = name if name.endswith(".html") else name + ending
            drawn.save(self.folder / file)
        else:
            figure = np.ravel(np.asarray(drawn, dtype=object))[0].figure.canvas.figure  # the whole, where it has parts
            dressed(figure)
            file = f"{name}.{self.format}"
            about = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[self.format]
            figure.savefig(self.folder / file, metadata=about)
            plt.close(figure)
        self.pictures.append({"file": file, "said": said})

    def finish(self) -> None:
        """Say where everything is, and list it on the page that all demos share."""
        sys.stdout = self._printed.stream
        listed = {"text": self.text, "printed": "".join(self._printed.text), "pictures": self.pictures}
        write(self.folder / "pictures.json", json.dumps(listed, ensure_ascii=False, indent=1))
        index = write_index(self.output)
        print(f"\nDrawn in {shown(self.folder)}:")
        width = max((len(p["file"]) for p in self.pictures), default=0)
        for picture in self.pictures:
            print(f"  {picture['file']:{width}}  {picture['said']}")
        print(f"All of it on one page, open it in a browser: {shown(index)}")


def read_options(lesson: str, text: str, options: dict[str, tuple[Any, Any, str]]) -> argparse.Namespace:
    """What the command line says; of each of the lesson's own options, the default of the size that it asks for."""
    parser = argparse.ArgumentParser(
        prog=f"python -m demos {lesson}", description=text, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, (default, small, said) in options.items():
        shown = f"{said} (default: {default}" + (f", in the small size {small})" if small != default else ")")
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), help=shown)
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: %(default)s)")
    parser.add_argument("--size", choices=("full", "small"), default="full", help="small: seconds, to see it run")
    parser.add_argument("--format", choices=("png", "svg", "pdf"), default="png", help="of the plots, for slides")
    parser.add_argument("--output", type=Path, default=HERE / "output", help="folder for the pictures")
    given = parser.parse_args()
    for name, (default, small, _) in options.items():
        if getattr(given, name) is None:
            setattr(given, name, small if given.size == "small" else default)
    lowest = {name: 1 if isinstance(default, int) else 0 for name, (default, _, _) in options.items()}
    for name, least in {**lowest, "seed": 0}.items():
        value = getattr(given, name)
        if not (math.isfinite(value) and value >= least):
            parser.error(f"--{name.replace('_', '-')} must be at least {least}, not {value}")
    return given


class Kept:
    """A stream that keeps what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.text = stream, list[str]()

    def write(self, text: str) -> int:
        self.text.append(text)
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def dressed(figure: Any) -> None:
    """The same look for all: headings begin at the left, and an axis of many powers of ten says them all as powers."""
    for part in (figure, *figure.subfigs):
        if part.get_suptitle():
            part.suptitle(part.get_suptitle(), x=0.01, ha="left")
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        low, high = axis.get_view_interval()
        if isinstance(axis.get_major_formatter(), LogFormatterMathtext) and not 1e-4 < low < high < 1e4:
            axis.set_major_formatter(lambda power, _: f"$10^{{{math.log10(power):.0f}}}$")


def framed(axes: Any) -> None:
    """Axes that show images: a frame, and no ticks."""
    for ax in np.ravel(np.asarray(axes, dtype=object)):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#d3d8de")


def write_index(output: Path) -> Path:
    """The page that shows what all demos have drawn so far."""
    lists = {name: output / name / "pictures.json" for name in ORDER}
    found = {name: json.loads(file.read_text("utf-8")) for name, file in lists.items() if file.exists()}
    contents = " · ".join(f'<a href="#{name}">{html.escape(name)}</a>' for name in found)
    sections = "\n".join(_section(name, **demo) for name, demo in found.items())
    page = PAGE.replace("CONTENTS", contents).replace("SECTIONS", sections)
    path = output / "index.html"
    write(path, page)
    return path


def _section(name: str, text: str, pictures: list[dict[str, str]], printed: str = "") -> str:
    title, _, rest = text.partition("\n")
    figures = "\n".join(_figure(f"{name}/{picture['file']}", picture["said"]) for picture in pictures)
    about = f"<pre>{html.escape(rest.strip(chr(10)))}</pre>" if rest.strip() else ""
    numbers = html.escape(printed.strip("\n"))
    if numbers:
        figures += f'\n<details open><summary>What it prints</summary><pre class="printed">{numbers}</pre></details>'
    return (
        f'<section id="{name}"><h2>{html.escape(title)}</h2>\n{about}\n{figures}\n'
        f"<p><code>python -m demos {name}</code> draws this.</p></section>"
    )


def _figure(path: str, said: str) -> str:
    where, said = html.escape(path), html.escape(said)
    if path.endswith((".html", ".pdf")):
        return f'<p class="page"><a href="{where}">{where}</a>: {said}</p>'
    image = f'<a href="{where}"><img src="{where}" alt="{said}" loading="lazy"></a>'
    return f"<figure>{image}<figcaption>{said}</figcaption></figure>"


def shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        short = os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)
    return str(path) if short.startswith("..") else short


PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the demos drew</title>
<style>
:root { color-scheme: light dark;
        --paper: #f5f7f9; --ink: #14171c; --muted: #59606a; --line: #d3d8de; --link: #005a9c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0e1216; --ink: #e9ecf0; --muted: #9ca5af; --line: #323942; --link: #6bb9f7; }
}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.55 "DejaVu Sans", Verdana, Geneva, sans-serif; }
a { color: var(--link); }
h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 0; }
section { border-top: 1px solid var(--line); padding: 1.6rem 0 .6rem; }
pre { white-space: pre-wrap; font: .85rem/1.5 "DejaVu Sans Mono", Menlo, Consolas, monospace; color: var(--muted); }
pre.printed { white-space: pre; overflow-x: auto; max-height: 40rem; padding: .8rem; color: var(--ink);
              border: 1px solid var(--line); border-radius: 6px; }
figure { margin: 1rem 0 1.6rem; }
img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
      border-radius: 6px; }
figcaption { margin-top: .4rem; }
</style>
</head>
<body>
<main>
<h1>What the demos drew</h1>
<p>CONTENTS</p>
SECTIONS
</main>
</body>
</html>
"""

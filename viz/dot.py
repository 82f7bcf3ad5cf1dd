"""The one file that touches Graphviz: the package writes DOT text, the program `dot` places boxes, or paints PNG, PDF.

`dot` is a program, not a Python package. Where it is missing, slow or broken, layout.py stands in for the placing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import graphviz

from tinygrad_reg.insight.words import number

from . import layout
from . import rows as rows_
from .chains import Chain, times
from .frames import crop
from .svg import escape
from .theme import Theme, ink_on
from .trace import SIZE, Box, Drawing

TIMEOUT = 20.0  # seconds
ENGINES = ("auto", "dot", "builtin")
INSTALL = (
    "Install Graphviz (Debian, Ubuntu: 'sudo apt install graphviz'; macOS: 'brew install graphviz'; "
    "Windows: 'winget install graphviz'), then check with 'python -m viz doctor'"
)


class DotNotFound(FileNotFoundError):
    """The program `dot` was needed and is not there, or does not work."""


_warned: set[str] = set()


def place(drawing: Drawing, source: str, engine: str, gap: float = layout.RANK_GAP, rows: int | None = 1) -> str:
    """Place everything in `drawing` (whose DOT text is `source`) and return the engine that did: "dot" or "builtin".

    `rows`: in how many rows; None for as many as let it fit a slide best. Only the built-in layout knows rows.
    """
    if rows is not None and rows > 1 and drawing.direction == "LR" and engine != "dot":
        layout.place(drawing, gap, rows)
        return "builtin"
    done = _place_in_one(drawing, source, engine, gap)
    if rows is None and drawing.direction == "LR" and engine != "dot" and rows_.fit(drawing) < rows_.READABLE:
        layout.place_in_rows(drawing, gap)
        return "builtin"
    return done


def _place_in_one(drawing: Drawing, source: str, engine: str, gap: float) -> str:
    if engine != "builtin":
        if find() is None:
            if engine == "dot":
                raise DotNotFound(f"engine='dot', but there is no program 'dot' on this machine's PATH. {INSTALL}")
            _warn("missing", f"there is no 'dot' on this machine, so the built-in layout draws. {INSTALL}")
        else:
            try:
                _read(drawing, json.loads(run(source, "json0")))
                return "dot"
            except (DotNotFound, ValueError, LookupError, TypeError, AttributeError) as error:
                if engine == "dot":
                    raise DotNotFound(f"'dot' could not place this graph: {error}") from None
                _warn("broken", f"'dot' failed ({error}), so the built-in layout draws. See 'python -m viz doctor'")
    layout.place(drawing, gap)
    return "builtin"


def _warn(what: str, message: str) -> None:
    """One warning a process for each trouble."""
    if what not in _warned:
        _warned.add(what)
        warnings.warn(message, RuntimeWarning, stacklevel=5)


def find() -> str | None:
    """Path of the program `dot`, None where there is none."""
    return shutil.which("dot")


def run(source: str, format: str, *options: str) -> bytes:
    """What `dot` makes of the DOT text, in one of its formats."""
    program = find()
    if program is None:
        raise DotNotFound(
            f"a .{format} is painted by the program 'dot', which is not on this machine's PATH. {INSTALL}"
        )
    try:
        done = subprocess.run(
            [program, *options, f"-T{format}"], input=source.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise DotNotFound(f"it took longer than {TIMEOUT:g} s") from None
    except OSError as error:
        raise DotNotFound(f"{program} can't be started: {error}") from None
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DotNotFound(
            f"it said: {lines[-1]}" if lines else f"it stopped with code {done.returncode} and no message"
        )
    return done.stdout


def version() -> str:
    """What `dot -V` says."""
    program = find()
    if program is None:
        raise DotNotFound(f"there is no program 'dot' on this machine's PATH. {INSTALL}")
    try:
        done = subprocess.run([program, "-V"], capture_output=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DotNotFound(f"{program} can't be run: {error}") from None
    if done.returncode:
        raise DotNotFound(f"{program} -V stopped with code {done.returncode}")
    return (done.stderr or done.stdout).decode(errors="replace").strip()


def digraph(drawing: Drawing, theme: Theme, gap: float = layout.RANK_GAP) -> graphviz.Digraph:
    """The drawing as DOT: boxes are n0, n1 …, all that users named stands in escaped labels."""
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": drawing.direction, "bgcolor": theme.panel, "nodesep": "0.22", "ranksep": _inches(gap),
            "fontname": "DejaVu Sans", "fontsize": "12", "fontcolor": theme.muted, "pad": "0.15", "tooltip": " ",
        },
        node_attr={
            "shape": "box", "style": "rounded,filled", "fixedsize": "true", "fontname": "DejaVu Sans",
            "fontsize": f"{SIZE:g}", "fontcolor": theme.ink, "color": theme.line, "fillcolor": theme.panel,
        },
        edge_attr={"color": theme.line, "arrowsize": "0.7"},
    )  # fmt: skip
    if drawing.title:
        heading = f'<font point-size="17" color="{theme.ink}"><b>{escape(drawing.title)}</b></font>'
        graph.attr(label=f"<{heading}>", labelloc="t", labeljust="l")
    _cluster(graph, drawing, theme, ())
    for arrow in drawing.arrows:
        graph.edge(arrow.tail, arrow.head, id=arrow.id, weight=str(arrow.weight))
    return graph


def chains(shown: Sequence[Chain], theme: Theme, color: Callable[[float], str], title: str) -> graphviz.Digraph:
    """Chains of gradients as DOT, for those who go on with it in Graphviz: a cluster each, the loss at the right."""
    heading = f'<font point-size="17"><b>{escape(title)}</b></font>'
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "RL", "bgcolor": theme.panel, "fontname": "DejaVu Sans", "fontcolor": theme.ink,
            "label": f"<{heading}>", "labelloc": "t", "labeljust": "l", "pad": "0.2", "fontsize": "12",
        },
        node_attr={"shape": "box", "style": "rounded,filled", "fontname": "DejaVu Sans", "fontsize": "12"},
        edge_attr={"fontname": "DejaVu Sans", "fontsize": "11", "fontcolor": theme.ink},
    )  # fmt: skip
    for row, chain in reversed(list(enumerate(shown))):  # from right to left, dot puts the first cluster at the bottom
        inner = graphviz.Digraph(name=f"cluster_{row}")
        lines = f'<b>{escape(chain.name)}</b><br align="left"/>{escape(chain.verdict())}<br align="left"/>'
        inner.attr(label=f"<{lines}>", color=theme.hairline)
        for at, stop in enumerate(chain.stops):
            fill = color(stop.size)
            label = f"<{escape(stop.name)}<br/><b>{number(stop.gradient, 3)}</b>>"
            inner.node(f"c{row}n{at}", label=label, fillcolor=fill, fontcolor=ink_on(fill), color=theme.line)
        for at, hop in enumerate(chain.hops):
            label = graphviz.escape(times(hop.factor, 3))
            inner.edge(
                f"c{row}n{at}", f"c{row}n{at + 1}", label=label, color=color(chain.stops[at + 1].size), penwidth="3"
            )
        graph.subgraph(inner)
    return graph


def _cluster(graph: graphviz.Digraph, drawing: Drawing, theme: Theme, path: tuple[str, ...]) -> None:
    """Boxes directly in the frame at `path`, then the frames in it."""
    for box in drawing.boxes:
        if box.clusters == path:
            graph.node(box.id, label=_label(box, theme), **_style(box, theme))
    for frame in drawing.frames:
        if frame.path[:-1] == path:
            inner = graphviz.Digraph(name=f"cluster_{frame.id}")
            inner.attr(id=frame.id, label=f"<{escape(frame.title)}>", labeljust="l", style="rounded,filled",
                       color=theme.hairline, fillcolor=theme.cluster)  # fmt: skip
            _cluster(inner, drawing, theme, frame.path)
            graph.subgraph(inner)


def _style(box: Box, theme: Theme) -> dict[str, str]:
    attributes = {"id": box.id, "width": _inches(box.w), "height": _inches(box.h), "tooltip": graphviz.escape(box.tip)}
    if box.is_leaf:
        attributes |= {"style": "filled", "fillcolor": theme.leaf}
    elif box.kind == "blocks":
        attributes |= {"style": "rounded,filled,dashed", "fillcolor": theme.forward_fill, "color": theme.forward}
    elif box.kind != "op":
        attributes |= {"fillcolor": theme.cluster}
    return attributes


def _label(box: Box, theme: Theme) -> str:
    """Lines as an HTML-like label, in which nothing of the text is markup."""
    lines = []
    for line in box.lines:
        text = escape(line.text)
        if line.bold:
            text = f"<b>{text}</b>"
        color = {"grad": theme.backward, "muted": theme.muted}.get(line.role)
        lines.append(f'<font color="{color}">{text}</font>' if color else text)
    return f"<{'<br/>'.join(lines)}>"


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.3f}"


def _read(drawing: Drawing, found: dict[str, Any]) -> None:
    """Take over what `dot -Tjson0` placed; its y axis points up."""

    def point(text: str) -> tuple[float, float]:
        x, y = text.split(",")
        return float(x), -float(y)

    objects: dict[str, dict[str, Any]] = {thing["id"]: thing for thing in found["objects"] if "id" in thing}
    places = [point(objects[box.id]["pos"]) for box in drawing.boxes]
    routes = {edge["id"]: _spline(edge["pos"], point) for edge in found.get("edges", ())}
    corners = [_corners(objects[frame.id]["bb"], point) for frame in drawing.frames]
    # Everything was there: only now the drawing is changed.
    for box, (x, y) in zip(drawing.boxes, places, strict=True):
        box.x, box.y = x, y
    for arrow in drawing.arrows:
        arrow.points = routes[arrow.id]
    drawing.placed = [replace(frame, corners=c) for frame, c in zip(drawing.frames, corners, strict=True)]
    crop(drawing)


def _spline(text: str, point: Any) -> list[tuple[float, float]]:
    """`e,x,y x,y x,y …`: the arrow's tip, then a start and Bézier triples; the tip is reached by a straight piece."""
    parts = text.split()
    tip = point(parts.pop(0)[2:]) if parts[0].startswith("e,") else None
    points = [point(part) for part in parts]
    if tip is not None:
        points += [points[-1], tip, tip]
    return points


def _corners(text: str, point: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = text.split(",")
    (left, bottom), (right, top) = point(f"{x0},{y0}"), point(f"{x1},{y1}")
    return left, top, right, bottom

"""A drawing as DOT text: boxes are n0, n1 …, all that users named stands in escaped labels."""

from __future__ import annotations

import graphviz

from ..ink.svg import escape
from ..ink.theme import Theme
from . import layout
from .trace import SIZE, Box, Drawing


def digraph(drawing: Drawing, theme: Theme, gap: float = layout.RANK_GAP) -> graphviz.Digraph:
    """The drawing as DOT."""
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

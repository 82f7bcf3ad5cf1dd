"""Chains of gradients as DOT text, for those who go on with it in Graphviz."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import graphviz

from tinygrad_reg.insight.words import number

from ..ink.svg import escape
from ..ink.theme import Theme, ink_on
from .chains import Chain, times


def digraph(shown: Sequence[Chain], theme: Theme, color: Callable[[float], str], title: str) -> graphviz.Digraph:
    """A cluster for each chain, the loss at the right."""
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

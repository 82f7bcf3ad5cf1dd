"""viz.graph: the computation graph of a loss, as boxes and arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_reg import Module, Tensor
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import one_of, whole
from tinygrad_reg.insight.explain import forward_steps

from ..ink import svg
from ..ink.dot import find
from ..ink.picture import Picture
from ..ink.text import clean, width
from ..ink.theme import Theme, look
from . import draw
from .digraph import digraph
from .engine import ENGINES, place
from .fold import fold
from .trace import Drawing, Labels, counted, drawing, in_layers

SHOWS = ("value", "grad", "shape")
WHOLE = 2000  # nodes that are drawn without being asked for twice


@answered
def graph(
    x: Tensor | Sequence[Tensor],
    *,
    direction: str = "LR",
    rows: int | None = None,
    show: str = "value+grad",
    depth: int | None = None,
    max_nodes: int | None = 60,
    engine: str = "auto",
    title: str = "",
    theme: str = "light",
    digits: int = 4,
) -> Picture:
    """The graph of what `x` (a Tensor, or several) was computed from; its gradients are those in `.grad`.

    `direction`: "LR" or "TB". `rows`: a long graph is set in rows, as text is in lines, so that it fits a slide; a
    number insists on so many, 1 is one long row (as is engine="dot", which knows no rows). `show`: what stands in a
    box, "value+grad", "value", "grad", "shape" or "name".
    `depth`: how many levels of layers are opened. Above `max_nodes` boxes the graph is folded: parameters into the
    operations that use them, identical blocks into one, layers into boxes; None draws it whole. `engine`: "auto"
    uses the program `dot` where it is installed and a built-in layout elsewhere; "dot" or "builtin" insist on one.

    >>> from tinygrad_reg import Tensor
    >>> w = Tensor(3.0, requires_grad=True, name="w")
    >>> print(graph(w * 2, engine="builtin"))
    graph of v2 = w × 2: 3 boxes, 2 arrows
    """
    outputs = _outputs(x)
    _check(direction, rows, depth, max_nodes, engine, digits)
    shown = _shown(show)
    colors = look(theme)
    steps = forward_steps(*outputs, call="graph()")
    units = in_layers(fold(steps, max_nodes, depth), steps)
    plan = drawing(units, Labels(steps, shown, digits), direction=direction, title=title)
    dots = digraph(plan, colors)
    last = [next(s for s in reversed(steps) if s.tensor is output) for output in outputs]
    names = ", ".join(clean(f"{s.name} = {s.call}" if s.op else s.name) for s in last)
    hidden = len(steps) - len(units)
    description = f"graph of {names}: {counted(len(plan.boxes), 'box')}, {counted(len(plan.arrows), 'arrow')}"
    if hidden > 0:
        description += f" for {len(steps):,} tensors"

    def render() -> str:
        place(plan, dots.source, engine, rows=rows)
        return _document(plan, colors, description)

    if engine == "dot" and find() is None:
        render()  # raises, here rather than where the picture is shown
    return Picture(plan.title or clean(names), description, render, dots, colors.panel)


def _outputs(x: Any) -> list[Tensor]:
    outputs = [x] if isinstance(x, Tensor) else list(x) if isinstance(x, (list, tuple)) else None
    if outputs and all(isinstance(output, Tensor) for output in outputs):
        return outputs
    given = type(x).__name__ if outputs is None else repr(outputs)
    calling = "; a model's graph is that of what it computes: graph(model(x)), or graph(loss)"
    raise TypeError(
        f"graph() takes a Tensor or a list of Tensors, not {given}{calling if isinstance(x, Module) else ''}"
    )


def _document(plan: Drawing, colors: Theme, description: str) -> str:
    ids = draw.prefix(plan)
    top = 34.0 if plan.title else 0.0
    heading = [svg.text(14, 26, plan.title, 17, colors.ink, bold=True)] if plan.title else []
    content = draw.body(plan, colors, ids)
    if top:
        content = svg.element("g", content, transform=f"translate(0,{svg.number(top)})")
    return svg.document(
        max(plan.w, _title_width(plan.title)), plan.h + top, *heading, content,
        title=plan.title or "computation graph", description=description, prefix=ids, background=colors.panel,
    )  # fmt: skip


def _title_width(title: str) -> float:
    return width(title, 17, bold=True) + 28 if title else 0.0


def _shown(show: str) -> frozenset[str]:
    parts = frozenset(show.split("+")) if isinstance(show, str) else frozenset({""})
    if not (isinstance(show, str) and show == "name") and not parts <= set(SHOWS):
        raise ValueError(f"show must join some of 'value', 'grad', 'shape' with '+', or be 'name', not {show!r}")
    return parts


def _check(
    direction: str, rows: int | None, depth: int | None, max_nodes: int | None, engine: str, digits: int
) -> None:
    """Refuse options that mean nothing."""
    one_of("direction", direction, ("LR", "TB"))
    one_of("engine", engine, ENGINES)
    whole("digits", digits, 1, 17)
    if rows is not None:
        whole("rows", rows, 1, 40, " (None: as many as fit)")
    if depth is not None:
        whole("depth", depth, note=" (None: all levels of layers)")
    if max_nodes is not None:
        whole("max_nodes", max_nodes, 3, WHOLE, " (None: everything is drawn)")
    if rows not in (None, 1) and (direction != "LR" or engine == "dot"):
        raise ValueError(f"rows= sets a graph from left to right; it does not go with {direction=} and {engine=}")

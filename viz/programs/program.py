"""viz.program: the NumPy program of a compiled step beside the graph of its forward pass, each line with its box.

All of it is read from the program's own text, so what is drawn is what runs: every forward line is a box, and a
backward line belongs to the box whose gradient it carries on.
"""

from __future__ import annotations

from string import Template
from typing import Any

from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import one_of

from ..graphs import draw, layout
from ..graphs.trace import Drawing, counted
from ..ink import svg
from ..ink.pages import graph_style, insisted, part, variables
from ..ink.picture import Picture
from ..ink.text import clean, width
from ..ink.theme import LIGHT, MONO, THEMES, Theme, look
from .listing import Code, graph_of, read

LINE, SIZE, EDGE = 19.0, 13.0, 22.0
CHARACTER = 0.602 * SIZE  # width of one in the font of programs
NUMBER = 56.0  # room for the box's number before a line
LONGEST = 118  # characters of a line that are shown


@answered
def program(compiled: Any, *, title: str = "", theme: str = "auto") -> Picture:
    """The program of `compiled` (what `tg.compile` returned, after a call) beside the graph of its forward pass.

    Each box has a number, which stands before the lines that compute it and that carry its gradient back. In the
    .html page, pointing at a box shows its lines, and the other way round. `theme`: with "auto", the page follows the
    reader's system and pictures are light; "light" and "dark" insist.

    >>> import numpy as np
    >>> import tinygrad_reg as tg
    >>> w = tg.Tensor(2.0, requires_grad=True, name="w")
    >>> def step(x):
    ...     loss = (x * w).sum()
    ...     loss.backward()
    ...     return loss
    >>> fast = tg.compile(step)
    >>> fast(np.ones(3))
    Tensor(6.)
    >>> print(program(fast))
    program of step: 1 box, and the lines that compute it and go back through it
    """
    source = compiled if isinstance(compiled, str) else getattr(compiled, "source", None)
    if not isinstance(source, str) or "def " not in source:
        raise TypeError(
            f"program() takes what tg.compile returned, not {type(compiled).__name__}: fast = tg.compile(step), "
            "fast(x, y), viz.program(fast)"
        )
    one_of("theme", theme, ("auto", *THEMES))
    name, lines = read(source)
    plan, lines = graph_of(lines)
    layout.place(plan, 26.0)
    heading = clean(title, 80) or f"{clean(name, 40)}: the graph and its program"
    count = sum(not box.is_leaf for box in plan.boxes)
    boxes, them = counted(count, "box"), "it" if count == 1 else "them"
    description = f"program of {clean(name, 40)}: {boxes}, and the lines that compute {them} and go back through {them}"
    return _Program(heading, description, plan, lines, theme)


class _Program(Picture):
    """The two side by side; its page links them."""

    def __init__(self, title: str, description: str, plan: Drawing, lines: list[Code], theme: str) -> None:
        colors = look("light" if theme == "auto" else theme)
        super().__init__(title, description, lambda: _document(self, colors), paper=colors.panel)
        self.plan, self.lines, self.theme = plan, lines, theme

    @property
    def html(self) -> str:
        """A page on which pointing at a box shows its lines, and the other way round."""
        ids = draw.prefix(self.plan)
        graph = svg.document(
            self.plan.w, self.plan.h, draw.body(self.plan, LIGHT, ids, live=True),
            title="graph of the forward pass", description=self.description, prefix=ids, background=None,
        )  # fmt: skip
        graph = graph.replace('role="img"', 'role="group"', 1)
        for box in self.plan.boxes:
            graph = graph.replace(
                f'id="{ids}{box.id}"',
                f'id="{ids}{box.id}" tabindex="0" role="button" aria-label="{svg.escape(box.tip)}"',
                1,
            )
        items = "".join(_item(line, self.plan) for line in self.lines)
        return Template(part(__package__, "program.html")).substitute(
            title=svg.escape(self.title), theme=insisted(self.theme), variables=variables(),
            width=f"{self.plan.w:.0f}px", height=f"{self.plan.h:.0f}px",
            graph=graph, lines=items, shared=graph_style(),
        )  # fmt: skip


def _item(line: Code, plan: Drawing) -> str:
    text = svg.escape(line.text) or " "
    if line.box is None:
        kind = "comment" if line.text.strip().startswith("#") else "plain"
        return f'<li class="{kind}"><code>{text}</code></li>'
    box = plan.boxes[line.box]
    label = f'<span class="number" aria-hidden="true">{_badge(line, plan)}</span>'
    return (
        f'<li><button type="button" class="{svg.escape(line.phase)}" data-box="{box.id}">'
        f"{label}<code>{text}</code></button></li>"
    )


def _badge(line: Code, plan: Drawing) -> str:
    """The number of its box: forward with an arrow down the program, backward with one up the graph."""
    assert line.box is not None
    number = plan.boxes[line.box].unit.layer
    return f"{number} →" if line.phase == "forward" else f"← {number}".rstrip()


def _document(picture: _Program, theme: Theme) -> str:
    """The graph at the left, the program at the right."""
    plan = picture.plan
    begin = next(at for at, line in enumerate(picture.lines) if line.phase)
    lines = picture.lines[begin:]  # from "# ---- forward" on: what is made ready before it is for those who run it
    margin = min(len(line.text) - len(line.text.lstrip()) for line in lines if line.text.strip())
    top, left = 58.0, EDGE + plan.w + 24
    longest = max(len(line.text[:LONGEST]) for line in lines) - margin
    w, h = left + NUMBER + longest * CHARACTER + EDGE, top + max(plan.h, len(lines) * LINE + 20) + EDGE
    w = max(w, width(picture.title, 22, bold=True) + 2 * EDGE)
    ids = draw.prefix(plan)
    graph = svg.element("g", draw.body(plan, theme, ids), transform=f"translate({svg.number(EDGE)},{svg.number(top)})")
    parts = [svg.text(EDGE, 36, picture.title, 22, theme.ink, bold=True), graph]
    parts.append(svg.element("line", x1=left - 12, y1=top, x2=left - 12, y2=h - EDGE, stroke=theme.hairline))
    for at, line in enumerate(lines):
        y = top + 14 + at * LINE
        color = theme.ink
        if line.box is not None:
            color = theme.forward if line.phase == "forward" else theme.backward
            badge = _badge(line, plan)
            parts.append(svg.text(left + NUMBER - 14, y, badge, 12, color, bold=True, text_anchor="end"))
        elif line.text.strip().startswith("#"):
            color = theme.muted
        text = line.text if len(line.text) <= LONGEST else line.text[: LONGEST - 1] + "…"
        indent = len(text) - len(text.lstrip()) - margin
        if text.strip():
            shown = clean(text.strip(), LONGEST)
            parts.append(svg.text(left + NUMBER + indent * CHARACTER, y, shown, SIZE, color, font_family=MONO))
    return svg.document(
        w, h, *parts, title=picture.title, description=picture.description, prefix=ids, background=theme.panel
    )

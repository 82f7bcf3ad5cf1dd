"""viz.program: the NumPy program of a compiled step beside the graph of its forward pass, each line with its box.

All of it is read from the program's own text, so what is drawn is what runs: every forward line is a box, and a
backward line belongs to the box whose gradient it carries on.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from string import Template
from typing import Any

from . import draw, layout, svg
from .fold import Unit
from .page import part, variables
from .picture import Picture
from .text import clean, width
from .theme import MONO, Theme, look
from .trace import Arrow, Box, Drawing, Line

LINE, SIZE, EDGE = 19.0, 13.0, 22.0
CHARACTER = 0.602 * SIZE  # width of one in the font of programs
NUMBER = 56.0  # room for the box's number before a line
LONGEST = 118  # characters of a line that are shown
MOST = 60  # boxes


@dataclass(frozen=True)
class _Code:
    """A line of the program."""

    text: str
    phase: str = ""  # "forward", "backward", "update" …; "" before the first
    writes: str = ""  # the variable that it sets
    reads: frozenset[str] = frozenset()
    place: str = ""  # the user's line
    box: int | None = None


def program(compiled: Any, *, title: str = "", theme: str = "light") -> Picture:
    """The program of `compiled` (what `tg.compile` returned, after a call) beside the graph of its forward pass.

    Each box has a number, which stands before the lines that compute it and that carry its gradient back. In the
    .html page, pointing at a box shows its lines, and the other way round.

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
    if not isinstance(source, str):
        raise TypeError(
            f"program() takes what tg.compile returned, not {type(compiled).__name__}: fast = tg.compile(step), "
            "fast(x, y), viz.program(fast)"
        )
    colors = look(theme)
    name, lines = _read(source)
    plan, lines = _plan(lines)
    layout.place(plan, 26.0)
    heading = clean(title, 80) or f"{clean(name, 40)}: the graph and its program"
    count = sum(not box.is_leaf for box in plan.boxes)
    boxes, them = ("1 box", "it") if count == 1 else (f"{count} boxes", "them")
    description = f"program of {clean(name, 40)}: {boxes}, and the lines that compute {them} and go back through {them}"
    return _Program(heading, description, plan, lines, colors)


class _Program(Picture):
    """The two side by side; its page links them."""

    def __init__(self, title: str, description: str, plan: Drawing, lines: list[_Code], theme: Theme) -> None:
        super().__init__(title, description, lambda: _document(self, theme))
        self.plan, self.lines = plan, lines

    @property
    def html(self) -> str:
        """A page on which pointing at a box shows its lines, and the other way round."""
        ids = draw.prefix(self.plan)
        graph = svg.document(
            self.plan.w, self.plan.h, draw.body(self.plan, look("light"), ids, live=True),
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
        return Template(part("program.html")).substitute(
            title=svg.escape(self.title), variables=variables(),
            least_width=f"{0.8 * self.plan.w:.0f}px", least_height=f"{0.8 * self.plan.h:.0f}px",
            graph=graph, lines=items, shared=part("graph.css"),
        )  # fmt: skip


def _item(line: _Code, plan: Drawing) -> str:
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


def _badge(line: _Code, plan: Drawing) -> str:
    """The number of its box: forward with an arrow down the program, backward with one up the graph."""
    assert line.box is not None
    number = plan.boxes[line.box].unit.layer
    return f"{number} →" if line.phase == "forward" else f"← {number}".rstrip()


# ---- reading the text


def _read(source: str) -> tuple[str, list[_Code]]:
    """The program's name, and its lines with what they set and read."""
    name = next(node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    lines: list[_Code] = []
    phase = place = ""
    for text in source.rstrip().splitlines():
        bare = text.strip()
        if bare.startswith("# ----"):
            phase, place = bare.removeprefix("# ----").strip(), ""
        elif bare.startswith("#"):
            place = bare
        lines.append(_line(text, phase, place))
    return name, lines


def _line(text: str, phase: str, place: str) -> _Code:
    bare = text.strip()
    try:
        statement = ast.parse(bare).body if bare and phase else []
    except SyntaxError:  # a return, or a part of a longer statement
        statement = []
    if not statement or not isinstance(statement[0], ast.Assign):
        return _Code(text, phase, place=place)
    target = statement[0].targets[0]
    written = next((node.id for node in ast.walk(target) if isinstance(node, ast.Name)), "")
    reads = {node.id for node in ast.walk(statement[0].value) if isinstance(node, ast.Name)}
    return _Code(text, phase, written, frozenset(reads - {"np", "tg"}), place)


def _plan(lines: list[_Code]) -> tuple[Drawing, list[_Code]]:
    """The graph, and the lines with their boxes."""
    forward = [line for line in lines if line.phase == "forward" and line.writes]
    if not forward:
        raise ValueError("this program computes nothing, so there is no graph to draw")
    made = {line.writes for line in forward}
    given = list(dict.fromkeys(name for line in forward for name in sorted(line.reads) if name not in made))
    learned = {_graded(line.writes, given) for line in lines if line.phase == "backward"}
    boxes: list[Box] = []
    home: dict[str, int] = {}
    arrows: list[Arrow] = []
    for name in given[: MOST // 2]:
        kind = "parameter" if name in learned else "input"
        home[name] = len(boxes)
        boxes.append(_box(len(boxes), kind, "", clean(name, 24)))
    for number, line in enumerate(forward[:MOST], 1):
        at = len(boxes)
        boxes.append(_box(at, "op", str(number), clean(line.text.strip(), 32)))
        for position, name in enumerate(sorted(line.reads & set(home), key=home.__getitem__)):
            tail = boxes[home[name]]
            weight = 1 if tail.is_leaf else 10
            arrows.append(Arrow(f"e{len(arrows)}", tail.id, f"n{at}", position, weight))
        home[line.writes] = at
    if len(forward) > MOST:
        boxes.append(_box(len(boxes), "middle", "", f"… {len(forward) - MOST:,} more lines, which have no box …"))
    return Drawing("", "TB", boxes, arrows, []), _linked(lines, home)


def _box(at: int, kind: str, number: str, text: str) -> Box:
    lines = [Line(f"{number} {text}" if number else text, "title")]
    return Box(f"n{at}", kind, lines, (), lines[0].text, Unit(kind, (at,), (), number))


def _graded(name: str, known: Any) -> str | None:
    """The variable whose gradient is called `name`: grad_W1, or grad_W1_2 where there are several; None for others."""
    found = re.match(r"(?:grad|d)_(.+)", name)
    bare = found[1] if found else ""
    while bare and bare not in known:
        shorter = re.sub(r"_\d+$", "", bare)
        bare = shorter if shorter != bare else ""
    return bare or None


def _linked(lines: list[_Code], home: dict[str, int]) -> list[_Code]:
    """Each line with its box: the one that it computes, or back through which it goes."""
    by_place: dict[str, set[int]] = {}
    for line in lines:
        if line.phase == "forward" and line.writes in home:
            by_place.setdefault(line.place, set()).add(home[line.writes])
    layers = {
        home[line.writes]: _layer(line.writes) for line in lines if line.phase == "forward" and line.writes in home
    }
    owner: dict[str, int] = {}  # of a gradient: the box back through which it goes next
    linked = []
    for line in lines:
        box = None
        if line.phase == "forward":
            box = home.get(line.writes)
        elif line.phase == "backward" and line.writes:
            known = _graded(line.writes, home)
            same = by_place.get(line.place, set())
            from_reads = [owner[name] for name in sorted(line.reads) if name in owner]
            box = next(iter(same)) if len(same) == 1 else from_reads[0] if from_reads else home.get(known or "")
            if known is None and len(same) > 1:
                box = _of_layer(line.writes, box, layers)
            if known is not None or box is not None:
                owner[line.writes] = home[known] if known is not None else box  # type: ignore[assignment]
        linked.append(replace(line, box=box))
    return linked


def _of_layer(name: str, box: int | None, layers: dict[int, str]) -> int | None:
    """Where the gradient `name` of something within a line belongs: a box of its layer, if `box` is of another one."""
    layer = _layer(name)
    mine = [at for at, one in layers.items() if one == layer]
    return max(mine) if layer and mine and box not in mine else box


def _layer(name: str) -> str:
    """The layer that a variable is named after: "_0" of relu_0."""
    found = re.search(r"(?:_\d+)+$", name)
    return found[0] if found else ""


# ---- the still picture


def _document(picture: _Program, theme: Theme) -> str:
    """The graph at the left, the program at the right."""
    plan = picture.plan
    begin = next(at for at, line in enumerate(picture.lines) if line.phase)
    lines = picture.lines[begin:]  # from "# ---- forward" on: what is made ready before it is for those who run it
    top, left = 58.0, EDGE + plan.w + 24
    longest = max(len(line.text[:LONGEST]) for line in lines)
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
        indent = len(text) - len(text.lstrip())
        if text.strip():
            shown = clean(text.strip(), LONGEST)
            parts.append(svg.text(left + NUMBER + indent * CHARACTER, y, shown, SIZE, color, font_family=MONO))
    return svg.document(
        w, h, *parts, title=picture.title, description=picture.description, prefix=ids, background=theme.panel
    )

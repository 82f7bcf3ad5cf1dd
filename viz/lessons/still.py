"""A single step as an SVG for a slide: the graph as it stands at that step, and below it what is said and computed."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

from ..graphs import draw, layout, rows
from ..graphs.frames import place_titles
from ..graphs.trace import Arrow, Box, Drawing
from ..ink import svg
from ..ink.text import width, wrap
from ..ink.theme import MONO, Theme
from .terms import Row, Step, Term, Text

W = 1400.0
EDGE = 24.0
GRAPH = 450.0  # height of the graph, at most
LARGE = 1.15  # in which a graph is read from the last row: one that would be smaller is set in rows, if they are larger
SMALLEST = 0.72  # a graph that would have to be shrunk more is shown in part
STACK = 240.0  # height of rows that stand below each other, at most
BESIDE = 40.0  # between rows that stand side by side
CELL = 13.5  # font size inside a matrix
BODY = 17.0


def still(
    plan: Drawing, step: Step, state: draw.State, theme: Theme, ids: str, *, title: str, counter: str, digits: int
) -> tuple[str, float]:
    """The body of the SVG, and its height."""
    color = theme.forward if step.phase == "forward" else theme.backward
    parts = [
        svg.text(EDGE, 42, title, 24, theme.ink, bold=True),
        svg.text(W - EDGE, 42, counter, 15, theme.muted, text_anchor="end"),
    ]
    graph, used = _graph(plan, state, theme, ids, 60.0)
    parts.append(graph)
    y = 60.0 + used + 44
    parts.append(svg.text(EDGE, y, step.title, 25, theme.ink, bold=True))
    for line in wrap(" ".join(_plain(t, digits) for t in step.lead), BODY, W - 2 * EDGE, bold=True):
        y += 30
        parts.append(svg.text(EDGE, y, line, BODY, color, bold=True))
    for line in wrap(step.why, BODY, W - 2 * EDGE):
        y += 27
        parts.append(svg.text(EDGE, y, line, BODY, theme.ink))
    for line in step.formula.splitlines():
        y += 27
        parts.append(svg.text(EDGE, y, line, BODY, theme.local, bold=True, font_family=MONO))
    drawn, y = _rows(step.rows, y + 20, theme, digits)
    parts += drawn
    if step.code:
        y += 22
        parts.append(svg.text(EDGE, y, step.code, 14.5, theme.ink, font_family=MONO))
        parts.append(svg.text(W - EDGE, y, step.place, 14.5, theme.muted, text_anchor="end"))
    return "".join(parts), y + 24


def _graph(plan: Drawing, state: draw.State, theme: Theme, ids: str, top: float) -> tuple[str, float]:
    """The graph, fitted into the width; where it would get too small to read, the part around the step."""
    room = W - 2 * EDGE
    scale = min(1.35, room / plan.w, GRAPH / plan.h)
    if scale < SMALLEST:
        scale = 1.0
        around = [plan.box(id) for id in (*state.active, *state.targets)] or plan.boxes
        if len(state.active) > 1:  # the inputs: from the upper left on
            around = sorted(around, key=lambda box: box.x + box.y)
        plan = _part(plan, around, room, GRAPH)
    move = f"translate({svg.number(EDGE + (room - plan.w * scale) / 2)},{svg.number(top)}) scale({scale:.4f})"
    frame = svg.box(EDGE, top, room, plan.h * scale, round=10, fill=theme.panel, stroke=theme.hairline)
    return frame + svg.element("g", draw.body(plan, theme, ids, state), transform=move), plan.h * scale


def for_slide(plan: Drawing) -> Drawing:
    """The graph in as many rows as let it fill its place on a still best."""
    room = (W - 2 * EDGE, GRAPH)
    if rows.fit(plan, *room) >= LARGE:
        return plan
    slide = copy.deepcopy(plan)
    layout.place_in_rows(slide, draw.CHIP_GAP, room)
    in_one, in_rows = rows.fit(plan, *room), rows.fit(slide, *room)
    return slide if in_rows >= SMALLEST and in_rows > 1.15 * in_one else plan


STUB = 24.0  # length of an arrow from or to a box that is not shown
AROUND = 50.0  # room above and below the boxes of a part


def _part(plan: Drawing, around: Sequence[Box], room: float, height: float) -> Drawing:
    """The boxes that fit into so much room around these, whole; arrows to others are cut short."""
    w, h = min(plan.w, room), min(plan.h, height)
    x, y = _window([box.x for box in around], w, plan.w), _window([box.y for box in around], h, plan.h)
    left = x + STUB if x > 0 else 0.0
    right = x + w - STUB if x + w < plan.w else plan.w
    found = [
        box
        for box in plan.boxes
        if left <= box.x - box.w / 2
        and box.x + box.w / 2 <= right
        and y <= box.y - box.h / 2
        and box.y + box.h / 2 <= y + h
    ] or list(around[:1])
    shown = {box.id for box in found}
    h = min(h, max(b.y + b.h / 2 for b in found) - min(b.y - b.h / 2 for b in found) + 2 * AROUND)
    x = (min(b.x - b.w / 2 for b in found) + max(b.x + b.w / 2 for b in found) - w) / 2
    y = (min(b.y - b.h / 2 for b in found) + max(b.y + b.h / 2 for b in found) - h) / 2
    boxes = [replace(box, x=box.x - x, y=box.y - y) for box in plan.boxes if box.id in shown]
    arrows = [_moved(arrow, x, y, shown) for arrow in plan.arrows if {arrow.tail, arrow.head} & shown]
    placed = []
    for frame in plan.placed:
        if frame.corners and frame.boxes & shown:
            x0, y0, x1, y1 = frame.corners
            at = 4.0 + 20.0 * (len(frame.path) - 1)  # titles of frames that are cut must not cover each other
            corners = (max(x0 - x, 4.0), max(y0 - y, at), min(x1 - x, w - 4), min(y1 - y, h - 4))
            placed.append(replace(frame, corners=corners))
    shown_part = replace(plan, boxes=boxes, arrows=arrows, placed=placed, w=w, h=h)
    place_titles(shown_part)
    return shown_part


def _moved(arrow: Arrow, x: float, y: float, shown: set[str]) -> Arrow:
    """The arrow by so much further to the upper left, cut short where one of its ends is not shown."""
    points = [(px - x, py - y) for px, py in arrow.points]
    if arrow.head not in shown:
        points = _stub(points)
    elif arrow.tail not in shown:
        points = _stub(points[::-1])[::-1]
    turn = (arrow.turn[0] - x, arrow.turn[1] - y) if arrow.turn else None
    return replace(arrow, turn=turn, points=points, is_cut=not {arrow.tail, arrow.head} <= shown)


def _stub(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The beginning of an arrow, straight, in the direction in which it leaves its box."""
    (x, y), *rest = points
    to_x, to_y = next(((px - x, py - y) for px, py in rest if (px, py) != (x, y)), (1.0, 0.0))
    part = STUB / math.hypot(to_x, to_y)
    end = (x + part * to_x, y + part * to_y)
    return [(x, y), (x, y), end, end]


def _window(places: Sequence[float], size: float, whole: float) -> float:
    """Where a window of that size begins, so that it shows these places, or the first of them."""
    spread = max(places) - min(places)
    middle = (max(places) + min(places)) / 2 if spread < size * 0.8 else places[0]
    return max(0.0, min(middle - size / 2, whole - size))


def _rows(rows: Sequence[Row], y: float, theme: Theme, digits: int) -> tuple[list[str], float]:
    """One below the other; where they would get too high for a slide, side by side. And where they end."""
    locals_ = max((width(row.local, BODY) + 34 for row in rows if row.local), default=0.0)
    high = sum(_extent(row, digits)[1] + 12 for row in rows)
    names = max(map(_named, rows), default=0.0)
    parts: list[str] = []
    if locals_ or high <= STACK:
        for row in rows:
            drawn, height = _row(row, EDGE, y, names, locals_, theme, digits)
            parts += drawn
            y += height + 12
        return parts, y
    lines: list[list[Row]] = []
    x = W
    for row in rows:
        wide = _named(row) + _extent(row, digits)[0] + BESIDE
        if x + wide > W - EDGE + BESIDE:
            lines.append([])
            x = EDGE
        lines[-1].append(row)
        x += wide
    for line in lines:
        x, tall = EDGE, max(_extent(row, digits)[1] for row in line)
        for row in line:
            wide, height = _extent(row, digits)
            parts += _row(row, x, y + (tall - height) / 2, _named(row), 0.0, theme, digits)[0]
            x += _named(row) + wide + BESIDE
        y += tall + 18
    return parts, y


def _named(row: Row) -> float:
    """The width of its name and note."""
    return max(width(row.name, BODY, bold=True), width(row.note, 13)) + 26


def _extent(row: Row, digits: int) -> tuple[float, float]:
    """How wide and high its terms are."""
    sizes = [_size(term, digits) for term in row.terms]
    high = max((h for _, h in sizes), default=26.0)
    return sum(w + 10 for w, _ in sizes), max(high, 44.0) if row.note else high


def _row(
    row: Row, left: float, y: float, names: float, locals_: float, theme: Theme, digits: int
) -> tuple[list[str], float]:
    """Name and local derivative, then the computation beside them, or below where it is wide."""
    sizes = [_size(term, digits) for term in row.terms]
    tallest = max((h for _, h in sizes), default=26.0)
    total, tall = _extent(row, digits)
    beside = left + names + locals_ + total <= W - EDGE
    x, top = (left + names + locals_, y + (tall - tallest) / 2) if beside else (left, y + 34)
    scale = min(1.0, (W - EDGE - x) / total)
    middle = (y + tall / 2 if beside else y + 14) + 6
    parts = [svg.text(left, middle - (7 if row.note else 0), row.name, BODY, theme.ink, bold=True)]
    if row.note:
        parts.append(svg.text(left, middle + 10, row.note, 13, theme.muted))
    if row.local:
        parts.append(svg.text(left + names, middle, row.local, BODY, theme.local))
    terms = []
    at = 0.0
    for term, (w, h) in zip(row.terms, sizes, strict=True):
        terms.append(_term(term, at, (tallest - h) / 2, w, h, theme, digits))
        at += w + 10
    move = f"translate({svg.number(x)},{svg.number(top)}) scale({scale:.3f})"
    parts.append(svg.element("g", *terms, transform=move))
    return parts, tall * scale + (0.0 if beside else 34.0)


def _plain(term: Term, digits: int) -> str:
    return term.text if isinstance(term, Text) else term.inline(digits)


def _color(role: str, theme: Theme) -> str:
    return {"up": theme.backward, "local": theme.local, "muted": theme.muted}.get(role, theme.ink)


def _size(term: Term, digits: int) -> tuple[float, float]:
    if isinstance(term, Text):
        return width(term.text, BODY), 26.0
    cells = term.cells(digits)
    if cells:
        return sum(_columns(cells)) + 12 * (len(cells[0]) - 1) + 20, len(cells) * 19.0 + 8
    if term.value.size == 1:
        return width(term.inline(digits), BODY, bold=True), 26.0
    entries = term.summary(digits)
    return max(width(f"{a}  {b}", CELL) for a, b in entries) + 28, len(entries) * 19.0 + 8


def _columns(cells: Sequence[Sequence[str]]) -> list[float]:
    return [max(width(row[i], CELL) for row in cells) for i in range(len(cells[0]))]


def _term(term: Term, x: float, y: float, w: float, h: float, theme: Theme, digits: int) -> str:
    if isinstance(term, Text):
        return svg.text(x, y + 19, term.text, BODY, _color(term.role, theme))
    color = _color(term.role, theme)
    cells = term.cells(digits)
    if cells:
        right, drawn = x + 10, [_brackets(x, y, w, h, color)]
        for column, wide in enumerate(_columns(cells)):
            right += wide
            for at, row in enumerate(cells):
                drawn.append(svg.text(right, y + 18 + at * 19, row[column], CELL, color, text_anchor="end"))
            right += 12
        return "".join(drawn)
    if term.value.size == 1:
        return svg.text(x, y + 19, term.inline(digits), BODY, color, bold=True)
    drawn = [_brackets(x, y, w, h, color)]
    for at, (name, value) in enumerate(term.summary(digits)):
        drawn.append(svg.text(x + 10, y + 18 + at * 19, name, CELL, theme.muted))
        drawn.append(svg.text(x + w - 10, y + 18 + at * 19, value, CELL, color, text_anchor="end"))
    return "".join(drawn)


def _brackets(x: float, y: float, w: float, h: float, color: str) -> str:
    def side(at: float, foot: float) -> str:
        d = f"M{svg.number(at + foot)},{svg.number(y)}H{svg.number(at)}V{svg.number(y + h)}H{svg.number(at + foot)}"
        return svg.element("path", d=d, fill="none", stroke=color, stroke_width=1.6)

    return side(x + 1, 5) + side(x + w - 1, -5)

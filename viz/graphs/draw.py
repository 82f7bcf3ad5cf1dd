"""A placed drawing as SVG: boxes, arrows, frames, with the ids and classes that the step page works with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..ink import svg
from ..ink.text import width
from ..ink.theme import Theme
from .frames import TITLE_SIZE
from .trace import LINE, NOT_YET, SIZE, Arrow, Box, Drawing, Frame, Line

HEAD = 8.0  # length of an arrow's head
CHIP = 10.5  # font size on an arrow


@dataclass(frozen=True)
class State:
    """What is going on in the graph at one step. Without one, the graph is drawn at rest."""

    phase: str  # "forward", "backward" or "update"
    active: tuple[str, ...] = ()  # boxes that the step is about
    targets: tuple[str, ...] = ()  # boxes that receive something
    arrows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # arrows in use, with what stands on them
    passed: frozenset[str] = frozenset()  # arrows that the gradient has taken before
    hidden: frozenset[str] = frozenset()  # boxes without a value yet
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (box, role): the text it shows by now


def prefix(drawing: Drawing) -> str:
    """The prefix of its ids."""
    return svg.prefix([(box.id, box.lines) for box in drawing.boxes] + [(a.tail, a.head) for a in drawing.arrows])


def body(drawing: Drawing, theme: Theme, ids: str, state: State | None = None, *, live: bool = False) -> str:
    """Everything in the drawing, frames first and what stands on arrows last; `live` for a page that changes it."""
    at_rest = [a for a in drawing.arrows if state is None or a.id not in state.arrows]
    in_use = [a for a in drawing.arrows if state is not None and a.id in state.arrows]
    return "".join(
        [
            *(_frame(frame, theme, ids) for frame in drawing.placed),
            *(_arrow(arrow, theme, ids, state, live) for arrow in at_rest + in_use),
            *(_tag(frame, theme) for frame in drawing.placed if frame.is_crossed),
            *(_box(box, theme, ids, state) for box in drawing.boxes),
            *(_chips(drawing, in_use, theme, state) if state else ()),
        ]
    )


def _frame(frame: Frame, theme: Theme, ids: str) -> str:
    if frame.corners is None:
        return ""
    left, top, right, bottom = frame.corners
    outline = svg.box(left, top, right - left, bottom - top, round=8, fill=theme.cluster, stroke=theme.hairline)
    title = [] if frame.is_crossed else [_title(frame, left, top, theme)]
    return svg.element("g", outline, *title, id=ids + frame.id, class_="cluster")


def _title(frame: Frame, left: float, top: float, theme: Theme) -> str:
    return svg.text(left + frame.title_at, top + 14, frame.title, TITLE_SIZE, theme.muted, bold=True)


def _tag(frame: Frame, theme: Theme) -> str:
    """The title of a frame on paper of its own, over the arrows that cross it."""
    if frame.corners is None:
        return ""
    left, top = frame.corners[:2]
    long = width(frame.title, TITLE_SIZE, bold=True)
    paper = svg.box(left + frame.title_at - 4, top + 2, long + 8, 17, round=4, fill=theme.cluster)
    return svg.element("g", paper, _title(frame, left, top, theme), class_="tag")


def _box(box: Box, theme: Theme, ids: str, state: State | None) -> str:
    fill, stroke, stroke_width, dash = theme.panel, theme.line, 1.2, None
    if box.is_leaf:
        fill = theme.leaf
    elif box.kind == "blocks":
        fill, stroke, stroke_width, dash = theme.forward_fill, theme.forward, 1.8, "6 4"
    elif box.kind != "op":
        fill = theme.cluster
    if state is not None and (box.id in state.active or box.id in state.targets):
        backward = state.phase != "forward"
        stroke, stroke_width = (theme.backward if backward else theme.forward), 2.2
        if box.id in state.active:
            stroke_width, dash = 3.2, ("7 4" if backward else None)
            fill = theme.backward_fill if backward else theme.forward_fill
    left, top = box.x - box.w / 2, box.y - box.h / 2
    lines = []
    for at, line in enumerate(box.lines):
        content = line.text if state is None else state.texts.get((box.id, line.role), line.text)
        color = _color(line, content, theme)
        baseline = top + _baseline(len(box.lines), box.h, at)
        bold = line.bold and color != theme.muted
        lines.append(svg.text(box.x, baseline, content, SIZE, color, bold=bold, text_anchor="middle", class_=line.role))
    return svg.element(
        "g",
        svg.element("title", svg.escape(box.tip)),
        svg.box(left, top, box.w, box.h, round=0 if box.is_leaf else 9, fill=fill, stroke=stroke,
                stroke_width=stroke_width, stroke_dasharray=dash),
        *lines,
        id=ids + box.id,
        class_=f"node {box.kind}",
        opacity="0.55" if state is not None and box.id in state.hidden else None,
    )  # fmt: skip


def _baseline(lines: int, height: float, at: int) -> float:
    """Baseline of a box's line, from the box's top."""
    return (height - lines * LINE) / 2 + LINE * (at + 0.78)


def _color(line: Line, content: str, theme: Theme) -> str:
    if line.role == "grad":
        return theme.muted if content.endswith(NOT_YET) else theme.backward
    return theme.muted if line.role == "muted" or content == NOT_YET else theme.ink


def _arrow(arrow: Arrow, theme: Theme, ids: str, state: State | None, live: bool) -> str:
    """A line with its head; backward ones are turned round, and dashed while in use."""
    color, stroke_width, dash, reverse, head = theme.line, 1.3, None, False, HEAD
    if state is not None and arrow.id in state.arrows:
        reverse = state.phase != "forward"
        color, stroke_width, dash = (theme.backward, 3.0, "7 4") if reverse else (theme.forward, 2.6, None)
        head = 12.0
    elif state is not None and arrow.id in state.passed:
        color, stroke_width, reverse = theme.backward, 1.6, True
    points = arrow.points[::-1] if reverse else arrow.points
    ways = {}
    heads = [svg.arrow_head(points[-1], direction(points), head, color, class_="ahead" if live else None)]
    if live:  # the page turns arrows round: it gets both ways
        head = 10.0
        turned = arrow.points[::-1]
        ways = {"data_ahead": path(points, head * 0.8), "data_back": path(turned, head * 0.8)}
        heads.append(svg.arrow_head(turned[-1], direction(turned), 12.0, color, class_="turned"))
    line = svg.element(
        "path", d=path(points, head * 0.8), fill="none", stroke=color, stroke_width=stroke_width,
        stroke_dasharray=dash, **ways,
    )  # fmt: skip
    return svg.element("g", line, *heads, id=ids + arrow.id, class_="edge")


def direction(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Unit vector in which the curve arrives at its last point."""
    x, y = points[-1]
    for a, b in reversed(points[:-1]):
        length = math.hypot(x - a, y - b)
        if length > 1e-6:
            return (x - a) / length, (y - b) / length
    return 1.0, 0.0


def path(points: Sequence[tuple[float, float]], shorten: float = 0.0) -> str:
    """The `d` of a curve through Bézier triples, ended a little before its last point, under the arrow's head."""
    dx, dy = direction(points)
    end = (points[-1][0] - dx * shorten, points[-1][1] - dy * shorten)
    shown = [*points[:-1], end]
    start, rest = shown[0], shown[1:]
    parts = [f"M{svg.number(start[0])},{svg.number(start[1])}"]
    for at in range(0, len(rest) - 2, 3):
        parts.append("C" + " ".join(f"{svg.number(x)},{svg.number(y)}" for x, y in rest[at : at + 3]))
    return "".join(parts)


def point_before(arrow: Arrow, distance: float, lying: bool) -> tuple[float, float]:
    """The point on the arrow that lies `distance` before its end, measured along the direction of the graph."""
    axis = 0 if lying else 1
    goal = arrow.points[-1][axis] - distance
    best = arrow.points[-1]
    for at in range(len(arrow.points) - 4, -1, -3):  # from its end back: before that, it may have been there, too
        a, b, c, d = arrow.points[at : at + 4]
        for step in range(20, -1, -1):
            t = step / 20
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1))
            if abs((x, y)[axis] - goal) < abs(best[axis] - goal):
                best = (x, y)
            if (x, y)[axis] <= goal:
                return best
    return best


@dataclass(frozen=True)
class Chip:
    """What stands on an arrow in use: a small box with one or two lines."""

    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...]


def chips(drawing: Drawing, arrows: Sequence[Arrow], lines: Mapping[str, tuple[str, ...]]) -> dict[str, Chip]:
    """Where the chips of `arrows` go: halfway in the gap before the arrow's head, above, on or below the arrow."""
    lying = drawing.direction == "LR"
    shown = [arrow for arrow in arrows if lines[arrow.id] and not arrow.is_cut]
    spots = {arrow.id: point_before(arrow, CHIP_GAP / 2, lying) for arrow in shown}
    across = 1 if lying else 0
    order = sorted(shown, key=lambda arrow: (spots[arrow.id][across], arrow.position))
    placed = {}
    between: list[Chip] = []  # those between two rows stand side by side
    for at, arrow in enumerate(order):
        texts = lines[arrow.id]
        w = max(width(line, CHIP, bold=i == len(texts) - 1) for i, line in enumerate(texts)) + 12
        h = len(texts) * 13 + 6
        place = 0 if 0 < at < len(order) - 1 else -1 if at < len(order) / 2 else 1
        if len(order) == 1 and arrow.points[0][across] > arrow.points[-1][across] + 4:
            place = 1  # it comes from below: above it, there is another arrow
        if arrow.turn:
            x, y = arrow.turn
            left = max([x + 30, *(chip.x + chip.w / 2 + 10 for chip in between if abs(chip.y - y) < 60)])
            placed[arrow.id] = Chip(left + w / 2, y, w, h, texts)
            between.append(placed[arrow.id])
            continue
        x, y = spots[arrow.id]
        x, y = (x, y + place * (h / 2 + 5)) if lying else (x + place * (w / 2 + 5), y)
        placed[arrow.id] = Chip(x, y, w, h, texts)
    return placed


CHIP_GAP = 118.0  # between ranks, where chips are to be shown


def _chips(drawing: Drawing, arrows: Sequence[Arrow], theme: Theme, state: State) -> list[str]:
    color = theme.forward if state.phase == "forward" else theme.backward
    drawn = []
    for chip in chips(drawing, arrows, state.arrows).values():
        texts = []
        for at, line in enumerate(chip.lines):
            last = at == len(chip.lines) - 1
            y = chip.y - chip.h / 2 + 13 * (at + 0.95)
            ink = color if last else theme.muted
            texts.append(svg.text(chip.x, y, line, CHIP, ink, bold=last, text_anchor="middle"))
        outline = svg.box(
            chip.x - chip.w / 2, chip.y - chip.h / 2, chip.w, chip.h, round=5, fill=theme.panel, stroke=color
        )
        drawn.append(svg.element("g", outline, *texts, class_="chip"))
    return drawn

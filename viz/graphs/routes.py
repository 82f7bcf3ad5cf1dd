"""The arrows of the built-in layout: curves from rank to rank, and ways round where they go on in another row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .rows import LANE, TURN
from .trace import Arrow, Box, Drawing

Point = tuple[float, float]


@dataclass(eq=False)
class Item:
    """A box in its rank, or the place where a long arrow passes a rank."""

    box: Box | None
    rank: int
    extent: float  # across
    across: float = 0.0
    along: float = 0.0
    reach: float = 0.0  # from there to the edges of its rank
    before: list[tuple[Item, float]] = field(default_factory=list)  # neighbours in the rank before, with weights
    after: list[tuple[Item, float]] = field(default_factory=list)


Legs = list[list[Item]]  # an arrow's way: the items that it passes, in each row that it visits


def route(drawing: Drawing, routes: dict[str, Legs], ends: Sequence[float], room: float) -> None:
    """Arrows as smooth curves from side to side; frames are there already, and arrows that turn go round them."""
    ports = _Ports(drawing, routes)
    turning: list[_Turn] = []
    for arrow in drawing.arrows:
        legs = routes[arrow.id]
        # Past a rank it goes straight: it bends in the gaps between ranks, where no box is in its way.
        ways = [
            [(item.along + side * item.reach, item.across) for item in leg if item.box is None for side in (-1, 1)]
            for leg in legs
        ]
        ways[0].insert(0, ports.place(arrow, legs[0][0], 1))
        ways[-1].append(ports.place(arrow, legs[-1][-1], -1))
        if len(ways[0]) > 1:
            ways[0][1:1] = ports.way_out(legs[0][0], ways[0][0], ways[0][1], 1)
        if len(ways[-1]) > 1:
            ways[-1][-1:-1] = ports.way_out(legs[-1][-1], ways[-1][-1], ways[-1][-2], -1)
        arrow.points, arrow.turn = _smooth(ways[0]), None
        if len(ways) > 1:
            turning.append(_Turn(arrow, arrow.points, _smooth(ways[1]), ends[legs[0][0].rank]))
    _connect(turning, drawing, room)
    if not ports.lying:
        for arrow in drawing.arrows:
            arrow.points = [(y, x) for x, y in arrow.points]


class _Ports:
    """Where arrows leave their boxes (side 1) and arrive at them (side −1); several at one side are spread over it."""

    def __init__(self, drawing: Drawing, routes: dict[str, Legs]) -> None:
        self.lying, self.routes = drawing.direction == "LR", routes
        self.at_side: dict[tuple[str, int], list[Arrow]] = {}
        for arrow in drawing.arrows:
            self.at_side.setdefault((arrow.tail, 1), []).append(arrow)
            self.at_side.setdefault((arrow.head, -1), []).append(arrow)
        self.in_rank: dict[float, list[Box]] = {}
        for box in drawing.boxes:
            self.in_rank.setdefault(box.x if self.lying else box.y, []).append(box)

    def place(self, arrow: Arrow, item: Item, side: int) -> Point:
        """Along and across."""
        box = item.box
        assert box is not None
        spread = self.at_side[box.id, side]
        if side > 0:  # arrows leave from one point, unless they run side by side
            spread = [a for a in spread if a.head == arrow.head]
        spread = sorted(spread, key=lambda a: (self._neighbour(a, side), a.position))
        step = min(14.0, (box.h if self.lying else box.w) * 0.6 / max(len(spread) - 1, 1))
        shift = (spread.index(arrow) - (len(spread) - 1) / 2) * step
        along = (box.x if self.lying else box.y) + side * (box.w if self.lying else box.h) / 2
        return along, (box.y if self.lying else box.x) + shift

    def way_out(self, item: Item, port: Point, next: Point, side: int) -> list[Point]:
        """Straight to the edge of the rank, where a wider box of the rank would be in the way of the curve."""
        edge = item.along + side * item.reach
        low, high = sorted((port[1], next[1]))
        for box in self.in_rank.get(item.along, ()):
            along, across, w, h = (box.x, box.y, box.w, box.h) if self.lying else (box.y, box.x, box.h, box.w)
            reaches_further = side * (along + side * w / 2 - port[0]) > 1
            if box is not item.box and reaches_further and low < across + h / 2 and across - h / 2 < high:
                return [(edge, port[1])]
        return []

    def _neighbour(self, arrow: Arrow, side: int) -> float:
        """How far across the next item on the arrow's way is."""
        leg = self.routes[arrow.id][0 if side > 0 else -1]
        if len(leg) > 1:
            return leg[1 if side > 0 else -2].across
        return leg[0].across + 1.0


def _smooth(stops: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Bézier triples from stop to stop, level at each of them."""
    points = list(stops[:1])
    for (a, b), (c, d) in pairwise(stops):
        middle = (a + c) / 2
        points += [(middle, b), (middle, d), (c, d)]
    return points


@dataclass
class _Turn:
    """An arrow that ends in another row than it begins."""

    arrow: Arrow
    leaving: list[Point]  # its way in the first row
    arriving: list[Point]  # its way in the other one
    below: float  # where the first row ends


def _connect(turns: Sequence[_Turn], drawing: Drawing, room: float) -> None:
    """Lead the arrows round: beyond the row's end, between the rows (`room` below it), before the other row's begin."""
    if not turns:
        return
    framed = [frame.corners for frame in drawing.placed if frame.corners]
    right = max([box.x + box.w / 2 for box in drawing.boxes] + [corners[2] for corners in framed]) + TURN
    left = min([box.x - box.w / 2 for box in drawing.boxes] + [corners[0] for corners in framed]) - TURN
    # The lowest of a row goes round on the inside at the right, and on the outside at the left: so none cross.
    order = sorted(turns, key=lambda turn: (turn.below, -turn.leaving[-1][1]))
    for lane, turn in enumerate(order):
        at = lane - next(i for i, other in enumerate(order) if other.below == turn.below)
        (x0, y0), (x1, y1) = turn.leaving[-1], turn.arriving[0]
        across = turn.below + room + LANE * at
        out, back = right + LANE * at, left - LANE * (len(turns) - 1 - lane)
        corners = [(x0, y0), (out, y0), (out, across), (back, across), (back, y1), (x1, y1)]
        turn.arrow.turn = (back, across)
        turn.arrow.points = [*turn.leaving, *_rounded(corners)[1:], *turn.arriving[1:]]


RADIUS = 8.0  # of a corner


def _rounded(corners: Sequence[Point]) -> list[Point]:
    """A line through corners, as Bézier triples with each corner rounded."""
    points = [corners[0]]

    def line(to: Point) -> None:
        points.extend([points[-1], to, to])

    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        start, end = _towards(corner, before, RADIUS), _towards(corner, after, RADIUS)
        line(start)
        points.extend([corner, corner, end])
    line(corners[-1])
    return points


def _towards(a: Point, b: Point, most: float) -> Point:
    """The point on the way from a to b that is at most so far from a."""
    length = abs(b[0] - a[0]) + abs(b[1] - a[1])
    part = min(most, length / 2) / length if length else 0.0
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part

"""The built-in layout, for machines without Graphviz: boxes in ranks by depth, few crossings, straight trunks.

Written for one axis along the computation ("along") and one beside it ("across"), so that it serves both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .trace import Arrow, Box, Drawing

MARGIN = 14.0
TITLE = 20.0  # height of a frame's title
FRAME = 10.0  # from a box to the frame around it
RANK_GAP = 46.0


@dataclass(eq=False)
class _Item:
    """A box in its rank, or the place where a long arrow passes a rank."""

    box: Box | None
    rank: int
    extent: float  # across
    across: float = 0.0
    before: list[tuple[_Item, float]] = field(default_factory=list)  # neighbours in the rank before, with weights
    after: list[tuple[_Item, float]] = field(default_factory=list)


def place(drawing: Drawing, gap: float = RANK_GAP) -> None:
    """Give every box its center, every arrow its points and every frame its corners."""
    ranks, routes = _ranks(drawing)
    _order(ranks)
    _align(ranks)
    _assign(drawing, ranks, gap)
    _route(drawing, routes)
    _frames(drawing)
    crop(drawing)


def _ranks(drawing: Drawing) -> tuple[list[list[_Item]], dict[str, list[_Item]]]:
    """Items by rank, and for each arrow the items it passes, from its tail to its head."""
    depth: dict[str, int] = {}
    incoming: dict[str, list[Arrow]] = {}
    outgoing: dict[str, list[Arrow]] = {}
    for arrow in drawing.arrows:
        incoming.setdefault(arrow.head, []).append(arrow)
        outgoing.setdefault(arrow.tail, []).append(arrow)
    boxes = {box.id: box for box in drawing.boxes}

    def span(arrow: Arrow) -> int:
        """Ranks from tail to head. A layer's parameters get a rank of their own: its frame holds nothing else."""
        tail, head = boxes[arrow.tail], boxes[arrow.head]
        owns = any(boxes[a.tail].is_leaf and boxes[a.tail].clusters == head.clusters for a in incoming[head.id])
        return 2 if owns and tail.clusters != head.clusters else 1

    def deepen() -> None:
        for box in drawing.boxes:  # in order of computation
            if box.id in incoming:
                depth[box.id] = max(depth.get(a.tail, 0) + span(a) for a in incoming[box.id])

    deepen()
    for box in drawing.boxes:  # what was computed from nothing stands next to its first user, if it can in its frame
        if box.id not in incoming:
            users = outgoing.get(box.id, [])
            near = [a for a in users if boxes[a.head].clusters == box.clusters] or users
            depth[box.id] = min((depth[a.head] - span(a) for a in near), default=0)
    deepen()

    lying = drawing.direction == "LR"
    items = {box.id: _Item(box, depth[box.id], box.h if lying else box.w) for box in drawing.boxes}
    ranks: list[list[_Item]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for item in items.values():
        ranks[item.rank].append(item)
    routes = {}
    for arrow in drawing.arrows:
        tail, head = items[arrow.tail], items[arrow.head]
        route = [tail]
        for rank in range(tail.rank + 1, head.rank):
            passing = _Item(None, rank, 8.0)
            ranks[rank].append(passing)
            route.append(passing)
        route.append(head)
        for one, next_one in pairwise(route):
            # A long arrow is kept straight, a leaf gives way to the trunk.
            weight = float(arrow.weight) * (3 if one.box is None or next_one.box is None else 1)
            one.after.append((next_one, weight))
            next_one.before.append((one, weight))
        routes[arrow.id] = route
    return ranks, routes


def _order(ranks: Sequence[list[_Item]]) -> None:
    """Sort each rank by the mean place of its neighbours, to and fro, and keep the order with the fewest crossings."""
    for rank in ranks:
        for at, item in enumerate(rank):
            item.across = float(at)
    best, fewest = [list(rank) for rank in ranks], _crossings(ranks)
    for sweep in range(8):
        forward = sweep % 2 == 0
        for rank in ranks if forward else reversed(ranks):
            means = {item: _mean(item.before if forward else item.after, item.across) for item in rank}
            rank.sort(key=means.__getitem__)
            for at, item in enumerate(rank):
                item.across = float(at)
        crossings = _crossings(ranks)
        if crossings < fewest:
            best, fewest = [list(rank) for rank in ranks], crossings
    for rank, order in zip(ranks, best, strict=True):
        rank[:] = order


def _mean(neighbours: Sequence[tuple[_Item, float]], otherwise: float) -> float:
    return sum(item.across for item, _ in neighbours) / len(neighbours) if neighbours else otherwise


def _crossings(ranks: Sequence[Sequence[_Item]]) -> int:
    crossings = 0
    for rank in ranks:
        ends: list[float] = []  # in the next rank, for the arrows from the items so far
        for item in rank:
            mine = [other.across for other, _ in item.after]
            crossings += sum(end > one for one in mine for end in ends[-400:])
            ends += mine
    return crossings


def _separation(one: _Item, other: _Item) -> float:
    """Least distance across between the centers of neighbours in a rank."""
    distance = (one.extent + other.extent) / 2 + (16.0 if one.box and other.box else 9.0)
    mine = one.box.clusters if one.box else ()
    others = other.box.clusters if other.box else ()
    if mine != others:
        distance += TITLE + FRAME * max(len(mine), len(others))
    return distance


def _align(ranks: Sequence[Sequence[_Item]]) -> None:
    """Move items across to where their neighbours are, without changing their order."""
    for rank in ranks:
        at = 0.0
        for one, other in zip([None, *rank], rank, strict=False):
            at += _separation(one, other) if one else 0.0
            other.across = at
        for item in rank:
            item.across -= at / 2
    for sweep in range(12):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            wishes = []
            for item in rank:
                neighbours = [*item.before, *item.after]
                weight = sum(w for _, w in neighbours) or 1e-3
                wishes.append(
                    (sum(other.across * w for other, w in neighbours) / weight if neighbours else item.across, weight)
                )
            _settle(rank, wishes)


def _settle(rank: Sequence[_Item], wishes: Sequence[tuple[float, float]]) -> None:
    """The places nearest to the wishes (weighted squares) that keep order and separations: what collides is pooled."""
    offsets = [0.0]
    for one, other in pairwise(rank):
        offsets.append(offsets[-1] + _separation(one, other))
    pools: list[tuple[float, float, int]] = []  # mean wish less offset, weight, how many items
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            above, other_weight, other_count = pools.pop()
            mean = (mean * weight + above * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + other_count
        pools.append((mean, weight, count))
    at = 0
    for mean, _, count in pools:
        for _ in range(count):
            rank[at].across = mean + offsets[at]
            at += 1


def _assign(drawing: Drawing, ranks: Sequence[Sequence[_Item]], gap: float) -> None:
    """Turn ranks and places across into coordinates."""
    lying = drawing.direction == "LR"
    along = 0.0
    for rank in ranks:
        extent = max((item.box.w if lying else item.box.h for item in rank if item.box), default=0.0)
        depth = max((len(item.box.clusters) for item in rank if item.box), default=0)
        for item in rank:
            if item.box:
                x, y = (along + extent / 2, item.across) if lying else (item.across, along + extent / 2)
                item.box.x, item.box.y = x, y
        along += extent + gap + (0.0 if lying else depth * TITLE)


def _route(drawing: Drawing, routes: dict[str, list[_Item]]) -> None:
    """Arrows as smooth curves from side to side; several at one side are spread over it."""
    lying = drawing.direction == "LR"
    column: dict[int, float] = {}
    for route in routes.values():
        for item in (route[0], route[-1]):
            assert item.box is not None
            column.setdefault(item.rank, item.box.x if lying else item.box.y)

    def port(arrow: Arrow, item: _Item, side: int) -> tuple[float, float]:
        box = item.box
        assert box is not None
        mine = [a for a in at_side[box.id, side] if side < 0 or a.tail == arrow.tail]
        parallel = [a for a in mine if (a.tail, a.head) == (arrow.tail, arrow.head)]
        spread = mine if side < 0 else parallel  # arrows leave from one point, unless they run side by side
        spread = sorted(spread, key=lambda a: (routes[a.id][1 if side > 0 else -2].across, a.position))
        room = (box.h if lying else box.w) * 0.6
        step = min(14.0, room / max(len(spread) - 1, 1))
        shift = (spread.index(arrow) - (len(spread) - 1) / 2) * step
        along = (box.x if lying else box.y) + side * (box.w if lying else box.h) / 2
        return along, (box.y if lying else box.x) + shift

    at_side: dict[tuple[str, int], list[Arrow]] = {}
    for arrow in drawing.arrows:
        at_side.setdefault((arrow.tail, 1), []).append(arrow)
        at_side.setdefault((arrow.head, -1), []).append(arrow)
    for arrow in drawing.arrows:
        route = routes[arrow.id]
        stops = [port(arrow, route[0], 1)]
        stops += [(column[item.rank], item.across) for item in route[1:-1] if item.rank in column]
        stops.append(port(arrow, route[-1], -1))
        points = stops[:1]
        for (a, b), (c, d) in pairwise(stops):
            middle = (a + c) / 2
            points += [(middle, b), (middle, d), (c, d)]
        arrow.points = points if lying else [(y, x) for x, y in points]


def _frames(drawing: Drawing) -> None:
    """A frame goes around its boxes; it is left out where a box that does not belong to it stands between them."""
    deepest = max((len(frame.path) for frame in drawing.frames), default=0)
    for frame in drawing.frames:
        level = len(frame.path)
        inside = [box for box in drawing.boxes if box.clusters[:level] == frame.path]
        room = FRAME + (deepest - level) * FRAME
        title = TITLE * (deepest - level + 1)
        left, right = min(b.x - b.w / 2 for b in inside) - room, max(b.x + b.w / 2 for b in inside) + room
        top, bottom = min(b.y - b.h / 2 for b in inside) - title, max(b.y + b.h / 2 for b in inside) + room
        foreign = (box for box in drawing.boxes if box.clusters[:level] != frame.path)
        free = not any(
            b.x + b.w / 2 > left and b.x - b.w / 2 < right and b.y + b.h / 2 > top and b.y - b.h / 2 < bottom
            for b in foreign
        )
        frame.corners = (left, top, right, bottom) if free else None


def crop(drawing: Drawing) -> None:
    """Move everything to the upper left, and measure it."""
    xs = [v for b in drawing.boxes for v in (b.x - b.w / 2, b.x + b.w / 2)]
    ys = [v for b in drawing.boxes for v in (b.y - b.h / 2, b.y + b.h / 2)]
    for frame in drawing.frames:
        if frame.corners:
            xs += frame.corners[0::2]
            ys += frame.corners[1::2]
    xs += [x for arrow in drawing.arrows for x, _ in arrow.points]
    ys += [y for arrow in drawing.arrows for _, y in arrow.points]
    dx, dy = MARGIN - min(xs), MARGIN - min(ys)
    drawing.w, drawing.h = max(xs) + dx + MARGIN, max(ys) + dy + MARGIN
    for box in drawing.boxes:
        box.x, box.y = box.x + dx, box.y + dy
    for arrow in drawing.arrows:
        arrow.points = [(x + dx, y + dy) for x, y in arrow.points]
    for frame in drawing.frames:
        if frame.corners:
            left, top, right, bottom = frame.corners
            frame.corners = (left + dx, top + dy, right + dx, bottom + dy)

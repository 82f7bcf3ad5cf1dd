"""The built-in layout, for machines without Graphviz: boxes in ranks by depth, few crossings, straight trunks.

Written for one axis along the computation ("along") and one beside it ("across"), so that it serves both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from . import rows as in_rows
from .across import align, clear
from .frames import FRAME, TITLE, crop, frame, pieces
from .ranks import depths
from .routes import Item, Legs, route
from .trace import Drawing

RANK_GAP = 46.0
NEAR = 400  # arrows: with those further up in a rank, crossings are not counted, so that a wide one takes no minutes


def place(drawing: Drawing, gap: float = RANK_GAP, rows: int = 1) -> None:
    """Give every box its center, every arrow its points and every frame its corners; ranks are set in so many rows."""
    depth = depths(drawing)
    starts = in_rows.starts(drawing, depth, rows, gap) if rows > 1 else [0]
    starts = in_rows.with_users(drawing, depth, starts)
    row_of = {id: sum(start <= rank for start in starts[1:]) for id, rank in depth.items()}
    drawing.placed = pieces(drawing, row_of)
    ranks, routes = _items(drawing, depth, row_of, starts)
    bounds = [*starts, len(ranks)]
    for first, last in pairwise(bounds):
        row = ranks[first:last]
        _order(row)
        align(row)
        clear(drawing, row)
    ends = _assign(drawing, ranks, bounds, gap, routes)
    frame(drawing)
    route(drawing, routes, ends, in_rows.room(gap))
    crop(drawing)


def place_in_rows(drawing: Drawing, gap: float = RANK_GAP, room: tuple[float, float] = in_rows.SLIDE) -> None:
    """As many rows as let the graph fill the room best; of nearly as good ones the fewer."""
    place(drawing, gap)
    found = {1: in_rows.fit(drawing, *room)}
    # Rows as wide as the room, if it were that easy.
    about = round((drawing.w * room[1] / (drawing.h * room[0])) ** 0.5)
    for rows in range(max(about - 2, 2), about + 3):
        place(drawing, gap, rows)
        found[rows] = in_rows.fit(drawing, *room)
    best = max(found.values())
    place(drawing, gap, next(rows for rows, fit in found.items() if fit >= 0.94 * best))


def place_in_width(drawing: Drawing, gap: float, width: float) -> None:
    """As few rows as make the graph no wider than `width`; at most one a rank."""
    ranks = 1 + max(depths(drawing).values())
    for rows in range(1, ranks + 1):
        place(drawing, gap, rows)
        if drawing.w <= width:
            return


def _items(
    drawing: Drawing, depth: dict[str, int], row_of: dict[str, int], starts: Sequence[int]
) -> tuple[list[list[Item]], dict[str, Legs]]:
    """Items by rank, and for each arrow the items it passes, from its tail to its head."""
    lying = drawing.direction == "LR"
    items = {box.id: Item(box, depth[box.id], box.h if lying else box.w) for box in drawing.boxes}
    ranks: list[list[Item]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for item in items.values():
        ranks[item.rank].append(item)

    def passing(first: int, last: int) -> list[Item]:
        made = [Item(None, rank, 8.0) for rank in range(first, last)]
        for item in made:
            ranks[item.rank].append(item)
        return made

    routes = {}
    for arrow in drawing.arrows:
        tail, head = items[arrow.tail], items[arrow.head]
        start, end = row_of[arrow.tail], row_of[arrow.head]
        if start == end:
            legs = [[tail, *passing(tail.rank + 1, head.rank), head]]
        else:  # to the end of its row, and on from the beginning of the other
            legs = [[tail, *passing(tail.rank + 1, starts[start + 1])], [*passing(starts[end], head.rank), head]]
        for one, next_one in (pair for leg in legs for pair in pairwise(leg)):
            # A long arrow is kept straight, a leaf gives way to the trunk.
            weight = float(arrow.weight) * (3 if one.box is None or next_one.box is None else 1)
            one.after.append((next_one, weight))
            next_one.before.append((one, weight))
        routes[arrow.id] = legs
    return ranks, routes


def _order(ranks: Sequence[list[Item]]) -> None:
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


def _mean(neighbours: Sequence[tuple[Item, float]], otherwise: float) -> float:
    return sum(item.across for item, _ in neighbours) / len(neighbours) if neighbours else otherwise


def _crossings(ranks: Sequence[Sequence[Item]]) -> int:
    crossings = 0
    for rank in ranks:
        ends: list[float] = []  # in the next rank, for the arrows from the items so far
        for item in rank:
            mine = [other.across for other, _ in item.after]
            crossings += sum(end > one for one in mine for end in ends[-NEAR:])
            ends += mine
    return crossings


def _assign(
    drawing: Drawing, ranks: Sequence[Sequence[Item]], bounds: Sequence[int], gap: float, routes: dict[str, Legs]
) -> list[float]:
    """Turn ranks and places across into coordinates, row by row; for each rank, where its row ends."""
    lying = drawing.direction == "LR"
    borders = _borders(drawing, ranks)
    top = 0.0
    ends: list[float] = []
    for first, last in pairwise(bounds):
        row = [item for rank in ranks[first:last] for item in rank]
        top += _frames(row) * TITLE
        shift = top - min(item.across - item.extent / 2 for item in row)
        along = 0.0
        for rank in ranks[first:last]:
            extent = max((item.box.w if lying else item.box.h for item in rank if item.box), default=0.0)
            for item in rank:
                item.across += shift
                item.along, item.reach = along + extent / 2, extent / 2
                if item.box:
                    item.box.x, item.box.y = (item.along, item.across) if lying else (item.across, item.along)
            along += extent + max(gap, borders[rank[0].rank])
        leaving = sum(len(legs) > 1 and first <= legs[0][0].rank < last for legs in routes.values())
        end = max(item.across + item.extent / 2 for item in row) + _frames(row) * FRAME
        ends += [end] * (last - first)
        top = end + in_rows.height(leaving, gap)
    return ends


def _frames(row: Iterable[Item]) -> int:
    """How many frames stand around the innermost boxes of a row."""
    return max((len(item.box.clusters) for item in row if item.box), default=0)


def _borders(drawing: Drawing, ranks: Sequence[Sequence[Item]]) -> list[float]:
    """For each rank, the room that frames need behind it which end there, or begin in the next one."""
    rank_of = {item.box.id: item.rank for rank in ranks for item in rank if item.box}
    ending, beginning = [0] * len(ranks), [0] * (len(ranks) + 1)
    for counts, pick in ((ending, max), (beginning, min)):
        bounds = [(one, pick(rank_of[id] for id in one.boxes)) for one in drawing.placed]
        for one, rank in bounds:
            inner = sum(other.boxes <= one.boxes and at == rank for other, at in bounds)
            counts[rank] = max(counts[rank], inner)
    ahead = FRAME if drawing.direction == "LR" else TITLE
    return [FRAME * ends + ahead * begins + 20.0 for ends, begins in zip(ending, beginning[1:], strict=True)]

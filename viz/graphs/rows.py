"""A long graph in several rows, as a text is set in lines: where rows end, and the arrows that go on in another row."""

from __future__ import annotations

from collections.abc import Sequence

from .trace import Drawing

LANE = 9.0  # between arrows that run side by side
TURN = 14.0  # from the end of a row to the first arrow that turns there
SLIDE = (1280.0, 720.0)
MANY = 250  # ranks: of more, rows are cut to equal widths
READABLE = 0.8  # of the size in which a graph is set: a row that would have to be shrunk more is set as several


def starts(drawing: Drawing, depth: dict[str, int], rows: int, gap: float) -> list[int]:
    """The first rank of each row: rows about equally wide, that end where few arrows and no layer is cut."""
    count = max(depth.values()) + 1
    rows = min(rows, count)
    extent = [0.0] * count
    for box in drawing.boxes:
        extent[depth[box.id]] = max(extent[depth[box.id]], box.w)
    place = [0.0]
    for one in extent:
        place.append(place[-1] + one + gap)
    cost = _costs(drawing, depth, count)
    ideal = place[-1] / rows
    if count > MANY:
        return sorted({min(range(count), key=lambda rank: abs(place[rank] - row * ideal)) for row in range(rows)})
    best: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(float("inf"), 0)] * count]  # by rows, then by ranks so far
    for _ in range(rows):
        before, now = best[-1], [(float("inf"), 0)] * (count + 1)
        for end in range(1, count + 1):
            now[end] = min(
                (before[start][0] + ((place[end] - place[start]) / ideal - 1) ** 2 + cost[start], start)
                for start in range(end)
                if place[end] - place[start] < 2.5 * ideal or start == end - 1
            )
        best.append(now)
    found, end = [], count
    for row in range(rows, 0, -1):
        end = best[row][end][1]
        found.append(end)
    return found[::-1]


def _costs(drawing: Drawing, depth: dict[str, int], count: int) -> list[float]:
    """Of ending a row before each rank: arrows and layers that would be cut."""
    cost = [0.0] * (count + 1)
    for arrow in drawing.arrows:
        for rank in range(depth[arrow.tail] + 1, depth[arrow.head] + 1):
            cost[rank] += 0.06
    for frame in drawing.frames:
        inside = [depth[id] for id in frame.boxes]
        for rank in range(min(inside) + 1, max(inside) + 1):
            cost[rank] += 0.05
    return cost


def with_users(drawing: Drawing, depth: dict[str, int], starts: Sequence[int]) -> list[int]:
    """Leaves go to the row of what they are used by, in a rank of their own at its beginning; the new starts."""
    heads: dict[str, list[str]] = {}
    for arrow in drawing.arrows:
        heads.setdefault(arrow.tail, []).append(arrow.head)
    found, added = [0], 0
    for start in starts[1:]:
        at = start + added
        last = [box for box in drawing.boxes if depth[box.id] == at - 1]
        late = [box.id for box in last if box.is_leaf and min(depth[head] for head in heads[box.id]) >= at]
        if len(late) == len(last):  # the rank has nothing else in it: the row begins with it
            at -= 1
        elif late:
            added += 1
            for id, rank in depth.items():
                depth[id] = rank + (rank >= at)
            depth.update(dict.fromkeys(late, at))
        if at > found[-1]:
            found.append(at)
    return found


def room(gap: float) -> float:
    """From a row to the arrows between it and the next one: more, where something is to stand on them."""
    return TURN if gap < 100 else 1.6 * TURN


def height(arrows: int, gap: float) -> float:
    """Room between two rows for so many arrows."""
    return 2 * room(gap) + LANE * max(arrows - 1, 0)


def fit(drawing: Drawing, w: float = SLIDE[0], h: float = SLIDE[1]) -> float:
    """By how much the drawing is enlarged or shrunk to fill so much room."""
    return min(w / drawing.w, h / drawing.h)

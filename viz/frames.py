"""Frames around layers, for the built-in layout, and the cropping of what any layout has placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .trace import Drawing, Frame

MARGIN = 14.0
TITLE = 20.0  # height of a frame's title
FRAME = 10.0  # from a box to the frame around it


def pieces(drawing: Drawing, row_of: Mapping[str, int]) -> list[Frame]:
    """A frame for each row in which a layer has boxes."""
    frames = []
    for frame in drawing.frames:
        inside = [id for id in frame.boxes if id in row_of]
        found = sorted({row_of[id] for id in inside})
        for at, row in enumerate(found):
            mine = frozenset(id for id in inside if row_of[id] == row)
            frames.append(
                replace(frame, boxes=mine)
                if at == 0
                else replace(frame, id=f"{frame.id}r{at}", title=f"{frame.title}, continued", boxes=mine)
            )
    return frames


def frame(drawing: Drawing) -> None:
    """A frame goes around its boxes; it is left out where a box that does not belong to it stands between them."""
    for one in drawing.placed:
        level = len(one.path)
        inside = [box for box in drawing.boxes if box.id in one.boxes]
        below = max(len(box.clusters) for box in inside) - level  # frames within this one
        room, title = FRAME + below * FRAME, TITLE * (below + 1)
        left, right = min(b.x - b.w / 2 for b in inside) - room, max(b.x + b.w / 2 for b in inside) + room
        top, bottom = min(b.y - b.h / 2 for b in inside) - title, max(b.y + b.h / 2 for b in inside) + room
        free = not any(
            b.x + b.w / 2 > left and b.x - b.w / 2 < right and b.y + b.h / 2 > top and b.y - b.h / 2 < bottom
            for b in drawing.boxes
            if b.id not in one.boxes
        )
        one.corners = (left, top, right, bottom) if free else None


def crop(drawing: Drawing) -> None:
    """Move everything to the upper left, and measure it."""
    xs = [v for b in drawing.boxes for v in (b.x - b.w / 2, b.x + b.w / 2)]
    ys = [v for b in drawing.boxes for v in (b.y - b.h / 2, b.y + b.h / 2)]
    for frame in drawing.placed:
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
        arrow.turn = (arrow.turn[0] + dx, arrow.turn[1] + dy) if arrow.turn else None
    for frame in drawing.placed:
        if frame.corners:
            left, top, right, bottom = frame.corners
            frame.corners = (left + dx, top + dy, right + dx, bottom + dy)

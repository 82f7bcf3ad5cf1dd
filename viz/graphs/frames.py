"""Frames around layers: where the built-in layout puts them, and their titles where no arrow runs; cropping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..ink.text import width
from .trace import SIZE, Drawing, Frame

MARGIN = 14.0
TITLE = 20.0  # height of a frame's title
TITLE_SIZE = SIZE - 0.5
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
    """A frame goes around its boxes and frames; it is left out where a box that does not belong to it is in its way."""
    found: list[tuple[Frame, tuple[float, float, float, float]]] = []  # the innermost first
    all_corners = {b.id: (b.x - b.w / 2, b.y - b.h / 2, b.x + b.w / 2, b.y + b.h / 2) for b in drawing.boxes}
    edges = np.array(list(all_corners.values())).reshape(-1, 4)
    for one in sorted(drawing.placed, key=lambda frame: -len(frame.path)):
        inside = [all_corners[id] for id in one.boxes]
        inside += [corners for inner, corners in found if inner.boxes <= one.boxes]
        left, top = min(c[0] for c in inside) - FRAME, min(c[1] for c in inside) - TITLE
        right, bottom = max(c[2] for c in inside) + FRAME, max(c[3] for c in inside) + FRAME
        right = max(right, left + _length(one) + 16)
        x0, y0, x1, y1 = edges.T
        met = np.flatnonzero((x1 > left) & (x0 < right) & (y1 > top) & (y0 < bottom))
        free = all(drawing.boxes[at].id in one.boxes for at in met)
        one.corners = (left, top, right, bottom) if free else None
        found.append((one, (left, top, right, bottom)))


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
    place_titles(drawing)


def place_titles(drawing: Drawing) -> None:
    """A frame's title stands at its upper left, or further right where an arrow runs through that place."""
    if not drawing.placed:
        return
    pieces = np.concatenate([np.zeros((0, 4)), *(_pieces(arrow.points) for arrow in drawing.arrows)])
    for one in drawing.placed:
        if one.corners is None:
            continue
        left, top, right, _ = one.corners
        long = _length(one)
        near = pieces[(pieces[:, 1] < top + 17) & (pieces[:, 3] > top + 3)]
        last = right - left - long - 8
        for at in (8.0, last, *np.arange(20.0, last, 12.0).tolist()):
            if at >= 8 and not ((near[:, 0] < left + at + long + 3) & (near[:, 2] > left + at - 3)).any():
                one.title_at, one.is_crossed = at, False
                break
        else:
            one.title_at, one.is_crossed = 8.0, True


def _length(frame: Frame) -> float:
    """How long its title is."""
    return width(frame.title, TITLE_SIZE, bold=True)


def _pieces(points: Sequence[tuple[float, float]]) -> np.ndarray:
    """A curve through Bézier triples as short pieces, each as the rectangle around it: left, top, right, bottom."""
    t = np.linspace(0, 1, 25)[:, None]
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    found = [np.zeros((0, 4))]
    for at in range(0, len(points) - 3, 3):
        curve = sum(w * np.array(p) for w, p in zip(weights, points[at : at + 4], strict=True))
        found.append(np.hstack([np.minimum(curve[:-1], curve[1:]), np.maximum(curve[:-1], curve[1:])]))
    return np.concatenate(found)

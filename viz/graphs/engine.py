"""Who places the boxes and arrows of a drawing: the program `dot`, or where it is missing or broken, layout.py."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import Any

from ..ink.dot import INSTALL, MISSING, DotNotFound, find, run
from . import layout
from . import rows as rows_
from .frames import crop
from .trace import Drawing

ENGINES = ("auto", "dot", "builtin")
_warned: set[str] = set()


def place(drawing: Drawing, source: str, engine: str, gap: float = layout.RANK_GAP, rows: int | None = 1) -> str:
    """Place everything in `drawing` (whose DOT text is `source`) and return the engine that did: "dot" or "builtin".

    `rows`: in how many rows; None for as many as let it fit a slide best. Only the built-in layout knows rows.
    """
    if rows is not None and rows > 1 and drawing.direction == "LR" and engine != "dot":
        layout.place(drawing, gap, rows)
        return "builtin"
    done = _place_in_one(drawing, source, engine, gap)
    if rows is None and drawing.direction == "LR" and engine != "dot" and rows_.fit(drawing) < rows_.READABLE:
        layout.place_in_rows(drawing, gap)
        return "builtin"
    return done


def _place_in_one(drawing: Drawing, source: str, engine: str, gap: float) -> str:
    if engine != "builtin":
        if find() is None:
            if engine == "dot":
                raise DotNotFound(f"engine='dot', but {MISSING}")
            _warn("missing", f"there is no 'dot' on this machine, so the built-in layout draws. {INSTALL}")
        else:
            try:
                _read(drawing, json.loads(run(source, "json0")))
                return "dot"
            except (DotNotFound, ValueError, LookupError, TypeError, AttributeError) as error:
                if engine == "dot":
                    raise DotNotFound(f"'dot' could not place this graph: {error}") from None
                _warn("broken", f"'dot' failed ({error}), so the built-in layout draws. See 'python -m viz doctor'")
    layout.place(drawing, gap)
    return "builtin"


def _warn(what: str, message: str) -> None:
    """One warning a process for each trouble."""
    if what not in _warned:
        _warned.add(what)
        warnings.warn(message, RuntimeWarning, stacklevel=5)


def _read(drawing: Drawing, found: dict[str, Any]) -> None:
    """Take over what `dot -Tjson0` placed; its y axis points up."""

    def point(text: str) -> tuple[float, float]:
        x, y = text.split(",")
        return float(x), -float(y)

    objects: dict[str, dict[str, Any]] = {thing["id"]: thing for thing in found["objects"] if "id" in thing}
    places = [point(objects[box.id]["pos"]) for box in drawing.boxes]
    routes = {edge["id"]: _spline(edge["pos"], point) for edge in found.get("edges", ())}
    corners = [_corners(objects[frame.id]["bb"], point) for frame in drawing.frames]
    # Everything was there: only now the drawing is changed.
    for box, (x, y) in zip(drawing.boxes, places, strict=True):
        box.x, box.y = x, y
    for arrow in drawing.arrows:
        arrow.points = routes[arrow.id]
    drawing.placed = [replace(frame, corners=c) for frame, c in zip(drawing.frames, corners, strict=True)]
    crop(drawing)


def _spline(text: str, point: Any) -> list[tuple[float, float]]:
    """`e,x,y x,y x,y …`: the arrow's tip, then a start and Bézier triples; the tip is reached by a straight piece."""
    parts = text.split()
    tip = point(parts.pop(0)[2:]) if parts[0].startswith("e,") else None
    points = [point(part) for part in parts]
    if tip is not None:
        points += [points[-1], tip, tip]
    return points


def _corners(text: str, point: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = text.split(",")
    (left, bottom), (right, top) = point(f"{x0},{y0}"), point(f"{x1},{y1}")
    return left, top, right, bottom

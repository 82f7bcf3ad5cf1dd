"""A picture for `dot` to paint as PNG or PDF: our own SVG, translated into DOT with drawing operations (xdot).

So a painted file shows what the SVG shows, whoever laid it out. `neato -n2` paints it; only what svg.py writes is
understood here.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from . import dot
from .svg import number
from .text import width

WIDE = 1920.0  # pixels that a painted picture has from side to side, at least
LARGE = 12_000.0  # and at most, on its longer side

Point = tuple[float, float]


@dataclass(frozen=True)
class _Place:
    """Where an element's coordinates begin, how large they are, and how much of the paper shines through."""

    scale: float
    x: float
    y: float
    opacity: float = 1.0

    def point(self, x: float, y: float) -> Point:
        return self.x + self.scale * x, self.y - self.scale * y


def painted(svg: str, format: str) -> bytes:
    """The picture as PNG or PDF."""
    try:
        return dot.run(source(svg), format, "-Kneato", "-n2")
    except dot.DotNotFound as error:
        said = f"a .{format} is painted by the program 'dot' (.svg and .html need none), but {error}"
        raise dot.DotNotFound(said) from None


def source(svg: str) -> str:
    """The picture as DOT text."""
    root = ET.fromstring(svg)
    w, h = float(root.get("width", "")), float(root.get("height", ""))
    family = root.get("font-family", "")
    # One string for each operation, joined: graphviz takes a very long one for a quote that was forgotten.
    strings = (operation.replace('"', '\\"') for operation in _element(root, _Place(1.0, 0.0, h), family))
    drawn = '"\n\t\t+ "'.join(f"{operation} " for operation in strings)
    dpi = 72 * min(max(2.0, WIDE / w), LARGE / max(w, h))
    corner = 'shape=point style=invis width=0 height=0 label=""'
    return (
        f'graph {{\n\tgraph [bb="0,0,{number(w)},{number(h)}" pad=0 dpi={dpi:.2f} _background="{drawn}"]\n'
        f'\ta [pos="0,0" {corner}]\n\tb [pos="{number(w)},{number(h)}" {corner}]\n}}\n'
    )


def _element(element: ET.Element, place: _Place, family: str) -> Iterator[str]:
    for kind, arguments in re.findall(r"(translate|scale)\(([^)]*)\)", element.get("transform", "")):
        values = [float(x) for x in arguments.split(",")]
        if kind == "translate":
            x, y = place.point(*values)
            place = replace(place, x=x, y=y)
        else:
            place = replace(place, scale=place.scale * values[0])
    place = replace(place, opacity=place.opacity * float(element.get("opacity", 1.0)))
    tag = element.tag.rsplit("}")[-1]
    if tag == "text" and element.text:
        yield _text(element, place, element.get("font-family", family))
    elif tag == "rect":
        yield from _shape(element, place, _box(*_read(element, "x", "y", "width", "height", "rx")), curved=True)
    elif tag == "line":
        x1, y1, x2, y2 = _read(element, "x1", "y1", "x2", "y2")
        yield from _shape(element, place, [(x1, y1), (x2, y2)], curved=False)
    elif tag == "polygon":
        corners = [tuple(map(float, pair.split(","))) for pair in element.get("points", "").split()]
        yield from _shape(element, place, corners, curved=False)  # type: ignore[arg-type]
    elif tag == "path":
        points, curved = _path(element.get("d", ""))
        yield from _shape(element, place, points, curved=curved)
    for child in element:
        yield from _element(child, place, family)


def _read(element: ET.Element, *names: str) -> list[float]:
    return [float(element.get(name, 0.0)) for name in names]


def _text(element: ET.Element, place: _Place, family: str) -> str:
    text = (element.text or "").replace("\\", "\u2216")  # in DOT, a backslash may take the quote behind it along
    size = float(element.get("font-size", "")) * place.scale
    bold = element.get("font-weight") == "bold"
    side = {"middle": 0, "end": 1}.get(element.get("text-anchor", ""), -1)
    x, y = place.point(float(element.get("x", "")), float(element.get("y", "")))
    font = family.split(",")[0]
    return (
        f"c {_counted(_color(element.get('fill', ''), place))} F {number(size)} {_counted(font)} t {int(bold)} "
        f"T {number(x)} {number(y)} {side} {number(width(text, size, bold))} {_counted(text)}"
    )


def _shape(element: ET.Element, place: _Place, points: Sequence[Point], *, curved: bool) -> Iterator[str]:
    """Its area, then its outline."""
    at = " ".join(f"{number(x)} {number(y)}" for x, y in (place.point(*point) for point in points))
    fill, stroke = element.get("fill", "none"), element.get("stroke", "none")
    if fill != "none" and len(points) > 2:
        ink = _counted(_color(fill, place))
        yield f"S 5 -solid S 15 -setlinewidth(0) c {ink} C {ink} {'b' if curved else 'P'} {len(points)} {at}"
    if stroke != "none":
        wide = f"setlinewidth({number(float(element.get('stroke-width', 1.0)) * place.scale)})"
        dash = "dashed" if element.get("stroke-dasharray") else "solid"
        ink = _counted(_color(stroke, place))
        yield f"S {_counted(dash)} S {_counted(wide)} c {ink} {'B' if curved else 'L'} {len(points)} {at}"


def _box(x: float, y: float, w: float, h: float, radius: float) -> list[Point]:
    """A rectangle as one curve: a start and Bézier triples, clockwise."""
    r = min(radius, w / 2, h / 2)
    k = 0.45 * r  # where a quarter of a circle has its control points
    return [
        (x + r, y),
        *((x + r, y), (x + w - r, y), (x + w - r, y), (x + w - k, y), (x + w, y + k), (x + w, y + r)),
        *((x + w, y + r), (x + w, y + h - r), (x + w, y + h - r), (x + w, y + h - k), (x + w - k, y + h)),
        *((x + w - r, y + h), (x + w - r, y + h), (x + r, y + h), (x + r, y + h), (x + k, y + h), (x, y + h - k)),
        *((x, y + h - r), (x, y + h - r), (x, y + r), (x, y + r), (x, y + k), (x + k, y), (x + r, y)),
    ]


def _path(d: str) -> tuple[list[Point], bool]:
    """The points of `M… C…` (a curve) or of `M… H… V…` (straight)."""
    points: list[Point] = []
    curved = False
    for command, arguments in re.findall(r"([MCHV])([^MCHV]*)", d):
        values = [float(x) for x in re.split(r"[ ,]+", arguments.strip())]
        if command in "HV":
            x, y = points[-1]
            points.append((values[0], y) if command == "H" else (x, values[0]))
        else:
            curved |= command == "C"
            points += zip(values[::2], values[1::2], strict=True)
    return points, curved


def _color(color: str, place: _Place) -> str:
    return color if place.opacity >= 1 else f"{color}{round(255 * place.opacity):02x}"


def _counted(text: str) -> str:
    return f"{len(text.encode())} -{text}"

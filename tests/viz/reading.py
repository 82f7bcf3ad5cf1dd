"""Reading SVG back: texts with their boxes, to check ids, numbers and overlaps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from viz.text import width

NAMESPACE = "{http://www.w3.org/2000/svg}"


@dataclass
class Written:
    """A line of text and the rectangle that it covers."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Written) -> bool:
        """Whether the two cover each other by more than a hair."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > 1
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 1
        )


def parse(svg: str) -> ET.Element:
    """The tree of an SVG text."""
    return ET.fromstring(svg)


def texts(root: ET.Element) -> list[Written]:
    """All lines of text, where they are on the whole picture."""
    return list(_texts(root, 1.0, 0.0, 0.0, None))


def _texts(element: ET.Element, scale: float, dx: float, dy: float, clip: Written | None) -> Iterator[Written]:
    for part in re.findall(r"(translate|scale)\(([^)]*)\)", element.get("transform", "")):
        numbers = [float(x) for x in part[1].split(",")]
        if part[0] == "translate":
            dx, dy = dx + scale * numbers[0], dy + scale * numbers[1]
        else:
            scale *= numbers[0]
    if element.tag == NAMESPACE + "svg" and element.get("x"):  # a picture within the picture: a window on it
        x, y, w, _ = map(float, element.get("viewBox", "").split())
        left, top = dx + scale * float(element.get("x", "")), dy + scale * float(element.get("y", ""))
        clip = Written("", left, top, left + float(element.get("width", "")), top + float(element.get("height", "")))
        scale *= float(element.get("width", "")) / w
        dx, dy = left - x * scale, top - y * scale
    if element.tag == NAMESPACE + "text":
        size = float(element.get("font-size", "")) * scale
        wide = width(element.text or "", size, element.get("font-weight") == "bold")
        x = dx + scale * float(element.get("x", ""))
        x -= {"middle": wide / 2, "end": wide}.get(element.get("text-anchor", ""), 0.0)
        y = dy + scale * float(element.get("y", ""))
        found = Written(element.text or "", x, y - 0.72 * size, x + wide, y + 0.18 * size)
        if clip is None or (found.right > clip.left and found.left < clip.right and clip.top < y < clip.bottom):
            yield found
    for child in element:
        yield from _texts(child, scale, dx, dy, clip)


def overlaps(root: ET.Element) -> list[tuple[str, str]]:
    """Pairs of texts that cover each other."""
    found = texts(root)
    return [(a.text, b.text) for i, a in enumerate(found) for b in found[i + 1 :] if a.overlaps(b)]


def by_id(root: ET.Element) -> dict[str, ET.Element]:
    """Elements by id; an id that occurs twice is an error."""
    found: dict[str, ET.Element] = {}
    for element in root.iter():
        if "id" in element.attrib:
            assert element.attrib["id"] not in found, f"id {element.attrib['id']} occurs twice"
            found[element.attrib["id"]] = element
    return found

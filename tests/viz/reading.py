"""Reading SVG back: texts with their boxes, to check ids, numbers and overlaps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from viz.ink.text import width

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
    return list(_texts(root, 1.0, 0.0, 0.0))


def boxes(root: ET.Element) -> list[Written]:
    """The boxes of a graph by their ids, where they are on the whole picture."""
    return [found for found in _texts(root, 1.0, 0.0, 0.0, "rect") if re.fullmatch(r"n\d+", found.text)]


def _texts(
    element: ET.Element, scale: float, dx: float, dy: float, tag: str = "text", within: str = ""
) -> Iterator[Written]:
    """All texts, or all rectangles with the last part of the id of the group that they are in."""
    for part in re.findall(r"(translate|scale)\(([^)]*)\)", element.get("transform", "")):
        numbers = [float(x) for x in part[1].split(",")]
        if part[0] == "translate":
            dx, dy = dx + scale * numbers[0], dy + scale * numbers[1]
        else:
            scale *= numbers[0]
    get = lambda name: scale * float(element.get(name, ""))  # noqa: E731
    if element.tag == NAMESPACE + "text" and tag == "text":
        size = get("font-size")
        wide = width(element.text or "", size, element.get("font-weight") == "bold")
        x, y = dx + get("x"), dy + get("y")
        x -= {"middle": wide / 2, "end": wide}.get(element.get("text-anchor", ""), 0.0)
        yield Written(element.text or "", x, y - 0.72 * size, x + wide, y + 0.18 * size)
    elif element.tag == NAMESPACE + "rect" and tag == "rect":
        left, top = dx + get("x"), dy + get("y")
        yield Written(within, left, top, left + get("width"), top + get("height"))
    for child in element:
        yield from _texts(child, scale, dx, dy, tag, element.get("id", within).rsplit("-")[-1])


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

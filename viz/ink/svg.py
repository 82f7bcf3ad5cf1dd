"""The one writer of SVG: every picture drawn in the house, with or without `dot`, goes through it.

Colours and fonts are presentation attributes, not a <style>: notebooks put several SVGs into one page, where styles
and ids of one would reach the others.
"""

from __future__ import annotations

from html import escape as _escape
from typing import Any
from zlib import crc32

from .theme import FONT


def escape(text: object) -> str:
    """`text` as character data or as an attribute's value of XML and HTML."""
    return _escape(str(text), quote=True)


def number(x: float) -> str:
    """A coordinate in at most two decimals."""
    return f"{x:.2f}".rstrip("0").rstrip(".") if x % 1 else str(int(x))


def prefix(content: object) -> str:
    """A prefix for ids, so that pictures in one notebook do not share any. The same content has the same one."""
    return f"g{crc32(repr(content).encode('utf-8', 'replace')):08x}-"


def element(tag: str, *children: str, **attributes: Any) -> str:
    """<tag attribute="…">children</tag>. `stroke_width` is stroke-width; attributes that are None are left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float) else escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{''.join(children)}</{tag}>" if children else f"<{tag}{written}/>"


def text(x: float, y: float, content: str, size: float, color: str, *, bold: bool = False, **attributes: Any) -> str:
    """A line of text with its baseline at y; `text_anchor="middle"` centers it."""
    return element(
        "text", escape(content), x=float(x), y=float(y), font_size=number(size), fill=color,
        font_weight="bold" if bold else None, **attributes,
    )  # fmt: skip


def box(x: float, y: float, w: float, h: float, *, round: float = 0, **attributes: Any) -> str:
    """A rectangle."""
    return element(
        "rect", x=float(x), y=float(y), width=float(w), height=float(h), rx=float(round) or None, **attributes
    )


def arrow_head(
    tip: tuple[float, float], towards: tuple[float, float], size: float, color: str, **attributes: Any
) -> str:
    """A filled triangle at `tip` that points in the direction `towards` (a unit vector)."""
    (x, y), (dx, dy) = tip, towards
    back_x, back_y, half = x - dx * size, y - dy * size, size * 0.42
    corners = [(x, y), (back_x - dy * half, back_y + dx * half), (back_x + dy * half, back_y - dx * half)]
    points = " ".join(f"{number(a)},{number(b)}" for a, b in corners)
    return element("polygon", points=points, fill=color, **attributes)


def document(w: float, h: float, *body: str, title: str, description: str, prefix: str, background: str | None) -> str:
    """A whole SVG file: title and description are what a screen reader says."""
    return element(
        "svg",
        element("title", escape(title) or " ", id=f"{prefix}title"),
        element("desc", escape(description) or " ", id=f"{prefix}desc"),
        *([box(0, 0, w, h, fill=background)] if background else []),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(w)} {number(h)}",
        width=float(w),
        height=float(h),
        font_family=FONT,
        role="img",
        aria_labelledby=f"{prefix}title {prefix}desc",
    )  # fmt: skip

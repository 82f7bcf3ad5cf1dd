"""How values are written where people read them: in records, pictures and messages."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import source
from ..norms import length
from ..tensor import Tensor


def number(x: float | bool, digits: int = 4) -> str:
    """A number in few digits, with a real minus sign."""
    if isinstance(x, bool):
        return str(x)
    text = f"{x + 0.0:.{digits}g}"  # −0 is 0
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def subscript(n: int) -> str:
    """A whole number as it stands below a name: the ₂ of a₂"""
    return str(n).translate(_SUBSCRIPTS)


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def is_number(text: str) -> bool:
    """Whether a formula is a number by itself, so that its value need not be told: 1, −1, 0.5"""
    return re.fullmatch(r"−?[\d.]+(e−?\d+)?", text) is not None


def short(value: np.ndarray | None, digits: int = 4, most: int = 2) -> str:
    """A number in few digits, an array as its shape and norm: −0.1621, or 4×3 · norm 1.032. Two numbers are listed."""
    if value is None:
        return "–"
    if value.size == 1:
        return number(value.item(), digits)
    if 0 < value.size <= most and value.ndim <= 2:
        return _listed(value.tolist(), digits)
    shape = "×".join(map(str, value.shape))
    if value.size == 0:
        return f"{shape} · empty"
    if value.dtype.kind != "f":
        return f"{shape} · {value.dtype}"
    return f"{shape} · norm {number(length(value), digits)}"


def in_full(value: np.ndarray | None, digits: int = 4) -> str:
    """The same in a line of text, where there is more room: up to four numbers as they are, [[1, 0.5], [0, 2]]."""
    return short(value, digits, most=4)


def _listed(x: Any, digits: int) -> str:
    return f"[{', '.join(_listed(one, digits) for one in x)}]" if isinstance(x, list) else number(x, digits)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of words as lines of text, in columns as wide as they need to be, up to what anybody reads."""
    rows = [tuple(cell if len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…" for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


_WIDEST = 400  # the formula of an op of thousands of inputs would pad every line to its own length


def show(text: str) -> None:
    """Print it, also where the output's encoding has not all of its characters: a rule of dashes, \\u… for others."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a stream that a user made has none, or None
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("─", "-").encode(encoding, "backslashreplace").decode(encoding)
    print(text)


def not_finite(x: Any) -> str:
    """How many NaN and inf there are in x: "1 inf among 2 values"."""
    nans, infs = int(np.sum(np.isnan(x))), int(np.sum(np.isinf(x)))
    found = [f"{count} {kind}" if np.size(x) > 1 else kind for count, kind in ((nans, "NaN"), (infs, "inf")) if count]
    return " and ".join(found) + (f" among {np.size(x)} values" if np.size(x) > 1 else "")


def where(tensor: Tensor) -> str:
    """The layer and the line in which it was computed, with a space before; nothing where neither is known."""
    place = source.place(tensor)
    layer = f" in layer {tensor._layer}" if tensor._layer else ""
    return layer + (f" ({place}: {place.code})" if place else "")


def ranges(inputs: Sequence[Any]) -> str:
    """The inputs of an op, each by its name, with where its values lie: "x in [0, 2]"."""
    named = [(source.label(x) if isinstance(x, Tensor) else None) or f"operand {i + 1}" for i, x in enumerate(inputs)]
    said: dict[int, str] = {}
    for i, (name, x) in enumerate(zip(named, inputs, strict=True)):
        said.setdefault(id(x) if isinstance(x, Tensor) else i, f"{name} in {interval(x)}")  # the h of h × h once
    return ", ".join(said.values()) or "nothing"


def interval(x: Any) -> str:
    """The smallest and the largest of the values that are numbers, "[0, 2]"."""
    array = np.asarray(x._data if isinstance(x, Tensor) else x)
    if array.size == 0:
        return "an empty array"
    there = ~np.isnan(array)
    if not there.any():
        return "nothing but NaN"
    array = array[there]
    return f"[{number(float(array.min()))}, {number(float(array.max()))}]"

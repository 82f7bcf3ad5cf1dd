"""What is written into a picture: names made harmless and short, and how wide a text is going to be.

Names come from users (`name=`, variables, layer paths). They are data here: each writer escapes them for its format.
"""

from __future__ import annotations

import unicodedata

LONGEST = 30  # characters of a name or formula that a picture shows


def clean(text: object, longest: int = LONGEST) -> str:
    """`text` on one line, without control characters, at most `longest` characters, right-to-left runs isolated."""
    shown = []
    right_to_left = False
    for character in str(text)[: longest + 1]:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in "\ufffe\uffff":
            character = " " if character in "\t\n\r\u2028\u2029" else "\ufffd"
        right_to_left |= unicodedata.bidirectional(character) in ("R", "AL", "AN")
        shown.append(character)
    short = "".join(shown) if len(shown) <= longest else "".join(shown[: longest - 1]) + "…"
    # First strong isolate … pop: the digits and signs beside a right-to-left name stay where they are.
    return f"\u2068{short}\u2069" if right_to_left else short


def width(text: str, size: float, bold: bool = False) -> float:
    """Width of `text` in DejaVu Sans or Verdana (the widest of the fonts that pictures ask for), in pixels."""
    table, other = (_BOLD, 72) if bold else (_PLAIN, 64)
    total = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            total += table[code - 32]
        elif character in _WIDE:
            total += 86
        elif not unicodedata.combining(character) and character not in "\u2068\u2069":
            total += 102 if unicodedata.east_asian_width(character) in "WF" else other
    return total * size / 100


def wrap(text: str, size: float, room: float, bold: bool = False) -> list[str]:
    """`text` in lines that are at most `room` wide."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


_WIDE = "−×→←⊙…≈≤≥½‖∞"
# Hundredths of the font size, for the characters from the blank to ~ .
# fmt: off
_PLAIN = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61,
    69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59,
    82, 59, 59, 52, 64, 34, 64, 84,
)
_BOLD = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84,
    84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110, 77,
    72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71,
    65, 92, 65, 65, 58, 71, 37, 71, 84,
)
# fmt: on

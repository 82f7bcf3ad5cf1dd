"""A reader of tables of numbers: CSV, with the column apart that is to be learned."""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..source import users_level
from .files import opened, refused, up_to

_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


class Table(NamedTuple):
    """A table of numbers: features x (N, D) and, where a target was named, y (N,)."""

    x: np.ndarray
    y: np.ndarray | None
    columns: list[str]  # names of the features
    classes: list[str]  # names of the classes, where the target is text: label i means classes[i]


@answered
def read_csv(path: str | Path, *, target: str | int | None = None, header: bool = True, delimiter: str = ",") -> Table:
    """The numbers in a CSV file, with the column `target` (its name, or its position) apart from the others.

    A target of text becomes labels 0, 1, … in alphabetical order; one of whole numbers stays integers; of
    numbers and words together a warning tells. A line with another number of cells, or a cell that is missing or no
    number, is refused with its place; so is a first line that looks like data where names are expected.
    """
    checks.switch("header", header)
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise TypeError(f"delimiter must be one character, such as ';', not {delimiter!r}")
    if delimiter.isalnum() or delimiter in '"+-._\r\n\0':
        raise ValueError(f"delimiter must be a character that stands between numbers, such as ';', not {delimiter!r}")
    lines = _csv_lines(path, delimiter, header)
    if not lines:
        raise refused(path, "it is empty")
    names = [f"column {i}" for i in range(len(lines[0][1]))]
    if header:
        names = [name.strip() for name in lines.pop(0)[1]]
        _check_header(path, names, target)
        if not lines:
            raise refused(path, "it has a header and no data")
    for number, cells in lines:
        if len(cells) != len(names):
            raise refused(path, f"line {number} has {len(cells)} cells, not {len(names)}{_hint(' '.join(cells))}")
    apart = _column(path, names, target)
    features = [i for i in range(len(names)) if i != apart]
    if target is None:
        _check_words(path, names, [cells for _, cells in lines], header)
    x = np.array([[_number(path, number, names[i], cells[i]) for i in features] for number, cells in lines])
    y: np.ndarray | None = None
    classes: list[str] = []
    if apart is not None:
        y, classes = _targets(path, names[apart], [(number, cells[apart]) for number, cells in lines])
    return Table(x.reshape(len(lines), len(features)), y, [names[i] for i in features], classes)


def _check_header(path: str | Path, names: list[str], target: str | int | None) -> None:
    """A header of numbers is a sample that would be lost; who gives a column's name has seen that it is none."""
    if all(map(_is_number, names)):
        raise refused(path, "its first line holds numbers only: if that is data, write header=False")
    apart = _column(path, names, target)
    features = [name for i, name in enumerate(names) if i != apart]
    if apart is not None and not isinstance(target, str) and features and all(map(_is_number, features)):
        raise refused(
            path,
            f"its first line would name the columns {', '.join(features[:3])} …, which are numbers: if that is data, "
            f"write header=False; if these are names, target='{names[apart]}'",
        )


def _check_words(path: str | Path, names: list[str], rows: list[list[str]], header: bool) -> None:
    """A column of words is the one to be learned, mostly; a word or two among numbers are a slip."""
    for i, name in enumerate(names):
        words = [cells[i].strip() for cells in rows]
        if len(rows) > 1 and all(words) and not any(_is_number(word) or _hint(word) for word in words):
            write = f"target={(name if header else i)!r}"
            raise refused(path, f"'{name}' holds words: if that is to be learned, write {write}; if not, leave it out")


def _csv_lines(path: str | Path, delimiter: str, header: bool) -> list[tuple[int, list[str]]]:
    with opened(path) as file:
        content = up_to(file, None)
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        raise refused(path, f"it is no CSV text in UTF-8, as which it has to be saved: {error}") from None
    except csv.Error as error:
        raise refused(path, f"it is no CSV text: {error}") from None
    if any(len(cells) > 1 for _, cells in lines):
        return [(line, cells) for line, cells in lines if len(cells) > 1 or "".join(cells).strip()]  # not blank ones
    while lines and _is_blank(lines[-1][1]):
        lines.pop()
    while header and lines and _is_blank(lines[0][1]):
        lines.pop(0)
    return [(line, cells or [""]) for line, cells in lines]  # of one column, a blank line is a value that is missing


def _is_blank(cells: list[str]) -> bool:
    """Whether nothing is written in a line; "" is, it is a cell without a value."""
    return not cells or (cells != [""] and not "".join(cells).strip())


def _column(path: str | Path, names: list[str], target: str | int | None) -> int | None:
    if target is None:
        return None
    if isinstance(target, str):
        if target not in names:
            raise refused(path, f"it has no column '{target}'; there are {', '.join(names)}{_hint(names[0])}")
        if names.count(target) > 1:
            raise refused(path, f"it has {names.count(target)} columns '{target}': give the position of one")
        return names.index(target)
    if not isinstance(target, Integral) or isinstance(target, bool):
        raise TypeError(f"target must be the name or the position of a column, not {target!r}")
    if not -len(names) <= target < len(names):
        raise refused(path, f"it has {len(names)} columns, so there is none at {target}")
    return target % len(names)


def _targets(path: str | Path, column: str, cells: list[tuple[int, str]]) -> tuple[np.ndarray, list[str]]:
    texts = [text.strip() for _, text in cells]
    if all(map(_WHOLE.fullmatch, texts)) and all(-(2**63) <= int(text) < 2**63 for text in texts):
        return np.array([int(text) for text in texts], np.int64), []  # a float would lose digits of large ones
    if all(map(_is_number, texts)):
        y = np.array([_number(path, line, column, text) for line, text in cells])
        whole = (y == np.round(y)).all() and (np.abs(y) < 2**53).all()  # beyond, a float has lost digits
        return (y.astype(np.int64) if whole else y), []
    for (line, _), text in zip(cells, texts, strict=True):
        if not text or text.lower().lstrip("+-") == "nan":
            raise refused(path, f"line {line} has no value for '{column}'" + f" ('{text}')" * bool(text))
    _tell_words_among_numbers(path, column, [(line, text) for (line, _), text in zip(cells, texts, strict=True)])
    classes = sorted(set(texts))  # an array of words would give each of them the room of the longest
    label = {name: number for number, name in enumerate(classes)}
    return np.array([label[text] for text in texts], np.int64), classes


def _tell_words_among_numbers(path: str | Path, column: str, cells: list[tuple[int, str]]) -> None:
    """One '?' makes classes of a column of prices, which would be trained on as if they were the prices."""
    words = [(line, text) for line, text in cells if not _is_number(text)]
    line, word = words[0]
    if all(_COMMA.fullmatch(text) for _, text in words):
        _number(path, line, column, word)
    if len(words) < len(cells):
        warnings.warn(
            f"'{column}' in {path} holds numbers and words (line {line} has '{word}'), so each that differs is taken "
            f"for a class, {len({text for _, text in cells})} in all: if it is to be numbers, leave out the lines of "
            "words, or fill in a number",
            stacklevel=users_level(),
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # 1_000 is a number in Python's code, in a table it is a slip


def _number(path: str | Path, line: int, column: str, text: str) -> float:
    if not _is_number(text) or not math.isfinite(float(text)):
        problem = f"'{text.strip()}', which is no number" if text.strip() else "no value"
        raise refused(path, f"line {line} has {problem}, in '{column}'{_hint(text)}")
    return float(text)


def _hint(text: str) -> str:
    """What to write where another delimiter, or a comma in the place of the point, stands in what is no number."""
    if _COMMA.fullmatch(text.strip()):
        return ": numbers are written with a point and no comma, such as 1234.5"
    return next((f": write delimiter={mark!r}" for mark in ";\t|" if mark in text), "")

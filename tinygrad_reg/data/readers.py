"""Readers of real files: MNIST's IDX, CIFAR-10's binary form, CSV. A file is read whole and right, or refused.

Every refusal is a ValueError with the path and the reason. Files compressed by gzip are recognised by their content.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..answers import checks
from ..answers.calls import answered

Sets = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CIFAR_RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue plane
_CIFAR_RECORDS = 60_000
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


@answered
def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file (MNIST's format), plain or compressed by gzip.

    The file is: two zero bytes, a byte for the type, a byte for the number of axes, their lengths as 4-byte big-endian
    numbers, then the elements in C order.
    """
    with _opened(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or not 1 <= head[3] <= 32:
            raise _refused(path, f"it is no IDX file (its first bytes are {head.hex(' ') or 'missing'})")
        dtype, axes = np.dtype(_IDX_TYPES[head[2]]), head[3]
        lengths = file.read(4 * axes)
        if len(lengths) < 4 * axes:
            raise _refused(path, f"it ends within its header of {axes} lengths")
        shape = tuple(np.frombuffer(lengths, ">u4").tolist())
        expected = math.prod(shape) * dtype.itemsize
        content = _up_to(file, expected + 1)
    if len(content) != expected:
        found = f"only {len(content)}" if len(content) < expected else "more"
        raise _refused(path, f"its header announces {expected} bytes of shape {shape}, but it holds {found}")
    elements = np.frombuffer(content, dtype).astype(dtype.newbyteorder("="))
    try:
        return elements.reshape(shape)
    except ValueError as error:  # none of them, along axes of astronomical lengths
        raise _refused(path, f"its header announces the shape {shape}: {error}") from None


@answered
def mnist(folder: str | Path) -> Sets:
    """MNIST or Fashion-MNIST from its four files: (x_train, y_train), (x_test, y_test).

    Images are (N, 1, 28, 28) of whole numbers 0 to 255 as in the file (write x / 255), labels are 0 to 9.
    """
    checks.path("folder", folder)
    return _labelled_images(folder, "train"), _labelled_images(folder, "t10k")


def _labelled_images(folder: str | Path, kind: str) -> tuple[np.ndarray, np.ndarray]:
    image_file, label_file = (_found(folder, f"{kind}-{what}-ubyte") for what in ("images-idx3", "labels-idx1"))
    images, labels = read_idx(image_file), read_idx(label_file)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise _refused(image_file, f"it holds {images.dtype} of shape {images.shape}, not bytes of (N, height, width)")
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise _refused(label_file, f"it holds {labels.dtype} of shape {labels.shape}, not one byte a label")
    if len(images) != len(labels):
        raise _refused(label_file, f"it holds {len(labels)} labels for the {len(images)} images in {image_file.name}")
    if labels.size and labels.max() > 9:
        raise _refused(label_file, f"it holds the label {labels.max()}, they go from 0 to 9")
    return images[:, None], labels.astype(np.int64)


def _found(folder: str | Path, name: str) -> Path:
    """The file of this name in the folder, compressed or not, with a dash or (as some sites serve it) a dot."""
    names = [n + ending for n in (name, name.replace("-idx", ".idx")) for ending in ("", ".gz")]
    for candidate in names:
        if (path := Path(folder) / candidate).is_file():
            return path
    raise FileNotFoundError(f"{Path(folder)} holds no file {name} or {name}.gz; MNIST is four such files in one folder")


@answered
def read_cifar10(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 3, 32, 32) of bytes 0 to 255 and labels 0 to 9 from one batch file of CIFAR-10's binary version."""
    with _opened(path) as file:
        content = _up_to(file, _CIFAR_RECORD * _CIFAR_RECORDS + 1)
    if len(content) > _CIFAR_RECORD * _CIFAR_RECORDS:
        raise _refused(path, f"it holds more than the {_CIFAR_RECORDS:,} records that all of CIFAR-10 has")
    if not content or len(content) % _CIFAR_RECORD:
        raise _refused(
            path, f"it holds {len(content)} bytes, and a record of CIFAR-10 has {_CIFAR_RECORD}: it is cut or foreign"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _CIFAR_RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        first = int(np.argmax(labels > 9))
        raise _refused(path, f"record {first} has the label {labels[first]}, beyond 9: it is foreign or damaged")
    return records[:, 1:].reshape(-1, 3, 32, 32).copy(), labels


@answered
def cifar10(folder: str | Path) -> Sets:
    """CIFAR-10 from the six files of its binary version, read by read_cifar10: (x_train, y_train), (x_test, y_test)."""
    checks.path("folder", folder)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    missing = [name for name in names if not (Path(folder) / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{Path(folder)} holds no {', '.join(missing)}; CIFAR-10's binary version is six files")
    *train, test = [read_cifar10(Path(folder) / name) for name in names]
    return (np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train])), test


class Table(NamedTuple):
    """A table of numbers: features x (N, D) and, where a target was named, y (N,)."""

    x: np.ndarray
    y: np.ndarray | None
    columns: list[str]  # names of the features
    classes: list[str]  # names of the classes, where the target is text: label i means classes[i]


@answered
def read_csv(path: str | Path, *, target: str | int | None = None, header: bool = True, delimiter: str = ",") -> Table:
    """The numbers in a CSV file, with the column `target` (its name, or its position) apart from the others.

    A target of text becomes labels 0, 1, … in alphabetical order; one of whole numbers stays integers. A line with
    another number of cells, or a cell that is missing or no number, is refused with its place; so is a first line that
    looks like data where names are expected.
    """
    checks.switch("header", header)
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise TypeError(f"delimiter must be one character, such as ';', not {delimiter!r}")
    if delimiter.isalnum() or delimiter in '"+-._\r\n\0':
        raise ValueError(f"delimiter must be a character that stands between numbers, such as ';', not {delimiter!r}")
    lines = _csv_lines(path, delimiter, header)
    if not lines:
        raise _refused(path, "it is empty")
    names = [f"column {i}" for i in range(len(lines[0][1]))]
    if header:
        names = [name.strip() for name in lines.pop(0)[1]]
        _check_header(path, names, target)
        if not lines:
            raise _refused(path, "it has a header and no data")
    for number, cells in lines:
        if len(cells) != len(names):
            raise _refused(path, f"line {number} has {len(cells)} cells, not {len(names)}")
    apart = _column(path, names, target)
    features = [i for i in range(len(names)) if i != apart]
    x = np.array([[_number(path, number, names[i], cells[i]) for i in features] for number, cells in lines])
    y: np.ndarray | None = None
    classes: list[str] = []
    if apart is not None:
        y, classes = _targets(path, names[apart], [(number, cells[apart]) for number, cells in lines])
    return Table(x.reshape(len(lines), len(features)), y, [names[i] for i in features], classes)


def _check_header(path: str | Path, names: list[str], target: str | int | None) -> None:
    """A header of numbers is a sample that would be lost; who gives a column's name has seen that it is none."""
    if all(map(_is_number, names)):
        raise _refused(path, "its first line holds numbers only: if that is data, write header=False")
    apart = _column(path, names, target)
    features = [name for i, name in enumerate(names) if i != apart]
    if apart is not None and not isinstance(target, str) and features and all(map(_is_number, features)):
        raise _refused(
            path,
            f"its first line would name the columns {', '.join(features[:3])} …, which are numbers: if that is data, "
            f"write header=False; if these are names, target='{names[apart]}'",
        )


def _csv_lines(path: str | Path, delimiter: str, header: bool) -> list[tuple[int, list[str]]]:
    with _opened(path) as file:
        content = _up_to(file, None)
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        raise _refused(path, f"it is no CSV text in UTF-8, as which it has to be saved: {error}") from None
    except csv.Error as error:
        raise _refused(path, f"it is no CSV text: {error}") from None
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
            raise _refused(path, f"it has no column '{target}'; there are {', '.join(names)}")
        if names.count(target) > 1:
            raise _refused(path, f"it has {names.count(target)} columns '{target}': give the position of one")
        return names.index(target)
    if not isinstance(target, Integral) or isinstance(target, bool):
        raise TypeError(f"target must be the name or the position of a column, not {target!r}")
    if not -len(names) <= target < len(names):
        raise _refused(path, f"it has {len(names)} columns, so there is none at {target}")
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
            raise _refused(path, f"line {line} has no value for '{column}'" + f" ('{text}')" * bool(text))
    classes = sorted(set(texts))  # an array of words would give each of them the room of the longest
    label = {name: number for number, name in enumerate(classes)}
    return np.array([label[text] for text in texts], np.int64), classes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # 1_000 is a number in Python's code, in a table it is a slip


def _number(path: str | Path, line: int, column: str, text: str) -> float:
    if not _is_number(text) or not math.isfinite(float(text)):
        problem = f"'{text.strip()}', which is no number" if text.strip() else "no value"
        raise _refused(path, f"line {line} has {problem}, in '{column}'")
    return float(text)


# ---- bytes


@contextmanager
def _opened(path: str | Path) -> Iterator[IO[bytes]]:
    """The bytes of the file, decompressed where gzip has compressed it."""
    if os.path.isdir(checks.path("path", path)):  # a number would be taken for a file that is open
        raise _refused(path, "it is a folder")
    with open(path, "rb") as raw:
        start = raw.read(2)
        raw.seek(0)
        if start != b"\x1f\x8b":
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw) as file:
                yield file  # type: ignore[misc]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _refused(path, f"its compression is damaged: {error}") from None


def _up_to(file: IO[bytes], limit: int | None) -> bytes:
    """At most `limit` bytes, in pieces: a header that announces too much must not claim the memory for it."""
    pieces: list[bytes] = []
    left: Any = math.inf if limit is None else limit
    while left and (piece := file.read(int(min(left, 1 << 20)))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _refused(path: str | Path, reason: str) -> ValueError:
    return ValueError(f"{path} can't be used: {reason}")

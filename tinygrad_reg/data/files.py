"""Files that are read whole and right, or refused: a ValueError with the path and the reason.

Those that gzip has compressed are recognised by their content.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..answers import checks


@contextmanager
def opened(path: str | Path) -> Iterator[IO[bytes]]:
    """The bytes of the file, decompressed where gzip has compressed it."""
    if os.path.isdir(checks.path("path", path)):  # a number would be taken for a file that is open
        raise refused(path, "it is a folder")
    if not os.path.lexists(path):
        where = "" if os.path.isabs(path) else f" in {os.getcwd()}"
        raise FileNotFoundError(f"there is no file '{path}'{where}")
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
            raise refused(path, f"its compression is damaged: {error}") from None


def up_to(file: IO[bytes], limit: int | None) -> bytes:
    """At most `limit` bytes, in pieces: a header that announces too much must not claim the memory for it."""
    pieces: list[bytes] = []
    left: Any = math.inf if limit is None else limit
    while left and (piece := file.read(int(min(left, 1 << 20)))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def refused(path: str | Path, reason: str) -> ValueError:
    """What is raised for a file that is not what it should be."""
    return ValueError(f"{path} can't be used: {reason}")

"""Writing a picture to a file: the ending decides the format, and the file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path


def ending(path: str | os.PathLike[str], known: Sequence[str]) -> str:
    """The format that the path's ending names, in small letters, if it is one of `known`."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the name of a file, such as 'picture.{known[0]}', not {path!r}")
    name = os.fspath(path)
    found = "" if name.endswith(os.sep) else Path(name).suffix.lower().lstrip(".")
    if found not in known:
        choices = ", ".join("." + name for name in known)
        raise ValueError(
            f"{name!r} ends in {'.' + found if found else 'no format'}; this picture can be saved as {choices}"
        )
    return found


def write(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write `content` to `path` through a temporary file beside it: whoever reads sees the old file or the new one."""
    target = Path(os.path.realpath(path))  # through a symbolic link: the file is replaced, not the link
    data = content.encode("utf-8") if isinstance(content, str) else content
    for folder in (Path(path).parent, target.parent):
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {str(folder)!r} to save {target.name!r} in; make it first")
    try:
        _replace(target, data)
    except OSError as error:  # which speaks of the temporary file, or of none where a disk is full
        reason = f"{os.fspath(path)!r} can't be written ({error.strerror or error}): what was there before is as it was"
        raise OSError(error.errno, reason) from None


def _replace(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""A file that appears whole or not at all: written beside its place under another name, and moved there at the end.

When the program is killed, or the disk is full, what was in its place before is still there. What a killed program has
left half written is removed by the next one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ...answers import checks

_LONGEST = 255  # bytes of a file's name
_WRITING: set[Path] = set()  # drafts that threads of this process are writing


def target(path: str | os.PathLike[str]) -> Path:
    """Where a file at `path` goes, if it may be one."""
    name, file = name_of(path), place(path)
    asked = Path(folder_of(name), name)
    for folder in (file.parent, asked.parent):  # of "new/../file", too, the system wants every folder
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder '{folder}' to save '{name}' in: make it first")
    if len(os.fsencode(file.name)) > _LONGEST:
        raise ValueError(f"the name '{file.name}' must have {_LONGEST} bytes at most, as file systems want it")
    if file.exists():
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if file.is_dir() else "no ordinary file"
            raise ValueError(f"can't save a checkpoint at '{name}': it is {kind}")
        if not mode & 0o222:
            raise PermissionError(errno.EACCES, f"'{name}' is there, and nobody may write it: choose another path")
    return file


def place(path: str | os.PathLike[str]) -> Path:
    """The file behind a path: through a symbolic link the file is replaced, not the link."""
    name = name_of(path)
    return Path(os.path.realpath(os.path.join(folder_of(name), name)))


def folder_of(name: str) -> str:
    """The folder that a path is seen from, "" where it says so itself."""
    try:
        return "" if os.path.isabs(name) else os.getcwd()
    except FileNotFoundError:
        reason = f"the folder that this program runs in is gone, and '{name}' would be in it: write a whole path"
        raise FileNotFoundError(reason) from None


def name_of(path: str | os.PathLike[str]) -> str:
    """A path that may be a file's; a folder's, say, would be written to as "run" and looked for as "run/"."""
    name = checks.path("a checkpoint's path", path)
    separators = tuple(filter(None, (os.sep, os.altsep)))
    if not name or name.endswith(separators):
        without = name.rstrip("".join(separators))
        advice = f": write '{without}'" if without else ""
        raise ValueError(f"a checkpoint's path must be that of a file, not '{name}'{advice}")
    try:
        possible = b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise ValueError(f"a checkpoint's path must have characters that can stand in one, not {name!r}")
    return name


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a place where nothing can be written before the training, rather than after its first epoch."""
    draft = _draft(target(path))
    _WRITING.add(draft)
    try:
        _opened(draft).close()  # os.access() says yes to who may do everything, also where nobody can
        draft.unlink()
    finally:
        _WRITING.discard(draft)


def _draft(file: Path) -> Path:
    """The name of a new file beside `file`; it says which process of which machine writes it."""
    return file.with_name(f"{_drafts(file)}{os.getpid()}-{secrets.token_hex(4)}.draft")


def _drafts(file: Path) -> str:
    """How the names of the drafts of `file` begin, on this machine: on a folder that machines share, each its own."""
    name = file.name
    if len(os.fsencode(name)) > _LONGEST - 50:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}.{zlib.crc32(platform.node().encode()):08x}-"


def _opened(draft: Path) -> IO[bytes]:
    try:
        return open(draft, "xb")
    except OSError as error:
        reason = f"nothing can be saved in the folder '{draft.parent}' ({error.strerror}): choose another one"
        raise OSError(error.errno, reason) from None


@contextmanager
def _saying_where(file: Path) -> Iterator[None]:
    """What fails in it is writing: the system says why, of a full disk, say, and not of which file."""
    try:
        yield
    except OSError as error:
        reason = f"'{file}' can't be written ({error.strerror}): what was there before is as it was"
        raise OSError(error.errno, reason) from None


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file beside `path`, which takes its place once it is complete and on the disk."""
    file = target(path)
    draft = _draft(file)
    _WRITING.add(draft)
    try:
        stream = _opened(draft)
        with _saying_where(file):
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if file.exists():
                _let_read(draft, stat.S_IMODE(file.stat().st_mode))
            os.replace(draft, file)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    finally:
        _WRITING.discard(draft)
    if os.name == "posix":  # the new name, too, is to survive a power failure
        with suppress(OSError):  # not every folder can be opened, and not every file system knows this
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _let_read(draft: Path, mode: int) -> None:
    """Who may read the old file may read the new one; a file system with one mode for all lets nobody set it."""
    if stat.S_IMODE(draft.stat().st_mode) != mode:
        draft.chmod(mode)


def remove(path: str | os.PathLike[str]) -> None:
    """Remove what runs that were killed while they saved to `path` have left; what another one is writing stays."""
    file = target(path)
    own = re.compile(re.escape(_drafts(file)) + r"(\d+)-[0-9a-f]{8}\.draft")
    try:
        entries = list(file.parent.iterdir())
    except PermissionError:  # who may write there need not be one who may look around
        return
    for entry in entries:
        found = own.fullmatch(entry.name)
        if found is not None and entry not in _WRITING:
            pid = int(found[1])
            if pid == os.getpid() or not _runs(pid):
                with suppress(OSError):
                    entry.unlink()


def _runs(pid: int) -> bool:
    """Whether there is a process of this number, as far as this system tells without disturbing it."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # somebody else's
        return True
    except (OSError, OverflowError):
        return False
    return True

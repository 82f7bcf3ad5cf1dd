"""The file of a checkpoint: arrays and JSON in a zip archive, written whole or not at all, read without trust.

The archive holds a NumPy file (.npy) for each array and state.json, in which {"$array": name} stands for an array. No
pickle: reading a file can't run code. np.load(path) opens it as well, and shows the arrays by name.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import platform
import re
import secrets
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import checks

FORMAT, VERSION = "tinygrad_reg checkpoint", 1
_STATE = "state.json"
_LONGEST = 255  # bytes of a file's name
_LARGEST_WHOLE = 10_000  # bits: Python reads no more than 4,300 digits
_WRITING: set[Path] = set()  # drafts that threads of this process are writing


# ---- writing


def target(path: str | os.PathLike[str]) -> Path:
    """Where a file at `path` goes, if it may be one."""
    name = _name(path)
    file = Path(os.path.realpath(name))  # through a symbolic link: the file is replaced, not the link
    if not file.parent.is_dir():
        raise FileNotFoundError(f"there is no folder '{file.parent}' to save '{name}' in: make it first")
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


def _name(path: str | os.PathLike[str]) -> str:
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


def exists(path: str | os.PathLike[str]) -> bool:
    """Whether there is a file where one at `path` would go."""
    return target(path).exists()


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a place where nothing can be written before the training, rather than after its first epoch."""
    draft = _draft(target(path))
    _opened(draft).close()  # os.access() says yes to who may do everything, also where nobody can
    draft.unlink()


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


def write(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write `state` to `path`. Until all of it is on the disk, what was there before stays there."""
    text, arrays = packed(state)
    with _replacing(target(path)) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_STATE), text)  # without the date, which a clock may have wrong
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside `path`, which takes its place once it is complete and on the disk."""
    draft = _draft(path)
    _WRITING.add(draft)
    try:
        with _opened(draft) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            draft.chmod(stat.S_IMODE(path.stat().st_mode))  # who may read the old one may read the new one
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    finally:
        _WRITING.discard(draft)
    if os.name == "posix":  # the new name, too, is to survive a power failure
        with suppress(OSError):  # not every folder can be opened, and not every file system knows this
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def remove_drafts(path: str | os.PathLike[str]) -> None:
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


def packed(state: Mapping[str, Any]) -> tuple[str, dict[str, np.ndarray]]:
    """`state` as the text and the arrays that a file holds; TypeError names what can't be saved."""
    arrays: dict[str, np.ndarray] = {}
    try:
        return json.dumps({"format": FORMAT, "version": VERSION, "state": _plain(state, (), arrays)}), arrays
    except RecursionError:
        raise TypeError("the state holds itself, or lists and dicts too deep in each other to be saved") from None


def _plain(value: Any, path: tuple[str, ...], arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON knows it; its arrays go into `arrays`, named by their path."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub" or isinstance(value, np.ma.MaskedArray):
            kind = "a masked array" if isinstance(value, np.ma.MaskedArray) else f"an array of {value.dtype}"
            raise TypeError(f"the state '{'.'.join(path)}' is {kind}; only numbers can be saved")
        name = "/".join(path).replace("\\", "/")
        if not name.isprintable() or len(name) > _LONGEST:  # the archive would cut it, or refuse
            name = ""
        while not name or name in arrays or name.startswith("/") or ".." in name:
            name = f"array{len(arrays)}"
        arrays[name] = value
        return {"$array": name}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or key == "$array":
                raise TypeError(f"the state '{'.'.join(path)}' has the key {key!r}; keys must be words to be saved")
        return {key: _plain(part, (*path, key), arrays) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, (*path, str(i)), arrays) for i, part in enumerate(value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and value.bit_length() > _LARGEST_WHOLE:
        raise ValueError(
            f"the state '{'.'.join(path)}' is a whole number of {value.bit_length()} bits; up to "
            f"{_LARGEST_WHOLE} can be saved"
        )
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"the state '{'.'.join(path)}' is a {type(value).__name__}, which can't be saved; "
        "a state_dict() holds numbers, words, arrays, and lists and dicts of them"
    )


# ---- reading


def read(path: str | os.PathLike[str]) -> Any:
    """The state in the file, or ValueError with what is wrong with it."""
    name = _name(path)
    if os.path.exists(name) and not os.path.isfile(name):
        raise ValueError(f"can't load '{name}': it is no ordinary file")
    if not os.path.exists(name):
        near = (
            f"; did you mean '{name}.npz'?"
            if os.path.exists(f"{name}.npz")
            else ": tg.save(path, model=model) makes one"
        )
        raise FileNotFoundError(f"there is no file '{name}'{near}")
    with open(name, "rb") as file:
        try:
            return _read(file)
        except ValueError as error:
            raise refusal(path, str(error)) from error
        except Exception as error:  # whatever a reader of zip, JSON or arrays stumbles over, the file is to blame
            reason = f"it is damaged, or no checkpoint at all ({str(error) or type(error).__name__})"
            raise refusal(path, reason) from error


def refusal(path: str | os.PathLike[str], reason: str) -> ValueError:
    """What is raised for a file that can't be loaded."""
    return ValueError(f"can't load '{os.fspath(path)}', nothing was changed: {reason}")


def _read(file: IO[bytes]) -> Any:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if _STATE not in names or len(set(names)) < len(names):
            raise ValueError("it is no checkpoint (a zip archive of something else)")
        if any(m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1 for m in members):
            raise ValueError("its parts are compressed or encrypted, as those of a checkpoint never are")
        if sum(m.file_size for m in members) > size or any(m.file_size != m.compress_size for m in members):
            raise ValueError("it claims to hold more than it does")
        document = json.loads(archive.read(_STATE))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("it is no checkpoint (its state.json is something else's)")
        if document.get("version") != VERSION:
            raise ValueError(f"it is of version {document.get('version')!r}, and this program reads version {VERSION}")
        arrays: dict[str, np.ndarray] = {}
        for member in members:
            if member.filename != _STATE:
                arrays[member.filename.removesuffix(".npy")] = _array(member.filename, archive.read(member))
    unused = set(arrays)

    def fetch(name: Any) -> np.ndarray:
        if not isinstance(name, str) or name not in arrays:
            raise ValueError(f"the array {name!r} is missing")
        unused.discard(name)
        return arrays[name]

    state = _restored(document.get("state"), fetch)
    if unused:
        raise ValueError(f"it holds arrays that belong to nothing: {', '.join(sorted(unused)[:5])}")
    return state


def _array(name: str, data: bytes) -> np.ndarray:
    """The array in a .npy file; its header is believed only where it fits the bytes that are there."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    readers: dict[tuple[int, int], Callable[..., Any]] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"'{name}' is a NumPy file of the unknown version {version}")
    shape, by_columns, dtype = readers[version](stream)
    if dtype.kind not in "fiub" or dtype.shape:
        raise ValueError(f"'{name}' holds {dtype}, not numbers")
    count, start = math.prod(shape), stream.tell()
    if any(n < 0 for n in shape) or count * dtype.itemsize != len(data) - start:
        raise ValueError(f"'{name}' should hold {count} numbers of {dtype}, but has {len(data) - start} bytes")
    flat = np.frombuffer(data, dtype, offset=start)
    array: np.ndarray = flat.reshape(shape, order="F" if by_columns else "C")
    return array.astype(dtype.newbyteorder("="), order="C")  # a copy: its own memory, and writeable


def _restored(value: Any, fetch: Callable[[Any], np.ndarray]) -> Any:
    if isinstance(value, dict):
        if "$array" in value:
            return fetch(value["$array"])
        return {key: _restored(part, fetch) for key, part in value.items()}
    if isinstance(value, list):
        return [_restored(part, fetch) for part in value]
    return value

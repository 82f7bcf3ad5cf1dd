"""The file of a checkpoint: arrays and JSON in a zip archive, read without trust.

The archive holds a NumPy file (.npy) for each array and state.json, in which {"$array": name} stands for an array. No
pickle: reading a file can't run code. np.load(path) opens it as well, and shows the arrays by name.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np

from . import drafts

FORMAT, VERSION = "tinygrad_reg checkpoint", 1
_STATE = "state.json"
_LONGEST = 255  # characters of an array's name
_LARGEST_WHOLE = 10_000  # bits: Python reads no more than 4,300 digits


# ---- writing


def write(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write `state` to `path`. Until all of it is on the disk, what was there before stays there."""
    text, arrays = packed(state)
    with drafts.replacing(path) as file:
        archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        try:
            archive.writestr(zipfile.ZipInfo(_STATE), text)  # without the date, which a clock may have wrong
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
            archive.close()
        except BaseException:
            if archive.fp is not None:  # given up: to close it, or a part of it, between two writes would be an error
                archive.fp = io.BytesIO()
            raise


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
        return {"$array": _put_away(value, path, arrays)}
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


def _put_away(array: np.ndarray, path: tuple[str, ...], arrays: dict[str, np.ndarray]) -> str:
    """The name under which the array is among `arrays`: its path, if an archive takes that for a name."""
    masked = isinstance(array, np.ma.MaskedArray)
    if masked or array.dtype.kind not in "fiub":
        kind = "a masked array" if masked else f"an array of {array.dtype}"
        raise TypeError(f"the state '{'.'.join(path)}' is {kind}; only numbers can be saved")
    name = "/".join(path).replace("\\", "/")
    if not name.isprintable() or len(name) > _LONGEST:  # the archive would cut it, or refuse
        name = ""
    while not name or name in arrays or name.startswith("/") or ".." in name:
        name = f"array{len(arrays)}"
    arrays[name] = array
    return name


# ---- reading


def read(path: str | os.PathLike[str]) -> Any:
    """The state in the file, or ValueError with what is wrong with it."""
    name = drafts.name_of(path)
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
        except OSError as error:
            if error.errno not in (None, errno.EINVAL):  # a place in the file that there is not
                raise
            raise refusal(path, "it is damaged: it points to what it does not hold") from error
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

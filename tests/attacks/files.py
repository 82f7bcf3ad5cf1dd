"""Files that are damaged, forged or can't be written: refused as a whole, and what was there stays there."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import resource
import signal
import struct
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg

from .attack import attack, same
from .kills import child
from .training import Training

JUNK = [None, True, -1, 0, 2**63, 1e308, -0.5, "", "zeros", "nan", [], [1], {}, {"$array": "model"}, {"$array": 3}]


@cache
def a_checkpoint() -> bytes:
    """The file of a training after two epochs."""
    training = Training()
    training.fit(epochs=2)
    path = Path(os.environ.get("TMPDIR", "/tmp"), f"attacked-{os.getpid()}")
    try:
        training.save(path, epoch=2)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with a few of them changed, cut out, doubled, put elsewhere, or more added."""
    for _ in range(rng.integers(1, 4)):
        a, b = sorted(int(i) for i in rng.integers(0, len(data) + 1, 2))
        b = min(b, a + int(rng.integers(1, 300)))
        noise = rng.bytes(b - a)
        kind = rng.integers(6)
        changed = [noise, b"", data[a:b] * 2, noise + data[a:b], b"\0" * (b - a), data[a:b][::-1]][kind]
        data = data[:a] + changed + data[b:]
        if rng.random() < 0.1:
            data = data[: int(rng.integers(len(data) + 1))]
        if not data:
            break
    return data


def refused_or_read(path: Path, training: Training, before: dict[str, Any]) -> bool:
    """Loads the file: False where it was refused, in the promised way."""
    try:
        training.load(path)
    except ValueError as error:
        assert str(path) in str(error), "the message must name the file"
        assert same(training.state(), before), "a refused file must change nothing"
        return False
    return True


@attack(long=3000, short=20)
def damaged_checkpoints(rng: np.random.Generator, folder: Path) -> None:
    """checkpoints with bytes changed, cut, moved: refused, nothing changed, or unharmed"""
    path = folder / "run"
    path.write_bytes(damaged(a_checkpoint(), rng))
    training = Training(seed=1)
    if refused_or_read(path, training, training.state()):
        whole = Training(seed=1)
        path.write_bytes(a_checkpoint())
        whole.load(path)
        assert same(training.state(), whole.state()), "a damaged file was read as something else"


def forged(rng: np.random.Generator) -> bytes:
    """A checkpoint whose archive is in order, and whose contents are not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_checkpoint())) as archive, zipfile.ZipFile(stream, "w") as out:
        members = {name: archive.read(name) for name in archive.namelist()}
        document = json.loads(members["state.json"])
        for _ in range(rng.integers(1, 3)):
            kind, name = rng.integers(5), list(members)[rng.integers(len(members))]
            if kind < 3:
                put_junk(document, rng)
            elif kind == 3:
                members[name] = damaged(members[name], rng)
            else:
                members[name] = members[list(members)[rng.integers(len(members))]]
        if not members["state.json"].startswith(b"\x93NUMPY"):
            members["state.json"] = json.dumps(document).encode()
        for name, data in members.items():
            out.writestr(name, data)
    return stream.getvalue()


def put_junk(document: Any, rng: np.random.Generator) -> None:
    """Somewhere in the document, in place of what is there, under another name, or as well."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = keys[rng.integers(len(keys))]
        if isinstance(document[key], (dict, list)) and document[key] and rng.random() < 0.85:
            document = document[key]
            continue
        junk = copy.deepcopy(JUNK[rng.integers(len(JUNK))])
        if isinstance(document, dict) and rng.random() < 0.2:
            document[f"{key}{junk}"] = document.pop(key)
        else:
            document[key] = junk
        return


@attack(long=3000, short=20)
def forged_checkpoints(rng: np.random.Generator, folder: Path) -> None:
    """checkpoints forged inside: refused, nothing changed, or fit to be trained on"""
    path = folder / "run"
    path.write_bytes(forged(rng))
    training = Training(seed=1)
    if refused_or_read(path, training, training.state()):
        loss = tg.losses.softmax_crossentropy(training.model(np.ones((2, 1, 4, 4))), np.array([0, 1]))
        training.optimizer.zero_grad()
        loss.backward()
        training.optimizer.step()


def an_idx() -> bytes:
    array = np.arange(5 * 3 * 2, dtype=">u1").reshape(5, 3, 2)
    return b"\0\0\x08\x03" + struct.pack(">3I", *array.shape) + array.tobytes()


def a_cifar() -> bytes:
    return b"".join(bytes([label]) + bytes(range(256)) * 12 for label in range(3))


def a_csv() -> bytes:
    return b"a,b,kind\n" + b"".join(f"{i},{i / 7:.3f},{'xyz'[i % 3]}\n".encode() for i in range(20))


READERS: list[tuple[Callable[[Path], Any], Callable[[], bytes]]] = [
    (tg.data.read_idx, an_idx),
    (tg.data.read_cifar10, a_cifar),
    (lambda path: tg.data.read_csv(path, target="kind"), a_csv),
]


@attack(long=10000, short=50)
def damaged_data(rng: np.random.Generator, folder: Path) -> None:
    """damaged IDX, CIFAR-10, CSV files: finite numbers, or refused by name"""
    read, make = READERS[rng.integers(len(READERS))]
    data = make()
    if rng.random() < 0.3:
        data = damaged(gzip.compress(data), rng)
    else:
        data = damaged(data, rng)
        data = gzip.compress(data) if rng.random() < 0.2 else data
    path = folder / "data"
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged number is a word, and a class, of which there is a warning
            result = read(path)
    except ValueError as error:
        assert str(path) in str(error), "the message must name the file"
        return
    for array in result if isinstance(result, tuple) else [result]:
        if isinstance(array, np.ndarray):
            assert np.isfinite(array).all()


@attack(long=500, short=5)
def full_disk(rng: np.random.Generator, folder: Path) -> None:
    """a full disk while saving: told, the file before is whole, nothing else is left"""
    path, training = folder / "run", Training()
    training.save(path, epoch=1)
    before = path.read_bytes()
    with_room(int(rng.integers(len(before))), lambda: training.save(path, epoch=2))
    assert path.read_bytes() == before
    assert os.listdir(folder) == ["run"]
    training.load(path)


@attack(long=100, short=2)
def full_disk_in_training(rng: np.random.Generator, folder: Path) -> None:
    """a full disk while training: told, with the history; resumes to the same bits"""
    full_at, path = int(rng.integers(1, 6)), folder / "run"
    whole = Training()
    whole.fit(epochs=7)
    wanted, training = whole.state(), Training()

    class Watch(tg.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == full_at:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with_room(None, lambda: training.fit(path, [Watch()], epochs=7), histories=full_at)
    again = Training()
    again.fit(path if full_at > 1 else None, epochs=7)
    assert same(again.state(), wanted)


def with_room(room: int | None, work: Callable[[], Any], histories: int | None = None) -> None:
    """Does the work where a file can hold `room` bytes only (as on a full disk): it has to raise OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        work()
    except OSError as error:
        assert "what was there before is as it was" in str(error)
        if histories is not None:
            assert len(error.history["loss"]) == histories, "the history so far goes with the error"  # type: ignore[attr-defined]
    else:
        raise AssertionError("a full disk must be told")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@attack(long=20, short=1)
def read_only_folder(rng: np.random.Generator, folder: Path) -> None:
    """a read-only folder: told, and what is there can be loaded"""
    training = Training()
    training.save(folder / "run", epoch=1)
    training.load(folder / "run")  # what Python needs for it is imported while it may be read
    state = training.state()
    folder.chmod(0o555)

    def work() -> None:
        if os.getuid() == 0:
            os.setuid(65534)  # root may write everywhere
        for name in ("run", "other"):
            try:
                training.save(folder / name, epoch=2)
            except PermissionError:
                continue
            raise AssertionError("wrote into a folder that is read-only")
        again = Training(seed=1)
        assert again.load(folder / "run").epoch == 1
        assert same(again.model.state_dict(), state["model"])

    try:
        assert child(work) == 0
        assert os.listdir(folder) == ["run"]
    finally:
        folder.chmod(0o755)

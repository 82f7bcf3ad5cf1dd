"""Readers of sets of images: MNIST's files (IDX), CIFAR-10's binary version."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from .files import opened, refused, up_to

Sets = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CIFAR_RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue plane
_CIFAR_RECORDS = 60_000


@answered
def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file (MNIST's format), plain or compressed by gzip.

    The file is: two zero bytes, a byte for the type, a byte for the number of axes, their lengths as 4-byte big-endian
    numbers, then the elements in C order.
    """
    with opened(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or not 1 <= head[3] <= 32:
            raise refused(path, f"it is no IDX file (its first bytes are {head.hex(' ') or 'missing'})")
        dtype, axes = np.dtype(_IDX_TYPES[head[2]]), head[3]
        lengths = file.read(4 * axes)
        if len(lengths) < 4 * axes:
            raise refused(path, f"it ends within its header of {axes} lengths")
        shape = tuple(np.frombuffer(lengths, ">u4").tolist())
        expected = math.prod(shape) * dtype.itemsize
        content = up_to(file, expected + 1)
    if len(content) != expected:
        found = f"only {len(content)}" if len(content) < expected else "more"
        raise refused(path, f"its header announces {expected} bytes of shape {shape}, but it holds {found}")
    elements = np.frombuffer(content, dtype).astype(dtype.newbyteorder("="))
    try:
        return elements.reshape(shape)
    except ValueError as error:  # none of them, along axes of astronomical lengths
        raise refused(path, f"its header announces the shape {shape}: {error}") from None


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
        raise refused(image_file, f"it holds {images.dtype} of shape {images.shape}, not bytes of (N, height, width)")
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise refused(label_file, f"it holds {labels.dtype} of shape {labels.shape}, not one byte a label")
    if len(images) != len(labels):
        raise refused(label_file, f"it holds {len(labels)} labels for the {len(images)} images in {image_file.name}")
    if labels.size and labels.max() > 9:
        raise refused(label_file, f"it holds the label {labels.max()}, they go from 0 to 9")
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
    with opened(path) as file:
        content = up_to(file, _CIFAR_RECORD * _CIFAR_RECORDS + 1)
    if len(content) > _CIFAR_RECORD * _CIFAR_RECORDS:
        raise refused(path, f"it holds more than the {_CIFAR_RECORDS:,} records that all of CIFAR-10 has")
    if not content or len(content) % _CIFAR_RECORD:
        raise refused(
            path, f"it holds {len(content)} bytes, and a record of CIFAR-10 has {_CIFAR_RECORD}: it is cut or foreign"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _CIFAR_RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        first = int(np.argmax(labels > 9))
        raise refused(path, f"record {first} has the label {labels[first]}, beyond 9: it is foreign or damaged")
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

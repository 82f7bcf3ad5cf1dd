"""Sets of images in small files of the real formats, and the damaged and foreign files that are refused."""

import gzip
import struct

import numpy as np
import pytest

from tinygrad_reg.data import cifar10, images, mnist, read_cifar10, read_idx

rng = np.random.default_rng(0)
IMAGES, LABELS = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8), np.array([3, 1, 4, 1, 9], np.uint8)


def idx(array, code=0x08):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_folder(tmp_path):
    for kind in ("train", "t10k"):
        (tmp_path / f"{kind}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES)))
        (tmp_path / f"{kind}-labels-idx1-ubyte").write_bytes(idx(LABELS))
    return tmp_path


@pytest.mark.parametrize(
    ("code", "dtype"), [(0x08, ">u1"), (0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_idx_of_every_type(write, code, dtype, pack):
    array = rng.integers(0, 100, (2, 3, 4)).astype(dtype)
    found = read_idx(write(pack(idx(array, code))))
    assert np.array_equal(found, array) and found.dtype == np.dtype(dtype).newbyteorder("=") and found.dtype.isnative


whole = idx(IMAGES)
packed = gzip.compress(whole)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no IDX file .its first bytes are missing"),
        (b"PNG..", "it is no IDX file .its first bytes are 50 4e 47 2e"),
        (b"\0\0\x07\x01", "it is no IDX file"),
        (b"\0\0\x08\x00", "it is no IDX file"),
        (b"\0\0\x08\x21" + b"\0\0\0\1" * 33 + b"x", "it is no IDX file"),
        (whole[:9], "ends within its header of 3 lengths"),
        (whole[:-1], "announces 3920 bytes of shape .5, 28, 28., but it holds only 3919"),
        (whole + b"x", "it holds more"),
        (b"\0\0\x08\x02" + b"\xff" * 8, r"announces 18446744065119617025 bytes of shape .*holds only 0"),
        (b"\0\0\x08\x03" + b"\0" * 4 + b"\xff" * 8, "announces the shape .0, 4294967295, 4294967295."),
        (packed[:-20], "its compression is damaged"),
        (packed[:200] + b"\0" + packed[201:], "its compression is damaged"),
        (packed + b"garbage", "its compression is damaged"),
        (gzip.compress(whole[:-1]), "holds only 3919"),
    ],
)
def test_damaged_and_foreign_idx_files(write, content, reason):
    path = write(content)
    with pytest.raises(ValueError, match=reason) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path} can't be used: ")


def test_mnist_from_its_four_files(mnist_folder):
    (x, y), (x_test, y_test) = mnist(mnist_folder)
    assert x.shape == (5, 1, 28, 28) and np.array_equal(x[:, 0], IMAGES)
    assert y.tolist() == y_test.tolist() == [3, 1, 4, 1, 9] and y.dtype == np.int64
    assert np.array_equal(x_test, x)
    (mnist_folder / "t10k-labels-idx1-ubyte").rename(mnist_folder / "t10k-labels.idx1-ubyte")
    mnist(mnist_folder)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (LABELS[:4], "it holds 4 labels for the 5 images in train-images-idx3-ubyte.gz"),
        (LABELS + np.uint8(2), "it holds the label 11"),
        (LABELS + np.uint8(1), "it holds the label 10"),
        (IMAGES, "not one byte a label"),
    ],
)
def test_mnist_labels_that_do_not_belong_to_the_images(mnist_folder, labels, reason):
    (mnist_folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(ValueError, match=reason):
        mnist(mnist_folder)


def test_mnist_files_that_are_missing_or_swapped(mnist_folder):
    (mnist_folder / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match="holds no file t10k-images-idx3-ubyte"):
        mnist(mnist_folder)
    (mnist_folder / "train-images-idx3-ubyte.gz").write_bytes(idx(LABELS))
    with pytest.raises(ValueError, match=r"not bytes of \(N, height, width\)"):
        mnist(mnist_folder)


def records(labels):
    pixels = np.random.default_rng(1).integers(0, 256, (len(labels), 3072), dtype=np.uint8)
    return np.concatenate([np.array(labels, np.uint8)[:, None], pixels], axis=1)


def test_cifar10_records_are_a_label_and_three_planes(write):
    content = records([0, 9, 5])
    x, y = read_cifar10(write(content.tobytes()))
    assert y.tolist() == [0, 9, 5] and x.shape == (3, 3, 32, 32)
    assert x[1, 2, 3, 4] == content[1, 1 + 2 * 1024 + 3 * 32 + 4]  # image 1, blue, row 3, column 4
    assert x.flags.writeable


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it holds 0 bytes, and a record of CIFAR-10 has 3073"),
        (records([1]).tobytes()[:-1], "it holds 3072 bytes"),
        (records([1, 10]).tobytes(), "record 1 has the label 10"),
        (records([1, 9, 10]).tobytes(), "record 2 has the label 10"),
    ],
)
def test_damaged_and_foreign_cifar10_files(write, content, reason):
    with pytest.raises(ValueError, match=reason):
        read_cifar10(write(content))


def test_as_many_records_as_cifar10_has_are_read_and_one_more_is_not(write, monkeypatch):
    assert images._CIFAR_RECORDS == 50_000 + 10_000  # to train on, and to test
    monkeypatch.setattr(images, "_CIFAR_RECORDS", 2)
    assert read_cifar10(write(records([1, 2]).tobytes()))[1].tolist() == [1, 2]
    with pytest.raises(ValueError, match="it holds more than the 2 records"):
        read_cifar10(write(records([1, 2, 3]).tobytes()))


def test_cifar10_from_its_six_files(tmp_path):
    for i in range(1, 6):
        (tmp_path / f"data_batch_{i}.bin").write_bytes(records([i, 0]).tobytes())
    with pytest.raises(FileNotFoundError, match=r"holds no test_batch.bin"):
        cifar10(tmp_path)
    (tmp_path / "test_batch.bin").write_bytes(records([7]).tobytes())
    (x, y), (x_test, y_test) = cifar10(tmp_path)
    assert x.shape == (10, 3, 32, 32) and y.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    assert x_test.shape == (1, 3, 32, 32) and y_test.tolist() == [7]

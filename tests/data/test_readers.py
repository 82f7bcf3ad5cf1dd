"""Readers on small files in the real formats, and the damaged and foreign files that they refuse."""

import gzip
import io
import struct
import tracemalloc

import numpy as np
import pytest

from tinygrad_reg.data import cifar10, mnist, read_cifar10, read_csv, read_idx, readers

rng = np.random.default_rng(0)
IMAGES, LABELS = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8), np.array([3, 1, 4, 1, 9], np.uint8)


def idx(array, code=0x08):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def write(tmp_path):
    def write(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


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
    monkeypatch.setattr(readers, "_CIFAR_RECORDS", 2)
    assert read_cifar10(write(records([1, 2]).tobytes()))[1].tolist() == [1, 2]
    with pytest.raises(ValueError, match="it holds more than the 2 records"):
        read_cifar10(write(records([1, 2, 3]).tobytes()))
    assert len(readers._up_to(io.BytesIO(bytes(3 << 20)), (1 << 20) + 5)) == (1 << 20) + 5


def test_cifar10_from_its_six_files(tmp_path):
    for i in range(1, 6):
        (tmp_path / f"data_batch_{i}.bin").write_bytes(records([i, 0]).tobytes())
    with pytest.raises(FileNotFoundError, match=r"holds no test_batch.bin"):
        cifar10(tmp_path)
    (tmp_path / "test_batch.bin").write_bytes(records([7]).tobytes())
    (x, y), (x_test, y_test) = cifar10(tmp_path)
    assert x.shape == (10, 3, 32, 32) and y.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    assert x_test.shape == (1, 3, 32, 32) and y_test.tolist() == [7]


def test_csv_with_a_target_of_text(write):
    path = write(b"\xef\xbb\xbflength, species ,width\r\n5.1,setosa,3.5\r\n\r\n4.9,virginica,3e0\r\n6,setosa,-1\r\n")
    x, y, columns, classes = read_csv(path, target="species")
    assert x.tolist() == [[5.1, 3.5], [4.9, 3.0], [6, -1]] and columns == ["length", "width"]
    assert y.tolist() == [0, 1, 0] and y.dtype == np.int64 and classes == ["setosa", "virginica"]


def test_csv_with_one_long_word_among_many_takes_no_room_for_all_of_its_length(write):
    lines = ["x,y", *(f"{i},a" for i in range(2000)), "0," + "b" * 100_000, '1,"a\0"']
    path = write("\n".join(lines).encode())
    tracemalloc.start()
    try:
        table = read_csv(path, target="y")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000  # an array of words would be 800 MB
    assert table.classes == ["a", "a\0", "b" * 100_000] and table.y.tolist() == [0] * 2000 + [2, 1]


def test_csv_without_header_with_other_delimiters_and_numeric_targets(write):
    path = write(gzip.compress(b"1;2;0\n3;4;1\n"))
    table = read_csv(path, target=-1, header=False, delimiter=";")
    assert table.x.tolist() == [[1, 2], [3, 4]] and table.y.tolist() == [0, 1] and table.y.dtype == np.int64
    assert table.classes == [] and table.columns == ["column 0", "column 1"]
    assert read_csv(write(b"a,b\n1,0.5\n"), target=1).y.tolist() == [0.5]
    assert read_csv(write(b"a,b\n1,0.5\n"), target=-2).y.tolist() == [1]
    assert read_csv(write(b"a,b\n1,0.5\n")).y is None
    assert read_csv(write(b"\na,b\n1,2\n  \n\n3,4\n\n")).x.tolist() == [[1, 2], [3, 4]]  # blank lines are no samples
    assert read_csv(write(b"a,b\n1,1e300\n"), target=1).y.tolist() == [1e300]  # beyond the whole numbers of int64


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"", {}, "it is empty"),
        (b"a,b\n", {}, "a header and no data"),
        (b"1,2\n3,4\n", {}, "if that is data, write header=False"),
        (b"a,b\n1,2\n3\n", {}, "line 3 has 1 cells, not 2"),
        (b"a,b\n1,2\n3,x\n", {}, "line 3 has 'x', which is no number, in 'b'"),
        (b"a,b\n1,2\n3,\n", {}, "line 3 has no value, in 'b'"),
        (b"a,b\n1,2\n,\n", {}, "line 3 has no value, in 'a'"),
        (b"a,b\n1,nan\n", {}, "line 2 has 'nan'"),
        (b"a,b\n1,x\n2,\n", {"target": "b"}, "line 3 has no value for 'b'"),
        (b"a,b\n1,2\n", {"target": "c"}, "no column 'c'; there are a, b"),
        (b"a,b\n1,2\n", {"target": 2}, "has 2 columns, so there is none at 2"),
        (b"a,b\n1_0,2\n", {}, "line 2 has '1_0', which is no number"),
        (b"a,b,a\n1,2,3\n", {"target": "a"}, "it has 2 columns 'a': give the position of one"),
        (b"a,b\n\xff\xfe,2\n", {}, "it is no CSV text"),
        (b'a,b\n"1,2\n', {}, "it is no CSV text"),
    ],
)
def test_damaged_and_foreign_csv_files(write, content, options, reason):
    with pytest.raises(ValueError, match=reason):
        read_csv(write(content), **options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"target": True}, "name or the position of a column, not True"),
        ({"target": 1.0}, "name or the position of a column, not 1.0"),
        ({"target": ["b"]}, "name or the position of a column"),
        ({"header": "no"}, "header must be True or False"),
        ({"delimiter": ""}, "one character"),
        ({"delimiter": ", "}, "one character"),
        ({"delimiter": '"'}, "stands between numbers"),
        ({"delimiter": "."}, "stands between numbers"),
        ({"delimiter": "1"}, "stands between numbers"),
        ({"delimiter": "\n"}, "stands between numbers"),
    ],
)
def test_options_of_a_csv_file_that_make_no_sense(write, options, reason):
    with pytest.raises((TypeError, ValueError), match=reason):
        read_csv(write(b"a,b\n1,2\n"), **options)


@pytest.mark.parametrize("missing", ['""', "", "  ", '" "'])
@pytest.mark.parametrize("options", [{}, {"target": "a"}, {"header": False}])
def test_a_value_that_is_missing_in_the_one_column_of_a_file_is_refused(write, missing, options):
    head = "" if options.get("header") is False else "a\n"
    with pytest.raises(ValueError, match=f"line {2 + bool(head)} has no value"):
        read_csv(write(f"{head}1\n{missing}\n3\n".encode()), **options)
    with pytest.raises(ValueError, match="line 3 has no value"):  # written as one, it is none of the lines at the end
        read_csv(write(b'a\n1\n""\n'))
    with pytest.raises(ValueError, match="line 1 has no value"):
        read_csv(write(b"\n1\n2\n"), header=False)
    table = read_csv(write(f"{head}1\n3\n\n  \n\r\n".encode()), **options)
    assert (table.x.ravel() if table.y is None else table.y).tolist() == [1, 3]
    assert read_csv(write(b"\n \na\n1\n")).columns == ["a"]


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx("nowhere")


@pytest.mark.parametrize("path", [0, 1, True, 2.5, None])
def test_a_number_is_no_path(path):
    """open(1) would take it for the output that is open under this number, and close that."""
    with pytest.raises(TypeError, match="path must be a string or a pathlib"):
        read_csv(path)


IRIS = "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n6.3,3.3,6.0,2.5,Iris-virginica\n"


def test_a_sample_is_not_taken_for_the_names_of_columns(tmp_path):
    path = tmp_path / "iris.data"
    path.write_text(IRIS)
    for target in (-1, 4):
        with pytest.raises(
            ValueError, match=r"name the columns 5\.1, 3\.5, 1\.4 …, which are numbers: if that is data, wr"
        ):
            read_csv(path, target=target)
    assert len(read_csv(path, target=-1, header=False).x) == 3
    path.write_text("1990,1991,country\n1,2,a\n3,4,b\n")
    assert read_csv(path, target="country").columns == ["1990", "1991"]
    path.write_text("age,1991,country\n1,2,a\n3,4,b\n")
    assert read_csv(path, target=-1).columns == ["age", "1991"]


def test_targets_of_large_whole_numbers_keep_their_digits_and_nan_is_no_class(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n1,{2**53 + 1}\n2,-{2**62 + 1}\n3,+7\n")
    assert read_csv(path, target="b").y.tolist() == [2**53 + 1, -(2**62) - 1, 7]
    path.write_text(f"a,b\n1,{2**63}\n2,1\n")
    assert read_csv(path, target="b").y.dtype == np.float64
    path.write_text(f"a,b\n1,-{2**63}\n2,1\n")
    y = read_csv(path, target="b").y
    assert y.dtype == np.int64 and y.tolist() == [-(2**63), 1]
    path.write_text(f"a,b\n1,-{2**63 + 1}\n2,1\n")
    assert read_csv(path, target="b").y.dtype == np.float64
    for written, kind in ((2**53, "f"), (2**53 - 1, "i")):  # as floats, all whole numbers below it are exact
        path.write_text(f"a,b\n1,{written}.0\n2,1\n")
        assert read_csv(path, target="b").y.dtype.kind == kind
    for missing in ("nan", "NaN", "-nan"):
        path.write_text(f"a,b\n1,yes\n2,{missing}\n3,no\n")
        with pytest.raises(ValueError, match=f"line 3 has no value for 'b' ..{missing}"):
            read_csv(path, target="b")


def test_a_file_that_inflates_without_end_is_not_read_to_its_end(write, monkeypatch):
    monkeypatch.setattr(readers, "_CIFAR_RECORDS", 600)
    without_its_end = gzip.compress(bytes(16 << 20), compresslevel=1)[:-9]  # who reads so far calls it damaged
    with pytest.raises(ValueError, match="it holds more than the 600 records that all of CIFAR-10 has"):
        read_cifar10(write(without_its_end))

"""Tables of numbers: CSV files of every kind, and the damaged and foreign ones that are refused."""

import gzip
import tracemalloc

import numpy as np
import pytest

from tinygrad_reg.data import read_csv


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
        (b"a;b\n1;2\n", {}, "line 2 has '1;2', which is no number, in 'a;b': write delimiter=';'$"),
        (b"a\tb\n1\t2\n", {}, r"write delimiter='\\t'$"),
        (b"a;b\n1;2\n", {"target": "b"}, "it has no column 'b'; there are a;b: write delimiter=';'$"),
        (b"a;b\n1,5;2,5\n", {}, "line 2 has 3 cells, not 1: write delimiter=';'$"),
        (
            b"a;b\n1,5;2,5\n",
            {"delimiter": ";"},
            "'1,5', which is no number, in 'a': numbers are .* a point and no comma",
        ),
        (b"1,ox\n2,ass\n", {"header": False}, "'column 1' holds words: if that is to be learned, write target=1; if"),
        (b"a,kind\n1,ox\n2,ass\n", {}, "'kind' holds words: if that is to be learned, write target='kind'; if not"),
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


def test_a_word_among_the_numbers_of_a_target_is_told_and_decimal_commas_are_no_classes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,mpg\n1,18.0\n2,?\n3,15.0\n")
    with pytest.warns(
        UserWarning, match=r"'mpg' in .*t.csv holds numbers and words \(line 3 has '\?'\).* 3 in all: if it"
    ):
        table = read_csv(path, target="mpg")
    assert table.classes == ["15.0", "18.0", "?"]
    path.write_text('a,price\n1,2\n2,"1,5"\n3,"2,5"\n')
    with pytest.raises(
        ValueError, match="line 3 has '1,5', which is no number, in 'price': numbers are written with a"
    ):
        read_csv(path, target="price")

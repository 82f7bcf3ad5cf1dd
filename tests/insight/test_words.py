"""Values, written for people."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.insight.words import in_full, interval, number, ranges, short, show, table


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.16214, "−0.1621"), (1e-7, "1e−7"), (1.5e21, "1.5e21"), (3.0, "3"), (True, "True"), (float("-inf"), "−inf")],
)
def test_a_number_has_few_digits_and_a_real_minus(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (np.array([[-2.0]]), "−2"),
        (np.full((4, 1), 0.5), "4×1 · norm 1"),
        (np.zeros((0, 3)), "0×3 · empty"),
        (np.arange(3), "3 · int64"),
    ],
)
def test_an_array_is_its_shape_and_norm(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (np.array([[-2.0]]), "−2"),
        (np.array([[1.0, 0.5], [0.0, -2e-9]]), "[[1, 0.5], [0, −2e−9]]"),
        (np.array([True, False]), "[True, False]"),
        (np.full(5, 2.0), "5 · norm 4.472"),
    ],
)
def test_a_few_numbers_are_written_in_full(value, text):
    assert in_full(value) == text


def test_a_range_leaves_out_nan_and_names_an_operand_once():
    assert interval(np.array([np.nan, 2.0, -1.0])) == "[−1, 2]"
    assert interval(np.array([np.nan])) == "nothing but NaN"
    assert interval(np.array([])) == "an empty array"
    h = tg.Tensor([1.0, 2.0], name="h")
    assert ranges((h, h)) == "h in [1, 2]"
    assert ranges((h, 0.5, 0.5)) == "h in [1, 2], operand 2 in [0.5, 0.5], operand 3 in [0.5, 0.5]"


def test_a_table_has_columns_as_wide_as_they_need_to_be():
    assert table([("", "name"), ("10", "x"), ("2", "")]) == "    name\n10  x\n2"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "Größe\n──\n−1"), ("cp1252", "Größe\n--\n\\u22121"), ("ascii", "Gr\\xf6\\xdfe\n--\n\\u22121")],
)
def test_what_the_output_can_not_encode_is_printed_in_other_characters(encoding, shown, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    monkeypatch.setattr("sys.stdout", stream)
    show("Größe\n──\n−1")
    stream.flush()
    assert stream.buffer.getvalue().decode(encoding) == shown + "\n"


def test_it_is_printed_as_it_is_to_a_stream_without_an_encoding_and_to_none(monkeypatch):
    written = []
    monkeypatch.setattr("sys.stdout", SimpleNamespace(write=written.append))
    show("──")
    assert "".join(written) == "──\n"
    monkeypatch.setattr("sys.stdout", None)
    show("──")


def test_a_cell_too_long_to_be_read_does_not_widen_every_line():
    lines = table([("a", "b"), ("x" * 10_000, "1")]).splitlines()
    assert [len(line) for line in lines] == [403, 403]
    assert lines[1].endswith("x…  1")

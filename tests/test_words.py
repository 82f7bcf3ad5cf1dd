"""What is written for people: numbers, formulas, names."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.ops import registry
from tinygrad_reg.words import formula, in_full, interval, label, number, operand, ranges, short, show, table


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


def test_in_a_formula_a_negative_number_stands_in_brackets():
    assert operand(tg.Tensor(-0.6)) == "(−0.6)"
    assert operand(tg.Tensor(0.6)) == "0.6"
    assert operand(tg.Tensor(np.ones((2, 3)))) == "2×3"


def test_an_operator_is_its_own_label_and_a_definition_has_its_symbol():
    multiply, sigmoid, total = registry["multiply"], registry["sigmoid"], registry["sum"]
    assert formula(multiply, ["w", "x1"], {}, "h") == label(multiply, ["w", "x1"], {}, "h") == "w × x1"
    assert formula(sigmoid, ["z"], {}, "a") == "1 / (1 + e^(−z))"
    assert label(sigmoid, ["z"], {}, "a") == "σ(z)"
    assert label(total, ["x"], {"axis": 0, "keepdims": False}, "s") == "Σ(x, axis=0)"


def test_a_table_has_columns_as_wide_as_they_need_to_be():
    assert table([("", "name"), ("10", "x"), ("2", "")]) == "    name\n10  x\n2"


def test_names_come_from_name_from_the_assignment_or_from_the_position():
    class Box:
        pass

    box = Box()
    given = tg.Tensor(1.0, requires_grad=True, name="given")
    first, second = tg.Tensor(2.0), tg.Tensor(3.0)
    box.attribute = given * first
    (named := box.attribute + second)
    total = named * 1.0
    total += given
    h = total
    for _ in range(2):
        h = h * h
    names = [s.name for s in tg.explain(h).forward]
    assert names == ["given", "first", "attribute", "second", "named", "1", "total", "total₂", "h", "h₂"]


def test_what_no_variable_holds_is_named_by_its_part():
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True)
    loss = tg.losses.softmax_crossentropy(tg.Dropout(0.5)(x), np.array([0, 2]))
    names = [s.name for s in tg.explain(loss).forward]
    assert "mask" in names
    assert "labels" in names


def test_what_a_loss_makes_of_its_target_is_called_after_it():
    a = tg.Tensor([[0.3], [0.6]], requires_grad=True, name="a")
    labels, t = np.array([[1.0], [0.0]]), tg.Tensor([[0.0], [1.0]])
    loss = tg.losses.binary_crossentropy

    def leaves(out):
        return [s.name for s in tg.explain(out).forward if s.kind == "input"]

    assert leaves(loss(a, labels)) == ["labels", "(1 − labels)"]
    assert leaves(loss(a, t)) == ["t", "(1 − t)"]
    assert leaves(loss(a, labels * 1.0)) == ["y", "(1 − y)"]
    assert leaves(loss(a, labels, weights=[1.0, 2.0])) == ["labels", "(1 − labels)", "weights"]
    assert leaves(tg.losses.mse(tg.Dense(1, 1)(labels[:1]), t.data[:1])) == ["x", "y"]
    out = [np.tanh(a)][0]  # a tensor that no line names: its variable is not that of the target
    assert leaves(tg.losses.hinge(out, 2 * labels - 1)) == leaves(tg.losses.mse(out, target=labels)) == ["y"]


def test_formulas_are_written_as_on_paper():
    x = tg.Tensor(3.0, requires_grad=True, name="x")
    found = {op: tg.explain(op(x)) for op in (lambda x: x**2, lambda x: x**3, lambda x: x**-1, lambda x: x**2.5)}
    assert [record.forward[-1].expression for record in found.values()] == ["x²", "x³", "x ^ −1", "x ^ 2.5"]
    texts = [record.backward[-1].local_text for record in found.values()]
    assert texts == ["2 · x", "3 · x²", "−1 · x^−2", "2.5 · x^1.5"]
    v = tg.Tensor(np.arange(3.0), requires_grad=True, name="v")
    assert tg.explain(np.take(v, [0, 2], axis=0)).forward[-1].expression == "v[indices, axis=0]"
    assert "1 = 1" not in str(tg.explain(x + 1))


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

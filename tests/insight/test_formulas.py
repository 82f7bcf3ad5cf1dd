"""Ops, written as on paper."""

import numpy as np

import tinygrad_reg as tg
from tinygrad_reg.insight.formulas import formula, operand_text, short_formula
from tinygrad_reg.ops import registry


def test_in_a_formula_a_negative_number_stands_in_brackets():
    assert operand_text(tg.Tensor(-0.6)) == "(−0.6)"
    assert operand_text(tg.Tensor(0.6)) == "0.6"
    assert operand_text(tg.Tensor(np.ones((2, 3)))) == "2×3"


def test_an_operator_is_its_own_label_and_a_definition_has_its_symbol():
    multiply, sigmoid, total = registry["multiply"], registry["sigmoid"], registry["sum"]
    assert formula(multiply, ["w", "x1"], {}, "h") == short_formula(multiply, ["w", "x1"], {}, "h") == "w × x1"
    assert formula(sigmoid, ["z"], {}, "a") == "1 / (1 + e^(−z))"
    assert short_formula(sigmoid, ["z"], {}, "a") == "σ(z)"
    assert short_formula(total, ["x"], {"axis": 0, "keepdims": False}, "s") == "Σ(x, axis=0)"


def test_formulas_are_written_as_on_paper():
    x = tg.Tensor(3.0, requires_grad=True, name="x")
    found = {op: tg.explain(op(x)) for op in (lambda x: x**2, lambda x: x**3, lambda x: x**-1, lambda x: x**2.5)}
    assert [record.forward[-1].expression for record in found.values()] == ["x²", "x³", "x ^ −1", "x ^ 2.5"]
    texts = [record.backward[-1].local_text for record in found.values()]
    assert texts == ["2 · x", "3 · x²", "−1 · x^−2", "2.5 · x^1.5"]
    v = tg.Tensor(np.arange(3.0), requires_grad=True, name="v")
    assert tg.explain(np.take(v, [0, 2], axis=0)).forward[-1].expression == "v[indices, axis=0]"
    assert "1 = 1" not in str(tg.explain(x + 1))

"""Formulas as LaTeX: mathtext renders all of them, and users' names are letters in them."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tinygrad_reg import Tensor
from tinygrad_reg.primitive import registry
from viz.chain_rule import latex


@pytest.fixture(scope="module")
def renders(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Set a formula with mathtext; it raises where the formula is none."""
    pytest.importorskip("matplotlib", reason="no matplotlib here")
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    return lambda formula: parser.parse(f"${formula}$")


def test_a_layers_parameter_is_set_without_a_gap(renders: object) -> None:
    assert latex.name("0.kernel_1") == r"\text{0.kernel\_1}"
    renders(latex.name("0.kernel_1"))  # type: ignore[operator]
    wide, narrow = (renders(latex.name(name)).width for name in ("0.kernel", "0kernel"))  # type: ignore[operator]
    dot = renders(r"\text{.}").width  # type: ignore[operator]
    assert wide - narrow == pytest.approx(dot, abs=1.0)


@pytest.mark.parametrize("name", examples.ALL)
def test_mathtext_renders_the_latex(name: str, renders: object) -> None:
    loss = examples.dense(layers=3)[1] if name == "dense" else examples.ALL[name]()
    for step in tg.explain(loss).forward[:-1]:
        if step.kind == "parameter":
            for line in viz.derivation(loss, wrt=step.tensor).latex_lines:
                renders(line)  # type: ignore[operator]


@pytest.mark.parametrize("op", sorted(registry))
def test_mathtext_renders_the_derivatives_of_every_op(op: str, renders: object) -> None:
    for derivative in registry[op].derivatives:
        if derivative is not None:
            for formula in (derivative.local, derivative.how):
                renders(latex.formula(formula, registry[op].inputs) or "1")  # type: ignore[operator]


@pytest.mark.parametrize("name", examples.HOSTILE)
def test_hostile_names_are_letters(name: str, renders: object) -> None:
    written = latex.name(name)
    commands = set(re.findall(r"\\[A-Za-z]+|[$#%&~^]", written))
    assert commands <= {r"\mathrm"}
    if name.isascii():
        renders(written)  # type: ignore[operator]


def test_formulas() -> None:
    assert latex.formula("y · x^(y − 1)", ["x", "y"]) == r"y\cdot x^{y-1}"
    assert latex.formula("1/(2√x)", ["x"]) == r"1/(2\sqrt{x})"
    assert latex.formula("−w1/w2²", ["w1", "w2"]) == "-w_{1}/w_{2}^{2}"
    assert latex.number("−2.4e−7") == r"-2.4\cdot 10^{-7}"


def test_a_sum_that_is_multiplied_stands_in_brackets_and_a_number_alone_does_not() -> None:
    loss = examples.neuron()
    steps = {step.name: step.tensor for step in tg.explain(loss).forward}
    assert r"= (e+e)\cdot \sigma'(z)\cdot x_{1}" in viz.derivation(loss, wrt=steps["w1"]).latex
    assert viz.derivation(loss, wrt=steps["e"]).latex_lines[-1] == r"\frac{\partial L}{\partial e} = -0.7087"


def test_cases_that_are_multiplied_stand_in_brackets() -> None:
    w, v = Tensor(2.0, requires_grad=True, name="w"), Tensor(1.0, name="v")
    found = viz.derivation(np.maximum(-w, v) * 3.0, wrt=w)
    assert "= 3 · (1 if v1 > v, ½ if equal, else 0) · (−1)" in found.text
    assert r"= 3\cdot (1\,\mathrm{if}\,v_{1}>v," in found.latex
    assert "= 3 · (1 if True, else 0) · (−1)" in viz.derivation(np.where(True, -w, v) * 3.0, wrt=w).text
    assert "= 1 if w > v, ½ if equal, else 0\n" in viz.derivation(np.maximum(w, v), wrt=w).text


def test_formulas_set_as_a_picture_say_what_a_slope_is() -> None:
    loss, biases = examples.lecture_chain()
    assert r"\sigma'(z_{4}) = a_{4}\cdot (1-a_{4})" in viz.derivation(loss, wrt=biases[0]).latex_lines


def test_a_large_number_that_is_divided_by_or_raised_stands_in_brackets(renders: object) -> None:
    assert latex.formula("1/1e5", ["1e5"]) == r"1/(1\cdot 10^{5})"
    assert latex.formula("x ÷ −1e−7 · 2e5", ["x", "−1e−7", "2e5"]) == r"x\div (-1\cdot 10^{-7})\cdot 2\cdot 10^{5}"
    assert latex.formula("1e5² + 1e5^x", ["1e5", "x"]) == r"(1\cdot 10^{5})^{2}+(1\cdot 10^{5})^{x}"
    x = tg.Tensor(1.0, requires_grad=True, name="x")
    lines = viz.derivation((3 * x + 2) / 1e5, wrt=x).latex_lines
    assert r"\frac{\partial v_{6}}{\partial x} = 1/(1\cdot 10^{5})\cdot 3" in [
        re.sub(r"v_\{\d\}", "v_{6}", s) for s in lines
    ]

"""The two writers of a derivation: of the same lines, made by hand, the text and the LaTeX."""

from __future__ import annotations

import numpy as np

from viz.chain_rule.lines import Account, Chain, Numbers, Share, Stage, Symbols, Way
from viz.chain_rule.writers import Latex, Text

NUMBERS = (Chain((("L", "h"), ("h", "w"))), Symbols(("h + h", "x")), Numbers((12.0, -2.0), np.array(-24.0)))


def test_a_way_of_numbers() -> None:
    way = Way("∂L/∂w", ("L", "h", "w"), NUMBERS, ("σ′(z) = a · (1 − a)",), np.array(-24.0))
    account = Account("L", "w", (way,), way.value, (("v2", "x + 1"),), None)
    assert list(Text(4).lines(account)) == [
        "∂L/∂w = ∂L/∂h · ∂h/∂w",
        "      = (h + h) · x",
        "      = 12 · (−2)",
        "      = −24",
        "        where σ′(z) = a · (1 − a)",
        "        where v2 = x + 1",
    ]
    left = r"\frac{\partial L}{\partial w}"
    assert list(Latex(["L", "h", "w", "x", "v2"], 4).lines(account)) == [
        left + r" = \frac{\partial L}{\partial h}\cdot \frac{\partial h}{\partial w}",
        left + r" = (h+h)\cdot x",
        left + r" = 12\cdot (-2) = -24",
        r"\sigma'(z) = a\cdot (1-a)",
        "v_{2} = x+1",
    ]


def test_a_stage_of_arrays_is_said_by_itself() -> None:
    stage = Stage("∂L/∂W", "xᵀ @ G", np.ones((3, 3)))
    way = Way("∂L/∂W", ("L", "W"), (Chain((("L", "W"),)), stage), (), stage.value)
    account = Account("L", "W", (way,), way.value, (), None)
    assert list(Text(4).lines(account)) == ["∂L/∂W = xᵀ @ G = 3×3 · norm 3"]
    last = list(Latex(["L", "W", "x"], 4).lines(account))[-1]
    assert last.endswith(r"\quad(3\times 3,\;\mathrm{norm}\;3)")


def test_parts_have_numbers_and_latex_says_once_what_a_slope_is() -> None:
    slopes = ("σ′(z) = a · (1 − a)",), ("σ′(y) = b · (1 − b)",)
    ways = tuple(Way(n + 1, ("L", "h", "w"), NUMBERS, slopes[n], np.array(-24.0)) for n in range(2))
    account = Account("L", "w", ways, np.array(-48.0), (), Share("(∂L/∂h)₁", 1, 2))
    text = list(Text(4).lines(account))
    assert text[:3] == ["∂L/∂w is the sum over 2 ways:", "(1)  L → h → w", "     part 1 = ∂L/∂h · ∂h/∂w"]
    assert text[-2:] == ["∂L/∂w = (−24) + (−24) = −48", "where (∂L/∂h)₁ is what comes by way 1 of 2"]
    assert sum("where σ′" in line for line in text) == 2
    formulas = list(Latex(["L", "h", "w", "x"], 4).lines(account))
    assert [line.partition(" = ")[0] for line in formulas[:6]] == ["P_{1}"] * 3 + ["P_{2}"] * 3
    assert formulas[6].endswith(" = P_{1} + P_{2}") and formulas[7].endswith(" = (-24) + (-24) = -48")
    assert [line for line in formulas if "sigma" in line] == [r"\sigma'(z) = a\cdot (1-a)"]
    assert formulas[-1].endswith(r"\mathrm{what\ comes\ by\ way\ 1\ of\ 2}")

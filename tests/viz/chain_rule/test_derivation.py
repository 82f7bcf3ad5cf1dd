"""viz.derivation: the chain rule in symbols and numbers that multiply and add up to the gradient."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.reading import parse
from tinygrad_reg import Tensor
from viz.ink.theme import DARK, LIGHT


def _numbers(line: str) -> list[float]:
    """The factors of a line "= 0.5 · (−2) · 3"."""
    return [float(part.strip(" ()").replace("−", "-")) for part in line.split("=")[-1].split("·")]


def test_the_lectures_bias_by_its_formula_and_its_numbers() -> None:
    loss, biases = examples.lecture_chain()
    loss.backward()
    text = viz.derivation(loss, wrt=biases[0], digits=17).text
    symbols, numbers, result, where = text.splitlines()[1:]
    assert symbols.endswith("σ′(z4) · w4 · σ′(z3) · w3 · σ′(z2) · w2 · σ′(z1)")
    assert where.strip() == "where σ′(z4) = a4 · (1 − a4)"
    assert math.prod(_numbers(numbers)) == pytest.approx(float(biases[0].grad), rel=1e-12, abs=0)  # type: ignore[arg-type]
    assert _numbers(result) == [pytest.approx(float(biases[0].grad), rel=1e-15)]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["neuron", "chain"])
def test_the_numbers_of_each_way_multiply_and_the_ways_add_up(name: str) -> None:
    loss = examples.ALL[name]()
    loss.backward()
    for step in tg.explain(loss).forward[:-1]:
        if step.tensor.requires_grad:
            found = viz.derivation(loss, wrt=step.tensor)
            products = [math.prod(v for f in path.factors for v in f.values or ()) for path in found.paths]
            assert sum(products) == pytest.approx(float(step.tensor.grad), rel=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["network", "regularized", "convolution", "autoencoder", "second_order"])
def test_ways_through_arrays_add_up_to_the_gradient(name: str) -> None:
    loss = examples.ALL[name]()
    loss.backward()
    for step in tg.explain(loss).forward:
        if step.kind == "parameter":
            found = viz.derivation(loss, wrt=step.tensor)
            np.testing.assert_allclose(found.gradient, step.tensor.grad, rtol=1e-9, atol=1e-12)


def test_the_sum_over_all_ways() -> None:
    w, x = Tensor(0.8, requires_grad=True, name="w"), Tensor(0.5, name="x")
    q = w * x
    r = q.tanh() * w
    found = viz.derivation(r, wrt=w)
    assert len(found.paths) == 2
    assert found.text.startswith("∂r/∂w is the sum over 2 ways:")
    total = found.text.splitlines()[-1]
    left, right = total.removeprefix("∂r/∂w = ").split(" = ")
    assert sum(float(part) for part in left.split(" + ")) == pytest.approx(float(right), rel=1e-3)
    one = viz.derivation(r, wrt=w, path=1)
    np.testing.assert_array_equal(one.gradient, found.paths[1].contribution)


def test_a_share_of_a_gradient_does_not_carry_the_name_of_all_of_it() -> None:
    x = Tensor([[0.5, -1.0], [2.0, 1.0]], name="x")
    w = Tensor([[0.4], [-0.3]], requires_grad=True, name="w")
    y = (x @ w).sigmoid()
    e = 3.0 * y
    L = np.mean(np.log(y) + np.exp(e))
    gradients = {s.name: s.gradient for s in tg.explain(L).forward}
    found = viz.derivation(L, wrt=w)
    factors = [f for path in found.paths for f in path.factors]
    whole = [f for f in factors if f.arrives == f"∂L/∂{f.input}"]
    assert {f.input for f in whole} > {"e"} and {f.input for f in factors} - {f.input for f in whole} > {"y"}
    for f in whole:
        np.testing.assert_allclose(f.part, gradients[f.input], rtol=1e-12)
    shares = {f.arrives: f.part for f in factors if f.input == "y"}
    assert list(shares) == ["(∂L/∂y)₁", "(∂L/∂y)₂"]
    np.testing.assert_allclose(sum(shares.values()), gradients["y"], rtol=1e-12)
    text = found.text
    assert "∂L/∂y =" not in text and "(∂L/∂y)₂ = " in text and "= (∂L/∂y)₂ ⊙ (y · (1 − y)) = " in text
    assert text.splitlines()[-1] == "where (∂L/∂y)₁ is what comes by way 1 of 2"
    lines = viz.derivation(L, wrt=w).latex_lines
    assert r"\left(\frac{\partial L}{\partial y}\right)_{1}" in "".join(lines)
    assert lines[-1].endswith(r"\mathrm{what\ comes\ by\ way\ 1\ of\ 2}")


def test_one_way_of_several_is_called_a_share() -> None:
    w, x = Tensor(0.8, requires_grad=True, name="w"), Tensor(0.5, name="x")
    q = w * x
    r = q.tanh() * w
    first, *_, last = viz.derivation(r, wrt=w, path=1).text.splitlines()
    assert first == "(∂r/∂w)₂ = ∂r/∂q · ∂q/∂w"
    assert last.strip() == "where (∂r/∂w)₂ is what comes by way 2 of 2"
    assert "₁" not in viz.derivation(q, wrt=w, path=0).text


def test_what_all_ways_begin_with_is_written_once() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    total = np.mean(np.sin(w) + np.cos(w))
    lines = viz.derivation(total, wrt=w).text.splitlines()
    assert sum("repeated over the averaged axes" in line for line in lines) == 1


def test_matrix_products_are_written_transposed() -> None:
    loss = examples.network()
    w1 = next(s.tensor for s in tg.explain(loss).forward if s.name == "W1")
    text = viz.derivation(loss, wrt=w1).text
    assert "∂L/∂A1 = ∂L/∂M2 @ W2ᵀ" in text
    assert "∂L/∂W1 = Xᵀ @ ∂L/∂M1" in text


def test_the_formulas_of_arrays_go_stage_by_stage() -> None:
    v = Tensor([1.0, 2.0], requires_grad=True)
    squares = v * v
    q = squares.sum()
    assert viz.derivation(q, wrt=v).latex_lines == [
        r"\frac{\partial q}{\partial v} = \frac{\partial q}{\partial \mathrm{squares}}"
        r"\cdot \frac{\partial \mathrm{squares}}{\partial v}",
        r"\frac{\partial q}{\partial \mathrm{squares}} = 1"
        r"\,\mathrm{repeated}\,\,\mathrm{over}\,\,\mathrm{the}\,\,\mathrm{summed}\,\,\mathrm{axes}\,"
        r"\quad(2,\;\mathrm{norm}\;1.414)",
        r"\frac{\partial q}{\partial v} = \frac{\partial q}{\partial \mathrm{squares}}\odot v"
        r"+\frac{\partial q}{\partial \mathrm{squares}}\odot v\quad(2,\;\mathrm{norm}\;4.472)",
    ]
    total = q + v.mean()
    found = viz.derivation(total, wrt=v)
    assert "part 1 = ∂total/∂squares ⊙ v + ∂total/∂squares ⊙ v = [2, 4]" in found.text
    assert " = 1 = 1" not in found.text
    assert [line.partition(" = ")[0] for line in found.latex_lines if line.startswith("P_")] == ["P_{1}"] * 2 + [
        "P_{2}"
    ] * 2


def test_a_notebook_gets_the_formulas() -> None:
    loss = examples.neuron()
    found = viz.derivation(loss, wrt=tg.explain(loss).forward[0].tensor)
    assert found._repr_latex_().startswith(r"$$\begin{aligned}\frac{\partial L}{\partial w_{1}} &= ")


def test_it_is_saved_as_text_as_latex_and_as_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="no matplotlib here")
    loss, biases = examples.lecture_chain()
    found = viz.derivation(loss, wrt=biases[0])
    for ending in ("txt", "tex", "svg", "png", "pdf"):
        found.save(tmp_path / f"chain.{ending}")
    content = {file.suffix: file.read_bytes() for file in tmp_path.iterdir()}
    assert content[".txt"].decode() == f"{found.text}\n"
    assert content[".tex"].decode().count("&=") == len(found.latex_lines)
    assert content[".tex"].decode().count(r"\frac{\partial C}{\partial b_{1}}") == 1  # once for the lines that follow
    assert parse(content[".svg"].decode()).tag.endswith("svg")
    assert content[".png"].startswith(b"\x89PNG") and content[".pdf"].startswith(b"%PDF")
    found.save(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == content[".svg"]
    viz.derivation(loss, wrt=biases[0], theme="dark").save(tmp_path / "dark.svg")
    dark = (tmp_path / "dark.svg").read_text(encoding="utf-8")
    assert DARK.panel in dark and DARK.ink in dark and LIGHT.ink not in dark
    with pytest.raises(ValueError, match=r"can be saved as \.txt, \.tex, \.svg, \.png, \.pdf"):
        found.save(tmp_path / "chain.html")


def test_too_many_ways_are_counted_not_written() -> None:
    w = x = Tensor(1.0, requires_grad=True, name="w")
    for _ in range(12):
        x = x.tanh() + x.sigmoid()
    with pytest.raises(ValueError, match="4,096 ways lead from"):
        viz.derivation(x, wrt=w)
    assert len(viz.derivation(x, wrt=w, path=4095).paths) == 1
    with pytest.raises(IndexError, match="ways 0 to 4,095"):
        viz.derivation(x, wrt=w, path=4096)


def test_what_can_not_be_derived_is_refused() -> None:
    loss = examples.neuron()
    with pytest.raises(TypeError, match="wrt must be a Tensor, not 'w1'; wrt= can be w1, w2, x2, b"):
        viz.derivation(loss, wrt="w1")  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="not part of what"):
        viz.derivation(loss, wrt=Tensor(1.0))
    target = next(s.tensor for s in tg.explain(loss).forward if s.name == "y")
    with pytest.raises(ValueError, match="no gradient goes from L to y"):
        viz.derivation(loss, wrt=target)


def test_a_way_through_arrays_writes_every_factor() -> None:
    w = Tensor([[0.3, -0.2], [0.4, 0.1]], requires_grad=True, name="W")
    x, u = np.array([0.5, -1.0]), np.array([1.0, 2.0])
    a = (x @ w).sigmoid() @ u
    loss = 0.5 * (a * 3.0 - 1.0) ** 2
    loss.backward()
    lines = str(viz.derivation(loss, wrt=w)).splitlines()
    assert lines[1].strip().startswith("∂loss/∂a = 0.5 · 2 · (a · 3 − 1) · 3 = ")
    assert all(": " not in line for line in lines)


def test_layers_of_one_unit_are_the_lectures_chain() -> None:
    tg.seed(0)
    model = tg.Sequential(*[tg.Dense(1, 1, activation="sigmoid") for _ in range(4)])
    loss = tg.losses.mse(model(np.array([[0.5]])), np.array([[1.0]]))
    loss.backward()
    kernel = model.parameters()[0]
    found = viz.derivation(loss, wrt=kernel)
    (path,) = found.paths
    assert path.in_numbers
    assert kernel.grad is not None
    product = math.prod(value for factor in path.factors for value in factor.values or ())
    assert product == pytest.approx(kernel.grad.item(), rel=1e-12)
    assert "…" not in found.text
    flow = viz.flow(loss).svg
    assert 'data-exact="true"' in flow
    assert "factor = w · σ′(z)" in flow


def test_ways_that_only_tensors_without_a_name_tell_apart_are_chains_of_those() -> None:
    x, y = Tensor(2.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    f = (x * y + np.exp(y)) * x
    assert viz.derivation(f, wrt=x).text.splitlines() == [
        "∂f/∂x is the sum over 2 ways:",
        "(1)  f → x, directly",
        "     part 1 = v4",
        "            = 4.718",
        "(2)  f → v4 → v2 → x",
        "     part 2 = ∂f/∂v4 · ∂v4/∂v2 · ∂v2/∂x",
        "            = x · y",
        "            = 2 · 1",
        "            = 2",
        "∂f/∂x = 4.718 + 2 = 6.718",
        "where v2 = x · y",
        "where v4 = v2 + exp(y)",
    ]
    assert viz.derivation(f, wrt=x).latex_lines[-1] == r"v_{4} = v_{2}+\exp (y)"


def test_one_way_without_names_is_a_chain_too() -> None:
    w = Tensor(2.0, requires_grad=True)
    grown = np.exp(w * 2)
    lines = viz.derivation(grown, wrt=w).text.splitlines()
    assert lines[0] == "∂grown/∂w = ∂grown/∂v2 · ∂v2/∂w"
    assert lines[-1].strip() == "where v2 = w · 2"


def test_what_a_layer_computes_is_defined_by_its_formula() -> None:
    model = tg.Sequential(tg.Dense(1, 1, activation="sigmoid"), tg.Dense(1, 1))
    x = np.array([[0.5]])
    loss = tg.losses.mse(model(x), np.array([[1.0]]))
    text = viz.derivation(loss, wrt=model.parameters()[0]).text
    assert "where v3 = x @ 0.kernel + 0.bias" in text


@pytest.mark.parametrize("name", [r"\alpha", r"\l", r"\g<0>", "local_loss", "G"])
def test_a_name_is_no_pattern(name: str) -> None:
    w = Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    loss = np.sum((w @ np.ones((2, 2))) ** 2)
    loss.name = name
    loss.backward()
    assert name in viz.derivation(loss, wrt=w).text


def test_a_way_of_too_many_factors_is_refused_before_it_is_written() -> None:
    w = Tensor(0.5, requires_grad=True, name="w")
    middle = w
    for _ in range(300):
        middle = np.sin(middle) * 1.01
    loss = middle
    for _ in range(100):
        loss = np.sin(loss) * 1.01
    with pytest.raises(
        ValueError, match=r"to w has 800 factors, and up to 500 are written out: give the wrt= of a ten"
    ):
        viz.derivation(loss, wrt=w)
    assert math.prod(f.part.size for f in viz.derivation(loss, wrt=middle).paths[0].factors) == 1


@pytest.mark.parametrize("size", [0, 1, 2])
def test_several_ways_of_an_array_of_any_size_have_formulas(size: int) -> None:
    x = Tensor(np.ones(size), requires_grad=True, name="x")
    derivation = viz.derivation(np.sum(x + 3 * np.sin(x)), wrt=x)
    assert derivation.gradient.shape == (size,)
    assert "sum over 2 ways" in derivation.text and derivation.latex


def test_ways_that_go_beyond_all_floats_are_added_up_without_a_warning() -> None:
    x = Tensor(1e308, requires_grad=True, name="x")
    with np.errstate(all="raise"):
        derivation = viz.derivation(x * 1e308 * 1.0 - x * 1e308, wrt=x)
        large = viz.derivation(x * 1.5e308 + x * 1.5e308, wrt=x)
        assert derivation.text and derivation.latex and large.text and large.latex
    assert derivation.gradient == 0 and large.gradient == np.inf


def test_every_slope_of_what_has_no_name_is_told() -> None:
    w, h = Tensor(0.5, requires_grad=True, name="w"), Tensor(0.3, name="h0")
    for _ in range(3):
        h = np.tanh(w * h + 1.0)
    text = viz.derivation(h, wrt=w, path=2).text
    assert [line.split("tanh′")[1] for line in text.splitlines() if "tanh′" in line and " = 1 − " in line] == [
        "(v12) = 1 − h₃²", "(v8) = 1 − h₂²", "(v4) = 1 − h²",
    ]  # fmt: skip


def test_a_derivative_that_is_a_number_is_written_once() -> None:
    v = Tensor(3.0, requires_grad=True, name="v")
    s = v**2 + v
    lines = [line.strip() for line in viz.derivation(s, wrt=v).text.splitlines()]
    assert [line for line in lines if line.endswith("= 1")] == ["part 1 = 1"]
    slope = tg.gradients(v**2, v, create_graph=True)
    assert viz.derivation(slope, wrt=v).text.splitlines() == ["∂slope/∂v = ∂slope/∂v", "          = 2"]

"""Derivations through losses arrive where a lecture does: at (a − y) · x."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tinygrad_reg import Tensor

X, Y = np.array([[0.5, -1.2], [1.0, 0.3], [-0.2, 0.8]]), np.array([[1.0], [0.0], [1.0]])


def _neuron() -> tuple[Tensor, Tensor, Tensor]:
    w, b = Tensor(0.3, requires_grad=True, name="w"), Tensor(0.1, requires_grad=True, name="b")
    z = w * Tensor(0.5, name="x") + b
    a = tg.ops.sigmoid(z)
    return w, z, a


def _table() -> tuple[Tensor, Tensor, Tensor]:
    w = Tensor([[0.3], [-0.8]], requires_grad=True, name="w")
    z = X @ w
    a = tg.ops.sigmoid(z)
    return w, z, a


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, y: tg.losses.binary_crossentropy(a, y),
        lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)),
        lambda a, y: -(np.log(a) * y + np.log(1 - a) * (1 - y)),
    ],
)
def test_the_neuron_of_a_lecture(loss: Callable[..., Tensor]) -> None:
    w, _, a = _neuron()
    L = loss(a, Tensor(1.0, name="y"))
    shown = viz.derivation(L, wrt=w)
    lines = [line.strip() for line in shown.text.splitlines()]
    assert lines[1:3] == ["= (−y/a + (1 − y)/(1 − a)) · σ′(z) · x", "= (a − y) · x"]
    assert shown.gradient == pytest.approx(tg.gradients(L, [w])[0]) == (a.item() - 1) * 0.5
    assert r"(a-y)\cdot x" in shown.latex.replace(" ", "").replace(r"\cdotx", r"\cdot x")


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_target_that_is_a_variables_number_has_its_name(y: float) -> None:
    w, _, a = _neuron()
    L = -(y * np.log(a) + (1 - y) * np.log(1 - a))
    text = viz.derivation(L, wrt=w).text
    assert "= (−y/a + (1 − y)/(1 − a)) · σ′(z) · x" in text
    assert "= (a − y) · x" in text


@pytest.mark.parametrize(("y", "first", "then"), [(1.0, "(−1/a)", "(a − 1)"), (0.0, "1/(1 − a)", "a")])
def test_a_target_that_is_a_number(y: float, first: str, then: str) -> None:
    w, _, a = _neuron()
    target = [y]
    L = -(target[0] * np.log(a) + (1 - target[0]) * np.log(1 - a))
    text = viz.derivation(L, wrt=w).text
    assert f"= {first} · σ′(z) · x" in text
    assert f"= {then} · x" in text


def _softmax_of(z: Tensor) -> Tensor:
    p = tg.ops.softmax(z * [[1.0, -1.0, 0.5]])
    return p


CLASSES = np.array([0, 2, 1])


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (lambda z, a: tg.losses.binary_crossentropy(a, Y), "∂L/∂z = ∂L/∂a ⊙ (a · (1 − a)) = (a − Y)/n"),
        (lambda z, a: tg.losses.binary_crossentropy(a, Y, reduction="sum"), "= a − Y ="),
        (lambda z, a: -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a)), "(a − Y)/n"),
        (lambda z, a: tg.losses.binary_crossentropy(tg.ops.sigmoid(z), Y), "∂L/∂z = (σ(z) − Y)/n"),
        (lambda z, a: tg.losses.sigmoid_crossentropy(z, Y), "∂L/∂z = (σ(z) − Y)/n"),
        (lambda z, a: tg.losses.categorical_crossentropy(_softmax_of(z), CLASSES), "= (p − onehot(CLASSES))/n"),
        (lambda z, a: tg.losses.categorical_crossentropy(_softmax_of(z), np.eye(3)), "∂L/∂p = (−y/p)/n"),
        (lambda z, a: tg.losses.softmax_crossentropy(z * [[1.0, 2.0]], np.eye(2)[[0, 1, 0]]), "= (softmax("),
        (lambda z, a: tg.losses.softmax_crossentropy(z * [[1.0, -1.0, 2.0]], CLASSES), "− onehot(CLASSES))/n ="),
        (lambda z, a: tg.losses.mse(a, Y), "∂L/∂a = 2 · (a − Y)/n ="),
        (lambda z, a: tg.losses.mse(a, Y, reduction="sum"), "∂L/∂a = 2 · (a − Y) ="),
        (lambda z, a: tg.losses.half_mse(a, Y), "∂L/∂a = (a − Y)/n ="),
        (lambda z, a: np.mean((a - Y) ** 2), "∂L/∂a = 2 · (a − Y)/n ="),
    ],
)  # fmt: skip
def test_a_batch(loss: Callable[..., Tensor], formula: str) -> None:
    w, z, a = _table()
    L = loss(z, a)
    L.name = "L"
    shown = viz.derivation(L, wrt=w)
    assert len(shown.paths) == 1
    assert formula in shown.text
    np.testing.assert_allclose(shown.gradient, tg.gradients(L, [w])[0], rtol=1e-12)
    assert ("where n = 3" in shown.text) == ("n = 3" in shown.latex_lines) == ("/n" in shown.text)


def test_where_the_formula_is_not_the_gradient_the_ways_are_written_out() -> None:
    w = Tensor([[60.0], [-80.0]], requires_grad=True, name="w")
    a = tg.ops.sigmoid(10 * (X @ w))  # saturated: the logarithm is floored
    L = tg.losses.binary_crossentropy(a, 1 - Y)
    assert len(viz.derivation(L, wrt=w).paths) == 2


def test_a_target_that_is_computed_has_its_ways() -> None:
    w, _, a = _table()
    v = Tensor(0.5, requires_grad=True, name="v")
    y = v * Y
    L = -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))
    for one in (w, v):
        np.testing.assert_allclose(viz.derivation(L, wrt=one).gradient, tg.gradients(L, [one])[0], rtol=1e-12)


def test_a_difference_that_has_a_name_stands_in_the_chain() -> None:
    w, _, a = _table()
    e = a - Y
    L = np.mean(e**2)
    assert "∂L/∂e" in viz.derivation(L, wrt=w).text


def test_what_the_output_is_used_for_besides_is_a_way_of_its_own() -> None:
    w, _, a = _table()
    L = tg.losses.binary_crossentropy(a, Y) + np.sum(a)
    shown = viz.derivation(L, wrt=w)
    assert len(shown.paths) == 3
    np.testing.assert_allclose(shown.gradient, tg.gradients(L, [w])[0], rtol=1e-12)


def test_a_tensor_within_the_loss_has_its_own_derivation() -> None:
    _, _, a = _table()
    log = np.log(a)
    L = -np.mean(Y * log + (1 - Y) * np.log(1 - a))
    assert "⊙ Y" in viz.derivation(L, wrt=log).text
    assert viz.derivation(L, wrt=a).text.startswith("∂L/∂a = (−Y/a + (1 − Y)/(1 − a))/n = ")

"""What all plots have in common: they take axes and return them, can be read on dark slides, and what they refuse."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz.plots.drawn import CLASSES, CURVES, PLOTS, POINTS, kernel, network, trained, valley
from tinygrad_reg import Tensor
from viz.ink.theme import DARK

pytest.importorskip("matplotlib", reason="no matplotlib here")
from matplotlib import pyplot
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text


@pytest.mark.parametrize("name", PLOTS)
def test_each_draws_on_the_axes_that_it_is_given_and_returns_them(name: str) -> None:
    _, ax = pyplot.subplots()
    assert PLOTS[name](ax=ax) is ax
    assert ax.has_data()


@pytest.mark.parametrize("name", PLOTS)
def test_each_makes_axes_of_its_own_and_can_be_painted(name: str) -> None:
    PLOTS[name]().figure.canvas.draw()


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", PLOTS)
def test_every_text_of_a_dark_plot_can_be_read(name: str, given: bool) -> None:
    ax = PLOTS[name](theme="dark", ax=pyplot.subplots()[1] if given else None)
    ax.figure.canvas.draw()
    assert {to_hex(ground.get_facecolor()) for ground in (ax.figure, *ax.figure.axes)} == {DARK.panel}
    texts = [it for it in ax.figure.findobj(Text) if it.get_text().strip()]
    assert len(texts) > 5
    dim = {it.get_text(): to_hex(it.get_color()) for it in texts if _contrast(it.get_color(), DARK.panel) < 4.5}
    assert dim == {}


def _contrast(color: Any, ground: str) -> float:
    """As WCAG measures it."""

    def light(color: Any) -> float:
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05

    return light(color) / light(ground)


@pytest.mark.parametrize("name", PLOTS)
def test_a_theme_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="theme must be one of 'light', 'dark', not 'drak'"):
        PLOTS[name](theme="drak")


def test_a_long_title_is_set_in_lines() -> None:
    title = "The validation loss turns long before the training loss does, so stop where it is lowest, not at the end"
    shown = viz.history(CURVES, title=title).get_title(loc="left")
    assert shown.replace("\n", " ") == title
    assert max(map(len, shown.splitlines())) <= 58


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: viz.history({}), KeyError, "the history has nothing"),
        (lambda: viz.history(CURVES, keys=["cost"]), KeyError, "loss, val_loss, accuracy, but not 'cost'"),
        (lambda: viz.decision_boundary(network(1), np.ones((4, 3)), np.ones(4)), ValueError, r"\(N, 2\), not \(4, 3\)"),
        (lambda: viz.decision_boundary(network(1), POINTS, CLASSES[:3]), ValueError, "40 samples, but 3 classes"),
        (lambda: viz.weights({}), ValueError, "nothing in the dict of models"),
        (lambda: viz.gradient_heatmap(trained()), ValueError, r"callbacks=\[tg\.GradientRecorder\(\)\]"),
        (lambda: viz.gradient_heatmap({}), TypeError, "takes a history of tg.fit"),
        (lambda: viz.gradient_heatmap({"0": [1.0], "1": [1.0, 2.0]}), ValueError, "equally many steps"),
        (lambda: viz.gradient_heatmap({"0": [0.0]}), ValueError, "no place on a log scale"),
        (lambda: viz.landscape(lambda x, y: x * np.nan + y), ValueError, "not finite anywhere"),
        (lambda: viz.decision_boundary(network(1), POINTS, CLASSES, resolution=0), ValueError, "resolution must be"),
        (lambda: viz.weights(network(1), bins=0), ValueError, "bins must be a whole number from 1 to 100000, not 0"),
        (
            lambda: viz.paths(valley, {"a": np.zeros((0, 2))}, start=(1, 1)),
            ValueError,
            r"list of points .* shape \(0, 2\)",
        ),
        (
            lambda: viz.paths(valley, {}, start=(1, 1, 1)),
            ValueError,
            r"start must be two numbers \(x, y\), not \(1, 1, 1",
        ),
        (lambda: viz.activations(kernel(1e308), POINTS), ValueError, r"activations must lie within ±1e240 .* reach "),
        (lambda: viz.weights(kernel(1.7e308, -1.7e308)), ValueError, "weights must lie within ±1e240 .* 1.7e308"),
        (lambda: viz.weights(kernel(np.nan)), ValueError, "no weight is a finite number"),
        (lambda: viz.landscape(lambda x, y: x * 1e308 + y), ValueError, "loss must lie .* choose other ranges"),
        (lambda: viz.landscape(valley, x=(-1e308, 1e308)), ValueError, "x must lie within ±1e240 .* not reach 1e308"),
        (lambda: viz.decision_boundary(lambda x: x[:, 0] * 1e300, POINTS, CLASSES), ValueError, "answers must lie"),
        (lambda: viz.decision_boundary(network(1), POINTS * 1e300, CLASSES), ValueError, "samples must lie within"),
        (
            lambda: viz.history({"loss": [], "val_loss": []}),
            ValueError,
            "no epoch yet in the history of 'loss', 'val_lo",
        ),
        (
            lambda: viz.history({"loss": [[1.0], [2.0]]}),
            ValueError,
            r"one number for each epoch, not of shape \(2, 1\)",
        ),
        (lambda: viz.history({"loss": ["low"]}), TypeError, r"history of 'loss' must be a list of numbers.*\['low'\]"),
        (lambda: viz.history({"loss": 2.0}), ValueError, "must be one number for each epoch"),
        (lambda: viz.history({"loss": [[1.0], [2.0, 1.0]]}), TypeError, "must be a list of numbers, one for each ep"),
        (lambda: viz.history({0.1: [1.0]}), TypeError, "one whose curves have no names, but are called 0.1"),
        (
            lambda: viz.decision_boundary(lambda x: 3.0, POINTS, CLASSES),
            ValueError,
            "an answer for each sample, but of",
        ),
        (lambda: viz.decision_boundary(lambda x: x[:, 0] * np.nan, POINTS, CLASSES), ValueError, "has it diverged"),
        (lambda: viz.decision_boundary(network(1), [[1.0, 2.0], [1.0]], [0, 1]), ValueError, "x must be an array, not"),
        (lambda: viz.decision_boundary(network(1), POINTS, POINTS[:, 0]), ValueError, "holds 40 different numbers"),
        (
            lambda: viz.decision_boundary(network(1), POINTS, CLASSES * np.nan),
            ValueError,
            "class of each sample.*not N",
        ),
        (lambda: viz.paths(valley, {"SGD": lambda p: None}, start=(1, 1)), TypeError, "a function gave NoneType"),
        (
            lambda: viz.paths(lambda x, y: None, {"SGD": lambda p: tg.optim.SGD(p, lr=0.1)}, start=(1, 1)),
            TypeError,
            "f must give one number as a Tensor, not NoneType: end it with return",
        ),
        (lambda: viz.paths(valley, {}, start=(np.nan, 1)), ValueError, "start must be two numbers"),
        (lambda: viz.paths(valley, {}, start="ab"), ValueError, r"start must be two numbers \(x, y\), not 'ab'"),
        (lambda: viz.history(CURVES, ax="here"), TypeError, "ax must be matplotlib axes, not str"),
    ],
)
def test_refusals(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
    assert pyplot.get_fignums() == []  # no empty figure is left for a notebook to show


def test_without_matplotlib_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_reg\[plots\]'"):
        viz.history(CURVES)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: viz.history([1.0]), "what tg.fit returned, or a dict of lists, not list"),
        (lambda: viz.history(CURVES, keys="loss"), "keys must be a list of curves, not 'loss'"),
        (lambda: viz.decision_boundary(Tensor(1.0), POINTS, CLASSES), "takes a model.*not Tensor"),
        (lambda: viz.activations(Tensor(1.0), POINTS), "takes a model, whose layers.*not Tensor"),
        (lambda: viz.weights({"a": 3}), "takes a model, or a dict of models by name, not int"),
        (lambda: viz.decision_boundary(tg.Dense, POINTS, CLASSES), r"not the class Dense: write Dense\(\.\.\.\)"),
        (lambda: viz.weights(tg.Dense), "not the class Dense: write Dense"),
        (lambda: viz.activations(tg.Dense, POINTS), "not the class Dense: write Dense"),
        (lambda: viz.landscape(3), r"a function f\(x, y\), not int"),
    ],
)  # fmt: skip
def test_a_thing_of_another_kind_is_named(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()

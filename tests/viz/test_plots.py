"""The plots: what they draw, that they take axes and return them, and what they refuse."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tinygrad_reg import Tensor
from tinygrad_reg.diagnostics import gradient_norms
from tinygrad_reg.layers import Dense, Sequential
from viz.ink.theme import DARK

pytest.importorskip("matplotlib", reason="no matplotlib here")
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text


@pytest.fixture(autouse=True)
def closes_figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plot never shows itself."""
    monkeypatch.setattr(pyplot, "show", lambda: pytest.fail("a plot called show()"))
    yield
    pyplot.close("all")


CURVES = {"loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [3.0, 2.0, 2.5, 2.6], "accuracy": [0.1, 0.2, 0.3, 0.4]}
POINTS = np.random.default_rng(0).normal(size=(40, 2))
CLASSES = (POINTS[:, 0] > 0).astype(int)


def _model(outputs: int) -> Sequential:
    tg.seed(0)
    return Sequential(Dense(2, 4, activation="tanh"), Dense(4, outputs))


def _trained(*callbacks: Any) -> Any:
    return tg.fit(_model(1), POINTS, CLASSES[:, None], loss="mse", optimizer="sgd", epochs=1, verbose=0,
                  callbacks=callbacks)  # fmt: skip


def _valley(x: Any, y: Any) -> Any:
    return x * x + 3 * y * y


PLOTS = {
    "history": lambda **k: viz.history(CURVES, title="t", **k),
    "decision_boundary": lambda **k: viz.decision_boundary(_model(1), POINTS, CLASSES, title="t", **k),
    "areas": lambda **k: viz.decision_boundary(_model(3), POINTS, CLASSES, title="t", **k),
    "activations": lambda **k: viz.activations(_model(1), POINTS, title="t", **k),
    "weights": lambda **k: viz.weights(_model(1), title="t", **k),
    "landscape": lambda **k: viz.landscape(_valley, resolution=20, title="t", **k),
    "paths": lambda **k: viz.paths(
        _valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.1)}, start=(1.0, 1.0), steps=3, title="t", **k
    ),
    "gradient_heatmap": lambda **k: viz.gradient_heatmap([{"0": 1.0, "1": 0.1}] * 3, title="t", **k),
}  # fmt: skip


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


def _best(ax: Any) -> Any:
    """What stands above the plot, at the best epoch."""
    (top,) = ax.child_axes
    return top.get_xticklabels()[0]


def test_history_marks_the_best_epoch() -> None:
    ax = viz.history(CURVES, title="_costs $5")
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [CURVES["loss"], CURVES["val_loss"]]
    assert _best(ax).get_text() == "best val_loss: 2, epoch 2"


def test_the_names_of_curves_that_end_together_stand_apart() -> None:
    ax = viz.history({"loss": [3, 0.5], "val_loss": [3, 0.501], "train_loss": [3, 0.499], "other_loss": [1, 3]})
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[i + 1 :])
    assert ax.get_ylabel() == "loss, train_loss, other_loss"


def test_a_long_title_is_set_in_lines() -> None:
    title = "The validation loss turns long before the training loss does, so stop where it is lowest, not at the end"
    shown = viz.history(CURVES, title=title).get_title(loc="left")
    assert shown.replace("\n", " ") == title
    assert max(map(len, shown.splitlines())) <= 58


@pytest.mark.parametrize("set_later", [False, True])
@pytest.mark.parametrize("best", [0, 10, 19])
def test_the_best_epoch_is_named_between_the_curves_and_the_title(best: int, set_later: bool) -> None:
    losses = [1.0 + abs(epoch - best) for epoch in range(20)]
    title = "A title that is as long as the plot, and longer"
    ax = viz.history({"loss": losses, "val_loss": losses}, title="" if set_later else title)
    if set_later:
        ax.set_title(title, loc="left")
    ax.figure.canvas.draw()
    heading = next(text for text in ax.get_children() if getattr(text, "get_text", str)() == title)
    assert ax.get_window_extent().y1 <= _best(ax).get_window_extent().y0
    assert _best(ax).get_window_extent().y1 <= heading.get_window_extent().y0


def test_a_name_stays_by_its_curve_on_another_scale() -> None:
    ax = viz.history({"loss": [1.0, 0.5, 0.4], "val_loss": [1.1, 0.9, 1.2]})
    ax.set(yscale="log", ylim=(0.01, 10))
    ax.figure.canvas.draw()
    for text, end in (
        (next(t for t in ax.texts if t.get_text() == name), y) for name, y in (("loss", 0.4), ("val_loss", 1.2))
    ):
        box = text.get_window_extent()
        assert abs((box.y0 + box.y1) / 2 - ax.transData.transform((3, end))[1]) < 5


def test_the_scale_of_a_boundary_has_a_round_middle() -> None:
    ax = viz.decision_boundary(_model(1), POINTS, CLASSES, resolution=30)
    bar = next(one for one in ax.figure.axes if one is not ax)
    assert [tick.get_text() for tick in bar.get_yticklabels()][2] == "0"


def test_history_takes_what_fit_returns() -> None:
    history = tg.fit(_model(1), POINTS, CLASSES[:, None], loss="mse", optimizer="sgd", epochs=3, verbose=0,
                     validation_data=(POINTS, CLASSES[:, None]), callbacks=[tg.GradientRecorder(every=2)])  # fmt: skip
    assert len(viz.history(history).lines) >= 2
    image = viz.gradient_heatmap(history).images[0]
    assert image.get_array().shape == (2, 3)
    assert image.get_extent()[:2] == [0, 6]


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_boundary_is_where_the_answer_changes(outputs: int) -> None:
    model = _model(outputs)
    ax = viz.decision_boundary(model, POINTS, CLASSES, resolution=30)
    assert sorted(text.get_text() for text in ax.get_legend().get_texts()) == sorted([
        "class 0", "class 1", "boundary", *([] if outputs == 1 else ["area: the answer"]),
    ])  # fmt: skip
    assert model.training
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("as_given", [np.array, list])
def test_between_samples_at_whole_numbers_the_plane_is_not_whole(as_given: Any) -> None:
    asked = []

    def model(x: Any) -> Any:
        asked.append(x)
        return x.sum(axis=1, keepdims=True) - 0.9

    viz.decision_boundary(model, as_given([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 1], resolution=5)
    assert asked[0].dtype == np.float64
    np.testing.assert_allclose(np.unique(asked[0]), np.linspace(-0.08, 1.08, 5))


@pytest.mark.parametrize(
    ("classes", "shown"),
    [
        (np.where(CLASSES, "_b", "a$"), {"class \u200b_b", r"class a\$"}),
        (CLASSES > 0, {"class True", "class False"}),
        (CLASSES - 1.0, {"class −1", "class 0"}),
        (np.where(CLASSES, "yes", None), {"class yes", "class None"}),
    ],
)
def test_classes_are_called_what_the_user_calls_them(classes: Any, shown: set[str]) -> None:
    ax = viz.decision_boundary(_model(2), POINTS, classes, resolution=10)
    assert shown < {text.get_text() for text in ax.get_legend().get_texts()}


def test_weights_tell_the_share_near_zero() -> None:
    small, large = _model(1), _model(1)
    for p in small.parameters():
        p.data = np.zeros(p.shape)
    words = [text.get_text() for text in viz.weights({"small": small, "large": large}).get_legend().get_texts()]
    assert words[0] == "small: 100% within ±0.001"
    assert words[1].startswith("large: 0%")


def _kernel(*numbers: float) -> Dense:
    layer = Dense(2, 2)
    layer.kernel.data = np.resize(np.array(numbers), (2, 2))
    return layer


def test_numbers_of_any_size_that_an_axis_has_room_for_are_drawn() -> None:
    assert "std 5e199" in [text.get_text() for text in viz.activations(_kernel(1e200, 0.0), np.eye(2)).texts]
    assert viz.activations(_kernel(1e17), np.eye(2)).get_xlim()[1] > 1e17  # all alike: 1e17 + 1 is 1e17
    assert viz.landscape(lambda x, y: x * 0 + 1e20, resolution=8) is not None
    words = [t.get_text() for t in viz.weights({"a": _kernel(np.nan), "b": _kernel(1.0)}).get_legend().get_texts()]
    assert [word[:2] for word in words] == ["a:", "b:"]


def test_activations_tell_the_standard_deviation_of_each_layer() -> None:
    model = _model(1)
    ax = viz.activations(model, POINTS)
    hidden = np.tanh(POINTS @ model.state_dict()["0.kernel"])
    assert f"std {hidden.std():.2g}" in [text.get_text() for text in ax.texts]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]


def test_a_path_is_what_the_optimizer_does() -> None:
    ax = viz.paths(lambda x, y: x * x + y * y, {"SGD": lambda p: tg.optim.SGD(p, lr=0.25)}, start=(1.0, -1.0), steps=2)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(1, -1), (0.5, -0.5), (0.25, -0.25)])


@pytest.mark.parametrize("start", [(-8.0, 2.0), (0.5, 30.0), (2, -2), (1e-3, 1e-3)])
def test_a_path_begins_inside_the_window(start: tuple[float, float]) -> None:
    way = [(5.0, 5.0), (0.0, 0.0)]
    ax = viz.paths(_valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.01), "recorded": way}, start=start, steps=3)
    for x, y in (start, way[0]):
        assert ax.get_xlim()[0] < x < ax.get_xlim()[1] and ax.get_ylim()[0] < y < ax.get_ylim()[1]
    near = viz.paths(_valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.01)}, start=(1.0, -1.0), steps=3)
    assert near.get_xlim() == near.get_ylim() == (-2, 2)
    chosen = viz.paths(_valley, way, start=start, x=(-1, 1))
    assert chosen.get_xlim() == (-1, 1)


def test_optimizers_without_names_are_told_how_to_be_given() -> None:
    for wrong in ([tg.optim.SGD, tg.optim.Adam], ["sgd", "adam"], "sgd", {"SGD": "sgd"}):
        with pytest.raises(TypeError, match=r'optimizers must be a dict of names and functions.*\{"SGD": lambda p: tg'):
            viz.paths(_valley, wrong, start=(1.0, 1.0))  # type: ignore[arg-type]


def test_a_landscape_of_a_function_of_single_numbers() -> None:
    def loss(x: Any, y: Any) -> Any:
        return Tensor(float(x.item())) * 2 + y

    assert viz.landscape(loss, resolution=8) is not None


def test_a_heat_map_holds_the_logarithms() -> None:
    log = {"0": [1e-3, 1e-2], "1": [1.0, 0.0]}
    first = viz.gradient_heatmap({"a": log, "b": log})
    axes = [ax for ax in first.figure.axes if ax.get_label() != "<colorbar>"]
    assert [ax.get_title(loc="left") for ax in axes] == ["a", "b", "Before the first update"]
    assert axes[0] is first
    image = first.images[0].get_array()
    np.testing.assert_allclose(image[0], [-3, -2])
    assert image[1, 1] < -3  # a gradient of 0 is below the scale
    np.testing.assert_allclose(axes[-1].lines[0].get_ydata(), [1e-3, 1.0])
    assert "a: × 0.001 a layer back" in [text.get_text() for text in axes[-1].get_legend().get_texts()]


def test_gradients_of_all_sizes_are_drawn_and_the_profile_goes_off_its_scale() -> None:
    for first, second in ((1e-320, 1e300), (1e300, 1e308), (1e-320, 1e-320), (1.0, np.inf)):
        ax = viz.gradient_heatmap({"a": [first, 1.0], "b": [second, 1.0]})
        ax.figure.canvas.draw()
        low, high = ax.figure.axes[1].get_ylim()
        assert 1e-160 < low < high <= 1e200


def test_heat_maps_name_their_layers_and_their_powers_of_ten() -> None:
    small, large = {"0": [1e-3], "1": [1.0]}, {"a": [1e-3], "b": [1e-2], "c": [1.0]}
    for logs, named in (({"x": small, "y": small}, [True, False]), ({"x": small, "y": large}, [True, True])):
        figure = viz.gradient_heatmap(logs).figure
        found = [[tick.get_text() for tick in ax.get_yticklabels()] for ax in figure.axes[:2]]
        assert [any(names) for names in found] == named
        bar = next(ax for ax in figure.axes if ax.get_label() == "<colorbar>")
        assert [tick.get_text() for tick in bar.get_yticklabels()] == [f"$10^{{{n}}}$" for n in (-3, -2, -1, 0)]
        assert figure.get_suptitle() == "Gradients by layer while training"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_legend_of_a_profile_covers_no_line(count: int) -> None:
    falling, rising = {"0": [1.0], "1": [1e-3], "2": [0.9]}, {"0": [1e-6], "1": [1e-7], "2": [1.0]}
    logs = {f"net {at}": rising if at % 2 else falling for at in range(count)}
    figure = viz.gradient_heatmap(logs).figure
    figure.canvas.draw()
    ax = next(ax for ax in figure.axes if ax.get_title(loc="left") == "Before the first update")
    box = ax.get_legend().get_window_extent()
    highest = max(ax.transData.transform(line.get_xydata())[:, 1].max() for line in ax.lines)
    assert highest < box.y0
    assert box.y1 <= ax.get_window_extent().y1


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_a_heat_map_of_one_layer(first: float) -> None:
    figure = viz.gradient_heatmap([{"0": first}, {"0": 2.0}]).figure
    figure.canvas.draw()
    assert [line.get_ydata()[0] for line in figure.axes[1].lines] == [first]


def test_the_legend_of_weights_covers_no_bar() -> None:
    models = {name: _model(1) for name in ("one", "two", "three")}
    ax = viz.weights(models, bins=3)
    ax.figure.canvas.draw()
    lowest = ax.get_legend().get_window_extent().y0
    tops = [patch.get_window_extent().y1 for patch in ax.patches]
    assert tops and max(tops) <= lowest


def test_a_loop_of_its_own_gives_a_list_of_norms() -> None:
    model, loss = examples.dense(layers=3)
    loss.backward()
    ax = viz.gradient_heatmap([gradient_norms(model)] * 2)
    assert ax.images[0].get_array().shape == (4, 2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: viz.history({}), KeyError, "the history has nothing"),
        (lambda: viz.history(CURVES, keys=["cost"]), KeyError, "loss, val_loss, accuracy, but not 'cost'"),
        (lambda: viz.decision_boundary(_model(1), np.ones((4, 3)), np.ones(4)), ValueError, r"\(N, 2\), not \(4, 3\)"),
        (lambda: viz.decision_boundary(_model(1), POINTS, CLASSES[:3]), ValueError, "40 samples, but 3 classes"),
        (lambda: viz.weights({}), ValueError, "nothing in the dict of models"),
        (lambda: viz.gradient_heatmap(_trained()), ValueError, r"callbacks=\[tg\.GradientRecorder\(\)\]"),
        (lambda: viz.gradient_heatmap({}), TypeError, "takes a history of tg.fit"),
        (lambda: viz.gradient_heatmap({"0": [1.0], "1": [1.0, 2.0]}), ValueError, "equally many steps"),
        (lambda: viz.gradient_heatmap({"0": [0.0]}), ValueError, "no place on a log scale"),
        (lambda: viz.landscape(lambda x, y: x * np.nan + y), ValueError, "not finite anywhere"),
        (lambda: viz.decision_boundary(_model(1), POINTS, CLASSES, resolution=0), ValueError, "resolution must be"),
        (lambda: viz.weights(_model(1), bins=0), ValueError, "bins must be a whole number ≥ 1, not 0"),
        (
            lambda: viz.paths(_valley, {"a": np.zeros((0, 2))}, start=(1, 1)),
            ValueError,
            r"list of points .* shape \(0, 2\)",
        ),
        (
            lambda: viz.paths(_valley, {}, start=(1, 1, 1)),
            ValueError,
            r"start must be two numbers \(x, y\), not \(1, 1, 1",
        ),
        (lambda: viz.activations(_kernel(1e308), POINTS), ValueError, r"activations must lie within ±1e240 .* reach "),
        (lambda: viz.weights(_kernel(1.7e308, -1.7e308)), ValueError, "weights must lie within ±1e240 .* 1.7e308"),
        (lambda: viz.weights(_kernel(np.nan)), ValueError, "no weight is a finite number"),
        (lambda: viz.landscape(lambda x, y: x * 1e308 + y), ValueError, "loss must lie .* choose other ranges"),
        (lambda: viz.landscape(_valley, x=(-1e308, 1e308)), ValueError, "x must lie within ±1e240 .* not reach 1e308"),
        (lambda: viz.decision_boundary(lambda x: x[:, 0] * 1e300, POINTS, CLASSES), ValueError, "answers must lie"),
        (lambda: viz.decision_boundary(_model(1), POINTS * 1e300, CLASSES), ValueError, "samples must lie within"),
        (lambda: viz.history(CURVES, ax="here"), TypeError, "ax must be matplotlib axes, not str"),
    ],
)
def test_refusals(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


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
        (lambda: viz.landscape(3), r"a function f\(x, y\), not int"),
    ],
)  # fmt: skip
def test_a_thing_of_another_kind_is_named(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()


def test_a_decision_boundary_needs_samples_that_span_a_plane() -> None:
    for x in (np.array([[np.nan, 1.0]]), np.zeros((0, 2)), np.array([["a", "b"]])):
        with pytest.raises(ValueError, match="must be finite numbers, one at least"):
            viz.decision_boundary(lambda x: x[:, :1], x, np.zeros(len(x)))


def test_a_landscape_is_one_of_numbers() -> None:
    with pytest.raises(TypeError, match="f must give numbers, not <U1"):
        viz.landscape(lambda x, y: "a", resolution=3)


def test_history_marks_the_best_of_what_it_draws_not_of_the_figure_that_training_watched() -> None:
    curves = tg.training.History(val_loss=[3.0, 1.0, 2.0], val_accuracy=[0.5, 0.6, 0.9])
    curves.best_epoch = 3  # by the accuracy
    assert _best(viz.history(curves)).get_text() == "best val_loss: 1, epoch 2"
    assert _best(viz.history(curves, keys=["val_accuracy"])).get_text() == "best val_accuracy: 0.9, epoch 3"


def test_the_best_of_a_users_own_figure_is_marked_only_where_training_says_which_it_is() -> None:
    curves = tg.training.History(score=[0.1, 0.2, 0.3], val_score=[0.1, 0.3, 0.2])
    assert not viz.history(curves, keys=["score", "val_score"]).child_axes
    curves.best_epoch = 2
    assert _best(viz.history(curves, keys=["score", "val_score"])).get_text() == "best epoch: 2, val_score 0.3"


@pytest.mark.parametrize("losses", [[1.0, 1e308, -1e308], [1e308, 1.7e308, np.inf], [np.nan, 2.0, 1e300]])
def test_losses_that_no_axis_can_hold_leave_a_gap(losses: list[float]) -> None:
    ax = viz.history({"loss": losses, "val_loss": losses})
    ax.figure.canvas.draw()
    drawn = ax.lines[0].get_ydata()
    assert np.array_equal(np.isnan(drawn), ~(np.abs(losses) <= 1e240))

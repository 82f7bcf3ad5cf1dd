"""viz.decision_boundary, activations and weights show what the model is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import viz
from tests.viz.plots.drawn import CLASSES, POINTS, kernel, network
from viz.plots.axes import COLORS


def test_the_scale_of_a_boundary_has_a_round_middle() -> None:
    ax = viz.decision_boundary(network(1), POINTS, CLASSES, resolution=30)
    bar = next(one for one in ax.figure.axes if one is not ax)
    assert [tick.get_text() for tick in bar.get_yticklabels()][2] == "0"


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_boundary_is_where_the_answer_changes(outputs: int) -> None:
    model = network(outputs)
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
    ax = viz.decision_boundary(network(2), POINTS, classes, resolution=10)
    assert shown < {text.get_text() for text in ax.get_legend().get_texts()}


def _colors(ax: Any) -> dict[str, Any]:
    """The colours of the samples, by what the legend calls them."""
    return {line.get_label(): line.get_color() for line in ax.lines if line.get_label().startswith("class")}


@pytest.mark.parametrize(
    ("outputs", "classes", "some"),
    [(3, CLASSES + 1, CLASSES + 1 > 1), (1, CLASSES, CLASSES == 1), (1, 2 * CLASSES - 1, CLASSES == 1)],
)
def test_a_class_has_the_colour_of_its_area_where_others_have_no_sample(outputs: int, classes: Any, some: Any) -> None:
    both = _colors(viz.decision_boundary(network(outputs), POINTS, classes, resolution=5))
    one = _colors(viz.decision_boundary(network(outputs), POINTS[some], classes[some], resolution=5))
    assert len(both) == 2
    assert len(one) == 1
    assert one.items() <= both.items()
    assert outputs == 1 or both["class 2"] == COLORS[2]


@pytest.mark.parametrize("names", [np.array(["no", "perhaps", "yes"]), np.array([0, 1, 2]), np.array([3, 5, 9])])
def test_labels_that_a_classifier_predicts_have_areas(names: Any) -> None:
    def predict(x: Any) -> Any:
        return names[(x[:, 0] > -0.5).astype(int) + (x[:, 0] > 0.5)]

    ax = viz.decision_boundary(predict, POINTS, predict(POINTS), resolution=30)
    assert "area: the answer" in {text.get_text() for text in ax.get_legend().get_texts()}
    bounds = [path.vertices[:, 0] for path in ax.collections[-1].get_paths()]
    assert [round(float(np.mean(x)), 1) for x in bounds] == pytest.approx([-0.5, 0.5], abs=0.11)


def test_the_legend_of_long_class_names_stays_inside_the_figure() -> None:
    ax = viz.decision_boundary(network(2), POINTS, np.where(CLASSES, "versicolor and others", "setosa"), resolution=5)
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().x1 <= ax.figure.bbox.x1


def test_where_a_model_answers_with_nan_nothing_is_drawn() -> None:
    def one(x: Any) -> Any:
        return np.where(x[:, 0] > 0, x[:, 1], np.nan)

    def two(x: Any) -> Any:
        return np.stack([one(x), -one(x)], axis=1)

    for model in (one, two):
        ax = viz.decision_boundary(model, POINTS, CLASSES, resolution=30)
        assert min(path.vertices[:, 0].min() for path in ax.collections[0].get_paths() if len(path.vertices)) >= 0


@pytest.mark.parametrize("point", [0.0, 3.0, -1e9])
def test_one_sample_is_drawn_with_a_plane_around_it(point: float) -> None:
    low, high = viz.decision_boundary(network(1), [[point, 0.0]], [1], resolution=5).get_xlim()
    assert low <= point - 1
    assert high >= point + 1


def test_a_decision_boundary_needs_samples_that_span_a_plane() -> None:
    for x in (np.array([[np.nan, 1.0]]), np.zeros((0, 2)), np.array([["a", "b"]])):
        with pytest.raises(ValueError, match="must be finite numbers, one at least"):
            viz.decision_boundary(lambda x: x[:, :1], x, np.zeros(len(x)))


def test_weights_tell_the_share_near_zero() -> None:
    small, large = network(1), network(1)
    for p in small.parameters():
        p.data = np.zeros(p.shape)
    words = [text.get_text() for text in viz.weights({"small": small, "large": large}).get_legend().get_texts()]
    assert words[0] == "small: 100% within ±0.001"
    assert words[1].startswith("large: 0%")


def test_the_legend_of_weights_covers_no_bar() -> None:
    models = {name: network(1) for name in ("one", "two", "three")}
    ax = viz.weights(models, bins=3)
    ax.figure.canvas.draw()
    lowest = ax.get_legend().get_window_extent().y0
    tops = [patch.get_window_extent().y1 for patch in ax.patches]
    assert tops and max(tops) <= lowest


def test_numbers_of_any_size_that_an_axis_has_room_for_are_drawn() -> None:
    assert "std 5e199" in [text.get_text() for text in viz.activations(kernel(1e200, 0.0), np.eye(2)).texts]
    assert viz.activations(kernel(1e17), np.eye(2)).get_xlim()[1] > 1e17  # all alike: 1e17 + 1 is 1e17
    assert viz.landscape(lambda x, y: x * 0 + 1e20, resolution=8) is not None
    words = [t.get_text() for t in viz.weights({"a": kernel(np.nan), "b": kernel(1.0)}).get_legend().get_texts()]
    assert [word[:2] for word in words] == ["a:", "b:"]


def test_activations_count_every_number_of_a_small_batch() -> None:
    ax = viz.activations(kernel(-1.0, 1.0), [[1.0, 0.0]], bins=4)
    top = ax.collections[0].get_paths()[0].vertices
    assert ax.get_xlim()[0] < -1
    assert sorted(set(top[top[:, 1] > 0.5][:, 0])) == [-1.0, -0.5, 0.5, 1.0]  # the first bar and the last one


def test_activations_tell_the_standard_deviation_of_each_layer() -> None:
    model = network(1)
    ax = viz.activations(model, POINTS)
    hidden = np.tanh(POINTS @ model.state_dict()["0.kernel"])
    assert f"std {hidden.std():.2g}" in [text.get_text() for text in ax.texts]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]

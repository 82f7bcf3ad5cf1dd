"""viz.history: its curves, their names, and the epoch that is marked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz.plots.drawn import CLASSES, CURVES, POINTS, network


def _best(ax: Any) -> Any:
    """What stands above the plot, at the best epoch."""
    (top,) = ax.child_axes
    return top.get_xticklabels()[0]


def test_history_marks_the_best_epoch() -> None:
    ax = viz.history(CURVES, title="_costs $5")
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [CURVES["loss"], CURVES["val_loss"]]
    assert _best(ax).get_text() == "best val_loss: 2, epoch 2"


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


def test_the_names_of_curves_that_end_together_stand_apart() -> None:
    ax = viz.history({"loss": [3, 0.5], "val_loss": [3, 0.501], "train_loss": [3, 0.499], "other_loss": [1, 3]})
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[i + 1 :])
    assert ax.get_ylabel() == "loss, train_loss, other_loss"


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


def test_history_takes_what_fit_returns() -> None:
    history = tg.fit(network(1), POINTS, CLASSES[:, None], loss="mse", optimizer="sgd", epochs=3, verbose=0,
                     validation_data=(POINTS, CLASSES[:, None]), callbacks=[tg.GradientRecorder(every=2)])  # fmt: skip
    assert len(viz.history(history).lines) >= 2
    image = viz.gradient_heatmap(history).images[0]
    assert image.get_array().shape == (2, 3)
    assert image.get_extent()[:2] == [0, 6]


@pytest.mark.parametrize(("losses", "alone"), [([0.5], [0]), ([1.0, 2.0, np.nan, 3.0], [3]), ([1.0, 2.0], [])])
def test_an_epoch_that_no_line_leads_to_is_a_dot(losses: list[float], alone: list[int]) -> None:
    line = viz.history({"loss": losses}).lines[0]
    assert line.get_marker() == "o"
    assert line.get_markevery() == alone


def test_losses_may_be_tensors_and_epochs_without_one_a_gap() -> None:
    losses = [tg.Tensor(2.0, requires_grad=True) * 2, tg.Tensor(3.0), None, 1]
    np.testing.assert_array_equal(viz.history({"loss": losses}).lines[0].get_ydata(), [4.0, 3.0, np.nan, 1.0])


def test_the_power_of_ten_of_an_axis_keeps_clear_of_the_best_epoch() -> None:
    ax = viz.history({"loss": [1e9, 1e10, 2e10], "val_loss": [1e9, 3e10, 4e10]})
    ax.figure.canvas.draw()
    power = ax.yaxis.get_offset_text()
    assert power.get_text() == "1e10"
    assert not power.get_window_extent().overlaps(_best(ax).get_window_extent())

"""viz.gradient_heatmap: the logarithms of the norms, and the profile before the first update."""

from __future__ import annotations

import numpy as np
import pytest

import viz
from tests.viz import examples
from tinygrad_reg.diagnostics import gradient_norms


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


def test_a_loop_of_its_own_gives_a_list_of_norms() -> None:
    model, loss = examples.dense(layers=3)
    loss.backward()
    ax = viz.gradient_heatmap([gradient_norms(model)] * 2)
    assert ax.images[0].get_array().shape == (4, 2)

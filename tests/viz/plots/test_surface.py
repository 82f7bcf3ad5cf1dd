"""viz.landscape and viz.paths: the way that is drawn is the way that the optimizer takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz.plots.drawn import valley
from tinygrad_reg import Tensor


def test_a_path_is_what_the_optimizer_does() -> None:
    ax = viz.paths(lambda x, y: x * x + y * y, {"SGD": lambda p: tg.optim.SGD(p, lr=0.25)}, start=(1.0, -1.0), steps=2)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(1, -1), (0.5, -0.5), (0.25, -0.25)])


@pytest.mark.parametrize("start", [(-8.0, 2.0), (0.5, 30.0), (2, -2), (1e-3, 1e-3)])
def test_a_path_begins_inside_the_window(start: tuple[float, float]) -> None:
    way = [(5.0, 5.0), (0.0, 0.0)]
    ax = viz.paths(valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.01), "recorded": way}, start=start, steps=3)
    for x, y in (start, way[0]):
        assert ax.get_xlim()[0] < x < ax.get_xlim()[1] and ax.get_ylim()[0] < y < ax.get_ylim()[1]
    near = viz.paths(valley, {"SGD": lambda p: tg.optim.SGD(p, lr=0.01)}, start=(1.0, -1.0), steps=3)
    assert near.get_xlim() == near.get_ylim() == (-2, 2)
    chosen = viz.paths(valley, way, start=start, x=(-1, 1))
    assert chosen.get_xlim() == (-1, 1)


def test_optimizers_without_names_are_told_how_to_be_given() -> None:
    for wrong in ([tg.optim.SGD, tg.optim.Adam], ["sgd", "adam"], "sgd", {"SGD": "sgd"}):
        with pytest.raises(TypeError, match=r'optimizers must be a dict of names and functions.*\{"SGD": lambda p: tg'):
            viz.paths(valley, wrong, start=(1.0, 1.0))  # type: ignore[arg-type]


def test_a_landscape_of_a_function_of_single_numbers() -> None:
    def loss(x: Any, y: Any) -> Any:
        return Tensor(float(x.item())) * 2 + y

    assert viz.landscape(loss, resolution=8) is not None


def test_a_landscape_is_one_of_numbers() -> None:
    with pytest.raises(TypeError, match="f must give numbers, not <U1"):
        viz.landscape(lambda x, y: "a", resolution=3)


@pytest.mark.parametrize(
    ("height", "deep", "shown"), [(0.6931, 1e-5, "0.69311"), (0.0, 1e-30, "1e-30"), (3.0, 0.0, "3")]
)
def test_the_scale_of_a_flat_landscape_tells_its_heights_apart(height: float, deep: float, shown: str) -> None:
    ax = viz.landscape(lambda x, y: height + deep * (x**2 + y**2), resolution=30)
    ax.figure.canvas.draw()
    bar = next(one for one in ax.figure.axes if one is not ax)
    ticks = [tick.get_text() for tick in bar.get_yticklabels()]
    assert len(set(ticks)) == (len(ticks) if deep else 1)
    assert any(tick.startswith(shown[:5]) or tick.endswith(shown[-4:]) for tick in ticks)


def test_a_way_that_diverges_is_called_so_and_does_not_cover_the_others() -> None:
    ways = {"too fast": lambda p: tg.optim.SGD(p, lr=0.3), "slow": lambda p: tg.optim.SGD(p, lr=0.03)}
    ax = viz.paths(lambda x, y: x**2 + 10 * y**2, ways, start=(-1.8, 1.0))
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert list(lines)[:2] == ["too fast (diverges)", "slow"]
    assert len(lines["too fast (diverges)"]) == 3 and len(lines["slow"]) == 61
    with pytest.warns(UserWarning, match="not finite"):
        last = viz.paths(lambda x, y: x**2 + y**4, {"a": lambda p: tg.optim.SGD(p, lr=2.0)}, start=(1.0, 1.0))
    assert last.lines[0].get_label() == "a (diverges)"  # to NaN
    risen = viz.paths(lambda x, y: x**2 + y**2, {"a": lambda p: tg.optim.SGD(p, lr=1.01)}, start=(0.1, 0.0), steps=2)
    assert risen.lines[0].get_label() == "a"

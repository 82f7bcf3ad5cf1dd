"""viz.gradient_heatmap: layer × training step of the gradient's size, and its profile before the first update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_reg.answers.calls import answered
from tinygrad_reg.insight.words import number
from tinygrad_reg.modes import quiet

from ..ink.theme import LIGHT, Theme, look
from .axes import MARKERS, axes, colorbar, heading, ink, label, legend, matplotlib, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answered
def gradient_heatmap(history: Any, *, title: str = "", theme: str = "light", ax: Any = None) -> Axes:
    """log10 ‖gradient‖ of each layer at each training step.

    `history`: what `tg.fit` returned with a `tg.GradientRecorder` among its callbacks; of a loop of your own, a list
    with `tg.diagnostics.gradient_norms(model)` of each step; or a dict of such, by name, to compare.
    Beside the heat maps stands the profile before the first update. Returns the axes of the first heat map, `.figure`
    has them all. With `ax=`, one heat map is drawn there.
    """
    colors = look(theme)
    if getattr(history, "gradients", 0) is None:
        raise ValueError(
            "this history holds no gradients: train with tg.fit(…, callbacks=[tg.GradientRecorder()]), then draw it"
        )
    logs = _logs(history)
    tables = {name: _table(name, log) for name, log in logs.items()}
    spans = _spans(history, logs)
    if ax is not None and len(tables) > 1:
        raise ValueError(f"ax= has room for one heat map, not for {len(tables)}: give one history, or leave ax= out")
    limits = _limits(np.concatenate([table.ravel() for table in tables.values()]))
    count = len(tables)
    if ax is not None:
        maps = [axes(ax, theme=colors)]
    else:
        figure, grid = matplotlib().subplots(
            1, count + 1, figsize=(4.6 * count + 4.4, 4.9), layout="constrained", width_ratios=[1.0] * count + [0.85]
        )
        maps = [axes(one, theme=colors) for one in grid[:count]]
        _profile(axes(grid[-1], theme=colors), tables, max((list(log) for log in logs.values()), key=len), colors)
        heading_of_all = label(title, 90) or "Gradients by layer while training"
        figure.suptitle(heading_of_all, weight="bold", x=0.01, ha="left", **ink(colors))
    shown: list[str] = []
    for one, (name, table) in zip(maps, tables.items(), strict=True):
        layers = list(logs[name])
        image = _heat(one, table, spans[name], layers, limits, layers != shown, colors)
        shown = layers
        heading(one, title if title and one is ax else name)
    bar = colorbar(image, maps, colors, extend="both", label="‖∂L/∂layer‖")
    step = max(1, round((limits[1] - limits[0]) / 6))
    powers = np.arange(limits[0], limits[1] + 1, step).tolist()
    bar.set_ticks(powers, labels=[_power(power) for power in powers])
    return maps[0]


def _power(exponent: float) -> str:
    return f"$10^{{{exponent:.0f}}}$"


def _limits(norms: np.ndarray) -> tuple[float, float]:
    """The powers of ten where the scale begins and ends, at most twelve apart."""
    sizes = norms[np.isfinite(norms) & (norms > 0)]
    if not sizes.size:
        raise ValueError("all gradients are 0 or not finite, so they have no place on a log scale")
    top = float(np.ceil(np.log10(sizes.max())))
    return float(max(np.floor(np.log10(sizes.min())), top - 12)), top


Log = Mapping[str, Sequence[float]]


def _logs(history: Any) -> dict[str, Log]:
    """The norms by layer, of each of the trainings by name."""
    one = _log(history)
    if one is None and isinstance(history, Mapping) and history:
        found = {str(name): _log(log) for name, log in history.items()}
        if all(found.values()):
            return {name: log for name, log in found.items() if log is not None}
    if not one:
        raise TypeError(
            "gradient_heatmap() takes a history of tg.fit with a GradientRecorder, or a list of "
            "tg.diagnostics.gradient_norms(model), one for each step, or a dict of such by name"
        )
    return {"": one}


def _spans(history: Any, logs: Mapping[str, Log]) -> dict[str, tuple[float, float]]:
    """Which steps of the training a log covers: its recorder may have taken every tenth only."""
    spans = {}
    for name, log in logs.items():
        one = history[name] if name else history
        taken = getattr(getattr(one, "gradients", None) or one, "steps", None)
        count = len(next(iter(log.values())))
        if isinstance(taken, list) and len(taken) == count > 1:
            spans[name] = (float(taken[0]), float(taken[-1] + taken[-1] - taken[-2]))
        else:
            spans[name] = (0.0, float(count))
    return spans


def _log(history: Any) -> Log | None:
    """A list of norms for each layer, or None where this is no such record."""
    recorder = getattr(history, "gradients", None)
    if recorder is not None:
        return _log(recorder)
    if hasattr(history, "norms"):
        return _log(history.norms)
    if isinstance(history, Sequence) and not isinstance(history, str) and history:
        if not all(isinstance(step, Mapping) for step in history):
            return None
        layers = dict.fromkeys(layer for step in history for layer in step)
        return {layer: [float(step.get(layer, np.nan)) for step in history] for layer in layers}
    if isinstance(history, Mapping) and history and all(_numbers(norms) for norms in history.values()):
        return history
    return None


def _numbers(norms: Any) -> bool:
    return isinstance(norms, (Sequence, np.ndarray)) and all(isinstance(x, (int, float)) for x in norms)


def _table(name: str, log: Mapping[str, Sequence[float]]) -> np.ndarray:
    lengths = {len(norms) for norms in log.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            f"each layer{f' of {name}' if name else ''} needs equally many steps, at least one, not {sorted(lengths)}"
        )
    return np.array([np.asarray(norms, float) for norms in log.values()])


def _heat(
    ax: Axes, table: np.ndarray, span: tuple[float, float], layers: Sequence[str], limits: tuple[float, float],
    labelled: bool, colors: Theme,
) -> Any:  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(table)
    logs[np.isneginf(logs)] = limits[0] - 1  # a gradient of exactly 0 is off the scale
    image = ax.imshow(
        logs, aspect="auto", origin="lower", cmap="magma_r" if colors is LIGHT else "magma",
        vmin=limits[0], vmax=limits[1], interpolation="nearest",
        extent=(*span, 0.5, len(layers) + 0.5),
    )  # fmt: skip
    ticks, names = _ticks(layers)
    ax.set_yticks(ticks, names if labelled else [""] * len(names))
    ax.locator_params(axis="x", integer=True)
    ax.set(xlabel="training step", ylabel="layer, the first one at the bottom" if labelled else "")
    return image


def _ticks(layers: Sequence[str]) -> tuple[list[int], list[str]]:
    """Where the names of layers stand on an axis, and which: at most 14."""
    ticks = np.unique(np.linspace(1, len(layers), min(len(layers), 14)).round().astype(int)).tolist()
    return ticks, [label(layers[t - 1], 12) for t in ticks]


def _profile(ax: Axes, tables: Mapping[str, np.ndarray], layers: Sequence[str], colors: Theme) -> None:
    """The gradients before the first update, and by how much a layer multiplies them."""
    for at, (name, table) in enumerate(tables.items()):
        first = table[:, 0]
        places = np.arange(1, len(first) + 1)
        words = [label(name, 20)] if name else []  # the legend is no wider than the axes
        with quiet():
            ratio = float(first[0] / first[-1])
        if len(first) > 1 and 0 < ratio < np.inf:
            words.append(f"× {number(ratio ** (1 / (len(first) - 1)), 2)} a layer back")
        ax.plot(places, first, marker=MARKERS[at % len(MARKERS)], label=": ".join(words), **style(at, colors))
    sizes = np.concatenate([table[:, 0] for table in tables.values()])
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if sizes.size:
        if sizes.max() > 1e150 or sizes.min() < 1e-150:  # off the scale: matplotlib's own would end at 0 or infinity
            low, high = np.clip([sizes.min(), sizes.max()], 1e-150, 1e150)
            ax.set_ylim(low / 10, high * 10)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda size, _: _power(np.log10(size)))  # as at the colours
        low, high = ax.get_ylim()  # room for the legend above the lines
        part = 0.06 + 0.06 * len(tables)
        with quiet():
            top = high * (high / low) ** (part / (1 - part))
        ax.set_ylim(low, min(top, 1e200))
    legend(ax, colors, loc="upper right", framealpha=0.9)
    ax.grid(axis="y", color=colors.hairline, linewidth=0.7)
    ax.set_xlabel("layer")  # what is measured stands between the heat map and this one
    ax.set_xticks(*_ticks(layers))
    ax.set_title("Before the first update", loc="left", weight="bold")

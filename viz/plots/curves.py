"""viz.history: the curves of a training, and where the validation set was served best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_reg.answers.calls import answered
from tinygrad_reg.insight.words import number

from ..ink.theme import Theme, look
from .axes import HUGE, axes, floats, heading, label, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answered
def history(
    history: Mapping[str, Sequence[float]], *, keys: Sequence[str] = (), title: str = "", theme: str = "light",
    ax: Any = None,
) -> Axes:  # fmt: skip
    """Curves over the epochs, and where the first one of the validation set was best.

    `history` is what `tg.fit` returns, or any dict of lists; `keys` chooses curves (all losses by default). Numbers
    that have no place on an axis, infinite ones and those beyond ±1e240, leave a gap.
    """
    colors = look(theme)
    if not isinstance(history, Mapping) or not all(isinstance(key, str) for key in history):
        raise TypeError(f"history() takes what tg.fit returned, or a dict of lists, not {_kind(history)}")
    if not isinstance(keys, Sequence) or isinstance(keys, str) or not all(isinstance(key, str) for key in keys):
        raise TypeError(f"keys must be a list of curves, not {keys!r}")
    shown = list(keys) or [key for key in history if "loss" in key] or list(history)
    missing = [key for key in shown if key not in history]
    if missing or not shown:
        raise KeyError(
            f"the history has {', '.join(history) or 'nothing'}, but not {', '.join(map(repr, missing)) or 'a curve'}"
        )
    curves = [_curve(key, history[key]) for key in shown]
    if not any(map(len, curves)):
        raise ValueError(f"there is no epoch yet in the history of {', '.join(map(repr, shown))}")
    ax = axes(ax, theme=colors)
    ends: list[tuple[str, np.ndarray, str]] = []
    for at, (key, curve) in enumerate(zip(shown, curves, strict=True)):
        line = style(at, colors)
        ax.plot(np.arange(1, len(curve) + 1), curve, **line, marker="o", markevery=_alone(curve))
        ends.append((label(key), curve, line["color"]))
    watched = next((at for at, key in enumerate(shown) if key.startswith("val_")), None)
    if watched is not None:
        _mark_best(ax, shown[watched], ends[watched][1], getattr(history, "best_epoch", None), colors)
    kinds = dict.fromkeys(key.removeprefix("val_") for key in shown)
    longest = max(len(curve) for _, curve, _ in ends)
    ax.set(xlabel="epoch", ylabel=label(", ".join(kinds)), xlim=(1 - 0.012 * longest, 1.02 * max(longest, 2)))
    _name(ax, ends)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.yaxis.get_offset_text().set_horizontalalignment("right")  # "1e8" keeps clear of what stands above the plot
    heading(ax, title)
    return ax  # type: ignore[no-any-return]


def _curve(key: str, given: Any) -> np.ndarray:
    curve = floats(f"the history of {key!r}", given, "a list of numbers, one for each epoch")
    if curve.ndim != 1:
        raise ValueError(f"the history of {key!r} must be one number for each epoch, not of shape {curve.shape}")
    return np.where(np.abs(curve) <= HUGE, curve, np.nan)


def _alone(curve: np.ndarray) -> list[int]:
    """The epochs that no line leads to, nor on from."""
    there = np.pad(np.isfinite(curve), 1)
    return np.flatnonzero(there[1:-1] & ~there[:-2] & ~there[2:]).tolist()


def _kind(history: Any) -> str:
    if not isinstance(history, Mapping):
        return type(history).__name__
    return f"one whose curves have no names, but are called {', '.join(map(repr, history))}"


def _mark_best(ax: Axes, key: str, curve: np.ndarray, best_epoch: int | None, colors: Theme) -> None:
    """A line, a dot and words where `curve` was best; where its name does not tell, at training's `best_epoch`."""
    best_of = _best(key)
    if best_of is not None and np.isfinite(curve).any():
        epoch = int(best_of(curve)) + 1
        said = f"best {label(key)}: {number(float(curve[epoch - 1]), 3)}, epoch {epoch}"
    elif best_of is None and best_epoch is not None:  # which may have been the best by another figure
        epoch = best_epoch
        said = f"best epoch: {epoch}, {label(key)} {number(float(curve[epoch - 1]), 3)}"
    else:
        return
    ax.axvline(epoch, color=colors.muted, linestyle=":", linewidth=1.4)
    ax.plot(epoch, curve[epoch - 1], "o", color=colors.ink, markersize=7)
    side = "left" if epoch <= len(curve) / 3 else "right" if epoch - 1 > len(curve) * 2 / 3 else "center"
    _on_top(ax, epoch, said, side, colors)


def _on_top(ax: Axes, x: float, said: str, side: str, colors: Theme) -> None:
    """Write `said` above the plot at `x`, as the tick of an axis there: a title, set now or later, stays above it."""
    top = ax.secondary_xaxis("top")
    top.set_xticks([x], [said], ha=side, color=colors.ink)
    top.tick_params(length=0, pad=3)
    top.spines["top"].set_visible(False)


def _name(ax: Axes, ends: Sequence[tuple[str, np.ndarray, str]]) -> None:
    """Write each curve's name behind its end, moved up or down where two would cover each other.

    A name stays by its curve when the axes get another scale or other limits.
    """
    low, high = ax.get_ylim()
    shown = [end for end in ends if len(end[1]) and np.isfinite(end[1][-1])]
    shown.sort(key=lambda end: float(end[1][-1]))
    points = ax.get_window_extent().height * 72 / ax.figure.dpi
    step = 16 / points  # the height of a line of text
    wanted = [(float(curve[-1]) - low) / (high - low) for _, curve, _ in shown]
    heights: list[float] = []
    for one in wanted:
        heights.append(max(one, heights[-1] + step) if heights else one)
    over = max(heights[-1] - 1.0, 0.0) if heights else 0.0
    for at, (name, curve, color) in enumerate(shown):
        place = heights[at] - min(over, max(heights[at] - at * step, 0.0))
        ax.annotate(name, (1.0, float(curve[-1])), xycoords=("axes fraction", "data"), color=color, va="center",
                    xytext=(6, (place - wanted[at]) * points), textcoords="offset points", weight="bold",
                    annotation_clip=False)  # fmt: skip


def _best(name: str) -> Callable[[np.ndarray], Any] | None:
    """What finds the best of the figure called `name`, None where the name does not tell whether that is the lowest."""
    from tinygrad_reg.training.direction import direction_or_none  # half of what `import viz` would load

    return {"min": np.nanargmin, "max": np.nanargmax, None: None}[direction_or_none(name)]

"""What the plots share: matplotlib, which is imported only when a plot is asked for, and the look of axes."""

from __future__ import annotations

import reprlib
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_reg.insight.words import number
from tinygrad_reg.tensor import values

from ..ink.text import clean
from ..ink.theme import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = (LIGHT.forward, LIGHT.backward, LIGHT.local, "#3d7a00", "#8a6d00", "#555b63")
ON_DARK = (DARK.forward, DARK.backward, DARK.local, "#9ccf68", "#e0c04a", "#b4bbc4")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)))  # lines differ without colour, too
MARKERS = "osD^vP"
HUGE = 1e240  # matplotlib's contours end at 1e250, and margins around 1e308 are infinite


def matplotlib() -> Any:
    """matplotlib.pyplot, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as pyplot
    except ImportError as error:
        raise ImportError(
            "plots and set formulas need matplotlib: pip install 'tinygrad_reg[plots]', or pip install matplotlib"
        ) from error
    return pyplot


def axes(ax: Any, size: tuple[float, float] = (7.2, 4.4), theme: Theme = LIGHT) -> Axes:
    """The axes that were given, or those of a new figure; for dark slides, they and their figure are painted."""
    if ax is None:
        _, ax = matplotlib().subplots(figsize=size, layout="constrained")
    elif not hasattr(ax, "plot"):
        raise TypeError(f"ax must be matplotlib axes, not {type(ax).__name__}")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if theme is not LIGHT:
        _paint(ax, theme)
    return ax  # type: ignore[no-any-return]


def _paint(ax: Axes, theme: Theme) -> None:
    """Ground, frame, ticks and the texts that are set later, in the theme's colours: matplotlib's own are for white."""
    ax.figure.set_facecolor(theme.panel)
    ax.set_facecolor(theme.panel)
    for spine in ax.spines.values():
        spine.set_edgecolor(theme.line)
    ax.tick_params(which="both", color=theme.line, labelcolor=theme.ink)
    for text in (ax.xaxis.label, ax.yaxis.label):
        text.set_color(theme.ink)
    for place in ("left", "center", "right"):
        ax.set_title(ax.get_title(place), loc=place, color=theme.ink)


def drawable(numbers: Any, what: str, advice: str = "") -> None:
    """Refuse finite numbers that have no place on an axis."""
    sizes = np.abs(np.asarray(numbers, float))
    largest = float(sizes[np.isfinite(sizes)].max(initial=0.0))
    if largest > HUGE:
        raise ValueError(f"{what} must lie within ±{number(HUGE)} to be drawn, not reach {number(largest, 3)}{advice}")


def floats(what: str, given: Any, wanted: str) -> np.ndarray:
    """The numbers that are to be drawn: Tensors are their values, None is a gap."""
    plain = [values(one) for one in given] if isinstance(given, (list, tuple)) else values(given)
    try:
        found = np.asarray(plain)
        numbers = found.astype(float) if found.dtype.kind in "fiubO" else None
    except (TypeError, ValueError, OverflowError):  # words, lists of several lengths, a number beyond all floats
        numbers = None
    if numbers is None:
        raise TypeError(f"{what} must be {wanted}, not {reprlib.repr(given)}")
    return numbers


def two_numbers(name: str, given: Any, what: str) -> tuple[float, float]:
    """A pair of finite numbers."""
    try:
        pair = np.asarray(values(given))
    except ValueError:  # lists of several lengths
        pair = np.zeros(0)
    if pair.shape != (2,) or pair.dtype.kind not in "fiu" or not np.isfinite(pair).all():
        raise ValueError(f"{name} must be two numbers{what}, not {given!r}")
    return float(pair[0]), float(pair[1])


def span(name: str, ends: Any) -> tuple[float, float]:
    """The two ends of what is shown along an axis."""
    what = ", from where to where it is shown, such as (−2, 2)"
    pair = two_numbers(name, ends, what)
    if pair[0] == pair[1]:
        raise ValueError(f"{name} must be two numbers{what}, not {ends!r}")
    drawable(pair, name)
    return pair


def legend(ax: Axes, theme: Theme, **options: Any) -> None:
    """The legend, if there is anything to name, on the theme's ground."""
    if not ax.get_legend_handles_labels()[0]:
        return
    box = ax.legend(**options)
    if theme is not LIGHT:
        box.get_frame().set(facecolor=theme.panel, edgecolor=theme.hairline)
        for text in box.get_texts():
            text.set_color(theme.ink)


def colorbar(drawn: Any, ax: Axes | list[Axes], theme: Theme, **options: Any) -> Any:
    """The scale of colours beside the axes."""
    first = ax[0] if isinstance(ax, list) else ax
    bar = first.figure.colorbar(drawn, ax=ax, **options)
    if theme is not LIGHT:
        _paint(bar.ax, theme)
        bar.outline.set_edgecolor(theme.line)
    return bar


def ink(theme: Theme) -> dict[str, str]:
    """The colour of a text, where it is not the one that matplotlib has been told."""
    return {} if theme is LIGHT else {"color": theme.ink}


def style(at: int, theme: Theme = LIGHT) -> dict[str, Any]:
    """Colour and dashes of line number `at`."""
    colors = COLORS if theme is LIGHT else ON_DARK
    return {"color": colors[at % len(colors)], "linestyle": DASHES[at % len(DASHES)], "linewidth": 2.0}


def label(text: object, longest: int = 40) -> str:
    """A user's name as plain text: matplotlib reads dollars as formulas, and hides labels that begin with _."""
    plain = clean(text, longest).replace("$", r"\$")
    return "\u200b" + plain if plain.startswith("_") else plain


def heading(ax: Any, text: str) -> None:
    """The title of a plot, in as many lines as it needs."""
    lines = textwrap.wrap(clean(text, 240), 58, max_lines=4, placeholder=" …")
    ax.set_title("\n".join(label(line, 80) for line in lines), loc="left", weight="bold")


def named(things: Any, what: str) -> dict[str, Any]:
    """A dict of things by name; a single one has no name."""
    if isinstance(things, Mapping):
        if not things:
            raise ValueError(f"there is nothing in the dict of {what}")
        return {str(name): thing for name, thing in things.items()}
    return {"": things}

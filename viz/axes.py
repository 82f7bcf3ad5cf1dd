"""What the plots share: matplotlib, which is imported only when a plot is asked for, and the look of axes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .text import clean
from .theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = (LIGHT.forward, LIGHT.backward, LIGHT.local, "#3d7a00", "#8a6d00", "#555b63")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)))  # lines differ without colour, too
MARKERS = "osD^vP"


def matplotlib() -> Any:
    """matplotlib.pyplot, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as pyplot
    except ImportError as error:
        raise ImportError(
            "plots and set formulas need matplotlib: pip install 'tinygrad_reg[plots]', or pip install matplotlib"
        ) from error
    return pyplot


def axes(ax: Any, size: tuple[float, float] = (7.2, 4.4)) -> Axes:
    """The axes that were given, or those of a new figure."""
    if ax is None:
        _, ax = matplotlib().subplots(figsize=size, layout="constrained")
    elif not hasattr(ax, "plot"):
        raise TypeError(f"ax must be matplotlib axes, not {type(ax).__name__}")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax  # type: ignore[no-any-return]


def style(at: int) -> dict[str, Any]:
    """Colour and dashes of line number `at`."""
    return {"color": COLORS[at % len(COLORS)], "linestyle": DASHES[at % len(DASHES)], "linewidth": 2.0}


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

"""The look of every picture: two sets of colours, one font, and the scale on which gradients are coloured."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from tinygrad_reg.answers.checks import one_of

FONT = "DejaVu Sans, Verdana, Geneva, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"


@dataclass(frozen=True)
class Theme:
    """Colours by what they mean. Nothing is told by colour alone: backward is dashed, leaves have square corners."""

    paper: str  # behind everything
    panel: str  # behind a graph, inside nodes
    ink: str  # text
    muted: str  # text of second rank
    line: str  # borders and arrows at rest
    hairline: str  # borders of panels and tables
    leaf: str  # inside inputs, parameters and constants
    cluster: str  # inside layers
    forward: str
    forward_fill: str
    backward: str
    backward_fill: str
    local: str  # local derivatives
    accent_ink: str  # text on `forward`
    scale: tuple[str, ...]  # gradient sizes, from the scale's largest to its smallest

    def variables(self) -> dict[str, str]:
        """The colours under the names that the page's style sheet uses."""
        return {name.replace("_", "-"): value for name, value in asdict(self).items() if name != "scale"}


LIGHT = Theme(
    paper="#f5f7f9", panel="#ffffff", ink="#14171c", muted="#59606a", line="#878f99", hairline="#d3d8de",
    leaf="#f0f2f4", cluster="#f4f6f8", forward="#005a9c", forward_fill="#e3f0fa", backward="#a33600",
    backward_fill="#fdeee1", local="#65407a", accent_ink="#ffffff",
    scale=("#280b54", "#4f127b", "#7b2382", "#a8327d", "#d3436e", "#f1605d", "#fc8961", "#feaf77", "#fdd59c"),
)  # fmt: skip
DARK = Theme(
    paper="#0e1216", panel="#171c22", ink="#e9ecf0", muted="#9ca5af", line="#7b848f", hairline="#323942",
    leaf="#222932", cluster="#1b2128", forward="#6bb9f7", forward_fill="#12314a", backward="#ffa057",
    backward_fill="#46250b", local="#cfa9ea", accent_ink="#0b1016",
    scale=("#fdd59c", "#feaf77", "#fc8961", "#f1605d", "#d3436e", "#a8327d", "#7b2382", "#5a1a80", "#3d1466"),
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}


def look(theme: str) -> Theme:
    """The theme called "light" or "dark"."""
    return THEMES[one_of("theme", theme, tuple(THEMES))]


def magnitude(size: float, largest: float, decades: float = 8.0) -> float:
    """Where a gradient's size lies between `largest` (0) and so many powers of ten below it (1), on a log scale."""
    if not math.isfinite(size):
        return 0.0
    if size <= 0 or largest <= 0:
        return 1.0
    return min(1.0, max(0.0, math.log10(largest / size) / decades)) if math.isfinite(largest) else 0.0


def scale_color(theme: Theme, position: float) -> str:
    """The colour at `position` of the theme's scale: 0 is its largest value, 1 its smallest."""
    steps = len(theme.scale) - 1
    below = min(int(position * steps), steps - 1)
    part = position * steps - below
    pairs = zip(_rgb(theme.scale[below]), _rgb(theme.scale[below + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def ink_on(color: str) -> str:
    """Black or white, whichever has the higher contrast (WCAG) on `color`."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(color))
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)

"""viz.landscape and viz.paths: a loss of two numbers as a surface, and the ways that optimizers take over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_reg import Tensor, no_grad
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import one_number, whole
from tinygrad_reg.modes import quiet
from tinygrad_reg.tensor import values

from ..ink.theme import LIGHT, Theme, look
from .axes import (
    MARKERS,
    axes,
    colorbar,
    drawable,
    floats,
    heading,
    label,
    legend,
    matplotlib,
    named,
    span,
    style,
    two_numbers,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answered
def landscape(
    f: Callable[[Any, Any], Any], *, x: tuple[float, float] = (-2, 2), y: tuple[float, float] = (-2, 2),
    resolution: int = 120, levels: int = 24, title: str = "", theme: str = "light", ax: Any = None,
) -> Axes:  # fmt: skip
    """Contours of the loss f(x, y) over a plane; `f` takes two numbers (arrays, if it can)."""
    colors = look(theme)
    if not callable(f):
        raise TypeError(f"the loss must be a function f(x, y), not {type(f).__name__}")
    whole("resolution", resolution, 2, 5000)
    whole("levels", levels, 2, 1000)
    x, y = span("x", x), span("y", y)
    across, up = np.linspace(*x, resolution), np.linspace(*y, resolution)
    surface = _surface(f, *np.meshgrid(across, up))
    if surface.dtype.kind not in "fiub":
        raise TypeError(f"f must give numbers, not {surface.dtype}")
    finite = surface[np.isfinite(surface)]
    if not finite.size:
        raise ValueError("f is not finite anywhere on that plane; choose other ranges with x= and y=")
    finite = np.sort(finite)
    drawable(finite[[0, math.ceil(0.98 * (finite.size - 1))]], "the loss", "; choose other ranges with x= and y=")
    bottom, top = float(finite[0]), float(np.quantile(finite, 0.98))
    rise = max(top - bottom, 1e-9 * abs(bottom))
    rise = rise if rise > 1e-200 else 1e-12  # of 0 everywhere
    ax = axes(ax, (6.4, 5.0), colors)
    # Steps that grow from the bottom: a valley shows as well as its walls.
    heights = bottom + rise * np.linspace(0, 1, levels) ** 2
    drawn = ax.contourf(across, up, surface, levels=heights, cmap=_depths(colors), extend="max", alpha=0.6)
    ax.contour(across, up, surface, levels=heights, colors=colors.panel, linewidths=0.5, alpha=0.6)
    digits = 3  # more, where three would write 0.6931 and 0.6934 alike
    if rise == top - bottom:
        digits += max(0, round(math.log10(max(abs(bottom), abs(top)) / rise)))
    colorbar(drawn, ax, colors, label="loss", format=f"%.{digits}g")
    ax.set(xlabel="x", ylabel="y", xlim=x, ylim=y)
    heading(ax, title)
    return ax  # type: ignore[no-any-return]


@answered
def paths(
    f: Callable[[Any, Any], Any], optimizers: Mapping[str, Any], *, start: tuple[float, float], steps: int = 60,
    x: tuple[float, float] | None = None, y: tuple[float, float] | None = None, title: str = "", theme: str = "light",
    ax: Any = None,
) -> Axes:  # fmt: skip
    """The ways that optimizers take over the landscape of f(x, y), from `start`.

    `optimizers`: by name, a function that makes one for parameters, such as {"SGD": lambda p: SGD(p, lr=0.1)}, or the
    points of a way that was recorded before. `x` and `y`: what is shown, by default −2 to 2, and where ways begin. A
    way that ends outside of that, and higher than it began, diverges: it is called so, and drawn until it gets there.
    """
    colors = look(theme)
    if not callable(f):
        raise TypeError(f"the loss must be a function f(x, y), not {type(f).__name__}")
    whole("steps", steps)
    start = two_numbers("start", start, " (x, y)")
    ways = {name: _way(f, make, start, steps) for name, make in named(optimizers, "optimizers").items()}
    starts = np.array([start, *(way[0] for way, _ in ways.values())], float)
    x = _window(starts[:, 0]) if x is None else x
    y = _window(starts[:, 1]) if y is None else y
    ax = landscape(f, x=x, y=y, title=title, theme=theme, ax=ax)
    for at, (name, (way, rises)) in enumerate(ways.items()):
        if rises and _is_out(way, x, y, 0.5)[-1]:  # what comes and goes far outside would cover all the rest
            name, way = f"{name} (diverges)", _until_out(way, x, y)
        line = style(at, colors)
        if colors is LIGHT:  # on blue
            line["color"] = ("#000000", "#a33600", "#65407a", "#2e6000", "#7a0040", "#333a44")[at % 6]
        ax.plot(*way.T, **line, marker=MARKERS[at % len(MARKERS)], markersize=4, label=label(name))
    ax.plot(*start, "*", color="black" if colors is LIGHT else colors.ink, markeredgecolor=colors.panel, markersize=15,
            linestyle="none", label="start")  # fmt: skip
    legend(ax, colors, loc="best", framealpha=0.9)
    return ax  # type: ignore[no-any-return]


def _way(f: Callable[[Any, Any], Any], make: Any, start: tuple[float, float], steps: int) -> tuple[np.ndarray, bool]:
    """The points of a way, and whether it ends higher than it began, which of a recorded one is not asked."""
    wanted = (
        'a dict of names and functions that make one, such as {"SGD": lambda p: tg.optim.SGD(p, lr=0.1)}, '
        "or of recorded points (x, y)"
    )
    if not callable(make):
        points = floats("optimizers", make, wanted)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"a recorded way is a list of points (x, y), not of shape {points.shape}")
        return points, False
    a, b = (Tensor(v, requires_grad=True) for v in start)
    optimizer = make([a, b])
    if not hasattr(optimizer, "step"):
        raise TypeError(f"optimizers must be {wanted}; a function gave {type(optimizer).__name__}, which is none")
    way, losses = [start], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = one_number("f", f(a, b))
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        way.append((a.item(), b.item()))
    return np.array(way), not one_number("f", f(a, b)).item() <= losses[0]  # also where it is NaN


def _until_out(way: np.ndarray, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    """The way up to its first point that is further out of the window than that is wide."""
    out = _is_out(way, x, y, 1.5)
    return way[: int(np.argmax(out)) + 1] if out.any() else way


def _is_out(way: np.ndarray, x: tuple[float, float], y: tuple[float, float], widths: float) -> np.ndarray:
    """Which points are further from the middle of the window than so many of its widths, or no numbers."""
    low, high = np.array([x, y]).T
    inside: np.ndarray = np.all(np.abs(way - (low + high) / 2) <= widths * (high - low), axis=1)
    return ~inside


def _window(starts: np.ndarray) -> tuple[float, float]:
    """−2 to 2, and further where a way begins further out."""
    low, high = float(starts.min()), float(starts.max())
    room = 0.06 * (max(2.0, high) - min(-2.0, low))
    return min(-2.0, low - room), max(2.0, high + room)


def _depths(colors: Theme) -> Any:
    """Dark where the loss is low; on a dark ground, the walls stay darker than the ways."""
    matplotlib()
    from matplotlib.colors import LinearSegmentedColormap

    return "Blues_r" if colors is LIGHT else LinearSegmentedColormap.from_list("depths", [colors.panel, "#2f78b4"])


def _surface(f: Callable[[Any, Any], Any], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """f at each point: at once, or one by one where it takes single numbers only."""
    with no_grad(), quiet():
        try:
            at_once = np.asarray(values(f(x, y)))
            if at_once.shape == x.shape:
                return at_once
        except (TypeError, ValueError):
            pass
        one_by_one = [
            np.asarray(values(f(Tensor(a), Tensor(b)))).item() for a, b in zip(x.ravel(), y.ravel(), strict=True)
        ]
    return np.reshape(one_by_one, x.shape)

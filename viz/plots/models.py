"""viz.decision_boundary, activations and weights: what a model has learned, as plots. Each returns its axes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_reg import no_grad
from tinygrad_reg.answers import checks
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.diagnostics import layer_outputs
from tinygrad_reg.insight.words import number
from tinygrad_reg.layers.evaluating import evaluating
from tinygrad_reg.tensor import values

from ..ink.text import width
from ..ink.theme import Theme, look
from .axes import MARKERS, axes, colorbar, drawable, heading, ink, label, legend, matplotlib, named, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answered
def decision_boundary(
    model: Callable[[Any], Any], x: Any, y: Any, *, resolution: int = 200, title: str = "", theme: str = "light",
    ax: Any = None,
) -> Axes:  # fmt: skip
    """What `model` answers over the plane of two features, with the samples `x` and their classes `y` on it."""
    colors = look(theme)
    if not callable(model) or isinstance(model, type):
        raise TypeError(f"decision_boundary() takes a model, or any function of an array, not {_kind(model)}")
    checks.whole("resolution", resolution, 2, 5000)
    points, classes = _array("x", x), _array("y", y)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a decision boundary needs samples of two features, (N, 2), not {points.shape}")
    if classes.shape[:1] != points.shape[:1]:
        raise ValueError(f"there are {len(points)} samples, but {len(classes) if classes.ndim else 'no'} classes")
    if not len(points) or points.dtype.kind not in "fiub" or not np.isfinite(points).all():
        raise ValueError("the samples of a decision boundary must be finite numbers, one at least")
    classes = classes.argmax(axis=1) if classes.ndim == 2 and classes.shape[1] > 1 else classes
    if classes.size != len(points) or (classes.dtype.kind == "f" and np.isnan(classes).any()):
        raise ValueError(f"y must be the class of each sample, ({len(points)},), not NaN, not of shape {classes.shape}")
    classes = classes.reshape(len(points))
    drawable(points, "the samples")
    points = points if points.dtype.kind == "f" else points.astype(float)  # between whole numbers lies a plane, too
    classes = classes.astype(str) if classes.dtype.kind == "O" else classes
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, 0.08 * (high - low), np.maximum(1.0, 0.08 * np.abs(low)))
    across, up = (np.linspace(a, b, resolution) for a, b in zip(low - room, high + room, strict=True))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(points.dtype)
    out, known = _with_columns(_answer(model, grid), classes)
    drawable(out, "the model's answers")
    if not np.isfinite(out).any():
        raise ValueError("the model answers with no finite number anywhere, so there is no boundary: has it diverged?")
    out = out.reshape(resolution, resolution, -1)
    ax = axes(ax, (5.6, 4.8), colors)
    if out.shape[2] == 1:
        _one_answer(ax, across, up, np.ma.masked_invalid(out[..., 0]), colors)
    else:
        _areas(ax, across, up, out, colors)
    names = [label(one) if classes.dtype.kind in "SU" else number(one.item(), 6) for one in np.unique(classes)]
    for one, name in zip(np.unique(classes), names, strict=True):
        mine, at = points[classes == one], int(np.flatnonzero(known == one)[0])
        ax.plot(*mine.T, MARKERS[at % len(MARKERS)], color=style(at, colors)["color"], markeredgecolor=colors.panel,
                markersize=6, linestyle="none", label=f"class {name}")  # fmt: skip
    side_by_side = int(max(1, min(3, 300 // (30 + max(width(f"class {name}", 10) for name in names)))))
    legend(ax, colors, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=side_by_side, frameon=False,
           handlelength=1.3, columnspacing=1.2)  # fmt: skip
    ax.set(xlabel="feature 1", ylabel="feature 2")
    heading(ax, title)
    return ax  # type: ignore[no-any-return]


MOST = 30  # classes with a name each in the legend


def _with_columns(out: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The answers as numbers, and the class of each column: its samples have the colour of its area.

    Labels, such as a classifier of another library predicts, become columns of 0 and 1.
    """
    found = np.unique(classes)
    if len(found) > MOST:
        raise ValueError(f"y must be the class of each sample, but holds {len(found)} different numbers or names")
    if out.shape[1] == 1 and out.dtype.kind not in "f":
        labels = out[:, 0].astype(str) if out.dtype.kind == "O" else out[:, 0]
        found = np.unique(np.concatenate([labels, classes]))
        return (labels[:, None] == found).astype(float), found
    if classes.dtype.kind in "fiub":
        for known in [np.array([-1, 1]), np.array([0, 1])] if out.shape[1] == 1 else [np.arange(out.shape[1])]:
            if np.isin(found, known).all():  # some may have no sample
                return out, known
    return out, found


def _array(name: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(values(given))
    except ValueError:
        raise ValueError(f"{name} must be an array, not a list whose rows are of several lengths") from None


def _kind(thing: Any) -> str:
    return (
        f"the class {thing.__name__}: write {thing.__name__}(...)" if isinstance(thing, type) else type(thing).__name__
    )


def _one_answer(ax: Axes, across: np.ndarray, up: np.ndarray, surface: np.ndarray, colors: Theme) -> None:
    """Two classes, by one number: the shades of the answer, and the line where it changes."""
    cut = 0.5 if surface.min() >= 0 and surface.max() <= 1 else 0.0  # probabilities, or logits
    span = cut or max(float(np.abs(surface).max()), 1e-12)
    filled = ax.contourf(
        across, up, surface, levels=cut + span * np.linspace(-1, 1, 13), cmap=_shades(colors), alpha=0.55
    )
    ax.contour(across, up, surface, levels=[cut], colors=colors.ink, linewidths=2)
    ax.plot([], [], color=colors.ink, linewidth=2, label="boundary")
    ticks = [cut + span * part for part in (-1, -0.5, 0, 0.5, 1)]
    colorbar(filled, ax, colors, label="the model's answer").set_ticks(ticks, labels=[number(t, 2) for t in ticks])


def _areas(ax: Axes, across: np.ndarray, up: np.ndarray, out: np.ndarray, colors: Theme) -> None:
    """Several classes: the area of each, where its output is the largest."""
    classes = out.shape[2]
    levels = np.arange(classes + 1) - 0.5
    fills = [style(k, colors)["color"] for k in range(classes)]
    largest = np.ma.masked_array(out.argmax(axis=2), ~np.isfinite(out).all(axis=2))
    ax.contourf(across, up, largest, levels=levels, colors=fills, alpha=0.3)
    ax.contour(across, up, largest, levels=levels[1:-1], colors=colors.ink, linewidths=1.2)
    ax.plot([], [], color=colors.ink, linewidth=1.2, label="boundary")
    ax.plot([], [], "s", color=colors.line, alpha=0.3, markersize=11, linestyle="none", label="area: the answer")


def _shades(colors: Theme) -> Any:
    """From the colour of class 0 over the ground to that of class 1."""
    matplotlib()
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "classes", [style(0, colors)["color"], colors.panel, style(1, colors)["color"]]
    )


@answered
def activations(model: Any, x: Any, *, bins: int = 60, title: str = "", theme: str = "light", ax: Any = None) -> Axes:
    """Histograms of what each layer puts out for the batch `x`, the first layer on top, with its standard deviation."""
    colors = look(theme)
    if not hasattr(model, "named_modules") or isinstance(model, type):
        raise TypeError(f"activations() takes a model, whose layers it looks into, not {_kind(model)}")
    checks.whole("bins", bins, 1, 100_000)
    outputs = layer_outputs(model, x)
    of_layers = {path: out for path, out in outputs.items() if path} or outputs  # a single layer is the model itself
    finite = {path: out[np.isfinite(out)].ravel().astype(float) for path, out in of_layers.items()}
    if not any(out.size for out in finite.values()):
        raise ValueError("no layer puts out finite numbers, so there is nothing to count")
    everything = np.concatenate([out for out in finite.values() if out.size])
    drawable(everything, "the activations")
    low, high = np.quantile(everything, 0.002, method="lower"), np.quantile(everything, 0.998, method="higher")
    edges = np.linspace(low, high if high > low else low + max(1.0, 1e-3 * abs(low)), bins + 1)
    ax = axes(ax, (7.2, 0.9 + 0.62 * len(finite)), colors)
    for at, out in enumerate(finite.values()):
        counts = np.histogram(out, edges)[0]
        height = 0.86 * counts / max(counts.max(), 1)
        base = len(finite) - 1 - at
        top = base + np.append(height, height[-1])
        ax.fill_between(edges, base, top, step="post", color=colors.forward, alpha=0.75, linewidth=0)
        ax.axhline(base, color=colors.hairline, linewidth=0.8)
        std = number(_std(out), 2) if out.size else "none finite"
        ax.annotate(f"std {std}", (1, base + 0.4), xycoords=("axes fraction", "data"), xytext=(6, 0),
                    textcoords="offset points", va="center", annotation_clip=False, **ink(colors))  # fmt: skip
    ax.set_yticks([len(finite) - 0.6 - at for at in range(len(finite))], [label(path or "model") for path in finite])
    ax.set(xlabel="activation", ylabel="layer", ylim=(0, len(finite)))
    heading(ax, title)
    return ax  # type: ignore[no-any-return]


def _std(x: np.ndarray) -> float:
    """The standard deviation, where squares would be infinite, too."""
    scale = max(float(np.abs(x).max()), 1e-300)
    return scale * float((x / scale).std())


@answered
def weights(
    models: Any, *, bins: int = 80, near_zero: float = 1e-3, title: str = "", theme: str = "light", ax: Any = None
) -> Axes:
    """Histograms of all weights (not biases) of a model, or of several by name: {"L1": a, "L2": b}.

    The count axis is logarithmic; beside each name stands the share of weights within `near_zero` of 0.
    """
    colors = look(theme)
    checks.whole("bins", bins, 1, 100_000)
    checks.number("near_zero", near_zero, 0)
    found = {}
    for name, model in named(models, "models").items():
        if not hasattr(model, "named_parameters") or isinstance(model, type):
            raise TypeError(f"weights() takes a model, or a dict of models by name, not {_kind(model)}")
        arrays = [p.data.ravel() for _, p in model.named_parameters() if p.ndim > 1] or [
            p.data.ravel() for p in model.parameters()
        ]
        if not arrays:
            raise ValueError(f"the model {name or type(model).__name__} has no parameters")
        found[name] = np.concatenate(arrays)
    finite = {name: w[np.isfinite(w)].astype(float) for name, w in found.items()}
    if not any(w.size for w in finite.values()):
        raise ValueError("no weight is a finite number, so there is nothing to count")
    drawable(np.concatenate(list(finite.values())), "the weights")
    reach = max(float(np.abs(w).max(initial=0.0)) for w in finite.values()) or 1.0
    edges = np.linspace(-reach, reach, bins + 1)
    ax = axes(ax, theme=colors)
    for at, (name, w) in enumerate(found.items()):
        share = f"{np.mean(np.abs(w) < near_zero):.0%} within ±{number(near_zero)}"
        line = style(at, colors)
        ax.hist(
            finite[name], edges, histtype="step", label=f"{label(name)}: {share}" if name else share, log=True, **line
        )
        ax.hist(finite[name], edges, color=line["color"], alpha=0.15, log=True)
    low, high = 0.8, max(ax.get_ylim()[1], 3.0)  # room for the legend above the curves; the axis is logarithmic
    ax.yaxis.get_major_locator().set_params(subs=(1, 2, 5) if high < 1e3 else (1,))  # 1, 2, 5, 10: these are counts
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("")
    ax.set_ylim(low, high * (high / low) ** (0.05 + 0.07 * len(found)))
    legend(ax, colors, loc="upper right", framealpha=0.9)
    ax.set(xlabel="weight", ylabel="how many")
    heading(ax, title)
    return ax  # type: ignore[no-any-return]


def _answer(model: Any, x: np.ndarray) -> np.ndarray:
    """A row for each sample."""
    with no_grad(), evaluating(model) if hasattr(model, "named_parameters") else nullcontext():
        out = np.asarray(values(model(x)))
    if out.shape[:1] != x.shape[:1]:
        raise ValueError(f"the model must give an answer for each sample, but of {len(x)} it makes {out.shape}")
    return out.reshape(len(x), -1)

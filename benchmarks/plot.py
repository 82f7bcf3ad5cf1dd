"""The picture of a run: for each row, every contender as a multiple of NumPy written by hand, on a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .contenders import CONTENDERS
from .race import Result

INK = "#808080"  # reads on white and on black
# Marks, for print without colour; colours of Okabe and Ito, which the colour-blind tell apart; and how far below the
# row's line, so that neighbours don't cover each other.
STYLES = {
    "limit": ("|", INK, 0.0), "program": ("o", "#009E73", 0.0), "eager": ("s", "#0072B2", 0.0),
    "torch": ("^", "#D55E00", 0.2), "torch-fused": ("v", "#D55E00", 0.2), "torch-compile": ("P", "#D55E00", 0.2),
    "jax": ("D", "#CC79A7", -0.2), "jax-ahead": ("d", "#CC79A7", -0.2), "autograd": ("X", "#E69F00", -0.2),
    "mygrad": ("*", "#E69F00", -0.2), "tinygrad": ("h", "#56B4E9", -0.2), "micrograd": ("<", "#56B4E9", -0.2),
}  # fmt: skip


def plot(results: Sequence[Result], path: str) -> None:
    """Write the picture; the name's ending says which format."""
    from matplotlib.figure import Figure

    drawn = [result for result in results if "limit" in result.times]
    figure = Figure(figsize=(9, 1.8 + 0.5 * len(drawn)), layout="constrained")
    axes: Any = figure.add_subplot()
    for contender, (mark, colour, shift) in STYLES.items():
        places = [(result.ratio(contender, "limit"), y + shift) for y, result in enumerate(drawn)]
        seen = [(x, y) for x, y in places if x is not None]
        if seen:
            ours = contender in ("program", "eager")
            axes.plot(
                *zip(*seen, strict=True), mark, color=colour, markersize=9 if ours else 7, alpha=1 if ours else 0.85,
                label=CONTENDERS[contender].label, linestyle="none", zorder=3 if ours else 2,
            )  # fmt: skip
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.set_yticks(range(len(drawn)), [result.name for result in drawn])
    axes.invert_yaxis()
    axes.set_xlabel("time of a pass, as a multiple of NumPy written by hand", color=INK)
    axes.tick_params(colors=INK, which="both")
    axes.grid(axis="x", color=INK, alpha=0.3, linewidth=0.6)
    axes.grid(axis="y", color=INK, alpha=0.15, linewidth=0.6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, labelcolor=INK, fontsize=9)
    figure.savefig(path, dpi=150, transparent=True)

"""The picture of a run: for each row, every contender as a multiple of NumPy written by hand, on a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .contenders import CONTENDERS
from .race import Result

INK = "#808080"  # reads on white and on black
# Colours of Okabe and Ito, which the colour-blind tell apart; and a mark each, for print without colour.
STYLES = {
    "limit": ("|", INK), "program": ("o", "#009E73"), "eager": ("s", "#0072B2"),
    "torch": ("^", "#D55E00"), "torch-fused": ("v", "#D55E00"), "torch-compile": ("P", "#D55E00"),
    "jax": ("D", "#CC79A7"), "jax-ahead": ("d", "#CC79A7"), "autograd": ("X", "#E69F00"),
    "mygrad": ("*", "#E69F00"), "tinygrad": ("h", "#56B4E9"), "micrograd": ("<", "#56B4E9"),
}  # fmt: skip


def plot(results: Sequence[Result], path: str) -> None:
    """Write the picture; the name's ending says which format."""
    from matplotlib.figure import Figure

    drawn = [result for result in results if "limit" in result.times]
    figure = Figure(figsize=(9, 1.8 + 0.42 * len(drawn)), layout="constrained")
    axes: Any = figure.add_subplot()
    for contender, (mark, colour) in STYLES.items():
        places = [(result.ratio(contender, "limit"), y) for y, result in enumerate(drawn)]
        seen = [(x, y) for x, y in places if x is not None]
        if seen:
            ours = contender in ("program", "eager")
            axes.plot(
                *zip(*seen, strict=True), mark, color=colour, markersize=9 if ours else 7, alpha=1 if ours else 0.85,
                label=CONTENDERS[contender].label, linestyle="none", zorder=3 if ours else 2,
            )  # fmt: skip
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
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

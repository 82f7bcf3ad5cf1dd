"""Pictures, drawn from the engine's records: graphs, the backward pass step by step, gradient flow, derivations, plots.

    viz.graph(loss)                   the computation graph                      .save("graph.svg")
    viz.steps(loss, "steps.html")     forward and backward, one step at a time
    viz.flow(loss)                    where gradients vanish or explode          .save("flow.svg")
    viz.derivation(loss, wrt=w)       the chain rule in symbols and numbers                  .save("chain.svg")
    viz.program(fast)                 the program of tg.compile(step) beside its graph      .save("program.html")

and plots of training, with matplotlib: history, gradient_heatmap, decision_boundary, activations, weights, landscape,
paths. `python -m viz doctor` says what this machine can draw.

How a picture is made, file by file, from data to ink:

    graph       trace (boxes, arrows; fold) → dot or layout (ranks, rows, across, routes, frames) → draw
    step page   lesson (steps of terms; blocks, updates, meets, formulas) → page (HTML), still (one step for a slide)
    flow        ways (through the record) → chains (stops and factors)
    derivation  ways (heads: those of a cross-entropy are one) → factors → derivation (text) → latex → typeset
    program     listing (its text as lines and boxes) → program
    plots       plots, heatmap, surface on axes
    all         text, theme → svg → picture (its formats; paint for PNG and PDF) → files
"""

from typing import TYPE_CHECKING, NoReturn

from .derivation import Derivation, derivation
from .dot import DotNotFound
from .flow import flow
from .graph import graph
from .heatmap import gradient_heatmap
from .picture import Picture
from .plots import activations, decision_boundary, history, weights
from .program import program
from .steps import Steps, steps
from .surface import landscape, paths

__all__ = [
    "Derivation",
    "DotNotFound",
    "Picture",
    "Steps",
    "activations",
    "decision_boundary",
    "derivation",
    "flow",
    "gradient_heatmap",
    "graph",
    "history",
    "landscape",
    "paths",
    "program",
    "steps",
    "weights",
]


def _missing(name: str) -> NoReturn:
    raise AttributeError(f"viz has no {name!r}; it has {', '.join(__all__)}", name=name)


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = _missing

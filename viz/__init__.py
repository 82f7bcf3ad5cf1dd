"""Pictures, drawn from the engine's records: graphs, the backward pass step by step, gradient flow, derivations, plots.

    viz.graph(loss)                   the computation graph                            .save("graph.svg")
    viz.steps(loss, "steps.html")     forward and backward, one step at a time
    viz.flow(loss)                    where gradients vanish or explode                .save("flow.svg")
    viz.derivation(loss, wrt=w)       the chain rule in symbols and numbers            .save("chain.svg")
    viz.program(fast)                 the program of tg.compile(step) beside its graph .save("program.html")

and plots of training, with matplotlib: history, gradient_heatmap, decision_boundary, activations, weights, landscape,
paths. `python -m viz doctor` says what this machine can draw.

A folder for each kind of picture; how it is made, file by file, from data to ink:

    graphs       graph: fold → trace (boxes, arrows) → digraph (DOT) → engine (dot, or layout: ranks, rows, across,
                 routes, frames) → draw
    lessons      steps: lesson (blocks, updates; steps are made of terms) → page (HTML), still (one step for a slide)
    chain_rule   flow: ways (through the record) → chains (stops and factors) → digraph
                 derivation: ways (heads: all of a loss as one of them) → factors (meets, formulas) → lines →
                 writers (latex) → typeset
    programs     program: listing (its text as lines and boxes)
    plots        curves, models, heatmap, surface on axes
    ink          of all: text, theme → svg → picture (its formats; paint, dot for PNG and PDF) → files; pages
"""

from typing import TYPE_CHECKING, NoReturn

from .chain_rule.derivation import Derivation, derivation
from .chain_rule.flow import flow
from .graphs.graph import graph
from .ink.dot import DotNotFound
from .ink.picture import Picture
from .lessons.steps import Steps, steps
from .plots.curves import history
from .plots.heatmap import gradient_heatmap
from .plots.models import activations, decision_boundary, weights
from .plots.surface import landscape, paths
from .programs.program import program

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

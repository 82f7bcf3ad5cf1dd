"""Random graphs: gradients against differences, the program against the graph it was captured from, and PyTorch.

The short form of these is tests/properties, and tests/oracle.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

import tinygrad_reg as tg
from tests.properties import test_graphs as laws
from tests.properties import test_programs as programs
from tests.properties.graphs import Graph

from .attack import attack


def a_graph(rng: np.random.Generator, most: int = 40) -> Graph:
    """3 to `most` ops, drawn from the table of all ops' cases."""
    return Graph(int(rng.integers(2**32)), int(rng.integers(3, most + 1)))


@attack(long=2000, short=0)
def gradients(rng: np.random.Generator, folder: Path) -> None:
    """random graphs, 3 to 40 ops: the gradient is the slope"""
    graph = a_graph(rng)
    leaves = laws.variables(graph)
    laws.check_slope(graph, laws.directions(graph), tg.gradients(graph(*leaves), leaves))


@attack(long=1000, short=0)
def second_derivatives(rng: np.random.Generator, folder: Path) -> None:
    """random graphs, 3 to 10 ops: the second derivative is the slope of the gradient"""
    laws.check_curvature(a_graph(rng, 10))


@attack(long=100, short=0)
def programs_of_graphs(rng: np.random.Generator, folder: Path) -> None:
    """random graphs, 3 to 40 ops: the captured program gives the same bits"""
    graph = a_graph(rng)
    while not programs.can_be_captured(graph):
        graph = a_graph(rng)
    programs.check_program(graph)


if importlib.util.find_spec("torch"):

    @attack(long=2000, short=0)
    def pytorch(rng: np.random.Generator, folder: Path) -> int:
        """random graphs, 3 to 40 ops: PyTorch agrees (numbers compared)"""
        from tests.oracle.replay import compare

        graph = a_graph(rng)
        return compare(graph, graph.leaves, order=2 if graph.ops < 12 else 1)

"""Random graphs of ops from the registry's table of cases, in which every gradient can be checked by differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_reg as tg
from tests.ops.test_ops import CASES as ALL

# Not here: rounding to steps of 0.1, which are too close together, and Cholesky of what a disturbance makes asymmetric.
CASES = [case for case in ALL if case.note != "decimals" and (case.op, case.note) != ("cholesky", "")]
DISTURBANCE = 0.06  # how far earlier results move a case's inputs: not across the kinks that its numbers keep away from


@dataclass
class Graph:
    """A function of many arrays: a chain of cases, whose inputs are moved by results of earlier ones.

    Each case is evaluated at its own inputs, leaves of the graph, plus a small bounded function of two earlier results;
    so leaves lie at every depth, ops use each other's results many times, and no op is taken to a kink.
    """

    seed: int
    ops: int

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.cases = [CASES[i] for i in rng.integers(len(CASES), size=self.ops)]
        self.sources = [rng.integers(i + 1, size=2).tolist() for i in range(self.ops)]  # no arrays: not to be captured
        self.leaves = [np.array(x, float) for case in self.cases for x in case.inputs]
        self.weights = rng.uniform(0.5, 1.5, size=self.ops).tolist()

    def __str__(self) -> str:
        return f"seed {self.seed}: " + " → ".join(map(str, self.cases))

    def __call__(self, *leaves: Any) -> Any:
        """The weighted sum of all results, as a Tensor."""
        left = iter(leaves)
        results: list[Any] = [tg.Tensor([0.3, -0.2])]
        loss: Any = 0.0
        for case, sources, weight in zip(self.cases, self.sources, self.weights, strict=True):
            inputs = []
            for x in case.inputs:
                first, second = (fitted(results[i], np.shape(x)) for i in sources)
                inputs.append(next(left) + DISTURBANCE * np.sin(np.arcsinh(first)) * np.cos(np.arcsinh(second)))
            out = case.call(*inputs)
            results.append(out)
            loss = loss + weight * np.mean(np.arcsinh(out)) if out.size else loss
        return loss


def fitted(x: Any, shape: tuple[int, ...]) -> Any:
    """The numbers of x, repeated or cut to fill `shape`; zeros where there are none."""
    size = int(np.prod(shape))
    if not x.size:
        return np.zeros(shape)
    return np.reshape(np.take(np.ravel(x), np.arange(size) % x.size), shape)

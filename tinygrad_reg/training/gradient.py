"""The gradient of a training step, computed as the hand-written loop does, or by a program that was captured from it.

A program can't look at values. So everything that looks (is the loss a finite number? what do callbacks say?) is done
by Run with what is returned here.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import losses, program
from ..answers import checks
from ..insight.debug import columns_and_rows
from ..layers.module import Module
from ..modes import generator
from ..optim import Optimizer
from ..tensor import Tensor, values


class Parts(NamedTuple):
    """What a forward pass gives: Tensors, or their values."""

    out: Any
    loss: Any  # of the data
    penalty: Any  # None where no layer declares one
    total: Any


class Gradient:
    """Called with a batch, it leaves ∂total/∂p in each parameter's `.grad`, unless total is no finite number.

    It returns the values: arrays, and no Tensors, for making these would take a fifth of a small step.
    """

    def __init__(self, model: Module, loss: losses.Loss, optimizer: Optimizer, compile: bool) -> None:
        self._given = model, loss, optimizer
        own = set(optimizer.params)
        self._others = [tensor for _, tensor in model.named_state() if tensor not in own]
        self.program = program.compile(_step) if compile else None
        self._first = True
        self._layers_rngs = [rng for _, rng in model.named_generators()] if compile else []
        self._before: list[tuple[np.random.Generator, Any]] = []
        self._batch: tuple[Any, ...] = ()
        self._total: Tensor | None = None

    def __call__(self, penalised: bool, x: Any, y: Any, weights: Any) -> Parts:
        """Forward and backward; `penalised` says whether the model declares penalties."""
        self._total = None  # the last batch's graph is not to take memory beside this one's
        if self.program is not None:
            self._batch = penalised, x, y, weights
            self._before = [(rng, rng.bit_generator.state) for rng in (generator(), *self._layers_rngs)]
            found: Parts = self.program(*self._given, *self._batch)
        else:
            model, loss, optimizer = self._given
            parts = _forward(model, loss, penalised, x, y, weights)
            if self._first:
                _check(parts, y)
            self._total, found = parts.total, _arrays(parts)
            if math.isfinite(found.total.item()):
                _backward(optimizer, self._others, parts.total)
        self._first = False
        return found

    def with_graph(self) -> Tensor:
        """The total with its graph, to explain it. A program has none: the batch is run once more."""
        if self._total is not None:
            return self._total
        model, loss, _ = self._given
        after = [(rng, rng.bit_generator.state) for rng, _ in self._before]
        for rng, state in self._before:
            rng.bit_generator.state = state
        statistics = [(t, t.data) for _, t in model.named_state() if not t.requires_grad]
        copies = [data.copy() for _, data in statistics]
        total: Tensor = _forward(model, loss, *self._batch).total
        for (t, data), copy in zip(statistics, copies, strict=True):  # moved by the run that diverged already
            if t.data is not data or not np.array_equal(data, copy, equal_nan=True):
                t.data = copy
        for rng, state in after:
            rng.bit_generator.state = state
        return total


# What is compiled is a function that is given all that it uses: so a program follows the variables of the model's and
# the loss's code, and nothing holds itself in memory.


def _step(
    model: Module, loss: losses.Loss, optimizer: Optimizer, penalised: bool, x: Any, y: Any, weights: Any
) -> Parts:
    parts = _forward(model, loss, penalised, x, y, weights)
    _check(parts, y)
    own = set(optimizer.params)
    _backward(optimizer, [p for p in model.parameters() if p not in own], parts.total)
    return _arrays(parts)


def _forward(model: Module, loss: losses.Loss, penalised: bool, x: Any, y: Any, weights: Any) -> Parts:
    out = model(x)
    of_data = checks.one_number("a loss function", loss(out, y) if weights is None else loss(out, y, weights=weights))
    penalty = model.penalty() if penalised else None
    return Parts(out, of_data, penalty, of_data if penalty is None else of_data + penalty)


def _backward(optimizer: Optimizer, others: list[Tensor], total: Tensor) -> None:
    """Each gradient is that of this step, also in the `others`, which the optimizer was not given."""
    optimizer.zero_grad()
    for tensor in others:
        tensor.grad = None
    total.backward(retain_grads=False)


def _arrays(parts: Parts) -> Parts:
    return Parts(*map(values, parts))


def _check(parts: Parts, y: Any) -> None:
    """What only the graph of the first prediction can tell."""
    out, total = parts.out, parts.total
    if not total.requires_grad:
        raise ValueError(
            "the loss does not depend on any parameter: somewhere between them the graph is cut (by .detach(), "
            ".numpy(), no_grad()), or the loss was computed with plain arrays"
        )
    if isinstance(out, Tensor) and out.shape == (len(y), 1) and np.ndim(y) == 1:  # a loss of the house has refused it
        columns_and_rows(total)

"""What a step is made of: texts, numbers and matrices in a row, to be set as HTML (page.py) or as SVG (still.py)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tinygrad_reg.insight.explain import ForwardStep
from tinygrad_reg.insight.words import number, short
from tinygrad_reg.modes import quiet
from tinygrad_reg.norms import length

from ..chain_rule.formulas import OPERATORS

SHOWN = 36  # elements; larger arrays are summarised


@dataclass(frozen=True)
class Text:
    """A piece of text. Its role decides its colour: "plain", "up", "local", "out", "muted", "code"."""

    text: str
    role: str = "plain"


@dataclass(frozen=True)
class Array:
    """A number, a matrix of numbers, or a summary of a large array."""

    value: np.ndarray
    role: str = "plain"
    signed: bool = False  # a negative number gets brackets, because it stands behind an operator
    answer: bool = False  # what a student is to predict

    def cells(self, digits: int) -> list[list[str]] | None:
        """The rows of a matrix, or None for a single number and for an array to be summarised."""
        value = self.value
        if value.size <= 1 or value.size > SHOWN:
            return None
        rows = value.reshape(1, -1) if value.ndim == 1 else value.reshape(-1, value.shape[-1])
        return [[number(x, digits) for x in row] for row in rows.tolist()]

    def inline(self, digits: int) -> str:
        """A single number as it stands in a formula."""
        text = short(self.value, digits)
        return f"({text})" if self.signed and text.startswith("−") else text

    def caption(self) -> str:
        """The shape, where the rows of the matrix do not tell it."""
        return shape_text(self.value) if self.value.ndim > 2 else ""

    def summary(self, digits: int) -> list[tuple[str, str]]:
        """What is told of a large array: shape, extremes, mean, norm, and how many are not finite."""
        return list(_summary(self.value, digits))


def shape_text(value: np.ndarray) -> str:
    """4×2"""
    return "×".join(map(str, value.shape)) or "number"


def _summary(value: np.ndarray, digits: int) -> Iterator[tuple[str, str]]:
    yield "shape", shape_text(value)
    if not value.size:
        return
    with quiet():
        finite = value[np.isfinite(value)].astype(np.float64)
        if finite.size:
            yield "min", number(float(finite.min()), digits)
            yield "max", number(float(finite.max()), digits)
            yield "mean", number(float(finite.mean()), digits)
        yield "norm", number(length(value), digits)
        for name, found in (("NaN", np.isnan(value)), ("inf", np.isinf(value))):
            if found.any():
                yield name, str(int(found.sum()))


Term = Text | Array


@dataclass(frozen=True)
class Row:
    """One line of a step: for whom, a note on it, and what is computed."""

    name: str
    terms: tuple[Term, ...]
    local: str = ""  # the local derivative as a formula
    note: str = ""


@dataclass(frozen=True)
class Step:
    """One step of the page: what is said and computed, and what it changes in the graph."""

    phase: str  # "forward", "backward", "update"
    title: str
    why: str
    rows: tuple[Row, ...] = ()
    lead: tuple[Term, ...] = ()  # the upstream gradient
    heads: tuple[str, ...] = ()  # over the columns of the rows
    code: str = ""
    place: str = ""
    layer: str = ""
    formula: str = ""  # an optimizer's update
    active: tuple[str, ...] = ()  # boxes it is about
    targets: tuple[str, ...] = ()  # boxes that receive something
    arrows: dict[str, tuple[str, ...]] = field(default_factory=dict)  # arrows in use, and what stands on them
    changes: dict[str, dict[str, str]] = field(default_factory=dict)  # box → {"value": …, "grad": …} from this step on

    @property
    def has_answer(self) -> bool:
        """Whether there is something to predict."""
        return any(isinstance(term, Array) and term.answer for row in self.rows for term in row.terms)


def exact(value: np.ndarray | None) -> object:
    """The numbers in full, for data attributes: nested lists, with None where JSON has no number. None if too many."""
    if value is None or value.size > SHOWN:
        return None
    plain = value.astype(np.float64)
    if np.isfinite(plain).all():
        return plain.tolist()
    return [x if math.isfinite(x) else None for x in plain.ravel().tolist()]


def in_numbers(steps: Sequence[ForwardStep], step: ForwardStep) -> Iterator[Term]:
    """The operation with its inputs' numbers: x ⊙ y with an operator between, σ(x) otherwise."""
    values = [Array(steps[i].value, signed=True) for i in step.inputs]
    if len(values) == 2 and step.symbol in OPERATORS:
        both = all(v.value.size > 1 for v in values)
        yield Array(values[0].value)  # a negative number in front needs no brackets
        yield Text("⊙" if step.symbol == "×" and both else step.symbol)
        yield values[1]
    elif step.op == "affine":
        for value, sign in zip(values, ("@", "+", ""), strict=True):
            yield from (Array(value.value), Text(sign))
    elif step.symbol == "−":
        yield Text("−")
        yield from values
    else:
        named = not set(step.symbol) & set(" [")  # otherwise the definition beside it says what is done
        if named:
            yield Text(f"{step.symbol}(")
        for at, value in enumerate(values):
            if at:
                yield Text(",")
            yield Array(value.value)
        if named:
            yield Text(")")

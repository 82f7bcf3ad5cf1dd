"""The chain rule along ways through a record: which factors each is the product of, in symbols and in numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygrad_reg.insight.explain import BackwardStep, Record, send_back
from tinygrad_reg.insight.words import subscript

from . import formulas
from .formulas import definition, is_activation, is_given, unnamed
from .heads import Head
from .meets import averaged, how
from .ways import slope


@dataclass(frozen=True)
class Factor:
    """∂node/∂input on a path: how it is written, and what it is."""

    node: str
    input: str
    texts: tuple[str, ...]  # what it is the product of, "w4", "σ′(z4)"; of arrays how it is applied, "∂L/∂M2 @ W2ᵀ"
    values: tuple[float, ...] | None  # the same in numbers, None for arrays
    part: np.ndarray  # the gradient that has come as far as `input` on this path ...
    arrives: str  # ... and what that is called: ∂L/∂W, or (∂L/∂W)₁ where other paths bring the rest of it
    upstream: str  # the same of `node`
    way: int  # the number of the way whose share that is, 0 where it is all of the gradient
    where: tuple[str, ...] = ()  # what σ′ stands for
    simpler: tuple[str, str, str] | None = None  # two factors, and what their product is: a − y
    n: int = 1  # over how many numbers a mean is taken in it


@dataclass(frozen=True)
class Path:
    """One way from the loss to the tensor."""

    factors: tuple[Factor, ...]

    @property
    def contribution(self) -> np.ndarray:
        """What arrives on this way."""
        return self.factors[-1].part

    @property
    def in_numbers(self) -> bool:
        """Whether all factors are single numbers."""
        return all(f.values is not None for f in self.factors)


Way = Sequence[Sequence[BackwardStep]]  # at each step, the shares that go from one tensor to the next


def along(
    record: Record, ways: Mapping[int, Way], meetings: Collection[int]
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Each way with its factors, and what the tensors without a name are that they lead through.

    `ways` are numbered, from 1; at `meetings`, a way brings only a share of the gradient.
    """
    paths = [Path(tuple(_merged(_factors(record, way, number, meetings)))) for number, way in ways.items()]
    stops = [tuple(factor.input for factor in path.factors) for path in paths]
    if len(set(stops)) == len(stops) and all(
        len(s) > 1 or len(way) == 1 for s, way in zip(stops, ways.values(), strict=True)
    ):
        return paths, []
    # With what has no name passed over, a way would be no chain any more, or look like another one.
    on_ways = {shares[0].input for way in ways.values() for shares in way}
    definitions = [(step.name, _dotted(definition(record.forward, step, on_ways))) for step in record.forward
                   if step.index in on_ways and step.op and unnamed(step)]  # fmt: skip
    whole = [tuple(_factors(record, way, number, meetings, on_ways)) for number, way in ways.items()]
    return [Path(factors) for factors in whole], definitions


def _factors(
    record: Record, way: Way, number: int, meetings: Collection[int], kept: Collection[int] = ()
) -> list[Factor]:
    """The factors of a way, and what comes as far as each; tensors that are `kept` stand in it as their names."""
    gradient = np.ones(record.output.shape, record.output.dtype)
    factors: list[Factor] = []
    before = None
    for shares in way:
        top, bottom = record.forward[shares[0].node], record.forward[shares[0].input]
        head = shares[0] if isinstance(shares[0], Head) else None
        gradient = gradient * head.local if head else send_back(top.tensor, bottom.tensor, gradient)
        way_of_share = number if bottom.index in meetings else 0
        upstream = factors[-1].arrives if factors else "1"
        factors.append(_factor(record, shares, gradient, way_of_share, upstream, kept))
        if before and before.simpler:
            texts = factors[-2].texts[-1], factors[-1].texts[0], before.simpler
            factors[-1] = replace(factors[-1], simpler=texts)
        before = head
    return factors


def _called(goal: str, name: str, way: int) -> str:
    """What has come as far as tensor `name`: its gradient, or the share of it that comes by one way."""
    gradient = f"∂{goal}/∂{name}"
    return f"({gradient}){subscript(way)}" if way else gradient


def _factor(
    record: Record, shares: Sequence[BackwardStep], part: np.ndarray, way: int, upstream: str, kept: Collection[int]
) -> Factor:
    steps = record.forward

    def local_text(share: BackwardStep) -> str:
        return _dotted(formulas.local_text(steps, share, kept))

    top, bottom = steps[shares[0].node], steps[shares[0].input]
    arrives = _called(steps[-1].name, bottom.name, way)
    if top.value.size == bottom.value.size == 1:
        texts = [f"{top.symbol}′({bottom.name})" if is_activation(top) else local_text(s) for s in shares]
        texts = ["1" if text == "1/n" else text for text in texts]  # the mean of one number
        value = slope(steps, shares)
        where = (f"{texts[0]} = {local_text(shares[0])}",) if is_activation(top) else ()
        return Factor(top.name, bottom.name, (" + ".join(texts),), (value,), part, arrives, upstream, way, where)
    texts = []
    for s in shares:
        parts = re.split(r"(\bG\b|local)", how(s, steps))
        local = local_text(s)
        words = {"G": upstream, "local": local if re.fullmatch(r"[\w.]+", local) else f"({local})"}
        meets = "".join(words.get(part, part) for part in parts)
        if upstream == "1" and " ⊙ local" in how(s, steps):  # at the loss itself
            meets = f"({local})/n" if "/n" in meets.partition(" ⊙ ")[0] else local
        texts.append(f"{upstream}, unchanged" if s.how == "G ⊙ local" and local == "1" else meets)
    n = shares[0].n if isinstance(shares[0], Head) else averaged(shares[0], steps)
    return Factor(top.name, bottom.name, (" + ".join(texts),), None, part, arrives, upstream, way, n=n)


def _merged(factors: Sequence[Factor]) -> list[Factor]:
    """Numbers without a name are passed over: ∂z/∂v · ∂v/∂a is ∂z/∂a."""
    merged: list[Factor] = []
    for f in factors:
        before = merged[-1] if merged else None
        if before and before.values is not None and f.values is not None and is_given(f.node):
            kept = [(t, v) for t, v in zip(before.texts + f.texts, before.values + f.values, strict=True) if t != "1"]
            texts, values = tuple(t for t, _ in kept) or ("1",), tuple(v for _, v in kept) or (1.0,)
            merged[-1] = replace(
                before, input=f.input, texts=texts, values=values, part=f.part, arrives=f.arrives, way=f.way,
                where=before.where + f.where, simpler=before.simpler or f.simpler,
            )  # fmt: skip
        else:
            merged.append(f)
    return merged


def _dotted(formula: str) -> str:
    """With one sign for products, that of the chain rule."""
    return formula.replace(" × ", " · ")

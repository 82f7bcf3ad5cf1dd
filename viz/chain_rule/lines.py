"""What a derivation says, way by way and line by line, as plain data: written by writers.py as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tinygrad_reg.insight.words import is_number

from ..ink.text import clean
from .factors import Factor, Path
from .formulas import compound, is_given


@dataclass(frozen=True)
class Chain:
    """∂L/∂h · ∂h/∂w"""

    slopes: tuple[tuple[str, str], ...]  # of each the name above and the name below


@dataclass(frozen=True)
class Symbols:
    """The same as formulas: (h + h) · x"""

    factors: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """The same in numbers: 12 · 2 = 24"""

    factors: tuple[float, ...]
    value: np.ndarray


@dataclass(frozen=True)
class Stage:
    """How the gradient of one tensor is made of the one before, where arrays take part: ∂L/∂W = xᵀ @ ∂L/∂z"""

    of: str | int  # ∂L/∂W, or the number of the way whose part it is
    formula: str
    value: np.ndarray


@dataclass(frozen=True)
class Way:
    """One way from the loss to the tensor."""

    of: str | int  # what its lines come to: ∂L/∂w, or one of several parts of it, by its number
    stops: tuple[str, ...]  # the tensors' names
    lines: tuple[Chain | Symbols | Numbers | Stage, ...]
    slopes: tuple[str, ...]  # what σ′ stands for in them: "σ′(z) = a · (1 − a)"
    value: np.ndarray


@dataclass(frozen=True)
class Share:
    """A name for a share of a gradient, (∂L/∂y)₁, and the way that it comes by."""

    name: str
    way: int
    ways: int


@dataclass(frozen=True)
class Account:
    """All that a derivation says."""

    goal: str
    wrt: str
    ways: tuple[Way, ...]
    gradient: np.ndarray  # the sum of their values
    definitions: tuple[tuple[str, str], ...]  # what the tensors without a name are that a way leads through
    share: Share | None  # the first one that stands in a line


def account(
    goal: str, wrt: str, paths: Sequence[Path], gradient: np.ndarray, definitions: Sequence[tuple[str, str]], count: int
) -> Account:
    """What there is to say of `paths`, which are all the ways there are, or one of the `count`."""
    written: set[str] = set()
    several = len(paths) > 1
    ways = []
    for at, path in enumerate(paths, 1):
        of = at if several else path.factors[-1].arrives
        lines = _in_numbers(path, several) if path.in_numbers else _in_arrays(path, of, written)
        slopes = first_slopes(text for f in path.factors for text in f.where) if path.in_numbers else ()
        stops = (goal, *(f.input for f in path.factors))
        ways.append(Way(of, stops, tuple(lines), tuple(slopes), path.contribution))
    shares = (Share(clean(f.arrives, 60), f.way, count) for f in _named(paths) if f.way)
    return Account(goal, wrt, tuple(ways), gradient, tuple(definitions), next(shares, None))


def first_slopes(texts: Iterable[str]) -> Iterable[str]:
    """What σ′ stands for, once for each function, and wherever its argument has no name: σ′(v7) tells of no tensor."""
    first: dict[str, str] = {}
    for text in texts:
        function, _, argument = text.partition(" = ")[0].partition("′")
        first.setdefault(function + argument * is_given(argument.strip("()")), text)
    return first.values()


def _chain(path: Path) -> Chain:
    return Chain(tuple((f.node, f.input) for f in path.factors))


def _in_numbers(path: Path, is_part: bool) -> Iterator[Chain | Symbols | Numbers]:
    """Symbols, what they come down to, and numbers."""
    if len(path.factors) > 1 or not is_part:
        yield _chain(path)
    shown = _shown(path)
    simpler = _simplified(path, shown)
    for factors in (shown, simpler) if len(simpler) < len(shown) else (shown,):
        yield Symbols(tuple(text for text, _ in factors))
    if len(simpler) > 1 or not is_number(simpler[0][0]):  # a number is its own formula
        yield Numbers(tuple(value for _, value in simpler), path.contribution)


def _in_arrays(path: Path, of: str | int, written: set[str]) -> Iterator[Chain | Stage]:
    """Stage by stage; what other ways have `written` before, and is the same on this one, is left out."""
    yield _chain(path)
    for at, f in enumerate(path.factors):
        formula = f.texts[0]
        if f.values is not None:  # plain numbers: their product, times what has come as far as here
            come = [f.upstream] if at else []
            formula = " · ".join([*come, *(compound(text) for text in f.texts if text != "1")]) or "1"
        if f.simpler:
            formula += f" = {f.simpler[2]}"
        if f.arrives not in written:
            written.add(f.arrives)
            yield Stage(of if f is path.factors[-1] else f.arrives, formula, f.part)


def _shown(path: Path) -> list[tuple[str, float]]:
    """The factors in symbols and in numbers, without those that are simply 1."""
    pairs = [pair for f in path.factors for pair in zip(f.texts, f.values or (), strict=True)]
    return [(text, value) for text, value in pairs if text != "1"] or pairs[:1]


def _simplified(path: Path, shown: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The same factors, with what the output of a cross-entropy and the slope of its sigmoid come to: a − y."""
    found = list(shown)
    for one, other, product in (f.simpler for f in path.factors if f.simpler):
        for at, ((text, value), (next_text, next_value)) in enumerate(pairwise(found)):
            if (text, next_text) == (one, other):
                found[at : at + 2] = [(product, value * next_value)]
                break
    return found


def _named(paths: Sequence[Path]) -> Iterator[Factor]:
    """The factors after which a line gives what has arrived by its name; what a part comes to has only a number."""
    if len(paths) == 1:
        yield from paths[0].factors
    else:
        yield from (f for path in paths if not path.in_numbers for f in path.factors[:-1])

"""The two writers of a derivation's lines: as text for a console, and as LaTeX for notebooks and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygrad_reg.insight.words import in_full, number
from tinygrad_reg.norms import length

from ..ink.text import clean
from . import latex
from .formulas import compound
from .lines import Account, Chain, Numbers, Stage, Symbols, Way, first_slopes

DOT = r"\cdot "


@dataclass(frozen=True)
class Text:
    """Numbers in so many digits; names and formulas are cut where they get too long for a line."""

    digits: int

    def lines(self, account: Account) -> Iterator[str]:
        """The ways, their sum where there are several, and what else has a name."""
        indent = ""
        if len(account.ways) == 1:
            (way,) = account.ways
            yield from self._way(way)
            indent = " " * (len(self._called(way.of)) + 3)
        else:
            yield from self._sum(account)
        for name, formula in account.definitions:
            yield f"{indent}where {clean(name)} = {clean(formula, 60)}"
        if share := account.share:
            yield f"{indent}where {share.name} is what comes by way {share.way} of {share.ways}"

    def _sum(self, account: Account) -> Iterator[str]:
        head = f"∂{clean(account.goal)}/∂{clean(account.wrt)}"
        yield f"{head} is the sum over {len(account.ways)} ways:"
        for way in account.ways:
            stops = " → ".join(clean(name, 14) for name in way.stops)
            yield f"({way.of})  {stops}{', directly' if len(way.stops) == 2 else ''}"
            yield from (f"     {line}" for line in self._way(way))
        parts = " + ".join(_bracketed(in_full(way.value, self.digits)) for way in account.ways)
        yield f"{head} = {parts} = {in_full(account.gradient, self.digits)}"

    def _way(self, way: Way) -> Iterator[str]:
        """What its lines come to stands on the left of the first one only; a stage has a left side of its own."""
        head = self._called(way.of)
        pad = " " * len(head)
        left = head
        for line in way.lines:
            match line:
                case Chain([_]) if isinstance(way.of, str) and isinstance(way.lines[-1], Stage):
                    continue  # ∂L/∂w = ∂L/∂w: the one stage says it all
                case Chain(slopes):
                    yield f"{left} = {' · '.join(f'∂{clean(top, 14)}/∂{clean(below, 14)}' for top, below in slopes)}"
                case Symbols(factors):
                    yield f"{left} = {_product([clean(text, 40) for text in factors], ' · ')}"
                case Numbers(factors, value):
                    if len(factors) > 1:
                        yield f"{left} = {' · '.join(_bracketed(number(x, self.digits)) for x in factors)}"
                    yield f"{left} = {in_full(value, self.digits)}"
                case Stage(of, formula, value):
                    indent = "" if left is head else f"{pad}   "
                    result = in_full(value, self.digits)
                    shown = f" = {result}" if result != formula else ""
                    yield f"{indent}{self._called(of)} = {clean(formula, 70)}{shown}"
            left = pad
        for slope in way.slopes:
            yield f"{pad}   where {clean(slope, 60)}"

    def _called(self, of: str | int) -> str:
        return f"part {of}" if isinstance(of, int) else clean(of, 60)


@dataclass(frozen=True)
class Latex:
    """Formulas in `names`, those of all tensors. A line is whole: its left side stands there again."""

    names: Sequence[str]
    digits: int

    def lines(self, account: Account) -> Iterator[str]:
        """The ways, their sum where there are several, and what else has a name."""
        for way in account.ways:
            yield from self._way(way)
        if len(account.ways) > 1:
            yield from self._sum(account)
        for slope in first_slopes(slope for way in account.ways for slope in way.slopes):
            yield " = ".join(map(self._formula, slope.split(" = ")))
        for name, formula in account.definitions:
            yield f"{latex.name(name)} = {self._formula(formula)}"
        if share := account.share:
            what = rf"what\ comes\ by\ way\ {share.way}\ of\ {share.ways}"
            yield rf"{self._formula(share.name)} = \mathrm{{{what}}}"

    def _sum(self, account: Account) -> Iterator[str]:
        head = latex.fraction(account.goal, account.wrt)
        yield f"{head} = {' + '.join(self._called(way.of) for way in account.ways)}"
        if account.gradient.size == 1:
            parts = " + ".join(_bracketed(self._number(way.value.item())) for way in account.ways)
            yield f"{head} = {parts} = {self._number(account.gradient.item())}"
        else:
            yield rf"\|{head}\| = {self._number(length(account.gradient))}"

    def _way(self, way: Way) -> Iterator[str]:
        left = self._called(way.of)
        for line in way.lines:
            match line:
                case Chain(slopes):
                    yield f"{left} = {DOT.join(latex.fraction(top, below) for top, below in slopes)}"
                case Symbols(factors):
                    yield f"{left} = {_product([self._formula(text) for text in factors], DOT)}"
                case Numbers((x,)):
                    yield f"{left} = {self._number(x)}"
                case Numbers(factors, value):
                    product = DOT.join(_bracketed(self._number(x)) for x in factors)
                    yield f"{left} = {product} = {self._number(value.item())}"
                case Stage(of, formula, value) if value.size == 1:
                    result = number(value.item(), self.digits)
                    shown = f" = {latex.number(result)}" if result != formula else ""
                    yield f"{self._called(of)} = {self._formula(formula)}{shown}"
                case Stage(of, formula, value):
                    shape, norm = r"\times ".join(map(str, value.shape)), self._number(length(value))
                    size = rf"\quad({shape},\;\mathrm{{norm}}\;{norm})"
                    yield f"{self._called(of)} = {self._formula(formula)}{size}"

    def _called(self, of: str | int) -> str:
        return f"P_{{{of}}}" if isinstance(of, int) else self._formula(of)

    def _formula(self, text: str) -> str:
        return latex.formula(text, self.names)

    def _number(self, x: float) -> str:
        return latex.number(number(x, self.digits))


def _product(factors: Sequence[str], dot: str) -> str:
    """A sum that is multiplied stands in brackets."""
    return dot.join(map(compound, factors)) if len(factors) > 1 else factors[0]


def _bracketed(text: str) -> str:
    return f"({text})" if text[:1] in ("−", "-") else text

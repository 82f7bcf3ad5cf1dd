"""viz.derivation: the chain rule from a loss to one tensor, written out in symbols and in numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import whole
from tinygrad_reg.insight.explain import explain
from tinygrad_reg.insight.words import in_full, number
from tinygrad_reg.modes import quiet
from tinygrad_reg.norms import length

from ..ink import files
from ..ink.text import clean
from ..ink.theme import Theme, look
from . import latex
from .factors import Factor, Path, along
from .formulas import compound
from .typeset import typeset
from .ways import Ways, find

MOST = 32  # ways that are written out
MOST_FACTORS = 500  # of a way that is written out


class Derivation:
    """What `viz.derivation` returns: print it, save it, or take `.text`, `.latex` and the numbers in `.paths`."""

    def __init__(
        self, goal: str, wrt: str, paths: Sequence[Path], names: Sequence[str], digits: int, theme: Theme,
        definitions: Sequence[tuple[str, str]], ways: int,
    ) -> None:  # fmt: skip
        self.goal, self.wrt = goal, wrt
        self._definitions = definitions  # what the tensors without a name are that a way leads through
        self.paths = tuple(paths)
        self._ways = ways  # how many there are, written out or not
        contributions = [path.contribution for path in paths]
        with quiet():
            self.gradient = np.asarray(sum(contributions[1:], start=contributions[0]))
        self._names, self._digits, self._theme = names, digits, theme

    # ---- text

    @property
    def text(self) -> str:
        """Symbols, then numbers, a line each."""
        head = f"∂{clean(self.goal)}/∂{clean(self.wrt)}"
        where = [f"where {clean(name)} = {clean(formula, 60)}" for name, formula in self._definitions]
        shares = self._shares()
        if shares:
            where.append(f"where {shares[0]} is what comes by way {shares[1]} of {self._ways}")
        if len(self.paths) == 1:
            head = clean(self.paths[0].factors[-1].arrives, 60)
            pad = " " * (len(head) + 3)
            return "\n".join([*self._path(self.paths[0], head, set()), *(pad + line for line in where)])
        written: set[str] = set()
        lines = [f"{head} is the sum over {len(self.paths)} ways:"]
        for at, path in enumerate(self.paths, 1):
            way = " → ".join(clean(n, 14) for n in (self.goal, *(f.input for f in path.factors)))
            way += ", directly" if len(path.factors) == 1 else ""
            lines += [f"({at})  {way}", *(f"     {line}" for line in self._path(path, f"part {at}", written))]
        parts = [_bracketed(in_full(p.contribution, self._digits)) for p in self.paths]
        lines.append(f"{head} = {' + '.join(parts)} = {in_full(self.gradient, self._digits)}")
        return "\n".join([*lines, *where])

    def _shares(self) -> tuple[str, int] | None:
        """The first name of a share that is written out, and the number of its way."""
        of_one = len(self.paths) == 1
        for path in self.paths:
            for f in path.factors[: None if of_one else -1]:
                if f.way and (of_one or not path.in_numbers):
                    return clean(f.arrives, 60), f.way
        return None

    def _path(self, path: Path, head: str, written: set[str]) -> Iterator[str]:
        """The lines of one way; what stands in those `written` before, and is the same on this one, is left out."""
        pad = " " * len(head)
        is_part = len(self.paths) > 1  # of a derivative, so what is directly under it is not all of it
        product = f"{head} = {' · '.join(f'∂{clean(f.node, 14)}/∂{clean(f.input, 14)}' for f in path.factors)}"
        if not path.in_numbers:
            alone = len(path.factors) == 1 and not is_part
            if not alone:
                yield product
            for f, formula in self._stages(path, written):
                left = head if f is path.factors[-1] else clean(f.arrives, 60)
                result = in_full(f.part, self._digits)
                space = "" if alone else f"{pad}   "
                yield f"{space}{left} = {clean(formula, 70)}{f' = {result}' if result != formula else ''}"
            return
        shown = _shown(path)
        formula = _joined([clean(text, 40) for text, _ in shown])
        if is_part and len(path.factors) == 1:
            yield f"{head} = {formula}"
        else:
            yield product
            yield f"{pad} = {formula}"
        simpler = _simplified(path, shown)
        if len(simpler) < len(shown):
            yield f"{pad} = {_joined([clean(text, 40) for text, _ in simpler])}"
            shown = simpler
        if len(shown) > 1:
            yield f"{pad} = {' · '.join(_bracketed(number(value, self._digits)) for _, value in shown)}"
        yield f"{pad} = {in_full(path.contribution, self._digits)}"
        for text in _slopes(path.factors):
            yield f"{pad}   where {clean(text, 60)}"

    def _stages(self, path: Path, written: set[str]) -> Iterator[tuple[Factor, str]]:
        """Where arrays take part: how the gradient of each factor's input is made of the one before."""
        for at, f in enumerate(path.factors):
            formula = f.texts[0]
            if f.values is not None:  # plain numbers: their product, times what has come as far as here
                come = [f.upstream] if at else []
                formula = " · ".join([*come, *(compound(text) for text in f.texts if text != "1")]) or "1"
            if f.simpler:
                formula += f" = {f.simpler[2]}"
            if f.arrives not in written:
                written.add(f.arrives)
                yield f, formula

    # ---- LaTeX

    @property
    def latex_lines(self) -> list[str]:
        """The same as formulas, each of which LaTeX and matplotlib's mathtext can set: put it between dollars."""
        head = latex.fraction(self.goal, self.wrt)
        lines = []
        written: set[str] = set()
        for at, path in enumerate(self.paths, 1):
            left = latex.formula(path.factors[-1].arrives, self._names) if len(self.paths) == 1 else f"P_{{{at}}}"
            if len(self.paths) == 1 or len(path.factors) > 1 or not path.in_numbers:
                lines.append(f"{left} = {_cdot(latex.fraction(f.node, f.input) for f in path.factors)}")
            if not path.in_numbers:
                for f, formula in self._stages(path, written):
                    stage = left if f is path.factors[-1] else latex.formula(f.arrives, self._names)
                    lines.append(f"{stage} = {latex.formula(formula, self._names)}{self._size(f.part, formula)}")
                continue
            shown = _shown(path)
            product = _joined([latex.formula(text, self._names) for text, _ in shown], r"\cdot ")
            lines.append(f"{left} = {product}")
            simpler = _simplified(path, shown)
            if len(simpler) < len(shown):
                shown = simpler
                product = _joined([latex.formula(text, self._names) for text, _ in shown], r"\cdot ")
                lines.append(f"{left} = {product}")
            values = [latex.number(number(value, self._digits)) for _, value in shown]
            many = len(values) > 1
            lines.append(f"{left} = {_cdot(map(_bracketed, values)) if many else values[0]}"
                         + (f" = {self._latex(path.contribution)}" if many else ""))  # fmt: skip
        if len(self.paths) > 1:
            lines.append(f"{head} = {' + '.join(f'P_{{{at}}}' for at in range(1, len(self.paths) + 1))}")
        if self.gradient.size != 1 and len(self.paths) > 1:
            norm = number(length(self.gradient), self._digits)
            lines.append(f"\\|{head}\\| = {latex.number(norm)}")
        elif len(self.paths) > 1:
            parts = " + ".join(_bracketed(self._latex(p.contribution)) for p in self.paths)
            lines.append(f"{head} = {parts} = {self._latex(self.gradient)}")
        for text in _slopes(factor for path in self.paths if path.in_numbers for factor in path.factors):
            lines.append(" = ".join(latex.formula(side, self._names) for side in text.split(" = ")))
        lines += [f"{latex.name(name)} = {latex.formula(text, self._names)}" for name, text in self._definitions]
        shares = self._shares()
        if shares:
            what = rf"\mathrm{{what\ comes\ by\ way\ {shares[1]}\ of\ {self._ways}}}"
            lines.append(f"{latex.formula(shares[0], self._names)} = {what}")
        return lines

    def _latex(self, value: np.ndarray) -> str:
        return latex.number(number(value.item(), self._digits))

    def _size(self, value: np.ndarray, formula: str) -> str:
        """What stands behind a formula: what it comes to, of an array its shape and norm."""
        if value.size == 1:
            return f" = {self._latex(value)}" if number(value.item(), self._digits) != formula else ""
        shape = r"\times ".join(map(str, value.shape))
        return rf"\quad({shape},\;\mathrm{{norm}}\;{latex.number(number(length(value), self._digits))})"

    @property
    def latex(self) -> str:
        """All formulas, a line each."""
        return "\n".join(self.latex_lines)

    def _repr_latex_(self) -> str:
        lines = r" \\ ".join(f"{left} &= {right}" for left, right in self._aligned())
        return f"$$\\begin{{aligned}}{lines}\\end{{aligned}}$$"

    def _aligned(self) -> Iterator[tuple[str, str]]:
        """What stands on the left and on the right of each formula's =; a left side that goes on is not repeated."""
        before = ""
        for line in self.latex_lines:
            left, _, right = line.partition(" = ")
            yield "" if left == before else left, right
            before = left

    # ---- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to `path`, as its ending says: .txt, .tex, or as a picture .svg, .png, .pdf, with matplotlib."""
        format = files.ending(path, ("txt", "tex", "svg", "png", "pdf"))
        if format in ("txt", "tex"):
            files.write(path, f"{self.text if format == 'txt' else self._repr_latex_()}\n")
        else:
            files.write(path, typeset(list(self._aligned()), format, self._theme))

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@answered
def derivation(
    loss: Tensor, *, wrt: Tensor, path: int | None = None, digits: int = 4, theme: str = "light"
) -> Derivation:
    """The chain rule for ∂loss/∂wrt along all ways between them, or along way number `path` (from 0).

    The factors of a way multiply to what it contributes, and the contributions add up to the gradient. `theme` is that
    of the picture, when it is saved as one.

    >>> from tinygrad_reg import Tensor
    >>> w, x = Tensor(3.0, requires_grad=True, name="w"), Tensor(2.0, name="x")
    >>> h = w * x
    >>> L = h * h
    >>> print(derivation(L, wrt=w))
    ∂L/∂w = ∂L/∂h · ∂h/∂w
          = (h + h) · x
          = 12 · 2
          = 24
    """
    if not isinstance(loss, Tensor):
        calling = "; call the model, and its loss has a derivation" if hasattr(loss, "named_parameters") else ""
        raise TypeError(f"derivation() takes a Tensor, the loss, not {type(loss).__name__}{calling}")
    whole("digits", digits, 1, 17)
    colors = look(theme)
    record = explain(loss)
    ways = Ways(record, find(record, wrt))
    names = [step.name for step in record.forward]
    top, goal = names[-1], names[ways.goal]
    if path is None and ways.count > MOST:
        raise ValueError(
            f"{ways.count:,} ways lead from {top} to {goal}; give path=0 … {ways.count - 1:,} for one of them, "
            "or the wrt= of a tensor that is nearer"
        )
    if path is not None and not (isinstance(path, int) and 0 <= path < ways.count):
        raise IndexError(f"there are ways 0 to {ways.count - 1:,}, but not {path!r}")
    chosen = {n + 1: ways.way(n) for n in (range(ways.count) if path is None else [path])}
    factors = max(map(len, chosen.values()))
    if factors > MOST_FACTORS:
        raise ValueError(
            f"a way from {top} to {goal} has {factors:,} factors, and up to {MOST_FACTORS} are written out: give the "
            "wrt= of a tensor that is nearer; viz.flow(loss, wrt=...) draws ways of any length"
        )
    paths, definitions = along(record, chosen, ways.meetings)
    counts = {f.n for path in paths for f in path.factors if f.n > 1}
    definitions += [("n", str(n)) for n in counts if len(counts) == 1 and "n" not in names]
    return Derivation(top, goal, paths, names, digits, colors, definitions, ways.count)


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


def _slopes(factors: Iterable[Factor]) -> Iterator[str]:
    """What σ′ stands for, once for each function."""
    first: dict[str, str] = {}
    for text in (text for f in factors for text in f.where):
        first.setdefault(text.split("′")[0], text)
    yield from first.values()


def _joined(factors: Sequence[str], dot: str = " · ") -> str:
    """A product; a sum that is multiplied stands in brackets."""
    return dot.join(map(compound, factors)) if len(factors) > 1 else factors[0]


def _cdot(parts: Iterable[str]) -> str:
    return r"\cdot ".join(parts)


def _bracketed(text: str) -> str:
    return f"({text})" if text[:1] in ("−", "-") else text

"""viz.derivation: the chain rule from a loss to one tensor, written out in symbols and in numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.checks import whole
from tinygrad_reg.explain import BackwardStep, Record, explain, send_back
from tinygrad_reg.norms import length
from tinygrad_reg.words import number, short

from . import files, formulas, latex
from .formulas import definition, unnamed
from .meets import how
from .text import clean
from .typeset import typeset
from .ways import Ways, find, is_activation, slope

MOST = 32  # ways that are written out


@dataclass(frozen=True)
class Factor:
    """∂node/∂input on a path: how it is written, and what it is."""

    node: str
    input: str
    texts: tuple[str, ...]  # what it is the product of, "w4", "σ′(z4)"; of arrays how it is applied, "∂L/∂M2 @ W2ᵀ"
    values: tuple[float, ...] | None  # the same in numbers, None for arrays
    part: np.ndarray  # the gradient that has come as far as `input` on this path
    where: tuple[str, ...] = ()  # what σ′ stands for


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


class Derivation:
    """What `viz.derivation` returns: print it, save it, or take `.text`, `.latex` and the numbers in `.paths`."""

    def __init__(
        self, goal: str, wrt: str, paths: Sequence[Path], names: Sequence[str], digits: int,
        definitions: Sequence[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        self.goal, self.wrt = goal, wrt
        self._definitions = definitions  # what the tensors without a name are that a way leads through
        self.paths = tuple(paths)
        self.gradient = np.asarray(
            sum((p.contribution for p in paths[1:]), start=paths[0].contribution)
        )  # of all paths
        self._names, self._digits = names, digits

    # ---- text

    @property
    def text(self) -> str:
        """Symbols, then numbers, a line each."""
        head = f"∂{clean(self.goal)}/∂{clean(self.wrt)}"
        where = [f"where {clean(name)} = {clean(formula, 60)}" for name, formula in self._definitions]
        if len(self.paths) == 1:
            pad = " " * (len(head) + 3)
            return "\n".join([*self._path(self.paths[0], head), *(pad + line for line in where)])
        lines = [f"{head} is the sum over {len(self.paths)} ways:"]
        for at, path in enumerate(self.paths, 1):
            way = " → ".join(clean(n, 14) for n in (self.goal, *(f.input for f in path.factors)))
            way += ", directly" if len(path.factors) == 1 else ""
            lines += [f"({at})  {way}", *(f"     {line}" for line in self._path(path, "part " + str(at)))]
        parts = [_bracketed(short(p.contribution, self._digits)) for p in self.paths]
        lines.append(f"{head} = {' + '.join(parts)} = {short(self.gradient, self._digits)}")
        return "\n".join([*lines, *where])

    def _path(self, path: Path, head: str) -> Iterator[str]:
        pad = " " * len(head)
        is_part = len(self.paths) > 1  # of a derivative, so what is directly under it is not all of it
        product = f"{head} = {' · '.join(f'∂{clean(f.node, 14)}/∂{clean(f.input, 14)}' for f in path.factors)}"
        if not path.in_numbers:
            yield product
            for at, f in enumerate(path.factors):
                formula = f.texts[0]
                if f.values is not None:  # plain numbers: their product, times what has come as far as here
                    come = [f"∂{clean(self.goal)}/∂{clean(f.node)}"] if at else []
                    formula = " · ".join([*come, *(_compound(text) for text in f.texts if text != "1")]) or "1"
                step = f"∂{clean(self.goal)}/∂{clean(f.input)} = {clean(formula, 70)}"
                yield f"{pad}   {step} = {short(f.part, self._digits)}"
            return
        shown = _shown(path)
        formula = _joined([clean(text, 40) for text, _ in shown])
        if is_part and len(path.factors) == 1:
            yield f"{head} = {formula}"
        else:
            yield product
            yield f"{pad} = {formula}"
        if len(shown) > 1:
            yield f"{pad} = {' · '.join(_bracketed(number(value, self._digits)) for _, value in shown)}"
        yield f"{pad} = {short(path.contribution, self._digits)}"
        first = {text.split("′")[0]: text for f in reversed(path.factors) for text in reversed(f.where)}
        for text in first.values():
            yield f"{pad}   where {clean(text, 60)}"

    # ---- LaTeX

    @property
    def latex_lines(self) -> list[str]:
        """The same as formulas, each of which LaTeX and matplotlib's mathtext can set: put it between dollars."""
        head = latex.fraction(self.goal, self.wrt)
        lines = []
        for at, path in enumerate(self.paths, 1):
            left = head if len(self.paths) == 1 else f"P_{{{at}}}"
            if len(self.paths) == 1 or len(path.factors) > 1 or not path.in_numbers:
                lines.append(f"{left} = {_cdot(latex.fraction(f.node, f.input) for f in path.factors)}")
            if path.in_numbers:
                shown = _shown(path)
                product = _joined([latex.formula(text, self._names) for text, _ in shown], r"\cdot ")
                lines.append(f"{left} = {product}")
                values = _cdot(_bracketed(latex.number(number(value, self._digits))) for _, value in shown)
                lines.append(f"{left} = {values}" + (f" = {self._latex(path.contribution)}" if len(shown) > 1 else ""))
        if len(self.paths) > 1:
            lines.append(f"{head} = {' + '.join(f'P_{{{at}}}' for at in range(1, len(self.paths) + 1))}")
        if self.gradient.size > 1:
            norm = number(length(self.gradient), self._digits)
            lines.append(f"\\|{head}\\| = {latex.number(norm)}")
        elif len(self.paths) > 1:
            parts = " + ".join(_bracketed(self._latex(p.contribution)) for p in self.paths)
            lines.append(f"{head} = {parts} = {self._latex(self.gradient)}")
        lines += [f"{latex.name(name)} = {latex.formula(text, self._names)}" for name, text in self._definitions]
        return lines

    def _latex(self, value: np.ndarray) -> str:
        return latex.number(short(value, self._digits))

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
            files.write(path, typeset(list(self._aligned()), format))

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def derivation(loss: Tensor, *, wrt: Tensor, path: int | None = None, digits: int = 4) -> Derivation:
    """The chain rule for ∂loss/∂wrt along all ways between them, or along way number `path` (from 0).

    The factors of a way multiply to what it contributes, and the contributions add up to the gradient.

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
    chosen = range(ways.count) if path is None else [path]
    taken = [ways.way(n) for n in chosen]
    paths = [Path(tuple(_merged(_factors(record, way)))) for way in taken]
    stops = [tuple(factor.input for factor in path.factors) for path in paths]
    if len(set(stops)) == len(stops) and all(len(s) > 1 or len(way) == 1 for s, way in zip(stops, taken, strict=True)):
        return Derivation(top, goal, paths, names, digits)
    # With what has no name passed over, a way would be no chain any more, or look like another one.
    on_ways = {shares[0].input for way in taken for shares in way}
    definitions = [(step.name, _dotted(definition(record.forward, step, on_ways))) for step in record.forward
                   if step.index in on_ways and step.op and unnamed(step)]  # fmt: skip
    paths = [Path(tuple(_factors(record, way, on_ways))) for way in taken]
    return Derivation(top, goal, paths, names, digits, definitions)


def _factors(record: Record, way: Sequence[Sequence[BackwardStep]], kept: Collection[int] = ()) -> list[Factor]:
    """The factors of a way, and what comes as far as each; tensors that are `kept` stand in it as their names."""
    gradient = np.ones(record.output.shape, record.output.dtype)
    factors = []
    for shares in way:
        top, bottom = record.forward[shares[0].node], record.forward[shares[0].input]
        gradient = send_back(top.tensor, bottom.tensor, gradient)
        factors.append(_factor(record, shares, gradient, kept))
    return factors


def _factor(record: Record, shares: Sequence[BackwardStep], part: np.ndarray, kept: Collection[int]) -> Factor:
    steps = record.forward

    def local_text(share: BackwardStep) -> str:
        return _dotted(formulas.local_text(steps, share, kept))

    top, bottom = steps[shares[0].node], steps[shares[0].input]
    if top.value.size == bottom.value.size == 1:
        texts = [f"{top.symbol}′({bottom.name})" if is_activation(top) else local_text(s) for s in shares]
        value = slope(steps, shares)
        where = (f"{texts[0]} = {local_text(shares[0])}",) if is_activation(top) else ()
        return Factor(top.name, bottom.name, (" + ".join(texts),), (value,), part, where)
    upstream = "1" if top is steps[-1] else f"∂{steps[-1].name}/∂{top.name}"
    texts = []
    for s in shares:
        parts = re.split(r"(\bG\b|local)", how(s, steps))
        words = {"G": upstream, "local": f"({local_text(s)})"}
        meets = "".join(words.get(part, part) for part in parts)
        texts.append(f"{upstream}, unchanged" if s.how == "G ⊙ local" and s.local_text == "1" else meets)
    return Factor(top.name, bottom.name, (" + ".join(texts),), None, part)


def _merged(factors: Sequence[Factor]) -> list[Factor]:
    """Numbers without a name are passed over: ∂z/∂v · ∂v/∂a is ∂z/∂a."""
    merged: list[Factor] = []
    for f in factors:
        before = merged[-1] if merged else None
        if before and before.values is not None and f.values is not None and re.fullmatch(r"v\d+", f.node):
            kept = [(t, v) for t, v in zip(before.texts + f.texts, before.values + f.values, strict=True) if t != "1"]
            texts, values = tuple(t for t, _ in kept) or ("1",), tuple(v for _, v in kept) or (1.0,)
            merged[-1] = Factor(before.node, f.input, texts, values, f.part, before.where + f.where)
        else:
            merged.append(f)
    return merged


def _shown(path: Path) -> list[tuple[str, float]]:
    """The factors in symbols and in numbers, without those that are simply 1."""
    pairs = [pair for f in path.factors for pair in zip(f.texts, f.values or (), strict=True)]
    return [(text, value) for text, value in pairs if text != "1"] or pairs[:1]


def _dotted(formula: str) -> str:
    """With one sign for products, that of the chain rule."""
    return formula.replace(" × ", " · ")


def _joined(factors: Sequence[str], dot: str = " · ") -> str:
    """A product; a sum that is multiplied stands in brackets."""
    return dot.join(map(_compound, factors)) if len(factors) > 1 else factors[0]


def _compound(text: str) -> str:
    """In brackets, where it is a sum or has a sign."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "({") - (character in ")}")
        if depth == 0 and character in "+−-" and (at == 0 or text[at - 1] not in "e^{"):
            return f"({text})"
    return text


def _cdot(parts: Iterable[str]) -> str:
    return r"\cdot ".join(parts)


def _bracketed(text: str) -> str:
    return f"({text})" if text[:1] in ("−", "-") else text

"""viz.derivation: the chain rule from a loss to one tensor, written out in symbols and in numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import whole
from tinygrad_reg.insight.explain import explain
from tinygrad_reg.modes import quiet

from ..ink import files
from ..ink.theme import Theme, look
from .factors import Path, along
from .lines import account
from .typeset import typeset
from .ways import Ways, find
from .writers import Latex, Text

MOST = 32  # ways that are written out
MOST_FACTORS = 500  # of a way that is written out


class Derivation:
    """What `viz.derivation` returns: print it, save it, or take `.text`, `.latex` and the numbers in `.paths`."""

    def __init__(
        self, goal: str, wrt: str, paths: Sequence[Path], names: Sequence[str], digits: int, theme: Theme,
        definitions: Sequence[tuple[str, str]], ways: int,
    ) -> None:  # fmt: skip
        self.goal, self.wrt = goal, wrt
        self.paths = tuple(paths)
        contributions = [path.contribution for path in paths]
        with quiet():
            self.gradient = np.asarray(sum(contributions[1:], start=contributions[0]))
        self._account = account(goal, wrt, paths, self.gradient, definitions, ways)
        self._names, self._digits, self._theme = names, digits, theme

    @property
    def text(self) -> str:
        """Symbols, then numbers, a line each."""
        return "\n".join(Text(self._digits).lines(self._account))

    @property
    def latex_lines(self) -> list[str]:
        """The same as formulas, each of which LaTeX and matplotlib's mathtext can set: put it between dollars."""
        return list(Latex(self._names, self._digits).lines(self._account))

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

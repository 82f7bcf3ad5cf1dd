"""viz.steps: a page that goes through the forward and the backward pass one step at a time."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from functools import cached_property
from numbers import Integral
from typing import Any

from tinygrad_reg import Module, Tensor
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import one_of, whole
from tinygrad_reg.insight.explain import explain

from ..chain_rule.formulas import whole_formula
from ..graphs import draw, layout, rows
from ..graphs.digraph import digraph
from ..graphs.engine import ENGINES, place
from ..graphs.trace import SIZE, Drawing
from ..ink import files, svg
from ..ink.picture import Picture
from ..ink.text import clean, width
from ..ink.theme import LIGHT, THEMES, look
from .blocks import MOST, lesson_of
from .page import page
from .still import SMALLEST, W, for_slide, still
from .terms import Step, exact
from .updates import MOST as UPDATES
from .updates import update_steps, updated

PANEL = (1350.0, 390.0)  # of the page, where the graph is: a wider one is set in rows, and scrolled down to each step


class Steps:
    """What `viz.steps` returns: `.html`, `.save("steps.html")`, `len()`, and `.still(n)` for one step as a picture."""

    def __init__(self, loss: Tensor, optimizer: Any, title: str, theme: str, digits: int, engine: str) -> None:
        self.record = explain(loss)
        self.theme, self.digits = theme, digits
        updates = min(len(updated(self.record, optimizer)), UPDATES) if optimizer is not None else 0
        lesson, self.steps = lesson_of(self.record, MOST - updates, digits)
        self.plan = lesson.plan
        if optimizer is not None:
            self.steps += update_steps(lesson, optimizer)
        _reserve(self.plan, self.steps)
        source = digraph(self.plan, LIGHT, draw.CHIP_GAP).source
        self.engine = place(self.plan, source, engine, draw.CHIP_GAP)
        self.slide = for_slide(self.plan)
        if engine != "dot" and rows.fit(self.plan, *PANEL) < SMALLEST:
            self.plan = copy.deepcopy(self.plan)
            layout.place_in_width(self.plan, draw.CHIP_GAP, PANEL[0] / rows.READABLE)
            self.engine = "builtin"
        self.formula = whole_formula(self.record.forward)
        self.title = clean(title, 80) or "Backprop, one step at a time"

    @cached_property
    def html(self) -> str:
        """The page."""
        drawn = [self._still(n, self._fixed) for n in range(len(self.steps))]
        return page(
            self.plan, self.steps, self._rows(), drawn,
            title=self.title, formula=self.formula, theme=self.theme, digits=self.digits,
        )  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a .html file."""
        files.ending(path, ("html",))
        files.write(path, self.html)

    @property
    def _fixed(self) -> str:
        """The theme of what can not follow the reader's system."""
        return "dark" if self.theme == "dark" else "light"

    def __len__(self) -> int:
        return len(self.steps)

    def still(self, n: int, theme: str = "") -> Picture:
        """Step number n (from 1, as the page counts) as a picture for a slide, in the page's theme or in another."""
        if not isinstance(n, Integral) or isinstance(n, bool) or not 1 <= n <= len(self.steps):
            raise IndexError(f"there are steps 1 to {len(self.steps)}, but not {n!r}")
        n = int(n)
        theme = theme or self._fixed
        paper = look(theme).paper
        step = self.steps[n - 1]
        description = f"step {n} of {len(self.steps)}: {step.title}"
        return Picture(step.title, description, lambda: self._still(n - 1, theme), paper=paper)

    def _still(self, at: int, theme: str) -> str:
        colors = look(theme)
        step = self.steps[at]
        counter = f"{step.phase} · step {at + 1} of {len(self.steps)}"
        ids = f"{draw.prefix(self.plan)}s{at}-"
        body, height = still(
            self.slide, step, self._state(at), colors, ids, title=self.title, counter=counter, digits=self.digits
        )
        return svg.document(
            W, height, body, title=step.title, description=f"{counter}. {step.why}", prefix=ids, background=colors.paper
        )

    def _state(self, at: int) -> draw.State:
        """What the graph shows at a step: the page's script does the same."""
        texts: dict[tuple[str, str], str] = {}
        for step in self.steps[: at + 1]:
            for id, change in step.changes.items():
                texts.update({(id, role): f"grad {t}" if role == "grad" else t for role, t in change.items()})
        now = self.steps[at]
        backward = now.phase != "forward"
        passed = {a for s in self.steps[:at] if s.phase == "backward" for a in s.arrows} if backward else set()
        known = {id for id, role in texts if role == "value"}
        return draw.State(
            now.phase, now.active, now.targets, now.arrows, frozenset(passed),
            frozenset(box.id for box in self.plan.boxes if box.id not in known), texts,
        )  # fmt: skip

    def _rows(self) -> list[dict[str, Any]]:
        listed = []
        for box in self.plan.boxes:
            step = self.record.forward[box.unit.members[-1]]
            listed.append(
                {
                    "box": box.id, "index": step.index, "name": clean(step.name, 24),
                    "computed": clean(step.call if step.op else step.kind, 40),
                    "array": step.value.size > 1,
                    "kind": "free" if step.tensor.requires_grad else "fixed",
                    "value": exact(step.value), "gradient": exact(step.gradient),
                }
            )  # fmt: skip
        return listed

    def __repr__(self) -> str:
        return f"{len(self.steps)} steps through {self.formula}; .save('steps.html') writes the page"

    def _repr_html_(self) -> str:
        """A frame with the page in it."""
        attributes = {"srcdoc": self.html, "style": "width:100%;height:760px;border:0", "title": repr(self)}
        return svg.element("iframe", "", **attributes)


@answered
def steps(
    loss: Tensor,
    path: str | os.PathLike[str] | None = None,
    *,
    optimizer: Any = None,
    title: str = "",
    theme: str = "auto",
    digits: int = 4,
    engine: str = "auto",
) -> Steps:
    """A page that shows how `loss` is computed and how its gradient travels back, one step at a time.

    `path`: where to write it (a .html file; without it, nothing is written). `optimizer`: its next update of each
    parameter becomes the last steps, in its own formula (a class of one's own needs a `rule`); no parameter is changed.
    `theme`: "auto" follows the reader's system, "light" and "dark" insist. No `.grad` is touched.

    >>> from tinygrad_reg import Tensor
    >>> w, x = Tensor(3.0, requires_grad=True, name="w"), Tensor(2.0, name="x")
    >>> steps(w * x, engine="builtin")
    4 steps through v2 = w × x; .save('steps.html') writes the page
    """
    if not isinstance(loss, Tensor):
        calling = "; call the model: steps(tg.losses.mse(model(x), y))" if isinstance(loss, Module) else ""
        raise TypeError(f"steps() takes a Tensor, the loss, not {type(loss).__name__}{calling}")
    one_of("theme", theme, ("auto", *THEMES))
    one_of("engine", engine, ENGINES)
    whole("digits", digits, 1, 17)
    if path is not None:
        files.ending(path, ("html",))
    made = Steps(loss, optimizer, title, theme, digits, engine)
    if path is not None:
        made.save(path)
    return made


def _reserve(plan: Drawing, steps: Sequence[Step]) -> None:
    """Make every box wide enough for all that it is going to show."""
    for step in steps:
        for id, texts in step.changes.items():
            for role, text in texts.items():
                shown = f"grad {text}" if role == "grad" else text
                plan.box(id).minimum = max(plan.box(id).minimum, width(shown, SIZE, bold=True))

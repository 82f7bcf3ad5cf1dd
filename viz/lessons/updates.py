"""The last steps of a lesson: what the optimizer is going to do with the gradients, in its own formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.insight.explain import ForwardStep, Record
from tinygrad_reg.insight.words import number, short

from .lesson import Lesson
from .terms import Array, Row, Step, Term, Text

MOST = 12  # parameters; of more, the others are named in the last step


def updated(record: Record, optimizer: Any) -> list[ForwardStep]:
    """The parameters of `optimizer` in the graph."""
    if not hasattr(optimizer, "preview") or not hasattr(optimizer, "params"):
        raise TypeError(f"optimizer must be one of tinygrad_reg.optim, such as SGD, not {type(optimizer).__name__}")
    mine = set(optimizer.params)
    found = [s for s in record.forward if s.kind == "parameter" and s.tensor in mine]
    if not found:
        raise ValueError("none of the optimizer's parameters is part of what the loss was computed from")
    return found


def update_steps(lesson: Lesson, optimizer: Any) -> Iterator[Step]:
    """One step for each parameter of `optimizer` in the graph; nothing is changed."""
    mine = updated(lesson.record, optimizer)
    for at, step in enumerate(mine[:MOST]):
        before, after, formula, differs = _preview(optimizer, step.tensor, step.gradient)
        name = lesson.name(step.index)
        box = lesson.box_of.get(step.index)
        shown_in = box or next(b for b in lesson.plan.boxes if step.index in b.unit.leaves)
        why = f"{type(optimizer).__name__} moves {name} against its gradient."
        if differs:
            why += " Its .grad differs from this pass (accumulated or clipped), and the update uses what is in .grad."
        if at == MOST - 1 and len(mine) > MOST:
            why += f" Of the other parameters ({len(mine) - MOST}), each moves in the same way."
        moved = {box.id: {"value": _moved(step.value, after["w"], lesson.digits)}} if box else {}
        yield Step(
            "update", f"Update {name}", why, tuple(_rows(formula, before, after, name, lesson.goal, lesson.digits)),
            heads=("symbol", "", "value"), formula=formula, active=(shown_in.id,), changes=moved,
        )  # fmt: skip


_NOTES = {"w": "the parameter", "g": "its gradient", "v": "remembered", "m": "remembered", "s": "remembered"}


def _rows(
    formula: str, before: dict[str, Any], after: dict[str, Any], name: str, goal: str, digits: int
) -> Iterator[Row]:
    """The numbers of the formula, and what comes out of it."""
    arrays = {key: np.asarray(value) for key, value in before.items()}
    new = {key: np.asarray(value) for key, value in after.items()}
    if formula == "w ← w − η·g":
        lr = Text(number(float(arrays["η"]), digits), "local")
        terms: tuple[Term, ...]
        terms = (Array(arrays["w"]), Text("−"), lr, Text("×"), Array(arrays["g"], "up", signed=True), Text("="))
        yield Row(f"new {name}", (*terms, Array(new["w"], "out", answer=True)), local=f"{name} − η·∂{goal}/∂{name}")
        return
    constants = [Text(f"{key} = {number(float(arrays[key]), digits)}") for key in arrays if key not in {"w", "g", *new}]
    if constants:
        yield Row("with", tuple(constants))
    if "g" in arrays:
        yield Row("g", (Array(arrays["g"], "up"),), note=_NOTES["g"])
    for key in sorted(new, key=lambda key: key == "w"):  # the parameter last
        terms = (Array(arrays[key]), Text("→")) if key in arrays else ()
        yield Row(key, (*terms, Array(new[key], "out", answer=True)), note=_NOTES.get(key, ""))


def _moved(old: np.ndarray, new: np.ndarray, digits: int) -> str:
    before, after = short(old, digits), short(np.asarray(new), digits).split(" norm ")[-1]
    return f"→ {after}" if after.startswith("[") else f"{before} → {after}"  # both lists would make a very wide box


def _preview(
    optimizer: Any, p: Tensor, gradient: np.ndarray | None
) -> tuple[dict[str, Any], dict[str, Any], str, bool]:
    """The optimizer's own preview; where backward() has not been called, with the gradient of this record."""
    own = p.grad
    shown = optimizer.preview(p, gradient if own is None else None)
    differs = own is not None and gradient is not None and not np.allclose(own, gradient, rtol=1e-6, atol=0)
    return shown.before, shown.after, shown.formula, differs

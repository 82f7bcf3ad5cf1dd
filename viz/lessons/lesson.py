"""From the engine's record to the steps of a lesson: forward, backward, and the optimizer's update.

Every number comes from the record (tg.explain), which the walk back wrote down. What students stumble over gets a step
of its own: matrix products transposed, broadcasting undone, shares of several users summed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from tinygrad_reg.insight.explain import BackwardStep, ForwardStep, Record
from tinygrad_reg.insight.words import short

from ..chain_rule.formulas import OPERATORS, compound, local_text
from ..chain_rule.meets import PRODUCTS, how, pattern, value_of
from ..graphs.trace import Box, Drawing
from ..ink.text import clean
from .terms import Array, Row, Step, Term, Text, in_numbers, shape_text

LONG = 60  # characters of a name or formula in running text
ROWS = 8  # of a step that stands for many


class Lesson:
    """The steps of one record, over one drawing whose boxes stand for one tensor each."""

    def __init__(self, record: Record, plan: Drawing, digits: int) -> None:
        self.record, self.plan, self.digits = record, plan, digits
        self.forward = record.forward
        self.box_of = {i: box for box in plan.boxes for i in box.unit.members}
        self.arrow_of = {(arrow.head, arrow.position): arrow.id for arrow in plan.arrows}
        self.goal = clean(record.forward[-1].name, 14)
        self.shares: dict[int, int] = {}  # how many shares each tensor is going to receive
        for share in record.backward:
            self.shares[share.input] = self.shares.get(share.input, 0) + 1
        self.received: dict[int, int] = {}

    def steps(self) -> list[Step]:
        """All steps of the forward and the backward pass."""
        steps = [self._leaves(), *(self._compute(s) for s in self.forward if s.op)]
        if self.record.output.requires_grad:
            steps.append(self._seed())
            for _, shares in groupby(self.record.backward, key=lambda share: share.node):
                steps += self._back(list(shares))
        return steps

    # ---- words

    def name(self, index: int) -> str:
        """The tensor's name, short enough for a formula."""
        return clean(self.forward[index].name, 24)

    def slope(self, top: int, bottom: int) -> str:
        """∂a/∂z"""
        return f"∂{self.name(top)}/∂{self.name(bottom)}"

    def gradient(self, index: int) -> str:
        """∂L/∂z"""
        return f"∂{self.goal}/∂{self.name(index)}"

    def _short(self, value: np.ndarray | None) -> str:
        return short(value, self.digits)

    def _size(self, value: np.ndarray | None) -> str:
        """A number, or of an array the norm alone: gradients have the shape of their tensor."""
        return short(value, self.digits, most=1).split(" · ")[-1]

    def _grad(self, value: np.ndarray | None) -> dict[str, str]:
        """The gradient that a box shows from a step on."""
        return {"grad": self._short(value).split(" · ")[-1]}

    # ---- forward

    def _leaves(self) -> Step:
        leaves = [s for s in self.forward if not s.op and s.kind != "constant"]
        rows = [Row(self.name(s.index), (Array(s.value),), note=_kind(s)) for s in leaves[:ROWS]]
        if len(leaves) > ROWS:
            rows.append(Row("…", (Text(f"and {len(leaves) - ROWS} more", "muted"),)))
        boxes = [self.box_of[s.index].id for s in self.forward if not s.op]
        return Step(
            "forward", "What goes in",
            "Inputs and parameters are given. Everything else is computed from them, one operation a step.",
            tuple(rows), heads=("tensor", "", "value"), active=tuple(boxes),
            changes={box.id: {"value": self._value(box)} for box in self.plan.boxes if box.id in boxes},
        )  # fmt: skip

    def _value(self, box: Box) -> str:
        return self._short(self.forward[box.unit.members[-1]].value)

    def _compute(self, step: ForwardStep) -> Step:
        box = self.box_of[step.index]
        name = self.name(step.index)
        terms: list[Term] = list(in_numbers(self.forward, step))
        terms += [Text("="), Array(step.value, "out", answer=True)]
        why = ""
        copied = [i for i in step.inputs if _elementwise(step) and self.forward[i].shape != step.shape]
        for i in dict.fromkeys(copied):
            one, all = shape_text(self.forward[i].value), shape_text(step.value)
            why += f"{self.name(i)} ({one}) is broadcast: it is copied until it has the shape {all}. "
        definition = "" if step.call == step.expression else f"{name} = {clean(step.expression, LONG)}"
        return Step(
            "forward", f"{name} = {clean(step.call, LONG)}", why.strip(), (Row(name, tuple(terms), local=definition),),
            heads=("tensor", "definition" if definition else "", "in numbers"), active=(box.id,), **origin_of(step),
            arrows={self.arrow_of[box.id, at]: () for at in range(len(step.inputs)) if (box.id, at) in self.arrow_of},
            changes={box.id: {"value": self._short(step.value)}},
        )  # fmt: skip

    # ---- backward

    def _seed(self) -> Step:
        last = self.forward[-1]
        box = self.box_of[last.index]
        assert last.gradient is not None
        if last.value.size == 1:
            why = f"How much does {self.goal} change when {self.goal} changes? By as much. There the way back starts."
        else:
            why = (
                f"Each of the {last.value.size} elements of {self.goal} starts with gradient 1, as if they were summed."
            )
        row = Row(self.goal, (Array(last.gradient, "out", answer=True),), local=self.gradient(last.index))
        return Step(
            "backward", f"Start with {self.gradient(last.index)} = 1", why, (row,), active=(box.id,), targets=(box.id,),
            heads=("for", "derivative", "value"), changes={box.id: self._grad(last.gradient)},
        )  # fmt: skip

    def _back(self, shares: list[BackwardStep]) -> Iterator[Step]:
        """One step for a node, or one for each input of a matrix product; then what has to be summed."""
        node = self.forward[shares[0].node]
        groups = [[share] for share in shares] if _is_matmul(shares[0], self.forward) else [shares]
        for group in groups:
            matrix = _is_matmul(group[0], self.forward)
            box = self.box_of[node.index]
            assert node.gradient is not None
            later = [s for s in group if s.was_broadcast or s.before is not None]
            done = {self.box_of[s.input].id: self._grad(s.accumulated) for s in group if s not in later}
            title = f"Back through {self.name(node.index)} = {clean(node.call, LONG)}"
            if len(groups) > 1:
                title += f", to {self.name(group[0].input)}"
            yield Step(
                "backward", title, _why(node, group[0], self) if matrix else node.why,
                tuple(self._share(s) for s in group),
                (Text(self._upstream(node), "up"),),
                ("for", "local derivative", "upstream, local → contribution"), active=(box.id,),
                targets=tuple(dict.fromkeys(self.box_of[s.input].id for s in group)),
                arrows={self.arrow_of[box.id, s.position]: self._chip(s) for s in group},
                changes=done, **origin_of(node),
            )  # fmt: skip
            for share in group:
                if share.was_broadcast:
                    yield self._unbroadcast(share, last=share.before is None)
            for share in later:
                if share.before is not None:
                    yield self._fan_out(share)

    def _upstream(self, node: ForwardStep) -> str:
        if node.value.size == 1:
            return f"upstream {self.gradient(node.index)} = {self._short(node.gradient)}"
        return f"upstream {self.gradient(node.index)} ({shape_text(node.value)}), {self._size(node.gradient)}"

    def _share(self, share: BackwardStep) -> Row:
        self.received[share.input] = self.received.get(share.input, 0) + 1
        expected = self.shares[share.input]
        note = f"share {self.received[share.input]} of {expected}" if expected > 1 else ""
        return self.arrival(share, note)

    def arrival(self, share: BackwardStep, note: str = "") -> Row:
        """Upstream, local derivative and contribution of one arrow."""
        up, out = Array(share.upstream, "up"), Array(share.raw, "out", answer=True)
        local = f"{self.slope(share.node, share.input)} = {clean(local_text(self.forward, share), LONG)}"
        terms: tuple[Term, ...]
        product = pattern(share, self.forward)
        if product:
            local = f"{self.gradient(share.input)} = {clean(how(share, self.forward), LONG)}"
            factors: list[Term] = []
            for token in product[0].split():
                value = value_of(token, share.upstream, product[1].value)
                role = "up" if token[0] == "G" else "local"
                factors.append(Text(token) if value is None else Array(value, role, signed=bool(factors)))
            terms = (*factors, Text("="), out)
        elif share.local is not None and share.raw.shape == share.local.shape == share.upstream.shape:
            scalar = share.raw.size == 1
            if scalar and share.local.size == 1:
                shown = self._short(share.local)
                local += "" if local_text(self.forward, share) == shown else f" = {shown}"
            terms = (
                Array(share.upstream, "up"), Text("×" if scalar else "⊙"),
                Array(share.local, "local", signed=True), Text("="), out,
            )  # fmt: skip
        else:
            terms = (up, Text("→"), Text(clean(how(share, self.forward), LONG), "local"), Text("="), out)
        return Row(self.name(share.input), terms, local, note)

    def _chip(self, share: BackwardStep) -> tuple[str, ...]:
        """What stands on the arrow: the factor, if it is short enough, and what arrives."""
        out = self._size(share.raw)
        meets, local = how(share, self.forward), compound(local_text(self.forward, share))
        factor = _brief(meets.replace("local", local)) or _brief(meets)
        if share.local is not None and share.local.size == share.raw.size == 1:
            factor = f"× {Array(share.local, signed=True).inline(self.digits)}"
        elif share.op not in PRODUCTS and share.local is not None:
            slope = self.slope(share.node, share.input)
            factor = "× 1" if share.local_text == "1" else f"⊙ {local if len(local) <= 16 else slope}"
        return (clean(factor, LONG), out) if factor else (out,)

    def _unbroadcast(self, share: BackwardStep, last: bool) -> Step:
        name = self.name(share.input)
        before, after = shape_text(share.raw), shape_text(share.contribution)
        axes = _summed_axes(share.raw.shape, share.contribution.shape)
        terms = (Text("Σ", "local"), Array(share.raw, "up"), Text("="), Array(share.contribution, "out", answer=True))
        where = f"sum over {'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))}"
        return self._addition(
            share, f"Undo the broadcasting of {name}",
            f"{name} was copied from {after} to {before}. Every copy had its part in {self.goal}, "
            f"so the gradient of {name} is the sum over the copies.",
            Row(name, terms, local=where), "all copies → sum", "Σ copies", last,
        )  # fmt: skip

    def _fan_out(self, share: BackwardStep) -> Step:
        name = self.name(share.input)
        assert share.before is not None
        arrived, expected = self.received[share.input], self.shares[share.input]
        terms = (
            Array(share.before), Text("+"), Array(share.contribution, "up", signed=True), Text("="),
            Array(share.accumulated, "out", answer=True),
        )  # fmt: skip
        complete = arrived >= expected
        rest = "Now it is complete." if complete else f"{expected - arrived} more to come."
        return self._addition(
            share, f"{name} is used {expected} times: add the shares",
            f"{name} reaches {self.goal} on several ways, and a change of {name} acts on all of them, "
            f"so what comes back is added. {rest}",
            Row(name, terms, local=self.gradient(share.input) if complete else f"sum of {arrived} of {expected}"),
            "so far + this share = sum", "+", True,
        )  # fmt: skip

    def _addition(
        self, share: BackwardStep, title: str, why: str, row: Row, head: str, chip: str, changes: bool
    ) -> Step:
        """A step in which what has gone back over one arrow is added up."""
        user, box = self.box_of[share.node], self.box_of[share.input]
        return Step(
            "backward", title, why, (row,), heads=("for", "", head), active=(user.id,), targets=(box.id,),
            arrows={self.arrow_of[user.id, share.position]: (chip, self._size(share.contribution))},
            changes={box.id: self._grad(share.accumulated)} if changes else {},
            **origin_of(self.forward[share.node]),
        )  # fmt: skip


def origin_of(step: ForwardStep) -> dict[str, Any]:
    """The user's source line."""
    if not step.code or step.file is None:
        return {"layer": clean(step.layer, LONG)}
    file = step.file.replace("\\", "/").rsplit("/", 1)[-1]
    return {
        "code": clean(step.code, 120),
        "place": clean(f"{file}:{step.line}", LONG),
        "layer": clean(step.layer, LONG),
    }


def _kind(step: ForwardStep) -> str:
    return "parameter" if step.kind == "parameter" else "input, no gradient"


def _elementwise(step: ForwardStep) -> bool:
    return step.symbol in OPERATORS and step.symbol != "@"


def _brief(how: str) -> str:
    """How a gradient goes on, in few words, without the G that comes: "G repeated over the axes" is "repeated"."""
    words = how.replace("G", "", 1).strip() if how.startswith("G") or "@ G" in how or "⊗ G" in how else how
    return next((text for text in (words, re.split(" over | by | at ", words)[0]) if len(text) <= 18), "")


def _is_matmul(share: BackwardStep, forward: Sequence[ForwardStep]) -> bool:
    """Whether the share is G @ Wᵀ or Xᵀ @ G of two plain matrices."""
    factors = forward[share.node].inputs[:2]
    product = share.op == "matmul" or (share.op == "affine" and share.position < 2)
    return product and all(forward[i].value.ndim == 2 for i in factors)


def _why(node: ForwardStep, share: BackwardStep, lesson: Lesson) -> str:
    other = lesson.name(node.inputs[1 - share.position])
    shapes = [shape_text(share.upstream), shape_text(lesson.forward[node.inputs[1 - share.position]].value)]
    return (
        f"The upstream gradient is {shapes[0]} and {other} is {shapes[1]}: with {other} transposed the shapes fit, "
        f"and the result is {shape_text(share.raw)}, as {lesson.name(share.input)}."
    )


def _summed_axes(raw: tuple[int, ...], own: tuple[int, ...]) -> list[int]:
    added = len(raw) - len(own)
    return [*range(added), *(added + i for i, n in enumerate(own) if n == 1 and raw[added + i] != 1)]

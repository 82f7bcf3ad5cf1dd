"""Which lesson a graph gets: one step an operation, or, beyond what a page holds, one a block, layer or run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygrad_reg.insight.explain import BackwardStep, ForwardStep, Record
from tinygrad_reg.insight.words import short

from ..graphs.fold import Unit, fold
from ..graphs.trace import NOT_YET, Box, Drawing, Labels, Line, drawing, in_layers, title_of
from ..ink.text import clean
from .lesson import LONG, ROWS, Lesson, origin_of
from .terms import Array, Row, Step, Text

MOST = 60  # steps on a page
ENDS = 2  # operations that are shown at the beginning and at the end of a block with many


def lesson_of(record: Record, most: int, digits: int) -> tuple[Lesson, list[Step]]:
    """The lesson of a record, and its steps: at most `most`."""
    if len(record.forward) <= 2 * MOST:
        lesson = Lesson(record, _plan(record, None, digits), digits)
        steps = lesson.steps()
        if len(steps) <= most:
            return lesson, steps
    # Forward and backward each take a step for a box, and the two ends one more.
    lesson = BlockLesson(record, _plan(record, most // 2 - 1, digits), digits)
    return lesson, lesson.steps()


def _plan(record: Record, boxes: int | None, digits: int) -> Drawing:
    """The graph in at most so many boxes, whose texts change from step to step."""
    forward = record.forward

    def label(unit: Unit) -> tuple[list[Line], str]:
        if len(unit.members) > 1:
            heading, words = Labels(forward, frozenset(), digits)(unit)
            return [heading[0], Line(NOT_YET, "value"), Line(f"grad {NOT_YET}", "grad")], words
        step = forward[unit.members[0]]
        return _lines(step), clean(f"{step.name}: {step.expression if step.op else step.kind}", 120)

    return drawing(in_layers(fold(forward, boxes), forward), label)


def _lines(step: ForwardStep) -> list[Line]:
    title = title_of(step)
    if step.kind == "constant" and title == short(step.value):
        return [Line(title, "title")]
    gradient = Line(f"grad {NOT_YET}", "grad") if step.tensor.requires_grad else Line("no grad", "muted")
    return [Line(title, "title"), Line(NOT_YET, "value"), gradient]


class BlockLesson(Lesson):
    """One step for each box of a folded drawing, forward and then backward."""

    def __init__(self, record: Record, plan: Drawing, digits: int) -> None:
        super().__init__(record, plan, digits)
        self.arrows_into: dict[str, list[str]] = {}
        for arrow in plan.arrows:
            self.arrows_into.setdefault(arrow.head, []).append(arrow.id)
        self.sent: dict[str, list[BackwardStep]] = {}
        for share in record.backward:
            self.sent.setdefault(self.box_of[share.node].id, []).append(share)

    def steps(self) -> list[Step]:
        """All steps of the forward and the backward pass."""
        inner = [box for box in self.plan.boxes if not box.is_leaf]
        steps = [self._given(), *(self._forward(box) for box in inner)]
        if self.record.output.requires_grad:
            steps.append(self._seed())
            steps += [self._backward(box) for box in reversed(inner) if box.id in self.sent]
        return steps

    def _given(self) -> Step:
        boxes = [box for box in self.plan.boxes if box.is_leaf]
        folded = sum(s.kind == "parameter" for s in self.forward)
        rows = [
            Row(self.name(b.unit.members[0]), (Array(self.forward[b.unit.members[0]].value),)) for b in boxes[:ROWS]
        ]
        why = "There are too many operations for one a step, so each step takes a whole block."
        if folded:
            why += f" Parameters ({folded}) stand in the blocks that use them."
        return Step(
            "forward", "What goes in", why, tuple(rows), heads=("tensor", "", "value"),
            active=tuple(b.id for b in boxes), changes={b.id: {"value": self._value(b)} for b in boxes},
        )  # fmt: skip

    def _title(self, box: Box) -> str:
        if len(box.unit.members) == 1:
            step = self.forward[box.unit.members[0]]
            return f"{self.name(step.index)} = {clean(step.call, LONG)}"
        return box.lines[0].text.strip("… ")

    def _forward(self, box: Box) -> Step:
        members = box.unit.members
        rows = [
            Row(self.name(i), (Text("="), Array(self.forward[i].value, "out", answer=i == members[-1])),
                local=clean(self.forward[i].call, LONG))
            for i in _ends(members)
        ]  # fmt: skip
        why = f"{len(members):,} operations; the first and the last are shown." if len(members) > ROWS else ""
        origin = origin_of(self.forward[members[0]]) if len(members) == 1 else {}
        return Step(
            "forward", self._title(box), why, tuple(_with_gap(rows, members)), heads=("tensor", "computed as", "value"),
            active=(box.id,), arrows=dict.fromkeys(self.arrows_into.get(box.id, ()), ()),
            changes={box.id: {"value": self._value(box)}}, **origin,
        )  # fmt: skip

    def _backward(self, box: Box) -> Step:
        shares = self.sent[box.id]
        out = [s for s in shares if self.box_of.get(s.input) not in (box, None)] or shares[-1:]
        rows = [self.arrival(share) for share in out[:ROWS]]
        first, last = self.forward[box.unit.members[-1]], self.forward[box.unit.members[0]]
        why, origin = first.why, origin_of(first)
        if len(box.unit.members) > 1:
            origin = {}
            why = (
                f"{len(shares):,} shares are sent on inside of this block. The gradient enters with "
                f"{self._size(first.gradient)} "
                f"and reaches the block's first operation with {self._size(last.gradient)}."
            )
        targets = [self.box_of[s.input] for s in out if s.input in self.box_of]
        grads = {b.id: self._grad(self.forward[b.unit.members[-1]].gradient) for b in targets if b is not box}
        return Step(
            "backward", f"Back through {self._title(box)}", why, tuple(rows),
            (Text(self._upstream(first), "up"),),
            heads=("for", "local derivative", "upstream, local → contribution"), active=(box.id,),
            targets=tuple(dict.fromkeys(b.id for b in targets if b is not box)), changes=grads, **origin,
            arrows={a: () for a in self.arrows_into.get(box.id, ()) if self._carries(a, shares)},
        )  # fmt: skip

    def _carries(self, arrow: str, shares: Sequence[BackwardStep]) -> bool:
        """Whether a gradient goes back along this arrow."""
        tail = next(a.tail for a in self.plan.arrows if a.id == arrow)
        return any(self.box_of[s.input].id == tail for s in shares if s.input in self.box_of)


def _ends(members: Sequence[int]) -> list[int]:
    return list(members) if len(members) <= ROWS else [*members[:ENDS], *members[-ENDS:]]


def _with_gap(rows: Sequence[Row], members: Sequence[int]) -> Iterator[Row]:
    for at, row in enumerate(rows):
        if len(members) > ROWS and at == ENDS:
            yield Row("…", (Text(f"{len(members) - 2 * ENDS:,} more", "muted"),))
        yield row

"""From the engine's record to the drawing of a graph as plain data: boxes with their lines of text, and arrows.

What writes, places and draws it (digraph.py, engine.py, layout.py, draw.py) knows nothing of tensors: it gets this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tinygrad_reg.insight.explain import ForwardStep
from tinygrad_reg.insight.words import in_full, number, short
from tinygrad_reg.norms import length

from ..ink.text import LONGEST, clean, width
from .fold import PENALTY, Unit, levels

SIZE = 12.0  # of the font inside a box
LINE = 15.0  # from one line to the next
PADDING = 11.0
NOT_YET = "–"  # a value or gradient that is not computed yet


@dataclass(frozen=True)
class Line:
    """A line of text in a box; its role decides how it looks."""

    text: str
    role: str  # "title", "value", "grad", "muted", "strong"

    @property
    def bold(self) -> bool:
        """Whether it is set in bold."""
        return self.role in ("value", "grad", "strong")


@dataclass
class Box:
    """A node of the drawing. Layouts fill in its center."""

    id: str
    kind: str  # as Unit.kind
    lines: list[Line]
    clusters: tuple[str, ...]  # titles of the frames around it, the outermost first
    tip: str  # all of it in words
    unit: Unit
    minimum: float = 0.0  # width that later texts in this box will need
    x: float = 0.0
    y: float = 0.0

    @property
    def w(self) -> float:
        """Width."""
        return max(self._text, self.minimum, 20.0) + 2 * PADDING

    @cached_property
    def _text(self) -> float:
        """Width of its longest line; layouts ask for a box's width again and again."""
        return max((width(line.text, SIZE, line.bold) for line in self.lines), default=0.0)

    @property
    def h(self) -> float:
        """Height."""
        return len(self.lines) * LINE + 2 * PADDING - 6

    @property
    def is_leaf(self) -> bool:
        """Whether nothing was computed for it."""
        return self.kind in ("parameter", "input", "constant")


@dataclass
class Arrow:
    """An edge in the direction of computation. Layouts fill in its points: a start and cubic Bézier triples."""

    id: str
    tail: str
    head: str
    position: int  # which input of the head it is
    weight: int
    points: list[tuple[float, float]] = field(default_factory=list)
    is_cut: bool = False  # one of its ends is not shown
    turn: tuple[float, float] | None = None  # where it turns into another row: the left end of its way between rows


@dataclass
class Frame:
    """A frame around the boxes of a layer, or of a block. Layouts fill in its corners."""

    id: str
    title: str
    path: tuple[str, ...]
    boxes: frozenset[str]  # ids of all boxes in it
    corners: tuple[float, float, float, float] | None = None
    title_at: float = 8.0  # where its title begins, from its left corner
    is_crossed: bool = False  # an arrow runs wherever the title could stand


@dataclass
class Drawing:
    """A graph to be laid out and drawn."""

    title: str
    direction: str  # "LR" or "TB"
    boxes: list[Box]
    arrows: list[Arrow]
    frames: list[Frame]
    placed: list[Frame] = field(default_factory=list)  # as drawn: one for each row of a layer
    w: float = 0.0
    h: float = 0.0

    def box(self, id: str) -> Box:
        """The box of that id."""
        return self.boxes[int(id[1:])]


Label = Callable[[Unit], tuple[list[Line], str]]


def drawing(units: Sequence[Unit], label: Label, *, direction: str = "LR", title: str = "") -> Drawing:
    """Boxes, arrows and frames for `units`; `label` writes the lines in a box and its description."""
    boxes = []
    home: dict[int, int] = {}
    for at, unit in enumerate(units):
        lines, tip = label(unit)
        clusters = (clean(unit.cluster),) if unit.cluster else _path(unit)
        boxes.append(Box(f"n{at}", unit.kind, lines, clusters, tip, unit))
        home.update(dict.fromkeys(unit.members, at))
    arrows: list[Arrow] = []
    for at, unit in enumerate(units):
        single = len(unit.members) == 1
        seen: set[int] = set()
        for position, i in enumerate(unit.inputs):
            if i not in home or (not single and home[i] in seen):
                continue
            seen.add(home[i])
            tail = boxes[home[i]]
            weight = 10 if tail.unit.inputs else 1  # the trunk is kept straight, what begins somewhere gives way
            arrows.append(Arrow(f"e{len(arrows)}", tail.id, f"n{at}", position, weight))
    paths = dict.fromkeys(box.clusters[: n + 1] for box in boxes for n in range(len(box.clusters)))
    frames = [
        Frame(f"c{i}", path[-1], path, frozenset(box.id for box in boxes if box.clusters[: len(path)] == path))
        for i, path in enumerate(paths)
    ]
    return Drawing(clean(title, 80), direction, boxes, arrows, frames)


def _path(unit: Unit) -> tuple[str, ...]:
    around = levels(unit.layer)
    return tuple(called(layer) for layer in (around[:-1] if unit.kind == "layer" else around))


def called(layer: str) -> str:
    """What a frame or a box of a layer is called."""
    return clean(layer if layer.startswith(PENALTY) else f"layer {layer}")


def in_layers(units: Sequence[Unit], steps: Sequence[ForwardStep]) -> list[Unit]:
    """The units, with each leaf that a single layer uses inside of that layer's frame."""
    users: dict[int, set[str]] = {}
    for unit in units:
        for i in unit.inputs:
            if steps[i].kind in ("parameter", "constant") and unit.layer:
                users.setdefault(i, set()).add(unit.layer)
    layers = {i: {layer for layer in found if not layer.startswith(PENALTY)} or found for i, found in users.items()}
    owner = {i: next(iter(found)) for i, found in layers.items() if len(found) == 1}
    return [u if u.layer else replace(u, layer=owner.get(u.members[0], "")) for u in units]


class Labels:
    """The lines in a box: name and formula, then value and gradient as far as `show` asks for them."""

    def __init__(self, steps: Sequence[ForwardStep], show: frozenset[str], digits: int) -> None:
        self.steps, self.show, self.digits = steps, show, digits

    def __call__(self, unit: Unit) -> tuple[list[Line], str]:
        """The lines, and the same in words."""
        if unit.kind in ("blocks", "layer", "middle"):
            return self._several(unit)
        step = self.steps[unit.members[0]]
        lines = [Line(title_of(step), "title")]
        lines += [Line(clean(f"{self.steps[i].name} {self._value(i)}"), "muted") for i in unit.leaves if self._named(i)]
        if "value" in self.show and lines[0].text != self._value(step.index):
            lines.append(Line(self._value(step.index), "value"))
        elif "shape" in self.show:
            lines.append(Line(_shape(step), "muted"))
        if "grad" in self.show and step.kind != "constant":
            lines.append(self._gradient(step))
        numbers = {line.text: line.text for line in lines[1:]} | {
            self._value(step.index): in_full(step.value, self.digits)
        }
        words = [
            clean(f"{step.name}: {step.expression if step.op else step.kind}", 120),
            *(numbers[line.text] for line in lines[1:]),
        ]
        if step.file:
            words.append(clean(f"{step.code} (line {step.line})", 120))
        return lines, "; ".join(words)

    def _value(self, index: int) -> str:
        return short(self.steps[index].value, self.digits)

    def _named(self, index: int) -> bool:
        return self.steps[index].name != self._value(index)

    def _gradient(self, step: ForwardStep) -> Line:
        if not step.tensor.requires_grad:
            return Line("no grad", "muted")
        grad = step.tensor.grad
        if grad is None:
            return Line("grad not computed yet", "muted")
        return Line(f"grad {short(grad, self.digits).split(' · ')[-1]}", "grad")

    def _several(self, unit: Unit) -> tuple[list[Line], str]:
        operations = counted(sum(self.steps[i].op is not None for i in unit.members), "operation")
        learned = sum(self.steps[i].value.size for i in unit.leaves if self.steps[i].kind == "parameter")
        parameters = counted(learned, "parameter")
        within = f"{operations}, {parameters}" if learned else operations
        if unit.kind == "blocks":
            lines = [Line(f"… {unit.count:,} more identical blocks …", "strong"), Line(within, "muted")]
        elif unit.kind == "layer":
            lines = [Line(called(unit.layer), "strong"), Line(within, "muted")]
        else:
            lines = [Line(f"… {operations} not shown …", "strong")]
            if learned:
                lines.append(Line(parameters, "muted"))
        last = self.steps[unit.members[-1]]
        if "value" in self.show and unit.kind == "layer":
            lines.append(Line(self._value(last.index), "value"))
        if "grad" in self.show:
            lines.append(self._gradients(unit))
        return lines, "; ".join(line.text for line in lines)

    def _gradients(self, unit: Unit) -> Line:
        """How the gradient's size changes from the end of the unit to its beginning."""
        steps = [step for i in unit.members if (step := self.steps[i]).op and step.tensor.requires_grad]
        if not steps:
            return Line("no grad", "muted")
        gradients = [step.tensor.grad for step in (steps[-1], steps[0])]
        if any(g is None for g in gradients):
            return Line("grad not computed yet", "muted")
        sizes = [number(length(g), self.digits) for g in gradients if g is not None]
        return Line(f"grad norm: end {sizes[0]} → start {sizes[1]}", "grad")


def counted(n: int, thing: str) -> str:
    """1 operation, 2 operations, 3 boxes"""
    return f"{n:,} {thing}{'' if n == 1 else 'es' if thing.endswith('x') else 's'}"


def title_of(step: ForwardStep) -> str:
    """name = formula, as far as both fit in a box."""
    if not step.op:
        return clean(step.name)
    return f"{clean(step.name, 14)} = {clean(_fitting(step.call), LONGEST)}"


def _fitting(call: str) -> str:
    """A call that is too long for a box, with the arguments that fit: max_pool2d(v6, size=2, …)"""
    if len(call) <= LONGEST or not call.endswith(")"):
        return call
    commas = [comma.start() for comma in re.finditer(", ", call[: LONGEST - len("…)")])]
    whole = [at for at in commas if call[:at].count("(") == call[:at].count(")") + 1]
    return f"{call[: whole[-1]]}, …)" if whole else call


def _shape(step: ForwardStep) -> str:
    return "×".join(map(str, step.shape)) if step.shape else "number"

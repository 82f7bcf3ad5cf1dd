"""A program's text as lines that know their box: what each sets and reads, and back through what it carries gradients.

Forward, each line that computes something is a box, drawn with what it reads. Backward, names tell: grad_H belongs to
the box of H, and where they do not, the user's line and the gradients that a line reads.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection
from dataclasses import dataclass, replace

from ..graphs.fold import Unit
from ..graphs.trace import Arrow, Box, Drawing, Line
from ..ink.text import clean

MOST = 60  # boxes
WIDE = 34  # characters of a line in a box


@dataclass(frozen=True)
class Code:
    """A line of the program."""

    text: str
    phase: str = ""  # "forward", "backward", "update" …; "" before the first
    writes: str = ""  # the variable that it sets
    reads: frozenset[str] = frozenset()
    fills: bool = False  # it writes into a part of an array that is there already
    place: str = ""  # the user's line
    box: int | None = None


def read(source: str) -> tuple[str, list[Code]]:
    """The program's name, and its lines with what they set and read."""
    name = next(node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    lines: list[Code] = []
    phase = place = ""
    for text in source.rstrip().splitlines():
        bare = text.strip()
        if bare.startswith("# ----"):
            phase, place = bare.removeprefix("# ----").strip(), ""
        elif bare.startswith("#"):
            place = bare
        lines.append(_line(text, phase, place))
    return name, lines


def _line(text: str, phase: str, place: str) -> Code:
    bare = text.strip()
    try:
        statement = ast.parse(bare).body if bare and phase else []
    except SyntaxError:  # a return, or a part of a longer statement
        statement = []
    if not statement or not isinstance(statement[0], ast.Assign):
        return Code(text, phase, place=place)
    target = statement[0].targets[0]
    written = next((node.id for node in ast.walk(target) if isinstance(node, ast.Name)), "")
    reads = {node.id for node in ast.walk(statement[0]) if isinstance(node, ast.Name)} - {written, "np", "tg"}
    return Code(text, phase, written, frozenset(reads), isinstance(target, ast.Subscript), place)


def graph_of(lines: list[Code]) -> tuple[Drawing, list[Code]]:
    """The graph, and the lines with their boxes."""
    forward = [line for line in lines if line.phase == "forward" and line.writes]
    if not forward:
        raise ValueError("this program computes nothing, so there is no graph to draw")
    made = {line.writes for line in forward}
    given = list(dict.fromkeys(name for line in forward for name in sorted(line.reads) if name not in made))
    learned = {_graded(line.writes, given) for line in lines if line.phase == "backward"}
    boxes: list[Box] = []
    home: dict[str, int] = {}
    arrows: list[Arrow] = []
    for name in given[: MOST // 2]:
        kind = "parameter" if name in learned else "input"
        home[name] = len(boxes)
        boxes.append(_box(len(boxes), kind, "", name))
    count = 0
    for line in forward:
        tails = sorted(home[name] for name in line.reads & set(home))
        if not (line.fills and line.writes in home):
            count += 1
            if count > MOST:
                continue
            home[line.writes] = len(boxes)
            boxes.append(_box(len(boxes), "op", str(count), line.text.strip()))
        head = home[line.writes]
        for position, at in enumerate(at for at in tails if at < head):
            arrows.append(Arrow(f"e{len(arrows)}", f"n{at}", f"n{head}", position, 1 if boxes[at].is_leaf else 10))
    if count > MOST:
        boxes.append(_box(len(boxes), "middle", "", f"… {count - MOST:,} more lines, which have no box …"))
    return Drawing("", "TB", boxes, arrows, []), _linked(lines, home, boxes)


def _box(at: int, kind: str, number: str, text: str) -> Box:
    whole = f"{number} {text}" if number else text
    parts = textwrap.wrap(whole, WIDE, max_lines=4, placeholder=" …") or [""]
    lines = [Line(clean(part, WIDE + 2), "title") for part in parts]
    return Box(f"n{at}", kind, lines, (), clean(whole, 200), Unit(kind, (at,), (), number))


def _graded(name: str, known: Collection[str]) -> str | None:
    """The variable whose gradient is called `name`: grad_W1, or grad_W1_2 where there are several; None for others."""
    found = re.match(r"(?:grad|d)_(.+)", name)
    bare = found[1] if found else ""
    while bare and bare not in known:
        shorter = re.sub(r"_\d+$", "", bare)
        bare = shorter if shorter != bare else ""
    return bare or None


def _linked(lines: list[Code], home: dict[str, int], boxes: list[Box]) -> list[Code]:
    """Each line with its box: the one that it computes, or back through which it goes."""
    by_place: dict[str, set[int]] = {}
    for line in lines:
        if line.phase == "forward" and line.writes in home:
            by_place.setdefault(line.place, set()).add(home[line.writes])
    layers = {
        home[line.writes]: _layer(line.writes) for line in lines if line.phase == "forward" and line.writes in home
    }
    owner: dict[str, int] = {}  # of a gradient: the box back through which it goes next
    linked = []
    for line in lines:
        box = None
        if line.phase == "forward":
            box = home.get(line.writes)
        elif line.phase == "backward" and line.writes:
            known = _graded(line.writes, home)
            same = by_place.get(line.place, set())
            from_reads = [owner[name] for name in sorted(line.reads) if name in owner]
            box = next(iter(same)) if len(same) == 1 else from_reads[0] if from_reads else home.get(known or "")
            if known is None and len(same) > 1:
                box = _of_layer(line.writes, box, layers)
            if known is not None or box is not None:
                # A parameter's gradient goes no further: what copies it to its place belongs to the line before.
                goes_on = known is not None and not boxes[home[known]].is_leaf
                owner[line.writes] = home[known] if goes_on else box  # type: ignore[assignment,index]
        linked.append(replace(line, box=box))
    return linked


def _of_layer(name: str, box: int | None, layers: dict[int, str]) -> int | None:
    """Where the gradient `name` of something within a line belongs: a box of its layer, if `box` is of another one."""
    layer = _layer(name)
    mine = [at for at, one in layers.items() if one == layer]
    return max(mine) if layer and mine and box not in mine else box


def _layer(name: str) -> str:
    """The layer that a variable is named after: "_0" of relu_0."""
    found = re.search(r"(?:_\d+)+$", name)
    return found[0] if found else ""

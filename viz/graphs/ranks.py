"""The ranks of the built-in layout: how far along the computation each box stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .trace import Arrow, Drawing

Ends = Mapping[str, Sequence[Arrow]]  # of each box: the arrows that begin, or end, at it


def depths(drawing: Drawing) -> dict[str, int]:
    """The rank of each box."""
    depth: dict[str, int] = {}
    incoming: dict[str, list[Arrow]] = {}
    outgoing: dict[str, list[Arrow]] = {}
    for arrow in drawing.arrows:
        incoming.setdefault(arrow.head, []).append(arrow)
        outgoing.setdefault(arrow.tail, []).append(arrow)
    boxes = {box.id: box for box in drawing.boxes}
    apart = _apart(drawing, incoming)
    free = apart | _of_inputs_of_its_own(drawing, incoming, outgoing)
    before = _before(drawing, incoming, outgoing, apart)

    def span(arrow: Arrow) -> int:
        """Ranks from tail to head. What stands first in a layer's frame gets ranks that nothing outside of it has."""
        entering = boxes[arrow.tail].clusters != boxes[arrow.head].clusters
        return 1 + (before[arrow.head] if entering else 0)

    def deepen() -> None:
        for box in drawing.boxes:  # in order of computation
            if box.id in incoming:
                depth[box.id] = max(depth.get(a.tail, 0) + span(a) for a in incoming[box.id])

    def draw_near() -> None:
        """What was computed from nothing, of a layer's parameters or of an input of its own, goes to its first user."""
        for box in reversed(drawing.boxes):
            users = outgoing.get(box.id, [])
            near = [a for a in users if boxes[a.head].clusters == box.clusters]
            if box.id not in incoming or (box.id in free and 0 < len(near) == len(users)):
                depth[box.id] = min((depth[a.head] - span(a) for a in near or users), default=0)

    deepen()
    draw_near()
    deepen()  # what was drawn near may stand in the rank of another user
    draw_near()
    used = sorted(set(depth.values()))
    return {id: used.index(rank) for id, rank in depth.items()}


def _apart(drawing: Drawing, incoming: Ends) -> set[str]:
    """Boxes that no input of the model leads to."""
    apart: set[str] = set()
    for box in drawing.boxes:
        if all(a.tail in apart and drawing.box(a.tail).kind != "input" for a in incoming.get(box.id, ())):
            apart.add(box.id)
    return apart


def _of_inputs_of_its_own(drawing: Drawing, incoming: Ends, outgoing: Ends) -> set[str]:
    """Boxes that parameters and inputs that nobody else uses lead to: what a recurrent network makes of each xₜ."""
    found: set[str] = set()
    for box in drawing.boxes:
        tails = [a.tail for a in incoming.get(box.id, ())]
        has_own = any(len(outgoing[id]) == 1 and (id in found or drawing.box(id).kind == "input") for id in tails)
        if has_own and all(id in found or id not in incoming for id in tails):
            found.add(box.id)
    return found


def _before(drawing: Drawing, incoming: Ends, outgoing: Ends, apart: set[str]) -> dict[str, int]:
    """How many ranks of a box's own frame stand before it: of parameters, and of what is made of them."""
    boxes = {box.id: box for box in drawing.boxes}
    before: dict[str, int] = {}
    for box in drawing.boxes:
        tails = [a.tail for a in incoming.get(box.id, ()) if boxes[a.tail].clusters == box.clusters]
        before[box.id] = max([before[id] + (1 if id in apart else -1) for id in tails], default=0)
    for box in reversed(drawing.boxes):
        heads = [a.head for a in outgoing.get(box.id, ()) if boxes[a.head].clusters == box.clusters]
        before[box.id] = max([before[box.id], 0, *(before[id] - 1 for id in heads)])
    return before

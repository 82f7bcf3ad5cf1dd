"""The built-in layout across the computation: each box near its neighbours, in order, and clear of others' frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from .frames import FRAME, TITLE
from .routes import Item
from .trace import Drawing, Frame

BETWEEN = 8.0  # frames that stand side by side


def _separation(one: Item, other: Item) -> float:
    """Least distance across between the centers of neighbours in a rank."""
    distance = (one.extent + other.extent) / 2 + (16.0 if one.box and other.box else 9.0)
    mine = one.box.clusters if one.box else ()
    others = other.box.clusters if other.box else ()
    if mine != others:
        distance += TITLE + FRAME * max(len(mine), len(others))
    return distance


def align(ranks: Sequence[Sequence[Item]]) -> None:
    """Move items across to where their neighbours are, without changing their order."""
    for rank in ranks:
        at = 0.0
        for one, other in zip([None, *rank], rank, strict=False):
            at += _separation(one, other) if one else 0.0
            other.across = at
        for item in rank:
            item.across -= at / 2
    for sweep in range(12):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            wishes = []
            for item in rank:
                neighbours = [*item.before, *item.after]
                weight = sum(w for _, w in neighbours) or 1e-3
                wishes.append(
                    (sum(other.across * w for other, w in neighbours) / weight if neighbours else item.across, weight)
                )
            _settle(rank, wishes)


def _settle(rank: Sequence[Item], wishes: Sequence[tuple[float, float]]) -> None:
    """The places nearest to the wishes (weighted squares) that keep order and separations: what collides is pooled."""
    offsets = [0.0]
    for one, other in pairwise(rank):
        offsets.append(offsets[-1] + _separation(one, other))
    pools: list[tuple[float, float, int]] = []  # mean wish less offset, weight, how many items
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            above, other_weight, other_count = pools.pop()
            mean = (mean * weight + above * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + other_count
        pools.append((mean, weight, count))
    at = 0
    for mean, _, count in pools:
        for _ in range(count):
            rank[at].across = mean + offsets[at]
            at += 1


def clear(drawing: Drawing, ranks: Sequence[Sequence[Item]]) -> None:
    """Move what stands within a layer's frame and does not belong to it above or below that frame, where it can go.

    Boxes that have a frame of their own move with it: two layers' frames stand side by side.
    """
    lying = drawing.direction == "LR"
    items = {item.box.id: item for rank in ranks for item in rank if item.box}
    frames = [one for one in drawing.placed if one.boxes & items.keys()]
    before = [(item, item.across) for item in items.values()]
    high = _span(items.values())
    for _ in range(6):
        moved = False
        for one in frames:
            inside = [items[id] for id in one.boxes if id in items]
            for group in _strangers(one, frames, items):
                moved |= _part(inside, group, ranks, one, lying)
        if not moved:
            return
    if _span(items.values()) > 2 * high:  # they push each other away in vain: better a frame that is left out
        for item, across in before:
            item.across = across


def _span(items: Iterable[Item]) -> float:
    return max(item.across for item in items) - min(item.across for item in items)


def _strangers(one: Frame, frames: Sequence[Frame], items: Mapping[str, Item]) -> list[list[Item]]:
    """What does not belong to a frame: the boxes of each other frame, and each box that is in none."""
    others = [other for other in frames if not other.boxes & one.boxes]
    paths = {other.path for other in others}
    outermost = [o for o in others if not any(o.path[:n] in paths for n in range(1, len(o.path)))]
    framed = {id for other in outermost for id in other.boxes}
    alone = [[item] for id, item in items.items() if id not in framed and id not in one.boxes]
    return [[items[id] for id in other.boxes] for other in outermost] + alone


def _part(
    inside: Sequence[Item], group: Sequence[Item], ranks: Sequence[Sequence[Item]], one: Frame, lying: bool
) -> bool:
    """Move `group` out of the frame around `inside`, if it stands in it; whether that was to be done."""
    begin = ranks[0][0].rank
    first, last = (pick(item.rank for item in inside) for pick in (min, max))
    if max(item.rank for item in group) < first or min(item.rank for item in group) > last:
        return False
    low, high = _edges(inside, len(one.path) - 1, lying)
    shared = sum(a == b for a, b in zip(one.path, group[0].box.clusters if group[0].box else (), strict=False))
    top, bottom = _edges(group, shared, lying)
    if bottom <= low or top >= high:
        return False
    mates = [(item, other) for item in group for other in ranks[item.rank - begin] if other in inside]
    above = [item.across < other.across for item, other in mates] or [top + bottom < low + high]
    shift = low - bottom - BETWEEN if 2 * sum(above) > len(above) else high - top + BETWEEN
    for at in sorted({item.rank for item in group}):
        rank = ranks[at - begin]
        _settle(rank, [(it.across + shift, 1e4) if it in group else (it.across, 1.0) for it in rank])
    return True


def _edges(items: Sequence[Item], shared: int, lying: bool) -> tuple[float, float]:
    """From where to where, across, the frames around these boxes go, without the `shared` ones further out."""
    frames = max(len(item.box.clusters) for item in items if item.box) - shared
    title = TITLE if lying else FRAME
    low = min(item.across - item.extent / 2 for item in items) - frames * title
    return low, max(item.across + item.extent / 2 for item in items) + frames * FRAME

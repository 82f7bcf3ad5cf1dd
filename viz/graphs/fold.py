"""Making a large graph small enough to read: which operations are drawn, and which stand behind one box.

A drawn box is a Unit. Only neighbours in the order of computation are put together, so that what is drawn has no
cycles. In this order, until there are at most `most` units:
1. parameters and constants go into the operation that uses them;
2. of three or more identical blocks in a row, the first and the last stay;
3. layers become one box each, the innermost ones first;
4. the beginning and the end stay, the middle is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tinygrad_reg.insight.explain import ForwardStep


@dataclass(frozen=True)
class Unit:
    """One box: a tensor, or several of them."""

    kind: str  # "op", "parameter", "input", "constant", or "blocks", "layer", "middle" where it stands for several
    members: tuple[int, ...]  # indices of the forward steps
    inputs: tuple[int, ...]  # indices of the steps that it was computed from, in order, outside of its members
    layer: str
    leaves: tuple[int, ...] = ()  # parameters, constants, and a layer's own inputs that were put into it
    count: int = 1  # how many blocks it stands for
    cluster: str = ""  # "block 1 of 450", drawn as a frame around
    signature: tuple[object, ...] = field(default=(), repr=False)  # equal for operations of the same kind


def fold(steps: Sequence[ForwardStep], most: int | None, depth: int | None = None) -> list[Unit]:
    """The units to draw for `steps`, in order of computation; `depth` levels of layers are opened (all by default)."""
    homes = _homes(steps)
    units = [
        Unit(s.kind, (s.index,), s.inputs, home, signature=(s.op, s.shape, _options(s)))
        for s, home in zip(steps, homes, strict=True)
    ]
    if depth is not None:
        units = _layers(_leaves(units, steps), depth)
    if most is None or len(units) <= most:
        return units
    units = _leaves(units, steps)
    while len(units) > most:
        shorter = _blocks(units)
        if len(shorter) == len(units):
            break
        units = shorter
    deepest = max((len(levels(unit.layer)) for unit in units), default=0)
    for level in range(deepest, 0, -1):
        if len(units) <= most:
            break
        units = _layers(units, level)
    return units if len(units) <= most else _middle(units, most)


PENALTY = "penalty of layer "


def levels(layer: str) -> list[str]:
    """The layers that one is in, the outermost first, and itself: "0.1" is in "0". A penalty stands alone."""
    if not layer or layer.startswith(PENALTY):
        return [layer] if layer else []
    parts = layer.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _homes(steps: Sequence[ForwardStep]) -> list[str]:
    """The layer of each step. What is made of a layer's parameters alone, and leaves the layer, is its penalty."""
    apart: list[bool] = []  # whether no input of the model reaches it
    users: dict[int, list[ForwardStep]] = {}
    for step in steps:
        apart.append(all(apart[i] for i in step.inputs) if step.op else step.kind != "input")
        for i in step.inputs:
            users.setdefault(i, []).append(step)
    homes = [step.layer for step in steps]
    for step in reversed(steps):
        after = users.get(step.index, [])
        leaves = all(user.layer != step.layer or homes[user.index].startswith(PENALTY) for user in after)
        if step.op and step.layer and apart[step.index] and after and leaves:
            homes[step.index] = PENALTY + step.layer
    return homes


def _options(step: ForwardStep) -> str:
    return repr(step.options) if step.options else ""


def _leaves(units: list[Unit], steps: Sequence[ForwardStep]) -> list[Unit]:
    """Parameters and constants as part of each operation that uses them."""
    inside = {u.members[0] for u in units if u.kind in ("parameter", "constant")}
    if len(inside) == len(units):
        return units
    folded = []
    for unit in units:
        if len(unit.members) == 1 and unit.members[0] in inside:
            continue
        leaves = tuple(dict.fromkeys(i for i in unit.inputs if i in inside))
        inputs = tuple(i for i in unit.inputs if i not in inside)
        shapes = tuple(steps[i].shape for i in leaves)
        folded.append(replace(unit, inputs=inputs, leaves=unit.leaves + leaves, signature=(*unit.signature, shapes)))
    unused = inside - {i for unit in folded for i in unit.leaves}
    alone = [u for u in units if u.members[0] in unused]  # an output that is itself a parameter
    return alone + folded


def _merge(units: Sequence[Unit], kind: str, layer: str, count: int) -> Unit:
    members = tuple(i for unit in units for i in unit.members)
    within = set(members)
    inputs = tuple(dict.fromkeys(i for unit in units for i in unit.inputs if i not in within))
    leaves = tuple(dict.fromkeys(i for unit in units for i in unit.leaves))
    return Unit(kind, members, inputs, layer, leaves, count, signature=(kind, members))


def _common(layers: Sequence[str]) -> str:
    """The innermost layer that all of these belong to."""
    shared = ""
    for around in zip(*map(levels, layers), strict=False):
        if len(set(around)) > 1:
            break
        shared = around[0]
    return shared


_LONGEST_PERIOD = 400


def _blocks(units: list[Unit]) -> list[Unit]:
    """The longest row of identical blocks, as its first one, one box for those between, and its last one."""
    position = {i: at for at, unit in enumerate(units) for i in unit.members}
    kinds: dict[tuple[object, ...], int] = {}
    kind = np.array([kinds.setdefault(u.signature, len(kinds)) for u in units])
    widest = max((len(u.inputs) for u in units), default=0)
    if widest > 8:  # a box that many things lead to is no part of a repetition
        kind = np.where([len(u.inputs) > 8 for u in units], -1 - np.arange(len(units)), kind)
        widest = 8
    source = np.full((len(units), widest), -1)
    for at, unit in enumerate(units):
        for slot, i in enumerate(unit.inputs[:8]):
            source[at, slot] = position[i]
    offset = np.where(source >= 0, np.arange(len(units))[:, None] - source, 0)

    best = (0, 0, 0, 0)  # boxes saved, −period, start, blocks
    for period in range(1, min(len(units) // 3, _LONGEST_PERIOD) + 1):
        # Each input comes from the same place within the block before, or from the same box outside of the row.
        wired = (offset[period:] == offset[:-period]) | (source[period:] == source[:-period])
        same = (kind[period:] == kind[:-period]) & wired.all(axis=1)
        start, length = _longest_run(same)
        blocks = length // period + 1
        start += length % period  # a loop's first step is often another one, its last one is whole
        best = max(best, ((blocks - 2) * period - 1 if blocks >= 3 else 0, -period, -start, blocks))
    saved, period, start, blocks = best[0], -best[1], -best[2], best[3]
    if saved <= 0:
        return units
    end = start + period * blocks
    first = [replace(u, cluster=u.cluster or f"block 1 of {blocks}") for u in units[start : start + period]]
    last = [replace(u, cluster=u.cluster or f"block {blocks} of {blocks}") for u in units[end - period : end]]
    if period == 1:  # a frame around a single box tells nothing
        first, last = units[start : start + 1], units[end - 1 : end]
    hidden = units[start + period : end - period]
    return [*units[:start], *first, _merge(hidden, "blocks", "", blocks - 2), *last, *units[end:]]


def _longest_run(same: np.ndarray) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    return int(edges[2 * longest]), int(lengths[longest])


def _layers(units: list[Unit], level: int) -> list[Unit]:
    """Operations of layers at `level` (1 is the outermost) or further in, put together layer by layer."""
    merged: list[Unit] = []
    run: list[Unit] = []

    def close() -> None:
        if run:
            merged.append(_merge(run, "layer", path(run[0]), 1) if len(run) > 1 else run[0])
            run.clear()

    def path(unit: Unit) -> str:
        around = levels(unit.layer)
        return around[min(level, len(around)) - 1] if len(around) >= level or unit.layer.startswith(PENALTY) else ""

    for unit in units:
        if unit.kind in ("parameter", "input", "constant") and not unit.inputs:
            merged.append(unit)  # computed from nothing, so it may come before the layer that is being put together
            continue
        if not path(unit) or (run and path(run[0]) != path(unit)):
            close()
        if path(unit):
            run.append(unit)
        else:
            merged.append(unit)
    close()
    return _own_inputs(merged)


def _own_inputs(units: list[Unit]) -> list[Unit]:
    """What a closed layer drew for itself, such as the mask of a dropout, goes into its box."""
    users: dict[int, list[Unit]] = {}
    for unit in units:
        for i in unit.inputs:
            users.setdefault(i, []).append(unit)

    def is_own(unit: Unit) -> bool:
        using = users.get(unit.members[0], [])
        closed = all(user.kind == "layer" and user.layer in levels(unit.layer) for user in using)
        return unit.kind == "input" and bool(using) and closed

    own = {unit.members[0] for unit in units if is_own(unit)}
    kept = [unit for unit in units if unit.members[0] not in own]
    return [
        replace(
            unit,
            inputs=tuple(i for i in unit.inputs if i not in own),
            leaves=unit.leaves + tuple(i for i in unit.inputs if i in own),
        )
        for unit in kept
    ]


def _middle(units: list[Unit], most: int) -> list[Unit]:
    """The first and the last units, and one for those between."""
    begin = max((most - 1) // 2, 1)
    end = len(units) - max(most - 1 - begin, 1)
    hidden = units[begin:end]
    return [*units[:begin], _merge(hidden, "middle", _common([u.layer for u in hidden]), len(hidden)), *units[end:]]

"""How a gradient travels from the loss back to one leaf: the numbers behind viz.flow, as plain data.

The way is cut into hops, from activation to activation. In a chain of single numbers a hop's factor is the product of
its local derivatives, so the factors multiply to the gradient. Of arrays it is the ratio of the gradients' norms.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_reg import Tensor
from tinygrad_reg.diagnostics import gradient_norms
from tinygrad_reg.insight.explain import BackwardStep, ForwardStep, Record, explain
from tinygrad_reg.insight.words import number
from tinygrad_reg.modes import quiet
from tinygrad_reg.norms import length

from ..ink.text import clean
from .formulas import is_activation, is_given, unnamed
from .ways import find, longest, slope


@dataclass(frozen=True)
class Stop:
    """A tensor (or a layer) on the way, and the gradient that arrives there."""

    name: str
    gradient: float  # the number itself, or the norm of an array

    @property
    def size(self) -> float:
        """How large it is."""
        return abs(self.gradient)


@dataclass(frozen=True)
class Hop:
    """From one stop to the next one further back."""

    factor: float
    parts: tuple[float, ...] = ()  # what it is the product of
    hidden: int = 0  # stops left out on the way


@dataclass(frozen=True)
class Chain:
    """Stops from the loss back to where the gradient was asked for, and the hops between them."""

    name: str
    about: str  # what a factor is
    stops: tuple[Stop, ...]
    hops: tuple[Hop, ...]
    exact: bool  # whether gradients are numbers, not norms
    goal: str  # ∂L/∂b1, or ‖∂L/∂W‖
    has_loss: bool = True  # whether the first stop is the loss itself, not a layer
    shares: str = ""  # of a leaf that has several: that this way's is one of them

    def verdict(self) -> str:
        """Whether gradients vanish, explode or flow, and from where on."""
        if not self.shares:
            return verdict(self.stops, f"|{self.goal}|" if self.exact else self.goal, self.has_loss)
        stops, last = self.stops, self.goal
        if len(stops) > 3:  # the chain without its leaf: what the leaf multiplies there may well be 0
            stops, last = stops[:-1], f"‖{_slope(stops[0], stops[-2])}‖"
        return f"{verdict(stops, last)} {self.shares}"

    def shortened(self, most: int) -> Chain:
        """At most so many stops: those at the beginning and the end, with the product of the factors between."""
        if len(self.stops) <= most:
            return self
        ends = most // 2
        middle = self.hops[ends - 1 : len(self.hops) - ends + 1]
        with quiet():
            factor = float(np.prod([hop.factor for hop in middle]))
        hop = Hop(factor, hidden=len(middle) - 1)
        hops = (*self.hops[: ends - 1], hop, *self.hops[len(self.hops) - ends + 1 :])
        return replace(self, stops=self.stops[:ends] + self.stops[-ends:], hops=hops)


LARGE = 1e3  # a gradient above this is too large for usual learning rates, even where it is as large in all layers
LITTLE = 1e-2  # of what arrives at the last layer: less is called vanishing, the inverse exploding


def brief(x: float) -> str:
    """A number in two digits, or as it stands up to 999."""
    return number(x, 3 if 100 <= abs(x) < 999.5 else 2)


def times(factor: float, digits: int) -> str:
    """A factor as it stands by an arrow: × 0.2, × (−0.66)"""
    text = number(factor, digits)
    return f"× ({text})" if text.startswith("−") else f"× {text}"


def verdict(stops: Sequence[Stop], last: str, has_loss: bool = True) -> str:
    """One sentence or two on the gradients' way back; `last` is what the last stop shows, ‖∂L/∂W‖ perhaps."""
    start = 1 if has_loss and len(stops) > 2 else 0  # the first hop belongs to the loss, not to the network's depth
    sizes = [stop.size for stop in stops[start:]]
    names = [stop.name for stop in stops[start:]]
    for size, name in zip(sizes, names, strict=True):
        if not math.isfinite(size):
            return f"Gradients explode: from {name} on back they are not finite any more."
        if size == 0:
            return f"Gradients vanish: at {name} they are exactly 0, nothing before it learns."
    ratio = sizes[-1] / sizes[0]
    hops = max(len(sizes) - 1, 1)
    each = f"{'on average, ' if hops > 1 else ''}a layer multiplies them by {brief(ratio ** (1 / hops))}"
    first = f"what {names[0]}{', next to the loss,' if start else ''} receives" if has_loss else f"that of {names[0]}"
    if start and is_given(names[0]):
        first = "what arrives next to the loss"
    arrives = f"{last} is {brief(ratio)} times {first}"
    top = max(range(len(sizes)), key=sizes.__getitem__)
    large = f"at {names[top]} they are {brief(sizes[top])}, and lr = 0.01 would be a step of {brief(sizes[top] / 100)}"
    if ratio < LITTLE:
        where = next(name for size, name in zip(sizes, names, strict=True) if size < LITTLE * sizes[0])
        more = f" And {large}." if sizes[top] > LARGE else ""
        return f"Gradients vanish: {arrives}; {each}. From {where} on back they are below a hundredth of that.{more}"
    if ratio > 1 / LITTLE:
        where = next(name for size, name in zip(sizes, names, strict=True) if size > sizes[0] / LITTLE)
        return f"Gradients explode: {arrives}; {each}. From {where} on back they are above a hundred times that."
    if sizes[top] > LARGE:
        return f"Gradients explode: {large}. Their sizes stay together: {arrives}; {each}."
    return f"Gradients flow: {arrives}; {each}."


def of_model(model: Any, name: str | None) -> Chain:
    """The gradients of a model's layers, from the last to the first, as backward() left them in `.grad`."""
    norms = gradient_norms(model)
    if not norms:
        raise ValueError(
            f"no parameter of this {type(model).__name__} has a gradient: call loss.backward() first, "
            "or give flow() the loss"
        )
    stops = [
        Stop(clean(f"layer {layer}" if layer else "parameters", 16), norm) for layer, norm in reversed(norms.items())
    ]
    title, goal = clean(name or type(model).__name__, 40), f"‖∂L/∂W‖ of {stops[-1].name}"
    about = "numbers are norms of the gradients of a layer's parameters; a factor is the ratio of neighbours"
    return Chain(title, about, tuple(stops), _ratios(stops), False, goal, has_loss=False)


def of_loss(loss: Tensor, wrt: Tensor | None, name: str | None) -> Chain:
    """The way from `loss` to `wrt` (by default the leaf that is furthest from it)."""
    record = explain(loss)
    if not record.backward:
        raise ValueError(
            "this tensor has no graph to go back through: nothing it was computed from requires a gradient"
        )
    way = longest(record, None if wrt is None else find(record, wrt))
    stops_at = _stops(record, way)
    forward = record.forward
    arrivals = Counter(s.input for s in record.backward)
    end = way[-1].input
    users = {s.node for s in record.backward if s.input == end}
    is_shared = len(users) > 1 and not forward[end].op  # a weight of all steps in time: of each it has a share
    numbers = all(forward[s.node].value.size == forward[s.input].value.size == 1 for s in way)
    exact = numbers and all(arrivals[s.input] == 1 for s in way)
    stops = tuple(
        Stop(_name(record, i), _gradient(forward[i], exact))
        for i in (len(forward) - 1, *(way[at].input for at in stops_at))
    )
    goal = _slope(stops[0], stops[-1])
    shares = ""
    if is_shared:
        sent = [s.contribution for s in record.backward if (s.node, s.input) == (way[-1].node, end)]
        by_way = length(np.sum(sent, axis=0))
        places = f"{stops[-1].name} adds up the shares of {len(users)} places"
        shares = f"{places}: {brief(by_way)} by this way, {brief(stops[-1].size)} in all."
        stops = (*stops[:-1], Stop(stops[-1].name, by_way))
    main = _main_op(record, way)
    title = (
        clean(name, 40) if name else f"{_spelled(main)} {'chain' if numbers else 'network'}" if main
        else f"Gradients of {stops[0].name}"
    )  # fmt: skip
    if not exact:
        about = "numbers are norms of gradients, ‖∂L/∂h‖; a factor is the ratio of neighbours"
        shown = f"this way's share of ‖{goal}‖" if is_shared else f"‖{goal}‖"
        return Chain(title, about, stops, _ratios(stops), False, shown, shares=shares)
    hops = []
    before = 0
    for at in stops_at:
        locals_ = [slope(forward, [s]) for s in way[before : at + 1]]
        parts = tuple(x for s, x in zip(way[before : at + 1], locals_, strict=True) if s.local_text != "1")
        hops.append(Hop(math.prod(locals_), parts))
        before = at + 1
    return Chain(title, _about(record, way, stops_at), stops, tuple(hops), True, goal)


def _slope(top: Stop, below: Stop) -> str:
    """∂loss/∂w, or of what only its layer names, ∂loss/∂h of layer 2"""
    return f"∂{top.name}/∂{f'h of {below.name}' if below.name.startswith('layer ') else below.name}"


def _stops(record: Record, way: Sequence[BackwardStep]) -> list[int]:
    """At which steps of the way a hop ends: at activations, else at the ends of layers, else everywhere."""
    last = len(way) - 1
    forward = record.forward
    bends = [at for at, s in enumerate(way) if _bends(record, s.input)]
    if len(bends) + is_activation(forward[-1]) >= 2:
        return bends if bends[-1] == last else [*bends, last]
    layers = [at for at, s in enumerate(way) if forward[s.input].layer != forward[s.node].layer and forward[s.input].op]
    if len(layers) >= 2:
        return layers if layers[-1] == last else [*layers, last]
    return list(range(len(way)))


def _bends(record: Record, index: int) -> bool:
    """Whether a layer of the network ends there. What has no name on the loss's own line is a part of the loss."""
    step, loss = record.forward[index], record.forward[-1]
    if not is_activation(step):
        return False
    of_loss = step is not loss and not step.layer and unnamed(step) and step.line is not None
    return not (of_loss and (step.file, step.line) == (loss.file, loss.line))


def _main_op(record: Record, way: Sequence[BackwardStep]) -> str:
    found = [record.forward[s.node].op or "" for s in way if _bends(record, s.node)]
    return max(reversed(found), key=found.count) if found else ""  # of two, the one that is further from the loss


def _spelled(op: str) -> str:
    """relu → ReLU, sigmoid → Sigmoid"""
    return op.replace("elu", "ELU").replace("rELU", "ReLU") if "elu" in op else op.capitalize()


def _name(record: Record, index: int) -> str:
    """Its name, or of a tensor without one the layer that made it."""
    step = record.forward[index]
    if unnamed(step) and index == len(record.forward) - 1:
        return "loss"
    if step.layer and unnamed(step):
        return clean(f"layer {step.layer}", 12)
    return clean(step.name, 12)


def _about(record: Record, way: Sequence[BackwardStep], stops_at: Sequence[int]) -> str:
    """What the factors are made of, from the hop in the middle: "factor = w · σ′(z)", and why that is small."""
    middle = len(stops_at) // 2
    begin = stops_at[middle - 1] + 1 if middle else 0
    symbols, why = [], ""
    for share in way[begin : stops_at[middle] + 1]:
        node = record.forward[share.node]
        if is_activation(node):
            symbols.append(f"{node.symbol}′({_bare(record.forward[share.input].name, 'z')})")
            why = f"; {node.why}" if node.why else ""
        elif share.local_text != "1":
            symbols.append(_bare(share.local_text, "w"))
    return clean(f"factor = {' · '.join(reversed(symbols)) or '1'}{why}", 150)


def _bare(name: str, unnamed: str) -> str:
    """w2 → w: the letter that the hops have in common; the lecture's letter where they have none."""
    letter = re.sub(r"[\d₀-₉]+$", "", name)
    return unnamed if letter in ("v", "") or "." in letter else letter


def _gradient(step: ForwardStep, exact: bool) -> float:
    assert step.gradient is not None
    return float(step.gradient.item()) if exact else length(step.gradient)


def _ratios(stops: Sequence[Stop]) -> tuple[Hop, ...]:
    with quiet():
        return tuple(Hop(float(np.float64(b.gradient) / a.gradient)) for a, b in pairwise(stops))

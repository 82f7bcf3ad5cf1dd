"""viz.flow: how large the gradient still is at each layer on its way back, and which factors made it so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinygrad_reg import Tensor
from tinygrad_reg.answers.calls import answered
from tinygrad_reg.answers.checks import whole
from tinygrad_reg.insight.words import number

from ..ink import svg
from ..ink.picture import Picture
from ..ink.text import clean, width, wrap
from ..ink.theme import Theme, ink_on, look, magnitude, scale_color
from .chains import Chain, Hop, brief, of_loss, of_model, times
from .digraph import digraph

W, EDGE = 1160.0, 18.0
BOX_W, BOX_H = 74.0, 46.0
A_ROW = 12  # stops side by side
MOST = 36  # stops in one chain


@answered
def flow(
    x: Any, *, compare: Any = None, wrt: Tensor | None = None, names: Sequence[str] = (), title: str = "",
    theme: str = "light", digits: int = 3,
) -> Picture:  # fmt: skip
    """The way of the gradients through `x`: a loss, or a model whose loss has gone backward.

    Of a loss: from it back to `wrt` (by default the leaf that is furthest away), with the factor of each hop. Where
    all are single numbers, the factors multiply to the gradient; of arrays they are ratios of norms. Of a model: the
    weight gradients of its layers. `compare`: a second one, drawn below on the same scale. `names`: what to call them.
    Colour, line width and the printed number all tell |gradient|, on a log scale.

    >>> from tinygrad_reg import Tensor
    >>> w, b = Tensor(0.8, requires_grad=True, name="w"), Tensor(0.0, requires_grad=True, name="b")
    >>> a1 = b.sigmoid()
    >>> a1.name = "a1"
    >>> a2 = (w * a1).sigmoid()
    >>> print(flow(a2, wrt=b))  # doctest: +NORMALIZE_WHITESPACE
    gradient flow. Sigmoid chain: Gradients flow: |∂a2/∂b| is 0.25 times what a1, next to the loss, receives;
    a layer multiplies them by 0.25.
    """
    colors = look(theme)
    whole("digits", digits, 1, 17)
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise TypeError(f"names must be a list, a name for x and one for compare, not {names!r}")
    things = [x] if compare is None else [x, compare]
    if len(names) > len(things):
        drawn = "one for x" if compare is None else "one for x, and one for compare"
        raise ValueError(f"names must be {drawn}, not {len(names)}")
    chains = [
        _chain(thing, wrt if at == 0 else None, names[at] if at < len(names) else None)
        for at, thing in enumerate(things)
    ]
    chains = _told_apart(chains) if len(names) < len(things) else chains
    heading = clean(title, 80) or "Where do the gradients go?"
    description = "gradient flow. " + " ".join(f"{chain.name}: {chain.verdict()}" for chain in chains)
    scale = _Scale(chains, colors)
    shown = [chain.shortened(MOST) for chain in chains]
    dots = digraph(shown, colors, scale.color, heading)

    def render() -> str:
        return _draw(shown, chains, scale, colors, heading, description, digits)

    return Picture(heading, description, render, dots, colors.panel)


def _chain(thing: Any, wrt: Tensor | None, name: str | None) -> Chain:
    if isinstance(thing, Tensor):
        return of_loss(thing, wrt, name)
    if hasattr(thing, "named_parameters"):
        if wrt is not None:
            raise TypeError("wrt= goes with a loss: of a model, the gradients of all layers are drawn")
        return of_model(thing, name)
    raise TypeError(f"flow() takes a loss (a Tensor) or a model, not {type(thing).__name__}")


def _told_apart(chains: Sequence[Chain]) -> list[Chain]:
    """Two chains that would be called the same are called by their losses, or numbered."""
    if len({chain.name for chain in chains}) == len(chains):
        return list(chains)
    losses = {chain.stops[0].name for chain in chains if chain.has_loss}
    by_loss = len(losses) == len(chains)
    return [
        replace(chain, name=f"{chain.name} of {chain.stops[0].name}" if by_loss else f"{chain.name} {at}")
        for at, chain in enumerate(chains, 1)
    ]


class _Scale:
    """From a gradient's size to colour and width, on a log scale that all chains share."""

    def __init__(self, chains: Sequence[Chain], theme: Theme) -> None:
        sizes = [s.size for chain in chains for s in chain.stops if 0 < s.size < math.inf]
        self.theme = theme
        self.top = 10.0 ** round(math.log10(max(sizes, default=1.0)))
        span = math.log10(self.top) - math.log10(min(sizes, default=1.0))  # a quotient overflows by subnormal ones
        self.decades = 4.0 * max(1, math.ceil(span / 4 - 0.05))  # a whole number of powers of ten between the marks

    def color(self, size: float) -> str:
        """Dark for large, on a light background."""
        return scale_color(self.theme, magnitude(size, self.top, self.decades))

    def width(self, size: float) -> float:
        """Width of an arrow that carries so much."""
        return 1.2 + 6.3 * (1 - magnitude(size, self.top, self.decades))


def _draw(
    shown: Sequence[Chain], chains: Sequence[Chain], scale: _Scale, theme: Theme, title: str, description: str,
    digits: int,
) -> str:  # fmt: skip
    beside_legend = 590.0
    size = min(24.0, 24 * beside_legend / width(title, 24, bold=True))  # a long title is set smaller
    parts = [
        svg.text(EDGE, 38, title, size, theme.ink, bold=True),
        svg.text(EDGE, 60, "Arrows point the way gradients travel: back from the loss.", 14.5, theme.muted),
        *_legend(scale, theme),
    ]
    y = 82.0
    for chain, full in zip(shown, chains, strict=True):
        drawn, height = _panel(chain, full, y, scale, theme, digits)
        parts += drawn
        y += height + 14
    ids = svg.prefix((title, chains))
    return svg.document(W, y + 4, *parts, title=title, description=description, prefix=ids, background=theme.panel)


def _legend(scale: _Scale, theme: Theme) -> list[str]:
    parts = [svg.text(710, 38, "|gradient|", 14, theme.ink, bold=True, text_anchor="end")]
    for at in range(5):
        exponent = round(math.log10(scale.top) - scale.decades * at / 4)
        size = 10.0**exponent
        x = 726 + at * 84.0
        stroke = {"stroke": scale.color(size), "stroke_width": scale.width(size)}
        parts.append(svg.element("line", x1=x, y1=33.0, x2=x + 70, y2=33.0, **stroke))
        parts.append(svg.text(x + 35, 56, _power(exponent), 13, theme.ink, text_anchor="middle"))
    return parts


def _power(exponent: int) -> str:
    return "1" if exponent == 0 else "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _panel(chain: Chain, full: Chain, top: float, scale: _Scale, theme: Theme, digits: int) -> tuple[list[str], float]:
    """A chain with its name, its product and its verdict, and how high that is."""
    y = top + 26
    parts = [svg.text(EDGE + 14, y, chain.name, 18, theme.ink, bold=True)]
    room = W - 2 * EDGE - 28
    beside = EDGE + 14 + width(chain.name, 18, bold=True) + 16
    first, *rest = wrap(chain.about, 14, W - EDGE - 14 - beside) or [""]
    parts.append(svg.text(beside, y, first, 14, theme.muted))
    for line in rest:
        y += 20
        parts.append(svg.text(EDGE + 14, y, line, 14, theme.muted))
    for at, line in enumerate(wrap(full.verdict(), 17, room, bold=True)):
        y += 28 if at == 0 else 23
        alarm = theme.forward if full.verdict().startswith("Gradients flow") else theme.backward
        parts.append(svg.text(EDGE + 14, y, line, 17, alarm, bold=True))
    for at, line in enumerate(wrap(_product(chain, digits), 16, room)):
        y += 27 if at == 0 else 22
        parts.append(svg.text(EDGE + 14, y, line, 16, theme.ink))
    rows = _rows(chain)
    y += 56 if any(hop.parts or hop.hidden for hop in chain.hops) else 42
    for row in rows:
        parts += _stops(chain, row, y, scale, theme, digits)
        y += BOX_H + 60
    height = y - 44 - top
    frame = svg.box(EDGE, top, W - 2 * EDGE, height, round=10, fill="none", stroke=theme.hairline)
    exact = {"data_gradient": repr(full.stops[-1].gradient), "data_exact": str(full.exact).lower()}
    return [svg.element("g", frame, *parts, class_="chain", **exact)], height


def _product(chain: Chain, digits: int) -> str:
    factors = [number(hop.factor, digits) for hop in chain.hops]
    factors = [f"({f})" if f.startswith("−") and at else f for at, f in enumerate(factors)]
    start = "" if chain.exact else f"{number(chain.stops[0].gradient, digits)} × "
    return f"{chain.goal} = {start}{' × '.join(factors)} = {number(chain.stops[-1].gradient, digits)}"


def _rows(chain: Chain) -> list[range]:
    """Which stops stand side by side: evenly many in each row, the loss in the first one."""
    count = len(chain.stops)
    rows = -(-count // A_ROW)
    each = -(-count // rows)
    return [range(at, min(at + each, count)) for at in range(0, count, each)]


def _stops(chain: Chain, row: range, y: float, scale: _Scale, theme: Theme, digits: int) -> list[str]:
    """One row: the loss at the right, arrows to the left; the row below continues at its right end."""
    folded = len(_rows(chain)) > 1
    room = W - 2 * EDGE - 28 - BOX_W
    step = min(176.0, (room - (70 if folded else 0)) / max(len(row) - 1, 1))
    if row.start:
        step = min(step, room / (len(row) - 1 + 0.62))
    right = W - EDGE - 14 - BOX_W if folded else EDGE + 14 + step * (len(row) - 1)
    if row.start:
        right -= step * 0.62
    below = {at: _below(chain.hops[at - 1], step - BOX_W + 40, digits) for at in row if at}
    above = y - (24 if any(below.values()) else 9)  # in a row, all factors stand on one line
    parts: list[str] = []
    for column, at in enumerate(row):
        stop = chain.stops[at]
        x = right - column * step
        if at:
            came_from = x + step if column else x + BOX_W + step * 0.62
            factor, middle = times(chain.hops[at - 1].factor, digits), (x + BOX_W + came_from) / 2
            size = min(14.0, 14 * min(step - 8, 2 * (W - EDGE - 6 - middle)) / width(factor, 14, bold=True))
            texts = [svg.text(middle, above, factor, size, theme.ink, bold=True, text_anchor="middle")]
            if below[at]:
                texts.append(svg.text(middle, y - 9, below[at], 11, theme.muted, text_anchor="middle"))
            parts.append(_hop(chain, at, x + BOX_W, came_from, y, scale, texts))
        color = scale.color(stop.size)
        ink = ink_on(color)
        shown = brief(stop.gradient)
        size = min(13.0, 13 * (BOX_W - 12) / width(shown, 13, bold=True))
        name = stop.name if width(stop.name, 13) < BOX_W - 6 else clean(stop.name, 9)
        parts.append(
            svg.element(
                "g", svg.element("title", svg.escape(f"{stop.name}: {stop.gradient!r}")),
                svg.box(x, y, BOX_W, BOX_H, round=9, fill=color, stroke=theme.line, stroke_width=0.8),
                svg.text(x + BOX_W / 2, y + 19, name, 13, ink, text_anchor="middle"),
                svg.text(x + BOX_W / 2, y + 37, shown, size, ink, bold=True, text_anchor="middle"),
                class_="stop", data_name=stop.name, data_gradient=repr(stop.gradient),
            )
        )  # fmt: skip
    return parts


def _below(hop: Hop, room: float, digits: int) -> str:
    """What stands below a factor: how many stops it leads past or, where there is room, what it is the product of."""
    if hop.hidden:
        return f"{hop.hidden} more stops"
    product = " · ".join(number(part, digits) for part in reversed(hop.parts)) if len(hop.parts) > 1 else ""
    return product if width(product, 11) < room else ""


def _hop(chain: Chain, at: int, left: float, right: float, y: float, scale: _Scale, texts: Sequence[str]) -> str:
    """The arrow that arrives at stop `at`: its colour and width tell how much arrives, the texts by what factor."""
    hop, size = chain.hops[at - 1], chain.stops[at].size
    line = y + BOX_H / 2
    color, stroke = scale.color(size), scale.width(size)
    head = 7 + stroke
    return svg.element(
        "g",
        svg.element("line", x1=right, y1=line, x2=left + head * 0.8, y2=line, stroke=color, stroke_width=stroke),
        svg.arrow_head((left + 1, line), (-1.0, 0.0), head, color),
        *texts, class_="hop", data_factor=repr(hop.factor), data_parts=" ".join(map(repr, hop.parts)),
    )  # fmt: skip

"""How an op is written in the names of its inputs: "w × x + b", "σ(z)", "out · (1 − out)"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..primitive import Primitive
from ..tensor import Tensor
from .words import number, short


def operand_text(x: Tensor) -> str:
    """A number as it stands in a formula, "(−0.6)", an array as its shape."""
    if x.size != 1:
        return "×".join(map(str, x.shape))
    text = short(x.data)
    return f"({text})" if text.startswith("−") else text


def written(text: str, primitive: Primitive, inputs: Sequence[str], options: dict[str, Any], out: str) -> str:
    """`text`, a formula in the names of an op's forward, in those of its inputs and `out`, with its options' values.

    A word before a = stays as it is: "axis=axis" is "axis=1". Numbers are subtracted: 2 · x^(2 − 1) is 2 · x.
    """
    values = {
        name: number(v) if isinstance(v, float) else str(v) for name, v in {**primitive.defaults, **options}.items()
    }
    words = {**values, **primitive.names_of(inputs), "out": out}
    # A name ends where its ASCII letters do: the x of "Σx", "x²" and "xᵀ" is x.
    pattern = rf"(?<![A-Za-z0-9_])(?:{'|'.join(map(re.escape, words))})(?![A-Za-z0-9_=])"
    filled = re.sub(pattern, lambda word: words[word.group()], text).replace(" [", "[")
    if "^" in filled:
        filled = raised(re.sub(r"\^\((−?[\d.]+) − 1\)", _lowered, filled))
    return filled.replace("(n − 0)", "n")


def raised(text: str) -> str:
    """x ^ 2 as x²"""
    return re.sub(r" \^ ([23])(?![\d.])", lambda power: "²³"[int(power[1]) - 2], text)


def _lowered(power: re.Match[str]) -> str:
    exponent = float(power[1].replace("−", "-")) - 1
    return {1.0: "", 2.0: "²"}.get(exponent, f"^{number(exponent)}")


def formula(primitive: Primitive, inputs: Sequence[str], options: dict[str, Any], out: str) -> str:
    """The op applied to `inputs`, as its `text` writes it, or else as a call with its options."""
    if primitive.text:
        return written(primitive.text, primitive, inputs, options, out)
    return _call(primitive, inputs, options)


def short_formula(primitive: Primitive, inputs: Sequence[str], options: dict[str, Any], out: str) -> str:
    """The same in short: an operator's formula, "w1 × x1"; of a definition, "1 / (1 + e^(−z))", the call, "σ(z)"."""
    is_name = not set(primitive.symbol) & set(" [")
    is_short = 0 < len(primitive.text) <= len("x × y")
    write_out = is_short or not is_name
    return formula(primitive, inputs, options, out) if write_out else _call(primitive, inputs, options)


def _call(primitive: Primitive, inputs: Sequence[str], options: dict[str, Any]) -> str:
    shown = [f"{name}={value!r}" for name, value in options.items() if value is not None and value is not False]
    return f"{primitive.symbol}({', '.join([*inputs, *shown])})"

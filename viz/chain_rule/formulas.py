"""Formulas: a loss written in its leaves, a local derivative in tensors that have names, what has none spelled out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from tinygrad_reg.insight.explain import BackwardStep, ForwardStep
from tinygrad_reg.insight.formulas import raised, short_formula
from tinygrad_reg.primitive import registry

from ..ink.text import clean

WHOLE = 64  # characters of a formula, at most, ...
FEW = 60  # ... and tensors that it may be made of


def whole_formula(steps: Sequence[ForwardStep]) -> str:
    """The last tensor as one formula of the leaves; where that gets too long, of tensors that have names."""
    last = steps[-1]
    if not last.op:
        return clean(last.name, WHOLE)
    for inline in (lambda s: True, unnamed):
        text = _written(steps, last, inline, WHOLE)[0] if len(steps) <= FEW else ""
        if 0 < len(text) <= WHOLE:
            return clean(f"{last.name} = {text}", WHOLE + 30)
    return clean(f"{last.name} = {last.call}", WHOLE + 30)


def local_text(steps: Sequence[ForwardStep], share: BackwardStep, kept: Collection[int] = ()) -> str:
    """The local derivative as a formula: tensors without a name as what they were computed by, 2 − 1 as 1.

    The tensors that are `kept` stand there as v and a number.
    """
    text = share.local_text
    for i in dict.fromkeys((share.node, *steps[share.node].inputs)):
        step = steps[i]
        if step.op and unnamed(step) and re.search(rf"\b{step.name}\b", text):
            written, binds = _written(steps, step, lambda s: unnamed(s) and s.index not in kept, 24)
            if written and i not in kept:
                bracketed = _bracket(written, binds < 9)
                text = text.replace(f"({step.name})", f"({written})")  # σ(v5) is σ(x @ w + b), not σ((x @ w + b))
                text = bracketed.join(re.split(rf"\b{step.name}\b", text))
    return text


def definition(steps: Sequence[ForwardStep], step: ForwardStep, kept: Collection[int]) -> str:
    """What `step` was computed by, in names and in tensors that are `kept`."""

    def inline(one: ForwardStep) -> bool:
        return unnamed(one) and one.index not in kept

    is_operator = step.symbol in OPERATORS or step.symbol == "−"
    return (_written(steps, step, inline, 60)[0] if is_operator else "") or step.call


def spelled(steps: Sequence[ForwardStep], step: ForwardStep) -> str:
    """Its name, or what it was computed by where it has none, in brackets where it is a sum."""
    written, binds = _written(steps, step, unnamed, 24) if unnamed(step) else ("", 9)
    return _bracket(written, binds < 9) or step.name


def unnamed(step: ForwardStep) -> bool:
    """Whether nobody gave it a name, so that it is called v and a number."""
    return is_given(step.name)


def is_activation(step: ForwardStep) -> bool:
    """Whether it is a function of one array, element by element, that bends: the end of a layer."""
    op = registry.get(step.op or "")
    return (
        op is not None and op.arity == 1 and bool(op.elementwise) and op.name not in ("negative", "positive", "astype")
    )


def is_given(name: str) -> bool:
    """Whether a tensor's name is v and a number, which the record gives to what has none."""
    return re.fullmatch(r"v\d+", name) is not None


OPERATORS = {"+": 1, "−": 1, "×": 2, "÷": 2, "@": 2, "^": 4}  # how strongly they bind


def _written(
    steps: Sequence[ForwardStep], step: ForwardStep, inline: Callable[[ForwardStep], bool], longest: int
) -> tuple[str, int]:
    """`step` as a formula, and how strongly its outermost operator binds. Empty where it is too long."""
    parts = []
    for i in step.inputs:
        one = steps[i]
        parts.append(_written(steps, one, inline, longest) if one.op and inline(one) else (one.name, 9))
        if len(parts[-1][0]) > longest or not parts[-1][0]:
            return "", 9
    if step.symbol in OPERATORS and len(parts) == 2:
        binds = OPERATORS[step.symbol]
        (left, left_binds), (right, right_binds) = parts
        if step.symbol == "×" and step.inputs[0] == step.inputs[1]:
            return f"{_bracket(left, left_binds < 5)}²", 5
        right = _bracket(right, right_binds <= binds and (step.symbol not in "+×" or right_binds < binds))
        return raised(f"{_bracket(left, left_binds < binds)} {step.symbol} {right}"), binds
    if step.symbol == "−" and len(parts) == 1:
        return f"−{_bracket(parts[0][0], parts[0][1] < 3)}", 3
    primitive = registry.get(step.op or "")
    if primitive is None or (step.symbol.isidentifier() and step.symbol != "ᵀ"):
        return f"{step.symbol}({', '.join(text for text, _ in parts)})", 9
    text = short_formula(primitive, [_bracket(text, binds < 9) for text, binds in parts], step.options, step.name)
    for part, _ in parts:
        text = text.replace(f"(({part}))", f"({part})")
    return text, 0 if " " in re.sub(r"\(.*\)|\[.*\]|‖.*‖", "", text) else 9


def _bracket(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def compound(text: str) -> str:
    """In brackets, where it is a sum, has a sign, or tells cases: 1 if x > 0, else 0."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "({[") - (character in ")}]")
        if depth == 0 and character == ",":
            return f"({text})"
        if depth == 0 and character in "+−-" and not re.search(r"(\de|\^)$", text[:at]):  # 1e−5 and x^−1 are no sums
            return f"({text})"
    return text

"""Formulas as LaTeX, in the subset that matplotlib's mathtext renders. Users' names become letters, never commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tinygrad_reg.insight.words import is_number

from ..ink.text import clean

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "λ": "lambda",
    "μ": "mu", "ν": "nu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ω": "omega", "Δ": "Delta", "Φ": "Phi",
    "Γ": "Gamma", "Ω": "Omega", "π": "pi", "ι": "iota",
}  # fmt: skip
_SIGNS = {
    "·": r"\cdot ", "×": r"\times ", "⊙": r"\odot ", "−": "-", "′": "'", "Σ": r"\sum ", "Π": r"\prod ", "≤": r"\leq ",
    "≥": r"\geq ", "≠": r"\neq ", "→": r"\to ", "∂": r"\partial ", "∞": r"\infty ", "±": r"\pm ", "∗": r"\ast ",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "÷": r"\div ", "%": r"\%", "@": r"\,@\,",
}  # fmt: skip
_FUNCTIONS = {
    "ln", "log", "exp", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "max", "min", "det",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵗⁿ", "0123456789-Ttn")


def name(text: str) -> str:
    """A name as one symbol: w1 → w_{1}, kernel → \\mathrm{kernel}."""
    plain = clean(text, 24).translate(_SUBSCRIPTS)
    letter = re.fullmatch(r"([A-Za-z])_?(\d+)", plain)
    if letter:
        return f"{letter[1]}_{{{letter[2]}}}"
    if plain in _GREEK:
        return f"\\{_GREEK[plain]}"
    if len(plain) == 1 and plain.isalpha():
        return plain
    if is_number(plain):
        return number(plain)
    dotted = "." in plain  # mathtext sets a space behind the dot of 0.kernel, but not in a text
    space = " " if dotted else r"\,"
    safe = "".join({"_": r"\_", " ": space}.get(c, c if c.isalnum() or c in ".+-,/()" else "?") for c in plain)
    return f"\\{'text' if dotted else 'mathrm'}{{{safe or '?'}}}"


def number(text: str) -> str:
    """−2.4e−7 → -2.4\\cdot 10^{-7}"""
    plain = text.replace("−", "-")
    mantissa, _, exponent = plain.partition("e")
    if exponent.lstrip("-").isdigit():
        return f"{mantissa}\\cdot 10^{{{exponent}}}"
    return {"inf": r"\infty ", "-inf": r"-\infty ", "nan": r"\mathrm{NaN}"}.get(plain, plain)


def fraction(top: str, bottom: str) -> str:
    """∂top/∂bottom"""
    return f"\\frac{{\\partial {name(top)}}}{{\\partial {name(bottom)}}}"


def formula(text: str, names: Iterable[str] = ()) -> str:
    """A local derivative as ops write it, such as "y · x^(y − 1)", or "∂L/∂y · x"; `names` are the tensors'."""
    known = sorted((n for n in set(names) if n and n[0] != "("), key=len, reverse=True)  # (1 − y) is a formula itself
    any_name = "|".join(map(re.escape, known)) or "(?!)"
    pattern = "|".join(
        [
            rf"\(∂(?:{any_name})/∂(?:{any_name})\)[₀-₉]+",
            rf"∂(?:{any_name})/∂(?:{any_name})(?![^\W_])",
            *(rf"(?<![^\W_]){re.escape(n)}(?![^\W_²³ᵀ])" for n in known),
            r"[A-Za-z]+(?:_[A-Za-z]+)*[0-9]*",
            r"[0-9]+(?:\.[0-9]+)?",
            "[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵗⁿ]+",
            r"\s+",
            ".",
        ]
    )
    tokens = [t for t in re.findall(pattern, text, flags=re.S) if t.strip()]
    return _set(tokens, frozenset(known))[0].strip()


def _set(tokens: list[str], known: frozenset[str], at: int = 0, closing: str = "") -> tuple[str, int]:
    """The tokens from `at` up to the closing bracket, and where it is."""
    out: list[str] = []
    while at < len(tokens):
        token = tokens[at]
        if token == closing:
            return "".join(out), at
        if token in ("^", "√") and at + 1 < len(tokens):
            inner, at = _argument(tokens, known, at + 1)
            out.append(f"^{{{inner}}}" if token == "^" else f"\\sqrt{{{inner}}}")
        else:
            symbol = _symbol(token, known)
            apart = is_number(token) and r"\cdot" in symbol and (_divides(out) or _is_raised(tokens[at + 1 :]))
            if symbol[:1].isalpha() and re.search(r"\\[A-Za-z]+$", "".join(out[-1:])):
                out.append(" ")  # \Delta G, where \DeltaG would be a command
            out.append(f"({symbol})" if apart else symbol)  # 1/(1·10⁵), where 1/1·10⁵ would be 10⁵
        at += 1
    return "".join(out), at


def _divides(before: list[str]) -> bool:
    return before[-1:] == ["/"] or before[-1:] == [_SIGNS["÷"]]


def _is_raised(after: list[str]) -> bool:
    return after[:1] == ["^"] or (after != [] and ord(after[0][0]) in _RAISED)


def _argument(tokens: list[str], known: frozenset[str], at: int) -> tuple[str, int]:
    """What a power or a root applies to: a bracket, or one token with a sign."""
    if tokens[at] == "(":
        return _set(tokens, known, at + 1, ")")
    if tokens[at] == "−" and at + 1 < len(tokens):
        inner, at = _argument(tokens, known, at + 1)
        return "-" + inner, at
    return _symbol(tokens[at], known), at


def _symbol(token: str, known: frozenset[str]) -> str:
    if token in known:
        return name(token)
    if token.startswith("(∂"):
        inner, _, way = token[1:].partition(")")
        return f"\\left({_symbol(inner, known)}\\right)_{{{way.translate(_SUBSCRIPTS)}}}"
    if token[0] == "∂" and len(token) > 1:
        return fraction(*token[1:].split("/∂", 1))
    if token in _SIGNS:
        return _SIGNS[token]
    if ord(token[0]) in _RAISED:
        return f"^{{{token.translate(_RAISED)}}}"
    if token in _FUNCTIONS:
        return f"\\{token} "
    if len(token) > 1 and token.replace("_", "").isalpha():
        return f"\\,{name(token)}\\,"
    if token.isalnum():
        return name(token)
    return token if token in "+-/=,()[]<>|'@" else ""

"""How numbers, tensors and ops are written where people read them: in records, pictures and messages."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import source
from .norms import length
from .primitive import Primitive
from .tensor import Tensor


def number(x: float | bool, digits: int = 4) -> str:
    """A number in few digits, with a real minus sign."""
    if isinstance(x, bool):
        return str(x)
    text = f"{x + 0.0:.{digits}g}"  # −0 is 0
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def is_number(text: str) -> bool:
    """Whether a formula is a number by itself, so that its value need not be told: 1, −1, 0.5"""
    return re.fullmatch(r"−?[\d.]+(e−?\d+)?", text) is not None


def short(value: np.ndarray | None, digits: int = 4, most: int = 2) -> str:
    """A number in few digits, an array as its shape and norm: −0.1621, or 4×3 · norm 1.032. Two numbers are listed."""
    if value is None:
        return "–"
    if value.size == 1:
        return number(value.item(), digits)
    if 0 < value.size <= most and value.ndim <= 2:
        return _listed(value.tolist(), digits)
    shape = "×".join(map(str, value.shape))
    if value.size == 0:
        return f"{shape} · empty"
    if value.dtype.kind != "f":
        return f"{shape} · {value.dtype}"
    return f"{shape} · norm {number(length(value), digits)}"


def in_full(value: np.ndarray | None, digits: int = 4) -> str:
    """The same in a line of text, where there is more room: up to four numbers as they are, [[1, 0.5], [0, 2]]."""
    return short(value, digits, most=4)


def _listed(x: Any, digits: int) -> str:
    return f"[{', '.join(_listed(one, digits) for one in x)}]" if isinstance(x, list) else number(x, digits)


def operand(x: Tensor) -> str:
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


def label(primitive: Primitive, inputs: Sequence[str], options: dict[str, Any], out: str) -> str:
    """The same in short: an operator's formula, "w1 × x1"; of a definition, "1 / (1 + e^(−z))", the call, "σ(z)"."""
    is_name = not set(primitive.symbol) & set(" [")
    is_short = 0 < len(primitive.text) <= len("x × y")
    write_out = is_short or not is_name
    return formula(primitive, inputs, options, out) if write_out else _call(primitive, inputs, options)


def _call(primitive: Primitive, inputs: Sequence[str], options: dict[str, Any]) -> str:
    shown = [f"{name}={value!r}" for name, value in options.items() if value is not None and value is not False]
    return f"{primitive.symbol}({', '.join([*inputs, *shown])})"


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def names_of(tensors: list[Tensor]) -> list[str]:
    """A name for each tensor that no other one has: its own, its variable's, a number's digits, or v3."""
    names: list[str] = []
    taken: dict[str, int] = {}
    arrays: dict[tuple[str, int], str] = {}
    layer_of, roles = _layers_of_parameters(tensors), _roles(tensors)
    variables = _variables(tensors, roles)
    roles |= variables
    for i, tensor in enumerate(tensors):
        name = source.label(tensor)
        if name is not None and tensor in layer_of:
            name = f"{layer_of[tensor]}.{name}"
        if name is None and not source.is_placed(tensor) and tensor.ndim == 0 and tensor.op is None:
            names.append(short(tensor.data))  # a number is its own name, however often it occurs
            continue
        if name is None:  # an array that was passed as it is, such as a batch, or a step that no variable holds
            given = tensor in variables or (tensor.op is None and tensor.ndim > 0 and not tensor.requires_grad)
            name = roles.get(tensor, "input") if given else f"v{i}"
            if given and (name, id(tensor._data)) in arrays:  # the same array once more
                names.append(arrays[name, id(tensor._data)])
                continue
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else name + str(taken[name]).translate(_SUBSCRIPTS))
        arrays[name, id(tensor._data)] = names[-1]
    return names


def _roles(tensors: list[Tensor]) -> dict[Tensor, str]:
    """What the op that uses an array calls it, where that is a word, such as "labels", and not just x."""
    return {
        x: role
        for tensor in tensors
        if tensor._primitive is not None and not tensor._primitive.variadic
        for x, role in zip(tensor.parents, tensor._primitive.inputs, strict=True)
        if len(role) > 1
    }


def _variables(tensors: list[Tensor], roles: dict[Tensor, str]) -> dict[Tensor, str]:
    """The user's variables that hold the arrays which were passed as they are.

    Beside an operator the array's variable stands in the line. Of a function of the house, a loss or a model, it is
    the only argument that no tensor is called after; where several could be meant, it is the x of a model and the y
    of a loss. What a loss makes of it is called after it: y, (1 − y). A further array of a loss are its weights.
    """
    found: dict[Tensor, str] = {}
    # In y log a + (1 − y) log(1 − a), each product knows what the other one is of.
    beside = {x: y.parents for tensor in tensors if tensor.op == "add" and source.is_inside(tensor)
              for x, y in (tensor.parents, tensor.parents[::-1])}  # fmt: skip
    passed: dict[source.Call, list[tuple[Tensor, Tensor]]] = {}  # by the user's call: arrays, and who takes them
    for tensor in tensors:
        for position, x in enumerate(tensor.parents):
            if x in found or x._primitive is not None or x.requires_grad or x._name is not None:
                continue
            name = source.operand(tensor, position)
            if not source.is_placed(x) and name is not None:
                found[x] = name
            elif target := [y for y in beside.get(tensor, ()) if source.label(y) and _is_rest(x, y)]:
                found[x] = f"(1 − {source.label(target[0])})"
            elif source.is_inside(x) and not x._layer:  # the input of a model
                passed.setdefault(source.around(x), []).append((x, x))
            elif not source.is_placed(x) and x.ndim > 0 and not tensor._layer:
                passed.setdefault(source.around(tensor), []).append((x, tensor))
    taken = {source.label(tensor) for tensor in tensors}
    for pairs in passed.values():
        first, user = pairs[0]
        given = source.arguments(user)[first is not user :]  # the first one that a loss is given is the prediction
        names = [name for name in given if name is not None and name not in taken]
        if len(names) == 1:
            name = names[0]
        elif first is user:
            name = "x"
        elif source.is_inside(user) and first not in roles:
            name = "y"
        else:
            continue
        others = {x: _is_rest(x, first) for x, _ in pairs if x is not first}
        if sum(not rest for rest in others.values()) <= 1:
            found |= {first: name, **{x: f"(1 − {name})" if rest else "weights" for x, rest in others.items()}}
    return found


def _is_rest(x: Tensor, y: Tensor) -> bool:
    """Whether x is 1 − y, which a cross-entropy makes of its target."""
    return x.shape == y.shape and np.array_equal(x._data, 1 - y._data)


def _layers_of_parameters(tensors: list[Tensor]) -> dict[Tensor, str]:
    """The path of the layer that a parameter belongs to: that of the first node that uses it."""
    return {
        x: tensor._layer
        for tensor in reversed(tensors)
        if tensor._layer
        for x in tensor.parents
        if x._primitive is None and x._owned
    }


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of words as lines of text, in columns as wide as they need to be."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def show(text: str) -> None:
    """Print it, also where the output's encoding has not all of its characters: a rule of dashes, \\u… for others."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a stream that a user made has none, or None
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("─", "-").encode(encoding, "backslashreplace").decode(encoding)
    print(text)


# ---- in messages


def not_finite(x: Any) -> str:
    """How many NaN and inf there are in x: "1 inf among 2 values"."""
    nans, infs = int(np.sum(np.isnan(x))), int(np.sum(np.isinf(x)))
    found = [f"{count} {kind}" if np.size(x) > 1 else kind for count, kind in ((nans, "NaN"), (infs, "inf")) if count]
    return " and ".join(found) + (f" among {np.size(x)} values" if np.size(x) > 1 else "")


def where(tensor: Tensor) -> str:
    """The layer and the line in which it was computed, with a space before; nothing where neither is known."""
    place = source.place(tensor)
    layer = f" in layer {tensor._layer}" if tensor._layer else ""
    return layer + (f" ({place}: {place.code})" if place else "")


def ranges(inputs: Sequence[Any]) -> str:
    """The inputs of an op, each by its name, with where its values lie: "x in [0, 2]"."""
    named = [(source.label(x) if isinstance(x, Tensor) else None) or f"operand {i + 1}" for i, x in enumerate(inputs)]
    said: dict[int, str] = {}
    for i, (name, x) in enumerate(zip(named, inputs, strict=True)):
        said.setdefault(id(x) if isinstance(x, Tensor) else i, f"{name} in {interval(x)}")  # the h of h × h once
    return ", ".join(said.values()) or "nothing"


def interval(x: Any) -> str:
    """The smallest and the largest of the values that are numbers, "[0, 2]"."""
    array = np.asarray(x._data if isinstance(x, Tensor) else x)
    if array.size == 0:
        return "an empty array"
    there = ~np.isnan(array)
    if not there.any():
        return "nothing but NaN"
    array = array[there]
    return f"[{number(float(array.min()))}, {number(float(array.max()))}]"

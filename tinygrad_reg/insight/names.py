"""A name for each tensor of a graph: its own, its variable's in the user's code, or its role in the op that uses it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import source
from ..tensor import Tensor
from .words import short, subscript


def names_of(tensors: list[Tensor]) -> list[str]:
    """A name for each tensor that no other one has: its own, its variable's, a number's digits, or v3."""
    names: list[str] = []
    alike: dict[str, list[int]] = {}  # what is called the same: where it stands
    again: dict[int, int] = {}  # an array that is used once more: where it stood first
    arrays: dict[tuple[str, Any], int] = {}
    layer_of, roles = _layers_of_parameters(tensors), _roles(tensors)
    variables = _variables(tensors, roles)
    roles |= variables
    for i, tensor in enumerate(tensors):
        name = source.label(tensor)
        if name is not None and tensor in layer_of:
            name = f"{layer_of[tensor]}.{name}"
        if name is None and is_constant(tensor) and tensor.ndim == 0 and tensor not in variables:
            names.append(short(tensor.data))  # a number is its own name, however often it occurs
            continue
        if name is None:  # an array that was passed as it is, such as a batch, or a step that no variable holds
            given = tensor in variables or (tensor.op is None and tensor.ndim > 0 and not tensor.requires_grad)
            name = roles.get(tensor, "input") if given else f"v{i}"
            if given and (name, _same(tensor)) in arrays:
                again[i] = arrays[name, _same(tensor)]
                names.append(name)
                continue
        arrays.setdefault((name, _same(tensor)), i)
        alike.setdefault(name, []).append(i)
        names.append(name)
    for name, places in alike.items():  # h, h₂, h₃ in the order of time
        for count, i in enumerate(places[1:], 2):
            names[i] = name + subscript(count)
    for i, first in again.items():
        names[i] = names[first]
    return names


def _same(tensor: Tensor) -> Any:
    """What is equal of two tensors that an op was given as one array or number."""
    return tensor._data.item() if tensor.ndim == 0 and is_constant(tensor) else id(tensor._data)


def is_constant(tensor: Tensor) -> bool:
    """Whether it is a number or array that no variable stands for: as an op was given it, or the 1 of a way back."""
    plain = tensor.op is None and not tensor.requires_grad
    return plain and (not source.is_placed(tensor) or source.is_on_way_back(tensor))


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
    What the way back makes of a gradient that has a graph is held by no variable, whatever its line says.
    """
    found: dict[Tensor, str] = {}
    of_way_back: list[Tensor] = []
    # In y log a + (1 − y) log(1 − a), each product knows what the other one is of.
    beside = {x: y.parents for tensor in tensors if tensor.op == "add" and source.is_inside(tensor)
              for x, y in (tensor.parents, tensor.parents[::-1])}  # fmt: skip
    passed: dict[source.Call, list[tuple[Tensor, Tensor]]] = {}  # by the user's call: arrays, and who takes them
    for tensor in tensors:
        for position, x in enumerate(tensor.parents):
            if x in found or x._primitive is not None or x.requires_grad or x._name is not None:
                continue
            if source.is_on_way_back(tensor):
                of_way_back.append(x)
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
        found |= _of_one_call(pairs, taken, roles)
    names = {id(x._data): name for x, name in found.items()}  # the way back uses the arrays of the way forward, too
    for x in (x for x in of_way_back if x.ndim):
        if source.is_on_way_back(x):
            found[x] = "upstream"
        elif not source.is_placed(x):
            found[x] = names.get(id(x._data)) or roles.get(x, "factor")
    return found


def _of_one_call(
    pairs: list[tuple[Tensor, Tensor]], taken: set[str | None], roles: dict[Tensor, str]
) -> dict[Tensor, str]:
    """What a call of a function of the house was given, as (array, who takes it), in order; {} where none can tell."""
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
        return {}
    others = {x: _is_rest(x, first) for x, _ in pairs if x is not first}
    if sum(not rest for rest in others.values()) > 1:
        return {}
    return {first: name, **{x: f"(1 − {name})" if rest else "weights" for x, rest in others.items()}}


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

"""The table that model.summary() prints: a line a layer, with output shape and number of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from ..modes import no_grad
from ..tensor import Tensor
from .evaluating import evaluating
from .module import Module, children
from .running import listening
from .sequential import Sequential
from .state import join

Shapes = dict[str, tuple[int, ...]]


def table(model: Module, x: Any = None) -> str:
    """The summary of `model` as text; `x` is an example of its input, or the shape of one sample."""
    shapes = _shapes(model, x)
    counts = _counts(model)
    rows = [("layer", "", "output", "parameters")]
    first_path: dict[int, str] = {}
    for path, module in _lines(model):
        shared = first_path.setdefault(id(module), path) != path
        count = f"as {first_path[id(module)]}" if shared else f"{counts.get(path, 0):,}"
        shape = shapes.get(path)
        shown = "?" if shape is None else f"({', '.join(['N', *map(str, shape[1:])])})"
        rows.append((path or "model", type(module).__name__, shown, count))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    aligned = [
        f"{path:<{widths[0]}}  {kind:<{widths[1]}}  {shape:<{widths[2]}}  {count:>{widths[3]}}"
        for path, kind, shape, count in rows
    ]
    trained = sum(parameter.size for parameter in model.parameters())
    frozen = sum(tensor.size for _, tensor in model.named_state()) - trained
    rest = "1 number that is" if frozen == 1 else f"{frozen:,} numbers that are"
    total = f"{trained:,} parameter{'s' * (trained != 1)}" + (f", and {rest} not trained" if frozen else "")
    rule = "─" * len(aligned[0])
    return "\n".join([aligned[0], rule, *aligned[1:], rule, total])


def _lines(module: Module, path: str = "", above: tuple[Module, ...] = ()) -> Iterator[tuple[str, Module]]:
    """The modules that compute something themselves, a shared one in each of its places."""
    upwards = {id(one) for one in (*above, module)}  # a dataclass would compare its Tensors
    below = [(name, child) for name, child in children(module) if id(child) not in upwards]
    holds_tensors = any(isinstance(part, Tensor) for _, part in module.parts())
    if not below or holds_tensors:
        yield path, module
    for name, child in below:
        yield from _lines(child, join(path, name), (*above, module))


def _counts(model: Module) -> dict[str, int]:
    """How many numbers each module holds itself, by path; what is shared counts where it comes first."""
    modules = {path for path, _ in model.named_modules()}
    counts: dict[str, int] = {}
    for path, tensor in model.named_state():
        owner = path
        while owner not in modules:
            owner = owner.rpartition(".")[0]
        counts[owner] = counts.get(owner, 0) + tensor.size
    return counts


def _shapes(model: Module, x: Any) -> Shapes:
    """The output shape of every module, by path, as far as the input is known."""
    shapes: Shapes = {}

    def note(path: str, out: Any) -> None:
        if isinstance(out, Tensor):
            shapes.setdefault(path, out.shape)

    with no_grad(), evaluating(model), listening(note):
        if x is not None:
            if isinstance(x, tuple) and not all(isinstance(n, (int, np.integer)) and n >= 0 for n in x):
                raise TypeError(
                    f"summary() takes the shape of one sample, such as (1, 28, 28) without the batch, not {x}"
                )
            _try(model, x)
        else:
            # A guess: that each sample has the shape that its layer is made for. Where that fails, shapes stay open.
            with suppress(Exception):
                _try_layers(model)
    return shapes


def _try(model: Module, x: Any) -> None:
    """Run the model on an example, or on two made of the shape of one sample, which the user has not seen."""
    if not isinstance(x, tuple):
        model(x)
        return
    try:
        model(np.zeros((2, *x)))
    except Exception as error:
        error.add_note(f"summary({x}) tries the model on an input of shape {(2, *x)}: 2 samples of zeros")
        raise


def _try_layers(model: Module) -> None:
    """Run the model, or of a Sequential the layers from the first on that knows its input's shape."""
    layers = list(enumerate(model)) if isinstance(model, Sequential) else []
    x: Any = None
    if not layers and model.input_shape is not None:
        model(np.zeros((2, *model.input_shape)))
    for index, layer in layers:
        if x is None and layer.input_shape is not None:
            x = np.zeros((2, *layer.input_shape))
        if x is not None:
            x = layer.call_as(str(index), (x,), {})

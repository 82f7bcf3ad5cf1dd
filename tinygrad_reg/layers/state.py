"""The state of a module: the Tensors among its attributes, found and named by path, saved and loaded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from ..answers.calls import answered
from ..arrays import plain_array
from ..modes import quiet
from ..tensor import Tensor

CONTAINERS = (list, tuple, dict)
NOT_LOOKED_INTO = (set, frozenset, deque)  # they have no places to name what they hold by


class Stateful:
    """The base of Module: its attributes hold Tensors, more of its kind, and lists, tuples and dicts of both."""

    def parts(self) -> Iterator[tuple[str, Any]]:
        """What this module itself holds, by name, in the order of assignment."""
        yield from vars(self).items()

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """The Tensors that require gradients, each once, with their paths such as "0.kernel"."""
        held = self._tensors()
        for path, tensor in held:
            if tensor._primitive is not None and _stands_for_a_parameter(tensor, held):
                raise ValueError(
                    f"{join(type(self).__name__, path)} was computed by '{tensor.op}', so it is no parameter and would "
                    "not be trained: compute with the array, tg.Tensor(0.1 * array, requires_grad=True). If it is not "
                    "to be trained, write .detach() behind it"
                )
        return [(path, tensor) for path, tensor in self._state_among(held) if tensor.requires_grad]

    def parameters(self) -> list[Tensor]:
        """The Tensors that require gradients, each once: what an optimizer is given."""
        return [tensor for _, tensor in self.named_parameters()]

    def named_state(self) -> list[tuple[str, Tensor]]:
        """All state, parameters and the rest, each Tensor once, with their paths."""
        return self._state_among(self._tensors())

    def _tensors(self) -> list[tuple[str, Tensor]]:
        """All Tensors, state and results, each once, with their paths."""
        return [(path, part) for path, part in walk(self) if isinstance(part, Tensor)]

    def _state_among(self, held: list[tuple[str, Tensor]]) -> list[tuple[str, Tensor]]:
        found = [(path, tensor) for path, tensor in held if tensor.op is None]
        if len(dict(found)) < len(found):
            self._refuse_one_path(found)
        return found

    def _refuse_one_path(self, found: list[tuple[str, Tensor]]) -> NoReturn:
        paths = [path for path, _ in found]
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ValueError(
            f"two Tensors of {type(self).__name__} have the path '{twice}', so that a state_dict would hold only one "
            "of them: give them keys (or attributes) that differ as words, and have no dots in them"
        )

    def named_generators(self) -> list[tuple[str, np.random.Generator]]:
        """The random generators that layers were given (`rng=`), each once, with their paths."""
        return [(path, part) for path, part in walk(self) if isinstance(part, np.random.Generator)]

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all state, parameters and the rest (moving statistics, frozen weights), by path."""
        return {path: tensor.data.copy() for path, tensor in self.named_state()}

    @answered
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over all of `state`, as state_dict() gave it; where anything does not fit, nothing is changed."""
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict takes what state_dict() gave, arrays by path, not {type(state).__name__}; "
                "a file is read by tg.load(path, model=model)"
            )
        own = dict(self.named_state())
        given = {path: _array(path, value) for path, value in state.items()}
        with quiet():
            copies = {path: np.array(given[path], tensor.dtype) for path, tensor in own.items() if path in given}
        if complaints := _complaints(own, given, copies):
            raise ValueError(
                f"the state does not fit this {type(self).__name__}, nothing was loaded: " + "; ".join(complaints)
            )
        for path, tensor in own.items():
            tensor.data = copies[path]  # not written into the array that it has, which may be the user's
        for _, part in walk(self):
            if isinstance(part, Stateful):
                part._loaded()

    def _loaded(self) -> None:
        """The state is another one: for modules that keep a word of it."""


def _stands_for_a_parameter(result: Tensor, held: list[tuple[str, Tensor]]) -> bool:
    """Whether a result that a module holds was to be its weight: Tensor(…, requires_grad=True) * 0.1.

    What a forward has left there is none: it was made in a layer or in forward(), or of what some module holds.
    """
    if result._layer or (result._code is not None and result._code.co_name == "forward"):
        return False
    own = {tensor for _, tensor in held} - {result}
    seen, todo = {result}, [result]
    while todo:
        for x in todo.pop()._inputs:
            if isinstance(x, Tensor) and x not in seen:
                if x._owned or x in own:
                    return False
                seen.add(x)
                todo.append(x)
    return True


def walk(value: Any, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """The modules, Tensors and random generators in `value`, each once, with their paths, in order."""
    seen = set() if seen is None else seen
    if not isinstance(value, (Stateful, Tensor, np.random.Generator, *CONTAINERS)) or id(value) in seen:
        return
    seen.add(id(value))
    if not isinstance(value, CONTAINERS):
        yield path, value
    for name, part in parts_of(value):
        yield from walk(part, join(path, name), seen)


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """What a module or a container holds, by name."""
    if isinstance(value, Stateful):
        yield from value.parts()
    elif isinstance(value, CONTAINERS):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield str(name), part


def join(path: str, name: str) -> str:
    """The path of what is called `name` in the module at `path`."""
    return f"{path}.{name}" if path else name


def _complaints(
    own: Mapping[str, Tensor], given: Mapping[str, np.ndarray], copies: Mapping[str, np.ndarray]
) -> list[str]:
    """What keeps a state from being taken over; `copies` are the arrays given in the dtypes of one's own."""
    return [
        *(f"missing: {path} {own[path].shape}" for path in own if path not in given),
        *(f"unexpected: {path} {given[path].shape}" for path in given if path not in own),
        *(
            f"{path} has shape {own[path].shape}, given {given[path].shape}"
            for path in copies
            if own[path].shape != given[path].shape
        ),
        *(
            f"{path} holds {array.dtype} numbers, which the given are not"
            for path, array in copies.items()
            if array.dtype.kind != "f" and array.shape == own[path].shape and not np.array_equal(array, given[path])
        ),
    ]


def _array(path: str, value: Any) -> np.ndarray:
    array = value.data if isinstance(value, Tensor) else plain_array(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"the state '{path}' must be an array of numbers, not {type(value).__name__}")
    return array

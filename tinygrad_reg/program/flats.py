"""Optimizers' flat arrays in a capture: a parameter that takes a step lies there, and so does its gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..memory import move
from ..optim.flat import Flat, Group, must_fit
from ..tensor import Tensor
from .callables import assign
from .leaves import Leaf, Leaves
from .node import Node, Stretch
from .recorded import Recorded

OTHER_SHAPE = "a parameter that an optimizer moves gets an array of another shape", "Make a new optimizer for it"


class Flats(Leaves):
    """The lines that bring parameters and gradients to their places; `Updates` has those that change them there."""

    def __init__(self) -> None:
        super().__init__()
        self._flat_inputs: dict[tuple[int, str, int, int], Recorded] = {}
        self._examples: dict[int, dict[str, np.ndarray]] = {}  # copies of the optimizers' arrays, for this capture

    def _without(self, flat: Flat, absent: set[Tensor]) -> list[Group]:
        """The groups but those that are absent; as in `Flat`, a group of which only a part is absent is split."""
        for p in flat.shapes:
            self.touch(p)
        if flat.divides(absent):
            if any(leaf.flat is flat for leaf in self.leaves.values()):
                self.refuse(
                    "other parameters take this step than the one before", "Give each set an optimizer of its own"
                )
            now = {p: (p._data, p._grad, p._home) for p in flat.shapes}
            for p in flat.shapes:
                p._data, p._grad, p._home = self.leaves[p].data, self.leaves[p].grad, self.leaves[p].home
            flat.split(absent)
            for p in flat.shapes:
                leaf = self.leaves[p]
                leaf.data, leaf.grad, leaf.home = p._data, p._grad, p._home
                p._data, p._grad, p._home = now[p]
        return flat.without(absent)

    def _bring(self, flat: Flat, p: Tensor) -> None:
        """A parameter that takes a step lies in the flat arrays, and so does its gradient."""
        home = self._bring_values(flat, p).gradient
        assert home is not None
        if not isinstance(p._grad, Recorded):
            p._grad = self.record(np.array, (p._grad,))
        if p._grad is not home:
            self._assign(home, self._as_it_came(p._grad))
            p._grad = home

    def _as_it_came(self, gradient: Recorded) -> Recorded:
        """Without the line that has put it in memory row after row: so it will lie in its place anyway."""
        made = gradient.node
        if made.function is not np.array or made.options != {"order": "C"}:
            return gradient
        moving = [x for leaf in self.leaves.values() for x in (leaf.input.value, leaf.input.first)]
        came = made.arguments[0]
        return gradient if any(np.may_share_memory(came.value, x) for x in moving) else self._handle(came)

    def _bring_values(self, flat: Flat, p: Tensor) -> Leaf:
        leaf = self.leaves[p]
        place = flat.places[p]
        must_fit(p, flat.shapes[p])
        if leaf.flat is None:
            if leaf.input.value.shape != flat.shapes[p]:
                self.refuse(*OTHER_SHAPE)
            leaf.flat, leaf.place = flat, place
            whole = self._example(flat, "w", flat.arrays["w"])
            view = whole[place].reshape(flat.shapes[p])
            np.copyto(view, leaf.input.value)
            leaf.input.value = view
            gradient = self._example(flat, "g", flat.arrays["g"])[place].reshape(flat.shapes[p])
            leaf.gradient = self.input("home", leaf, gradient, f"grad_{leaf.array.node.name}")
        elif leaf.flat is not flat:
            self.refuse("two optimizers move one parameter in a step", "Make a step for each of them")
        self._put_in_place(leaf)
        return leaf

    def _put_in_place(self, leaf: Leaf) -> None:
        """Write what a parameter was given in the step, by a constraint say, into its place in the flat array."""
        p = leaf.tensor
        if p._data.node is leaf.input:
            return
        if p._data is leaf.array:  # changed in place
            leaf.written.append(p._data.node.value)
        values, p._data = p._data, self._handle(leaf.input)
        if values.node.kind == "leaf":
            self.refuse(
                "a parameter is given the array of another one, which an optimizer moves", "Write q.data.copy()"
            )
        if values.shape != leaf.input.value.shape:
            self.refuse(*OTHER_SHAPE)
        np.copyto(leaf.input.value, values.node.value)
        self.effect(assign, (p._data, ..., values))
        leaf.array = p._data

    def _moves(self, params: Sequence[Tensor]) -> None:
        """These parameters move: their arrays, as the step got them before, may be those that the optimizer writes
        into, or others, from which it has fetched the values."""
        leaves = [self.leaves[p] for p in params]
        for leaf in leaves:
            leaf.array = leaf.tensor._data = self._handle(leaf.input)
        fresh = {id(leaf.array) for leaf in leaves}
        arrays = [array for leaf in leaves for array in (*leaf.written, leaf.input.value, leaf.input.first)]
        for handle in [reference() for reference in self._handles]:
            if handle is None or id(handle) in fresh or handle.node.kind == "flat":
                continue
            if any(np.may_share_memory(handle.node.value, array) for array in arrays):
                self.hold_over(handle)

    def finish(self) -> None:
        """The step has returned."""
        for leaf in self.leaves.values():
            if leaf.flat is not None:
                self._put_in_place(leaf)

    def flat(self, flat: Flat, name: str, array: np.ndarray, place: slice) -> Recorded:
        """What stands for a stretch of an optimizer's flat array."""
        key = (id(flat), name, place.start, place.stop)
        if key not in self._flat_inputs:
            example = self._example(flat, name, array)[place]
            self._flat_inputs[key] = self.input("flat", Stretch(flat, name, array, place), example, name)
        return self._flat_inputs[key]

    def _example(self, flat: Flat, name: str, array: np.ndarray) -> np.ndarray:
        copies = self._examples.setdefault(id(flat), {})
        if name not in copies:
            copies[name] = array.copy() if name in flat.names else np.empty_like(array)
            if name == "w":
                move(copies[name])
        return copies[name]

    def _assign(self, target: Recorded, values: Recorded) -> Node:
        np.copyto(target.node.value, values.node.value)
        self.effect(assign, (target, ..., values))
        return self.nodes[-1]

"""Tensors in a capture: what stands for the array and the gradient of each, and what they had before."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .. import source
from ..modes import modes
from ..optim.flat import Flat
from ..tensor import Tensor
from .lines import Lines
from .node import Input, Node
from .recorded import Recorded

_count = itertools.count(1)  # captures, by which the Tensors are known that each of them makes


class Leaf:
    """A Tensor that the step met: what it had before, and what stands for it."""

    def __init__(self, tensor: Tensor, is_new: bool) -> None:
        self.tensor = tensor
        self.is_new = is_new  # the step makes it, with these values at each call
        self.data, self.grad, self.home, self.time = tensor._data, tensor._grad, tensor._home, tensor._time
        self.cleared = False  # whether the step itself drops a gradient, ...
        self.dropped = False  # ... the one that was there before, with nothing added to it
        self.asked = False  # whether the step asks for that gradient, if only whether there is one
        self.absent = False  # whether an optimizer passed it by, as it had no gradient
        self.flat: Flat | None = None  # the optimizer's arrays that it lies in, where the step moves it
        self.place = slice(0)
        self.written: list[np.ndarray] = []  # its array as the step itself left it, changed in place, before it moved
        self.array: Recorded  # what stands for its array, ...
        self.before: Recorded | None = None  # ... for the gradient that it had, where it had one, ...
        self.gradient: Recorded | None = None  # ... and for its place among the optimizer's gradients
        self.input: Input  # what the first two stood for at the beginning
        self.before_input: Input | None = None

    @property
    def gathers(self) -> bool:
        """Whether the step adds to the gradient that there is."""
        return not self.dropped and (self.cleared or self.tensor._grad is not None)


class Leaves(Lines):
    """The lines, and the Tensors that the step has met."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves: dict[Tensor, Leaf] = {}
        self.mark = -next(_count)

    def touch(self, tensor: Tensor) -> None:
        """From now on a Recorded stands for the Tensor's array, and for its gradient."""
        if isinstance(tensor._data, Recorded) or tensor in self.leaves:
            if tensor._data.node.value is None:
                self.refuse(
                    f"{source.label(tensor) or 'a Tensor'} was computed by a call before, which left no numbers there",
                    "Give it as an argument and return the new one, or assign .data of a Tensor",
                )
            return
        if tensor._primitive is not None:
            self.refuse(
                f"{source.label(tensor) or 'a Tensor'} was computed before the step, and its graph is not part of it",
                "Compute it inside the step, or give .detach()",
            )
        leaf = self.leaves[tensor] = Leaf(tensor, tensor._time == self.mark)
        name = tensor._name or source.label(tensor) or "constant"
        if tensor._owned and modes.layer:
            name = f"{name}_{modes.layer.replace('.', '_')}"
        tensor._data = self._made_anew(leaf.data) if leaf.is_new else self.input("leaf", leaf, leaf.data, name)
        leaf.array, leaf.input = tensor._data, tensor._data.node
        leaf.input.name = name
        tensor._home = None
        if leaf.grad is not None:
            leaf.before = tensor._grad = self.input("gradient", leaf, leaf.grad, f"grad_{name}")
            leaf.before_input = leaf.before.node

    def _made_anew(self, data: Any) -> Recorded:
        """What a Tensor holds that the step makes, at each call."""
        if data.shape:
            return self.assigned(np.array(data))
        number: Recorded = self.note(Node(data.dtype.type, (data.item(),)), data[()])
        return number

    def assigned(self, array: Any) -> Recorded:
        """What a Tensor is given: of an array that Python made at the capture, a copy at each call."""
        return array if isinstance(array, Recorded) else self.record(np.copy, (self.constant(array),))

    def reading(self, tensor: Tensor) -> None:
        """The step reads a gradient: what it gets is not overwritten by a later one."""
        self.touch(tensor)
        leaf = self.leaves.get(tensor)
        if leaf is not None and not leaf.cleared and tensor._grad is leaf.before:
            leaf.asked = True
        if leaf is not None and leaf.gradient is not None and tensor._grad is leaf.gradient:
            tensor._grad = leaf.gradient.copy()

    def clear(self, tensor: Tensor) -> None:
        """The step sets the Tensor's gradient itself."""
        self.touch(tensor)
        leaf = self.leaves.get(tensor)
        if leaf is not None:
            leaf.dropped |= tensor._grad is leaf.before and not leaf.cleared
            leaf.cleared = True

    def restore(self) -> None:
        """Give Tensors back what they had."""
        for tensor, leaf in self.leaves.items():
            tensor._data, tensor._grad, tensor._home, tensor._time = leaf.data, leaf.grad, leaf.home, leaf.time

"""What a call does with Tensors where no straight line says it: brings back, tells apart, makes, gives gradients."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..applying import NO_OPTIONS
from ..optim.flat import Row, fetch
from ..tensor import Tensor

_new_tensor = Tensor.__new__


def are_back(rows: Sequence[Row]) -> bool:
    """Whether parameters to which somebody gave other arrays lie in the optimizer's again: they must fit there."""
    if any(p._data.shape != w.shape for p, w, _ in rows):
        return False
    for p, w, _ in rows:
        if p._data is not w:
            fetch(p, w)
    return True


class Unshared:
    """Tensors into whose arrays a step writes: as at the capture, no array of another is in the same memory."""

    def __init__(self, written: Sequence[Tensor], others: Sequence[Tensor], arrays: Sequence[Any]) -> None:
        self._written, self._others, self._arrays = written, others, arrays
        self._known = [(tensor, tensor._data) for tensor in (*written, *others)]

    def hold(self) -> bool:
        """Asked at each call, and looked into where a Tensor has another array than at the call before."""
        for tensor, data in self._known:
            if tensor._data is not data:
                break
        else:
            return True
        written = [tensor._data for tensor in self._written]
        others = [*(tensor._data for tensor in self._others), *self._arrays]
        pairs = itertools.chain(itertools.combinations(written, 2), itertools.product(written, others))
        if any(np.may_share_memory(one, other) for one, other in pairs):
            return False
        self._known = [(tensor, tensor._data) for tensor, _ in self._known]
        return True


def as_tensor(data: Any, cut: str | None = None) -> Tensor:
    """A Tensor of the program's: like `Tensor(data)`, which looks at what it is given, and where from."""
    made = _new_tensor(Tensor)
    made._data = data
    made._grad = made._home = made._primitive = made._kept = made._name = made._code = None
    made._inputs, made._options = (), NO_OPTIONS
    made._requires_grad = made._owned = False
    made._time = made._place = 0
    made._layer, made._cut = "", cut
    return made


def give_gradient(tensor: Tensor, gradient: Any) -> None:
    """For a Tensor that an optimizer has, where the program does not leave its gradient there."""
    tensor._home[...] = gradient
    tensor._grad = tensor._home

"""What layers of weights share: parameters that an initializer starts, with a penalty and a constraint of their own."""

from __future__ import annotations

from typing import Any

from .. import initializers, penalties
from ..modes import Rng
from ..tensor import Tensor
from .module import Module


class Weighted(Module):
    """A layer with a kernel and, unless use_bias=False, a bias."""

    kernel: Tensor
    bias: Tensor | None

    def make(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Any,
        regularizer: Any,
        constraint: Any,
        dtype: Any,
        rng: Rng,
    ) -> Tensor:
        """The parameter `name`; what the user declared about it is kept beside it, where Module looks for it."""
        if constraint is not None and (isinstance(constraint, type) or not callable(constraint)):
            raise TypeError(
                f"{name}_constraint must be a constraint such as tg.constraints.max_norm(1.0), "
                f"or a callable (weights, lr) -> weights, not {constraint!r}"
            )
        setattr(self, f"{name}_regularizer", penalties.get(regularizer))
        setattr(self, f"{name}_constraint", constraint)
        return parameter(name, shape, initializer, dtype, rng)


def parameter(name: str, shape: tuple[int, ...], initializer: Any, dtype: Any, rng: Rng = None) -> Tensor:
    """A Tensor to be trained, as the initializer starts it."""
    return Tensor(initializers.create(initializer, shape, rng=rng, dtype=dtype), requires_grad=True, name=name)

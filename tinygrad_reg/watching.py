"""Who looks on while ops are applied and the walk goes back, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .primitive import Primitive
    from .tensor import Tensor


class Observer(Protocol):
    """Who wants to see each step of the walk: the record of `explain`, the checks of `debug`."""

    def start(self, output: Tensor, gradient: Any) -> None:
        """The walk begins at `output` with this gradient."""

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        """`node` sent its input at `position` a share of its upstream gradient.

        `raw` is what the derivative gave, `share` the same summed over broadcast axes, `before` and `after` what the
        input had received until then, and has now.
        """


class Watch(Observer, Protocol):
    """Who wants to see each op of the way forward as well (see modes.watching): `debug`, a program's capture."""

    def applying(self, op: Primitive, inputs: Sequence[Any]) -> Callable[..., Any]:
        """An op is going to be applied: what is to compute it, its own forward or another function."""

    def forward(self, op: Primitive, node: Tensor, inputs: Sequence[Any], arrays: Sequence[Any]) -> None:
        """An op has made `node` of these inputs, which were these arrays to it."""

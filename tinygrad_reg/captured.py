"""What the rest of the house knows of a step that tg.compile captures: what it is told, what stands for its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .modes import modes

if TYPE_CHECKING:
    from .tensor import Tensor


class Recorder(Protocol):
    """What the house tells a step that is being captured (program/capture.py is the one there is)."""

    mark: int  # the `_time` of Tensors that the step makes, below 0: each call of it makes them anew

    def touch(self, tensor: Tensor) -> None:
        """Somebody looks at this Tensor's array."""

    def values(self, x: Any) -> Any:
        """The values in place of what stands for them."""

    def assigned(self, array: Any) -> Any:
        """What a Tensor gets that is given this array."""

    def reading(self, tensor: Tensor) -> None:
        """Somebody looks at its gradient."""

    def clear(self, tensor: Tensor) -> None:
        """Its gradient is going to be set by hand."""

    def seed(self, output: Tensor, gradient: Any) -> Any:
        """A way back begins at `output` with this gradient: what it is to begin with instead."""

    def laid_out_as(self, first: Any, x: Any) -> Any:
        """Several arrays were added to the first, x is the sum: it lies in memory as the first does."""

    def check(self, test: Callable[..., None], arguments: Any, options: dict[str, Any]) -> None:
        """Values are looked at, and refused if they make no sense: see `check`."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function is applied that is no op, a user's constraint: what it returns."""

    def refuse(self, what: str, advice: str) -> NoReturn:
        """The step does what no program can repeat."""

    def read(self, ask: Callable[[], Any], answer: Any) -> None:
        """Something besides arrays was asked for."""

    def zero_grad(self, optimizer: Any) -> None:
        """optimizer.zero_grad()"""

    def clip(self, function: Callable[..., Any], params: Any, limit: float) -> Any:
        """Gradients are clipped: what that function returns."""

    def step(self, optimizer: Any) -> None:
        """optimizer.step()"""

    def taken(self, optimizer: Any) -> int:
        """The steps that an optimizer has taken in the capture so far."""

    def ahead(self, optimizer: Any, closure: Callable[[], Any]) -> Any:
        """optimizer.step(closure), which looks ahead."""


class Captured:
    """The base of what stands for an array in a step that is being captured (see program/recorded.py)."""

    __slots__ = ("__weakref__",)
    node: Any  # what computes it, or gives it, in the program
    dtype: Any
    astype: Callable[..., Any]
    is_number: bool  # whether NumPy gave a number where it stands, not an array


def check(test: Callable[..., None], *values: Any, **about: Any) -> None:
    """Call a test of arrays, which raises where their values make no sense; a captured step repeats it at each call."""
    if modes.capture is None:
        test(*values, **about)
    else:
        modes.capture.check(test, values, about)

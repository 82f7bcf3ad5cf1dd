"""What other modules add to Tensor: operators and methods of the ops, backward(), NumPy's protocols.

Tensor inherits from Methods, so an op that is registered later, or in a user's script, becomes a method as well.
methods.pyi lists them all for editors and type checkers; a test keeps it true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Methods:
    """The methods of Tensor that are not written in tensor.py."""

    __slots__ = ()


def attach(function: Callable[..., Any], *names: str) -> None:
    """Make `function` a method of Tensor under each of the names."""
    for name in names:
        setattr(Methods, name, function)

"""The hyper-parameters of an optimizer: each is checked by name, and fixed once the optimizer is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Setting:
    """A hyper-parameter, declared in the body of an optimizer's class with what it must be.

        momentum = Setting(checks.fraction, "μ")

    `symbols` are its letters in the formula, `limits` what else the check is told. It is saved with the optimizer's
    state, and must be the same to resume.
    """

    def __init__(self, check: Callable[..., Any], *symbols: str, **limits: Any) -> None:
        self.check, self.symbols, self.limits = check, symbols, limits

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        try:
            return self if optimizer is None else optimizer.__dict__[self.name]
        except KeyError:
            raise AttributeError(f"{type(optimizer).__name__} has no '{self.name}'", name=self.name) from None

    def __set__(self, optimizer: Any, value: Any) -> None:
        if self.name in optimizer.__dict__:
            raise AttributeError(f"{self.name} is fixed (lr alone can be assigned): make a new optimizer")
        optimizer.__dict__[self.name] = self.check(self.name, value, **self.limits)


def settings_of(optimizer: Any) -> dict[str, Setting]:
    """The hyper-parameters that an optimizer's class and its parents declare."""
    declared = (vars(owner) for owner in reversed(type(optimizer).__mro__))
    return {name: item for names in declared for name, item in names.items() if isinstance(item, Setting)}

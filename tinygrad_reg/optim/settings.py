"""The hyper-parameters of an optimizer: each is checked by name, and fixed once the optimizer is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any


class Setting:
    """A hyper-parameter, declared in the body of an optimizer's class with what it must be.

        momentum = Setting(fraction, "μ")

    `symbol` is its letter in the formula. It is saved with the optimizer's state, and must be the same to resume.
    """

    def __init__(self, check: Callable[[str, Any], Any], *symbols: str) -> None:
        self.check, self.symbols = check, symbols

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        return self if optimizer is None else optimizer.__dict__[self.name]

    def __set__(self, optimizer: Any, value: Any) -> None:
        if self.name in optimizer.__dict__:
            raise AttributeError(f"{self.name} is fixed (lr alone can be assigned): make a new optimizer")
        optimizer.__dict__[self.name] = self.check(self.name, value)


def settings_of(optimizer: Any) -> dict[str, Setting]:
    """The hyper-parameters that an optimizer's class and its parents declare."""
    declared = (vars(owner) for owner in reversed(type(optimizer).__mro__))
    return {name: item for names in declared for name, item in names.items() if isinstance(item, Setting)}


def _number(name: str, value: Any, fits: Callable[[float], bool], wanted: str) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number {wanted}, not {value!r}")
    number = float(value)
    if not fits(number):  # NaN fits nowhere
        raise ValueError(f"{name} must be a number {wanted}, not {value!r}")
    return number


def rate(name: str, value: Any) -> float:
    """A finite number ≥ 0."""
    return _number(name, value, lambda x: 0 <= x < math.inf, "≥ 0")


def positive(name: str, value: Any) -> float:
    """A finite number > 0."""
    return _number(name, value, lambda x: 0 < x < math.inf, "> 0")


def count(name: str, value: Any) -> int:
    """A number of steps."""
    wanted = "of steps, whole and ≥ 1"
    return int(_number(name, value, lambda x: 1 <= x < math.inf and x == int(x), wanted))


def limit(name: str, value: Any) -> float:
    """A number > 0, or infinity for no limit."""
    return _number(name, value, lambda x: x > 0, "> 0")


def fraction(name: str, value: Any) -> float:
    """What weighs the past: with 1 or more, it would never fade."""
    return _number(name, value, lambda x: 0 <= x < 1, "≥ 0 and < 1")


def share(name: str, value: Any) -> float:
    """From none to all."""
    return _number(name, value, lambda x: 0 <= x <= 1, "from 0 to 1")


def fractions(name: str, value: Any) -> tuple[float, float]:
    """Adam's two."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be two numbers (β₁, β₂), not {value!r}") from None
    return fraction(f"{name}[0]", first), fraction(f"{name}[1]", second)


def switch(name: str, value: Any) -> bool:
    """On or off."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def one_of(*choices: str) -> Callable[[str, Any], str]:
    """One of some words."""

    def check(name: str, value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")
        return str(value)

    return check

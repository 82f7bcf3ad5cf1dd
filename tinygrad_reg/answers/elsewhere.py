"""Attributes that other libraries have: who asks for one here is told what to write instead.

Each is a descriptor, so it costs nothing until it is asked for. (A class with a __getattr__ would pay for it at each
reading of each of its attributes: Python then takes five times as long to find them.)
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NoReturn


class Elsewhere:
    """An attribute that is not there. Who assigns it has one: a model may have `weights` of its own."""

    def __init__(self, advice: str) -> None:
        self.advice = advice

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, thing: Any, kind: type) -> NoReturn:
        asked = kind if thing is None else thing
        raise AttributeError(
            f"{kind.__name__} has no attribute '{self.name}'; write {self.advice}", name=self.name, obj=asked
        )


class NeverHere(Elsewhere):
    """One that can't be assigned either: it would be taken for a setting, and change nothing."""

    def __set__(self, thing: Any, value: Any) -> NoReturn:
        self.__get__(thing, type(thing))


def answer(owner: type, names: Mapping[str, str]) -> None:
    """Answer these names, each with its advice, where somebody asks a thing of class `owner` for them."""
    for name, advice in names.items():
        elsewhere = Elsewhere(advice)
        elsewhere.__set_name__(owner, name)
        setattr(owner, name, elsewhere)


def listed(thing: Any) -> list[str]:
    """dir(thing), without the names that are answered only."""
    kind, own = type(thing), getattr(thing, "__dict__", ())
    return [name for name in object.__dir__(thing) if name in own or not _is_elsewhere(kind, name)]


def _is_elsewhere(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name, None), Elsewhere)

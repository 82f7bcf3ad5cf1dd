"""Things that can be asked for by name (a loss, a metric, a penalty ...): finding them, or saying which there are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def look_up(name: str, table: Mapping[str, T], kind: str) -> T:
    """What `table` has under `name`; a name that it does not have raises ValueError with those it has.

    >>> look_up("maee", {"mse": 1, "mae": 2}, "loss")
    Traceback (most recent call last):
    ValueError: no loss is called 'maee'; did you mean 'mae'? There are mse, mae
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, 1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise ValueError(f"no {kind} is called '{name}'; {hint}There are {', '.join(table)}")

"""Names: finding what is asked for by name (a loss, a metric …), and what to write for a name that is not there."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import numpy as np

from . import foreign

T = TypeVar("T")


def look_up(name: str, table: Mapping[str, T], kind: str) -> T:
    """What `table` has under `name`; a name that it does not have raises ValueError with those it has.

    >>> look_up("maee", {"mse": 1, "mae": 2}, "loss")
    Traceback (most recent call last):
    ValueError: no loss is called 'maee'; did you mean 'mae'? There are mse, mae
    """
    if isinstance(name, str) and name in table:
        return table[name]
    small = str(name).lower()
    written = foreign.NAMES.get(_plain(small), "")
    near = [known for known in table if re.split("[ ,]", written)[0].endswith(f".{known}")]
    near += difflib.get_close_matches(small, table, 1) or [known for known in table if known.startswith(small)]
    hint = f"; did you mean '{near[0]}'?" if near else "."
    if not near and written.startswith(f"tg.{kind[:5]}"):  # an optimizer is one of tg.optim
        hint = f"; write {written}."
    raise ValueError(f"no {kind} is called '{name}'{hint} There are {', '.join(table)}")


def resolve(given: Any, table: Mapping[str, T], kind: str, others: str) -> Any:
    """What `table` has under a name; a callable that is no class as it is. `others` says which may be given.

    >>> resolve("mae", {"mse": max, "mae": min}, "loss", "a function")
    <built-in function min>
    """
    found: Any = look_up(given, table, kind) if isinstance(given, str) else given
    if isinstance(found, type):
        write = f"the class {found.__name__}: write {found.__name__}()"
        raise TypeError(f"{kind} must be a name such as {next(iter(table))!r}, or {others}, not {write}")
    if not callable(found):
        raise TypeError(f"{kind} must be a name such as {next(iter(table))!r}, or {others}, not {given!r}")
    return found


def made(found: Any, makers: Mapping[str, Any]) -> Any:
    """What one of `makers` gives without arguments, anything else as it is: l2 may be given for l2()."""
    return found() if any(found is maker for maker in makers.values()) else found


# Where public names are. What two of them have is looked for in the first.
_PLACES = (
    "layers", "training", "program", "losses", "optim", "optim.schedules", "data", "penalties", "constraints",
    "initializers", "metrics", "diagnostics", "ops", "data.augmentation",
)  # fmt: skip
_AT_THE_TOP = ("layers", "training")
_HOUSE = __package__.partition(".")[0]


def missing(module: str, name: str) -> NoReturn:
    """Raise the AttributeError of a module that has no `name`; it says what to write instead.

    >>> missing("tinygrad_reg", "moons")
    Traceback (most recent call last):
    AttributeError: tinygrad_reg has no 'moons'; write tg.data.moons
    """
    advice = "" if name.startswith("_") else f"; {_advice(module.partition('.')[2], name)}"
    raise AttributeError(f"{module} has no {name!r}{advice}", name=name)


def _advice(within: str, name: str) -> str:
    paths, plain = _paths(within), _plain(name)
    ours = next((path for known, path in paths if known == name), None)
    ours = ours or next((path for known, path in paths if _plain(known) == plain), None) or foreign.NAMES.get(plain)
    if hasattr(np, name) and (not ours or "tg.ops" in ours or "tg.initializers" in ours):
        if ours and "tg.ops" in ours:
            return f"write np.{name}, which takes Tensors, or {ours}"
        return f"arrays are NumPy's: np.{name}, and tg.Tensor(array) of what it gives"
    if ours:
        return f"write {ours}"
    here = [_plain(known) for known, path in paths if path == f"tg.{within}.{known}"]
    near = difflib.get_close_matches(plain, [_plain(known) for known, _ in paths], 1, 0.75) or [
        known for known in here if known.startswith(plain)
    ]
    if near:
        return f"did you mean {next(path for known, path in paths if _plain(known) == near[0])}?"
    return f"dir({'.'.join(filter(None, ('tg', within)))}) lists what it has"


def _paths(within: str) -> list[tuple[str, str]]:
    """Every public name, and what to write for it; those of the module `within` go first."""
    found = []
    for place in (within, "", *_PLACES):
        module = import_module(f"{_HOUSE}.{place}".rstrip("."))
        names = getattr(module, "__all__", None) or [
            name for name in dir(module)
            if not name.startswith("_") and (not place or _offers(module, getattr(module, name)))
        ]  # fmt: skip
        top = "tg" if place in ("", *_AT_THE_TOP) else f"tg.{place}"
        found += [(name, f"{top}.{name}") for name in names]
    return found


def _offers(module: ModuleType, value: Any) -> bool:
    """Whether a module that has no __all__ offers the value, and has not imported it for its own use."""
    home = value.__module__ if inspect.isfunction(value) or inspect.isclass(value) else ""
    return f"{home}.".startswith(f"{module.__name__}.") or type(value).__name__ == "Primitive"


def _plain(name: str) -> str:
    return name.lower().replace("_", "")

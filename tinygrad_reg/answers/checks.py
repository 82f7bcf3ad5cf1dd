"""What users set, checked by name where it is given: each function returns the value, or says what it must be."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..tensor import Tensor


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from `low` to `high`.

    >>> number("rate", 1.5, 0, 1)
    Traceback (most recent call last):
    ValueError: rate must be a finite number from 0 to 1, not 1.5
    """
    bounds = f" from {low:g} to {high:g}" if high < math.inf else f" ≥ {low:g}" if low > -math.inf else ""
    _require(lambda: math.isfinite(value) and low <= value <= high, name, value, f"a finite number{bounds}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """A finite number > 0."""
    _require(lambda: 0 < value < math.inf, name, value, "a finite number > 0")
    return float(value)


def limit(name: str, value: Any) -> float:
    """A number > 0, or infinity for no limit."""
    _require(lambda: value > 0, name, value, "a number > 0 (math.inf: no limit)")
    return float(value)


def fraction(name: str, value: Any) -> float:
    """A share that leaves something: with 1 or more, a mean would never forget, and dropout drop everything."""
    _require(lambda: 0 <= value < 1, name, value, "a number ≥ 0 and < 1")
    return float(value)


def whole(name: str, value: Any, low: int = 1, high: float = math.inf, note: str = "") -> int:
    """A whole number from `low` to `high`; 2.0 is none, as for NumPy's axes. `note`: what else may be set."""
    wanted = f"a whole number from {low} to {high}{note}" if high < math.inf else f"a whole number ≥ {low}{note}"
    _require(lambda: isinstance(value, Integral) and low <= int(value) <= high, name, value, wanted)
    return int(value)


def steps(name: str, value: Any) -> int:
    """A number of steps, which may be written 1e4."""
    _require(lambda: 1 <= value < math.inf and value == int(value), name, value, "a number of steps, whole and ≥ 1")
    return int(value)


def _require(fits: Callable[[], bool], name: str, value: Any, wanted: str) -> None:
    """Refuse a value that is no real number, or one that does not fit (as NaN nowhere does)."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be {wanted}, not {value!r}")
    if not fits():
        raise ValueError(f"{name} must be {wanted}, not {value!r}")


def switch(name: str, value: Any) -> bool:
    """On or off."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def one_of(name: str, value: Any, options: Sequence[str]) -> str:
    """One of some words."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, not {value!r}")
    return str(value)


def several(name: str, given: Any, is_one: Callable[[Any], bool], wanted: str) -> list[Any]:
    """One thing, several, or none (None), as a list."""
    if given is None or is_one(given):
        return [] if given is None else [given]
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for each in found:
        if not is_one(each):
            raise TypeError(f"{name} must be {wanted}, or a list of them, not {each!r}")
    return found


def path(name: str, value: Any) -> str:
    """Where a file or a folder is."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(found, str):
        raise TypeError(f"{name} must be a string or a pathlib.Path, not {found!r}")
    return found


def float_dtype(value: Any) -> np.dtype[Any]:
    """The type of numbers that can be trained."""
    try:
        dtype: np.dtype[Any] | None = np.dtype(value)
    except TypeError:  # a name that NumPy does not know
        dtype = None
    if dtype is None or dtype.kind != "f":
        raise TypeError(f"dtype must be a float such as 'float32', not '{dtype or value}'")
    return dtype


def one_number(what: str, value: Any) -> Tensor:
    """What a user's function gave that is to be gone backward from."""
    if not isinstance(value, Tensor):
        advice = "end it with return" if value is None else "without .data, .numpy(), float() the graph is kept"
        raise TypeError(f"{what} must give one number as a Tensor, not {type(value).__name__}: {advice}")
    if value.size != 1:
        raise TypeError(
            f"{what} must give one number as a Tensor, not one of shape {value.shape}; reduce it with .sum() or .mean()"
        )
    return value


def labels(name: str, value: np.ndarray) -> None:
    """An array of whole numbers; words are to be numbered."""
    if value.dtype.kind not in "iub":
        words = value.dtype.kind in "USTO"
        write = f"names, {name} = np.unique({name}, return_inverse=True)" if words else f"{name}.astype(int)"
        raise TypeError(f"{name} must hold whole numbers, the labels of classes, not {value.dtype}: write {write}")


def generator(rng: Any) -> np.random.Generator | None:
    """A generator of one's own, made once of a seed; None: each draw is from the thread's generator."""
    if rng is None or isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, Integral) and not isinstance(rng, bool):
        return np.random.default_rng(whole("rng, as a seed,", rng, 0))
    raise TypeError(f"rng must be a NumPy Generator such as np.random.default_rng(0), or a seed, not {rng!r}")

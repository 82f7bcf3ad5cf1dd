"""What a step is given, and returns: arrays and Tensors, in lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

_KINDS = {list, tuple, dict, slice}


def is_structure(x: Any) -> bool:
    """Whether it is taken apart: a list, a dict, a slice, a tuple, a named one too."""
    kind = type(x)
    return kind in _KINDS or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def parts(x: Any) -> Iterable[tuple[Any, Any]]:
    """Its elements, with their places."""
    return x.items() if isinstance(x, dict) else enumerate(_elements(x))


def like(x: Any, new: Sequence[Any]) -> Any:
    """A list, a tuple, a dict or a slice as x is, of other elements."""
    if isinstance(x, dict):
        return dict(zip(x, new, strict=True))
    return type(x)(*new) if isinstance(x, slice) or hasattr(x, "_fields") else type(x)(new)


def mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """x with change(thing) in the place of each thing in it."""
    return like(x, [mapped(change, part) for part in _elements(x)]) if is_structure(x) else change(x)


def things(x: Any) -> list[Any]:
    """What is in x, or x itself where that is not taken apart."""
    if not is_structure(x):
        return [x]
    found = []
    for part in _elements(x):
        if is_structure(part):
            found += things(part)
        else:
            found.append(part)
    return found


def keys(x: Any) -> list[Any]:
    """The keys of the dicts in x, which is taken apart."""
    if not is_structure(x):
        return []
    own = list(x) if isinstance(x, dict) else []
    return [*own, *(key for part in _elements(x) for key in keys(part))]


def _elements(x: Any) -> Iterable[Any]:
    if isinstance(x, slice):
        return x.start, x.stop, x.step
    return x.values() if isinstance(x, dict) else x

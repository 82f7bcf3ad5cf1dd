"""What a step is given, and returns: arrays and Tensors, in lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any


def is_structure(x: Any) -> bool:
    """Whether it is taken apart: a list, a dict, a slice, a tuple, a named one too."""
    return type(x) in (list, tuple, dict, slice) or (isinstance(x, tuple) and hasattr(x, "_fields"))


def parts(x: Any) -> Iterable[tuple[Any, Any]]:
    """Its elements, with their places."""
    if isinstance(x, slice):
        return enumerate((x.start, x.stop, x.step))
    return x.items() if isinstance(x, dict) else enumerate(x)


def like(x: Any, new: Sequence[Any]) -> Any:
    """A list, a tuple, a dict or a slice as x is, of other elements."""
    if isinstance(x, dict):
        return dict(zip(x, new, strict=True))
    return type(x)(*new) if isinstance(x, slice) or hasattr(x, "_fields") else type(x)(new)


def mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """x with change(thing) in the place of each thing in it."""
    return like(x, [mapped(change, part) for _, part in parts(x)]) if is_structure(x) else change(x)


def things(x: Any) -> Iterator[Any]:
    """What is in x, or x itself where that is not taken apart."""
    if not is_structure(x):
        yield x
        return
    for _, part in parts(x):
        yield from things(part)

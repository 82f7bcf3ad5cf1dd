"""What no program can repeat is refused: what of NumPy and of Python that is, and in which words it is said."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..captured import Captured
from ..modes import modes
from ..source import Place
from .node import PLAIN
from .structures import things


class Refused(RuntimeError):
    """A step does what no program can repeat."""


class ShapeRefused(Refused):
    """The shape of a result depends on values."""


def refusal(what: str, advice: str, place: Place | None = None, kind: type[Refused] = Refused) -> Refused:
    """The error that says what can't be captured, why, and what to write instead."""
    it = "this step: "
    if place is not None:
        it = f"line {place.line} of {os.path.basename(place.file)}\n    {place.code}\nbecause "
    return kind(f"tg.compile can't capture {it}{what}. {advice}.")


def capture_now() -> Any:
    """The capture that is going on."""
    if modes.capture is None:
        raise Refused(
            "this value belongs to a step that was captured: it had numbers then, and has none now. "
            "Return what you want to keep from the step (return loss)"
        )
    return modes.capture


def refuse(what: str, advice: str, kind: type[Refused] = Refused) -> NoReturn:
    """Raise Refused, with the user's line."""
    raise_it: Callable[..., NoReturn] = capture_now().refuse
    raise_it(what, advice, kind)


def refuse_shape(what: str, advice: str = "") -> NoReturn:
    """Raise ShapeRefused, with the user's line."""
    advice = advice or "Write np.where(mask, x, 0), which keeps the shape, or compute it before the step"
    refuse(what, advice, ShapeRefused)


# ---- what captured arrays are asked

GONE_BY = "an array was computed by a call before, which has left no numbers", "Give it as an argument"
_PRINTED = "it is printed", "Return it from the step, and print it outside"
# Methods that look at values: what the step does that calls them, and what to write instead.
REFUSED = {
    "item": ("item() takes a number out of an array", "Return the array from the step, and take item() outside"),
    "tolist": ("tolist() takes the numbers out of an array", "Return the array from the step"),
    "__bool__": ("Python's if, while, and, or, not look at a value", "Write np.where(condition, a, b) for a choice"),
    "__float__": (
        "float(), math functions and the like take the number out of an array", "Use np functions (np.sqrt)"),
    "__int__": ("int() takes the number out of an array", "Use np functions, or give the number as an argument"),
    "__index__": ("a computed number is used as a length or an index of a list", "Index arrays by arrays: x[i]"),
    "__round__": ("round() takes the number out of an array", "Write np.round(x, 2), or round what the step returns"),
    "__complex__": ("complex() takes the number out of an array", "Return the array from the step"),
    "__hash__": ("hash(), sets and keys of dicts look at a value", "Use a list, or a word as the key"),
    "__deepcopy__": (
        "copy.deepcopy copies what has no numbers of its own yet", "Write x.copy(), or copy outside the step"),
    "__reduce_ex__": ("it is pickled", "Return it from the step, and pickle it outside"),
    "__format__": _PRINTED,
    "__str__": _PRINTED,
    "__array__": (
        "the array is converted to a plain one, or written into one",
        "Stay with functions of arrays (x.copy() for np.array(x), np.stack([a, b]) for np.array([a, b]), "
        "np.where for a choice, a table that is made outside of the step for np.eye(3)[i]), "
        "and return what you want to keep"),
}  # fmt: skip
_SHAPE_BY_VALUES = {np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_values, np.unique_counts,
    np.unique_all, np.unique_inverse, np.extract, np.compress, np.bincount, np.trim_zeros, np.union1d, np.intersect1d,
    np.setdiff1d, np.setxor1d, np.delete, np.histogram_bin_edges}  # fmt: skip
_NUMBERS = "Give the step a Python number for it, int(n): each makes a program of its own"
# Parameters of NumPy's functions that decide a shape, and those of single ones.
_LENGTHS = {"repeats", "reps", "pad_width", "indices_or_sections", "shape", "new_shape", "num", "offset",
    "axis", "axes", "axis1", "axis2", "source", "destination"}  # fmt: skip
_COUNTS = {np.diff: "n", np.diag: "k", np.rot90: "k", np.histogram: "bins"}
# Which older NumPys do not tell.
_NAMES = {np.dot: ("a", "b", "out"), np.concatenate: ("arrays", "axis", "out"), np.conj: ("x", "out")}
_WRITING = {np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}
_PRINTING = {np.array2string, np.array_repr, np.array_str}
_READING = {np.save, np.savetxt, np.array_equal, np.allclose}


def look_at_function(function: Any, inputs: Sequence[Any], options: dict[str, Any]) -> None:
    """Refuse what a function of NumPy does to values, where no program can follow."""
    name = f"np.{function.__name__}"
    if function in _SHAPE_BY_VALUES or (function is np.where and len(inputs) == 1):
        refuse_shape(f"the shape of what {name} returns depends on values")
    if function in _PRINTING:
        refuse(*_PRINTED)
    if function in _READING:
        refuse(f"{name} reads values", "Return the array from the step, and look at it outside")
    if function in _WRITING:
        refuse(f"{name} writes into an array", "Write np.where(mask, new, x) for a new array")
    look_at(function, inputs, options, name)


def look_at(function: Any, inputs: Sequence[Any], options: dict[str, Any], name: str) -> None:
    """What a function, or a method of that name, may not be given: an array to write into, a computed length."""
    try:
        given = inspect.signature(function).bind(*inputs, **options).arguments
    except (TypeError, ValueError):  # a function without a signature, or a call that NumPy will refuse
        given = {**dict(zip(_NAMES.get(function, ()), inputs, strict=False)), **options}
    if given.get("out") is not None:
        refuse(f"{name} writes into an array, out=", "Leave out= away, it returns a new one")
    if given.get("copy") is False and function is np.nan_to_num:
        refuse(f"{name} writes into its array with copy=False", "Leave copy= away, it returns a new one")
    for key, value in given.items():
        if key in _LENGTHS or key == _COUNTS.get(function):
            decide_a_shape(value, f"{name} returns")


def decide_a_shape(x: Any, what: str) -> None:
    """What decides a shape must be known before the step; other values make another program then."""
    for thing in things(x):
        if isinstance(thing, Captured):
            node = thing.node
            if node.kind not in PLAIN:
                refuse_shape(f"the shape of what {what} depends on values", "" if thing.dtype.kind == "b" else _NUMBERS)
            capture_now().read(node.of.tobytes, node.of.tobytes())

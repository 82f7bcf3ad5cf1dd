"""What is asked of an op that a user wrote: the house's own are known to fulfil it, and spared the time.

It must not write into arrays that others hold, its forward must return an array of real numbers, its derivatives must
take what they are given, and its name must not take another's place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .tensor import Tensor, as_array

if TYPE_CHECKING:
    from .primitive import Primitive


def refuse_taken_names(name: str, methods: Sequence[str], registry: Mapping[str, Primitive]) -> None:
    """It may take the place of an op that the user wrote (a cell that runs again), not of one of the house."""
    known = registry.get(name)
    if known is not None and not known.foreign:
        raise ValueError(f"there is an op called '{name}' already: give yours another name, with name=")
    for method in methods:
        if method and hasattr(Tensor, method) and not getattr(getattr(Tensor, method), "foreign", False):
            raise ValueError(f"a Tensor has a '{method}' already: give the method of '{name}' another name")


def refuse_taken_rules(
    name: str, functions: Sequence[Any], operator: str, rules: Mapping[Any, Any], questions: Container[Any]
) -> None:
    """Nor may it answer for a NumPy function or an operator that has its op: 1 + 1 would be something else."""
    advice = f"leave numpy= out, and call {name}(...)"
    for function in functions:
        rule = rules.get(function)
        if rule is not None and not getattr(rule, "foreign", False):
            raise ValueError(f"np.{function.__name__} becomes the op '{rule.__name__}' already: {advice}")
        if function in questions:
            raise ValueError(f"np.{function.__name__} is answered about the values: {advice}")
    if operator and hasattr(Tensor, f"__{operator}__"):
        raise ValueError(f"the operator '{operator}' has its op already: leave operator= out, and call {name}(...)")


def refuse_other_shares(name: str, shares: Any, inputs: int) -> None:
    """A derivative of all inputs gives each its share."""
    if not isinstance(shares, Sequence):
        raise TypeError(f"the derivative of '{name}' must give a list of shares, not {type(shares).__name__}")
    if len(shares) != inputs:
        raise TypeError(f"the derivative of '{name}' must give a share for each of {inputs} inputs, not {len(shares)}")


def refuse_other_arguments(op: Primitive, derivative: Callable[..., Any]) -> None:
    """One that forgets `out` would be told so by Python, on the way back, in words about positions."""
    code = getattr(derivative, "__code__", None)
    if not code or code.co_flags & inspect.CO_VARARGS:
        return
    taken, due = code.co_varnames[: code.co_argcount], 2 + op.arity
    if len(taken) < due or not {*taken[due:]} <= {*op.options, op.keeps}:  # what is left is given by name
        by_name = [*op.options, *([op.keeps] if op.keeps else [])]
        raise TypeError(
            f"a derivative of {op.name} takes (g, out, {', '.join(op.inputs)}), "
            + (f"and {', '.join(by_name)} by name" if by_name else "and nothing by name")
            + f"; this one takes ({', '.join(taken)})"
        )


def instead(error: Exception) -> str:
    """What to write instead of `if x > 0` and `x *= 2`, which NumPy refuses without a word on that; or ""."""
    if "read-only" in str(error):
        return "others hold this array, so make a new one: x * 2, not x *= 2; x.copy() before x[0] = 2"
    if "truth value of an array" not in str(error):
        return ""
    return "write np.where(x > 0, a, b), which chooses for each element, instead of `if x > 0`"


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward or a derivative that gets its arrays read-only: others hold them, too."""

    def guarded(*known: Any, **options: Any) -> Any:
        return function(*map(_read_only, known), **options)

    return guarded


def _read_only(x: Any) -> Any:
    if type(x) is np.ndarray:
        x = x.view()
        x.flags.writeable = False
    return x


def checked(op: Primitive, forward: Callable[..., Any]) -> Callable[..., Any]:
    """A guarded forward whose result is made sure to be what it must be."""
    compute = guarded(forward)

    def checked(*arrays: Any, **options: Any) -> Any:
        result = compute(*arrays, **options)
        if not op.keeps:
            return _as_result(result, arrays)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"its forward must return (result, {op.keeps}), as it was declared, not {type(result).__name__}"
            )
        return _as_result(result[0], arrays), result[1]

    return checked


def _as_result(out: Any, arrays: Sequence[Any]) -> Any:
    if isinstance(out, (int, float)):
        out = np.asarray(out, np.result_type(out, *arrays))[()]
    kind = None if isinstance(out, Tensor) or not hasattr(out, "dtype") else out.dtype.kind
    if kind is None or kind not in "fiub":
        of = "" if kind is None else f" of {out.dtype}"
        raise TypeError(f"its forward must return an array of real numbers, not {type(out).__name__}{of}")
    return as_array(out) if isinstance(out, np.ndarray) else out  # np.matrix multiplies otherwise, masks leave out

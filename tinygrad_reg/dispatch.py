"""What happens when a NumPy function meets a Tensor: np.exp(t), ndarray * t, np.concatenate([t, u]).

A function with a rule becomes the op of the same meaning. A question (a comparison, argmax, shape) is answered about
the values, with a plain array. Anything else raises: it would lose the gradient in silence.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, KeysView
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .methods import attach
from .modes import quiet
from .primitive import Primitive, numpy_rules, questions
from .tensor import Tensor, describe


def array_ufunc(tensor: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """np.exp(t), array + t, ..."""
    if method == "reduce" and (ufunc, method) in numpy_rules:
        return _apply((ufunc, method), inputs, options)
    if method != "__call__":
        raise TypeError(f"np.{ufunc.__name__}.{method} has no rule for Tensors; {_ADVICE}")
    return _apply(ufunc, inputs, options)


def array_function(tensor: Tensor, function: Any, types: Any, inputs: Any, options: Any) -> Any:
    """np.sum(t, axis=0), np.concatenate([t, u]), ..."""
    return _apply(function, inputs, options)


attach(array_ufunc, "__array_ufunc__")
attach(array_function, "__array_function__")

_ADVICE = (
    "write it with functions that have one (see tg.ops), make it an op with tg.primitive, "
    "or take .numpy() of the tensors if no gradient should flow through it"
)


def _apply(function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    rule = numpy_rules.get(function)
    if "out" in options:
        _refuse_out(function, inputs, options)
    if rule is not None and not (function in questions and len(inputs) == 1 and not options):  # np.where(t) is one
        takes = _takes(rule)
        if takes is not None and (len(inputs) > takes.by_place or not options.keys() <= takes.names):
            inputs, options = _in_our_terms(function, takes, inputs, options)
        return rule(*inputs, **options)
    if function in questions:
        _refuse_lost_weights(function, inputs, options)
        with quiet():
            return function(*_plain(inputs), **{name: _plain(value) for name, value in options.items()})
    raise TypeError(f"{_name(function)} has no rule for Tensors; {_ADVICE}")


class _Takes(NamedTuple):
    """What the calls of a rule may look like."""

    by_place: float  # at most so many arguments
    arrays: int  # the first of them, which must be there
    names: KeysView[str]


@cache
def _takes(rule: Any) -> _Takes | None:
    """None: anything."""
    if isinstance(rule, Primitive):
        return _Takes(rule.arity, rule.arity, dict.fromkeys(rule.options).keys())
    parameters = inspect.signature(rule).parameters
    by_place = [p for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return None
    arrays = sum(p.default is p.empty for p in by_place)
    return _Takes(math.inf if any_number else len(by_place), arrays, parameters.keys())


# What these answer varies with an argument that is no question: it is named here, with its place.
_WEIGHTS = {
    np.bincount: ("weights", 1),
    np.full_like: ("fill_value", 1),
    np.histogram: ("weights", 4),
    np.histogram2d: ("weights", 5),
    np.histogramdd: ("weights", 4),
}


def _refuse_lost_weights(function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
    name, place = _WEIGHTS.get(function, ("", 0))
    weights = options.get(name, inputs[place] if 0 < place < len(inputs) else None)
    if isinstance(weights, Tensor) and weights._requires_grad:
        raise TypeError(
            f"{_name(function)} has no derivative by its {name}, and {describe(weights)} requires a gradient; {_ADVICE}"
        )


def _refuse_out(function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
    if all(out is None for out in np.atleast_1d(np.array(options["out"], dtype=object))):
        del options["out"]
        return
    given = ", ".join(describe(x) for x in inputs if isinstance(x, Tensor))
    raise TypeError(
        f"{_name(function)} can't write the result of {given} into an array (out=, or an operator such as +=), "
        "which would lose its gradient; assign the result to a variable instead: a = a + t"
    )


def _in_our_terms(
    function: Any, takes: _Takes, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call in NumPy's signature, with the arguments that our rule does not have left out where they say nothing."""
    signature = _signature(function)
    by_place, arrays, names = takes
    defaults = {} if signature is None else {name: p.default for name, p in signature.parameters.items()}
    if signature is None or by_place is math.inf:
        given: dict[str, Any] = {str(i): x for i, x in enumerate(inputs)} | options
        arrays = min(arrays, len(inputs)) if by_place is not math.inf else len(inputs)
    else:
        given = signature.bind(*inputs, **options).arguments
        given |= given.pop("kwargs", {})
    ours: dict[str, Any] = {}
    for name, value in list(given.items())[arrays:]:
        if name in names:
            ours[name] = value
        elif not _says_nothing(name, value, defaults):
            raise TypeError(
                f"{_name(function)} of a Tensor takes no {name}=; it takes {', '.join(names) or 'arrays alone'}"
            )
    return tuple(given.values())[:arrays], {name: value for name, value in ours.items() if value is not np._NoValue}


def _says_nothing(name: str, value: Any, defaults: dict[str, Any]) -> bool:
    """Whether an argument asks for nothing beyond what the op does anyway."""
    default = defaults.get(name, _UFUNC_DEFAULTS.get(name))
    return value is None or value is np._NoValue or value is default or (isinstance(value, str) and value == default)


_UFUNC_DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "subok": True}  # not told before NumPy 2.4


@cache
def _signature(function: Callable[..., Any]) -> Any:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):  # a ufunc's is not told before NumPy 2.4, that of np.add.reduce not at all
        return None


def _plain(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.data
    if isinstance(x, (list, tuple)):
        return type(x)(map(_plain, x))
    return x


def _name(function: Any) -> str:
    if isinstance(function, tuple):
        return f"np.{function[0].__name__}.{function[1]}"
    module = getattr(function, "__module__", None) or "numpy"
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is not function:
        return f"the ufunc {function.__name__}"  # SciPy's, say: it does not tell
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"

"""What happens when a NumPy function meets a Tensor: np.exp(t), ndarray * t, np.concatenate([t, u]).

A function with a rule becomes the op of the same meaning. A question (a comparison, argmax, shape) is answered about
the values, with a plain array. Anything else raises: it would lose the gradient in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .methods import attach
from .primitive import Primitive, numpy_rules
from .tensor import Tensor, describe

questions: set[Any] = set()  # NumPy functions that are answered about the values: see ops/questions.py


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
    if rule is not None:
        if isinstance(rule, Primitive) and (len(inputs) > rule.arity or (options and _unusual(options, rule))):
            inputs, options = _in_our_terms(function, rule, inputs, options)
        return rule(*inputs, **options)
    if function in questions:
        return function(*_plain(inputs), **{name: _plain(value) for name, value in options.items()})
    raise TypeError(f"{_name(function)} has no rule for Tensors; {_ADVICE}")


def _refuse_out(function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
    if all(out is None for out in np.atleast_1d(np.array(options["out"], dtype=object))):
        del options["out"]
        return
    given = ", ".join(describe(x) for x in inputs if isinstance(x, Tensor))
    raise TypeError(
        f"{_name(function)} can't write the result of {given} into an array (out=, or an operator such as +=), "
        "which would lose its gradient; assign the result to a variable instead: a = a + t"
    )


def _unusual(options: dict[str, Any], rule: Primitive) -> bool:
    return not options.keys() <= set(rule.options)


def _in_our_terms(
    function: Any, rule: Primitive, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call in NumPy's signature, with the arguments that our op does not have left out where they say nothing."""
    signature = _signature(function)
    if signature is None:
        given: dict[str, Any] = {str(i): x for i, x in enumerate(inputs)} | options
        defaults: dict[str, Any] = {}
    else:
        given = signature.bind(*inputs, **options).arguments
        defaults = {name: parameter.default for name, parameter in signature.parameters.items()}
    arrays = tuple(given.values())[: rule.arity]
    ours: dict[str, Any] = {}
    for name, value in list(given.items())[rule.arity :]:
        if name in rule.options:
            ours[name] = value
        elif not _says_nothing(name, value, defaults):
            raise TypeError(
                f"{_name(function)} of a Tensor takes no {name}=; it takes {', '.join(rule.options) or 'arrays alone'}"
            )
    return arrays, {name: value for name, value in ours.items() if value is not np._NoValue}


def _says_nothing(name: str, value: Any, defaults: dict[str, Any]) -> bool:
    """Whether an argument asks for nothing beyond what the op does anyway."""
    return value is None or value is np._NoValue or value is defaults.get(name, _UFUNC_DEFAULTS.get(name))


_UFUNC_DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "subok": True}  # not told before NumPy 2.4


@cache
def _signature(function: Callable[..., Any]) -> Any:
    try:
        return inspect.signature(function)
    except ValueError:  # a ufunc's is not told before NumPy 2.4
        return None


def _plain(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.data
    if isinstance(x, (list, tuple)):
        return type(x)(map(_plain, x))
    return x


def _name(function: Any) -> str:
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"

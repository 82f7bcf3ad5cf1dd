"""How the forward of an op names what it takes, and how the arguments of a call find their places there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .primitive import Primitive


def signature(forward: Callable[..., Any]) -> tuple[list[str], list[str], dict[str, Any], bool]:
    """Names of the inputs, names of the options, their defaults, and whether it takes any number of inputs."""
    if isinstance(forward, np.ufunc):
        return (["x", "y", "z"] if forward.nin < 4 else list("abcdefgh"))[: forward.nin], [], {}, False
    code = forward.__code__  # asked directly: inspect.signature of all ops takes as long as the rest of the import
    positional, keyword_only = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names = list(code.co_varnames)
    inputs, options = names[:positional], names[positional:keyword_only]
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    if variadic:
        inputs.append(names[keyword_only])
    if code.co_flags & inspect.CO_VARKEYWORDS:
        name = names[keyword_only + variadic]
        raise TypeError(f"name the options of {forward.__name__}, instead of **{name}: they are shown in pictures")
    return inputs, options, dict(forward.__kwdefaults__ or {}), variadic


def bound(op: Primitive, inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional arguments beyond the arrays are options, in order: t.sum(0) is t.sum(axis=0)."""
    extra = inputs[op.arity :]
    named = [name for name in op.inputs[len(inputs) :] if name in options]
    if len(inputs) + len(named) < op.arity or len(extra) > len(op.options):
        taken = ", ".join([*op.inputs, *(f"{option}=" for option in op.options)])
        raise TypeError(f"{op.name} takes ({taken}), not {len(inputs)} positional arguments")
    for option in op.options[: len(extra)]:
        if option in options:
            raise TypeError(f"{op.name} was given '{option}' twice, by place and by name")
    options = {**options, **dict(zip(op.options, extra, strict=False))}
    return (*inputs[: op.arity], *(options.pop(name) for name in named)), options

"""Every public function and class, found where users find them: what the test of wrong calls goes through."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import tinygrad_reg as tg
from tinygrad_reg.primitive import Primitive, numpy_rules, registry

# Called otherwise than a function is (a block, a decorator), or with files and long trainings of their own tests.
NOT_CALLED = {"primitive", "fit", "save", "load", "debug", "explain"}


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """(name, function) of all of them."""
    for name in dir(tg):
        value = getattr(tg, name)
        if inspect.ismodule(value):
            if name in ("losses", "penalties", "constraints", "initializers", "metrics"):
                yield from _of(value, name)
        elif callable(value) and name not in NOT_CALLED:
            yield name, value
    yield from _of(tg.optim, "optim")
    yield from _of(tg.optim.schedules, "schedules")
    yield from _of(tg.data, "data")
    for name in sorted(registry.keys() | {"rrelu", "clip", "take", "einsum", "slogdet", "matrix_power"}):
        yield f"ops.{name}", getattr(tg.ops, name)
    for function in sorted((f for f in numpy_rules if callable(f)), key=lambda f: f.__name__):
        yield f"np.{function.__name__}", function
    for name in sorted(vars(tg.Tensor).keys() | vars(tg.Tensor.__mro__[1]).keys()):
        method = getattr(tg.Tensor, name, None)  # None: a name of another library, which is answered
        if not name.startswith("_") and callable(method):
            yield f"Tensor.{name}", method


def _of(module: Any, prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in getattr(module, "__all__", dir(module)):
        value = getattr(module, name)
        if (
            not name.startswith("_")
            and callable(value)
            and getattr(value, "__module__", "").startswith(module.__name__)
        ):
            yield f"{prefix}.{name}", value


def arguments_of(function: Callable[..., Any]) -> list[str]:
    """The names of its arguments, as far as Python tells."""
    if isinstance(function, Primitive):
        return [*function.inputs, *function.options]
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # ufuncs have none before NumPy 2.4
        return ["axis", "out", "dtype", "where"]
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]

"""Writes tinygrad_reg/methods.pyi, which tells editors and type checkers the methods that the ops add to Tensor.

    python -m tests.stub      (or: make stubs)

Ops attach their methods while they register, so a type checker, which reads and does not run, can't see them.
"""

from __future__ import annotations

import builtins
import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg
from tinygrad_reg.methods import Methods
from tinygrad_reg.primitive import Primitive
from tinygrad_reg.tensor import Tensor

STUB = Path(tinygrad_reg.__file__).with_name("methods.pyi")
NOT_TYPED = ("_mask", "__iadd__", "__isub__", "__imul__", "__itruediv__")  # for type checkers t += u is t = t + u
NOT_SHOWN = ("out", "descending")  # refused; argsort's since NumPy 2.5: the stub is the same with every NumPy

HEAD = '''"""The methods that ops add to Tensor, written by `make stubs`; tests/test_methods.py keeps it true."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .tensor import Tensor

Operand: TypeAlias = Tensor | ArrayLike

def attach(function: Callable[..., Any] | property, *names: str) -> None: ...

class Methods:
    __slots__ = ()

'''


def stub() -> str:
    """The text of methods.pyi for the ops that are registered now, except those of a user's script."""
    names = [name for name, value in vars(Methods).items() if callable(value) or isinstance(value, property)]
    names = [name for name in names if _home(vars(Methods)[name]).startswith("tinygrad_reg.")]
    names = [name for name in names if name not in NOT_TYPED]
    return HEAD + "\n".join(_method(name) for name in sorted(names, key=lambda n: (n.startswith("__"), n))) + "\n"


def _home(method: Any) -> str:
    op = closure(method).get("self")
    return str((op or getattr(method, "fget", method)).__module__)


def closure(method: Any) -> dict[str, Any]:
    """What a method that was made by the registry was made of: its op, or NumPy's function."""
    return dict(inspect.getclosurevars(method).nonlocals) if inspect.isfunction(method) else {}


def _method(name: str) -> str:
    method = vars(Methods)[name]
    if isinstance(method, property):
        return f'    @property\n    def {name}(self) -> Tensor:\n        """{_summary(method.fget)}"""'
    made_of = closure(method)
    if isinstance(made_of.get("self"), Primitive):
        op, reflected = made_of["self"], method.__name__ == "<lambda>" and name.startswith("__r")
        parameters = [f"{op.inputs[0]}: Operand"] if reflected else _of_op(op)
        result, summary = "Tensor", _summary(op)
    elif "compare" in made_of:
        parameters, result, summary = ["other: Operand"], "np.ndarray", ""
    elif "ask" in made_of:
        ask = made_of["ask"]
        answer = ask(np.ones(1))
        result = "tuple[np.ndarray, ...]" if isinstance(answer, tuple) else "np.ndarray"
        options = [p for p in inspect.signature(ask).parameters.values() if p.name not in NOT_SHOWN][1:]
        parameters, summary = [f"{p.name}: Any = ..." for p in options], f"np.{ask.__name__} of the values"
    else:
        parameters, result, summary = _of_function(method), _type(_hints(method).get("return")), _summary(method)
        result = "Tensor" if result == "Any" and not name.startswith("__array") else result
    override = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    head = f"    def {name}({', '.join(['self', *parameters])}) -> {result}:"
    if len(head) > 120:
        head = f"    def {name}(\n        {', '.join(['self', *parameters])}\n    ) -> {result}:"
    return f'{head}{override}\n        """{summary}"""' if summary else f"{head} ...{override}"


def _of_op(op: Primitive) -> list[str]:
    """Inputs after the first, then options, which a call may give by position or by name."""
    hints = _hints(op.forward)
    inputs = [f"{name}: Operand" for name in op.inputs[1:]]
    if not op.options:
        return inputs
    declared = inspect.signature(op.forward).parameters
    return inputs + [_parameter(declared[name], hints) for name in op.options]


def _of_function(function: Callable[..., Any]) -> list[str]:
    hints = _hints(function)
    return ["*" if parameter is None else _parameter(parameter, hints) for parameter in list(parameters(function))[1:]]


def parameters(function: Any) -> Iterator[inspect.Parameter | None]:
    """The parameters of a call, without those that are taken to be refused; None where the * stands."""
    star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.annotation == "Never":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            yield None
        star |= parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        yield parameter


def _parameter(parameter: inspect.Parameter, hints: dict[str, Any]) -> str:
    mark = (
        "*" if parameter.kind is parameter.VAR_POSITIONAL else "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    )
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{mark}{parameter.name}: {_type(hints.get(parameter.name, Any))}{default}"


def _hints(function: Any) -> dict[str, Any]:
    return typing.get_type_hints(function) if inspect.isfunction(function) else {}


def _type(hint: Any) -> str:
    """A type as a stub writes it; aliases are written out, since they live in the modules of the ops."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is type(None) or hint is None:
        return "None"
    if hint is Ellipsis:
        return "..."
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_type, arguments))
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None:
        return f"{_type(origin)}[{', '.join(map(_type, arguments))}]"
    if hint is Tensor:
        return "Tensor"
    for prefix, module in (("", builtins), ("", typing), ("", collections.abc), ("np.", np), ("np.random.", np.random)):
        name = getattr(hint, "__name__", "")
        if name and getattr(module, name, None) is hint:
            return f"{prefix}{name}"
    return "Any"


def _summary(documented: Any) -> str:
    return (documented.__doc__ or "").strip().split("\n")[0].replace("\\", "\\\\")


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
    print(f"wrote {STUB}")

"""What is said of a call of an op that can't be: the names of the tensors, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..tensor import Tensor, describe, values

if TYPE_CHECKING:
    from ..primitive import Primitive

BROADCASTING = "shapes are matched from the last axis on; lengths must be equal, or one of them 1"
_PLAIN = frozenset({int, bool, float, str, tuple, type(None)})  # what most options are
_NUMPY_TO_ITSELF = ("gufunc", "remapped", "not aligned")  # in texts for those who write NumPy


def missing(op: Primitive, name: str) -> Callable[..., Any]:
    """What stands for a derivative until it is declared."""

    def complain(*known: Any, **options: Any) -> NoReturn:
        raise TypeError(
            f"{op.name} has no derivative with respect to '{name}': declare it with "
            f'@{op.name}.derivative{"s_of_all" if op.variadic else ""}("…") in the order of the inputs, '
            "or call .no_derivative() for indices, conditions and masks"
        )

    return complain


def misfit(op: Primitive, error: Exception, inputs: Sequence[Any], options: dict[str, Any]) -> Exception:
    """NumPy's complaint about the operands, with their names and what was asked for."""
    unknown = [name for name in options if name not in op.options]
    if unknown:
        own = f"it takes {', '.join(f'{name}=' for name in op.options)}" if op.options else "it takes none"
        return TypeError(f"{op.name} has no option {unknown[0]}=; {own}")
    given = ", ".join([*map(describe, inputs), *(f"{name}={value!r}" for name, value in options.items())])
    kinds = (np.linalg.LinAlgError, np.exceptions.AxisError, IndexError, TypeError, ValueError, OverflowError)
    kind = next((kind for kind in kinds if isinstance(error, kind)), TypeError)  # a number where an array is due
    said, expects = str(error), op.expects
    if expects and any(word in said for word in _NUMPY_TO_ITSELF):
        said, expects = expects, ""
    if choose := instead(error):
        said, expects = f"{said.partition('. Use')[0]}; {choose}", ""
    if expects is BROADCASTING and "broadcast" not in said:  # a slip in the forward of a user's own op
        expects = ""
    return kind(f"{op.name} can't take {given}: {said}" + (f" ({expects})" if expects else ""))


def instead(error: Exception) -> str:
    """What to write instead of `if x > 0` and `x *= 2`, which NumPy refuses without a word on that; or ""."""
    if "read-only" in str(error):
        return "others hold this array, so make a new one: x * 2, not x *= 2; x.copy() before x[0] = 2"
    if "truth value of an array" not in str(error):
        return ""
    return "write np.where(x > 0, a, b), which chooses for each element, instead of `if x > 0`"


def refuse_lost_gradients(op: Primitive, inputs: Sequence[Any], options: dict[str, Any]) -> None:
    """A Tensor that requires a gradient stands where none flows through.

    Of other Tensors, arrays and lists among the options, the node keeps the plain values: its derivatives compute with
    them, and nobody else writes into them.
    """
    for name, value in options.items():
        kind = type(value)
        if kind is list or (kind is tuple and value and type(value[0]) is list):
            options[name] = _copied(value)
        elif kind not in _PLAIN and isinstance(value, (Tensor, np.ndarray, np.generic)):
            if isinstance(value, Tensor) and value._requires_grad:
                raise TypeError(
                    f"{name}= is an option of {op.name}, a plain value, but {describe(value)} requires a gradient, "
                    "which would be lost; write .item() or .numpy() if none should flow there"
                )
            plain: Any = values(value)
            options[name] = plain.copy() if plain.ndim else plain.item()
    for position in op.fixed:
        x = inputs[position]
        if isinstance(x, Tensor) and x._requires_grad:
            raise TypeError(
                f"{op.name} has no derivative with respect to '{op.inputs[position]}', but {describe(x)} requires a "
                "gradient; write .detach() if none should flow there"
            )


def _copied(value: Any) -> Any:
    """A list, and those within it, which the user may write into."""
    return type(value)(map(_copied, value)) if type(value) in (list, tuple) else value

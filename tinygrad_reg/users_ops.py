"""What is asked of an op that a user wrote: the house's own are known to fulfil it, and spared the time.

It must not write into arrays that others hold, its forward must return an array of real numbers, its derivatives must
take what they are given, and its name must not take another's place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from .arrays import as_array
from .primitive import Primitive, numpy_rules, questions, registry
from .tensor import Tensor


class UsersPrimitive(Primitive):
    """An op that a user wrote."""

    def claim(self, rules: Sequence[Any], names: Sequence[str], operator: str) -> None:
        """It may take the place of one that the user wrote (a cell that runs again), not of one of the house."""
        known = registry.get(self.name)
        if known is not None and not known.foreign:
            raise ValueError(f"there is an op called '{self.name}' already: give yours another name, with name=")
        for name in names:
            if name and hasattr(Tensor, name) and not getattr(getattr(Tensor, name), "foreign", False):
                raise ValueError(f"a Tensor has a '{name}' already: give the method of '{self.name}' another name")
        # Nor may it answer for a NumPy function or an operator that has its op: 1 + 1 would be something else.
        for function in rules:
            rule = numpy_rules.get(function)
            if rule is not None and not getattr(rule, "foreign", False):
                raise ValueError(f"np.{function.__name__} becomes the op '{rule.__name__}' already: {self._call_it()}")
            if function in questions:
                raise ValueError(f"np.{function.__name__} is answered about the values: {self._call_it()}")
        if operator and hasattr(Tensor, f"__{operator}__"):
            raise ValueError(f"the operator '{operator}' has its op already: {self._call_it('operator')}")

    def _call_it(self, instead_of: str = "numpy") -> str:
        return f"leave {instead_of}= out, and call {self.name}(...)"

    def safe_forward(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """One that gets its arrays read-only, and whose result is made sure to be what it must be."""
        compute = _guarded(forward)

        def checked(*arrays: Any, **options: Any) -> Any:
            result = compute(*arrays, **options)
            if not self.keeps:
                return _as_result(result, arrays)
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    f"its forward must return (result, {self.keeps}), as it was declared, not {type(result).__name__}"
                )
            return _as_result(result[0], arrays), result[1]

        return checked

    def safe_derivative(self, derivative: Callable[..., Any]) -> Callable[..., Any]:
        """One that gets its arrays read-only, and takes what it is given."""
        if not self.variadic:
            self._refuse_other_arguments(derivative)
        return _guarded(derivative)

    def _refuse_other_arguments(self, derivative: Callable[..., Any]) -> None:
        # One that forgets `out` would be told so by Python, on the way back, in words about positions.
        code = getattr(derivative, "__code__", None)
        if not code or code.co_flags & inspect.CO_VARARGS:
            return
        by_name = [*self.options, *([self.keeps] if self.keeps else [])]
        taken, due = code.co_varnames[: code.co_argcount], 2 + self.arity
        if len(taken) < due or not {*taken[due:]} <= {*by_name}:  # what is left is given by name
            raise TypeError(
                f"a derivative of {self.name} takes (g, out, {', '.join(self.inputs)}), "
                + (f"and {', '.join(by_name)} by name" if by_name else "and nothing by name")
                + f"; this one takes ({', '.join(taken)})"
            )

    def shares_of_all(
        self, known: Sequence[Any], options: Any, inputs: Sequence[Any], wanted: Container[Tensor]
    ) -> Sequence[Any]:
        """The derivative of all inputs gives each its share."""
        shares: Any = super().shares_of_all(known, options, inputs, wanted)
        given = f"the derivative of '{self.name}' must give a"
        if not isinstance(shares, Sequence):
            raise TypeError(f"{given} list of shares, not {type(shares).__name__}")
        if len(shares) != len(inputs):
            raise TypeError(f"{given} share for each of {len(inputs)} inputs, not {len(shares)}")
        return shares


Primitive.of_users = UsersPrimitive


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward or a derivative that gets its arrays read-only: others hold them, too."""

    def guarded(*known: Any, **options: Any) -> Any:
        return function(*map(_read_only, known), **options)

    return guarded


def _read_only(x: Any) -> Any:
    if type(x) is np.ndarray:
        x = x.view()
        x.flags.writeable = False
    return x


def _as_result(out: Any, arrays: Sequence[Any]) -> Any:
    if isinstance(out, (int, float)):
        out = np.asarray(out, np.result_type(out, *arrays))[()]
    kind = None if isinstance(out, Tensor) or not hasattr(out, "dtype") else out.dtype.kind
    if kind is None or kind not in "fiub":
        of = "" if kind is None else f" of {out.dtype}"
        if isinstance(out, Tensor):
            of = ": it computed with one that is no input of the op; make it an input, or write .numpy() of it"
        raise TypeError(f"its forward must return an array of real numbers, not {type(out).__name__}{of}")
    return as_array(out) if isinstance(out, np.ndarray) else out  # np.matrix multiplies otherwise, masks leave out

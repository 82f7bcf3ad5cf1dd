"""What of a step's arguments makes it another program: facts, which a call tests, and by which programs are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..modes import default_dtype, modes
from ..tensor import COMPILED, Tensor
from .structures import is_structure, keys, parts, things


class Fact(NamedTuple):
    """An expression of the arguments, `args` and `options`, and what it gives."""

    text: str
    value: Any
    is_same: bool = True  # the same object, or one that is equal

    def test(self, name: Callable[[Any], str]) -> str:
        """Whether it is so, as an expression."""
        value = name(self.value)
        if isinstance(self.value, np.dtype):  # nearly always one and the same object
            return f"({self.text} is {value} or {self.text} == {value})"
        return f"{self.text} {'is' if self.is_same else '=='} {value}"


class Arguments:
    """The arguments of a call, taken apart; arrays and Tensors are inputs of a program, the rest is built in."""

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.facts = [Fact("modes.recording", modes.recording), Fact("default_dtype()", default_dtype())]
        self.inputs: list[str] = []  # where the arrays and Tensors are, in order
        self._tensors: dict[Tensor, str] = {}
        self.facts.append(Fact("len(args)", len(args), False))
        self.facts.append(Fact("tuple(options)", tuple(options), False) if options else Fact("(not options)", True))
        for name, whole in (("args", args), ("options", options)):
            for i, x in parts(whole):
                self._look(x, f"{name}[{i!r}]")

    @property
    def key(self) -> Any:
        """Equal for arguments of which all of this is so."""
        return tuple((fact.text, id(fact.value) if fact.is_same else fact.value) for fact in self.facts)

    def _look(self, x: Any, path: str) -> None:
        def equal(text: str, value: Any) -> None:
            self.facts.append(Fact(text, value, is_same=False))

        kind = type(x)
        if kind in (bool, type(None)) or not (is_input(x) or is_structure(x) or _is_number(x)):
            self.facts.append(Fact(path, x))
            return
        self.facts.append(Fact(f"type({path})", kind))
        if is_input(x):
            self.inputs.append(path)
            data = path
            if kind is Tensor:
                data = f"{path}._data"
                self._tensor(x, path)
            elif kind not in (np.ndarray, np.memmap):
                advice = "array.filled(value) for an array without a mask" if hasattr(x, "mask") else "np.asarray(x)"
                raise TypeError(f"a compiled step takes plain arrays, not {kind.__name__}: give {advice}")
            array = x._data if kind is Tensor else x
            equal(f"{data}.shape", array.shape)
            equal(f"{data}.dtype", array.dtype)
            equal(f"{data}.strides", array.strides)
        elif is_structure(x):
            if not isinstance(x, slice):
                self._look_at_places(x, path)
            for n, (i, part) in enumerate(parts(x)):
                place = f"{path}[{i!r}]" if type(i) in (int, str) else f"[*{path}.values()][{n}]"
                self._look(part, f"{path}.{('start', 'stop', 'step')[n]}" if kind is slice else place)
        elif x and x == x and not isinstance(x, (complex, np.complexfloating)):
            equal(path, x)
        else:  # 0.0 == -0.0, and nan is not even equal to itself
            equal(f"repr({path})", repr(x))

    def _look_at_places(self, x: Any, path: str) -> None:
        """How many elements there are; of a dict the keys, in order: 1 and 1.0 and True are equal, and not the same."""
        if type(x) is not dict:
            self.facts.append(Fact(f"len({path})", len(x), is_same=False))
        elif all(type(key) is str for key in x):
            self.facts.append(Fact(f"tuple({path})", tuple(x), is_same=False))
        elif all(map(_is_told_by_repr, x)):
            kinds = [(type(key), repr(key)) for key in x]
            self.facts.append(Fact(f"[(type(key), repr(key)) for key in {path}]", kinds, is_same=False))
        else:  # a parameter, say, or an object
            self.facts.append(Fact(f"len({path})", len(x), is_same=False))
            for n, key in enumerate(x):
                place = f"[*{path}][{n}]"
                by_repr = Fact(f"(type({place}), repr({place}))", (type(key), repr(key)), is_same=False)
                self.facts.append(by_repr if _is_told_by_repr(key) else Fact(place, key))

    def _tensor(self, x: Tensor, path: str) -> None:
        absent = ("_primitive", "_home") if x._grad is not None else ("_primitive", "_home", "_grad")
        self.facts += [Fact(f"{path}.{attribute}", None) for attribute in absent]
        self.facts += [Fact(f"{path}._owned", False), Fact(f"{path}._requires_grad", x._requires_grad)]
        self.facts.append(Fact(f"({path}._cut == {COMPILED!r})", x._cut is COMPILED))
        if "_grad" not in absent:
            self.facts.append(Fact(f"({path}._grad is None)", False))
        for other, its_path in self._tensors.items():  # one Tensor twice is another program
            self.facts.append(Fact(f"({path} is {its_path})", x is other))
        self._tensors.setdefault(x, path)


def _is_number(x: Any) -> bool:
    """Whether it is one, or a word, and stays as it is: not a row of a structured array, nor one with attributes."""
    kinds = (int, float, complex, str, np.generic)
    return isinstance(x, kinds) and not isinstance(x, np.void) and not hasattr(x, "__dict__")


def _is_told_by_repr(key: Any) -> bool:
    return all(map(_is_told_by_repr, key)) if type(key) is tuple else key is None or _is_number(key)


def is_input(x: Any) -> bool:
    """Whether it is an array, or a Tensor that is an argument as arrays are.

    Parameters are known by identity, and so are arrays of objects, which no program computes with.
    """
    if isinstance(x, Tensor):
        return x._primitive is None and not x._owned and x._home is None and type(x) is Tensor
    return isinstance(x, np.ndarray) and x.dtype.kind != "O"


def others(x: Any) -> list[Any]:
    """What is no input among the arguments."""
    return [*(thing for thing in things(x) if not is_input(thing)), *keys(x)]


def names_of(step: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The names of a step's parameters, for these arguments."""
    function = getattr(step, "__func__", step)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    if function is not step:
        names = names[1:]
    return [names[i] if i < len(names) else f"x{i}" for i in range(len(args))]

"""Lines of a program as Python: expressions, names, literals. The page and the plan are made of them."""

from __future__ import annotations

import functools
import keyword
import operator
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..primitive import Primitive
from .callables import COMPARING, OF_UFUNC, OPERATORS, PREFIX, REDUCTIONS, Method, Operator, item, reduced, transposed
from .node import Node

_ATOM = 20
_WRITTEN = np.typecodes["AllInteger"] + "?efdFD"  # dtypes of numbers that Python's can write: no dates, no long doubles
_USUAL = {"axis", "keepdims", "initial"}
_REDUCTIONS: dict[Any, str] = {ufunc: name for name, ufunc in REDUCTIONS.items()}


class Namespace:
    """Names for nodes, each once, and what else a program's text refers to by name."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = {"np", "tg", "step", *taken, *keyword.kwlist}
        self._last: dict[str, int] = {}  # the n of wanted_n
        self.given: dict[str, Any] = {}  # functions and objects that NumPy's text can't write

    def fresh(self, wanted: str) -> str:
        """`wanted`, or wanted_2, wanted_3 …"""
        name = base = identifier(wanted)
        n = self._last.get(base, 1)
        while name in self.taken:
            n += 1
            name = f"{base}_{n}"
        self._last[base] = n
        self.taken.add(name)
        return name

    def give(self, thing: Any, wanted: str) -> str:
        """The name of an object that the program is given."""
        for name, known in self.given.items():
            if known is thing or (isinstance(thing, tuple) and type(known) is type(thing) and known == thing):
                return name
        name = self.fresh(wanted)
        self.given[name] = thing
        return name


class Writer:
    """Text of nodes; `name_of` says what a node is called, or None where it is to be written out."""

    def __init__(self, names: Namespace, name_of: Callable[[Node], str | None]) -> None:
        self.names, self.name_of = names, name_of

    def text(self, x: Any, level: int = 0) -> str:
        """An argument as an expression, in brackets where its operator binds less than `level`."""
        if isinstance(x, Node):
            name = self.name_of(x)
            if name is not None:
                return name
            text, own = self.expression(x)
        else:
            text, own = self.literal(x)
        return f"({text})" if own < level else text

    def expression(self, node: Node) -> tuple[str, int]:
        """The call that a node is, and how strongly it binds."""
        function, arguments, options = node.function, node.arguments, node.options
        one = OPERATORS.get(function)
        if one is None and not options and any(isinstance(x, Node) for x in arguments):
            one = OF_UFUNC.get(function)
        if one is not None:
            return self._operation(one, node), one.level
        if function is operator.getitem:
            return f"{self.text(arguments[0], _ATOM)}[{self.index(arguments[1])}]", _ATOM
        if function is transposed:
            return f"{self.text(arguments[0], _ATOM)}.T", _ATOM
        if isinstance(function, Method):
            return f"{self.text(arguments[0], _ATOM)}.{function.name}({self.listed(arguments[1:], options)})", _ATOM
        if function is item:
            return f"{self.text(arguments[0], _ATOM)}[{arguments[1]}]", _ATOM
        method = _REDUCTIONS.get(reduced(function))
        if method is not None and options.keys() <= _USUAL and _is_array(arguments[0]):
            if len(arguments) == 1:  # np.add.reduce sums over the first axis, x.sum() over all
                options = {"axis": 0, **options}
                options = {n: v for n, v in options.items() if (n, v) not in (("axis", None), ("keepdims", False))}
            return f"{self.text(arguments[0], _ATOM)}.{method}({self.listed(arguments[1:], options)})", _ATOM
        return f"{self.function(function)}({self.listed(arguments, options)})", _ATOM

    def _operation(self, one: Operator, node: Node) -> str:
        if one.level == PREFIX:
            return f"{one.sign}{self.text(node.arguments[0], PREFIX)}"
        x, y = (_weak(x, node) for x in node.arguments) if one.sign in "+-*/" else node.arguments
        is_power = one.function is operator.pow  # from the right
        left = self.text(x, one.level + (is_power or one.level == COMPARING))
        return f"{left} {one.sign} {self.text(y, one.level + (not is_power))}"

    def listed(self, arguments: Any, options: dict[str, Any]) -> str:
        """Arguments between brackets."""
        shown = {n: v[0] if n == "axis" and isinstance(v, tuple) and len(v) == 1 else v for n, v in options.items()}
        return ", ".join([*map(self.text, arguments), *(f"{n}={self.text(value)}" for n, value in shown.items())])

    def index(self, index: Any) -> str:
        """What stands between the brackets of x[...]."""
        if isinstance(index, tuple) and index:
            return ", ".join(map(self.index, index)) + ("," if len(index) == 1 and isinstance(index[0], list) else "")
        if isinstance(index, slice):
            ends = [self.text(end) if end is not None else "" for end in (index.start, index.stop, index.step)]
            return ":".join(ends if ends[2] else ends[:2])
        return self.text(index)

    def function(self, function: Any) -> str:
        """A function's name."""
        if isinstance(function, Primitive):
            op: Primitive = function
            whole = op.keeps or op.random  # a call of the op gives less than its forward, or a Tensor
            if vars(ops).get(op.name) is op:
                return f"tg.ops.{op.name}" + (".forward" if whole else "")
            return self.names.give(op.forward if whole else op, op.name)
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ufunc):
            return f"np.{owner.__name__}.{function.__name__}"
        module = getattr(function, "__module__", None) or "numpy"
        name = getattr(function, "__name__", "")
        if isinstance(function, np.ufunc) or (module.split(".")[0] == "numpy"):
            for path in (f"np.{name}", f"np.linalg.{name}", f"np.fft.{name}"):
                home: Any = np
                for part in path.split(".")[1:]:
                    home = getattr(home, part, None)
                if home is function:
                    return path
        return self.names.give(function, name or type(function).__name__.lower())

    def literal(self, x: Any) -> tuple[str, int]:
        """A value that is no node."""
        if isinstance(x, (list, tuple)) and type(x) in (list, tuple):
            inside = ", ".join(map(self.text, x))
            if isinstance(x, list):
                return f"[{inside}]", _ATOM
            return f"({inside}{',' if len(x) == 1 else ''})", _ATOM
        if x is None or x is Ellipsis or isinstance(x, (bool, str)):
            return ("..." if x is Ellipsis else repr(x)), _ATOM
        if isinstance(x, np.generic) and x.dtype.char in _WRITTEN:
            return f"{of_dtype(x.dtype)}({shortest(x)})", _ATOM
        if isinstance(x, (int, float)):
            return _number(x), PREFIX if x < 0 else _ATOM
        if isinstance(x, np.dtype) and x.kind in "biufc":
            return of_dtype(x), _ATOM
        if isinstance(x, type) and issubclass(x, np.generic):
            return f"np.{x.__name__}", _ATOM
        if isinstance(x, slice):
            return f"slice({self.text(x.start)}, {self.text(x.stop)}, {self.text(x.step)})", _ATOM
        if isinstance(x, dict):
            return "{" + ", ".join(f"{name!r}: {self.text(value)}" for name, value in x.items()) + "}", _ATOM
        return self.names.give(x, type(x).__name__.lower()), _ATOM


@functools.lru_cache(1024)
def identifier(wanted: str) -> str:
    """A name that Python takes, and does not take for another: wᵢ and wi are one."""
    one = functools.partial(unicodedata.normalize, "NFKC")
    words = "".join(c if f"v{c}".isidentifier() else " " for c in one(wanted))
    base = re.sub(r"\W+", "_", words).strip("_") or "v"
    return base if base.isidentifier() else one(f"v{base}")


@functools.lru_cache(64)
def of_dtype(dtype: np.dtype[Any]) -> str:
    """np.float64, as the program refers to it: NumPy takes a while to tell the name."""
    return f"np.{dtype.name}"


def described(x: Any) -> str:
    """What something is that a program is given."""
    if isinstance(x, (np.ndarray, np.generic, int, float)):
        x = np.asarray(x)
        return f"{x.dtype} {x.shape}" if x.shape else f"{x.dtype}"
    return f"{type(x).__name__} {x!r}" if isinstance(x, tuple) else type(x).__name__


def function_text(name: str, arguments: list[str], lines: list[str]) -> list[str]:
    """The lines of a function, and the empty ones before it."""
    return ["", "", f"def {name}({', '.join(arguments)}):", *(f"    {line}" for line in lines)]


def _is_array(x: Any) -> bool:
    return isinstance(x, Node) and isinstance(x.value, (np.ndarray, np.generic))


def _weak(x: Any, node: Node) -> Any:
    """A NumPy number as Python's, where that is as good: it takes the dtype of the array that it meets."""
    if not isinstance(x, np.floating) or x.dtype.char not in _WRITTEN:
        return x
    if isinstance(node.value, (np.ndarray, np.floating)) and x.dtype == node.value.dtype:
        others = [y for y in node.arguments if y is not x]
        if others and isinstance(others[0], Node) and getattr(others[0].value, "dtype", None) == x.dtype:
            return _as_pythons(x)
    return x


def shortest(x: Any) -> str:
    """A number of NumPy's as Python's, which makes it again."""
    return _number(_as_pythons(x) if x.dtype.kind == "f" else x.item())


def _as_pythons(x: Any) -> float:
    return float(str(x)) if np.isfinite(x) else float(x)


def _number(x: float) -> str:
    if x != x:
        return "np.nan"
    if x in (np.inf, -np.inf):
        return "np.inf" if x > 0 else "-np.inf"
    return repr(x)

"""What an op is: a NumPy forward and, beside it, its derivative with respect to each input.

    @primitive(elementwise=True, text="x³")
    def cube(x):
        return x**3

    @cube.derivative("3x²")
    def cube_x(g, out, x):
        return g * 3 * x**2

That is all: `cube` now takes arrays or Tensors, has a place in `registry`, and is checked, drawn and explained like
every other op. A derivative is a plain function of the upstream gradient g, the output and the inputs, and it uses
NumPy and other ops only. Given arrays it computes the gradient. Given Tensors, it computes a gradient that has a
graph of its own, which is how second derivatives come about. So it must not look at values (no `if x > 0`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from . import half, methods
from .answers import wrong_calls
from .applying import NO_OPTIONS, apply
from .signature import signature
from .tensor import Tensor

registry: dict[str, Primitive] = {}  # every op, by name: the only list of ops
numpy_rules: dict[Any, Callable[..., Any]] = {}  # what np functions do with Tensors: see dispatch.py
questions: set[Any] = set()  # np functions that are answered about the values: see ops/questions.py


class Derivative(NamedTuple):
    """How the upstream gradient becomes the share of one input, and what pictures write beside it."""

    function: Callable[..., Any]  # (g, out, *inputs, **options) -> the input's share
    local: str  # the local derivative, in the names of the forward's inputs and `out`
    how: str  # how it meets the upstream gradient G, such as "G ⊙ local" or "G @ localᵀ"
    local_input: int | None  # the input that is the local derivative itself, where there is one


class Primitive:
    """An op. Call it with Tensors (or arrays: then it is its plain NumPy forward)."""

    of_users: type[Primitive]  # the kind that users' own ops are of: see users_ops.py

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        name: str | None = None,
        symbol: str | None = None,
        text: str = "",
        why: str = "",
        undefined: str = "",
        vanishes: str = "",
        expects: str = "",
        elementwise: bool = False,
        keeps: bool = False,
        reuses: bool = False,
        floats: bool = False,
        sums: bool = False,
        random: bool = False,
        numpy: Any = (),
        method: str | Sequence[str] = (),
        operator: str = "",
    ) -> None:
        """See `primitive`."""
        if not isinstance(forward, (FunctionType, np.ufunc)):
            raise TypeError(f"an op is made of a function written with def, which names its inputs, not of {forward!r}")
        self.foreign = type(self) is not Primitive  # a user's; in each op itself, where it is found soonest
        words = {"symbol": symbol, "text": text, "why": why, "undefined": undefined, "vanishes": vanishes}
        for word, given in {"name": name, **words, "expects": expects}.items():
            if given is not None and not isinstance(given, str):
                raise TypeError(f"{word} must be a string, not {given!r}")
        self.name = name or forward.__name__
        self.symbol = symbol or self.name
        self.why = why
        self.undefined = undefined
        self.vanishes = vanishes
        self.expects = expects or (wrong_calls.BROADCASTING if elementwise else "")
        self.elementwise = elementwise
        self.keeps = "kept" if keeps else "parts" if reuses else ""  # the name under which derivatives get it
        self.floats = floats
        self.sums = sums
        self.random = random
        self.derivatives: list[Derivative | None] = []
        self.joint: Callable[..., Sequence[Any]] | None = None
        self.of_all: Derivative | None = None
        self.fixed: list[int] = []  # the positions of inputs that can't be differentiated by
        self.__name__ = self.__qualname__ = self.name
        self.__doc__ = forward.__doc__
        self.__module__ = getattr(forward, "__module__", "numpy")

        self.inputs, self.options, self.defaults, self.variadic = signature(forward)
        self.arity = len(self.inputs)
        self.forward = self.safe_forward(forward)
        if sums:
            self.forward = half.forward_in_float32(self.forward, keeps=keeps or reuses)
        # The functions of the derivatives, at hand for the walk; until they are declared, a complaint in their places.
        self.functions: list[Any] = [wrong_calls.missing(self, name) for name in self.inputs]
        if self.variadic:
            self.joint = wrong_calls.missing(self, self.inputs[-1])
        self.text = text
        rules, names = _several(numpy), (method,) if isinstance(method, str) else tuple(method)
        self.claim(rules, names, operator)
        registry[self.name] = self
        _register(self, self._as_method(), rules, names)
        if operator:
            methods.attach(lambda x, y, *more: self._apply((x, y, *more), NO_OPTIONS), f"__{operator}__")
            methods.attach(lambda x, y, *more: self._apply((y, x, *more), NO_OPTIONS), f"__r{operator}__")

    # ---- declaring it

    def derivative(
        self, local: str = "", *, how: str | None = None, local_input: int | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the derivative with respect to the next input; `local` writes it down for pictures."""

        if callable(local):
            raise TypeError(f'write @{self.name}.derivative("…"), with the formula of the local derivative')

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            position = len(self.derivatives)
            if position >= self.arity or self.variadic:
                raise TypeError(f"{self.name} takes {self.arity} inputs, so it can't have another derivative")
            safe = self.safe_derivative(function)
            wording = how or ("G ⊙ local" if self.elementwise else "local applied to G")
            text = local or f"∂{self.name}/∂{self.inputs[position]}"
            self.derivatives.append(Derivative(function, text, wording, local_input))
            self.functions[position] = safe
            return function

        return declare

    def no_derivative(self) -> None:
        """Declare that the next input (indices, a condition, a mask) can't be differentiated by."""
        self.fixed.append(len(self.derivatives))
        self.derivatives.append(None)

    def derivatives_of_all(
        self, local: str = "1", *, how: str = "the part of G that belongs to it"
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """For an op of any number of inputs: declare one function (needed, g, out, *inputs, **options) -> a share each.

        `needed` says of each input whether its share is used; None may stand for one that is not.
        """

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            self.joint = self.safe_derivative(function)
            self.of_all = Derivative(function, local, how, None)
            return function

        return declare

    # ---- what is asked of it: nothing of an op of the house, much of a user's (see users_ops.py)

    def claim(self, rules: Sequence[Any], names: Sequence[str], operator: str) -> None:
        """Refuse a name, a method, an operator or a NumPy function that another op stands for."""

    def safe_forward(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The forward as the engine may call it."""
        return forward

    def safe_derivative(self, derivative: Callable[..., Any]) -> Callable[..., Any]:
        """A derivative as the engine may call it."""
        return derivative

    # ---- using it

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Apply the op. The result is a node of the graph where an input requires a gradient and recording is on."""
        return self._apply(inputs, options)

    _apply = apply  # see applying.py

    def shares_of_all(
        self, known: Sequence[Any], options: Any, inputs: Sequence[Any], wanted: Container[Tensor]
    ) -> Sequence[Any]:
        """The shares of all inputs from the one derivative of an op of any number of inputs; known = (g, out, ...)."""
        assert self.joint is not None
        needed = [isinstance(x, Tensor) and x in wanted for x in inputs]
        return self.joint(needed, *known, **options)

    def names_of(self, inputs: Sequence[str]) -> dict[str, str]:
        """What stands for each name of the forward's inputs in a formula: *xs takes all that the names before leave."""
        if not self.variadic:
            return dict(zip(self.inputs, inputs, strict=False))
        first = len(self.inputs) - 1
        return {**dict(zip(self.inputs[:first], inputs, strict=False)), self.inputs[-1]: ", ".join(inputs[first:])}

    def input_name(self, position: int) -> str:
        """What the forward calls the input at `position`."""
        first = len(self.inputs) - 1
        return (
            f"{self.inputs[-1]}[{position - first}]" if self.variadic and position >= first else self.inputs[position]
        )

    def __reduce__(self) -> Any:
        return _from_registry, (self.name,)  # a model that holds an op as a function can go to another process

    def __copy__(self) -> Primitive:
        return self  # by its name another might be found, of a notebook's cell that ran again

    def __deepcopy__(self, memo: Any) -> Primitive:
        return self

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join([*self.inputs, *(f'{o}=' for o in self.options)])})>"

    def _as_method(self) -> Callable[..., Any]:
        # A plain function binds to its object as a method does, an instance of a class would not.
        def method(*inputs: Any, **options: Any) -> Any:
            return self._apply(inputs, options)

        method.__name__, method.__doc__ = self.name, self.__doc__
        method.foreign = self.foreign  # type: ignore[attr-defined]
        return method


def _from_registry(name: str) -> Primitive:
    if name not in registry:
        raise LookupError(f"there is no op '{name}' here: import the module that makes it, then load what uses it")
    return registry[name]


def primitive(forward: Callable[..., Any] | None = None, **declaration: Any) -> Any:
    """Make an op of a NumPy function: positional arguments are arrays, keyword-only ones are options.

    `elementwise=True`: inputs broadcast against each other, and the local derivative is multiplied in by elements.
    `text` and `symbol`: how formulas and pictures write it ("x × y", "×"); `why`: a sentence on its derivative.
    `undefined` says where its value or slope is inf or NaN, `vanishes` where its slope is 0, for debug() and why().
    `expects`: what its operands must fulfil, for messages.
    `numpy`: the NumPy functions that become this op when they meet a Tensor; `method`: names of Tensor methods;
    `operator="add"`: the operator `+`, from both sides.
    `keeps=True`: forward returns (result, kept), and the derivatives get `kept=`. It must be locally constant
    (indices, a mask): what varies with the inputs has a derivative of its own, and belongs into the derivative.
    `reuses=True`: forward returns (result, parts), and the derivatives get `parts=`, results on the way to its own that
    spare them the same work; None when the derivative is to be differentiated in turn, since parts have no graph.
    `floats=True`: integer and boolean arrays are taken as floats of the default dtype, as layers mean them (NumPy's own
    functions give float16 for small integers).
    `sums=True`: it adds up many numbers, so float16 is taken to float32 and back, which sums well.
    `random=True`: the result is drawn anew at each call, so it is a Tensor even where no input is one.

    Used as a decorator, plain or with these arguments; then declare `.derivative` for each input, in order.
    """
    known = Primitive.__init__.__kwdefaults__ or {}
    for name in declaration:
        if name not in known:
            raise TypeError(f"primitive takes no {name}=; it takes {', '.join(known)}")

    def declare(function: Callable[..., Any]) -> Primitive:
        of_the_house = str(getattr(function, "__module__", "")).startswith(f"{__package__}.")
        return (Primitive if of_the_house else Primitive.of_users)(function, **declaration)

    return declare if forward is None else declare(forward)


def composed(numpy: Any = (), method: str | Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function that is written with ops: it needs no derivative of its own.

    `numpy` and `method` as in `primitive`.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _register(function, function, _several(numpy), (method,) if isinstance(method, str) else method)
        return function

    return register


def _several(numpy: Any) -> Sequence[Any]:
    return numpy if isinstance(numpy, (tuple, list)) else (numpy,)


def _register(rule: Callable[..., Any], method: Callable[..., Any], rules: Sequence[Any], names: Sequence[str]) -> None:
    for function in rules:
        numpy_rules[function] = rule
    methods.attach(method, *names)

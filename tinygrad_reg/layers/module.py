"""Module: what layers and models are, functions with state: called, trained, projected, printed."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Self

import numpy as np

from .. import source
from ..answers import checks
from ..answers.calls import Called, answered
from ..answers.elsewhere import Elsewhere, NeverHere, answer, listed
from ..answers.foreign import ON_MODELS
from ..arrays import as_array
from ..modes import default_dtype, layer_scope, modes, quiet
from ..tensor import Tensor
from .inputs import as_tensor, told_of
from .running import Changes, name_within
from .state import CONTAINERS, NOT_LOOKED_INTO, Stateful, join, parts_of, walk


class Module(Stateful, Called):
    """A function with state: a layer, a block or a whole model. Write `forward`, and assign what it holds.

    >>> class Neuron(Module):
    ...     def __init__(self):
    ...         self.w = Tensor([0.5, -1.0], requires_grad=True)
    ...         self.b = Tensor(0.0, requires_grad=True)
    ...
    ...     def forward(self, x):
    ...         return x @ self.w + self.b
    >>> [name for name, parameter in Neuron().named_parameters()]
    ['w', 'b']

    Every Tensor among the attributes is state, in lists, tuples, dicts and other modules too, named by its path in
    the order of assignment. Those that require gradients are the parameters. A Tensor that is reached twice (shared
    weights) counts once, under its first path. A Tensor that an op computed is a result, not state; where it was to be
    a weight, Tensor(…, requires_grad=True) * 0.1, it is refused when parameters are asked for.

    Where a parameter `w` has an attribute `w_regularizer` beside it, that is part of `penalty()`; a `w_constraint` is
    applied by `project()`.
    """

    input_shape: tuple[int, ...] | None = None  # of one sample, where the layer alone determines it
    _calls_only_the_house = False  # in its forward, so that ops made there know the user's call: see source.caller
    trainable = NeverHere("parameter.requires_grad, of each of .parameters()")
    requires_grad = NeverHere("parameter.requires_grad, of each of .parameters()")
    training: bool = True  # noise on, statistics of the batch: switched by train() and eval()

    def __init__(self) -> None:
        """Nothing to do: subclasses need not call it."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        slots = vars(cls).get("__slots__", ())
        if any(not name.startswith("__") for name in ([slots] if isinstance(slots, str) else slots)):
            raise TypeError(
                f"{cls.__name__} has __slots__, and what they hold would not be found, trained or saved: leave them out"
            )
        if "_calls_only_the_house" not in vars(cls):
            cls._calls_only_the_house = cls.__module__.startswith(f"{__package__}.")

    def forward(self, *inputs: Any) -> Any:
        """What the module computes. Call the module itself, `model(x)`, which runs this."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward method: write `def forward(self, x): ...` (not call or __call__)"
        )

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run `forward`; arrays, lists of numbers and floats become Tensors."""
        here = modes.__dict__
        call, outer = here["place"] or source.running(2), here["module"]
        name = None if outer is None else name_within(outer, self)
        return source.result(self.call_as(name, inputs, options, call), call)

    def call_as(
        self, name: str | None, inputs: tuple[Any, ...], options: dict[str, Any], call: source.Call | None = None
    ) -> Any:
        """Run `forward` as the layer `name` of the module that is running, or as the whole model (None).

        `call` is the user's call of it; without one, the call that is running goes on.
        """
        here = modes.__dict__
        outer, paths, path, place = here["module"], here["paths"], here["layer"], here["place"]
        try:  # with all that is set back: Ctrl-C may come between any two lines
            here["module"], here["paths"] = self, None
            if call is not None:
                here["place"] = source.inside(call)
            if not self._calls_only_the_house:
                here["place"] = None
            if name is not None:
                here["layer"] = f"{path}.{name}" if path else name
            for x in inputs:
                if not isinstance(x, Tensor):
                    inputs = tuple(map(as_tensor, inputs))
                    break
            out = self.forward(*inputs, **options) if options else self.forward(*inputs)
            if out is None:
                raise TypeError(f"forward of {self.where()} returned None: end it with `return ...`")
            if here["listener"] is not None:
                here["listener"](here["layer"], out)
            return out
        except (AttributeError, TypeError, ValueError) as error:
            told = told_of(self, error, name is None, inputs, options)
            if told is error:
                raise
            raise told from None
        finally:
            here["module"], here["paths"], here["layer"], here["place"] = outer, paths, path, place

    # ---- what it holds

    def named_modules(self) -> list[tuple[str, Module]]:
        """This module (path "") and all below it, each once."""
        return [(path, part) for path, part in walk(self) if isinstance(part, Module)]

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray) and isinstance(vars(self).get(name), Tensor):
            raise TypeError(
                f"{type(self).__name__}.{name} is a Tensor, and an array in its place would not be trained; "
                f"write .{name}.data = array for new values"
            )
        if isinstance(value, Tensor):
            value._owned = True  # pictures name it by this module's path
        if name in _METHODS and not isinstance(value, (FunctionType, MethodType, partial)):
            raise TypeError(
                f"{type(self).__name__}.{name} is what models do, {name}(), and a {type(value).__name__} in its place "
                f"would keep them from it: choose another name, such as self.own_{name.lstrip('_')}"
            )
        if isinstance(value, NOT_LOOKED_INTO) and any(isinstance(part, (Tensor, Module)) for part in value):
            raise TypeError(
                f"{type(self).__name__}.{name} is a {type(value).__name__}, and what it holds would not be found, "
                "trained or saved: make it a list or a dict"
            )
        Changes.count += 1
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        Changes.count += 1
        object.__delattr__(self, name)

    __dir__ = listed

    # ---- training

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training: noise is drawn, batch statistics are used."""
        checks.switch("mode", mode)
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and all below it to inference: no noise, moving statistics."""
        return self.train(False)

    @answered
    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: `.grad` is None again."""
        for parameter in self.parameters():
            parameter.grad = None

    def penalty(self) -> Tensor:
        """The sum of the penalties that the layers declare, as one differentiable Tensor: add it to the loss."""
        total: Tensor | None = None
        for path, name, parameter, penalty in self.declared("_regularizer"):
            with layer_scope(path) if path else nullcontext():
                term = penalty(parameter)
            checks.one_number(f"the penalty on {join(path, name)}", term)
            total = term if total is None else total + term
        if total is None:
            dtypes = {parameter.dtype for parameter in self.parameters()}
            total = Tensor(0.0, name="penalty", dtype=np.result_type(*dtypes) if dtypes else default_dtype())
        return source.result(total)

    def project(self, lr: float | None = None) -> None:
        """Apply the constraints that the layers declare, after an optimizer's step; `lr` is its learning rate."""
        projected = []
        for path, name, parameter, constraint in self.declared("_constraint"):
            capture = modes.capture
            with quiet():
                if capture is None:
                    values = np.array(constraint(parameter.data, lr))
                else:
                    values = as_array(capture.call(constraint, parameter.data, lr))
            if values.shape != parameter.shape:
                raise ValueError(
                    f"the constraint on {join(path, name)} must keep shape {parameter.shape}, not give {values.shape}"
                )
            if values.dtype.kind not in "fiub":
                raise TypeError(f"the constraint on {join(path, name)} must give real numbers, not {values.dtype}")
            projected.append((parameter, values))
        for parameter, values in projected:
            parameter.data = values

    def declared(self, suffix: str) -> Iterator[tuple[str, str, Tensor, Any]]:
        """For each parameter `name` of each module, what the attribute `name` + suffix beside it declares."""
        for path, module in self.named_modules():
            for name, part in list(module.parts()):
                declared = vars(module).get(name + suffix)
                if declared is not None and isinstance(part, Tensor):
                    if not callable(declared):
                        which = "penalties.l2(0.01)" if suffix == "_regularizer" else "constraints.max_norm(2)"
                        raise TypeError(
                            f"{join(path, name)}{suffix} must be a function such as tg.{which}, not {declared!r}"
                        )
                    yield path, name, part, declared

    # ---- reading it

    def where(self) -> str:
        """How messages speak of this layer while it runs: its path in the model, its class and sizes."""
        shown = type(self).__name__ if children(self) else repr(self)
        return f"layer {modes.layer}, {shown}," if modes.layer else shown

    @answered
    def summary(self, x: Any = None) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters.

        `x` is an example of the input (a batch), or the shape of one sample such as (1, 28, 28). Without it, shapes
        are shown where the layers alone determine them.
        """
        from ..insight.words import show
        from .summary import table

        show(table(self, x))

    @reprlib.recursive_repr("...")
    def __repr__(self) -> str:
        lines = [f"  {line}" for path, child in children(self) for line in f"{path}: {child!r}".splitlines()]
        arguments = ", ".join(_arguments(self))
        head = f"{type(self).__name__}({arguments}"
        return head + (("," if arguments else "") + "\n" + "\n".join(lines) + "\n)" if lines else ")")


# What is called on every model, also from inside: a list in the place of parts() would be called as well.
_METHODS = {name for own in (Stateful, Module) for name, part in vars(own).items() if isinstance(part, FunctionType)}
_METHODS -= {name for name in _METHODS if name.startswith("__")}
answer(Module, ON_MODELS)


def children(value: Any) -> list[tuple[str, Module]]:
    """The modules directly below this one, a shared one in each of its places."""
    found: list[tuple[str, Module]] = []
    for name, part in parts_of(value):
        if isinstance(part, Module):
            found.append((name, part))
        elif isinstance(part, CONTAINERS):
            found += [(join(name, path), child) for path, child in children(part)]
    return found


def _arguments(module: Module) -> Iterator[str]:
    """The constructor's arguments that the module has kept, where they are not the default."""
    for name, parameter in inspect.signature(type(module).__init__).parameters.items():
        value = vars(module).get(name, parameter.default)
        if value is parameter.default or isinstance(value, (Module, Tensor, np.ndarray, np.random.Generator)):
            continue
        if isinstance(value, CONTAINERS) and any(True for _ in walk(value)):
            continue
        if isinstance(parameter.default, (int, float, str, tuple)) and value == parameter.default:
            continue
        shown = getattr(value, "__name__", None) or repr(value)
        yield shown if parameter.default is parameter.empty else f"{name}={shown}"


def a_module(model: Any, call: str) -> None:
    """Refuse what is no model, or the class of one."""
    if isinstance(model, type) and issubclass(model, Module):
        raise TypeError(f"{call} takes a model, not the class {model.__name__}: write {model.__name__}(...)")
    if not isinstance(model, Module):
        elsewhere = inspect.getattr_static(model, "parameters", None)  # of what tg.load returns
        write = f"; write {elsewhere.advice}" if isinstance(elsewhere, Elsewhere) else ""
        raise TypeError(f"{call} takes a tg.Module such as tg.Sequential(...), not {type(model).__name__}{write}")

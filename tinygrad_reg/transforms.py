"""Functions made of functions: grad(f), value_and_grad(f), jacobian(f), hessian(f), hvp(f).

Plain arguments give plain arrays. Tensors give Tensors with a graph of their own, and so do transforms that run inside
another one: grad(grad(f)) is the second derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import source
from .answers.calls import answered
from .arrays import as_array
from .backward import gradients
from .modes import modes, recording, switched
from .tensor import Tensor, describe


@answered
def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that computes ∂f/∂(its argument `argnums`); f returns one number.

    >>> import tinygrad_reg as tg
    >>> tg.grad(lambda x: x**3)(2.0)
    array(12.)
    """
    must_be_function(f, "grad()")
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def gradient(*args: Any, **options: Any) -> Any:
        return source.gradient(both(*args, **options)[1])

    return gradient


@answered
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that computes f and its gradient at once, (value, gradient); many argnums give a tuple of them.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (array(6.), (array(3.), array(2.)))
    """
    must_be_function(f, "value_and_grad()")
    _positions(argnums)  # now, not when what is made here is called

    @functools.wraps(f)
    def value_and_gradient(*args: Any, **options: Any) -> tuple[Any, Any]:
        run = _Differentiation(f, args, options, argnums)
        with run.running():
            if run.value.size != 1:
                raise ValueError(
                    f"{run.name} must return a single number to have a gradient, but {describe(run.value)} has "
                    f"{run.value.size}; reduce it with .sum() or .mean(), or take jacobian()"
                )
            return run.finish(run.value), run.pack(run.gradients(run.value))

    return value_and_gradient


@answered
def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that computes all derivatives of all outputs: shape (*output.shape, *input.shape).

    It goes backward once for each element of the output.

    >>> jacobian(lambda x: x**2)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    must_be_function(f, "jacobian()")
    _positions(argnums)  # now, not when what is made here is called

    @functools.wraps(f)
    def jacobian_matrix(*args: Any, **options: Any) -> Any:
        run = _Differentiation(f, args, options, argnums)
        with run.running():
            shape = run.value.shape
            rows = [run.gradients(run.value, seed) for seed in _unit_seeds(run.value)]
            if not rows:
                return run.pack([run.zeros((*shape, *variable.shape), variable.dtype) for variable in run.variables])
            return run.pack(
                [
                    np.reshape(np.stack([row[i] for row in rows]), (*shape, *variable.shape))
                    for i, variable in enumerate(run.variables)
                ]
            )

    return jacobian_matrix


@answered
def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that computes the matrix of second derivatives of f, shape (*input.shape, *input.shape).

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    must_be_function(f, "hessian()")
    if isinstance(argnums, Sequence):
        raise TypeError(f"hessian() is taken with respect to one argument, so argnums is a number, not {argnums!r}")
    return jacobian(grad(f, argnums), argnums)


@answered
def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function (x, v) -> Hessian of f at x, times v, at the cost of two backward passes: no matrix is built.

    >>> hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    array([6., 2.])
    """
    must_be_function(f, "hvp()")

    @answered
    def hessian_vector_product(x: Any, v: Any) -> Any:
        v = v if isinstance(v, Tensor) else as_array(v)
        if isinstance(v, Tensor) and v.requires_grad and not isinstance(x, Tensor):
            x = Tensor(x)  # Tensors give Tensors, with a graph
        if np.shape(x) != v.shape:
            raise ValueError(f"hvp needs v in the shape of x, {np.shape(x)}, not {v.shape}")
        return grad(lambda y: np.sum(grad(f)(y) * v))(x)

    return hessian_vector_product


def must_be_function(f: Any, taker: str) -> None:
    """Refuse what is computed already, or is no function at all."""
    if not callable(f):
        computed = "; of what is computed already write tg.gradients(output, inputs)" if isinstance(f, Tensor) else ""
        raise TypeError(f"{taker} takes a function, such as lambda x: np.sum(x**2), not {describe(f)}{computed}")


def _positions(argnums: Any) -> tuple[int, ...]:
    positions = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not positions or not all(isinstance(position, (int, np.integer)) for position in positions):
        given = describe(argnums) if isinstance(argnums, (Tensor, np.ndarray)) else repr(argnums)
        raise TypeError(
            f"argnums must be the number of an argument, or some such as (0, 1), not {given}; the point to "
            "differentiate at is given to the function that comes back, as in tg.grad(f)(x)"
        )
    return positions


class _Differentiation:
    """One call of a transformed function: makes the variables, runs f on them, knows what to give back."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], options: dict[str, Any], argnums: int | Sequence[int]
    ) -> None:
        self.single = not isinstance(argnums, Sequence)
        positions = _positions(argnums)
        for position in positions:
            if not -len(args) <= position < len(args):
                raise ValueError(
                    f"argnums={argnums!r} names an argument that is not there: {len(args)} were given by place"
                )
        # Inside another transform a plain result would cut the graph, so it is a Tensor there.
        self.keeps_graph = modes.transform > 0 or any(isinstance(x, Tensor) for x in args)
        self.f, self.args, self.options, self.positions = f, list(args), options, positions
        self.name = getattr(f, "__name__", "f")

    @contextmanager
    def running(self) -> Iterator[None]:
        """f has run, as a function of the variables, and the graph that it made can be gone back over."""
        with switched("transform", modes.transform + 1), recording(True):
            for position in self.positions:
                self.args[position] = _variable(self.args[position])
            self.variables = [self.args[position] for position in self.positions]
            self.value = self.f(*self.args, **self.options)
            if not isinstance(self.value, Tensor):
                array = isinstance(self.value, np.ndarray)
                raise TypeError(
                    f"{self.name} must return a Tensor computed from its arguments, not {type(self.value).__name__}; "
                    "use np functions or tg.ops, not math"
                    + ", .numpy() or .grad; a gradient is a Tensor with tg.gradients(y, x, create_graph=True)"
                    * array
                )
            yield

    def gradients(self, output: Tensor, seed: Any = None) -> list[Any]:
        if not output.requires_grad:  # f does not depend on its arguments
            return [self.zeros(v.shape, v.dtype) for v in self.variables]
        result: list[Any] = gradients(output, self.variables, self.keeps_graph, gradient=seed)
        return result

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Any:
        zeros = np.zeros(shape, dtype)
        return Tensor(zeros) if self.keeps_graph else zeros

    def pack(self, results: list[Any]) -> Any:
        return results[0] if self.single else tuple(results)

    def finish(self, value: Tensor) -> Any:
        return value if self.keeps_graph else value.data


def _variable(x: Any) -> Tensor:
    """What f is differentiated by: a node of its own, so that the same Tensor used elsewhere in f stays a constant."""
    if isinstance(x, Tensor):
        # A copy of the values, as +x is one: what writes into x afterwards, x.data -= ..., is not noticed of this leaf.
        return +x if x.requires_grad else Tensor(x.data.copy(), requires_grad=True, name=x.name)
    try:
        return Tensor(x, requires_grad=True)
    except (TypeError, ValueError):
        arrays = isinstance(x, (list, tuple)) and any(hasattr(part, "shape") for part in x)
        if not arrays and not isinstance(x, dict):
            raise
    raise TypeError(
        f"an argument to differentiate by is one array, not a {type(x).__name__} of several: give each its place, "
        "as in tg.grad(f, argnums=(0, 1))(w, b)"
    )


def _unit_seeds(value: Tensor) -> Iterator[np.ndarray]:
    for index in np.ndindex(value.shape):
        seed = np.zeros(value.shape, value.dtype)
        seed[index] = 1
        yield seed

"""Is a derivative right? check_grad() compares it with what differences of the function say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..arrays import as_array
from ..backward import gradients
from ..modes import quiet, recording
from ..tensor import Tensor, values
from ..transforms import must_be_function


@answered
def check_grad(
    f: Callable[..., Any], *inputs: Any, order: int = 1, step: float = 6e-6, rtol: float = 2e-5, atol: float = 2e-8
) -> float:
    """Compare the derivatives of f at `inputs` with central differences, in float64; order=2 the second ones as well.

    Raises AssertionError with the worst entry, and returns the largest relative error otherwise. An output of many
    elements is weighted with fixed random numbers, and the sum is compared. Don't check at a kink: differences see
    both of its sides.

    >>> import numpy as np
    >>> bool(check_grad(np.tanh, [0.5, -1.0], order=2) < 1e-6)
    True
    """
    must_be_function(f, "check_grad()")
    if order not in (1, 2):
        raise ValueError(f"check_grad compares derivatives of order 1 or 2, not {order!r}")
    checks.positive("step", step)
    checks.positive("rtol", rtol)
    checks.number("atol", atol, 0)
    arrays = [np.array(as_array(values(x), np.float64)) for x in inputs]
    if not arrays:
        raise ValueError("check_grad needs at least one input to differentiate by")
    rng = np.random.default_rng(0)
    weights: dict[tuple[int, ...], np.ndarray] = {}

    def weighted(*tensors: Any) -> Any:
        value = f(*tensors)
        if not isinstance(value, Tensor):
            raise TypeError(f"the function to check must return a Tensor, not {type(value).__name__}")
        if value.shape not in weights:
            weights[value.shape] = rng.uniform(0.5, 1.5, value.shape) if value.shape else np.ones(())
        return np.sum(value * weights[value.shape])

    _must_repeat(weighted, arrays)
    _must_follow_upstream(weighted, arrays)  # first: the figures of a derivative without g say nothing of g
    weighs = "" if () in weights else "; both are of the outputs' sum, each times a fixed weight from 0.5 to 1.5"
    worst = _compare(weighted, arrays, step, rtol, atol, "derivative", weighs)
    if order == 2:
        directions = [rng.uniform(0.5, 1.5, x.shape) for x in arrays]

        def directional(*tensors: Any) -> Any:
            found = _gradients_or_zeros(weighted(*tensors), tensors)
            return sum(np.sum(g * v) for g, v in zip(found, directions, strict=True))

        worst = max(worst, _compare(directional, arrays, step, rtol, atol, "second derivative", weighs))
    return worst


def _gradients_or_zeros(output: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """gradients(create_graph=True), or zeros where the output is constant."""
    if output.requires_grad:
        found: list[Tensor] = gradients(output, list(inputs), create_graph=True)
        return found
    return [Tensor(np.zeros(x.shape)) for x in inputs]


def _compare(
    scalar: Callable[..., Any],
    arrays: list[np.ndarray],
    step: float,
    rtol: float,
    atol: float,
    what: str,
    weighs: str,
) -> float:
    with recording(True):
        tensors = [Tensor(x, requires_grad=True) for x in arrays]
        value = scalar(*tensors)
        analytic = [g.numpy() for g in _gradients_or_zeros(value, tensors)]
    scale = max(1.0, abs(float(value.item())))
    worst, complaint = 0.0, ""
    at: tuple[int, tuple[int, ...]] = 0, ()
    for position, x in enumerate(arrays):
        for index in np.ndindex(x.shape):
            numeric = _central_difference(scalar, arrays, position, index, step)
            exact = float(analytic[position][index])
            error = abs(exact - numeric) / (atol * scale / rtol + abs(numeric) or 1e-300)
            if not error <= worst:  # also when it is NaN
                worst, at = error, (position, index)
                where = f"[{', '.join(map(str, index))}]" if index else ""
                complaint = (
                    f"the {what} by input {position}{where} is {exact:.10g}, but differences give {numeric:.10g} "
                    f"(input {x[index]:.6g}, relative error {error:.1e}){weighs}"
                )
                if np.isnan(error):
                    raise AssertionError(complaint)
    if worst > rtol:
        raise AssertionError(complaint + _kink(scalar, arrays, *at, step))
    return worst


def _must_repeat(scalar: Callable[..., Any], arrays: list[np.ndarray]) -> None:
    """Differences of what is drawn anew at each call are those of the draws."""
    with recording(True):
        once, again = (scalar(*[Tensor(x, requires_grad=True) for x in arrays]).item() for _ in range(2))
    if not np.isclose(once, again, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise ValueError(
            f"check_grad needs a function that gives the same again, and this one gave {once:.6g}, then {again:.6g}: "
            "if it draws random numbers, call model.eval() before, or make its generator anew in the function"
        )


def _must_follow_upstream(scalar: Callable[..., Any], arrays: list[np.ndarray]) -> None:
    """A derivative that leaves out g is right as long as g is 1, and one with |g| or g > 0 as long as g is positive.

    So it must turn round and double with g.
    """
    with recording(True):
        tensors = [Tensor(x, requires_grad=True) for x in arrays]
        value = scalar(*tensors)
        if not value.requires_grad:
            return
        once, turned = (gradients(value, tensors, gradient=np.array(g)) for g in (1.0, -2.0))
    for position, (one, two) in enumerate(zip(once, turned, strict=True)):
        with quiet():
            follows = np.allclose(two, -2 * one, rtol=1e-6, atol=0, equal_nan=True)
        if not follows:
            raise AssertionError(
                f"the derivative by input {position} is not −2 times as large when the upstream gradient is: "
                "is `g *` forgotten, or there twice, or is its sign asked for?"
            )


def _central_difference(
    scalar: Callable[..., Any], arrays: list[np.ndarray], position: int, index: tuple[int, ...], step: float
) -> float:
    value_at, center, width = _along(scalar, arrays, position, index, step)
    return (value_at(center + width) - value_at(center - width)) / (2 * width)


def _kink(
    scalar: Callable[..., Any], arrays: list[np.ndarray], position: int, index: tuple[int, ...], step: float
) -> str:
    """What is said where the slopes on both sides differ, also from nearer by: those of a curve come together."""
    apart = []
    for closer in (1, 8):
        value_at, center, width = _along(scalar, arrays, position, index, step / closer)
        here = value_at(center)
        left, right = (here - value_at(center - width)) / width, (value_at(center + width) - here) / width
        apart.append(abs(right - left))
    if not apart[1] > max(0.5 * apart[0], 1e-3 * max(abs(left), abs(right))):
        return ""
    return (
        f"; to the left alone they give {left:.4g}, to the right {right:.4g}: there is a kink, where a derivative is a "
        "convention (here 0 of relu and abs; docs/conventions.md). Check beside it"
    )


def _along(
    scalar: Callable[..., Any], arrays: list[np.ndarray], position: int, index: tuple[int, ...], step: float
) -> tuple[Callable[[float], float], float, float]:
    """The function of one entry alone, where that entry is, and how far to go from there."""

    def value_at(x: float) -> float:
        moved = arrays[position].copy()
        moved[index] = x
        # The inputs require gradients here too: the function may differentiate by them.
        with recording(True):
            tensors = [Tensor(moved if i == position else a, requires_grad=True) for i, a in enumerate(arrays)]
            return float(scalar(*tensors).item())

    center = float(arrays[position][index])
    return value_at, center, step * max(1.0, abs(center))

"""What goes on inside a model, in numbers: dead and saturated units, gradients by layer, the factors of a chain.

What runs the model does so in eval mode; all leave it and its gradients as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .answers import checks
from .answers.calls import answered
from .insight.explain import BackwardStep, explain, send_back
from .layers.evaluating import evaluating
from .layers.module import Module, a_module
from .layers.running import listening
from .modes import no_grad, watching
from .norms import length
from .primitive import Primitive, registry
from .tensor import Tensor, describe


@answered
def layer_outputs(model: Module, x: Any) -> dict[str, np.ndarray]:
    """What each layer makes of the batch `x`, by path; the model's own output is under ""."""
    a_module(model, "layer_outputs")
    outputs: dict[str, np.ndarray] = {}

    def note(path: str, out: Any) -> None:
        if isinstance(out, Tensor):
            outputs[path] = out.data

    with no_grad(), evaluating(model), listening(note):
        model(x)
    return outputs


@answered
def dead_units(model: Module, x: Any, batch_size: int = 1024) -> dict[str, float]:
    """The share of dead ReLU units of each layer: units whose output is 0 for every sample of `x`.

    No gradient reaches the weights of such a unit, so it stays dead. A unit of a convolution is a channel.

    >>> from tinygrad_reg import Dense, Sequential
    >>> layer = Dense(1, 4, activation="relu", kernel_initializer="ones")
    >>> layer.bias.data = [0.0, 0.0, -9.0, -9.0]
    >>> dead_units(Sequential(layer), [[1.0], [2.0]])
    {'0': 0.5}
    """
    alive: dict[str, np.ndarray] = {}

    def look(path: str, op: Primitive, out: np.ndarray, inputs: Sequence[Any]) -> None:
        if op.name == "relu":
            on: np.ndarray = np.any(_by_unit(out > 0), axis=0)
            alive[path] = alive[path] | on if path in alive else on

    _look_at_ops(model, x, batch_size, look)
    return {path: float(1 - on.mean()) for path, on in alive.items()}


@answered
def saturated(model: Module, x: Any, slope: float = 0.05, batch_size: int = 1024) -> dict[str, float]:
    """The share of sigmoid and tanh outputs of each layer at which the local derivative is below `slope`.

    The derivative is a(1 − a), at most 1/4, for sigmoid and 1 − a², at most 1, for tanh.
    """
    checks.number("slope", slope, 0)
    counts: dict[str, tuple[int, int]] = {}

    def look(path: str, op: Primitive, out: np.ndarray, inputs: Sequence[Any]) -> None:
        if op.name in ("sigmoid", "tanh"):
            local = op.functions[0](np.ones_like(out), out, *inputs)
            flat, total = counts.get(path, (0, 0))
            counts[path] = flat + int(np.sum(local < slope)), total + out.size

    _look_at_ops(model, x, batch_size, look)
    return {path: flat / total for path, (flat, total) in counts.items()}


@answered
def gradient_norms(model: Module) -> dict[str, float]:
    """‖∂loss/∂(the parameters of the layer)‖ by path, after backward(); layers without a gradient are left out."""
    a_module(model, "gradient_norms")
    found: dict[str, list[np.ndarray]] = {}
    for path, parameter in model.named_parameters():
        if parameter.grad is not None:
            found.setdefault(path.rpartition(".")[0], []).append(parameter.grad)
    return {layer: length(*gradients) for layer, gradients in found.items()}


@answered
def gradient_ratio(model: Module) -> float:
    """The gradient's norm in the first layer over that in the last: far below 1 it vanishes, far above it explodes."""
    norms = list(gradient_norms(model).values())
    if len(norms) < 2:
        raise ValueError(f"a ratio needs gradients in two layers, there are {len(norms)}: call loss.backward() first")
    return norms[0] / norms[-1] if norms[-1] else math.inf


class Factor(NamedTuple):
    """One factor of the chain rule: the local derivative of an op, as a formula and as a number."""

    op: str
    layer: str
    text: str
    value: float


@answered
def chain_factors(output: Tensor, wrt: Tensor) -> list[Factor]:
    """The local derivatives on the way from `output` back to `wrt`, whose product is ∂output/∂wrt.

    Every tensor on the way must be one number, and there must be one way only: a chain of single neurons, as in
    ∂C/∂b₁ = ∂C/∂a₄ · σ'(z₄) · w₄ · σ'(z₃) · w₃ · σ'(z₂) · w₂ · σ'(z₁).

    >>> x = Tensor(2.0, requires_grad=True)
    >>> [factor.value for factor in chain_factors(3 * x**2, x)]
    [3.0, 4.0]
    """
    for given in (output, wrt):
        if not isinstance(given, Tensor):
            raise TypeError(
                f"chain_factors() takes Tensors, the output and what it depends on, not {type(given).__name__}"
            )
    record = explain(output)
    factors: list[Factor] = []
    sent: dict[int, list[BackwardStep]] = {}  # to each tensor, by those that use it
    for step in record.backward:
        sent.setdefault(step.input, []).append(step)
    at = next((step.index for step in record.forward if step.tensor is wrt), None)
    if at is None:
        raise ValueError(f"{describe(output)} was not computed from {describe(wrt)}")
    while record.forward[at].tensor is not output:
        tensor = record.forward[at].tensor
        shares = sent.get(at, [])
        if len(shares) != 1 or tensor.size != 1 or shares[0].upstream.size != 1:
            raise ValueError(
                f"the way from {describe(output)} to {describe(wrt)} is no chain of single numbers: {describe(tensor)} "
                f"gets its gradient in {len(shares)} shares, or of an array. tg.explain() lists every step"
            )
        (share,) = shares
        primitive = registry[share.op]
        derivative = primitive.derivatives[share.position] if primitive.derivatives else None
        user = record.forward[share.node].tensor
        value = float(send_back(user, tensor, np.ones(user.shape, user.dtype)).item())
        factors.append(Factor(share.op, share.layer, derivative.local if derivative else share.op, value))
        at = share.node
    return factors[::-1]


def _by_unit(out: np.ndarray) -> np.ndarray:
    """A row for each sample (and position), a column for each unit: the last axis, or the channels of images."""
    out = np.moveaxis(out, 1, -1) if out.ndim == 4 else out
    return out.reshape(-1, out.shape[-1]) if out.ndim > 1 else out.reshape(-1, 1)


class _Onlooker:
    """Is shown every op of a forward pass (as modes.watch), and tells `look` the layer that it belongs to."""

    def __init__(self, look: Callable[[str, Primitive, np.ndarray, Sequence[Any]], None]) -> None:
        self.look = look
        self.times: dict[tuple[str, str], int] = {}

    def applying(self, op: Primitive, inputs: Sequence[Any]) -> Callable[..., Any]:
        """An op is going to be applied, by its own forward."""
        return op.forward

    def forward(self, op: Primitive, node: Tensor, inputs: Sequence[Any], arrays: Sequence[Any]) -> None:
        """An op has computed `node` from `arrays`; where a layer applies it again, its path gets a number."""
        layer = node._layer or "model"
        times = self.times[layer, op.name] = self.times.get((layer, op.name), 0) + 1
        self.look(layer if times == 1 else f"{layer} ({times})", op, node.data, arrays)

    def start(self, output: Tensor, gradient: Any) -> None:
        """The model itself goes backward: one whose output is a derivative."""

    def share(self, *step: Any) -> None:
        """A step of that way back."""


def _look_at_ops(
    model: Module, x: Any, batch_size: int, look: Callable[[str, Primitive, np.ndarray, Sequence[Any]], None]
) -> None:
    a_module(model, "a look at its units")
    checks.whole("batch_size", batch_size)
    x = x if isinstance(x, (np.ndarray, Tensor)) else np.asarray(x)
    if not x.ndim:
        raise TypeError(f"a look at units takes a batch of samples, (N, …), not {describe(x)}")
    with no_grad(), evaluating(model):
        for start in range(0, len(x), batch_size):
            with watching(_Onlooker(look)):
                model(x[start : start + batch_size])

"""Who takes part, and how NumPy by hand and this engine run a row: from a loss to a whole training step.

A contender takes a row and returns its work: a call without arguments that does one pass and returns the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from . import peers
from .setting import SGD, Given, Made, Training, Work, call


@dataclass(frozen=True)
class Contender:
    """A way to run a row: which function of the row it takes, and what makes the work of it."""

    label: str
    library: str  # the function in the row
    needs: str  # the package that must be installed
    work: Callable[[Any, Given], Work]

    def runs(self, row: Any) -> bool:
        """Whether the row has a function for it."""
        function = getattr(row, self.library, None)
        if function is None or self.work is not peers.torch_fused:
            return function is not None
        return hasattr(row, "TRAINING") or "fused" in signature(function).parameters


def limit(row: Any, given: Given) -> Work:
    return call(row.by_hand(**given))


# ---- tinygrad_reg


def house_step(row: Any, given: Given) -> Made:
    """The loss, its gradients and the optimizer's step."""
    import tinygrad_reg as tg

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        made: Made = row.tinygrad_reg()
        return made
    parameters = [tg.Tensor(p.copy(), requires_grad=True) for p in training.parameters]
    rule = training.optimizer
    optimizer = (
        tg.optim.SGD(parameters, lr=rule.lr, momentum=rule.momentum)
        if isinstance(rule, SGD)
        else tg.optim.Adam(parameters, lr=rule.lr, betas=(rule.beta1, rule.beta2), eps=rule.eps)
    )

    loss_of = row.tinygrad_reg(parameters, **given)

    def step(*batch: Any) -> Any:
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, training.batch


def eager(row: Any, given: Given) -> Work:
    return call(house_step(row, given))


def program(row: Any, given: Given) -> Work:
    import tinygrad_reg as tg

    step, arguments = house_step(row, given)
    return call((tg.compile(step), arguments))


CONTENDERS = {
    "limit": Contender("NumPy by hand", "by_hand", "numpy", limit),
    "program": Contender("tinygrad_reg, tg.compile", "tinygrad_reg", "numpy", program),
    "eager": Contender("tinygrad_reg, eager", "tinygrad_reg", "numpy", eager),
    "torch": Contender("PyTorch", "torch", "torch", peers.torch),
    "torch-fused": Contender("PyTorch, fused optimizer", "torch", "torch", peers.torch_fused),
    "torch-compile": Contender("torch.compile", "torch", "torch", peers.torch_compile),
    "jax": Contender("JAX, jit", "jax", "jax", peers.jax),
    "jax-ahead": Contender("JAX, jit, not awaited", "jax", "jax", peers.jax_ahead),
    "autograd": Contender("HIPS autograd", "autograd", "autograd", peers.autograd),
    "mygrad": Contender("MyGrad", "mygrad", "mygrad", peers.mygrad),
    "tinygrad": Contender("tinygrad, TinyJit", "tinygrad", "tinygrad", peers.tinygrad),
    "micrograd": Contender("micrograd", "micrograd", "micrograd", peers.micrograd),
}

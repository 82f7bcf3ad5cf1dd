"""How each library runs a row: from a loss to a whole training step, eager or compiled, ready to be timed.

A contender takes a row and returns its work: a call without arguments that does one pass and returns the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .setting import SGD, Made, Training

Work = Callable[[], Any]
Given = dict[str, Any]  # what a row is given to be checked: the masks of dropout, which it draws when it is timed


@dataclass(frozen=True)
class Contender:
    """A way to run a row: which function of the row it takes, and what makes the work of it."""

    label: str
    library: str  # the function in the row
    needs: str  # the package that must be installed
    work: Callable[[Any, Given], Work]
    training_only: bool = False


def call(made: Made) -> Work:
    """The function, called with its arguments."""
    function, arguments = made
    return lambda: function(*arguments)


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


# ---- PyTorch


def torch(row: Any, given: Given, fused: bool = False, compiled: bool = False) -> Work:
    import torch

    training: Training | None = getattr(row, "TRAINING", None)
    if training is None:
        function, arguments = row.torch()
        return call((torch.compile(function) if compiled else function, arguments))
    parameters = [torch.tensor(p, requires_grad=True) for p in training.parameters]
    batch = [torch.tensor(x) for x in training.batch]
    rule = training.optimizer
    optimizer: Any = (
        torch.optim.SGD(parameters, lr=rule.lr, momentum=rule.momentum, fused=fused)
        if isinstance(rule, SGD)
        else torch.optim.Adam(parameters, lr=rule.lr, betas=(rule.beta1, rule.beta2), eps=rule.eps, fused=fused)
    )
    loss_of, update = row.torch(parameters, **given), optimizer.step
    if compiled:
        loss_of, update = torch.compile(loss_of), torch.compile(update)

    def step() -> Any:
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss

    return step


def torch_fused(row: Any, given: Given) -> Work:
    return torch(row, given, fused=True)


def torch_compile(row: Any, given: Given) -> Work:
    return torch(row, given, compiled=True)


CONTENDERS = {
    "limit": Contender("NumPy by hand", "by_hand", "numpy", limit),
    "program": Contender("tinygrad_reg, tg.compile", "tinygrad_reg", "numpy", program),
    "eager": Contender("tinygrad_reg, eager", "tinygrad_reg", "numpy", eager),
    "torch": Contender("PyTorch", "torch", "torch", torch),
    "torch-fused": Contender("PyTorch, fused optimizer", "torch", "torch", torch_fused, training_only=True),
    "torch-compile": Contender("torch.compile", "torch", "torch", torch_compile),
}

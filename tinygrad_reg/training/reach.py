"""Which parameters are trained: those that no gradient reaches, or no optimizer moves, are told, for nobody sees it."""

from __future__ import annotations

import warnings

from ..layers.module import Module
from ..optim import Optimizer
from ..source import users_level
from ..tensor import Tensor


class Reach:
    """Asked after each gradient and after each epoch; everything is told once."""

    def __init__(self, model: Module, optimizer: Optimizer) -> None:
        own = set(optimizer.params)
        self.known = own | set(model.parameters())
        self.without: dict[str, Tensor] = {path: p for path, p in model.named_parameters() if p in own}
        left = {path: p for path, p in model.named_parameters() if p not in own}
        if left and own - {
            p for _, p in model.named_state()
        }:  # one of the two alone may be meant: of a head, of a loss
            warnings.warn(
                f"the optimizer does not move {_some(left)}, but parameters that this model does not have: was a layer "
                "replaced after the optimizer was made? Make a new one of model.parameters(). What is not to be "
                "trained gets requires_grad = False",
                stacklevel=users_level(),
            )

    def look(self) -> None:
        """Which parameters no gradient has reached so far."""
        if self.without:
            self.without = {path: p for path, p in self.without.items() if p._grad is None}

    def tell(self, model: Module, epoch: int) -> None:
        """After an epoch, not after a step: a layer that is skipped at random is trained all the same."""
        if self.without:
            warnings.warn(
                f"the loss does not depend on {_some(self.without)}: no gradient came there in epoch {epoch}. Is a "
                "layer left out of forward, or cut off by .detach(), .numpy() or no_grad()? What is not to be trained "
                "gets requires_grad = False",
                stacklevel=users_level(),
            )
            self.without = {}
        new = {path: p for path, p in model.named_parameters() if p not in self.known}
        if new:
            warnings.warn(
                f"{_some(new)} became parameters of the model after the training began, and the optimizer does not "
                "move them: make it of all that is ever to be trained, frozen or not, such as "
                "tg.optim.Adam([p for _, p in model.named_state()])",
                stacklevel=users_level(),
            )
            self.known |= set(new.values())


def _some(parameters: dict[str, Tensor]) -> str:
    paths = list(parameters)
    return ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")

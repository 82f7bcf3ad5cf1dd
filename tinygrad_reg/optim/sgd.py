"""Gradient descent and its momentum forms (rows O2–O4 of the lectures)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..modes import modes, quiet
from ..tensor import Tensor
from .arithmetic import average, descend
from .flat import stretches, written
from .optimizer import Optimizer, Rate
from .settings import Setting


class SGD(Optimizer):
    """Gradient descent, w ← w − η·g, with momentum μ in four forms.

    `form="torch"` (default) is PyTorch's and Keras' momentum: v ← μ·v + (1 − τ)·g ; w ← w − η·v, where τ is
    `dampening` and the first v is g itself. With `nesterov=True`: w ← w − η·(g + μ·v).
    `form="averaged"` (lecture 000): v ← μ·v + (1 − μ)·g ; w ← w − η·v.
    `form="accumulated"` (lecture 002): m ← μ·m + η·g ; w ← w − m. It equals "torch" while η stays the same.
    `form="lookahead"` (lecture 002, Nesterov): the same with g measured at w − μ·m, so `step` takes a closure that
    clears the gradients, computes the loss, goes backward and returns the loss. (The lecture prints w + μ·m, but its
    update subtracts m.)
    `weight_decay` λ adds λ·w to the gradient, as the penalty λ/2 Σw² in the loss would. lr=0.01 is Keras' default.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> opt = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> opt.step()
    >>> w.data
    array([0.8, 1.6])
    """

    momentum = Setting(checks.fraction, "μ")
    dampening = Setting(checks.number, "τ", low=0, high=1)
    nesterov = Setting(checks.switch)
    form = Setting(checks.one_of, options=("torch", "averaged", "accumulated", "lookahead"))

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate = 0.01,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        form: str = "torch",
    ) -> None:
        self.momentum, self.dampening, self.nesterov, self.form = momentum, dampening, nesterov, form
        if self.form != "torch" and (self.nesterov or self.dampening):
            option = "nesterov" if self.nesterov else "dampening"
            raise ValueError(f"{option} belongs to form='torch', it can't go with form={form!r}")
        if self.nesterov and (not self.momentum or self.dampening):
            raise ValueError("nesterov=True needs momentum > 0 and dampening=0")
        if self.dampening and not self.momentum:
            raise ValueError("dampening weakens what the momentum gathers, so it needs momentum > 0")
        if self.form == "torch":
            state_names = ["v"] if self.momentum else []
        else:
            state_names = ["v"] if self.form == "averaged" else ["m"]
        super().__init__(
            params,
            lr,
            weight_decay=weight_decay,
            state_names=state_names,
            work_names=["origin"] if self.form == "lookahead" else [],
        )

    @property
    def rule(self) -> str:
        """The update for the form chosen."""
        if self.form == "averaged":
            return "v ← μ·v + (1 − μ)·g\nw ← w − η·v"
        if self.form == "accumulated":
            return "m ← μ·m + η·g\nw ← w − m"
        if self.form == "lookahead":
            return "m ← μ·m + η·g(w − μ·m)\nw ← w − m"
        if not self.momentum:
            return "w ← w − η·g"
        gather = "v ← μ·v + (1 − τ)·g" if self.dampening else "v ← μ·v + g"
        return gather + ("\nw ← w − η·(g + μ·v)" if self.nesterov else "\nw ← w − η·v")

    def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Sequence[Any]) -> None:
        """See `rule`."""
        if not state:
            # w ← w − η·g
            descend(w, lr, g, a)
        elif self.form in ("accumulated", "lookahead"):
            (m,) = state
            # m ← μ·m + η·g
            np.multiply(m, self.momentum, out=m)
            np.multiply(g, lr, out=a)
            np.add(m, a, out=m)
            # w ← w − m
            np.subtract(w, m, out=w)
        elif self.form == "averaged":
            (v,) = state
            # v ← μ·v + (1 − μ)·g
            average(v, self.momentum, g, a)
            # w ← w − η·v
            descend(w, lr, v, a)
        else:
            (v,) = state
            # v ← μ·v + (1 − τ)·g, where the first g is not dampened
            np.multiply(v, self.momentum, out=v)
            if self.dampening and t > 1:
                np.multiply(g, 1 - self.dampening, out=a)
                np.add(v, a, out=v)
            else:
                np.add(v, g, out=v)
            if self.nesterov:
                # w ← w − η·(g + μ·v)
                np.multiply(v, self.momentum, out=a)
                np.add(g, a, out=a)
                descend(w, lr, a, a)
            else:
                # w ← w − η·v
                descend(w, lr, v, a)

    def measured_at(self, w: Any, a: Any, state: Sequence[Any]) -> Any:
        """w − μ·m in the look-ahead form."""
        if self.form != "lookahead":
            return w
        np.multiply(state[0], self.momentum, out=a)
        return np.subtract(w, a, out=a)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; with form="lookahead", first measure it at w − μ·m.

        Then `closure` is called with the parameters there; afterwards they are put back, to the last bit, and moved
        from where they were. What the closure returns is returned. If it raises, nothing has changed.
        """
        if self.form != "lookahead":
            return super().step(closure)
        if closure is None:
            raise TypeError(
                "SGD(form='lookahead') measures the gradient ahead of the parameters, so it has to compute it: write "
                "step(closure), where closure() clears the gradients, goes backward from the loss and returns it"
            )
        if modes.capture is not None:
            return modes.capture.ahead(self, closure)
        unfrozen = [flat.unfrozen() for flat in self.flats]
        with quiet():
            for flat, spaces, groups in zip(self.flats, self.spaces, unfrozen, strict=True):
                np.copyto(flat.arrays["origin"], flat.arrays["w"])
                for place, _ in stretches(groups):
                    w = flat.arrays["w"][place]
                    np.copyto(w, self.measured_at(w, spaces[0][place], [flat.arrays["m"][place]]))
        for groups in unfrozen:
            written(groups)
        try:
            loss = closure()
        finally:
            for flat, groups in zip(self.flats, unfrozen, strict=True):
                np.copyto(flat.arrays["w"], flat.arrays["origin"])
                written(groups)
        self._step()
        return loss

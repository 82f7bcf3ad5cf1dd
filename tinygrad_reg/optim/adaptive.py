"""Optimizers with a learning rate of its own for each weight: AdaGrad, RMSProp, Adam (rows O5–O8 of the lectures).

Each divides the step by the root of s, which gathers the squared gradients. The ε that keeps the division from 0
stands outside the root, √s + ε, as in PyTorch, or with `eps_inside_root=True` inside, √(s + ε), as lectured.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..answers import checks
from ..modes import quiet
from ..source import users_level
from ..tensor import Tensor
from .arithmetic import average, descend
from .optimizer import Optimizer, Rate
from .settings import Setting


class Adaptive(Optimizer):
    """The base of optimizers that divide by the root of s."""

    eps = Setting(checks.number, "ε", low=0)
    eps_inside_root = Setting(checks.switch)

    def __init__(self, params: Tensor | Iterable[Tensor], lr: Rate, **named: Any) -> None:
        super().__init__(params, lr, **named)
        for flat in self.flats:
            with quiet():
                vanishes = self.eps > 0 and flat.dtype.type(self.eps) == 0
            if vanishes:
                warnings.warn(
                    f"eps={self.eps:g} of {type(self).__name__} is 0 in {flat.dtype}, and so are the squares of small "
                    "gradients, by whose root it divides: its steps may be infinite. Keep the parameters in float32, "
                    "or take a larger eps, such as 1e-4",
                    stacklevel=users_level(),
                )

    def root(self, s: Any, a: Any, c: Any = 1.0) -> Any:
        """√s + ε·c, or √(s + ε·c²), in `a` (which may be s)."""
        if self.eps_inside_root:
            np.add(s, self.eps * c**2, out=a)
            return np.sqrt(a, out=a)
        np.sqrt(s, out=a)
        return np.add(a, self.eps * c, out=a)

    def root_text(self, s: str) -> str:
        """The same for formulas."""
        return f"√({s} + ε)" if self.eps_inside_root else f"(√{s} + ε)"

    def move(self, w: Any, lr: Any, g: Any, s: Any, a: Any, c: Any = 1.0) -> None:
        """w ← w − η·g / (√s + ε·c), with `a` (which may be s) as working space."""
        np.divide(g, self.root(s, a, c), out=a)
        descend(w, lr, a, a)


class AdaGrad(Adaptive):
    """s ← s + g² ; w ← w − η·g / (√s + ε): the more a weight has been moved, the slower it moves.

    The lectures' w ← w − η·g / √(s + ε) is `eps_inside_root=True`. Defaults are PyTorch's; s starts at 0.
    """

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate = 0.01,
        eps: float = 1e-10,
        eps_inside_root: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.eps, self.eps_inside_root = eps, eps_inside_root
        super().__init__(params, lr, weight_decay=weight_decay, state_names=["s"])

    @property
    def rule(self) -> str:
        """The update for the place of ε."""
        return f"s ← s + g²\nw ← w − η·g / {self.root_text('s')}"

    def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Sequence[Any]) -> None:
        """See `rule`."""
        (s,) = state
        # s ← s + g²
        np.multiply(g, g, out=a)
        np.add(s, a, out=s)
        self.move(w, lr, g, s, a)

    def effective_lr(self) -> list[np.ndarray]:
        """η / (√s + ε) of every weight, an array a parameter: what its last gradient was multiplied by.

        It only shrinks. Before a weight's first gradient, it is η/ε.
        """
        rates = []
        with quiet():
            for p in self.params:
                s = self.state_of(p)["s"]
                rates.append(np.divide(self.lr, self.root(s, s), out=s))
        return rates


class RMSProp(Adaptive):
    """s ← ρ·s + (1 − ρ)·g² ; w ← w − η·g / (√s + ε): AdaGrad that forgets.

    The lectures' w ← w − η·g / √(s + ε) is `eps_inside_root=True`. lr and rho are Keras' defaults; s starts at 0.
    """

    rho = Setting(checks.fraction, "ρ")

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate = 0.001,
        rho: float = 0.9,
        eps: float = 1e-8,
        eps_inside_root: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.rho, self.eps, self.eps_inside_root = rho, eps, eps_inside_root
        super().__init__(params, lr, weight_decay=weight_decay, state_names=["s"])

    @property
    def rule(self) -> str:
        """The update for the place of ε."""
        return f"s ← ρ·s + (1 − ρ)·g²\nw ← w − η·g / {self.root_text('s')}"

    def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Sequence[Any]) -> None:
        """See `rule`."""
        (s,) = state
        # s ← ρ·s + (1 − ρ)·g²
        np.multiply(g, g, out=a)
        average(s, self.rho, a, a)
        self.move(w, lr, g, s, a)


def _two_fractions(name: str, value: Any) -> tuple[float, float]:
    try:
        first, second = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be two numbers (β₁, β₂), not {value!r}") from None
    return checks.fraction(f"{name}[0]", first), checks.fraction(f"{name}[1]", second)


class Adam(Adaptive):
    """m ← β₁·m + (1 − β₁)·g ; s ← β₂·s + (1 − β₂)·g² ; w ← w − η·m̂ / (√ŝ + ε), m̂ = m/(1 − β₁^t), ŝ = s/(1 − β₂^t).

    t counts a parameter's steps from 1. Dividing by 1 − β^t undoes that m and s start at 0. Lecture 002 writes the
    quotients back into m and s, a misprint: the moments themselves are kept. Lecture 000 leaves out the power t,
    m̂ = m/(1 − β₁), ŝ = s/(1 − β₂): `bias_correction="constant"`. Both have ε inside the root: `eps_inside_root=True`.
    """

    betas = Setting(_two_fractions, "β₁", "β₂")
    bias_correction = Setting(checks.one_of, options=("power", "constant"))

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        eps_inside_root: bool = False,
        bias_correction: str = "power",
        weight_decay: float = 0.0,
    ) -> None:
        self.betas, self.eps, self.eps_inside_root, self.bias_correction = betas, eps, eps_inside_root, bias_correction
        super().__init__(params, lr, weight_decay=weight_decay, state_names=["m", "s"])

    @property
    def rule(self) -> str:
        """The update for the options chosen."""
        power = "^t" if self.bias_correction == "power" else ""
        return (
            "m ← β₁·m + (1 − β₁)·g\n"
            "s ← β₂·s + (1 − β₂)·g²\n"
            f"m̂ = m / (1 − β₁{power})\n"
            f"ŝ = s / (1 − β₂{power})\n"
            f"w ← w − η·m̂ / {self.root_text('ŝ')}"
        )

    def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Sequence[Any]) -> None:
        """See `rule`."""
        m, s = state
        beta1, beta2 = self.betas
        power = t if self.bias_correction == "power" else 1
        # m ← β₁·m + (1 − β₁)·g
        average(m, beta1, g, a)
        # s ← β₂·s + (1 − β₂)·g²
        np.multiply(g, g, out=a)
        average(s, beta2, a, a)
        # w ← w − η·m̂ / (√ŝ + ε), with m̂ = m / (1 − β₁^t) and ŝ = s / c², c² = 1 − β₂^t.
        # √ŝ + ε is (√s + ε·c) / c: so c divides two numbers, and no array.
        c = (1 - beta2**power) ** 0.5
        self.move(w, lr * c / (1 - beta1**power), m, s, a, c)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: w ← (1 − η·λ)·w, then Adam's update.

    So the decay is not divided by the root of s, as a penalty's gradient is. Defaults are PyTorch's.
    """

    decoupled = True

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        eps_inside_root: bool = False,
        bias_correction: str = "power",
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, eps_inside_root, bias_correction, weight_decay)

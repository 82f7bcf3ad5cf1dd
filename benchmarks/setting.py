"""What a row gives to every contender: starting parameters, a batch, and which optimizer takes the steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SGD:
    """v ← momentum · v + g ; w ← w − lr · v"""

    lr: float
    momentum: float = 0.0


@dataclass(frozen=True)
class Adam:
    """Adam with its usual constants."""

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8


@dataclass(frozen=True)
class Training:
    """A step: the loss of a batch, its gradients, and the optimizer."""

    parameters: list[np.ndarray]
    batch: tuple[np.ndarray, ...]
    optimizer: SGD | Adam


def dense(rng: np.random.Generator, *widths: int, bias: bool = True) -> list[np.ndarray]:
    """Kernel, bias, kernel, bias ... of dense layers between layers of these widths (He's start)."""
    made: list[np.ndarray] = []
    for n, m in pairwise(widths):
        made.append(normal(rng, n, m, std=(2 / n) ** 0.5))
        made += [normal(rng, m, std=0.1)] if bias else []
    return made


def normal(rng: np.random.Generator, *shape: int, std: float = 1.0) -> np.ndarray:
    """Gaussian numbers, float32."""
    return (std * rng.normal(size=shape)).astype(np.float32)


Made = tuple[Any, tuple[Any, ...]]  # a function, and the arguments it is called with in each pass
Work = Callable[[], Any]
Given = dict[str, Any]  # what a row is given to be checked: the masks of dropout, which it draws when it is timed


def call(made: Made) -> Work:
    """The function, called with its arguments."""
    function, arguments = made
    return lambda: function(*arguments)

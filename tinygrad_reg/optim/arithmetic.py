"""What several update rules are made of, in place; `a` is working space, which may be x."""

from __future__ import annotations

from typing import Any

import numpy as np


def descend(w: Any, lr: Any, x: Any, a: Any) -> None:
    """w ← w − η·x"""
    np.multiply(x, lr, out=a)
    np.subtract(w, a, out=w)


def average(m: Any, beta: float, x: Any, a: Any) -> None:
    """m ← β·m + (1 − β)·x"""
    np.multiply(m, beta, out=m)
    np.multiply(x, 1 - beta, out=a)
    np.add(m, a, out=m)

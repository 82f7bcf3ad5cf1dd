"""Cases of ops/choosing.py."""

import numpy as np

import tinygrad_reg as tg

from .case import Case, numbers

x, y, row = numbers(2, 3), numbers(2, 3, seed=1), numbers(3, seed=2)
low = numbers(2, 3, low=-1.9, high=-0.1, seed=5)
mask = np.array([[True, False, True], [False, False, True]])

CASES = [
    Case("where", lambda a, b: np.where(mask, a, b), (x, y), value=lambda a, b: np.where(mask, a, b)),
    Case("where", lambda a, b: np.where(mask, a, b), (row, np.array(0.4)), value=lambda a, b: np.where(mask, a, b)),
    Case("where", lambda a: np.where(a > 0, a, 0.5), (x,), value=lambda a: np.where(a > 0, a, 0.5), note="number"),
    Case("clip", lambda a: np.clip(a, -1, 1), (x,), value=lambda a: np.clip(a, -1, 1)),
    Case("clip", lambda a: np.clip(a, None, 1), (x,), value=lambda a: np.minimum(a, 1), note="above"),
    Case("clip", lambda a: a.clip(0.5), (x,), value=lambda a: np.maximum(a, 0.5), note="below"),
    Case("clip", np.clip, (x, low, row), value=np.clip, note="bounds"),
    Case("nan_to_num", np.nan_to_num, (x,), value=np.nan_to_num),
    Case("astype", lambda a: tg.ops.astype(a, a.dtype), (x,), value=lambda a: a),
]

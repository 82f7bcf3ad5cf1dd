"""Cases of the ops/crossentropy.py."""

import numpy as np

from tinygrad_reg.ops.crossentropy import floored_log, picked, placed

from .case import Case, numbers

probabilities = numbers(3, 4, low=0.05, high=1.0)
labels, map_of_labels = np.array([2, 0, 3]), np.array([[1, 0], [2, 1]])

CASES = [
    Case("floored_log", floored_log, (probabilities,), value=np.log),
    Case("picked", lambda x: picked(x, labels), (numbers(3, 4),), value=lambda x: x[[0, 1, 2], labels]),
    Case("picked", lambda x: picked(x, map_of_labels), (numbers(2, 2, 3),), note="map",
         value=lambda x: np.take_along_axis(x, map_of_labels[..., None], -1)[..., 0]),
    Case("picked", lambda x: picked(x, np.array(1)), (numbers(3),), value=lambda x: x[1]),
    Case("placed", lambda x: placed(x, labels, classes=4), (numbers(3),),
         value=lambda x: x[:, None] * np.eye(4)[labels]),
    Case("placed", lambda x: placed(x, np.array(1), classes=3), (np.array(0.5),), value=lambda x: np.array([0, x, 0])),
]  # fmt: skip

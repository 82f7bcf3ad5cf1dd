"""Cases of the ops/crossentropy.py."""

import numpy as np

from tinygrad_reg.ops.crossentropy import floored_log, sigmoid_crossentropy, softmax_crossentropy

from .case import Case, numbers

probabilities = numbers(3, 4, low=0.05, high=1.0)
labels, map_of_labels = np.array([2, 0, 3]), np.array([[1, 0], [2, 1]])


def by_log_sum_exp(z, y):
    return np.log(np.exp(z).sum(-1)) - np.take_along_axis(z, y[..., None], -1)[..., 0]


CASES = [
    Case("floored_log", floored_log, (probabilities,), value=np.log),
    Case("sigmoid_crossentropy", sigmoid_crossentropy, (numbers(3, 4), probabilities),
         value=lambda z, y: np.log(1 + np.exp(z)) - y * z),
    Case("softmax_crossentropy", lambda z: softmax_crossentropy(z, labels), (numbers(3, 4),),
         value=lambda z: by_log_sum_exp(z, labels)),
    Case("softmax_crossentropy", lambda z: softmax_crossentropy(z, labels, mean=True), (numbers(3, 4),), note="mean",
         value=lambda z: by_log_sum_exp(z, labels).mean()),
    Case("softmax_crossentropy", lambda z: softmax_crossentropy(z, map_of_labels), (numbers(2, 2, 3),), note="map",
         value=lambda z: by_log_sum_exp(z, map_of_labels)),
    Case("softmax_crossentropy", lambda z: softmax_crossentropy(z, np.array(1)), (numbers(3),), note="one sample",
         value=lambda z: by_log_sum_exp(z, np.array(1))),
]  # fmt: skip

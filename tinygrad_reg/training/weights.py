"""How much each sample counts in the loss: by a weight of its own, and by that of its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import losses
from ..answers import checks
from ..answers.calls import fits
from ..data.arrays import complete
from ..tensor import values


def of_samples(y: np.ndarray, class_weight: Any, sample_weight: Any, loss: losses.Loss) -> np.ndarray | None:
    """A weight for each sample, the product of its own and its class's; None where all count alike."""
    if class_weight is None and sample_weight is None:
        return None
    by_sample = 1.0 if sample_weight is None else _own(sample_weight, len(y))
    by_class = 1.0 if class_weight is None else _of_classes(class_weight, y)
    found = np.asarray(by_sample * by_class)
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError("weights of samples and classes must be finite numbers ≥ 0, and not all 0")
    _takes_weights(loss)
    return found


def _own(given: Any, samples: int) -> np.ndarray:
    weights = complete(values(given))
    if weights.dtype.kind not in "fiub":
        raise TypeError(f"sample_weight must hold numbers, not {weights.dtype}")
    if weights.shape != (samples,):
        raise ValueError(f"sample_weight must hold one number a sample, shape ({samples},), not {weights.shape}")
    return weights


def _of_classes(given: Any, y: np.ndarray) -> np.ndarray:
    if not isinstance(given, Mapping):
        raise TypeError(
            f"class_weight must be a dict label → weight, such as tg.data.class_weights(y), not {type(given).__name__}"
        )
    several = y.size > len(y)
    if several and (y.ndim > 2 or not ((y != 0).sum(axis=1) == 1).all()):
        raise ValueError(
            f"class_weight must go with one class a sample, but y of shape {y.shape} holds more than one label a "
            "sample: give sample_weight=, or weigh the outputs in a loss of your own"
        )
    labels, places = np.unique(y.argmax(-1) if several else y, return_inverse=True)
    unknown = [label for label in labels.tolist() if label not in given]
    if unknown:
        raise ValueError(
            f"class_weight must have a weight for each class, but has none for {unknown[0]!r}: it has "
            f"{', '.join(map(repr, given))}"
        )
    weights = np.array([checks.number("class_weight", given[label], 0) for label in labels.tolist()])
    return weights[places.reshape(-1)]


def of_training(weights: np.ndarray | None, samples: int) -> list[np.ndarray]:
    """The weights of the samples that are trained on, if there are any."""
    if weights is not None and not weights[:samples].any():
        raise ValueError(
            f"all {samples} samples that validation_split leaves for training have the weight 0: nothing would be "
            "learned. Mix the samples with tg.data.split, or choose another share"
        )
    return [] if weights is None else [weights[:samples]]


def _takes_weights(loss: Callable[..., Any]) -> None:
    """A user's loss must be prepared for weights."""
    if not fits(loss, "prediction", "target", weights=None):
        name = getattr(loss, "__name__", "loss")
        raise TypeError(
            f"class_weight= and sample_weight= reach the loss as weights=, which {name} does not take: write it as "
            f"{name if name.isidentifier() else 'loss'}(prediction, target, weights=None), and multiply by them"
        )

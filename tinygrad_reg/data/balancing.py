"""Balancing the training set: more samples of rare classes, so that a model can't do well by ignoring them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import answered
from ..modes import Rng, generator
from .arrays import as_floats, as_labels, same_length


@answered
def random_oversample(x: Any, y: Any, *, rng: Rng = None) -> tuple[np.ndarray, np.ndarray]:
    """Every class as often as the most frequent one: the samples given, then random repeats of the rarer classes.

    >>> x, y = random_oversample([[1], [2], [3], [4]], [0, 0, 0, 1], rng=0)
    >>> x.ravel(), y
    (array([1, 2, 3, 4, 4, 4]), array([0, 0, 0, 1, 1, 1]))
    """
    samples, labels = _labelled(x, y)
    rng = generator(rng)
    repeats = [rng.choice(members, missing) for members, missing in _missing(labels)]
    chosen = np.concatenate([np.arange(len(labels)), *repeats])
    return samples[chosen], labels[chosen]


@answered
def smote(x: Any, y: Any, *, k: int = 5, rng: Rng = None) -> tuple[np.ndarray, np.ndarray]:
    """Every class as often as the most frequent one, by new samples between neighbours of the rarer classes.

    Synthetic minority over-sampling: a random member a of the class, a random one b of its k nearest neighbours in the
    class, and a + u · (b − a) with u uniform in [0, 1). The samples given come first.

    >>> x, y = np.arange(14.0).reshape(7, 2), np.array([0, 0, 0, 0, 0, 1, 1])
    >>> more, labels = smote(x, y, k=1, rng=0)
    >>> len(more), np.bincount(labels)
    (10, array([5, 5]))
    """
    samples, labels = _labelled(x, y)
    samples, rng = as_floats(samples), generator(rng)
    checks.whole("k, the number of neighbours,", k)
    flat = samples.reshape(len(samples), -1)
    if not np.isfinite(flat).all():
        raise ValueError("smote looks for neighbours, and x has NaN or infinite values: leave those samples out")
    made, their_labels = [], []
    for members, missing in _missing(labels):
        if not missing:
            continue
        if len(members) <= k:
            raise ValueError(
                f"class {labels[members[0]]} has {len(members)} samples, too few for {k} neighbours; "
                f"{f'write k={len(members) - 1}' if len(members) > 1 else 'use random_oversample'}"
            )
        own = flat[members]
        first = rng.integers(len(members), size=missing)
        needed, position = np.unique(first, return_inverse=True)
        neighbours = _nearest(own, needed, k)[position, rng.integers(k, size=missing)]
        u = rng.random((missing, 1)).astype(flat.dtype)
        made.append(own[first] + u * (own[neighbours] - own[first]))
        their_labels.append(np.full(missing, labels[members[0]], labels.dtype))
    balanced = np.concatenate([flat, *made]).reshape(-1, *samples.shape[1:])
    return balanced, np.concatenate([labels, *their_labels])


@answered
def class_weights(y: Any) -> dict[Any, float]:
    """Weights that make classes count alike: N / (number of classes · members of the class), 1 on average.

    >>> class_weights([0, 0, 0, 1])
    {0: 0.6666666666666666, 1: 2.0}
    """
    labels = _labelled(y, y)[1]
    found, counts = np.unique(labels, return_counts=True)
    weights = len(labels) / (len(found) * counts)
    return dict(zip(found.tolist(), weights.tolist(), strict=True))


def _labelled(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    samples, labels = same_length([x, y])
    return samples, as_labels("y", labels, len(samples))


def _missing(labels: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """For each class its members, and how many more it needs."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return [(np.flatnonzero(place == i), int(counts.max() - count)) for i, count in enumerate(counts)]


def _nearest(points: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """The k nearest other points of each point in `rows`, by blocks of rows so that memory stays small."""
    points = points.astype(np.float64)
    points = np.ldexp(points, -np.frexp(np.abs(points).max())[1])  # the largest and the smallest have no squares
    points = points - points.mean(axis=0)
    squares = np.sum(points**2, axis=1)
    found = []
    for start in range(0, len(rows), 512):
        block = rows[start : start + 512]
        distance = squares[block, None] + squares - 2 * points[block] @ points.T
        distance[np.arange(len(block)), block] = np.inf
        found.append(np.argpartition(distance, k - 1, axis=1)[:, :k])
    return np.concatenate(found)

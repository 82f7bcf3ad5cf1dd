"""From a data set to what a training step sees: disjoint parts, and batches of a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.calls import Called, answered
from ..modes import Rng, generator
from .arrays import as_labels, same_length


class batches(Called):  # named as what it is called like: for x, y in batches(...)
    """The samples of `arrays` in groups of `batch_size`, in a new random order each time it is iterated over.

    for x_batch, y_batch in tg.data.batches(x, y, batch_size=32): ...

    >>> x = np.arange(5)
    >>> [batch.tolist() for batch in batches(x, batch_size=2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> len(batches(x, batch_size=2)), len(batches(x, batch_size=2, drop_last=True))
    (3, 2)

    batch_size=None is all samples at once (batch gradient descent), 1 is stochastic gradient descent. The order is
    drawn from `rng`, a NumPy Generator or a seed, else from this thread's generator (see tg.seed). One array gives
    arrays, several give tuples. drop_last leaves out a last batch that is smaller than the others. Unshuffled batches
    are views that can't be written into: they are the data set's own samples.
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int | None = 32,
        shuffle: bool = True,
        rng: Rng = None,
        drop_last: bool = False,
    ) -> None:
        if not arrays:
            raise TypeError("batches() takes one array at least")
        if len(arrays) > 1 and isinstance(arrays[-1], Real):
            raise TypeError(
                f"batches() takes arrays; a number has to be named: batches(x, y, batch_size={arrays[-1]!r})"
            )
        self.arrays = same_length(arrays)
        self.samples = len(self.arrays[0])
        self.batch_size = (
            self.samples if batch_size is None else checks.whole("batch_size (None is all samples)", batch_size)
        )
        self.shuffle, self.drop_last = checks.switch("shuffle", shuffle), checks.switch("drop_last", drop_last)
        self.rng = checks.generator(rng)
        if drop_last and self.samples < self.batch_size:
            raise ValueError(
                f"drop_last=True leaves nothing of {self.samples} samples in batches of {self.batch_size}; "
                "choose a smaller batch_size"
            )

    def __len__(self) -> int:
        """The number of batches: the updates of an epoch."""
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        """One epoch, with the batch_size that it begins with: each sample once, whatever a callback sets on the way."""
        size, stop = self.batch_size, len(self) * self.batch_size
        order = generator(self.rng).permutation(self.samples) if self.shuffle else None
        for start in range(0, stop, size):
            chosen: Any = slice(start, start + size)
            if order is not None:
                chosen = order[chosen]
            batch = tuple(array[chosen] for array in self.arrays)
            if order is None:
                for view in batch:
                    view.flags.writeable = False
            yield batch if len(batch) > 1 else batch[0]


@answered
def split(
    x: Any,
    y: Any = None,
    fractions: Sequence[float] = (0.7, 0.15, 0.15),
    *,
    stratify: Any = None,
    shuffle: bool = True,
    rng: Rng = None,
) -> list[Any]:
    """Disjoint random parts of a data set, such as training, validation and test: [(x, y), (x, y), (x, y)].

    >>> x, y = np.arange(20), np.repeat([0, 1], 10)
    >>> [(len(part), part_y.mean()) for part, part_y in split(x, y, (0.6, 0.2, 0.2), stratify=y, rng=0)]
    [(12, np.float64(0.5)), (4, np.float64(0.5)), (4, np.float64(0.5))]

    `fractions` sum to 1. stratify=labels (usually y) gives each part the same mixture of classes, as nearly as whole
    samples allow; a class needs as many samples as there are parts. shuffle=False cuts in the order given (time
    series). Without y the parts are arrays alone.
    """
    checks.switch("shuffle", shuffle)
    arrays = same_length([x] if y is None else [x, y])
    samples, shares = len(arrays[0]), _shares(fractions)
    if stratify is None:
        order = generator(rng).permutation(samples) if shuffle else np.arange(samples)
        parts = np.split(order, np.cumsum(_whole(shares * samples, samples))[:-1])
    elif not shuffle:
        raise ValueError("stratify= chooses samples by their class, so it can't keep the order (shuffle=False)")
    else:
        parts = _stratified(stratify, samples, shares, generator(rng))
    if any(not len(part) for part in parts):
        raise ValueError(f"{samples} samples are too few for the fractions {tuple(fractions)}: a part would be empty")
    if y is None:
        return [arrays[0][part] for part in parts]
    return [tuple(array[part] for array in arrays) for part in parts]


def _shares(fractions: Any) -> np.ndarray:
    """The share of each part: positive numbers with sum 1."""
    shares = np.asarray(fractions)
    if shares.dtype.kind not in "fiu":
        shares = np.zeros(0)  # no numbers at all
    if not shares.ndim and 0 < shares < 1:
        raise ValueError(
            f"fractions must hold a number for each part: write ({shares:g}, {1 - shares:g}), not {fractions!r}"
        )
    if shares.ndim != 1 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"fractions must be positive numbers with sum 1, such as (0.7, 0.15, 0.15), not {fractions!r}")
    return shares


def _stratified(stratify: Any, samples: int, shares: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    if isinstance(stratify, bool):
        raise TypeError(f"stratify must hold the labels, one a sample, not {stratify}: write stratify=y")
    labels = as_labels("stratify", stratify, samples)
    parts: list[list[np.ndarray]] = [[] for _ in shares]
    owed = np.zeros(len(shares))  # what rounding in the classes so far took from each part
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        if len(members) < len(shares):
            raise ValueError(
                f"class {label} has {len(members)} samples, too few for {len(shares)} parts; split without stratify="
            )
        wanted = shares * len(members) + owed
        counts = _whole(np.maximum(wanted, 0), len(members))
        owed = wanted - counts
        for part, chosen in zip(parts, np.split(members, np.cumsum(counts)[:-1]), strict=True):
            part.append(chosen)
    return [rng.permutation(np.concatenate(part)) for part in parts]


def _whole(wanted: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers with sum `total`, as near to `wanted` as can be: those with the largest rest are rounded up."""
    wanted = wanted * (total / wanted.sum()) if total else wanted
    counts = np.floor(wanted + 1e-9).astype(int)
    short = total - counts.sum()
    counts[np.argsort(counts - wanted, kind="stable")[:short]] += 1
    return counts

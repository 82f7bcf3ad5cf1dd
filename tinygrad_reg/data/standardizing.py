"""Features of like size: mean 0 and standard deviation 1, by those of the training set alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers.calls import Called, answered
from ..answers.elsewhere import answer, listed
from ..answers.foreign import ON_STANDARDIZERS
from ..half import widened
from ..modes import quiet
from .arrays import as_floats


class Standardizer(Called):
    """(x − mean) / std, with the mean and standard deviation of the training set alone.

    >>> scaler = Standardizer([[0.0, 5.0], [2.0, 5.0]])
    >>> scaler([[4.0, 6.0]])
    array([[3., 1.]])

    Each feature has its own; with axis=(0, 2, 3) each channel of images (N, C, H, W). A feature that is constant is
    only moved to 0. `inverse` undoes it.
    """

    __dir__ = listed

    def __init__(self, train: Any, axis: int | tuple[int, ...] = 0) -> None:
        x = as_floats(train)
        if not x.size:
            raise ValueError(f"there is no mean of an empty training set (shape {x.shape})")
        if not np.isfinite(x).all():
            raise ValueError(
                f"{(~np.isfinite(x)).sum()} values of the training set are NaN or infinite, and would make the mean "
                "so: leave their samples out, or fill the values in"
            )
        axes = _axes(axis, x.ndim)
        self.shape, self.axis = x.shape, axis
        with quiet():
            self.mean = x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)
            std = _std(x, self.mean, axes)
            constant = std <= 4 * np.finfo(x.dtype).eps * np.abs(self.mean)  # what is left is rounding
        if not np.isfinite(std).all():
            raise ValueError(f"the training set goes up to {np.abs(x).max():.4g}, whose square {x.dtype} can't hold")
        self.std = np.where(constant, np.ones_like(std), std)

    def __call__(self, x: Any) -> np.ndarray:
        """The standardised x; any set with the features of the training set."""
        array = self._fitting(x)
        with quiet():
            z = (widened(array) - self.mean) / self.std
        return np.asarray(z, np.result_type(array, self.mean))

    def inverse(self, z: Any) -> np.ndarray:
        """Back from standardised features to the original ones."""
        array = self._fitting(z)
        with quiet():
            x = widened(array) * self.std + self.mean
            return np.asarray(x, np.result_type(array, self.mean))

    def _fitting(self, x: Any) -> np.ndarray:
        array = as_floats(x)
        try:
            fits = np.broadcast_shapes(array.shape, self.mean.shape) == array.shape and array.ndim == self.mean.ndim
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"the training set had samples of shape {self.shape[1:]}, these have {array.shape[1:]}")
        return array


answer(Standardizer, ON_STANDARDIZERS)


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes over which the mean is taken: that of the samples is one of them."""
    try:
        axes = tuple(range(ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, ndim)
    except (TypeError, ValueError):
        axes = ()
    if 0 not in axes:
        raise ValueError(f"axis must be 0, the samples, or several of the {ndim} axes with 0 among them, not {axis!r}")
    return axes


def _std(x: np.ndarray, mean: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """The standard deviation, also of numbers whose squares are too small for a float."""
    std = x.std(axis=axis, keepdims=True, dtype=np.float64)
    if (std < 1e-150).any():
        largest = np.abs(x - mean).max(axis=axis, keepdims=True).astype(np.float64)
        unit = np.where((std < 1e-150) & (largest > 0), largest, 1.0)
        std = np.where(unit == 1.0, std, ((x - mean) / unit).std(axis=axis, keepdims=True) * unit)
    return np.asarray(std, x.dtype)


@answered
def standardize(train: Any, *others: Any, axis: int | tuple[int, ...] = 0) -> list[np.ndarray]:
    """All sets standardised with the mean and standard deviation of the first, the training set.

    x_train, x_val, x_test = tg.data.standardize(x_train, x_val, x_test)
    """
    scaler = Standardizer(train, axis)
    return [scaler(x) for x in (train, *others)]

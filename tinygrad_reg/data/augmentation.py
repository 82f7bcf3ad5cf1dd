"""Augmentation: training images changed at random in ways that keep their meaning, anew for every batch.

    change = compose(shift(2), rotate(10), noise(0.05))
    for x, y in tg.data.batches(x_train, y_train):
        loss = ... model(change(x)) ...

Each is called with float images (N, C, H, W) and returns new ones; every image gets its own draw. `rng` is a NumPy
Generator or a seed, else this thread's generator draws. Use it on training images only, never on validation or test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np

from ..answers import checks
from ..answers.calls import Called
from ..modes import Rng, generator
from .arrays import complete
from .geometry import from_centre, padded, sampled, windows

Limits = tuple[float, float] | None


class Augmentation(Called):
    """What all of them share: the check of what is given, and the generator."""

    def __init__(self) -> None:
        """Nothing to set."""

    def __call__(self, images: Any, rng: Rng = None) -> np.ndarray:
        """The images, changed at random."""
        array = complete(images)
        if array.ndim != 4:
            raise ValueError(f"images must have the shape (N, C, H, W), not {array.shape}" + _advice(array.shape))
        if array.dtype.kind != "f":
            raise TypeError(f"images must be floats, not {array.dtype}: write x / 255")
        return self.changed(array, generator(rng))

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images changed, with random numbers from `rng`."""
        raise NotImplementedError


def _advice(shape: tuple[int, ...]) -> str:
    """How images come into their shape."""
    if len(shape) == 3:
        return "; write x[:, None] for grey ones"
    side = math.isqrt(shape[1]) if len(shape) == 2 else 0
    if not side or side**2 != shape[1]:
        return "; what is no image is changed by a function of your own"
    return (
        f"; grey ones are x.reshape(-1, 1, {side}, {side}), and the model begins with tg.Flatten(). What is no image "
        "is changed by a function of your own"
    )


# The classes are named as what they are called like, compose(shift(2), flip()), and as they print.


@dataclass(frozen=True, init=False)
class compose(Augmentation):
    """One after the other.

    >>> compose(shift(2), flip())
    compose(shift(pixels=2, fill=0.0), flip(axis='horizontal', probability=0.5))
    """

    steps: tuple[Augmentation, ...]

    def __init__(self, *steps: Augmentation) -> None:
        for step in steps:
            if not isinstance(step, Augmentation):
                raise TypeError(f"compose() takes augmentations such as shift(2), not {step!r}")
        object.__setattr__(self, "steps", steps)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images after all steps."""
        for step in self.steps:
            images = step.changed(images, rng)
        return images

    def __repr__(self) -> str:
        return f"compose({', '.join(map(repr, self.steps))})"


@dataclass(frozen=True)
class shift(Augmentation):
    """Moved by whole pixels, up to `pixels` up or down and left or right; `fill` comes in at the edge."""

    pixels: int = 2
    fill: float = 0.0

    def __post_init__(self) -> None:
        checks.whole("pixels", self.pixels, 0)
        checks.number("fill", self.fill)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images moved."""
        count, _, height, width = images.shape
        top, left = rng.integers(0, 2 * self.pixels + 1, (2, count))
        return windows(padded(images, self.pixels, self.fill), top, left, height, width)


@dataclass(frozen=True)
class random_crop(Augmentation):
    """A random window of `size` (a number, or height and width), after `padding` pixels of `fill` all around."""

    size: int | tuple[int, int]
    padding: int = 0
    fill: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.size, (tuple, list)) and len(self.size) != 2:
            raise ValueError(f"size must be a number, or a height and a width, not {self.size!r}")
        for n in self.size if isinstance(self.size, (tuple, list)) else (self.size,):
            checks.whole("size", n)
        checks.whole("padding", self.padding, 0)
        checks.number("fill", self.fill)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The windows, (N, C, height, width) of the size."""
        height, width = self.size if isinstance(self.size, (tuple, list)) else (self.size, self.size)
        larger = padded(images, self.padding, self.fill)
        if height > larger.shape[2] or width > larger.shape[3]:
            raise ValueError(f"a window of {height} × {width} does not fit into images of {larger.shape[2:]}")
        top = rng.integers(0, larger.shape[2] - height + 1, len(images))
        left = rng.integers(0, larger.shape[3] - width + 1, len(images))
        return windows(larger, top, left, height, width)


@dataclass(frozen=True)
class rotate(Augmentation):
    """Turned about the centre by an angle of up to `degrees` either way; pixels are interpolated."""

    degrees: float = 15.0
    fill: float = 0.0

    def __post_init__(self) -> None:
        checks.number("degrees", self.degrees, 0)
        checks.number("fill", self.fill)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images turned."""
        angle = np.deg2rad(rng.uniform(-self.degrees, self.degrees, len(images)))[:, None, None]
        down, right = from_centre(images)
        cos, sin = np.cos(angle), np.sin(angle)
        return sampled(images, cos * down + sin * right, cos * right - sin * down, self.fill)


@dataclass(frozen=True)
class resize(Augmentation):
    """Content made smaller or larger about the centre, by a factor between `low` and `high`; the size stays."""

    low: float = 0.9
    high: float = 1.1
    fill: float = 0.0

    def __post_init__(self) -> None:
        checks.positive("low", self.low)
        _check_range(self.low, self.high)
        checks.number("fill", self.fill)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images resized."""
        factor = rng.uniform(self.low, self.high, len(images))[:, None, None]
        down, right = from_centre(images)
        return sampled(images, down / factor, right / factor, self.fill)


@dataclass(frozen=True)
class flip(Augmentation):
    """Mirrored with `probability`: "horizontal" swaps left and right, "vertical" top and bottom."""

    axis: Literal["horizontal", "vertical"] = "horizontal"
    probability: float = 0.5

    def __post_init__(self) -> None:
        checks.one_of("axis", self.axis, ("horizontal", "vertical"))
        checks.number("probability", self.probability, 0, 1)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images, some of them mirrored."""
        chosen = rng.random(len(images)) < self.probability
        mirrored = np.flip(images, 3 if self.axis == "horizontal" else 2)
        return np.where(chosen[:, None, None, None], mirrored, images)


@dataclass(frozen=True)
class color_shift(Augmentation):
    """Each channel of each image lighter or darker by up to `amount`; `limits` such as (0, 1) cut what goes beyond."""

    amount: float = 0.1
    limits: Limits = None

    def __post_init__(self) -> None:
        checks.number("amount", self.amount, 0)
        _check_limits(self.limits)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images in other colours."""
        moved = rng.uniform(-self.amount, self.amount, (*images.shape[:2], 1, 1)).astype(images.dtype)
        return _limited(images + moved, self.limits)


@dataclass(frozen=True)
class contrast(Augmentation):
    """Each image's differences from its mean, times a factor between `low` and `high`: its mean stays."""

    low: float = 0.8
    high: float = 1.2
    limits: Limits = None

    def __post_init__(self) -> None:
        _check_range(self.low, self.high)
        _check_limits(self.limits)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images with more or less contrast."""
        factor = rng.uniform(self.low, self.high, (len(images), 1, 1, 1)).astype(images.dtype)
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        return _limited(mean + factor * (images - mean), self.limits)


@dataclass(frozen=True)
class noise(Augmentation):
    """Each pixel plus a number from N(0, std²)."""

    std: float = 0.1
    limits: Limits = None

    def __post_init__(self) -> None:
        checks.number("std", self.std, 0)
        _check_limits(self.limits)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images with noise."""
        drawn = rng.standard_normal(images.shape, np.float32 if images.dtype == np.float32 else np.float64)
        return _limited(images + (self.std * drawn).astype(images.dtype, copy=False), self.limits)


@dataclass(frozen=True)
class information_loss(Augmentation):
    """A square of `size` pixels at a random place, in all channels, replaced by `fill`."""

    size: int = 4
    fill: float = 0.0

    def __post_init__(self) -> None:
        checks.whole("size", self.size)
        checks.number("fill", self.fill)

    def changed(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The images with a part missing."""
        count, _, height, width = images.shape
        if self.size > min(height, width):
            raise ValueError(f"a square of {self.size} pixels does not fit into images of {height} × {width}")
        top = rng.integers(0, height - self.size + 1, count)[:, None]
        left = rng.integers(0, width - self.size + 1, count)[:, None]
        rows = (np.arange(height) >= top) & (np.arange(height) < top + self.size)
        columns = (np.arange(width) >= left) & (np.arange(width) < left + self.size)
        lost = rows[:, None, :, None] & columns[:, None, None, :]
        return np.where(lost, np.asarray(self.fill, images.dtype), images)


def _limited(images: np.ndarray, limits: Limits) -> np.ndarray:
    if limits is None:
        return images
    low, high = map(float, limits)  # NumPy's float64 would turn float32 images into float64
    clipped: np.ndarray = np.clip(images, low, high)
    return clipped


def _check_range(low: float, high: float) -> None:
    if checks.number("low", low, 0) > checks.number("high", high, 0):
        raise ValueError(f"low must be ≤ high, not {low!r} and {high!r}")


def _check_limits(limits: Limits) -> None:
    pair = isinstance(limits, (tuple, list)) and len(limits) == 2 and all(isinstance(each, Real) for each in limits)
    if limits is not None and not (pair and limits[0] < limits[1]):
        raise ValueError(f"limits must be the lowest and the highest value of a pixel, such as (0, 1), not {limits!r}")

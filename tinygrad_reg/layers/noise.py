"""Noise while training, its expectation in eval mode: dropout and its relatives, Gaussian noise, stochastic depth.

Each draws from `rng` (a NumPy Generator, or a seed for one of its own), else from this thread's generator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..answers import checks
from ..modes import Rng
from ..ops.random import bernoulli, normal
from ..tensor import Tensor
from .images import require_images
from .module import Module
from .sequential import Residual


class Dropout(Module):
    """Drop each element with probability `rate`: every unit learns to do without any other.

    scale="train" (inverted dropout, as in Keras and PyTorch): x · mask / (1 − rate) in training, x in eval mode.
    scale="test" (as lectured): x · mask in training, x · (1 − rate) in eval mode.
    Lecture 000 scales by the dropout rate; it must be 1 − rate, the share that is kept.

    >>> layer = Dropout(0.5, rng=2)
    >>> layer([1.0, 1.0, 1.0, 1.0]).data
    array([2., 0., 2., 2.])
    >>> layer.eval()([1.0, 1.0, 1.0, 1.0]).data
    array([1., 1., 1., 1.])
    """

    def __init__(self, rate: float, scale: str = "train", rng: Rng = None) -> None:
        self.rate = checks.fraction("rate", rate)
        self.scale = checks.one_of("scale", scale, ("train", "test"))
        self.rng = checks.generator(rng)

    def forward(self, x: Tensor) -> Any:
        """x · mask"""
        keep = 1 - self.rate
        if not self.training:
            return x if self.scale == "train" or keep == 1 else x * keep
        scale = 1 / keep if self.scale == "train" else 1.0
        return x * bernoulli(keep=keep, shape=self.mask_shape(x), scale=scale, rng=self.rng, dtype=_dtype(x))

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """Which elements are dropped independently: all."""
        return x.shape


def _dtype(x: Tensor) -> Any:
    """The dtype of noise for x: its own, the default one for whole numbers (pixels, counts)."""
    return x.dtype if x.dtype.kind == "f" else None


class SpatialDropout2D(Dropout):
    """Dropout of whole channels of images (N, C, H, W): neighbours in a channel say much the same."""

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """One decision for each channel of each image."""
        require_images(self, x)
        return (*x.shape[:2], 1, 1)


class GaussianNoise(Module):
    """x + noise, noise from N(0, std²) for each element; x in eval mode.

    As the first layer it disturbs the inputs, further on the activations; for weights, see WeightNoise.
    """

    def __init__(self, std: float, rng: Rng = None) -> None:
        self.std = checks.number("std", std, 0)
        self.rng = checks.generator(rng)

    def forward(self, x: Tensor) -> Any:
        """x + noise"""
        return x + normal(shape=x.shape, std=self.std, rng=self.rng, dtype=_dtype(x)) if self.training else x


class WeightNoise(Module):
    """The layer, with noise on its kernel: `noise` is a layer such as GaussianNoise(0.1), applied to the weights."""

    def __init__(self, layer: Module, noise: Module) -> None:
        if not isinstance(getattr(layer, "kernel", None), Tensor):
            raise TypeError(f"{type(self).__name__} needs a layer with a kernel, such as Dense(2, 4), not {layer!r}")
        if not isinstance(noise, Module):
            raise TypeError(f"the noise on weights must be a layer such as GaussianNoise(0.1), not {noise!r}")
        self.layer: Any = layer
        self.noise = noise

    @property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """That of the layer."""
        shape: tuple[int, ...] | None = self.layer.input_shape
        return shape

    def forward(self, x: Tensor) -> Any:
        """layer(x) with noise(kernel) in place of the kernel"""
        noisy = self.noise(self.layer.kernel)
        if noisy is self.layer.kernel:
            return self.layer(x)
        # Not in the layer itself, which others may be using: it stands in the model a second time, or predicts in
        # another thread. What a forward of the user's sets in its layer is put there.
        held, stand_in = dict(vars(self.layer)), object.__new__(type(self.layer))
        vars(stand_in).update(held, kernel=noisy)
        out = stand_in.call_as("layer", (x,), {})
        told = {name: part for name, part in vars(stand_in).items() if held.get(name) is not part}
        told.pop("kernel", None)
        vars(self.layer).update(told)
        return out


class DropConnect(WeightNoise):
    """The layer, with each weight of its kernel dropped with probability `rate`: connections, not units."""

    def __init__(self, layer: Module, rate: float, scale: str = "train", rng: Rng = None) -> None:
        super().__init__(layer, Dropout(rate, scale, rng))


class StochasticDepth(Residual):
    """x + b · block(x), b = 0 with probability `rate`: the block is skipped, one decision for the whole batch.

    scale="test" (as published): b is 0 or 1, and 1 − rate in eval mode.
    scale="train": b is 0 or 1 / (1 − rate), and 1 in eval mode.
    Given a Residual, it takes its block.
    """

    def __init__(self, block: Module | Callable[[Any], Any], rate: float, scale: str = "test", rng: Rng = None) -> None:
        super().__init__(block.block if isinstance(block, Residual) else block)
        self.skip = BranchDropout(rate, scale, rng)

    def branch(self, x: Tensor) -> Any:
        """b · block(x)"""
        return self.skip(super().branch(x))


class BranchDropout(Dropout):
    """Dropout of a whole branch."""

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """One decision for the whole batch."""
        return ()

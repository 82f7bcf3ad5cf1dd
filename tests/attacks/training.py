"""A small training that the attacks fall upon: all that it can remember is in use."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
from tinygrad_reg.modes import generator

BATCH = 8
_RNG = np.random.default_rng(3)
X, Y = _RNG.random((32, 1, 4, 4)), _RNG.integers(0, 3, 32)


class Training:
    """Model, optimizer and a callback, of one seed."""

    def __init__(self, seed: int = 0, restore_best: bool = True) -> None:
        tg.seed(seed)
        self.model = tg.Sequential(
            tg.Flatten(),
            tg.Dense(16, 8, activation="relu", kernel_regularizer="l2"),
            tg.Residual(tg.Sequential(tg.BatchNorm(8, momentum=0.9))),
            tg.Dropout(0.2, rng=seed),
            tg.GaussianNoise(0.1),
            tg.Dense(8, 3, kernel_constraint=tg.constraints.max_norm(3.0)),
        )
        self.optimizer = tg.optim.Adam(self.model.parameters(), lr=0.02)
        self.early = tg.EarlyStopping("loss", patience=30, restore_best=restore_best)

    def fit(self, resume: Path | None = None, callbacks: Any = (), epochs: int = 3) -> Any:
        """Train until the last epoch, or go on from the file."""
        at_its_end = warnings.catch_warnings() if resume is not None else nullcontext()  # threads train without
        with at_its_end:
            if resume is not None:
                warnings.filterwarnings("ignore", "nothing was trained")
            return tg.fit(
                self.model, X, Y, loss="softmax_crossentropy", optimizer=self.optimizer, epochs=epochs,
                batch_size=BATCH, augment=tg.data.augmentation.shift(1), callbacks=[self.early, *callbacks],
                resume=resume, verbose=0,
            )  # fmt: skip

    def save(self, path: Path, epoch: int = 0) -> None:
        """All of it in a file."""
        tg.save(path, model=self.model, optimizer=self.optimizer, callbacks=[self.early], epoch=epoch)

    def load(self, path: Path) -> Any:
        """All of it from a file."""
        return tg.load(path, model=self.model, optimizer=self.optimizer, callbacks=[self.early])

    def state(self) -> dict[str, Any]:
        """All of it, to be compared to the last bit."""
        rngs = [generator(), *(rng for _, rng in self.model.named_generators())]
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "early": self.early.state_dict(),
            "generators": [str(rng.bit_generator.state) for rng in rngs],
        }

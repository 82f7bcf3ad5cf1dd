"""A small training in which all that a file has to remember changes."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

import tinygrad_reg as tg
from tinygrad_reg.modes import generator

RNG = np.random.default_rng(3)
X, Y = RNG.random((24, 1, 4, 4)), RNG.integers(0, 3, 24)


def make(seed=0, width=5, dtype=None):
    tg.seed(seed)
    model = tg.Sequential(
        tg.Flatten(),
        tg.Dense(16, width, activation="relu", dtype=dtype),
        tg.BatchNorm(width, momentum=0.9, dtype=dtype),
        tg.Dropout(0.2, rng=seed),
        tg.GaussianNoise(0.1),
        tg.Dense(width, 3, dtype=dtype),
    )
    return model, tg.optim.Adam(model.parameters(), lr=0.02)


def everything(model, optimizer, *callbacks):
    """All that may change, as comparable data."""
    rngs = [generator(), *(rng for _, rng in model.named_generators())]
    states = [model.state_dict(), optimizer.state_dict(), *(callback.state_dict() for callback in callbacks)]
    return json.dumps([states, [rng.bit_generator.state for rng in rngs]], default=lambda a: np.asarray(a).tolist())


def train(model, optimizer, epochs, resume=None, callbacks=(), rng=9, augment=None, **options):
    return tg.fit(
        model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, epochs=epochs, batch_size=7, resume=resume,
        callbacks=callbacks, validation_data=(X[:6], Y[:6]), verbose=0, rng=rng,
        augment=augment or tg.data.augmentation.noise(0.05), **options,
    )  # fmt: skip


def start(program, *arguments):
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
           "PYTHONPATH": str(Path(tg.__file__).parents[1])}  # fmt: skip
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE)

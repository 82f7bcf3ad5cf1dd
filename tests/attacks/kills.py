"""kill −9 while a checkpoint is written, and at any moment of a training that is started again and again."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg

from .attack import attack, same
from .training import Training

KILLED = -signal.SIGKILL
EPOCHS = 60


def child(work: Callable[[], Any], kill_after: float | None = None) -> int:
    """Does the work in a process of its own, killed after so many seconds; returns its code, KILLED if it was."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@attack(long=500, short=5)
def kill_while_saving(rng: np.random.Generator, folder: Path) -> None:
    """kill −9 while saving: the file is a whole one"""
    path = folder / "run"
    model = tg.Dense(100, 100)
    tg.save(path, model=model, epoch=0)

    def save() -> None:
        for n in range(1, 10**6):
            model.kernel.data = np.full((100, 100), float(n))
            tg.save(path, model=model, epoch=n)

    assert child(save, kill_after=float(rng.uniform(0, 0.03))) == KILLED
    found = tg.Dense(100, 100)
    epoch = tg.load(path, model=found).epoch
    assert len(np.unique(found.kernel.data)) == 1 or epoch == 0
    assert epoch == 0 or found.kernel.data[0, 0] == epoch


@cache
def whole() -> dict[str, Any]:
    """Where the training ends if nobody kills it."""
    training = Training()
    training.fit(epochs=EPOCHS)
    return training.state()


@attack(long=40, short=1)
def kill_while_training(rng: np.random.Generator, folder: Path) -> int:
    """kill −9 while training with resume=: the same bits in the end (kills)"""
    kills, path = 0, folder / "run"
    while True:
        code = child(
            lambda: Training().fit(path, epochs=EPOCHS), float(rng.uniform(0.01, 0.12)) if kills < 15 else None
        )
        if code == 0:
            break
        assert code == KILLED
        kills += 1
    last = Training()
    last.fit(path, epochs=EPOCHS)  # which is at its end
    assert same(last.state()["model"], whole()["model"])
    assert same(last.state()["optimizer"], whole()["optimizer"])
    assert os.listdir(folder) == ["run"], "a draft was left"
    return kills

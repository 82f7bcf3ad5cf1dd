"""Ctrl-C at any moment: of a step written by hand, and of fit."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
from tests.properties.test_wrong_calls import settings

from .attack import arrays_of, attack, same
from .training import BATCH, Training, X, Y


def interrupted(work: Callable[[], Any], after: float, handler: Callable[..., Any]) -> bool:
    """Does the work, with a signal after so many seconds; whether KeyboardInterrupt came out of it."""
    before = signal.signal(signal.SIGALRM, handler)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, after)
            work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    finally:
        signal.signal(signal.SIGALRM, before)
    return False


def ctrl_c(*_: Any) -> None:
    raise KeyboardInterrupt


def loss_of(training: Training) -> tg.Tensor:
    """Of one batch, without anything random."""
    training.model.eval()
    return tg.losses.softmax_crossentropy(training.model(X[:BATCH]), Y[:BATCH]) + training.model.penalty()


WAYS: dict[str, Callable[[Training], Any]] = {
    "backward": lambda training: loss_of(training).backward(),
    "gradients": lambda training: tg.gradients(loss_of(training), training.model.parameters(), create_graph=True),
    "debug": lambda training: _in_debug(training),
    "explain": lambda training: str(tg.explain(loss_of(training))),
    "compile": lambda training: tg.compile(lambda: loss_of(training).backward())(),
}


def _in_debug(training: Training) -> None:
    with tg.debug():
        loss_of(training).backward()


@cache
def by_hand() -> tuple[list[Any], dict[str, float]]:
    """The right gradients, and how long each way takes."""
    training = Training()
    seconds = {}
    for name, way in WAYS.items():
        way(training)
        started = time.perf_counter()
        way(training)
        seconds[name] = time.perf_counter() - started
    training.optimizer.zero_grad()
    loss_of(training).backward()
    return list(arrays_of(training.model.parameters())), seconds


@attack(long=5000, short=0)
def ctrl_c_in_a_step(rng: np.random.Generator, folder: Path) -> None:
    """Ctrl-C in forward, backward, compile: nothing stays switched, next gradients right"""
    wanted, seconds = by_hand()
    name = list(WAYS)[rng.integers(len(WAYS))]
    training, before = Training(), settings()
    weights = training.model.state_dict()
    try:
        interrupted(lambda: WAYS[name](training), float(rng.uniform(1e-6, 1.1 * seconds[name])), ctrl_c)
        assert settings() == before, f"something stays switched after Ctrl-C in {name}"
    finally:
        np.seterr(**before[1])
    assert same(training.model.state_dict(), weights)
    training.optimizer.zero_grad()
    loss_of(training).backward()
    assert same(list(arrays_of(training.model.parameters())), wanted), f"wrong gradients after Ctrl-C in {name}"


class Steps(tg.Callback):
    """Notes the weights after each step."""

    def __init__(self, model: tg.Module) -> None:
        self.model, self.weights = model, [model.state_dict()]

    def on_batch_end(self, batch: int, logs: Any) -> None:
        self.weights.append(self.model.state_dict())


@cache
def undisturbed() -> tuple[list[Any], Any, float]:
    """Of a training that nobody interrupts: the weights after each step, the last ones, and the seconds."""
    training = Training(restore_best=False)
    steps = Steps(training.model)
    training.fit(callbacks=[steps], epochs=4)
    other = Training(restore_best=False)
    started = time.perf_counter()
    other.fit(epochs=4)
    return steps.weights, other.model.state_dict(), time.perf_counter() - started


@attack(long=500, short=3)
def ctrl_c_in_fit(rng: np.random.Generator, folder: Path) -> None:
    """Ctrl-C in fit: it ends after a whole step, and resumes to the same bits"""
    steps, final, seconds = undisturbed()
    training, before = Training(restore_best=False), settings()
    found: list[Any] = []
    heard = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        came_out = interrupted(
            lambda: found.append(training.fit(folder / "run", epochs=4)),
            float(rng.uniform(1e-4, seconds)),
            lambda *_: signal.raise_signal(signal.SIGINT),
        )
    finally:
        signal.signal(signal.SIGINT, heard)
    assert settings() == before, "something stays switched after Ctrl-C in fit"
    taken = training.optimizer.steps
    if came_out:  # before the first step or after the last one
        assert taken in (0, len(steps) - 1), f"KeyboardInterrupt came out of fit after {taken} steps"
    elif found[0].stop_reason is not None:
        assert found[0].stop_reason.startswith("interrupted"), found[0].stop_reason
        assert same(training.model.state_dict(), steps[taken]), f"a step was left half done: {found[0].stop_reason}"
    again = Training(restore_best=False)
    again.fit(folder / "run", epochs=4)
    assert same(again.model.state_dict(), final)

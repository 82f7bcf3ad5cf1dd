"""At the limits: a million nodes, no stack, ten thousand steps, numbers beyond all floats."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
from tests.ops.test_ops import CASES

from .attack import arrays_of, attack, same
from .training import BATCH, Training, X, Y


def depth() -> int:
    """How deep the stack is now."""
    frame, count = sys._getframe(), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1  # type: ignore[assignment]
    return count


def chain(x: Any, nodes: int) -> Any:
    """x, doubled and halved in turns."""
    for i in range(nodes // 2):
        x = x * 2.0 if i % 2 else x * 0.5
        x = x + 0.0
    return x


@attack(long=3, short=0)
def a_million_nodes(rng: np.random.Generator, folder: Path) -> int:
    """a chain of a million: backward, and freed (nodes)"""
    return deep(1_000_000, second=False)


@attack(long=3, short=1)
def no_stack(rng: np.random.Generator, folder: Path) -> int:
    """a chain of 10,000, the stack full: both derivatives, explain, why, compile (nodes)"""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth() + 60)
    try:
        return deep(10_000, second=True)
    finally:
        sys.setrecursionlimit(limit)


def deep(nodes: int, second: bool) -> int:
    gc.collect()
    x = tg.Tensor(1.5, requires_grad=True)
    y = chain(x, nodes)
    loss = y * y
    loss.backward(retain_grads=False)
    assert x.grad == 3.0
    if second:
        slope = tg.gradients(loss, x, create_graph=True)
        assert slope.item() == 3.0
        assert tg.gradients(slope, x) == 2.0
        assert len(list(tg.explain(loss))) > nodes
        assert tg.why(x)
        fast = tg.compile(lambda: tg.gradients(chain(x, 400) ** 2, x))
        assert fast() == 3.0 and fast() == 3.0
    del y, loss
    return nodes


def loops() -> dict[str, Callable[[], Any]]:
    """Steps that could each leave something behind."""
    training = Training()

    def step() -> Any:
        loss = tg.losses.softmax_crossentropy(training.model(X[:BATCH]), Y[:BATCH]) + training.model.penalty()
        training.optimizer.zero_grad()
        loss.backward()
        training.optimizer.step()
        training.model.project()
        return loss

    def twice() -> Any:
        w = training.model.parameters()[0]
        slope = tg.gradients(np.sum(np.tanh(w) ** 2), w, create_graph=True)
        return tg.gradients(np.sum(slope * slope), w)

    def wrong() -> None:
        for attempt in (
            lambda: tg.losses.softmax_crossentropy(training.model(X[:BATCH]), Y[:3]),
            lambda: training.model.parameters()[0] @ np.ones((5, 5)),
            lambda: (training.model.parameters()[0] * 2).backward(),
        ):
            try:
                attempt()
            except (ValueError, TypeError):
                continue
            raise AssertionError("not refused")

    def debugged() -> None:
        with tg.debug():
            step()
        tg.why(training.model.parameters()[0])

    def anew() -> None:
        model = tg.Sequential(tg.Dense(4, 3, activation="relu"), tg.BatchNorm(3), tg.Dropout(0.5))
        optimizer = tg.optim.Adam(model.parameters())
        np.sum(model(np.ones((5, 4))) ** 2).backward()
        optimizer.step()
        tg.compile(lambda: np.sum(model.parameters()[0] * 2.0))()

    def fit() -> None:
        tg.fit(training.model, X, Y, loss="softmax_crossentropy", optimizer="adam", batch_size=16, verbose=0)

    return {
        "by hand": step,
        "as a program": tg.compile(step),
        "second order": twice,
        "refused": wrong,
        "debug() and why()": debugged,
        "evaluate": lambda: tg.evaluate(training.model, X, Y, loss="softmax_crossentropy", metrics=["accuracy"]),
        "a model, an optimizer and a program anew": anew,
        "fit": fit,
        "explain": lambda: str(tg.explain(np.sum(np.tanh(training.model.parameters()[0])))),
    }


@attack(long=1, short=0)
def ten_thousand_steps(rng: np.random.Generator, folder: Path) -> int:
    """10,000 steps of nine kinds: memory does not grow (steps)"""
    return growth(10_000, loops())


@attack(long=0, short=1)
def a_hundred_steps(rng: np.random.Generator, folder: Path) -> int:
    """100 steps of six kinds: memory does not grow (steps)"""
    return growth(100, dict(list(loops().items())[:6]))


def growth(steps: int, kinds: dict[str, Callable[[], Any]]) -> int:
    """No object and no byte more after `steps` steps than after a tenth of them, and no cycles to be collected.

    Something that grows, grows in each of the three parts that are compared. (Python's table of names doubles in one of
    them, by 2 MB, where programs are compiled.)
    """
    total = 0
    for name, step in kinds.items():
        for _ in range(20):
            step()
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            measured = []
            for count in (steps // 10, *[3 * steps // 10] * 3):
                for _ in range(count):
                    step()
                cycles = gc.collect()  # which also empties the lists of tuples that Python keeps to use again
                measured.append((tracemalloc.get_traced_memory()[0], len(gc.get_objects())))
                assert cycles < 50, f"{name}: {cycles} objects in cycles after {count} steps"
        finally:
            tracemalloc.stop()
            gc.enable()
        more_bytes, more_objects = np.min(np.diff(measured, axis=0), axis=0)
        assert more_objects < 15, f"{name}: {more_objects} objects more in each {count} steps"
        assert more_bytes < 7_000, f"{name}: {more_bytes} bytes more in each {count} steps"
        total += steps
    return total


EXTREMES = [0.0, -0.0, 1.0, 1e-320, 1e-30, 1e30, 1e200, 1.7e308, -1e308, -1.0, np.inf, -np.inf, np.nan, 5.0, 1000.0]


@attack(long=5000, short=30)
def numbers_beyond_all_floats(rng: np.random.Generator, folder: Path) -> None:
    """ops at 0, ±1e308, ±∞, NaN under np.seterr(all="raise"): no complaint"""
    case = CASES[rng.integers(len(CASES))]
    dtype = rng.choice(["float64", "float32"])
    with np.errstate(all="ignore"):
        inputs = [np.array(x, dtype) for x in case.inputs]
        for x in inputs:
            chosen = rng.random(x.shape) < rng.choice([0.2, 1.0])
            x[...] = np.where(chosen, rng.choice(EXTREMES, size=x.shape), x)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        leaves = [tg.Tensor(x, requires_grad=True) for x in inputs]
        try:
            out = case.call(*leaves)
            grads = tg.gradients(out, leaves, create_graph=case.order > 1, gradient=np.ones(out.shape))
            if case.order > 1:
                slope = sum(np.sum(g) for g in grads)
                if slope.requires_grad:
                    tg.gradients(slope, leaves)
        except np.linalg.LinAlgError:  # no inverse, no eigenvalues: there is no number to give
            return
        except FloatingPointError as error:
            raise AssertionError(f"{case}: {error}") from error
    assert all(g.dtype == x.dtype and g.shape == x.shape for g, x in zip(grads, inputs, strict=True)), str(case)


@attack(long=1, short=0)
def suite_that_raises(rng: np.random.Generator, folder: Path) -> int:
    """the whole suite under np.seterr(all="raise"): passes (tests)"""
    command = [sys.executable, "-m", "pytest", "-q", "-p", f"{__package__}.raising", "-p", "no:cacheprovider"]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return int(re.findall(r"(\d+) passed", done.stdout)[-1])


@attack(long=50, short=1)
def training_that_raises(rng: np.random.Generator, folder: Path) -> None:
    """trainings under np.seterr(all="raise"): the same bits"""
    seed = int(rng.integers(1000))
    states = []
    for errors in ("warn", "raise"):
        with np.errstate(all=errors):  # type: ignore[arg-type]
            training = Training(seed)
            training.fit(epochs=2)
            states.append([training.state(), list(arrays_of(training.model.parameters()))])
    assert same(*states)

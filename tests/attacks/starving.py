"""Too little stack, too little memory, in the midst of anything: an error comes out, and what follows is right."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
from tests.properties.test_wrong_calls import settings

from .attack import arrays_of, attack, same
from .kills import child
from .limits import depth
from .moments import WAYS, Bench, gradients_of

DEEPEST = 400  # frames: no way needs as many


def too_little_stack(name: str, rooms: Any) -> int:
    """One of the WAYS with room for so many frames and no more: how often that was too little."""
    way, failed = WAYS[name], 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started this in its background
    way(Bench())  # what is computed once and kept is computed now
    wanted = gradients_of(Bench())
    for room in rooms:
        bench, before = Bench(), settings()
        weights, limit = bench.model.state_dict(), sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(depth() + room)  # which raises as well where it is far too little
            way(bench)
        except RecursionError:
            failed += 1
        finally:
            sys.setrecursionlimit(limit)
        assert settings() == before, f"{name}, {room} frames: something stays switched"
        wrong = list(bench.complaints())
        assert not wrong, f"{name}, {room} frames: {wrong}"
        if same(bench.model.state_dict(), weights):
            assert same(gradients_of(bench), wanted), f"{name}, {room} frames: the next gradients are wrong"
    return failed


@attack(long=1, short=0)
def stack_at_every_depth(rng: np.random.Generator, folder: Path) -> int:
    """RecursionError at every depth, in 17 kinds of step: nothing stays switched, next gradients right"""
    return sum(too_little_stack(name, range(3, DEEPEST)) for name in WAYS)


@attack(long=0, short=1)
def stack_at_a_few_depths(rng: np.random.Generator, folder: Path) -> int:
    """RecursionError at a few depths, in 17 kinds of step: nothing stays switched, next gradients right"""
    return sum(too_little_stack(name, rng.integers(3, 30, 3).tolist()) for name in WAYS)


def size() -> int:
    """The bytes that this process has asked for."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


LARGE = np.random.default_rng(0).normal(size=(600, 500))


def large_loss(model: tg.Module) -> tg.Tensor:
    return tg.losses.mse(model(LARGE), LARGE)


LARGE_WAYS: dict[str, Callable[[tg.Module], Any]] = {
    "backward": lambda model: large_loss(model).backward(),
    "gradients": lambda model: tg.gradients(large_loss(model), model.parameters(), create_graph=True),
    "explain": lambda model: list(tg.explain(large_loss(model)).backward),
    "predict": lambda model: tg.predict(model, LARGE),
    "compile": lambda model: tg.compile(lambda: large_loss(model).backward())(),
}


@attack(long=500, short=3)
def no_memory(rng: np.random.Generator, folder: Path) -> int:
    """MemoryError in forward, backward, compile: nothing stays switched, next gradients right"""
    name = list(LARGE_WAYS)[rng.integers(len(LARGE_WAYS))]
    room = int(rng.integers(0, 60 * 2**20))

    def work() -> None:
        tg.seed(0)
        model = tg.Sequential(tg.Dense(500, 500, activation="tanh"), tg.BatchNorm(500), tg.Dense(500, 500)).eval()
        LARGE_WAYS[name](model)
        model.zero_grad()
        large_loss(model).backward()
        wanted, weights, before = list(arrays_of(model.parameters())), model.state_dict(), settings()
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size() + room, limits[1]))
        try:
            LARGE_WAYS[name](model)
            came = False
        except MemoryError:
            came = True
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limits)
        assert settings() == before, "something stays switched"
        assert same(model.state_dict(), weights)
        model.zero_grad()
        large_loss(model).backward()
        assert same(list(arrays_of(model.parameters())), wanted), "the next gradients are wrong"
        os._exit(CAME if came else 0)

    code = child(work)
    assert code in (0, CAME), f"{name} with {room} bytes"
    return int(code == CAME)


CAME = 42

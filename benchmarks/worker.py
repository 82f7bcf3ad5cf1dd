"""One contender in a process of its own: python -m benchmarks.worker digits program one

It prints the losses of the first passes. Then it takes a turn for each line that it reads, and prints what the turn
gave, in seconds a pass.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from .contenders import CONTENDERS
from .peers import wait

PASSES = 3  # whose losses are compared
SAMPLES, SECONDS = 10, 0.01  # a turn: so many samples, each over passes that fill so many seconds


def main(name: str, contender: str, threads: str) -> None:
    if threads == "one" and hasattr(os, "sched_setaffinity"):  # what is told to take one thread may start others
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    row = importlib.import_module(f"benchmarks.rows.{name}")
    make, given = CONTENDERS[contender].work, getattr(row, "GIVEN", {})
    work = make(row, given)
    say([numbers(work()) for _ in range(PASSES)])
    turn = stopwatch(make(row, {}) if given else work)
    for _ in sys.stdin:
        say(turn())


def say(x: Any) -> None:
    print(json.dumps(x), flush=True)


def numbers(result: Any) -> list[float]:
    """What a pass returned, as numbers; a function among it is called for them."""
    if callable(result):
        result = result()
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in numbers(part)]
    result = getattr(result, "data", result) if type(result).__module__.startswith("tinygrad_reg") else result
    if hasattr(result, "detach"):
        result = result.detach()
    if hasattr(result, "numpy"):
        result = result.numpy()
    found: list[float] = np.asarray(result, np.float64).ravel().tolist()
    return found


def stopwatch(work: Callable[[], Any]) -> Callable[[], float]:
    """A function that times the work: the best of some samples, since what else the machine does only adds to it."""

    def passes(n: int) -> float:
        start = perf_counter()
        for _ in range(n):
            result = work()
        wait(result)
        return (perf_counter() - start) / n

    once = min(passes(1) for _ in range(3))  # also warms up
    once = min(passes(max(1, round(SECONDS / once))), once)
    n = max(1, round(SECONDS / once))
    samples = max(2, min(SAMPLES, round(SAMPLES * SECONDS / once)))
    return lambda: min(passes(n) for _ in range(samples))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs one contender in a process of its own: python -m benchmarks.worker network torch

Prints the loss, the gradients and the times of a pass, in seconds, as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
from time import perf_counter

import numpy as np

BLOCKS, SECONDS = 20, 0.02  # so many times are taken, each over passes that fill so many seconds


def main(task: str, contender: str) -> None:
    work = getattr(importlib.import_module(f"benchmarks.{task}"), contender)()
    loss, gradients = work()
    answer = [float(loss), *(float(x) for gradient in gradients for x in np.asarray(gradient).ravel())]

    def passes(n: int) -> float:
        start = perf_counter()
        for _ in range(n):
            work()
        return (perf_counter() - start) / n

    once = min(passes(10) for _ in range(10))  # also warms up
    times = [passes(max(1, round(SECONDS / once))) for _ in range(BLOCKS)]
    print(json.dumps({"answer": answer, "times": times}))


if __name__ == "__main__":
    main(*sys.argv[1:])

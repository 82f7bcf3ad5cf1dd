"""Runs the contenders of a row side by side: a process each, in turns."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import numpy as np

from .contenders import CONTENDERS

ROWS = (
    "moons", "digits", "pass", "autoencoder", "deep", "normalized", "mnist", "images", "hvp", "scalars", "adam",
    "matmul",
)  # fmt: skip
THREADS = ("one", "default")
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment(threads: str) -> dict[str, str]:
    """What a process is started with: one thread for each library, or what each takes when nothing is set."""
    unset = {*VARIABLES, "PYTHONDONTWRITEBYTECODE"}  # a user imports compiled modules
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return kept | dict.fromkeys(VARIABLES if threads == "one" else (), "1")


@dataclass
class Result:
    """What a race gave: seconds a pass of each turn, by contender, and who could not run, with the reason."""

    name: str
    title: str
    times: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    unit: str = "the limit"  # what the contender of this name is in this row

    def ratio(self, a: str, b: str) -> float | None:
        """How many times as long a takes as b: the median over turns, which follow each other closely."""
        if a not in self.times or b not in self.times:
            return None
        return median(x / y for x, y in zip(self.times[a], self.times[b], strict=True))

    def quartiles(self, a: str, b: str) -> tuple[float, float]:
        """Between which ratios the middle half of the turns lies."""
        low, _, high = quantiles((x / y for x, y in zip(self.times[a], self.times[b], strict=True)), n=4)
        return low, high


class Runner:
    """A contender's process."""

    def __init__(self, name: str, contender: str, threads: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name, contender, threads],
            env=environment(threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def hear(self) -> Any:
        """Its next line, or an error with the last line that it complained with."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            complaint = self.process.communicate()[1].splitlines()
            named = [text for text in complaint if re.match(r"\S*(Error|Exception)\b", text)]
            raise RuntimeError((named or complaint or ["it ended without a word"])[-1][:200])
        return json.loads(line)

    def turn(self) -> float:
        """Ask for a turn."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds: float = self.hear()
        return seconds

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def race(name: str, contenders: Sequence[str], turns: int, threads: str = "one") -> Result:
    """Times of the contenders that are installed; an error where one computes something else than the first."""
    row: Any = importlib.import_module(f"benchmarks.rows.{name}")
    result = Result(name, row.__doc__.strip().splitlines()[0])
    runners: dict[str, Runner] = {}
    answers: dict[str, Any] = {}
    try:
        for contender in contenders:
            how = CONTENDERS[contender]
            if not how.runs(row):
                continue
            if importlib.util.find_spec(how.needs) is None:
                result.absent[contender] = "not installed"
                continue
            runner = Runner(name, contender, threads)
            try:
                answers[contender] = runner.hear()
                runners[contender] = runner
            except RuntimeError as error:
                runner.end()
                result.absent[contender] = str(error)
        check(name, answers, getattr(row, "TOLERANCE", 2e-4))
        for contender in runners:
            result.times[contender] = []
        for _ in range(turns):
            for contender, runner in runners.items():
                result.times[contender].append(runner.turn())
    finally:
        for runner in runners.values():
            runner.end()
    return result


def check(name: str, answers: dict[str, Any], tolerance: float) -> None:
    """All must have computed the same."""
    first = next(iter(answers), "")
    for contender, answer in answers.items():
        np.testing.assert_allclose(
            answer, answers[first], rtol=tolerance, atol=tolerance * 1e-2,
            err_msg=f"{name}: {contender} computes something else than {first}",
        )  # fmt: skip

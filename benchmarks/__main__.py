"""Compares cost with the peers that are installed: forward and backward passes, and import times.

Every contender runs in a process of its own, on one thread, in rotation with the others, several rounds, so that what
else the machine does meets all of them alike. Only the ratios mean something on another machine. Before a time counts,
the contenders' losses and gradients must agree.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from statistics import quantiles
from time import perf_counter
from typing import Any

import numpy as np

TASKS = {
    "network": (
        "forward + backward, 64-128-10 network, softmax cross-entropy, 32 samples, float32",
        ["tinygrad_reg", "torch", "autograd", "numpy"],
        1e-4,
    ),
    "digits": (
        "a training step, 64-128-10 network, softmax cross-entropy, Adam, 32 samples, float32",
        ["tinygrad_reg", "program", "torch", "numpy"],
        1e-4,
    ),
    "moons": (
        "a training step, 2-16-16-1 network, hinge loss and L2 penalty, SGD, 100 samples, float32",
        ["tinygrad_reg", "program", "torch", "numpy"],
        1e-4,
    ),
    "scalars": (
        "forward + backward, a chain of 81 operations on single numbers",
        ["tinygrad_reg", "micrograd", "torch", "autograd"],
        1e-9,
    ),
}
NOTES = {
    "program": "tinygrad_reg, tg.compile",
    "torch": "PyTorch, eager",
    "autograd": "HIPS autograd",
    "numpy": "NumPy, derived by hand",
}
ENVIRONMENT = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # a user imports compiled modules


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument(
        "tasks", nargs="*", metavar="task", help=f"which of {', '.join([*TASKS, 'import'])} (default: all)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often the contenders take turns (default: %(default)s)"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.tasks) - {*TASKS, "import"}
    if unknown:
        parser.error(f"no task is called {', '.join(sorted(unknown))}: there are {', '.join([*TASKS, 'import'])}")
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    chosen = arguments.tasks or [*TASKS, "import"]
    for task in [task for task in TASKS if task in chosen]:
        compare_passes(task, arguments.rounds)
    if "import" in chosen:
        compare_imports(arguments.rounds)
    return 0


def compare_passes(task: str, rounds: int) -> None:
    title, contenders, tolerance = TASKS[task]
    installed = [name for name in contenders if name == "program" or importlib.util.find_spec(name)]
    answers: dict[str, Any] = {}
    times: dict[str, list[float]] = {name: [] for name in installed}
    for _ in range(rounds):
        for name in installed:
            result = json.loads(_run("-m", "benchmarks.worker", task, name))
            answers[name] = result["answer"]
            times[name] += result["times"]
    for name in installed[1:]:
        np.testing.assert_allclose(
            answers[name],
            answers[installed[0]],
            rtol=tolerance,
            atol=tolerance,
            err_msg=f"{name} computes something else",
        )
    _table(f"{title} (equal losses and gradients: checked)", times, 1e-6, "µs")
    missing = [NOTES.get(name, name) for name in contenders if name not in installed]
    if missing:
        print(f"not installed: {', '.join(missing)}\n")


def compare_imports(rounds: int) -> None:
    times: dict[str, list[float]] = {"tinygrad_reg": [], "numpy": []}
    for name in times:
        _run("-c", f"import {name}")  # compiles it
    for _ in range(4 * rounds):
        for name in times:
            start = perf_counter()
            _run("-c", f"import {name}")
            times[name].append(perf_counter() - start)
    _table("Python started, imported and ended", times, 1e-3, "ms", notes={})


def _run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _table(
    title: str, times: dict[str, list[float]], unit: float, unit_name: str, notes: dict[str, str] | None = None
) -> None:
    notes = NOTES if notes is None else notes
    rows = {name: [q / unit for q in quantiles(values, n=4)] for name, values in times.items()}
    ours = rows["tinygrad_reg"][1]
    print(title)
    print(f"  {'':24}{'median':>9} {unit_name}   {'quartiles':^17}  tinygrad_reg takes")
    for name, (low, middle, high) in rows.items():
        ratio = "" if name == "tinygrad_reg" else f"{ours / middle:.2f} × this"
        print(f"  {notes.get(name, name):24}{middle:9.1f} {unit_name}   {low:7.1f} – {high:7.1f}  {ratio}")
    print()


if __name__ == "__main__":
    sys.exit(main())

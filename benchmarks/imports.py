"""What importing costs, as multiples of importing NumPy: a new Python for each import, in turns."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence

from .race import Result, environment

MODULES = {"limit": "numpy", "eager": "tinygrad_reg", "torch": "torch", "jax": "jax", "mygrad": "mygrad"}
SCRIPT = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""


def imports(contenders: Sequence[str], turns: int, threads: str) -> Result:
    """Seconds of each import; the first one, which compiles, doesn't count."""
    result = Result("import", "importing the package", unit="import numpy")
    environ = environment(threads)
    asked = {name: module for name, module in MODULES.items() if name in contenders}
    found = {name: module for name, module in asked.items() if importlib.util.find_spec(module)}
    for turn in range(-1, 3 * turns):
        for name, module in found.items():
            command = [sys.executable, "-c", SCRIPT.format(module=module)]
            seconds = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout
            if turn >= 0:
                result.times.setdefault(name, []).append(float(seconds))
    return result

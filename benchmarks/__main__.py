"""Compares the cost of the same work in this engine and in the peers that are installed: see docs/performance.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .contenders import CONTENDERS
from .imports import imports
from .race import ROWS, THREADS, Result, environment, race
from .report import block, growth_block, markdown

PARTS = (*ROWS, "import", "growth")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"which of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, with commas between (default: all)")
    parser.add_argument("--turns", type=int, default=15, help="how often they take turns (default: %(default)s)")
    parser.add_argument(
        "--threads", choices=THREADS, default="one",
        help="one: a thread and the same processor for all; default: what each library does when nothing is set",
    )  # fmt: skip
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    parser.add_argument("--plot", metavar="FILE", help="draw the picture there: .png, .svg or .pdf (needs matplotlib)")
    arguments = parser.parse_args()
    contenders = arguments.only.split(",")
    for what, given, known in (("part", arguments.parts, PARTS), ("contender", contenders, CONTENDERS)):
        for name in given:
            if name not in known:
                parser.error(f"no {what} is called {name}: there are {', '.join(known)}")
    if arguments.turns < 3:
        parser.error("--turns must be at least 3")
    turns, threads = arguments.turns, arguments.threads
    results: list[Result] = []
    found: dict[str, Any] | None = None
    for name in arguments.parts or PARTS:
        if name == "growth":
            found = measure_growth(threads)
            print(growth_block(found), flush=True)
            continue
        if name == "import":
            results.append(imports(contenders, turns, threads))
        else:
            results.append(race(name, contenders, turns, threads))
        print(block(results[-1]), flush=True)
    if arguments.markdown:
        arguments.markdown.write_text(markdown(results, found, threads), encoding="utf-8")
    if arguments.plot:
        from .plot import plot

        plot(results, arguments.plot)
    return 0


def measure_growth(threads: str) -> dict[str, Any]:
    """growth.py, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth"]
    measured = subprocess.run(command, env=environment(threads), check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(measured)
    return found


if __name__ == "__main__":
    sys.exit(main())

"""Compares the cost of the same work in this engine and in the peers that are installed: see docs/performance.md."""

from __future__ import annotations

import argparse
import sys

from .contenders import CONTENDERS
from .race import ROWS, race
from .report import lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which of {', '.join(ROWS)} (default: all)")
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, with commas between (default: all)")
    parser.add_argument("--turns", type=int, default=15, help="how often the contenders take turns")
    arguments = parser.parse_args()
    contenders = arguments.only.split(",")
    for what, given, known in (("row", arguments.rows, ROWS), ("contender", contenders, CONTENDERS)):
        for name in given:
            if name not in known:
                parser.error(f"no {what} is called {name}: there are {', '.join(known)}")
    if arguments.turns < 3:
        parser.error("--turns must be at least 3")
    for name in arguments.rows or ROWS:
        print("\n".join(lines(race(name, contenders, arguments.turns))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

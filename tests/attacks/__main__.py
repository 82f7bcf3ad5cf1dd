"""python -m tests.attacks [words] [--short]: make the attacks whose names have one of the words, and print a table."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 1 where anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description="Faults and hostile inputs by seed.")
    parser.add_argument("words", nargs="*", help="only attacks whose name has one of these words")
    parser.add_argument("--short", action="store_true", help="a few tries of each, as in the ordinary tests")
    parser.add_argument("--times", type=int, help="so many tries of each")
    parser.add_argument("--first", type=int, default=0, help="the number of the first try: others are other ones")
    parser.add_argument("--only", type=int, help="the try of this number alone")
    options = parser.parse_args(arguments)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MPLBACKEND="agg")

    from . import attack  # after the environment is set: NumPy reads it once

    chosen = [a for a in attack.load().values() if not options.words or any(w in a.name for w in options.words)]
    width = max((len(a.what) for a in chosen), default=0)
    print(f"{'attack':{width}}  {'cases':>8}  {'failed':>6}  {'seconds':>7}")
    cases = seconds = failed = 0
    for a in chosen:
        times = options.times or (a.short if options.short else a.long)
        first, times = (options.first, times) if options.only is None else (options.only, 1)
        outcome = attack.run(a, range(first, first + times))
        print(f"{a.what:{width}}  {outcome.cases:8,}  {len(outcome.failures):6}  {outcome.seconds:7.1f}", flush=True)
        print(*outcome.failures[:3], sep="\n", end="", file=sys.stderr)
        cases, seconds, failed = cases + outcome.cases, seconds + outcome.seconds, failed + len(outcome.failures)
    print(f"{'together':{width}}  {cases:8,}  {failed:6}  {seconds:7.1f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

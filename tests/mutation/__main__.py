"""python -m tests.mutation [words]: make the mutants of the files whose path has one of the words, and kill them.

With --record FILE each verdict is written down, and what was killed, or makes no difference, is not tried again: a run
that was stopped goes on, and after tests were added, only the survivors are tried.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .mutants import PACKAGE, ROOT, Mutant, mutants_of, stale, unchanged_file
from .targets import FILES, tests_of

SECONDS = 120  # a mutant that runs longer hangs: killed


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports the mutant in place of the file, and writes no byte code."""

    def __init__(self, mutant: Mutant) -> None:
        name = ".".join(("tinygrad_reg", *Path(mutant.path).with_suffix("").parts))
        super().__init__(name, str(PACKAGE / mutant.path))
        self.source = mutant.source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def get_code(self, fullname: str) -> Any:
        return compile(self.source, self.path, "exec")


def its_own_cases_pass(mutant: Mutant) -> bool:
    """Whether the op's rows in the table of cases agree with differences: what test_gradients_are_slopes asks."""
    import tinygrad_reg as tg
    from tests.ops.test_ops import CASES

    for case in CASES:
        if case.op == mutant.op:
            tg.check_grad(case.call, *case.inputs, order=case.order)
    return True


def tests_pass(tests: Sequence[str]) -> bool:
    import pytest

    here = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning", "--rootdir", str(ROOT)]
    return pytest.main(["-x", "-q", *here, *tests]) == pytest.ExitCode.OK


def survives(mutant: Mutant) -> bool:
    """Whether it does: the quickest tests that belong to it go first."""
    if mutant.op and not in_its_place(mutant, lambda: its_own_cases_pass(mutant)):
        return False
    return all(in_its_place(mutant, lambda tests=tests: tests_pass(tests)) for tests in tests_of(mutant.path))


def in_its_place(mutant: Mutant, passes: Callable[[], bool]) -> bool:
    """What `passes` says in a process that has the mutant in place of the file."""

    def check() -> bool:
        signal.alarm(SECONDS)
        sys.meta_path.insert(0, Changed(mutant))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        return passes()

    return os.waitpid(process(check), 0)[1] == 0


def process(check: Callable[[], bool]) -> int:
    """The id of a new process, which ends with 0 if `check` says yes, and otherwise, or if it fails, with 1."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if check() else 1
        finally:
            os._exit(code)
    return child


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them, try to kill them, print those that survive; 1 where any does."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Which wrong formulas no test sees.")
    parser.add_argument("words", nargs="*", help="only files whose path has one of these words")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--list", action="store_true", help="show the mutants, run nothing")
    parser.add_argument("--record", type=Path, help="a file of verdicts, to go on from")
    options = parser.parse_args(arguments)
    paths = [path for path in FILES if not options.words or any(word in path for word in options.words)]
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    if options.list:
        print(*mutants, f"{len(mutants)} mutants", sep="\n")
        return 0
    for path, fragment in stale():
        print(f"equivalent.EQUIVALENT speaks of {fragment!r}, which is not in tinygrad_reg/{path} any more")
    os.chdir(ROOT)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    import hypothesis.strategies  # noqa: F401 - loaded once, for all processes: three quarters of their time
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import tqdm.auto  # noqa: F401

    done = recorded(options.record)
    new = [mutant for mutant in mutants if str(mutant) not in done]
    for unchanged, alive in verdicts([unchanged_file(path) for path in {m.path: None for m in new}], options.jobs):
        if not alive:
            print(f"the tests of tinygrad_reg/{unchanged.path} fail as it is: mend that first")
            return 2
    started, count = time.time(), Counter(done[str(mutant)] for mutant in mutants if str(mutant) in done)
    with open(options.record or os.devnull, "a", encoding="utf-8") as record:
        for mutant, alive in verdicts(new, options.jobs):
            verdict = "killed" if not alive else "equivalent" if mutant.is_equivalent else "survived"
            count[verdict] += 1
            print(verdict, mutant, file=record, flush=True)
            if verdict == "survived":
                print(mutant, flush=True)
            print(f"\r{count.total()}/{len(mutants)}", end="\r", file=sys.stderr, flush=True)
    print(f"{len(mutants)} mutants in {time.time() - started:.0f} s: {count['killed']} killed, ", end="")
    print(f"{count['equivalent']} equivalent, {count['survived']} survived")
    return 1 if count["survived"] else 0


def recorded(record: Path | None) -> dict[str, str]:
    """What a run before has found, without those that survived it."""
    if record is None or not record.exists():
        return {}
    lines = (line.partition(" ") for line in record.read_text(encoding="utf-8").splitlines())
    return {mutant: verdict for verdict, _, mutant in lines if verdict != "survived"}


def verdicts(mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """(mutant, whether it survived), `jobs` at a time, as they are done."""
    waiting, running = list(reversed(mutants)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[process(partial(survives, mutant))] = mutant
        child, status = os.wait()
        yield running.pop(child), status == 0


if __name__ == "__main__":
    sys.exit(main())

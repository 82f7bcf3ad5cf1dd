"""Are the tests worth anything? Every formula is made a little wrong, one at a time, and a test has to fail.

    make mutation                                   # all of them, in about ten minutes on four cores
    .venv/bin/python -m tests.mutation optim losses # those in files whose path has one of these words

A mutant is a source file with one change: a derivative with the other sign or 1 % too large, + for −, × for ÷,
> for ≥, a constant 1 % or 1 larger. It is imported in place of the file by a fresh process, which runs the tests that
belong to the file. What survives is printed: a test is missing, or the change makes no difference, and then EQUIVALENT
has to say why.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinygrad_reg"

# Where formulas are, and the tests that belong to them. Of the ops, the derivatives; elsewhere, every function.
FAMILIES = "activations arithmetic contractions convolution crossentropy cumulative diagonals elementary indexing"
FAMILIES += " joining linalg pooling products reductions shapes"
TARGETS: dict[str, list[str]] = {
    **{f"ops/{name}.py": ["tests/ops"] for name in FAMILIES.split()},
    "optim/sgd.py": ["tests/optim"],
    "optim/adaptive.py": ["tests/optim"],
    "optim/optimizer.py": ["tests/optim"],
    "optim/clipping.py": ["tests/optim/test_clipping.py"],
    "optim/schedules.py": ["tests/optim/test_schedules.py"],
    "losses.py": ["tests/test_losses.py"],
    "loss_inputs.py": ["tests/test_losses.py", "tests/program/test_checks.py"],
    "penalties.py": ["tests/test_penalties.py", "tests/test_constraints.py"],
    "constraints.py": ["tests/test_constraints.py"],
    "norms.py": ["tests/test_norms.py", "tests/test_constraints.py", "tests/optim/test_clipping.py"],
    "initializers.py": ["tests/test_initializers.py"],
    "layers/normalization.py": ["tests/layers/test_normalization.py"],
    "layers/noise.py": ["tests/layers/test_noise.py"],
    "layers/activation.py": ["tests/layers/test_activation.py", "tests/layers/test_dense.py"],
    "layers/dense.py": ["tests/layers/test_dense.py"],
    "layers/convolution.py": ["tests/layers/test_convolution.py"],
    "layers/pooling.py": ["tests/layers/test_pooling.py"],
    "layers/images.py": ["tests/layers"],
}

# What no test can tell: (file, part of the line, the change, why). Most of what survives is a test that is missing.
_SAME = "both branches give the same at equality"
_ROOM = "working space only, the numbers do not change"
_MASKED = "divides what is 0 by something that is not"
EQUIVALENT = [
    ("norms.py", "scale = np.where(", "1 → 2", "the scale cancels out"),
    ("norms.py", "scale = np.where(", "largest < math.inf → ", "infinite weights have no norm to keep"),
    (
        "losses.py",
        "each.ndim <= 1",
        "each.ndim <= 1 → each.ndim < 1",
        "a sum over samples, divided by their number, is the mean",
    ),
    ("loss_inputs.py", 'p.op == "softmax"', "1 → 2", "a check is made that passes"),
    ("loss_inputs.py", 'p.op == "softmax"', "-1 → 1", "a check is made that passes"),
    ("loss_inputs.py", 'p.op == "softmax"', "p.ndim - 1 → ", "a check is made that passes"),
    ("optim/clipping.py", "modes.capture.clip", "", "while a program is captured: tests/program"),
    ("ops/activations.py", "where(x > 0, 0, g * x)", "x > 0 → x >= 0", "the share is g · x = 0 at 0"),
    ("ops/arithmetic.py", "(y == 0), 1.0, x)", "1.0 → ", "multiplied by y = 0"),
    ("ops/crossentropy.py", "itemsize > 2", "2 → 3", "no float has three bytes"),
    ("ops/cumulative.py", "while step <", "step < row.shape[-1] → step <= ", "a last turn that adds nothing"),
    ("ops/cumulative.py", "(-1.0) ** n", "np.diff(np.pad(g, width), n=n, axis=axis) * (-1.0) ** n → np.diff(", "±1"),
    ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "x > y → x >= y", "ties were taken out before"),
    ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "y > x → y >= x", "ties were taken out before"),
    ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "x < y → x <= y", "ties were taken out before"),
    ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "y < x → y <= x", "ties were taken out before"),
    ("ops/elementary.py", "np.copysign(1.0, y)", "g * np.sign(x) * np.copysign(1.0, y) → g * np.sign(x) /", "±1"),
    ("ops/elementary.py", "return np.zeros_like(g)", "np.zeros_like(g) → ", "zeros"),
    ("ops/elementary.py", "(out == 0)", "out + (out == 0) → out - (out == 0)", _MASKED),
    ("ops/linalg.py", "return np.zeros", "np.zeros(x.shape, x.dtype) → ", "zeros"),
    ("ops/linalg.py", "(ord == 2 and len(axes) == 1)", "1 → ", "the general norm at p = 2 is the same formula"),
    (
        "ops/linalg.py",
        "(ord == 2 and len(axes) == 1)",
        "len(axes) == 1 → ",
        "the general norm at p = 2 is the same formula",
    ),
    ("ops/linalg.py", "np.max if ord > 0", "ord > 0 → ord >= 0", "ord = 0 has left before"),
    ("ops/linalg.py", "n = x.shape[-1]", "1 → 2", "the matrix is square"),
    ("ops/linalg.py", "(out == 0)", "out + (out == 0) → out - (out == 0)", _MASKED),
    (
        "norms.py",
        "1e-15 <",
        "1e-15",
        "where the squares are scaled before they are summed; both ways are exact there",
    ),
    ("initializers.py", "np.abs(z) > 2", "np.abs(z) > 2 → ", "no number that is drawn is exactly 2"),
    ("initializers.py", "return z * (std", "z * (std / _STD_BETWEEN_2) → -", "the distribution is symmetric"),
    ("layers/activation.py", "self.lower = checks", "1 → 2", "upper, from lower to 1, refuses it as well"),
    ("layers/noise.py", "keep == 1 else x * keep", "1 → 2", "x · 1 is x"),
    ("loss_inputs.py", "elif given", "", "which advice a message gives"),
    ("loss_inputs.py", "TOLERANCE", "", "how far from 1 rows may sum is a matter of taste"),
    (
        "ops/pooling.py",
        "_max_pool2d_x(np.expand_dims(g, 2)",
        "2 → 3",
        "one row or one column: the same numbers in the same order",
    ),
    ("ops/products.py", "if x.ndim == 2 and y.ndim == 2:", "", "a short cut of the general way"),
    ("ops/products.py", "if y.ndim <= 2:", "y.ndim <= 2 → y.ndim < 2", "a short cut of the general way"),
    ("ops/products.py", "if y.ndim == 1 else np.expand_dims(x, -1)", "-1 → 1", "the new axis of a vector"),
    ("ops/reductions.py", "or 1  # the mean of nothing", "1 → 2", "there is nothing to divide"),
    ("ops/reductions.py", "(out == 0)", "out + (out == 0) → out - (out == 0)", _MASKED),
    ("ops/reductions.py", "out == -np.inf, 0.0", "0.0 → 0.01", "any number will do beside −∞"),
    ("optim/clipping.py", "if r < norm", "r < norm < math.inf → r <= norm < math.inf", _SAME),
    (
        "optim/clipping.py",
        "1e-15 <",
        "1e-15",
        "where the squares are scaled before they are summed; both ways are exact there",
    ),
    ("optim/clipping.py", "itemsize < 4", "", "float32 as float32"),
    ("optim/schedules.py", "t >= steps", "t >= steps → t > steps", _SAME),
    ("optim/optimizer.py", "spaces = 2 if", "", _ROOM),
    ("optim/optimizer.py", "for _ in range(2)", "2 → 3", _ROOM),
    ("optim/optimizer.py", "self.measured_at(w, spaces[0]", "0 → 1", _ROOM),
]

SWAPPED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip
SECONDS = 120  # a mutant that runs longer hangs: killed


@dataclass
class Mutant:
    """A file with one change."""

    path: str  # below the package
    line: int
    change: str
    source: str
    op: str  # the op whose derivative it is, "" elsewhere
    text: str  # the line as it was

    @property
    def is_equivalent(self) -> bool:
        return any(
            self.path == path and fragment in self.text and self.change.startswith(change)
            for path, fragment, change, _ in EQUIVALENT
        )

    def __str__(self) -> str:
        return f"tinygrad_reg/{self.path}:{self.line}: {self.change}    in  {self.text}"


# ---- making them


def mutants_of(path: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    text = (PACKAGE / path).read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    for root, op, returns in formulas(tree, derivatives_only=path.startswith("ops/")):
        for node, changed, change in changes(root, returns):
            original = copy.copy(node.__dict__)
            node_class = node.__class__
            node.__dict__.clear()
            node.__dict__.update(changed.__dict__)
            node.__class__ = changed.__class__
            source = ast.unparse(ast.fix_missing_locations(tree))
            node.__class__ = node_class
            node.__dict__.clear()
            node.__dict__.update(original)
            yield Mutant(path, node.lineno, change, source, op, lines[node.lineno - 1].strip())


def unchanged_file(path: str) -> Mutant:
    """The file as it is, which has to pass: otherwise all mutants would die of something else."""
    return Mutant(path, 0, "", (PACKAGE / path).read_text(encoding="utf-8"), "", "")


def formulas(tree: ast.Module, derivatives_only: bool) -> Iterator[tuple[ast.AST, str, list[ast.expr]]]:
    """(where to look for changes, the op it belongs to, the results that are to be scaled and turned round)."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and not derivatives_only:
            yield node, "", []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for slope in [x for x in ast.walk(node.value) if isinstance(x, ast.Lambda)]:
                yield slope.body, node.targets[0].id, [slope.body]
        elif isinstance(node, ast.FunctionDef):
            op = derived(node)
            if op or not derivatives_only or node.name == "_zero":
                returned = [r.value for r in ast.walk(node) if isinstance(r, ast.Return)] if numeric(node) else []
                yield node, op, [x for value in returned for x in results(value)]
        elif isinstance(node, ast.ClassDef) and not derivatives_only:
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name not in ("__repr__", "where", "_refuse"):
                    yield item, "", []


def numeric(function: ast.FunctionDef) -> bool:
    """Whether it may return numbers, by its annotation."""
    return function.returns is None or ast.unparse(function.returns) in ("Any", "Tensor", "float", "np.ndarray")


def derived(function: ast.FunctionDef) -> str:
    """The op whose derivative this function is, by its decorator `@name.derivative(...)`; "" where it is none."""
    for decorator in function.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr.startswith("derivative") and isinstance(call.value, ast.Name):
            return call.value.id.strip("_").removesuffix("_op")
    return ""


def results(value: ast.expr | None) -> list[ast.expr]:
    """The shares among what a derivative returns: of a derivative of all inputs, one for each."""
    if isinstance(value, ast.Tuple):
        return [x for x in value.elts if not isinstance(x, (ast.Starred, ast.Constant))]
    if isinstance(value, (ast.ListComp, ast.GeneratorExp)):
        return results(value.elt)
    if isinstance(value, ast.IfExp):
        return results(value.body) + results(value.orelse)
    return [] if value is None or isinstance(value, ast.Constant) else [value]


def changes(root: ast.AST, returns: list[ast.expr]) -> Iterator[tuple[Any, ast.AST, str]]:
    """(node, what stands in its place, how to say it)."""
    for value in returns:
        was = ast.unparse(value)
        for text in (f"-({was})", f"({was}) * 1.01"):
            yield value, ast.parse(text, mode="eval").body, f"{was} → {text}"
    silent = {id(x) for skipped in ast.walk(root) for x in nothing_to_change(skipped)}
    for node in ast.walk(root):
        if id(node) in silent:
            continue
        was = ast.unparse(node) if isinstance(node, ast.expr) else ""
        changed: Any = copy.deepcopy(node)
        if isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
            changed.op = SWAPPED[type(node.op)]()
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
            changed.ops[0] = SWAPPED[type(node.ops[0])]()
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            changed = changed.operand
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            changed.value = node.value + 1 if isinstance(node.value, int) else node.value * 1.01 or 0.01
        else:
            continue
        yield node, changed, f"{was} → {ast.unparse(changed)}"


def nothing_to_change(node: ast.AST) -> Iterator[ast.AST]:
    """What is no formula: messages, docstrings and annotations."""
    if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Assert)) or is_warning(node):
        yield from ast.walk(node)
    elif isinstance(node, ast.FunctionDef):
        parts = [*node.decorator_list, node.returns, *(a.annotation for a in (*node.args.args, *node.args.kwonlyargs))]
        for part in parts:
            yield from ast.walk(part) if part is not None else ()
    elif isinstance(node, ast.AnnAssign):
        yield from ast.walk(node.annotation)


def is_warning(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("warn", "TypeError", "ValueError"))


# ---- killing them


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
    """Whether the op's rows in the table of cases agree with differences: what test_ops.py::test_gradients_are_slopes asks."""
    import tinygrad_reg as tg
    from tests.ops.test_ops import CASES

    for case in CASES:
        if case.op == mutant.op:
            tg.check_grad(case.call, *case.inputs, order=case.order)
    return True


def tests_pass(tests: Sequence[str]) -> bool:
    import pytest

    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *tests]) == pytest.ExitCode.OK


def survives(mutant: Mutant) -> bool:
    """Whether it does: the quickest tests that belong to it go first."""
    if mutant.op:
        if not in_its_place(mutant, lambda: its_own_cases_pass(mutant)):
            return False
        family = f"tests/ops/test_{Path(mutant.path).stem}.py"
        if (ROOT / family).exists() and not in_its_place(mutant, lambda: tests_pass([family])):
            return False
    return in_its_place(mutant, lambda: tests_pass(TARGETS[mutant.path]))


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
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Which wrong formulas no test sees.")
    parser.add_argument("words", nargs="*", help="only files whose path has one of these words")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--list", action="store_true", help="show the mutants, run nothing")
    options = parser.parse_args(arguments)
    paths = [path for path in TARGETS if not options.words or any(word in path for word in options.words)]
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    if options.list:
        print(*mutants, f"{len(mutants)} mutants", sep="\n")
        return 0
    os.chdir(ROOT)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    import numpy  # noqa: F401 - loaded once, for all processes
    import pytest  # noqa: F401

    for unchanged, alive in verdicts([unchanged_file(path) for path in paths], options.jobs):
        if not alive:
            print(f"the tests of tinygrad_reg/{unchanged.path} fail as it is: mend that first")
            return 2
    started, survivors, known = time.time(), [], 0
    for done, (mutant, alive) in enumerate(verdicts(mutants, options.jobs), start=1):
        print(f"\r{done}/{len(mutants)}", end="\r", file=sys.stderr, flush=True)
        if alive and mutant.is_equivalent:
            known += 1
        elif alive:
            survivors.append(mutant)
            print(mutant, flush=True)
    killed = len(mutants) - len(survivors) - known
    print(f"{len(mutants)} mutants in {time.time() - started:.0f} s: {killed} killed, {known} equivalent, ", end="")
    print(f"{len(survivors)} survived")
    return 1 if survivors else 0


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

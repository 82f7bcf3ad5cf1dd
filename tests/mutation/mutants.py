"""What a mutant is, and how all those of a file are made."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .equivalent import EQUIVALENT

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tinygrad_reg"

SWAPPED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


@dataclass
class Mutant:
    """A file with one change."""

    path: str  # below the package
    line: int
    column: int
    change: str
    source: str
    op: str  # the op whose forward or derivative it is, "" elsewhere
    text: str  # the line as it was

    @property
    def is_equivalent(self) -> bool:
        """Whether somebody has said why no test can tell."""
        return any(
            self.path == path and fragment in self.text and self.change.startswith(change)
            for _, same in EQUIVALENT.items()
            for path, fragment, change in same
        )

    def __str__(self) -> str:
        return f"tinygrad_reg/{self.path}:{self.line}:{self.column}: {self.change}    in  {self.text}"


def mutants_of(path: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    text = (PACKAGE / path).read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    for root, op, returns in formulas(tree):
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
            yield Mutant(path, node.lineno, node.col_offset, change, source, op, lines[node.lineno - 1].strip())


def stale() -> Iterator[tuple[str, str]]:
    """What EQUIVALENT speaks of, and no line has any more: (file, part of a line)."""
    for path, fragment, _ in (entry for same in EQUIVALENT.values() for entry in same):
        file = PACKAGE / path
        if not (file.exists() and fragment in file.read_text(encoding="utf-8")):
            yield path, fragment


def unchanged_file(path: str) -> Mutant:
    """The file as it is, which has to pass: otherwise all mutants would die of something else."""
    return Mutant(path, 0, 0, "", (PACKAGE / path).read_text(encoding="utf-8"), "", "")


def formulas(tree: ast.Module) -> Iterator[tuple[ast.AST, str, list[ast.expr]]]:
    """(where to look for changes, the op it belongs to, the results that are to be scaled and turned round)."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            slopes = [x for x in ast.walk(node.value) if isinstance(x, ast.Lambda)]
            if not slopes or not isinstance(node.targets[0], ast.Name):
                yield node, "", []
            for slope in slopes:
                yield slope.body, node.targets[0].id if isinstance(node.targets[0], ast.Name) else "", [slope.body]
        elif isinstance(node, ast.FunctionDef):
            returned = [r.value for r in ast.walk(node) if isinstance(r, ast.Return)] if numeric(node) else []
            yield node, op_of(node), [x for value in returned for x in results(value)]
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name not in ("__repr__", "where", "_refuse"):
                    yield item, "", []


def numeric(function: ast.FunctionDef) -> bool:
    """Whether it may return numbers, by its annotation."""
    return function.returns is None or ast.unparse(function.returns) in ("Any", "Tensor", "float", "np.ndarray")


def op_of(function: ast.FunctionDef) -> str:
    """The op whose forward or derivative this is, by the decorator `@primitive` or `@name.derivative(...)`; else ""."""
    for decorator in function.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr.startswith("derivative") and isinstance(call.value, ast.Name):
            return call.value.id.strip("_").removesuffix("_op")
        if isinstance(call, ast.Name) and call.id == "primitive":
            return function.name.strip("_").removesuffix("_op")
    return ""


def results(value: ast.expr | None) -> list[ast.expr]:
    """The numbers among what a function returns: of a derivative of all inputs, one for each."""
    if isinstance(value, ast.Tuple):
        return [x for x in value.elts if not isinstance(x, (ast.Starred, ast.Constant, ast.Tuple))]
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
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPPED:
            changed.op = SWAPPED[type(node.op)]()
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
            changed.ops[0] = SWAPPED[type(node.ops[0])]()
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            changed = changed.operand
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            changed.value = node.value + 1 if isinstance(node.value, int) else node.value * 1.01 or 0.01
        else:
            continue
        yield node, changed, f"{was or ast.unparse(node)} → {ast.unparse(changed)}"


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
    """A call that warns, or makes an exception."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("warn", "TypeError", "ValueError"))

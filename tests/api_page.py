"""Writes docs/api.md, the list of everything public with its call and the first sentences of its docstring.

python -m tests.api_page    (or: make stubs)
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import tinygrad_reg as tg
from tests.ops_page import cell, code, first_paragraph
from tests.stub import parameters

PAGE = Path(__file__).parent.parent / "docs" / "api.md"

HEAD = """\
# Everything public

A line for each class and function, as `help()` begins. This page is written from the docstrings by `make stubs`; a test
keeps it true. The ops, and the methods that they add to Tensor, have [a table of their own](ops.md).

`import tinygrad_reg as tg` and `import viz`. What stands under `tg.layers` and `tg.training` is at the top too, as
`tg.Dense`; so is `tg.compile`.
"""

# The names of each part are found: __all__ of a package, or what a module itself defines.
PARTS = {
    "tg": "tinygrad_reg",
    "tg.layers": "tinygrad_reg.layers",
    "tg.losses": "tinygrad_reg.losses",
    "tg.metrics": "tinygrad_reg.metrics",
    "tg.initializers": "tinygrad_reg.initializers",
    "tg.penalties": "tinygrad_reg.penalties",
    "tg.constraints": "tinygrad_reg.constraints",
    "tg.optim": "tinygrad_reg.optim",
    "tg.optim.schedules": "tinygrad_reg.optim.schedules",
    "tg.training": "tinygrad_reg.training",
    "tg.program": "tinygrad_reg.program",
    "tg.data": "tinygrad_reg.data",
    "tg.data.augmentation": "tinygrad_reg.data.augmentation",
    "tg.diagnostics": "tinygrad_reg.diagnostics",
    "viz": "viz",
}


def public(module: ModuleType) -> dict[str, Any]:
    """What a module offers its users, by name."""
    if module is tg:
        elsewhere = {"compile", "dead_units", "head_for", *tg.layers.__all__, *tg.training.__all__}
        names = [name for name in vars(tg) if name not in elsewhere]
    elif hasattr(module, "__all__"):
        names = list(module.__all__)
    else:
        inside = f"{module.__name__}." if hasattr(module, "__path__") else module.__name__
        names = [name for name, value in vars(module).items() if str(_home(value)).startswith(inside)]
    found = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {name: value for name, value in found.items() if callable(value)}


def _home(value: Any) -> Any:
    return value.__module__ if inspect.isfunction(value) or inspect.isclass(value) else None


def page() -> str:
    """The text of docs/api.md."""
    tables = [HEAD]
    for title, name in PARTS.items():
        module = importlib.import_module(name)
        rows = [_row(name, value) for name, value in sorted(public(module).items(), key=lambda item: item[0].lower())]
        tables.append(_table(title, first_paragraph(module), rows))
        if module is tg:
            tables.append(_table("Tensor", "What a Tensor has, beside the methods of the ops.", _of_tensor()))
    return "\n".join(tables)


def _table(title: str, about: str, rows: list[str]) -> str:
    return "\n".join([f"## {title}\n", f"{about}\n", "| name | what it is |", "|---|---|", *rows, ""])


def _row(name: str, value: Any) -> str:
    raised = inspect.isclass(value) and issubclass(value, Exception)
    call = name if raised else f"{name}({_arguments(value)})"
    return f"| {code(call)} | {cell(first_paragraph(value))} |"


def _of_tensor() -> list[str]:
    members = {name: value for name, value in vars(tg.Tensor).items() if not name.startswith("_")}
    members["backward"] = tg.Tensor.backward
    shown = {name: value for name, value in members.items() if inspect.getdoc(value) and _belongs(value)}
    return [
        f"| {code(f't.{name}')} | {cell(first_paragraph(value))} |"
        if isinstance(value, property)
        else _row(f"t.{name}", value)
        for name, value in sorted(shown.items())
    ]


def _belongs(value: Any) -> bool:
    return isinstance(value, property) or inspect.isfunction(value)


def _arguments(value: Any) -> str:
    """The names of a call's arguments, with = where they may be left out."""
    texts = []
    for parameter in parameters(value):
        if parameter is None:
            texts.append("*")
        elif not (parameter.name in ("self", "output") and not texts and _is_method(value)):
            mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            texts.append(mark + parameter.name + ("" if parameter.default is parameter.empty else "="))
    return ", ".join(texts)


def _is_method(function: Any) -> bool:
    return getattr(tg.Tensor, function.__name__, None) is function


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")

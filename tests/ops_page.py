"""Writes docs/ops.md, the table of all ops, from what the ops say about themselves.

python -m tests.ops_page    (or: make stubs)
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from tests.stub import closure
from tinygrad_reg import ops as tg_ops
from tinygrad_reg.dispatch import _name as name_of
from tinygrad_reg.methods import Methods
from tinygrad_reg.primitive import Derivative, Primitive, numpy_rules, questions, registry

PAGE = Path(__file__).parent.parent / "docs" / "ops.md"

HEAD = """\
# The ops

Every op of the engine, a family a table. This page is written from the registry by `make stubs`; a test keeps it true.

- **formula**: what the op computes, in the names of its inputs. Every op is `tg.ops.name`; what else calls it stands
  below its name.
- **local derivative**: the derivative with respect to each input, in the same names; `out` is the result. In an
  elementwise op it is multiplied with the upstream gradient G, element by element. For other ops, how the two meet
  stands behind it.
- **in words**: why it is so.

Inputs come before the `*` and are differentiable (– marks those that are not: indices, conditions). Options come
behind it. Some names in `tg.ops` are functions that make a call in NumPy's own form and then apply the op of that name:
NAMES.
"""

COMPOSED = """\
## NumPy functions that are written with ops

They need no derivative of their own.

| function | what it is | file |
|---|---|---|
"""

QUESTIONS = """\
## NumPy functions that are answered on the values

Their answer is a plain array, and no gradient flows through it. The comparisons `== != < <= > >=` are answered so too.

"""

OPERATORS = {
    "__add__": "x + y", "__sub__": "x - y", "__mul__": "x * y", "__truediv__": "x / y", "__pow__": "x ** y",
    "__matmul__": "x @ y", "__floordiv__": "x // y", "__mod__": "x % y", "__neg__": "-x", "__pos__": "+x",
    "__abs__": "abs(x)", "__getitem__": "x[i]", "__round__": "round(x)",
}  # fmt: skip


def page() -> str:
    """The text of docs/ops.md for the ops of the house."""
    ops = [op for op in registry.values() if op.__module__.startswith("tinygrad_reg.")]
    families: dict[str, list[Primitive]] = {}
    for op in ops:
        families.setdefault(op.__module__, []).append(op)
    wrapped = sorted(code(op.name) for op in ops if vars(tg_ops)[op.name] is not op)
    tables = [
        HEAD.replace("NAMES", ", ".join(wrapped)),
        *(_family(module, families[module]) for module in sorted(families)),
    ]
    return "\n".join([*tables, COMPOSED + _composed(), QUESTIONS + _questions()])


def _family(module: str, ops: list[Primitive]) -> str:
    title = module.rpartition(".")[2]
    rows = [_row(op) for op in ops]
    return "\n".join(
        [
            f"## {title}\n",
            f"{first_paragraph(sys.modules[module])} ([source](../{module.replace('.', '/')}.py))\n",
            "| op | formula | local derivative | in words |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(op: Primitive) -> str:
    inputs = [f"*{name}" if op.variadic and name == op.inputs[-1] else name for name in op.inputs]
    options = [f"{name}=" for name in op.options]
    call = ", ".join([*inputs, *(["*"] if options and not op.variadic else []), *options])
    words = " ".join(filter(None, [op.why, op.undefined]))
    calls = ", ".join(code(each) for each in _other_calls(op))
    name = code(f"{op.name}({call})") + (f"<br>{calls}" if calls else "")
    return f"| {name} | {cell(first_paragraph(op))} | {_locals(op)} | {cell(words)} |"


def _locals(op: Primitive) -> str:
    if op.of_all is not None:
        return _local(op, op.of_all)
    shares = [_local(op, derivative) if derivative else "–" for derivative in op.derivatives]
    if len(shares) < 2:
        return "".join(shares) or "none: it is drawn anew at each call"
    return "<br>".join(f"{name}: {share}" for name, share in zip(op.inputs, shares, strict=True))


def _local(op: Primitive, derivative: Derivative) -> str:
    how = "" if op.elementwise else f" ({derivative.how})"
    return code(derivative.local) + cell(how)


def _other_calls(op: Primitive) -> list[str]:
    """What calls the op beside tg.ops: NumPy functions, methods and operators."""
    functions = [name_of(function) for function, rule in numpy_rules.items() if rule is op and callable(function)]
    methods = [name for name, method in vars(Methods).items() if closure(method).get("self") is op]
    named = [f"t.{name}" for name in methods if not name.startswith("__")]
    return [*sorted({*functions}), *named, *_operators(op)]


def _operators(op: Primitive) -> list[str]:
    return [
        text
        for name, text in OPERATORS.items()
        if closure(vars(Methods).get(name)).get("self") is op and not name.startswith("__r")
    ]


def _composed() -> str:
    rows = []
    for function, rule in numpy_rules.items():
        if isinstance(rule, Primitive) or not callable(function) or rule.__module__ == "tinygrad_reg.ops.questions":
            continue
        if rule.__name__.startswith("_"):
            continue  # those that would write into a Tensor: they raise
        own = inspect.unwrap(rule)
        module = str(own.__module__)
        rows.append(
            f"| {code(name_of(function))} | {cell(first_paragraph(own))} | "
            f"[{module.rpartition('.')[2]}](../{module.replace('.', '/')}.py) |"
        )
    return "\n".join(sorted(rows)) + "\n"


def _questions() -> str:
    return ", ".join(sorted(code(name_of(function)) for function in questions)) + "\n"


def first_paragraph(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def code(text: str) -> str:
    return f"`{cell(text)}`"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")

"""What a function's code refers to by name, found in its bytecode: nothing is run, and no source is needed."""

from __future__ import annotations

import dis
import functools
import re
from collections import Counter
from collections.abc import Collection, Iterator
from types import CodeType
from typing import Any, NamedTuple

_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_ATTR", "LOAD_METHOD"}
_SILENT = {"PUSH_NULL", "PRECALL", "CACHE", "RESUME", "EXTENDED_ARG", "NOP", "KW_NAMES"}
_BETWEEN = {"LOAD_CONST", "LOAD_SMALL_INT", "COPY", "BINARY_SUBSCR", "LOAD_FAST", "LOAD_FAST_BORROW"}
_NAME = re.compile(r"[^\W\d]\w*")
_BY_WORD = {"getattr", "hasattr", "vars", "globals", "__dict__", "attrgetter", "format", "asdict", "MATCH_CLASS"}
_GROWING = {"append", "add", "extend", "insert", "update"}


class Read(NamedTuple):
    """A name with the attributes asked of it, such as ("np", "random", "default_rng"), and where."""

    path: tuple[str, ...]
    is_called_empty: bool  # with nothing between its brackets
    line: int
    is_import: bool = False


def codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def names(code: CodeType) -> set[str]:
    """Every name, and every word that getattr may be given."""
    return {
        name
        for part in codes(code)
        for name in (
            *part.co_names,
            *(word for constant in part.co_consts for word in words(constant)),
        )
    }


def words(constant: Any) -> Iterator[str]:
    """The names in a constant: "a.word", several (as `match` has them), or those of "{x.name}".format(x=x)."""
    if isinstance(constant, tuple):
        for part in constant:
            yield from words(part)
    elif isinstance(constant, str):
        parts = constant.split(".")
        yield from parts if all(map(str.isidentifier, parts)) else _NAME.findall(constant) if "{" in constant else []


def reads(code: CodeType) -> list[Read]:
    """What is read of the function's globals and closure, and what is imported inside."""
    found = []
    for part in codes(code):
        steps, line = _steps(part), part.co_firstlineno
        for i, step in enumerate(steps):
            line = (step.positions.lineno if step.positions else None) or line
            if step.opname == "IMPORT_NAME":
                dots = "." * (steps[i - 2].argval or 0)  # from ..settings import k
                found.append(Read((dots + step.argval,), False, line, is_import=True))
            if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
                continue
            path, j = [step.argval], i + 1
            while j < len(steps) and steps[j].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                path.append(steps[j].argval)
                j += 1
            empty = j < len(steps) and steps[j].opname == "CALL" and steps[j].arg == 0
            found.append(Read(tuple(path), empty, line))
    return found


def uses(code: CodeType, local: Collection[str] = ()) -> Counter[str]:
    """How often each name is read, leaving out what only counts or gathers: n += 1, table[key] += 1, seen.append(x).

    `local`: the parameters that are looked at as well.
    """
    found: Counter[str] = Counter()
    for part in codes(code):
        steps = _steps(part)
        if not _BY_WORD.isdisjoint({*part.co_names, *(step.opname for step in steps)}):  # what it reads is a constant
            found.update(word for constant in part.co_consts for word in words(constant))
        for i, step in enumerate(steps):
            named = step.argval if isinstance(step.argval, tuple) else (step.argval,)  # two at a time
            read = named if step.opname in _LOADS else [x for x in named if x in local and "LOAD_FAST" in step.opname]
            found.update(name for name in read if not _only_changes(name, steps[i + 1 :]))
    return found


def _only_changes(name: str, following: list[dis.Instruction]) -> bool:
    """Whether what comes of it goes back to where it was read (of loss += n, n does not), or it is grown."""
    is_element, above = False, 0  # things on the stack since
    for i, step in enumerate(following):
        if step.opname == "BINARY_OP" and step.argrepr.endswith("="):
            to = next(after for after in following[i + 1 :] if after.opname != "SWAP")
            return to.opname == "STORE_SUBSCR" if is_element else to.argval == name
        is_subscript = step.opname == "BINARY_SUBSCR" or step.argrepr == "[]"
        if step.opname not in _BETWEEN and not is_subscript:
            return not i and step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _GROWING
        if not is_element:
            if not above and (is_subscript or step.opname == "COPY"):
                return False  # it is the key: tally[n] += 1
            above += -1 if is_subscript else 1
        is_element |= step.opname == "COPY"  # of a table and a key, to write there
    return False


@functools.lru_cache(256)
def _steps(code: CodeType) -> list[dis.Instruction]:
    """The instructions that do something; to find them takes longer than what is asked of them."""
    return [step for step in dis.get_instructions(code) if step.opname not in _SILENT]

"""What bytecode tells of a function: the same in every version of Python."""

from __future__ import annotations

import numpy as np

from tinygrad_reg.program.bytecode import Read, names, reads, uses

n, table, seen, holder = 0, {}, [], None


def counting(x):
    global n
    n += 1
    table["n"] += 1
    seen.append(x)
    holder.count += 1
    holder.seen.append(x)


def reading(x):
    global n
    n = n + 1
    holder.count = holder.count + 1
    table["n"] = table["n"] + 1
    return len(seen), [n for _ in x]


def adding(x):
    x += n
    x *= holder.count
    x -= table["n"]
    holder.seen[0] += seen[0]
    return x


def asking(x):
    import time

    np.random.default_rng()
    np.random.default_rng(3)
    np.random.default_rng(seed=3)
    return time.time() + getattr(holder, "word")  # noqa: B009


def test_what_only_counts_or_gathers_is_no_use():
    found = uses(counting.__code__)
    assert {name: found[name] for name in ("n", "table", "seen", "count")} == {
        "n": 0,
        "table": 0,
        "seen": 0,
        "count": 0,
    }


def test_what_is_read_is_of_use():
    found = uses(reading.__code__)
    assert {name: found[name] for name in ("n", "table", "seen", "count")} == {
        "n": 2,
        "table": 2,
        "seen": 1,
        "count": 1,
    }


def test_what_is_added_to_something_else_is_of_use():
    found = uses(adding.__code__)
    assert {name: found[name] for name in ("n", "table", "seen", "count")} == {
        "n": 1,
        "table": 1,
        "seen": 2,
        "count": 1,
    }


def test_reads_have_paths_and_calls_without_arguments_are_known():
    found = reads(asking.__code__)
    generators = [read.is_called_empty for read in found if read.path == ("np", "random", "default_rng")]
    assert generators == [True, False, False]
    assert [read.path for read in found if read.is_import] == [("time",)]
    assert found[1].line - asking.__code__.co_firstlineno == 3


def test_names_are_those_of_variables_attributes_and_words():
    assert {"random", "default_rng", "getattr", "word", "holder"} <= names(asking.__code__)
    outer, inner = 1, lambda: outer
    assert [read.path for read in reads(inner.__code__)] == [("outer",)]


def test_what_is_asked_by_a_word_or_a_pattern_is_read():
    def asks(thing):
        return getattr(thing, "a", 0), vars(thing)["b"]

    def matches(thing):
        match thing:
            case Read(line=1):
                return thing

    def sets(thing):
        setattr(thing, "d", 1)  # noqa: B010

    assert {"a", "b"} <= uses(asks.__code__).keys()
    assert "line" in uses(matches.__code__)
    assert "d" not in uses(sets.__code__)

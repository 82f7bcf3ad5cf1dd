"""The walk through code: what a function names and keeps, modules that it imports, code that is exchanged."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])
__K = 1.0


def test_a_name_with_two_underscores_is_read_anew(monkeypatch):
    fast = tg.compile(lambda x: x * __K)
    assert equal(fast(X), X)
    monkeypatch.setitem(globals(), "__K", 3.0)
    assert equal(fast(X), 3 * X)


def test_a_global_that_only_globals_names_is_read_anew(monkeypatch):
    fast = tg.compile(lambda x: x * globals()["__K"])
    assert equal(fast(X), X)
    monkeypatch.setitem(globals(), "__K", 3.0)
    assert equal(fast(X), 3 * X)


def of_a_default(x, st=[0]):  # noqa: B006
    st[0] += 1
    return x * st[0]


def of_an_option(x, *, st={"n": 0}):  # noqa: B006
    st["n"] += 1
    return x * st["n"]


def of_itself(x):
    of_itself.n += 1
    return x * of_itself.n


@tg.compile
def of_the_compiled(x):
    of_the_compiled.n += 1
    return x * of_the_compiled.n


def helper(x, st=[0]):  # noqa: B006
    st[0] += 1
    return x * st[0]


of_itself.n = of_the_compiled.n = 0


@pytest.mark.parametrize("step", [of_a_default, of_an_option, of_itself, of_the_compiled, lambda x: helper(x)])
def test_what_a_function_keeps_and_reads_is_refused(step):
    fast = step if step is of_the_compiled else tg.compile(step)
    for n in range(1, 5):
        try:
            assert equal(fast(X), n * X)
        except RuntimeError as error:
            assert "at each call, and reads it" in str(error)
            break
    else:
        pytest.fail("it was not refused")


def test_what_a_function_only_counts_is_counted_at_captures():
    def step(x, st=[0], seen=[]):  # noqa: B006
        st[0] += 1
        seen.append(1)
        return x * 2

    fast = tg.compile(step)
    for _ in range(3):
        assert equal(fast(X), 2 * X)
    assert len(fast._programs) == 1 and step.__defaults__ == ([1], [1])


def twice(x):
    return x * 2


def thrice(x):
    return x * 3


def test_code_that_is_exchanged_is_seen(monkeypatch):
    fast = tg.compile(lambda x: twice(x))
    assert equal(fast(X), 2 * X)
    monkeypatch.setattr(twice, "__code__", thrice.__code__)  # as IPython's autoreload does
    assert equal(fast(X), 3 * X)


def test_other_defaults_of_an_option_are_seen():
    def scaled(x, *, k=1.0):
        return x * k

    fast = tg.compile(lambda x: scaled(x))
    assert equal(fast(X), X)
    scaled.__kwdefaults__["k"] = 3.0
    assert equal(fast(X), 3 * X)
    scaled.__kwdefaults__ = {"k": 4.0}
    assert equal(fast(X), 4 * X)


@pytest.mark.parametrize("how", ["module", "name", "inside another", "in two functions"])
def test_a_module_that_is_imported_inside_is_read_anew(how, monkeypatch):
    outer, inner = types.ModuleType("settings_of_a_test"), types.ModuleType("settings_of_a_test.inner")
    outer.k = inner.k = outer.other = 1.0
    outer.inner = inner
    outer.__path__ = []
    monkeypatch.setitem(sys.modules, "settings_of_a_test", outer)
    monkeypatch.setitem(sys.modules, "settings_of_a_test.inner", inner)

    def module(x):
        import settings_of_a_test as cfg

        return x * cfg.k

    def name(x):
        from settings_of_a_test import k

        return x * k

    def deeper(x):
        from settings_of_a_test import inner

        return x * inner.k

    def again(x):
        import settings_of_a_test as cfg

        return x * cfg.other

    def twice(x):
        return deeper(x) * again(x) / x

    def inside(x):
        from settings_of_a_test import inner

        return x * inner.k

    fast = tg.compile({"module": module, "name": name, "inside another": inside, "in two functions": twice}[how])
    assert equal(fast(X), X)
    outer.k = inner.k = 3.0
    assert equal(fast(X), 3 * X)
    outer.other = 2.0
    assert equal(fast(X), (6 if how == "in two functions" else 3) * X)

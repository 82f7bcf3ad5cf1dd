"""The examples in the ops' docstrings run (an op is an object, and pytest looks for examples in functions only)."""

import doctest
import sys

import pytest

from tinygrad_reg.primitive import registry

OPS = [op for op in registry.values() if op.__module__.startswith("tinygrad_reg.") and ">>>" in (op.__doc__ or "")]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_example(op):
    names = vars(sys.modules[op.__module__]).copy()
    example = doctest.DocTestParser().get_doctest(op.__doc__, names, op.name, None, 0)
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0

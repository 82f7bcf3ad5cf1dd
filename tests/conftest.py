"""What every test starts from: a registry without other tests' ops, the default modes, a seeded generator."""

import signal

import pytest

import tinygrad_reg as tg
from tinygrad_reg.primitive import numpy_rules, registry


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard():
    """A shell that starts the tests in its background has them ignore Ctrl-C, which some of them are about."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_registry():
    """Ops that a test registers are gone after it."""
    ops, rules = dict(registry), dict(numpy_rules)
    yield
    for table, before in ((registry, ops), (numpy_rules, rules)):
        table.clear()
        table.update(before)


@pytest.fixture(autouse=True)
def seeded():
    """Random ops draw the same numbers in every run."""
    tg.seed(0)

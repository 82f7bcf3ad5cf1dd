"""What is different each time, and what a program would do only once: clocks, random numbers, iterators."""

from __future__ import annotations

import copy
import datetime
import itertools
import os
import random
import threading
import time
import types

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import equal

X = np.array([1.0, 2.0])


def unseeded(x):
    return x + np.random.default_rng().normal(size=x.shape)


def of_the_clock(x):
    return x * time.time()


def of_the_date(x):
    return x * datetime.datetime.now().second


def of_the_system(x):
    return x * len(os.urandom(3))


def imported_inside(x):
    import time

    return x * time.time()


def new_python_generator(x):
    return x * random.Random().random()


REFUSED = [unseeded, of_the_clock, of_the_date, of_the_system, imported_inside, new_python_generator]


@pytest.mark.parametrize("step", REFUSED, ids=lambda step: step.__name__)
def test_what_a_program_would_do_only_once_is_refused(step):
    with pytest.raises(RuntimeError, match=r"(?s)line \d+ of test_once.py.*only once.*tg\.ops\.normal"):
        tg.compile(step)(X)


def test_random_numbers_of_the_system_are_refused():
    system = random.SystemRandom()
    with pytest.raises(RuntimeError, match="random numbers of the system"):
        tg.compile(lambda x: x * system.random())(X)


def test_a_generator_from_a_seed_gives_the_same_numbers():
    def step(x):
        return x + np.random.default_rng(3).normal(size=x.shape)

    fast = tg.compile(step)
    assert equal(fast(X), step(X)) and equal(fast(2 * X), step(2 * X))


RNG = np.random.default_rng(3)
NEW = {
    "generator": lambda x: tg.ops.normal(shape=x.shape, rng=np.random.default_rng(0)) * x,
    "layer": lambda x: tg.Dropout(0.5, rng=0)(x),
    "copy": lambda x: tg.ops.normal(shape=x.shape, rng=copy.deepcopy(RNG)) * x,
    "copy of a model": lambda x: copy.deepcopy(DROPOUT)(x),
    "child": lambda x: tg.ops.normal(shape=x.shape, rng=RNG.spawn(1)[0]) * x,
}


DROPOUT = tg.Sequential(tg.Dropout(0.5, rng=0))


@pytest.mark.parametrize("step", NEW.values(), ids=NEW)
def test_a_generator_that_the_step_makes_for_an_op_is_refused(step):
    """The program would go on with it, and the step begins anew."""
    with pytest.raises(RuntimeError, match=r"generator that it makes itself.*outside of the step"):
        tg.compile(step)(X)


HOLDER = types.SimpleNamespace(rng=np.random.default_rng(1))


KEPT = {
    "global": lambda x: tg.ops.normal(shape=x.shape, rng=RNG) * x,
    "attribute": lambda x: tg.ops.normal(shape=x.shape, rng=HOLDER.rng) * x,
    "layer": lambda x: DROPOUT(x),
    "thread": lambda x: tg.ops.normal(shape=x.shape) * x,
    "seed": lambda x: tg.ops.normal(shape=x.shape, rng=0) * x,
    "given": lambda x, rng: tg.ops.normal(shape=x.shape, rng=rng) * x,
}


@pytest.mark.parametrize("how", KEPT)
def test_a_generator_that_was_there_goes_on(how):
    generators = [RNG, HOLDER.rng, DROPOUT[0].rng]
    given = [RNG] if how == "given" else []
    fast, found, before = tg.compile(KEPT[how]), [], [copy.deepcopy(g.bit_generator.state) for g in generators]
    for call in (fast, KEPT[how]):
        tg.seed(1)
        for generator, state in zip(generators, before, strict=True):
            generator.bit_generator.state = state
        found.append([np.asarray(call(X, *given)).tolist() for _ in range(4)])
    assert found[0] == found[1]


def test_raw_bits_are_refused():
    bits = RNG.bit_generator
    for step in (lambda x: x * RNG.bit_generator.random_raw(), lambda x: x * bits.random_raw()):
        with pytest.raises(RuntimeError, match="draws random numbers by NumPy"):
            tg.compile(step)(X)


class Counting(itertools.count):
    """An iterator whose place no attribute tells."""


class Own:
    """An iterator of the user's own, whose place is an attribute."""

    def __init__(self):
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        return self.n


ITERATORS = {
    "batches": lambda: iter([X, 2 * X, 3 * X]),
    "count": itertools.count,
    "cycle": lambda: itertools.cycle([1.0, 2.0]),
    "chain": lambda: itertools.chain([1.0], [2.0]),
    "generator": lambda: (n for n in range(9)),
    "map": lambda: map(abs, [1, 2]),
    "count of a class of one's own": Counting,
}


@pytest.mark.parametrize("how", ITERATORS)
def test_what_is_taken_from_an_iterator_is_refused(how):
    it = ITERATORS[how]()
    holder, listed = types.SimpleNamespace(it=it), [it]
    for step in (lambda x: x * next(it), lambda x: x * next(holder.it), lambda x: x * next(listed[0])):
        with pytest.raises(RuntimeError, match=r"takes from the iterator '(it|listed)'"):
            tg.compile(step)(X)
    with pytest.raises(RuntimeError, match="given an iterator"):
        tg.compile(lambda x, given: x * next(given))(X, it)


def test_an_iterator_of_ones_own_is_followed_or_refused():
    own = Own()
    fast = tg.compile(lambda x: x * next(own))
    with pytest.raises(RuntimeError, match="changes 'n' at each call"):
        for n in range(1, 9):
            assert equal(fast(X), X * n)


def test_where_other_threads_run_one_of_them_may_be_who_draws() -> None:
    def refused() -> str:
        with pytest.raises(RuntimeError, match="it draws random numbers by NumPy") as caught:
            tg.compile(lambda x: np.sin(x) * random.random())(np.ones(3))
        return str(caught.value)

    assert "another thread" not in refused()
    released = threading.Event()
    other = threading.Thread(target=released.wait)
    other.start()
    try:
        assert "or is it another thread that draws, from np.random or random" in refused()
    finally:
        released.set()
        other.join()


def drawn_by(generator):
    """A number of a generator of one of the kinds there are."""
    return generator.random() if hasattr(generator, "random") else generator.random_raw()


@pytest.mark.parametrize(
    "generator",
    [
        np.random.default_rng(0),
        np.random.Generator(np.random.MT19937(0)),
        np.random.Generator(np.random.SFC64(0)),
        np.random.RandomState(0),
        np.random.PCG64(0),
        random.Random(0),
    ],
)
def test_a_step_that_is_refused_because_it_draws_has_drawn_nothing(generator):
    first = drawn_by(copy.deepcopy(generator))
    with pytest.raises(RuntimeError, match="draws random numbers"):
        tg.compile(lambda x: x * drawn_by(generator))(np.ones(2))
    assert drawn_by(generator) == first


def test_a_refused_step_puts_the_generators_of_the_process_back():
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    first = np.random.RandomState(0).normal(), random.Random(0).random()
    with pytest.raises(RuntimeError, match="draws random numbers"):
        tg.compile(lambda x: x * np.random.normal() * random.random())(np.ones(2))  # noqa: NPY002
    assert (np.random.normal(), random.random()) == first  # noqa: NPY002

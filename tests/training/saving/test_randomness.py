"""Random generators: what a function or an object draws from is found, and a forged state is refused."""

import argparse
import functools
import random
import types
from functools import partial

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import randomness

ONE = np.random.default_rng(1)


def reads_a_global(x):
    return [ONE.normal() for _ in range(x)]


class Method:
    def draw(self):
        return ONE.normal()


class AnswersAnything:
    __slots__ = ("rng",)

    def __getattr__(self, name):
        raise KeyError(name)


def test_where_generators_are_found():
    two, three, four = np.random.default_rng(2), random.Random(3), np.random.RandomState(4)
    draw = two.normal

    def inner(x, *, other=three):
        return draw() + other.random() + four.normal()

    assert randomness.sources_in(reads_a_global) == [ONE]
    assert randomness.sources_in(Method()) == randomness.sources_in(Method) == [ONE]
    assert randomness.sources_in(lambda x: inner(x) + inner(x)) == [two, four, three]
    assert randomness.sources_in(partial(inner, two)) == [two, four, three]
    assert randomness.sources_in([{"a": (two, [two])}, {three}]) == [two, three]
    assert randomness.sources_in(AnswersAnything()) == []
    assert randomness.sources_in([random.SystemRandom(), types, np, None, "words", np.ones(3)]) == []
    around = []
    around.append((around, two))
    assert randomness.sources_in(around) == [two]


@pytest.mark.parametrize(
    "source", [np.random.Generator(np.random.SFC64(0)), np.random.RandomState(0), random.Random(0)]
)
def test_a_state_set_goes_on_with_the_same_numbers(source):
    draw = source.random
    draw(), getattr(source, "normal", source.random)()
    state = randomness.state_of(source)
    numbers = [draw() for _ in range(5)]
    ((_, found),) = randomness.fitting({"x": source}, {"x": state})
    assert [draw() for _ in range(5)] != numbers
    randomness.set_state(source, found)
    assert [draw() for _ in range(5)] == numbers


@pytest.mark.parametrize(
    ("bits", "name", "value"),
    [
        (np.random.MT19937, "pos", 1_000_000), (np.random.MT19937, "pos", 625), (np.random.MT19937, "pos", -1),
        (np.random.Philox, "buffer_pos", 5), (np.random.Philox, "buffer_pos", -1), (np.random.PCG64, "has_uint32", 2),
    ],
)  # fmt: skip
def test_a_state_that_points_beyond_its_numbers_is_refused(bits, name, value, tmp_path):
    own = np.random.Generator(bits(0))
    forged = randomness.state_of(own)
    (forged["state"] if name == "pos" else forged)[name] = value
    with pytest.raises(ValueError, match="the random generator 'x'"):
        randomness.fitting({"x": own}, {"x": forged})
    legacy = np.random.RandomState(0)
    forged = randomness.state_of(legacy)
    forged["state"]["pos"] = 1_000_000
    with pytest.raises(ValueError, match=r"the random generator 'x' (is none that it can have|does not fit)"):
        randomness.fitting({"x": legacy}, {"x": forged})


def test_every_kind_can_be_saved_by_hand(tmp_path):
    sources = [np.random.default_rng(0), np.random.RandomState(0), random.Random(0)]
    tg.save(tmp_path / "x", model=tg.Dense(1, 1), rng=sources)
    numbers = [source.random() for source in sources]
    tg.load(tmp_path / "x", model=tg.Dense(1, 1), rng=sources)
    assert [source.random() for source in sources] == numbers
    with pytest.raises(TypeError, match="rng must be a NumPy Generator such as"):
        tg.save(tmp_path / "x", model=tg.Dense(1, 1), rng=[0])


def test_the_process_own_generators_are_left_alone_by_hand(tmp_path):
    tg.save(tmp_path / "x", model=tg.Dense(1, 1))
    before = np.random.random(), random.random()  # noqa: NPY002
    tg.load(tmp_path / "x", model=tg.Dense(1, 1))
    assert np.random.random() != before[0] and random.random() != before[1]  # noqa: NPY002


def test_namespaces_wrapped_functions_and_lists_of_a_class_are_followed():
    rng = np.random.default_rng(0)

    class Holds:
        generators = {"noise": [rng]}  # noqa: RUF012

    space = types.SimpleNamespace(noise=rng)
    for thing in (
        lambda x: space.noise,
        functools.lru_cache(lambda x: rng),
        np.vectorize(lambda x: rng),
        argparse.Namespace(noise=rng),
        Holds,
    ):
        assert randomness.sources_in(thing) == [rng]


def test_the_systems_noise_has_no_state_to_save(tmp_path):
    with pytest.raises(TypeError, match=r"rng must be a NumPy Generator such as .*, not <random\.SystemRandom"):
        tg.save(tmp_path / "x", model=tg.Dense(1, 1), rng=random.SystemRandom())

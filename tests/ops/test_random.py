"""Random ops: their distributions, their exactness, and that equal seeds give equal numbers."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import modes
from tinygrad_reg.ops.random import bernoulli, normal, uniform

draws = pytest.mark.parametrize(
    "draw",
    [
        lambda **o: uniform(low=-2.0, high=3.0, **o),
        lambda **o: normal(mean=1.0, std=2.0, **o),
        lambda **o: bernoulli(keep=0.3, **o),
    ],
    ids=["uniform", "normal", "bernoulli"],
)


@draws
def test_the_same_seed_gives_the_same_numbers(draw):
    modes.seed(7)
    first, second = draw(shape=(3, 50)), draw(shape=(3, 50))
    modes.seed(7)
    again = draw(shape=(3, 50))
    assert np.array_equal(first.data, again.data)
    assert not np.array_equal(first.data, second.data)


@draws
def test_rng_is_a_generator_or_a_seed_and_leaves_the_threads_own_alone(draw):
    modes.seed(1)
    undisturbed = uniform(shape=3).data
    modes.seed(1)
    from_generator = draw(shape=40, rng=np.random.default_rng(5))
    from_seed = draw(shape=40, rng=5)
    assert np.array_equal(from_generator.data, from_seed.data)
    assert np.array_equal(uniform(shape=3).data, undisturbed)


@draws
@pytest.mark.parametrize("shape", [(), 0, 5, (2, 3), [2, 3], (4, 0, 2), np.int64(3)], ids=str)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", None])
def test_shape_and_dtype(draw, shape, dtype):
    out = draw(shape=shape, dtype=dtype, rng=0)
    assert isinstance(out, tg.Tensor)
    assert not out.requires_grad
    assert out.shape == np.zeros(shape).shape
    assert out.dtype == (dtype or "float64")


@draws
@pytest.mark.parametrize("shape", [-1, (2, -3), (2.5,)], ids=str)
def test_a_wrong_shape_is_named(draw, shape):
    with pytest.raises(ValueError, match=r"shape=.*whole numbers"):
        draw(shape=shape)


@draws
def test_an_integer_dtype_is_refused(draw):
    with pytest.raises(TypeError, match="must be a float"):
        draw(shape=3, dtype="int64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_fills_its_interval(dtype):
    u = uniform(shape=100_000, low=-2.0, high=3.0, rng=0, dtype=dtype).data
    assert u.min() >= -2
    assert u.max() <= 3
    assert abs(u.mean() - 0.5) < 0.02
    assert abs(u.var() - 25 / 12) < 0.03


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_has_its_mean_and_deviation(dtype):
    z = normal(shape=100_000, mean=1.0, std=2.0, rng=0, dtype=dtype).data
    assert abs(z.mean() - 1) < 0.03
    assert abs(z.std() - 2) < 0.03
    assert abs((np.abs(z - 1) < 2).mean() - 0.6827) < 0.01


@pytest.mark.parametrize("keep", [0.0, 1e-3, 0.25, 0.5, 0.8, 1.0])
def test_bernoulli_keeps_with_its_probability(keep):
    n = 200_000
    mask = bernoulli(keep=keep, shape=n, rng=0, dtype="float32").data
    assert set(np.unique(mask)) <= {0.0, 1.0}
    assert abs(mask.mean() - keep) <= 4 * np.sqrt(keep * (1 - keep) / n)


@pytest.mark.parametrize(("keep", "expected"), [(2.0**-18, 16), (0.5 + 2.0**-18, 2**21 + 16)])
def test_bernoullis_probability_is_finer_than_its_16_bits(keep, expected):
    class Even(np.random.Generator):
        """Every 16-bit number equally often, and evenly spaced second draws."""

        def integers(self, low, high, size, dtype):
            return np.arange(4 * size, dtype=np.uint16).view(np.uint64)

        def random(self, size):
            return (np.arange(size) + 0.5) / size

    mask = bernoulli(keep=keep, shape=2**22, rng=Even(np.random.PCG64(0)))
    assert mask.data.sum() == expected


def test_bernoulli_draws_elements_independently():
    mask = bernoulli(keep=0.5, shape=(50_000, 4), rng=0).data
    patterns = np.bincount((mask @ [1, 2, 4, 8]).astype(int), minlength=16)
    assert np.all(np.abs(patterns - 3125) < 250)


def test_bernoulli_scales_what_it_keeps():
    mask = bernoulli(keep=0.5, shape=100, scale=2.0, rng=0, dtype="float32").data
    assert set(np.unique(mask)) == {0.0, 2.0}


@pytest.mark.parametrize("keep", [-0.1, 1.1, float("nan")])
def test_bernoulli_refuses_what_is_no_probability(keep):
    with pytest.raises(ValueError, match=r"keep=.*probability, from 0 to 1"):
        bernoulli(keep=keep, shape=3)


@pytest.mark.parametrize(
    "wrong",
    [lambda: uniform(low=1, high=0), lambda: uniform(high=np.inf), lambda: normal(std=-1), lambda: normal(mean=np.nan)],
)
def test_impossible_distributions_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()


def test_a_mask_is_the_other_factor_of_an_ordinary_product():
    x = tg.Tensor(np.ones(100), requires_grad=True)
    mask = bernoulli(keep=0.5, shape=100, rng=3)
    (x * mask).sum().backward()
    assert np.array_equal(x.grad, mask.data)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.MT19937])
def test_bernoulli_takes_the_words_that_integers_draws(bits):
    generator, another = np.random.Generator(bits(3)), np.random.Generator(bits(3))
    mask = bernoulli(keep=0.5, shape=9, rng=generator).data
    words = another.integers(0, 2**64, 3, dtype=np.uint64)
    assert np.array_equal(mask, words.view(np.uint16)[:9] < 2**15)
    assert generator.random() == another.random()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_numpys_generator_draws_is_drawn(dtype):
    """By default from 0 to 1, and with mean 0 and standard deviation 1; each type in its own precision."""
    u, z = (getattr(np.random.default_rng(3), name)(5, dtype) for name in ("random", "standard_normal"))
    np.testing.assert_array_equal(uniform(shape=5, rng=3, dtype=dtype).data, u)
    np.testing.assert_array_equal(normal(shape=5, rng=3, dtype=dtype).data, z)
    np.testing.assert_array_equal(normal(shape=5, mean=2.0, std=0.0, rng=3, dtype=dtype).data, np.full(5, 2.0))


@pytest.mark.parametrize(("size", "words"), [(4, 1), (5, 2), (0, 0)])
def test_a_mask_takes_16_bits_an_element_from_the_generator(size, words):
    used, other = np.random.default_rng(3), np.random.default_rng(3)
    bernoulli(keep=0.5, shape=size, rng=used)
    other.bit_generator.random_raw(words)
    assert used.bit_generator.state == other.bit_generator.state


def test_parameters_of_a_distribution_are_single_numbers():
    t = tg.Tensor(np.ones(3), requires_grad=True)
    for draw in (
        lambda: tg.ops.bernoulli(keep=t, shape=3), lambda: tg.ops.uniform(low=np.zeros(3), shape=3),
        lambda: tg.ops.normal(std=[1.0, 2.0, 3.0], shape=3), lambda: tg.ops.bernoulli(keep=0.5, scale=t, shape=3),
    ):  # fmt: skip
        with pytest.raises(
            TypeError, match=r"must be a number, for all elements the same, not (Tensor|ndarray|list): dr"
        ):
            draw()

"""Initializers: rows I1–I7 of the lectures, names and objects, generators, what is refused."""

import itertools
import math
import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import initializers
from tinygrad_reg.initializers import NAMES, create, fans


def deep(initializer, activation, width=500, depth=10, samples=200):
    """`depth` layers of `width` units, and a batch of Gaussian inputs."""
    layers = [
        tg.Dense(width, width, activation, kernel_initializer=initializer, use_bias=False, dtype="float32")
        for _ in range(depth)
    ]
    return tg.Sequential(layers), np.random.default_rng(1).normal(size=(samples, width)).astype("float32")


def run(model, x):
    """Each layer's outputs, and the norm of the loss' gradient by each, first layer first."""
    outputs, h = [], tg.Tensor(x)
    for layer in model:
        h = layer(h)
        outputs.append(h)
    np.sum(h * np.random.default_rng(2).normal(size=h.shape).astype("float32")).backward()
    return [h.data for h in outputs], [float(np.linalg.norm(h.grad)) for h in outputs]


# ---- the lectures' rows


def test_I1_small_weights_let_activations_and_gradients_die_out():
    outputs, gradients = run(*deep(initializers.normal(0.01), "tanh"))
    stds = [h.std() for h in outputs]
    assert all(after < 0.5 * before for before, after in itertools.pairwise(stds))
    assert stds[-1] < 1e-5
    assert all(below < 0.5 * above for below, above in itertools.pairwise(gradients))


def test_I1_large_weights_saturate_tanh_and_gradients_explode():
    outputs, gradients = run(*deep(initializers.normal(1.0), "tanh"))
    assert all(np.mean(np.abs(h) > 0.99) > 0.8 for h in outputs)
    assert all(np.median(1 - h**2) < 1e-6 for h in outputs)  # the local derivatives
    assert gradients[0] > 1e3 * gradients[-1]


def test_I2_xavier_std_and_activations():
    kernel = create("xavier_normal", (1000, 1000), rng=0)
    assert kernel.std() == pytest.approx(math.sqrt(1 / 1000), rel=0.01)
    assert abs(kernel.mean()) < 1e-4
    outputs, _ = run(*deep("xavier_normal", "tanh"))
    assert min(h.std() for h in outputs) > 0.2


def test_I3_glorot_normal_std_and_activations():
    kernel = create("glorot_normal", (500, 2000), rng=0)
    assert kernel.std() == pytest.approx(math.sqrt(2 / 2500), rel=0.01)
    outputs, _ = run(*deep("glorot_normal", "tanh"))
    assert min(h.std() for h in outputs) > 0.2


def test_I4_glorot_uniform_bounds_and_variance_and_default_of_dense():
    kernel, limit = create("glorot_uniform", (500, 2000), rng=0), math.sqrt(6 / 2500)
    assert 0.999 * limit < kernel.max() <= limit
    assert -limit <= kernel.min() < -0.999 * limit
    assert kernel.var() == pytest.approx(limit**2 / 3, rel=0.01)
    np.testing.assert_array_equal(tg.Dense(7, 5, rng=3).kernel.data, create("glorot_uniform", (7, 5), rng=3))


def test_I5_he_keeps_the_second_moment_of_relu_and_xavier_halves_it():
    kernel = create("he_normal", (1000, 1000), rng=0)
    assert kernel.std() == pytest.approx(math.sqrt(2 / 1000), rel=0.01)
    for name, factor in (("he_normal", 1.0), ("xavier_normal", 0.5)):
        outputs, _ = run(*deep(name, "relu", samples=400))
        moments = [np.mean(h**2) for h in outputs]
        assert moments[-1] / moments[0] == pytest.approx(factor**9, rel=0.35)


@pytest.mark.parametrize("start", ["zeros", initializers.constant(0.1)], ids=["zeros", "constant"])
def test_I6_equal_weights_stay_equal(start):
    model = tg.Sequential([tg.Dense(3, 4, "tanh", kernel_initializer=start), tg.Dense(4, 2, kernel_initializer=start)])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    for _ in range(50):
        loss = np.mean((model(x) - y) ** 2)
        model.zero_grad()
        loss.backward()
        for parameter in model.parameters():
            parameter.data = parameter.data - 0.1 * parameter.grad
    first, second = model[0].kernel.data, model[1].kernel.data
    assert np.ptp(first, axis=1).max() < 1e-12  # every unit has the same incoming weights
    assert np.ptp(second, axis=0).max() < 1e-12
    assert model[1].bias.data.any()  # it did train


def test_I7_weights_random_biases_constant():
    layer = tg.Dense(64, 32)
    assert np.unique(layer.kernel.data).size == 64 * 32
    assert not layer.bias.data.any()
    layer = tg.Dense(64, 32, kernel_initializer="he_normal", bias_initializer=initializers.constant(0.1))
    np.testing.assert_array_equal(layer.bias.data, np.full(32, 0.1))


# ---- names, objects, callables


@pytest.mark.parametrize("name", [name for name in NAMES if name != "constant"])
def test_every_name_object_and_maker_gives_the_same(name):
    by_name = create(name, (6, 5), rng=4)
    np.testing.assert_array_equal(create(NAMES[name](), (6, 5), rng=4), by_name)
    np.testing.assert_array_equal(create(NAMES[name], (6, 5), rng=4), by_name)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(NAMES[name]()))((6, 5), 4), by_name)


def test_dense_and_convolution_count_their_fans():
    assert fans((64, 128)) == (64, 128)
    assert fans((16, 3, 5, 7)) == (3 * 35, 16 * 35)
    assert fans((16, 3, 5)) == (15, 80)
    assert create("he_normal", (400, 16, 5, 5), rng=0).std() == pytest.approx(math.sqrt(2 / 400), rel=0.01)
    assert np.abs(create("he_uniform", (400, 50), rng=0)).max() == pytest.approx(math.sqrt(6 / 400), rel=0.01)


@pytest.mark.parametrize("maker", [initializers.he_normal, initializers.xavier_normal, initializers.glorot_normal])
def test_truncated_keeps_the_std_and_has_no_tails(maker):
    plain, cut = maker()((600, 600), 0), maker(truncated=True)((600, 600), 0)
    assert cut.std() == pytest.approx(plain.std(), rel=0.01)
    assert np.abs(cut).max() < 2.3 * cut.std() < np.abs(plain).max()


def test_a_callable_is_an_initializer():
    def ramp(shape, rng, dtype):
        return np.arange(np.prod(shape), dtype=dtype).reshape(shape)

    layer = tg.Dense(2, 3, kernel_initializer=ramp, dtype="float32")
    np.testing.assert_array_equal(layer.kernel.data, [[0, 1, 2], [3, 4, 5]])
    assert layer.kernel.dtype == np.float32


def test_one_length_is_a_shape_for_each():
    assert [make(3).shape for make in (tg.initializers.zeros(), tg.initializers.he_normal())] == [(3,), (3,)]


def test_constant_arrays_are_copied():
    weights = np.ones((2, 3))
    layer = tg.Dense(2, 3, kernel_initializer=lambda shape, rng, dtype: weights)
    layer.kernel.data[:] = 7
    assert weights[0, 0] == 1


def test_numbers_come_from_the_generator_given():
    a, b = create("normal", (4, 4), rng=np.random.default_rng(5)), create("normal", (4, 4), rng=5)
    np.testing.assert_array_equal(a, b)
    tg.seed(5)
    np.testing.assert_array_equal(create("normal", (4, 4)), a)
    rng = np.random.default_rng(5)
    assert not np.array_equal(create("normal", (4, 4), rng=rng), create("normal", (4, 4), rng=rng))


# ---- what is refused


@pytest.mark.parametrize(
    ("initializer", "error", "message"),
    [
        ("he_norm", ValueError, "did you mean 'he_normal'.*glorot_uniform"),
        ("constant", TypeError, r"constant\(0.1\)"),
        (3, TypeError, "not 3"),
        (initializers.constant([1.0, 2.0]), ValueError, r"a constant of shape \(2,\) can't fill .* \(2, 3\)$"),
        (initializers.constant(np.ones((3, 2))), ValueError, r"can't fill .* \(2, 3\); write constant\(array\.T\)"),
        (np.ones((2, 3)), TypeError, "initializer must be a name"),
        (lambda shape, rng, dtype: np.ones(5), ValueError, r"asked for shape \(2, 3\) and gave \(5,\)"),
        (
            lambda shape: np.ones(shape),
            TypeError,
            r"with \(shape, rng, dtype\), and <lambda> takes \(shape\): write def initializer\(shape, rng, dtype\)",
        ),
    ],
)
def test_wrong_initializers_are_refused(initializer, error, message):
    with pytest.raises(error, match=message):
        create(initializer, (2, 3))


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="std must be"):
        initializers.normal(-1)
    with pytest.raises(TypeError, match="truncated must be True or False, not 'no'"):
        initializers.normal(truncated="no")
    with pytest.raises(ValueError, match="limit must be"):
        initializers.uniform(math.nan)
    with pytest.raises(TypeError, match="float"):
        create("zeros", (2, 3), dtype=int)


def test_plain_normal_and_uniform_numbers_do_not_look_at_the_shape():
    for shape in [(400, 500), (5, 40_000)]:
        drawn = initializers.normal(0.3)(shape, rng=0)
        assert drawn.std() == pytest.approx(0.3, rel=0.01)
        drawn = initializers.uniform(0.3)(shape, rng=0)
        assert drawn.std() == pytest.approx(0.3 / math.sqrt(3), rel=0.01)
        assert 0.2999 < drawn.max() <= 0.3 and -0.3 <= drawn.min() < -0.2999
    assert initializers.normal() == initializers.normal(0.05)
    assert initializers.uniform() == initializers.uniform(0.05)


def test_a_truncated_normal_is_cut_at_two_deviations_and_keeps_its_std():
    cut = initializers.normal(0.5, truncated=True)((1000, 1000), rng=0)
    std_between_2 = 0.8796256610342398
    assert cut.std() == pytest.approx(0.5, rel=2e-3)
    assert np.abs(cut).max() == pytest.approx(2 * 0.5 / std_between_2, rel=1e-4)
    first = initializers.normal(1.0)((3,), rng=0)
    np.testing.assert_allclose(initializers.normal(1.0, truncated=True)((3,), rng=0), first / std_between_2, rtol=1e-12)


def test_ones_are_ones_and_no_spread_is_allowed():
    assert initializers.ones()((2,)).tolist() == [1, 1]
    assert initializers.normal(0.0)((2,)).tolist() == [0, 0]
    assert initializers.he_normal().std((0, 3)) == 0


def test_a_few_truncated_numbers_are_cut_as_many_are():
    few = [initializers.normal(1.0, truncated=True)((20,), rng=seed) for seed in range(50)]
    assert np.abs(few).max() <= 2 / 0.8796256610342398


@pytest.mark.parametrize("initializer", ["zeros", "he_normal", "glorot_uniform"])
def test_shapes_are_lengths(initializer):
    assert initializers.create(initializer, 3, rng=0).shape == (3,)
    for wrong in (None, "ab", (-1, 2), (2.0, 3)):
        with pytest.raises(ValueError, match="lengths of the axes, whole numbers ≥ 0"):
            initializers.create(initializer, wrong, rng=0)


@pytest.mark.parametrize(
    ("made", "message"), [(1j, "real numbers, not complex128"), (np.ma.array([1.0], mask=[True]), "masked array")]
)
def test_what_an_initializer_makes_must_be_real_numbers(made, message):
    with pytest.raises(TypeError, match=message):
        initializers.create(lambda shape, rng, dtype: made * np.ones(1), (1,))


def test_a_standard_deviation_whose_square_is_no_float_is_refused():
    with pytest.raises(ValueError, match=r"std must be a finite number from 0 to 1e\+100, not 1e\+200"):
        initializers.normal(1e200)


def test_an_initializer_is_shown_as_it_is_written():
    i = tg.initializers
    written = ["normal(std=0.01)", "uniform(limit=0.3)", "he_normal(truncated=True)", "glorot_uniform()"]
    assert list(map(repr, (i.normal(0.01), i.uniform(0.3), i.he_normal(truncated=True), i.glorot_uniform()))) == written

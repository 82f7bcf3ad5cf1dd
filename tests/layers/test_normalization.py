"""Batch and layer normalization: row N9 of the lectures."""

import numpy as np
import pytest

import tinygrad_reg as tg

EPSILON = 1e-3


def batch(*shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=shape)


def by_hand(x, axes, epsilon=EPSILON):
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(var + epsilon)


@pytest.mark.parametrize(("shape", "axes"), [((8, 3), 0), ((4, 3, 5, 6), (0, 2, 3)), ((4, 3, 7), (0, 2))])
def test_N9_training_normalizes_each_feature_over_the_batch(shape, axes):
    layer, x = tg.BatchNorm(3), batch(*shape)
    out = layer(x).data
    np.testing.assert_allclose(out, by_hand(x, axes), rtol=1e-12)
    np.testing.assert_allclose(out.mean(axis=axes), 0, atol=1e-12)
    layer.gamma.data, layer.beta.data = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    along = (3, *[1] * (len(shape) - 2))
    expected = by_hand(x, axes) * layer.gamma.data.reshape(along) + layer.beta.data.reshape(along)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(6, 2), (3, 2, 2, 3)])
def test_N9_the_gradient_flows_through_mean_and_deviation(shape):
    layer = tg.BatchNorm(2)

    def normalized(x, gamma, beta):
        layer.gamma, layer.beta = gamma, beta
        return layer(x)

    tg.check_grad(normalized, batch(*shape), [1.5, -0.5], [0.1, 0.2], order=2)


def test_N9_without_the_way_through_the_statistics_the_gradient_would_differ():
    layer, x = tg.BatchNorm(2), tg.Tensor(batch(5, 2), requires_grad=True)
    weights = batch(5, 2, seed=1)
    layer(x).backward(weights)
    np.testing.assert_allclose(x.grad.sum(axis=0), 0, atol=1e-12)  # shifting all samples changes nothing
    assert np.abs(weights.sum(axis=0)).min() > 1


@pytest.mark.parametrize("average", ["var", "unbiased_var", "std"])
def test_N9_moving_averages_in_three_conventions(average):
    layer = tg.BatchNorm(3, momentum=0.9, average=average)
    mean, spread = np.zeros(3), np.ones(3)
    for seed in range(5):
        x = batch(8, 3, seed=seed)
        layer(x)
        var = x.var(axis=0)
        of_batch = {"var": var, "unbiased_var": var * 8 / 7, "std": np.sqrt(var + EPSILON)}[average]
        mean = 0.9 * mean + 0.1 * x.mean(axis=0)
        spread = 0.9 * spread + 0.1 * of_batch
    layer.eval()
    deviation = spread if average == "std" else np.sqrt(spread + EPSILON)
    x = batch(4, 3, seed=9)
    np.testing.assert_allclose(layer(x).data, (x - mean) / deviation, rtol=1e-12)
    np.testing.assert_allclose(layer.moving_mean.data, mean)
    held = layer.moving_std if average == "std" else layer.moving_var
    np.testing.assert_allclose(held.data, spread)


def test_N9_the_unbiased_variance_of_images_counts_positions():
    layer, x = tg.BatchNorm(2, momentum=0.0, average="unbiased_var"), batch(3, 2, 4, 5)
    layer(x)
    np.testing.assert_allclose(layer.moving_var.data, x.var(axis=(0, 2, 3), ddof=1))
    np.testing.assert_allclose(layer.moving_mean.data, x.mean(axis=(0, 2, 3)))


def test_moving_statistics_beyond_float16_are_no_matter_of_seterr():
    layer = tg.BatchNorm(1, dtype="float16")
    x = np.array([[6.1e-5], [-6.55e4], [6.55e4], [0.0]], np.float16)
    with np.errstate(all="raise"):
        for _ in range(200):
            layer(x)
    assert layer.moving_var.data.tolist() == [np.inf]


def test_inference_does_not_move_the_averages_and_takes_one_sample():
    layer = tg.BatchNorm(3)
    layer(batch(8, 3))
    before = layer.state_dict()
    layer.eval()
    assert layer(batch(1, 3)).shape == (1, 3)
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("average", ["var", "unbiased_var", "std"])
@pytest.mark.parametrize("shape", [(4, 2), (4, 2, 3, 3)])
def test_training_between_inference_and_its_backward_pass_does_no_harm(average, shape):
    layer, x = tg.BatchNorm(2, momentum=0.0, average=average, epsilon=0.0), tg.Tensor(batch(*shape), requires_grad=True)
    out = layer.eval()(x)
    layer.train()(batch(*shape, seed=1) * 50)
    np.sum(out).backward()
    np.testing.assert_allclose(x.grad, np.ones(shape))  # the deviation was 1


def test_moving_statistics_are_state_but_no_parameters():
    layer = tg.BatchNorm(3)
    assert list(layer.state_dict()) == ["gamma", "beta", "moving_mean", "moving_var"]
    assert [name for name, _ in layer.named_parameters()] == ["gamma", "beta"]


def test_conventions_can_not_be_mixed_up_by_a_load():
    with pytest.raises(ValueError, match="unexpected: moving_var"):
        tg.BatchNorm(3, average="std").load_state_dict(tg.BatchNorm(3).state_dict())


@pytest.mark.parametrize("samples", [0, 1])
def test_a_batch_of_one_is_refused_in_training(samples):
    model = tg.Sequential([tg.Dense(2, 3), tg.BatchNorm(3)])
    with pytest.raises(ValueError, match=rf"layer 1, BatchNorm\(3\), can't normalize a batch of {samples}.*drop_last"):
        model(np.zeros((samples, 2)))
    np.testing.assert_array_equal(model[1].moving_mean.data, np.zeros(3))


def test_images_of_no_pixels_are_refused_in_training():
    layer, images = tg.BatchNorm(3), np.zeros((2, 3, 0, 4))
    with pytest.raises(ValueError, match=r"can't normalize images of shape \(2, 3, 0, 4\).*no pixels"):
        layer(images)
    np.testing.assert_array_equal(layer.moving_mean.data, np.zeros(3))
    assert layer.eval()(images).shape == images.shape


def test_sizes_are_shown_plainly():
    assert [repr(tg.LayerNorm(n)) for n in (np.int64(3), [np.int64(3), 4])] == ["LayerNorm(3)", "LayerNorm((3, 4))"]


def test_float32_stays_float32():
    layer = tg.BatchNorm(3, dtype="float32")
    out = layer(batch(8, 3).astype("float32"))
    assert out.dtype == layer.moving_var.dtype == np.float32
    assert layer.eval()(batch(8, 3).astype("float32")).dtype == np.float32


@pytest.mark.parametrize(("features", "axes"), [(6, (-1,)), ((3, 6), (-2, -1))])
def test_layer_norm_normalizes_each_sample_in_both_modes(features, axes):
    layer, x = tg.LayerNorm(features), batch(4, 3, 6)
    np.testing.assert_allclose(layer(x).data, by_hand(x, axes), rtol=1e-12)
    np.testing.assert_array_equal(layer.eval()(x).data, layer.train()(x).data)
    assert layer(x[:1]).shape == (1, 3, 6)
    tg.check_grad(layer, x[:2], order=2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tg.BatchNorm(3)(np.zeros((4, 2))), r"expects inputs of shape \(N, 3\) or \(N, 3, H, W\)"),
        (lambda: tg.BatchNorm(3)(np.zeros((4, 5, 5, 3))), r"but was given \(4, 5, 5, 3\)"),
        (lambda: tg.LayerNorm((3, 4))(np.zeros((2, 4, 3))), r"expects inputs of shape \(N, 3, 4\)"),
        (lambda: tg.BatchNorm(0), "features must be"),
        (lambda: tg.LayerNorm([]), r"features must hold the length of one axis at least, the last, not \[\]"),
        (lambda: tg.BatchNorm(3, momentum=1.5), "momentum must be"),
        (lambda: tg.BatchNorm(3, epsilon=float("nan")), "epsilon must be"),
        (lambda: tg.BatchNorm(3, average="sigma"), "average must be one of 'var', 'unbiased_var', 'std'"),
    ],
)
def test_wrong_calls_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_defaults_are_those_of_keras():
    layer = tg.BatchNorm(2)
    assert (layer.momentum, layer.epsilon, layer.average) == (0.99, 1e-3, "var")
    assert tg.LayerNorm(2).epsilon == 1e-3


def test_a_batch_of_two_is_enough():
    out = tg.BatchNorm(1, epsilon=0)([[1.0], [3.0]])
    assert out.tolist() == [[-1], [1]]


def test_gamma_scales_and_beta_shifts():
    for layer in (tg.BatchNorm(2, epsilon=0), tg.LayerNorm(2, epsilon=0)):
        layer.gamma.data, layer.beta.data = np.array([2.0, 3.0]), np.array([10.0, 20.0])
        x = np.array([[1.0, 3.0], [3.0, 1.0]])
        signs = np.array([[-1, 1], [1, -1]])
        np.testing.assert_allclose(layer(x).data, [2, 3] * signs + [10, 20], rtol=1e-12)

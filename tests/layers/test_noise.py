"""Noise: rows N1–N8 and N10 of the lectures."""

import threading

import numpy as np
import pytest

import tinygrad_reg as tg

ONES = np.ones((400, 500))


# ---- dropout


def test_N1_dropout_scaled_at_test_time_keeps_the_expectation():
    layer = tg.Dropout(0.3, scale="test")
    dropped = layer(ONES).data
    assert set(np.unique(dropped)) == {0.0, 1.0}
    assert np.mean(dropped == 0) == pytest.approx(0.3, abs=0.005)
    np.testing.assert_allclose(layer.eval()(ONES).data, 0.7)
    assert dropped.mean() == pytest.approx(layer(ONES).data.mean(), abs=0.005)


def test_N2_inverted_dropout_is_the_default_and_the_identity_at_test_time():
    layer = tg.Dropout(0.3)
    dropped = layer(ONES).data
    np.testing.assert_allclose(np.unique(dropped), [0.0, 1 / 0.7])
    assert dropped.mean() == pytest.approx(1.0, abs=0.005)
    x = tg.Tensor(ONES)
    assert layer.eval()(x) is x


def test_the_gradient_of_dropout_is_its_mask():
    x = tg.Tensor(np.full((20, 20), 3.0), requires_grad=True)
    out = tg.Dropout(0.5)(x)
    np.sum(out).backward()
    np.testing.assert_array_equal(x.grad, out.data / 3)


def test_N3_spatial_dropout_drops_whole_channels():
    dropped = tg.SpatialDropout2D(0.4)(np.ones((50, 40, 3, 5))).data
    assert np.ptp(dropped, axis=(2, 3)).max() == 0
    assert np.mean(dropped[:, :, 0, 0] == 0) == pytest.approx(0.4, abs=0.03)
    np.testing.assert_allclose(np.unique(dropped), [0.0, 1 / 0.6])


# ---- weights and blocks


def test_N4_dropconnect_drops_weights_not_units():
    layer = tg.Dense(300, 200, kernel_initializer="ones")
    model = tg.DropConnect(layer, 0.4)
    out = model(np.eye(300)).data  # row i: the weights that start at input i
    np.testing.assert_allclose(np.unique(out), [0.0, 1 / 0.6])
    assert np.mean(out == 0) == pytest.approx(0.4, abs=0.01)
    assert np.ptp(out, axis=0).min() > 0  # no unit is dropped as a whole
    assert np.ptp(out, axis=1).min() > 0  # and no input
    np.testing.assert_array_equal(layer.kernel.data, np.ones((300, 200)))
    np.testing.assert_array_equal(model.eval()(np.eye(300)).data, np.ones((300, 200)))


def test_N4_the_gradient_reaches_the_weights_that_were_kept():
    layer = tg.Dense(30, 20, kernel_initializer="ones")
    out = tg.DropConnect(layer, 0.5)(np.eye(30))
    np.sum(out).backward()
    np.testing.assert_array_equal(layer.kernel.grad, out.data)


def test_a_wrapped_layer_gets_its_kernel_back_when_it_fails():
    model = tg.DropConnect(tg.Dense(3, 2), 0.5)
    kernel = model.layer.kernel
    with pytest.raises(ValueError, match=r"layer layer, Dense\(3, 2\), expects"):
        model(np.zeros((4, 5)))
    assert model.layer.kernel is kernel


def test_N5_stochastic_depth_varies_and_test_mode_scales():
    block = tg.Dense(2, 2, kernel_initializer=lambda shape, rng, dtype: np.eye(2))
    layer, x = tg.StochasticDepth(block, 0.3), np.array([[1.0, 2.0]])
    outputs = np.array([layer(x).data for _ in range(2000)])
    skipped = (outputs == x).all(axis=(1, 2))
    assert skipped.mean() == pytest.approx(0.3, abs=0.03)
    np.testing.assert_array_equal(outputs[~skipped], np.broadcast_to(2 * x, (np.sum(~skipped), 1, 2)))
    np.testing.assert_allclose(layer.eval()(x).data, x + 0.7 * x)


def test_N5_the_depth_of_a_stack_varies():
    blocks = [tg.StochasticDepth(lambda x: x * 0 + 1, 0.5) for _ in range(10)]
    depths = [tg.Sequential(blocks)(np.zeros((1, 1))).item() for _ in range(50)]
    assert len(set(depths)) > 4
    assert set(depths) <= set(range(11))


def test_N5_stochastic_depth_of_a_residual_takes_its_block():
    block = tg.Dense(2, 2)
    layer = tg.StochasticDepth(tg.Residual(block), 0.5, scale="train").eval()
    np.testing.assert_allclose(layer([[1.0, 2.0]]).data, tg.Residual(block)([[1.0, 2.0]]).data)


# ---- Gaussian noise in three places


def test_N7_noise_on_inputs_weights_and_activations_in_training_only():
    x = np.random.default_rng(0).normal(size=(300, 20))
    first, second = tg.Dense(20, 400), tg.Dense(400, 50)
    clean = tg.Sequential([first, np.tanh, second])
    for noisy, where in [
        ([tg.GaussianNoise(0.1), first, np.tanh, second], "inputs"),
        ([tg.WeightNoise(first, tg.GaussianNoise(0.1)), np.tanh, second], "weights"),
        ([first, np.tanh, tg.GaussianNoise(0.1), second], "activations"),
    ]:
        model = tg.Sequential(noisy)
        assert not np.array_equal(model(x).data, model(x).data), where
        model.eval()
        np.testing.assert_array_equal(model(x).data, clean(x).data)


def test_N7_the_noise_has_the_std_asked_for():
    noise = tg.GaussianNoise(0.3)(np.zeros((500, 400))).data
    assert noise.std() == pytest.approx(0.3, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=0.003)


# ---- what dropout does


def test_N8_the_mean_over_masks_is_near_the_scaled_network():
    tg.seed(1)
    model = tg.Sequential(
        [tg.Dense(10, 100, "relu", kernel_initializer="he_normal"), tg.Dropout(0.5), tg.Dense(100, 5, "softmax")]
    )
    x = np.random.default_rng(0).normal(size=(40, 10))
    mean = sum(model(x).data for _ in range(1000)) / 1000
    scaled = model.eval()(x).data
    assert np.corrcoef(mean.ravel(), scaled.ravel())[0, 1] > 0.95


# ---- modes and generators


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: tg.Dropout(0.5, rng=rng),
        lambda rng: tg.GaussianNoise(1.0, rng=rng),
        lambda rng: tg.DropConnect(tg.Dense(6, 6, kernel_initializer="ones"), 0.5, rng=rng),
        lambda rng: tg.RReLU(rng=rng),
        lambda rng: tg.StochasticDepth(tg.Dense(6, 6, kernel_initializer="ones"), 0.5, rng=rng),
    ],
)
def test_N10_noise_is_drawn_anew_from_its_generator_and_off_in_eval_mode(make):
    x = -np.ones((5, 6))

    def several(layer):
        return np.array([layer(x).data for _ in range(8)])

    first = several(make(7))
    assert len(np.unique(first.reshape(8, -1), axis=0)) > 1  # not the same mask each time
    np.testing.assert_array_equal(several(make(7)), first)
    np.testing.assert_array_equal(several(make(np.random.default_rng(7))), first)
    tg.seed(7)
    own = make(None)
    np.testing.assert_array_equal(several(own), first)
    own.eval()
    assert np.ptp(several(own), axis=0).max() == 0


def test_noise_is_float32_where_its_input_is():
    x = np.ones((4, 4), np.float32)
    for layer in (tg.Dropout(0.5), tg.Dropout(0.3, scale="test").eval(), tg.GaussianNoise(1.0), tg.RReLU()):
        assert layer(x).dtype == np.float32


def test_whole_numbers_can_be_disturbed():
    pixels = np.full((4, 5), 200, np.uint8)
    assert set(np.unique(tg.Dropout(0.5)(pixels).data)) <= {0.0, 400.0}
    assert tg.GaussianNoise(1.0)(pixels).dtype == np.float64


def test_rate_zero_changes_nothing():
    for scale in ("train", "test"):
        layer = tg.Dropout(0, scale=scale)
        np.testing.assert_array_equal(layer(ONES).data, ONES)
        np.testing.assert_array_equal(layer.eval()(ONES).data, ONES)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tg.Dropout(1), ValueError, "rate must be a number ≥ 0 and < 1, not 1"),
        (lambda: tg.Dropout(50), ValueError, "rate must be a number ≥ 0 and < 1, not 50"),
        (lambda: tg.Dropout("half"), TypeError, "rate must be a number"),
        (lambda: tg.Dropout(0.5, scale="inverted"), ValueError, "'train', 'test'"),
        (lambda: tg.Dropout(0.5, rng=0.5), TypeError, "rng must be a NumPy Generator"),
        (lambda: tg.GaussianNoise(-1), ValueError, "std must be"),
        (lambda: tg.DropConnect(tg.ReLU(), 0.5), TypeError, "DropConnect needs a layer with a kernel"),
        (lambda: tg.WeightNoise(tg.Dense(2, 3), 0.1), TypeError, r"a layer such as GaussianNoise\(0\.1\), not 0\.1"),
        (lambda: tg.SpatialDropout2D(0.5)(np.zeros((4, 8, 8))), ValueError, r"x\[:, None\]"),
    ],
)
def test_wrong_calls_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_gaussian_noise_is_what_its_generator_draws():
    x = np.ones((2, 3))
    noisy = tg.GaussianNoise(0.5, rng=np.random.default_rng(4))(x)
    np.testing.assert_array_equal(noisy.data, x + tg.ops.normal(shape=(2, 3), std=0.5, rng=4).data)


def test_several_threads_may_predict_through_a_drop_connect_at_once():
    both_inside = threading.Barrier(2, timeout=10)

    class Meeting(tg.Module):
        def __init__(self):
            self.kernel = tg.Tensor(np.eye(2), requires_grad=True)
            self.calls = 0

        def forward(self, x):
            both_inside.wait()
            self.calls += 1
            return x @ self.kernel

    model = tg.DropConnect(Meeting(), 0.5, scale="test").eval()
    found = []
    threads = [threading.Thread(target=lambda: found.append(model(np.ones((1, 2))).data)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(found, np.full((2, 1, 2), 0.5))
    assert [name for name, _ in model.named_parameters()] == ["layer.kernel"]
    assert model.layer.calls > 0  # what forward sets in its layer is there

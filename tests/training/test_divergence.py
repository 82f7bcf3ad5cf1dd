"""Training that diverges stops before the step that would spoil the weights, and says where it began."""

import math
import re

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training import divergence

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(33, 4)), RNG.integers(0, 3, 33)


def diverge(network, x=X, y=Y, loss="softmax_crossentropy", lr=0.1, **options):
    optimizer = tg.optim.SGD(network.parameters(), lr=lr)
    with pytest.raises(FloatingPointError) as caught:
        tg.fit(network, x, y, loss=loss, optimizer=optimizer, batch_size=11, verbose=0, **options)
    return str(caught.value), caught.value.history


def deep():
    return tg.Sequential(tg.Dense(4, 8), tg.Dense(8, 8), tg.Dense(8, 3))


def test_a_rate_that_is_too_high_is_named_with_the_layer():
    tg.seed(0)
    network = deep()
    message, history = diverge(network, X, RNG.normal(size=(33, 3)), "mse", lr=1e3, epochs=40)
    assert "training diverged in epoch" in message
    assert re.search(r"The weights of layer ([012]) have grown most: \1\.kernel from", message)
    assert "The learning rate is 1000: try a lower one" in message
    assert all(np.isfinite(array).all() for array in network.state_dict().values())
    assert all(np.isfinite(value) for value in history["loss"]) if history else True


def test_a_weight_that_is_not_finite_is_named_first():
    network = deep()
    network[1].kernel.data[2, 3] = np.inf
    message, _ = diverge(network)
    assert "the weights of layer 1 are not finite" in message and "1.kernel" in message


def test_the_first_value_that_is_not_finite_is_named():
    network = tg.Sequential(tg.Dense(4, 8), tg.layers.Lambda(lambda x: np.log(x - 100)), tg.Dense(8, 3))
    message, _ = diverge(network)
    assert "The first NaN value was that of 'log' in layer 1" in message
    assert "so the learning rate is not to blame" in message and "x holds" not in message
    assert "x holds numbers up to 5000: tg.data.Standardizer" in diverge(network, np.full((33, 4), -5e3) + X * 0)[0]


def test_an_array_of_the_model_or_the_loss_that_is_not_finite_is_named():
    with np.errstate(all="ignore"):
        weights = np.ones(3) / np.array([1.0, 0.0, 1.0])
    network = tg.Sequential(tg.Dense(4, 3), tg.layers.Lambda(lambda x: x * weights))
    message, _ = diverge(network)
    assert "infinite values in what was given to 'multiply' in layer 1: weights, of shape (3,)" in message
    message, _ = diverge(tg.Dense(4, 3), loss=lambda p, t: p.sum() * math.nan)
    assert "NaN values in what was given to 'multiply' in the model or the loss, outside of its layers: nan," in message


def test_the_first_gradient_that_is_not_finite_is_named():
    """√0 has a value, but no derivative: the loss is fine, and would be NaN one step later."""
    network = tg.Sequential(tg.Dense(4, 8), tg.layers.Lambda(lambda x: np.sqrt(0 * x)), tg.Dense(8, 3))
    before = network.state_dict()
    message, _ = diverge(network)
    assert "a gradient is not finite" in message and "layer 1" in message and "'sqrt'" in message
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_weights_that_the_last_step_spoiled_are_noticed():
    network = tg.Dense(4, 3, kernel_initializer="ones")
    tg_max = np.finfo(float).max

    def huge(a, y):
        return 1e200 * tg.losses.softmax_crossentropy(a, y)

    optimizer = tg.optim.SGD(network.parameters(), lr=tg_max)
    with pytest.raises(FloatingPointError, match=r"at the end of epoch 1: the weights of .* are not finite"):
        tg.fit(network, X, Y, loss=huge, optimizer=optimizer, batch_size=None, verbose=0)


def test_a_number_among_the_operands_stands_for_itself():
    message, _ = diverge(tg.Sequential(tg.Dense(4, 1)), X * 1e200, X[:, :1], "mse")
    assert "was that of 'power'" in message and message.partition("The step")[0].endswith(", 2. ")


@pytest.mark.parametrize(
    ("before", "now", "named"),
    [
        ({"0.kernel": 0.5}, {"0.kernel": 10.0}, None),  # ten times of 1 is no growth to speak of
        ({"0.kernel": 0.5}, {"0.kernel": 10.05}, "0"),
        ({"0.kernel": 2.0}, {"0.kernel": 15.0}, None),
        ({"0.kernel": 2.0}, {"0.kernel": 20.5}, "0"),
        ({"0.kernel": 100.0, "1.kernel": 1.0}, {"0.kernel": 1500.0, "1.kernel": 20.0}, "1"),  # by the share
        ({"0.kernel": 0.5, "1.kernel": 2.0}, {"0.kernel": 20.0, "1.kernel": 39.8}, "0"),  # small ones count as 1
    ],
)
def test_the_weights_that_have_grown_most_are_named(before, now, named):
    said = divergence._growth(before, now)
    assert said.startswith(f"The weights of layer {named} have grown most") if named else said == ""


@pytest.mark.parametrize(("largest", "told"), [(100.0, False), (100.5, True)])
def test_numbers_beyond_100_are_told(largest, told):
    network = tg.Sequential(tg.Dense(4, 8), tg.layers.Lambda(lambda x: np.log(x - 1e4)), tg.Dense(8, 3))
    assert ("x holds numbers up to" in diverge(network, np.full((33, 4), -largest))[0]) == told


def test_the_mean_of_nothing_is_named():
    network = tg.Sequential(tg.Dense(4, 3), tg.layers.Lambda(lambda x: x + np.mean(x[:, :0])))
    assert re.search(r"was that of 'mean' in layer 1, from \S+ up to 0\. ", diverge(network)[0])

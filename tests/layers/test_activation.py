"""Activation layers and `activation=`: rows A1–A5 of the lectures."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.layers.activation import FUNCTIONS

X = np.array([[-1000.0, -2.0, -0.5, 0.0, 0.5, 2.0, 1000.0]])


def derivative(layer, x):
    x = tg.Tensor(x, requires_grad=True)
    np.sum(layer(x)).backward()
    return x.grad


def test_A1_layers_have_exact_limits():
    np.testing.assert_array_equal(tg.ReLU()(X).data, np.maximum(X, 0))
    np.testing.assert_array_equal(tg.Sigmoid()(X).data[0, [0, 3, 6]], [0, 0.5, 1])
    np.testing.assert_array_equal(tg.Tanh()(X).data[0, [0, 3, 6]], [-1, 0, 1])
    np.testing.assert_array_equal(tg.Softmax()(X).data, [[0, 0, 0, 0, 0, 0, 1]])
    np.testing.assert_allclose(tg.Softmax(axis=0)(X).data, np.ones((1, 7)))


def test_A2_leaky_relu_keeps_a_slope_below_zero():
    for layer, alpha in ((tg.LeakyReLU(), 0.01), (tg.LeakyReLU(0.3), 0.3)):
        np.testing.assert_allclose(layer(X).data, np.maximum(alpha * X, X))
        np.testing.assert_array_equal(derivative(layer, X)[X < 0], alpha)


def test_A3_randomized_leaky_relu_in_both_modes():
    x = -np.ones((200, 100))
    layer = tg.RReLU()
    slopes = -layer(x).data
    assert 1 / 8 <= slopes.min() < 0.13
    assert 0.33 < slopes.max() <= 1 / 3
    assert slopes.mean() == pytest.approx((1 / 8 + 1 / 3) / 2, rel=0.01)
    layer.eval()
    np.testing.assert_allclose(layer(x).data, -(1 / 8 + 1 / 3) / 2)
    np.testing.assert_array_equal(layer(-x).data, -x)


def test_A3_the_gradient_has_the_slope_that_was_drawn():
    x = tg.Tensor(-np.ones((4, 5)), requires_grad=True)
    out = tg.RReLU()(x)
    np.sum(out).backward()
    np.testing.assert_allclose(x.grad, -out.data)


def test_A4_parametric_relu_learns_its_slope():
    layer = tg.PReLU()
    x = np.array([[-2.0, 1.0], [-1.0, -3.0]])
    loss = np.sum(layer(x) ** 2)
    loss.backward()
    assert layer.alpha.grad == pytest.approx(2 * 0.25 * (4 + 1 + 9))
    layer.alpha.data = layer.alpha.data - 0.01 * layer.alpha.grad
    assert layer.alpha.item() == pytest.approx(0.25 - 0.07)
    assert [name for name, _ in layer.named_parameters()] == ["alpha"]


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 5)])
def test_A4_one_slope_a_channel(shape):
    layer = tg.PReLU(channels=3)
    layer.alpha.data = np.array([0.1, 0.2, 0.3])
    x = -np.ones(shape)
    np.testing.assert_allclose(
        np.moveaxis(layer(x).data, 1, -1), np.broadcast_to([-0.1, -0.2, -0.3], (*shape[:1], *shape[2:], 3))
    )
    np.sum(layer(x)).backward()
    np.testing.assert_allclose(layer.alpha.grad, -np.ones(3) * x.size / 3)
    with pytest.raises(ValueError, match="expects 3 channels in axis 1"):
        layer(np.ones((2, 4)))


def test_A5_elu_value_and_derivative():
    for alpha in (1.0, 0.5):
        layer, x = tg.ELU(alpha), X[:, 1:]
        np.testing.assert_allclose(layer(x).data, np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))))
        below = x < 0
        np.testing.assert_allclose(derivative(layer, x)[below], alpha * np.exp(x[below]))
    assert tg.ELU()([[-1000.0]]).item() == -1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_by_name_by_function_and_in_the_graph(name):
    by_name = tg.Dense(7, 3, activation=name, rng=0)
    by_function = tg.Dense(7, 3, FUNCTIONS[name], rng=0)
    out = by_name(X / 100)
    np.testing.assert_array_equal(out.data, by_function(X / 100).data)
    assert out.op == name
    assert repr(by_function) == f"Dense(7, 3, activation='{name}')"


def test_a_layer_can_be_an_activation_and_its_parameters_are_found():
    layer = tg.Dense(2, 3, activation=tg.PReLU())
    assert {name for name, _ in layer.named_parameters()} == {"kernel", "bias", "activation.alpha"}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tg.Dense(2, 3, "rellu"), ValueError, "did you mean 'relu'.*leaky_relu"),
        (lambda: tg.Dense(2, 3, tg.ReLU), TypeError, "activation must be a name"),
        (lambda: tg.LeakyReLU(-1), ValueError, "alpha must be a finite number from 0 to 1"),
        (lambda: tg.RReLU(0.5, 0.1), ValueError, "upper must be a finite number from 0.5 to 1"),
        (lambda: tg.PReLU(channels=0), ValueError, "channels must be"),
    ],
)
def test_wrong_calls_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("axis", ["1", 1.7, True, None])
def test_the_axis_of_softmax_is_a_whole_number(axis):
    with pytest.raises((TypeError, ValueError), match="axis must be a whole number"):
        tg.layers.Softmax(axis)


def test_softmax_is_along_the_last_axis_unless_it_is_told_otherwise():
    out = tg.Softmax()(np.random.default_rng(0).normal(size=(2, 3, 4)))
    np.testing.assert_allclose(out.data.sum(-1), np.ones((2, 3)), rtol=1e-12)


def test_a_function_as_an_activation_gives_what_it_gives():
    x = np.array([[1.0, -2.0]])
    options = {"kernel_initializer": tg.initializers.constant(np.eye(2))}
    assert tg.Dense(2, 2, lambda z: 3 * z, **options)(x).tolist() == [[3, -6]]
    assert tg.Dense(2, 2, **options)(x).tolist() == [[1, -2]]


def test_a_softmax_over_one_unit_is_warned_of():
    with pytest.warns(UserWarning, match="a softmax over one unit is always 1.*write 'sigmoid'") as told:
        tg.Dense(64, 1, "softmax")
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="a softmax over one unit is always 1") as told:
        tg.Sequential(tg.Dense(64, 1), tg.Softmax())(np.ones((5, 64)))
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="a softmax over one unit is always 1"):
        tg.Softmax(axis=1)(np.ones((5, 1)))


def test_a_softmax_along_another_axis_of_length_1_may_be_meant():
    tg.Softmax()(np.ones((2, 3, 1)))  # attention to one key
    tg.Softmax(axis=0)(np.ones((3, 1)))
    tg.Dense(64, 1, "sigmoid"), tg.Dense(64, 2, "softmax")

"""Numbers about what goes on inside a model: rows A6 and V1–V4 of the lectures."""

import importlib
import itertools
import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.diagnostics import (
    chain_factors,
    dead_units,
    gradient_norms,
    gradient_ratio,
    layer_outputs,
    saturated,
)

X = np.random.default_rng(0).normal(size=(128, 64))
Y = np.random.default_rng(1).normal(size=(128, 64))


def chain(weight, depth=4):
    """One neuron a layer: a_j = σ(w_j · a_(j−1) + b_j)."""
    return tg.Sequential(
        [tg.Dense(1, 1, "sigmoid", kernel_initializer=tg.initializers.constant(weight)) for _ in range(depth)]
    )


def cost(model, a0=0.7, target=0.2):
    return np.sum((model([[a0]]) - target) ** 2)


# ---- vanishing and exploding gradients


def test_V1_the_factors_of_the_chain_multiply_to_the_gradient():
    model = chain(0.8)
    for j, layer in enumerate(model):
        layer.kernel.data, layer.bias.data = np.array([[0.5 + 0.3 * j]]), np.array([0.1 * j - 0.2])
    loss = cost(model)
    loss.backward()
    for layer in model:
        product = math.prod(factor.value for factor in chain_factors(loss, layer.bias))
        assert product == pytest.approx(layer.bias.grad.item(), rel=1e-12)

    factors = [f.value for f in chain_factors(loss, model[0].bias) if f.op in ("sigmoid", "affine")]
    a, expected = layer_outputs(model, [[0.7]]), []
    for j in (3, 2, 1, 0):
        out = a[str(j)].item()
        expected += [out * (1 - out), model[j].kernel.item()]  # σ'(z), w
    np.testing.assert_allclose(factors, [*expected[:-1], 1.0], rtol=1e-12)  # ∂z₁/∂b₁ = 1


def test_V2_each_layer_with_a_weight_up_to_1_costs_a_factor_of_4():
    model = chain(1.0, depth=8)
    loss = cost(model)
    loss.backward()
    assert all(0 < f.value <= 0.25 for f in chain_factors(loss, model[0].bias) if f.op == "sigmoid")
    gradients = [abs(layer.bias.grad.item()) for layer in model]
    assert all(below <= above / 4 for below, above in itertools.pairwise(gradients))


def ratio(activation, initializer, between=(), clip=None):
    """Gradient of the first of ten 64-unit layers over that of the last."""
    tg.seed(0)
    model = tg.Sequential()
    for _ in range(10):
        model.add(tg.Dense(64, 64, kernel_initializer=initializer))
        for make in between:
            model.add(make())
        model.add(activation())
    np.mean((model(X) - Y) ** 2).backward()
    if clip is not None:
        tg.optim.clip_by_norm(model.parameters(), clip)
    return gradient_ratio(model)


def test_V3_four_remedies():
    small, large = tg.initializers.normal(0.1), tg.initializers.normal(10.0)
    table = {
        "sigmoid": ratio(tg.Sigmoid, small),
        "initialization": ratio(tg.Sigmoid, tg.initializers.normal(0.5)),
        "activation": ratio(tg.ReLU, "he_normal"),
        "batch norm": ratio(tg.Sigmoid, small, between=[lambda: tg.BatchNorm(64)]),
    }
    assert table["sigmoid"] < 1e-5
    assert table["initialization"] > 1e3 * table["sigmoid"]
    assert table["activation"] > 1e-1
    assert 0.1 < table["batch norm"] < 10
    # Clipping is the remedy for the other end: gradients that explode.
    assert ratio(tg.Sigmoid, large) > 1e3
    assert ratio(tg.Sigmoid, large, clip=1e-3) == pytest.approx(1.0)


def test_V4_large_weights_explode():
    model, a = chain(100.0, depth=5), 0.7
    for layer in model:  # biases at which every neuron is in the middle of its sigmoid, where σ' = 1/4
        layer.bias.data, a = np.array([-100.0 * a]), 0.5
    loss = cost(model)
    loss.backward()
    gradients = np.array([layer.bias.grad.item() for layer in model])
    np.testing.assert_allclose(gradients[:-1] / gradients[1:], 100 / 4)
    assert gradient_ratio(model) > 25**3


def test_a_way_that_forks_is_no_chain():
    x = tg.Tensor(2.0, requires_grad=True)
    with pytest.raises(ValueError, match=r"x of shape .* gets its gradient in 2 shares"):
        chain_factors(x * x, x)
    with pytest.raises(ValueError, match="no chain of single numbers"):
        chain_factors(np.sum(tg.Tensor([1.0, 2.0], requires_grad=True) * x), x)
    with pytest.raises(ValueError, match="was not computed from x"):
        chain_factors(tg.Tensor(1.0, requires_grad=True) * 2, x)


@pytest.mark.parametrize(
    ("gradients", "expected"),
    [([3.0, 4.0], 0.75), ([3.0, 7.0, 4.0], 0.75), ([3.0, 0.0, 4.0], 0.75), ([3.0, 0.0], math.inf)],
)
def test_the_gradient_ratio_compares_the_first_layer_with_the_last(gradients, expected):
    model = tg.Sequential([tg.Dense(1, 1, use_bias=False) for _ in gradients])
    for layer, g in zip(model, gradients, strict=True):
        layer.kernel.grad = np.array([[g]])
    assert gradient_ratio(model) == expected


def test_gradient_norms_by_layer():
    model = tg.Sequential([tg.Dense(2, 3), tg.ReLU(), tg.Dense(3, 1)])
    with pytest.raises(ValueError, match="backward"):
        gradient_ratio(model)
    np.sum(model([[1.0, 2.0]])).backward()
    norms = gradient_norms(model)
    assert list(norms) == ["0", "2"]
    kernel, bias = model[2].kernel.grad, model[2].bias.grad
    assert norms["2"] == pytest.approx(math.sqrt(np.sum(kernel**2) + np.sum(bias**2)))


# ---- units


def test_A6_dead_units_are_reported_by_layer():
    model = tg.Sequential([tg.Dense(64, 10, "relu"), tg.Dense(10, 8), tg.ReLU(), tg.Dense(8, 4, "tanh")])
    model[0].bias.data[:3] = -1000.0
    model[1].bias.data[:2] = -1000.0
    model[1].bias.data[2:] = 1000.0
    assert tg.dead_units(model, X) == pytest.approx({"0": 0.3, "2": 0.25})


def test_A6_a_unit_that_lives_in_one_part_of_the_set_is_not_dead():
    model = tg.Sequential([tg.Dense(1, 2, "relu", kernel_initializer=lambda *_: np.array([[1.0, -1.0]]))])
    x = np.linspace(-1, 1, 11)[:, None]
    assert dead_units(model, x, batch_size=4) == {"0": 0.0}
    assert dead_units(model, x[:4]) == {"0": 0.5}


def test_A6_units_of_images_are_channels():
    x = np.zeros((2, 3, 4, 4))
    x[0, 1, 2, 2] = 1
    assert dead_units(tg.Sequential([tg.ReLU()]), x) == {"0": pytest.approx(2 / 3)}


def test_a_layer_of_one_number_a_sample_is_one_unit():
    model = tg.Sequential([tg.Lambda(lambda a: a[:, 0]), tg.ReLU()])
    assert dead_units(model, [[1.0], [-1.0], [-1.0], [-1.0]]) == {"1": 0.0}
    assert dead_units(model, [[-1.0], [-1.0]]) == {"1": 1.0}


def test_dead_units_no_gradient_reaches():
    model = tg.Sequential([tg.Dense(64, 10, "relu"), tg.Dense(10, 64)])
    model[0].bias.data[:3] = -1000.0
    np.mean((model(X) - Y) ** 2).backward()
    assert not model[0].kernel.grad[:, :3].any()
    assert model[0].kernel.grad[:, 3:].all()


def test_relu_applied_twice_by_one_module_is_reported_twice():
    class Net(tg.Module):
        def __init__(self):
            self.dense = tg.Dense(64, 64)

        def forward(self, x):
            return tg.ops.relu(self.dense(tg.ops.relu(x)))

    assert list(dead_units(Net(), X)) == ["model", "model (2)"]


def test_saturated_units():
    x = np.array([[0.0, 10.0, -10.0, 1.0]])
    model = tg.Sequential([tg.Sigmoid(), tg.Lambda(lambda a: a * 0 + 5), tg.Tanh()])
    assert saturated(model, x) == {"0": 0.5, "2": 1.0}
    assert saturated(model, x, slope=0.2)["0"] == 0.75
    assert saturated(tg.Tanh(), np.array([[0.0]]), slope=1.0) == {"model": 0.0}, "below, not at the slope"
    flat, steep = (np.log(s / (1 - s)) for s in 0.5 + np.sqrt(0.25 - np.array([0.0499, 0.0501])))  # s(1 − s)
    assert saturated(tg.Sigmoid(), np.array([[flat, steep]])) == {"model": 0.5}


def test_looking_changes_nothing():
    model = tg.Sequential([tg.Dense(64, 10, "relu"), tg.BatchNorm(10), tg.Dropout(0.5)])
    before = model.state_dict()
    dead_units(model, X)
    outputs = layer_outputs(model, X)
    assert list(outputs) == ["0", "1", "2", ""]
    np.testing.assert_array_equal(outputs["2"], outputs["1"])  # eval mode: nothing is dropped
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("model", [None, [1, 2], lambda x: x])
def test_what_is_no_model_has_no_units(model):
    with pytest.raises(TypeError, match=r"takes a tg\.Module such as"):
        dead_units(model, X)


@pytest.mark.parametrize("look", [tg.diagnostics.layer_outputs, tg.dead_units, tg.diagnostics.saturated])
def test_what_is_no_model_is_refused(look):
    with pytest.raises(TypeError, match=r"takes a tg\.Module such as tg\.Sequential\(\.\.\.\), not int"):
        look(3, np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"takes a model, not the class Dense: write Dense\(\.\.\.\)"):
        look(tg.Dense, np.ones((2, 2)))


def test_norms_of_what_is_no_model_are_refused():
    with pytest.raises(TypeError, match=r"gradient_norms takes a tg\.Module"):
        tg.diagnostics.gradient_ratio(3)


def test_a_factor_of_a_long_chain_takes_no_walk_of_its_own(monkeypatch):
    module = importlib.import_module("tinygrad_reg.insight.explain")
    x = tg.Tensor(0.5, requires_grad=True)
    out = x
    for _ in range(50):
        out = np.sin(out).reshape(1).sum()
    walks, real = [], module.walk
    monkeypatch.setattr(module, "walk", lambda *given, **more: walks.append(given) or real(*given, **more))
    monkeypatch.setattr(importlib.import_module("tinygrad_reg.backward"), "_leading_to", None)
    factors = chain_factors(out, x)
    assert len(walks) == 1 and len(factors) == 150
    monkeypatch.undo()
    assert math.prod(f.value for f in factors) == pytest.approx(tg.gradients(out, x).item(), rel=1e-12)


def test_a_model_whose_output_is_a_derivative_has_its_units_looked_at():
    class Slope(tg.Module):
        def __init__(self):
            self.net = tg.Sequential(tg.Dense(1, 4, "relu", kernel_initializer="ones"), tg.Dense(4, 2, "tanh"))
            self.net[0].bias.data = [0.0, 0.0, -9.0, -9.0]

        def forward(self, x):
            return tg.grad(lambda z: np.sum(self.net(z)))(x)

    x = np.array([[1.0], [2.0]])
    assert dead_units(Slope(), x) == {"net.0": 0.5}
    assert set(saturated(Slope(), x)) == {"net.1"}


@pytest.mark.parametrize("look", [dead_units, saturated])
def test_what_is_no_batch_and_no_size_of_one_is_refused(look):
    model = tg.Sequential(tg.Dense(3, 4, "relu"), tg.Dense(4, 1, "tanh"))
    for batch_size in (0, -1, 1.5, None):
        with pytest.raises((ValueError, TypeError), match="batch_size must be a whole number ≥ 1"):
            look(model, np.ones((2, 3)), batch_size=batch_size)
    for x in (None, 5):
        with pytest.raises(TypeError, match=r"takes a batch of samples, \(N, …\), not array of shape \(\)"):
            look(model, x)


@pytest.mark.parametrize("slope", [-1, None, "a", np.nan])
def test_a_slope_is_a_number(slope):
    with pytest.raises((ValueError, TypeError), match="slope must be a finite number ≥ 0"):
        saturated(tg.Dense(1, 1), np.ones((1, 1)), slope=slope)

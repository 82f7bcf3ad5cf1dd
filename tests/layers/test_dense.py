"""Dense: formula, gradients, options, messages."""

import numpy as np
import pytest

import tinygrad_reg as tg


def test_it_computes_its_formula():
    layer = tg.Dense(3, 2, activation="tanh", bias_initializer="normal")
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(layer(x).data, np.tanh(x @ layer.kernel.data + layer.bias.data))


def test_gradients_are_slopes():
    layer = tg.Dense(3, 2, activation="tanh")

    def call(x, kernel, bias):
        layer.kernel, layer.bias = kernel, bias
        return layer(x)

    rng = np.random.default_rng(0)
    tg.check_grad(call, rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2), order=2)


def test_without_bias_there_is_none():
    layer = tg.Dense(3, 2, use_bias=False)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["kernel"]
    np.testing.assert_array_equal(layer(np.eye(3)).data, layer.kernel.data)


def test_parameters_have_names_and_a_dtype():
    layer = tg.Dense(3, 2, dtype="float32")
    assert (layer.kernel.name, layer.bias.name) == ("kernel", "bias")
    out = layer(np.ones((4, 3), np.float32))
    np.sum(out).backward()
    assert {out.dtype, layer.kernel.grad.dtype, layer.bias.grad.dtype} == {np.dtype("float32")}


def test_the_default_dtype_is_that_of_new_layers():
    tg.set_default_dtype("float32")
    try:
        assert tg.Dense(3, 2).kernel.dtype == np.float32
    finally:
        tg.set_default_dtype("float64")


def test_one_sample_and_more_axes_are_taken():
    layer = tg.Dense(3, 2)
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    assert layer(x).shape == (4, 5, 2)
    np.testing.assert_allclose(layer(x[0, 0]).data, layer(x).data[0, 0])


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((4, 5), r"layer 1, Dense\(6, 2\), expects inputs of shape \(N, 6\), but was given \(4, 5\)$"),
        ((4, 2, 3), r"put a Flatten\(\) before it"),
        ((4, 2, 5, 5), r"put a Flatten\(\) before it, which makes rows of 50, and write Dense\(50, …\)"),
        ((6, 4), r"transpose the array: x\.T"),
        ((5,), r"but was given \(5,\)$"),
        ((), r"but was given \(\)"),
    ],
)
def test_a_wrong_width_names_layer_expected_and_given_shape(shape, hint):
    model = tg.Sequential([lambda x: x, tg.Dense(6, 2)])
    with pytest.raises(ValueError, match=hint):
        model(np.zeros(shape))


def test_numbers_for_a_layer_of_one_feature_are_to_be_a_column():
    with pytest.raises(ValueError, match=r"given \(32,\); one number a sample is a column: x\[:, None\]$"):
        tg.Dense(1, 1)(np.zeros(32))


def test_penalties_by_name_and_uncalled():
    for penalty in ("l2", tg.penalties.l2, tg.penalties.l2(0.01)):
        layer = tg.Dense(2, 3, kernel_regularizer=penalty)
        assert layer.penalty().item() == pytest.approx(0.01 * np.sum(layer.kernel.data**2))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tg.Dense(0, 3), ValueError, "in_features must be a whole number ≥ 1, not 0"),
        (lambda: tg.Dense(128, "relu"), TypeError, r"≥ 1 \(Dense\(inputs, units, activation\)\), not 'relu'"),
        (lambda: tg.Dense(2, 3, dtype="int64"), TypeError, "must be a float"),
        (lambda: tg.Dense(2, 3, use_bias="no"), TypeError, "use_bias must be True or False"),
        (lambda: tg.Dense(2, 3, kernel_regularizer=0.01), TypeError, r"tg\.penalties\.l2\(0\.01\)"),
        (lambda: tg.Dense(2, 3, kernel_constraint=1.0), TypeError, r"kernel_constraint .*max_norm\(1\.0\)"),
        (lambda: tg.Dense(2, 3, kernel_constraint=tg.constraints.max_norm), TypeError, r"max_norm\(1\.0\)"),
    ],
)
def test_wrong_options_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()

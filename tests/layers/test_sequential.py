"""Sequential, Residual, Lambda."""

import numpy as np
import pytest

import tinygrad_reg as tg


def test_layers_run_in_order_however_they_are_given():
    first, second = tg.Dense(2, 3), tg.Dense(3, 1)
    x = np.ones((4, 2))
    expected = second(np.tanh(first(x))).data
    added = tg.Sequential()
    for layer in (first, np.tanh, second):
        added.add(layer)
    for model in (tg.Sequential([first, np.tanh, second]), tg.Sequential(first, np.tanh, second), added):
        np.testing.assert_array_equal(model(x).data, expected)
        assert [name for name, _ in model.named_parameters()] == ["0.kernel", "0.bias", "2.kernel", "2.bias"]


def test_it_is_a_sequence():
    model = tg.Sequential([tg.Dense(2, 3), tg.ReLU(), tg.Dense(3, 1)])
    assert len(model) == 3
    assert list(model)[1] is model[1]
    head = model[:2]
    assert isinstance(head, tg.Sequential)
    assert head[0] is model[0]


def test_an_empty_one_is_the_identity():
    np.testing.assert_array_equal(tg.Sequential()(np.ones(3)).data, np.ones(3))


def test_a_subclass_may_hold_more():
    class Scaled(tg.Sequential):
        def __init__(self, *layers):
            super().__init__(*layers)
            self.scale = tg.Tensor(2.0, requires_grad=True)

        def forward(self, x):
            return self.scale * super().forward(x)

    model = Scaled(tg.Dense(2, 2, use_bias=False))
    assert [name for name, _ in model.named_parameters()] == ["0.kernel", "scale"]
    np.testing.assert_array_equal(model(np.eye(2)).data, 2 * model[0].kernel.data)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_residual_of_pixels_does_not_wrap_around(dtype):
    top = np.full((1, 2), np.iinfo(dtype).max, dtype)
    assert tg.Residual(tg.ReLU())(top).numpy().tolist() == [[2.0 * np.iinfo(dtype).max] * 2]


def test_residual_adds_its_input():
    block = tg.Dense(3, 3, "tanh")
    x = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_array_equal(tg.Residual(block)(x).data, x + block(x).data)
    tg.check_grad(tg.Residual(block), x, order=2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: tg.Sequential([tg.Dense(1, 1), tg.ReLU]),
            TypeError,
            r"layer 1 of a Sequential is the class ReLU; write",
        ),
        (lambda: tg.Sequential("dense"), TypeError, r"must be a layer such as tg\.Dense"),
        (lambda: tg.Sequential(tg.Dense(1, 1), "relu"), TypeError, r"layer 1 .* not 'relu': write tg\.ops\.relu$"),
        (lambda: tg.Sequential([None]), TypeError, "not None"),
        (lambda: tg.Residual(3), TypeError, "the block of a Residual must be"),
        (lambda: tg.Residual(tg.Dense(2, 3))(np.ones((4, 2))), ValueError, r"\(4, 2\).*\(4, 3\).*keep the shape"),
    ],
)
def test_wrong_calls_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_sequential_is_no_layer_of_itself():
    model = tg.Sequential(tg.Dense(2, 2))
    with pytest.raises(ValueError, match="can't be a layer of itself"):
        model.add(model)
    assert len(model.layers) == 1

"""Conv2D and Flatten."""

import numpy as np
import pytest

import tinygrad_reg as tg

rng = np.random.default_rng(0)


def images(*shape):
    return rng.normal(size=shape)


def convolved(x, kernel, bias, stride, pad):
    """The definition, by loops."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    size = kernel.shape[2:]
    rows, columns = [(n - k) // stride + 1 for n, k in zip(x.shape[2:], size, strict=True)]
    out = np.zeros((len(x), len(kernel), rows, columns))
    for r in range(rows):
        for c in range(columns):
            window = x[:, :, r * stride : r * stride + size[0], c * stride : c * stride + size[1]]
            out[:, :, r, c] = np.einsum("nihw,oihw->no", window, kernel) + bias
    return out


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (1, "same")])
def test_it_computes_its_formula(stride, padding):
    layer = tg.Conv2D(3, 4, 3, stride, padding, activation="tanh", bias_initializer="normal")
    x = images(2, 3, 7, 6)
    pad = 1 if padding == "same" else padding
    expected = np.tanh(convolved(x, layer.kernel.data, layer.bias.data, stride, pad))
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-12)
    assert layer.kernel.shape == (4, 3, 3, 3)


def test_same_keeps_height_and_width():
    for size in (1, 2, 3, 5, (2, 3)):
        assert tg.Conv2D(1, 2, size, padding="same")(images(2, 1, 6, 7)).shape == (2, 2, 6, 7)


def test_gradients_are_slopes():
    layer = tg.Conv2D(2, 3, (2, 3), stride=(1, 2), padding=1)

    def call(x, kernel, bias):
        layer.kernel, layer.bias = kernel, bias
        return layer(x)

    tg.check_grad(call, images(2, 2, 4, 5), layer.kernel, layer.bias)


def test_it_is_initialised_by_its_fans():
    kernel = tg.Conv2D(50, 40, 5, kernel_initializer="he_normal").kernel.data
    assert kernel.std() == pytest.approx(np.sqrt(2 / (50 * 25)), rel=0.02)


def test_options_are_those_of_dense():
    layer = tg.Conv2D(
        1,
        2,
        3,
        kernel_regularizer=tg.penalties.l2(0.1),
        kernel_constraint=tg.constraints.max_norm(0.1),
        use_bias=False,
        dtype="float32",
    )
    assert layer.penalty().item() == pytest.approx(0.1 * np.sum(layer.kernel.data**2), rel=1e-5)
    layer.project()
    norms = np.sqrt(np.sum(layer.kernel.data**2, axis=(1, 2, 3)))
    assert norms.max() <= 0.1 * (1 + 1e-6)
    assert layer(np.ones((1, 1, 4, 4), np.float32)).dtype == np.float32


def test_flatten_makes_a_row_of_each_sample():
    x = images(2, 3, 4, 5)
    np.testing.assert_array_equal(tg.Flatten()(x).data, x.reshape(2, 60))
    assert tg.Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert tg.Flatten()(np.arange(3.0)).data.tolist() == [[0], [1], [2]]  # a number a sample
    with pytest.raises(ValueError, match=r"expects a batch \(N, ...\), but was given a single number"):
        tg.Flatten()(3.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tg.Conv2D(3, 4, 3)(np.zeros((2, 5, 8, 8))),
            r"Conv2D\(3, 4, \(3, 3\)\) expects images of shape \(N, 3, H, W\)",
        ),
        (lambda: tg.Conv2D(3, 4, 3)(np.zeros((3, 8, 8))), r"x\[None\]"),
        (lambda: tg.Conv2D(3, 4, 3)(np.zeros((2, 8, 8, 3))), r"channels come before.*np\.moveaxis\(x, -1, 1\)"),
        (lambda: tg.Conv2D(3, 4, 9)(np.zeros((2, 3, 8, 8))), "does not fit"),
        (lambda: tg.Conv2D(3, 4, 0), "kernel_size"),
        (lambda: tg.Conv2D(3, 4, 3, stride=0), "stride"),
        (lambda: tg.Conv2D(3, 4, 3, padding="valid"), "padding must be a whole number ≥ 0, one an axis, or 'same'"),
        (
            lambda: tg.Conv2D(3, 4, [3, 3, 3]),
            r"kernel_size must be a whole number ≥ 1, or a pair of them, not \[3, 3, 3\]",
        ),
        (lambda: tg.Conv2D(0, 4, 3), "in_channels"),
    ],
)
def test_wrong_calls_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_pair_may_be_a_list():
    layer = tg.Conv2D(1, 2, [3, 2], stride=[1, 2])
    assert layer.kernel.shape == (2, 1, 3, 2)
    assert layer(np.zeros((1, 1, 5, 6))).shape == (1, 2, 3, 3)


def test_use_bias_is_true_or_false():
    with pytest.raises(TypeError, match="use_bias must be True or False, not 'no'"):
        tg.Conv2D(1, 1, 3, use_bias="no")

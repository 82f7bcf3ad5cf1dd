"""Edges of convolution: sizes, "same", blocks of images, messages. Values by definition: cases_convolution.py."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.ops import conv1d, conv2d, conv2d_kernel, conv_transpose2d, convolution


def draw(*shape, dtype=np.float64):
    return np.random.default_rng(len(shape)).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("n", [4, 5, 6, 7])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_gives_every_stride_a_window_and_pads_more_below(n, k, stride):
    x, w = draw(1, 1, n, n), draw(1, 1, k, k)
    out = conv2d(x, w, stride=stride, padding="same")
    count = -(-n // stride)
    assert out.shape == (1, 1, count, count)
    total = max((count - 1) * stride + k - n, 0)
    sides = (total // 2, total - total // 2)
    assert np.array_equal(out, conv2d(x, w, stride=stride, padding=(sides, sides)))


def test_the_kernel_is_not_turned_round():
    x, w = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[10.0, 1.0]]])
    assert np.array_equal(conv1d(x, w), [[[12.0, 24.0]]])


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}], ids=str)
def test_images_taken_a_few_at_a_time_are_the_same_as_all_at_once(options, monkeypatch):
    x, w = draw(7, 2, 6, 5), draw(3, 2, 3, 2)
    out = conv2d(x, w, **options)
    g = np.random.default_rng(0).normal(size=out.shape)

    def all_three():
        spread = conv_transpose2d(g, w, size=(6, 5), **options)
        return conv2d(x, w, **options), spread, conv2d_kernel(x, g, size=(3, 2), **options)

    at_once = all_three()
    monkeypatch.setattr(convolution, "_AT_A_TIME", 300)
    for a, b in zip(at_once, all_three(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_the_three_products_are_each_others_adjoints():
    x, w = draw(2, 3, 7, 6), draw(4, 3, 3, 2)
    options = {"stride": (2, 3), "padding": ((1, 0), (2, 1))}
    y = conv2d(x, w, **options)
    g = np.random.default_rng(0).normal(size=y.shape)
    expected = np.sum(y * g)
    np.testing.assert_allclose(np.sum(x * conv_transpose2d(g, w, size=(7, 6), **options)), expected)
    np.testing.assert_allclose(np.sum(w * conv2d_kernel(x, g, size=(3, 2), **options)), expected)


def test_windows_that_leave_a_rest_give_it_a_gradient_of_zeros():
    x = tg.Tensor(draw(1, 1, 6, 5), requires_grad=True)
    conv2d(x, np.ones((1, 1, 2, 2)), stride=3).sum().backward()
    assert not x.grad[:, :, [2, 5]].any()
    assert not x.grad[..., 2].any()
    assert np.array_equal(x.grad[0, 0, :2, :2], np.ones((2, 2)))


@pytest.mark.parametrize(
    ("x", "w"), [((0, 2, 4, 4), (3, 2, 3, 3)), ((2, 0, 4, 4), (3, 0, 2, 2)), ((2, 2, 4, 4), (0, 2, 2, 2))]
)
def test_no_images_or_no_channels(x, w):
    x, w = tg.Tensor(np.zeros(x), requires_grad=True), tg.Tensor(np.zeros(w), requires_grad=True)
    out = conv2d(x, w)
    assert out.shape[:2] == (len(x), len(w))
    out.backward(np.ones(out.shape))
    assert x.grad.shape == x.shape and w.grad.shape == w.shape


def test_mixed_dtypes_give_each_input_a_gradient_of_its_own():
    x, w = (
        tg.Tensor(draw(1, 2, 4, 4, dtype=np.float32), requires_grad=True),
        tg.Tensor(draw(1, 2, 2, 2), requires_grad=True),
    )
    conv2d(x, w).sum().backward()
    assert (x.grad.dtype, w.grad.dtype) == (np.float32, np.float64)


def test_conv_transpose2d_may_be_told_the_size():
    y, w = draw(1, 1, 2, 2), draw(1, 1, 3, 3)
    assert conv_transpose2d(y, w, stride=2, padding=1).shape == (1, 1, 3, 3)
    assert conv_transpose2d(y, w, stride=2, padding=1, size=(4, 4)).shape == (1, 1, 4, 4)
    assert conv_transpose2d(y, w, stride=2, padding="same", size=(4, 3)).shape == (1, 1, 4, 3)


IMAGES, KERNEL = draw(2, 3, 5, 5), draw(4, 3, 3, 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: conv2d(IMAGES, draw(4, 2, 3, 3)), "x has 3 channels, but w is a kernel for 2"),
        (lambda: conv2d(IMAGES[0], KERNEL), r"x must have 4 axes, \(images, channels, height, width\), not 3"),
        (lambda: conv2d(2.0, KERNEL), "x must have 4 axes"),
        (lambda: conv2d(IMAGES, KERNEL[0]), "w must have 4 axes"),
        (lambda: conv2d(IMAGES, draw(4, 3, 6, 3)), r"window of \(6, 3\) does not fit into an image of \(5, 5\)"),
        (lambda: conv2d(IMAGES, KERNEL, stride=0), "stride must be a whole number ≥ 1"),
        (lambda: conv2d(IMAGES, KERNEL, stride=(1, 2, 3)), r"or a pair of them, not \(1, 2, 3\)"),
        (lambda: conv2d(IMAGES, KERNEL, stride=1.5), "stride must be a whole number"),
        (lambda: conv2d(IMAGES, KERNEL, padding=-1), "padding must be a whole number ≥ 0, or a pair"),
        (lambda: conv2d(IMAGES, KERNEL, padding="valid"), "or 'same', not 'valid', where Keras' 'valid' is 0"),
        (lambda: conv1d(IMAGES, KERNEL), "x and w must have 3 axes, not 4 and 4"),
        (lambda: conv1d(IMAGES[0], KERNEL[0], padding=(1, 2, 3)), "padding must be"),
        (lambda: conv_transpose2d(IMAGES, KERNEL), "x has 3 channels, but w is a kernel for 4"),
        (lambda: conv_transpose2d(IMAGES, KERNEL[:3], size=(3, 3)), r"has \(1, 1\) windows of \(3, 3\), not \(5, 5\)"),
        (lambda: conv_transpose2d(IMAGES, KERNEL[:3], padding="same"), "give size="),
        (lambda: conv_transpose2d(IMAGES, KERNEL[:3], padding=9), "padding must leave a result, not one of"),
        (lambda: conv2d_kernel(IMAGES, IMAGES, size=3), r"has \(3, 3\) windows of \(3, 3\), not \(5, 5\)"),
    ],
)
def test_what_does_not_fit_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_an_image_without_columns_has_a_gradient_without_columns():
    x = tg.Tensor(np.ones((1, 1, 3, 0)), requires_grad=True)
    w = tg.Tensor(np.ones((1, 1, 1, 2)), requires_grad=True)
    conv2d(x, w, padding=(0, 1)).sum().backward()
    assert x.grad.shape == (1, 1, 3, 0) and w.grad.tolist() == [[[[0, 0]]]]
    assert conv_transpose2d(np.ones((1, 1, 3, 1)), np.ones((1, 1, 1, 2)), padding=(0, 1)).shape == (1, 1, 3, 0)


def test_images_without_rows_between_padding_get_gradients_without_rows():
    x = tg.Tensor(np.zeros((1, 2, 0, 3)), requires_grad=True)
    out = tg.ops.conv2d(x, np.ones((4, 2, 3, 1)), padding=(2, 0))
    assert out.shape == (1, 4, 2, 3)
    out.sum().backward()
    assert x.grad.shape == x.shape

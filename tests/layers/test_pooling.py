"""Pooling layers; row N6 of the lectures."""

import numpy as np
import pytest

import tinygrad_reg as tg

rng = np.random.default_rng(0)


def images(*shape):
    return rng.normal(size=shape)


def test_a_window_gives_its_largest_or_its_mean():
    x = images(2, 3, 6, 8)
    windows = x.reshape(2, 3, 3, 2, 4, 2)
    np.testing.assert_array_equal(tg.MaxPool2D(2)(x).data, windows.max(axis=(3, 5)))
    np.testing.assert_allclose(tg.AvgPool2D(2)(x).data, windows.mean(axis=(3, 5)))
    assert tg.MaxPool2D(3, stride=2, padding=1)(x).shape == (2, 3, 3, 4)
    assert tg.AvgPool2D((2, 4), stride=(1, 2))(x).shape == (2, 3, 5, 3)
    tg.check_grad(tg.MaxPool2D(3, stride=2), x)


@pytest.mark.parametrize("kind", [tg.MaxPool2D, tg.AvgPool2D])
def test_windows_of_one_pixel_take_every_one_or_every_second(kind):
    x = images(2, 3, 5, 4)
    np.testing.assert_array_equal(kind(1)(x).data, x)
    np.testing.assert_array_equal(kind(1, stride=2)(x).data, x[:, :, ::2, ::2])


def test_N6_fractional_pooling_shrinks_by_less_than_two_and_covers_the_image():
    layer = tg.FractionalMaxPool2D(1.5)
    x = images(3, 2, 10, 8)
    assert layer(x).shape == (3, 2, 6, 5)
    assert len({layer(x).data.tobytes() for _ in range(20)}) > 5
    for mode in (layer.train(), layer.eval()):
        for r in range(10):
            for c in range(8):
                spot = np.zeros((1, 1, 10, 8))
                spot[0, 0, r, c] = 1
                assert mode(spot).data.sum() == 1  # every pixel is in exactly one region


def test_N6_fractional_pooling_is_fixed_in_eval_mode_and_by_a_seed():
    x = images(2, 2, 9, 9)
    layer = tg.FractionalMaxPool2D((1.3, 1.8), overlapping=True).eval()
    np.testing.assert_array_equal(layer(x).data, layer(x).data)
    assert layer(x).shape == layer.train()(x).shape == (2, 2, 6, 5)
    again = [tg.FractionalMaxPool2D(1.4, sequence="random", rng=3)(x).data for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_the_global_average_is_the_mean_of_each_channel():
    x = images(2, 3, 4, 5)
    np.testing.assert_allclose(tg.GlobalAvgPool2D()(x).data, x.mean(axis=(2, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tg.MaxPool2D(0), "size must be"),
        (lambda: tg.AvgPool2D(2, stride=-1), "stride must be"),
        (lambda: tg.MaxPool2D(2)(np.zeros((3, 8, 8))), r"expects images of shape \(N, C, H, W\)"),
        (lambda: tg.FractionalMaxPool2D(1), "ratio must be a number between 1 and 2"),
        (lambda: tg.FractionalMaxPool2D(2), "ratio must be a number between 1 and 2"),
        (lambda: tg.FractionalMaxPool2D(1.5)(np.zeros((2, 1, 1, 8))), "at least 2 rows"),
        (lambda: tg.GlobalAvgPool2D()(np.zeros((3, 4))), r"expects images of shape \(N, C, H, W\)"),
    ],
)
def test_wrong_calls_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_fractional_pooling_spreads_its_regions_evenly_in_eval_mode():
    pool = tg.FractionalMaxPool2D().eval()
    assert pool(np.arange(4.0).reshape(1, 1, 2, 2)).tolist() == [[[[3]]]]
    cuts = pool(np.arange(7.0)[None, None, :, None] * np.ones(2)).data[0, 0, :, 0]
    assert cuts.tolist() == [1, 3, 4, 6]  # ⌊7/√2⌋ = 4 regions, of 2, 2, 1 and 2 rows


def test_the_default_ratio_halves_the_number_of_pixels():
    assert tg.FractionalMaxPool2D().ratio == 2**0.5


def test_overlapping_is_true_or_false():
    with pytest.raises(TypeError, match="overlapping must be True or False, not 'no'"):
        tg.FractionalMaxPool2D(1.5, overlapping="no")

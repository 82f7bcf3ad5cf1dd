"""Edges of pooling: ties, padding, random regions and their determinism. Values from loops: cases_pooling.py."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import ops

from .leaves import gradient

IMAGE = np.arange(30.0).reshape(1, 1, 5, 6)


# ---- the largest number


def test_a_tie_goes_to_the_first_of_the_window_row_by_row():
    x = np.array([[[[1.0, 2, 3, 3], [2, 2, 3, 3]]]])
    assert np.array_equal(gradient(lambda t: ops.max_pool2d(t, size=2), x), [[[[0, 1, 1, 0], [0, 0, 0, 0]]]])
    # Here the left column has the largest number further down than the right one.
    x = np.array([[[[0.0, 5], [5, 0]]]])
    assert np.array_equal(gradient(lambda t: ops.max_pool2d(t, size=2), x), [[[[0, 1], [0, 0]]]])


def test_ties_in_sequences_go_to_the_first():
    assert np.array_equal(gradient(lambda t: ops.max_pool1d(t, size=3), [[[4.0, 4, 4]]]), [[[1, 0, 0]]])


def test_overlapping_windows_add_up_what_they_send_back():
    x = np.array([[[[0.0, 9.0, 0.0]]]])
    assert np.array_equal(gradient(lambda t: ops.max_pool2d(t, size=(1, 2), stride=1), x), [[[[0, 2, 0]]]])


def test_padding_never_wins():
    x = -np.ones((1, 1, 2, 2))
    out = ops.max_pool2d(x, size=3, stride=2, padding=1)
    assert np.array_equal(out, [[[[-1.0]]]])
    lowest = np.full((1, 1, 3, 3), -np.inf)
    assert gradient(lambda t: ops.max_pool2d(t, size=3, stride=2, padding=1), lowest).shape == lowest.shape
    assert np.array_equal(ops.max_pool2d(-np.ones((1, 1, 2, 2), int), size=3, padding=1, stride=2), [[[[-1]]]])


def test_a_window_of_more_than_255_places():
    x = np.random.default_rng(0).permutation(400.0 * np.arange(400)).reshape(1, 1, 20, 20)
    assert np.array_equal(gradient(lambda t: ops.max_pool2d(t, size=20), x), (x == x.max()).astype(float))


def test_nan_is_the_largest_as_in_numpy():
    x = np.array([[[[1.0, np.nan], [2, 3]]]])
    assert np.isnan(ops.max_pool2d(x, size=2)).all()


@pytest.mark.parametrize("pool", [ops.max_pool2d, ops.avg_pool2d])
def test_no_images(pool):
    x = tg.Tensor(np.zeros((0, 2, 4, 4)), requires_grad=True)
    out = pool(x, size=2)
    out.sum().backward()
    assert out.shape == (0, 2, 2, 2) and x.grad.shape == x.shape


def test_the_rest_of_an_image_takes_no_part():
    out = ops.max_pool2d(IMAGE, size=(2, 4))
    assert np.array_equal(out, [[[[9.0], [21.0]]]])


# ---- the mean


def test_padding_counts_in_a_mean():
    x = np.full((1, 1, 2, 2), 4.0)
    assert np.array_equal(ops.avg_pool2d(x, size=2, padding=1), np.ones((1, 1, 2, 2)))


def test_a_mean_shares_its_gradient_evenly():
    assert np.array_equal(gradient(lambda t: ops.avg_pool2d(t, size=(5, 3)), IMAGE), np.full((1, 1, 5, 6), 1 / 15))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ops.max_pool2d(IMAGE[0], size=2), "x must have 4 axes"),
        (lambda: ops.max_pool2d(IMAGE, size=0), "the window must be a whole number ≥ 1"),
        (lambda: ops.max_pool2d(IMAGE, size=9), r"window of \(9, 9\) does not fit into an image of \(5, 6\)"),
        (lambda: ops.max_pool2d(IMAGE, size=9, padding=1), r"does not fit into an image of \(7, 8\), padding included"),
        (lambda: ops.max_pool2d(IMAGE, size=2, padding=2), "would see nothing but padding"),
        (lambda: ops.max_pool2d(IMAGE, size=2, stride=0), "stride must be a whole number ≥ 1"),
        (lambda: ops.avg_pool2d(IMAGE, size=2, padding=-1), "padding must be"),
        (lambda: ops.max_pool1d(IMAGE, size=2), "x must have 3 axes, not 4"),
        (lambda: ops.avg_pool1d(IMAGE, size=2), "x must have 3 axes, not 4"),
        (lambda: ops.spread_mean2d(IMAGE, image=(4, 4), size=2), r"has \(2, 2\) windows of \(2, 2\), not \(5, 6\)"),
    ],
)
def test_what_does_not_fit_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# ---- random regions (row N6)


@pytest.mark.parametrize("sequence", ["pseudo", "random"])
@pytest.mark.parametrize("ratio", [1.01, 1.25, 2**0.5, 1.7, 1.99])
def test_regions_cover_the_axis_and_are_one_or_two_long(sequence, ratio):
    for n in range(8, 40):
        count = int(n / ratio)
        cuts = ops.region_boundaries(length=n, count=count, sequence=sequence, rng=n)
        lengths = np.diff(cuts.numpy())
        assert (cuts.numpy()[0], cuts.numpy()[-1], len(lengths)) == (0, n, count)
        assert lengths.min() >= n // count and lengths.max() <= -(-n // count)
        assert set(lengths) <= {1, 2} or n / count > 2


@pytest.mark.parametrize("sequence", ["pseudo", "random"])
def test_regions_are_random(sequence):
    drawn = {tuple(ops.region_boundaries(length=20, count=14, sequence=sequence, rng=i).tolist()) for i in range(50)}
    assert len(drawn) == 7 if sequence == "pseudo" else len(drawn) > 40  # 20/14 has 7 different phases


@pytest.mark.parametrize("ratio", [1.2, 2**0.5, 1.9, (1.3, 1.8)])
def test_the_result_of_fractional_pooling_is_smaller_by_the_ratio(ratio):
    first, second = ratio if isinstance(ratio, tuple) else (ratio, ratio)
    out = ops.fractional_max_pool2d(np.zeros((2, 3, 11, 17)), ratio, rng=0)
    assert out.shape == (2, 3, int(11 / first), int(17 / second))


@pytest.mark.parametrize("overlapping", [False, True])
def test_every_number_of_the_image_is_seen(overlapping):
    for place in np.ndindex(7, 6):
        x = np.zeros((1, 1, 7, 6))
        x[0, 0, *place] = 1
        assert ops.fractional_max_pool2d(x, 1.5, rng=3, overlapping=overlapping).max() == 1


def test_given_boundaries_and_seeds_make_it_deterministic():
    x = np.random.default_rng(0).normal(size=(2, 2, 9, 9))
    again = [ops.fractional_max_pool2d(x, 1.4, rng=seed) for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])
    tg.seed(5)
    first, second = ops.fractional_max_pool2d(x), ops.fractional_max_pool2d(x)
    tg.seed(5)
    assert np.array_equal(ops.fractional_max_pool2d(x), first)
    assert not np.array_equal(first, second)
    boundaries = [ops.region_boundaries(length=9, count=6, rng=i) for i in (1, 2)]
    given = [ops.fractional_max_pool2d(x, boundaries=boundaries) for _ in range(2)]
    assert np.array_equal(given[0], given[1])


def test_drawn_regions_are_inputs_without_a_gradient():
    x = tg.Tensor(IMAGE, requires_grad=True)
    out = ops.fractional_max_pool2d(x, 1.5, rng=0)
    assert out.op == "fractional_max_pool2d"
    image, rows, columns = out.parents
    assert image is x
    assert not rows.requires_grad and not columns.requires_grad
    out.sum().backward()
    assert x.grad.sum() == out.size


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ops.fractional_max_pool2d(IMAGE, 2.5), "ratio must be a number between 1 and 2"),
        (lambda: ops.fractional_max_pool2d(IMAGE, 1), "ratio must be a number between 1 and 2"),
        (lambda: ops.fractional_max_pool2d(IMAGE[:, :, :1], 1.5), "must have 2 rows and 2 columns"),
        (lambda: ops.fractional_max_pool2d(IMAGE[0], 1.5), "x must have 4 axes"),
        (lambda: ops.fractional_max_pool2d(IMAGE, boundaries=([0, 3], [0, 6])), "run from 0 to 5"),
        (lambda: ops.fractional_max_pool2d(IMAGE, boundaries=([0, 3, 3, 5], [0, 6])), "rising whole numbers"),
        (lambda: ops.fractional_max_pool2d(IMAGE, boundaries=([0.0, 5.0], [0, 6])), "rising whole numbers"),
        (lambda: ops.fractional_max_pool2d(IMAGE, 1.5, sequence="even"), "must be one of 'pseudo', 'random', not"),
        (lambda: ops.region_boundaries(length=3, count=4), "count must be a whole number from 1 to 3, the length"),
    ],
)
def test_regions_that_can_not_be_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_fractional_pooling_halves_the_number_of_pixels_by_default():
    assert ops.fractional_max_pool2d(np.zeros((1, 1, 100, 20)), rng=0).shape == (1, 1, 70, 14)


@pytest.mark.parametrize("sequence", ["pseudo", "random"])
def test_a_single_region_is_the_whole_axis(sequence):
    assert ops.region_boundaries(length=2, count=1, sequence=sequence, rng=0).tolist() == [0, 2]
    assert ops.fractional_max_pool2d(IMAGE[:, :, :2, :2], 1.5, sequence=sequence, rng=0).tolist() == [[[[7.0]]]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", "float16"])
def test_the_mean_of_a_window_does_not_overflow(dtype):
    image = np.full((1, 1, 4, 4), 100, dtype)
    image[..., 0, 0] = 0
    exact = image.astype(float).reshape(1, 1, 2, 2, 2, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(tg.ops.avg_pool2d(image, size=2), exact)
    np.testing.assert_allclose(tg.ops.avg_pool1d(image[0], size=4)[..., 0], image[0].astype(float).mean(axis=-1))


def test_the_mean_of_a_large_window_of_float16():
    x = tg.Tensor(np.full((1, 1, 200, 200), 5, np.float16), requires_grad=True)
    mean = tg.ops.avg_pool2d(x, size=200)
    mean.sum().backward()
    assert mean.data.item() == 5 and mean.dtype == np.float16
    np.testing.assert_allclose(x.grad, 1 / 40000, rtol=0.02)


def test_padding_does_not_win_among_booleans():
    assert not tg.ops.max_pool2d(np.zeros((1, 1, 2, 2), bool), size=2, padding=1).any()


def test_sizes_may_be_arrays_and_are_whole_numbers_each_time():
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    by_array = tg.ops.max_pool2d(image, size=np.array([2, 2]), stride=np.array([1, 1]), padding=np.array([0, 0]))
    np.testing.assert_array_equal(by_array, tg.ops.max_pool2d(image, size=2, stride=1))
    with pytest.raises(ValueError, match="the window must be a whole number"):
        tg.ops.max_pool2d(image, size=2.0, stride=1)


def test_boundaries_are_a_pair():
    with pytest.raises(ValueError, match="boundaries must be a pair"):
        tg.ops.fractional_max_pool2d(np.ones((1, 1, 7, 7)), boundaries=([0, 3, 7],))

"""Standardised features: by the mean and spread of the training set, constant and tiny ones too."""

import numpy as np
import pytest

from tinygrad_reg.data import Standardizer, standardize

X = np.arange(20.0).reshape(10, 2)


def test_standardisation_is_fitted_on_the_training_part_alone():
    rng = np.random.default_rng(0)
    train, test = rng.normal(3, 2, (50, 4)), rng.normal(30, 20, (20, 4))
    scaled, scaled_test = standardize(train, test)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-12)
    np.testing.assert_allclose(scaled_test, (test - train.mean(0)) / train.std(0), rtol=1e-12)
    np.testing.assert_allclose(Standardizer(train).inverse(scaled_test), test, rtol=1e-12)


def test_constant_features_integers_float32_and_channels():
    scaled = Standardizer(np.full((5, 2), 0.1))(np.full((3, 2), 0.1))
    assert (scaled == 0).all()
    assert Standardizer(np.arange(6).reshape(3, 2))([[2, 3]]).dtype == np.float64
    assert Standardizer([[0], [2]])([[4.0]]).tolist() == [[3.0]]
    images = np.random.default_rng(0).normal(2, 3, (4, 3, 5, 5)).astype(np.float32)
    scaler = Standardizer(images, axis=(0, 2, 3))
    assert scaler(images).dtype == np.float32 and scaler.mean.shape == (1, 3, 1, 1)
    np.testing.assert_allclose(scaler(images).mean((0, 2, 3)), 0, atol=1e-6)


@pytest.mark.parametrize("size", [1e-155, 1e-170, 1e-300])
def test_features_whose_squares_are_too_small_are_scaled_all_the_same(size):
    x = np.array([[1.0, 5.0, 1.0], [3.0, 5.0, 2.0], [8.0, 5.0, 4.0]]) * [size, 1.0, 1.0]
    expected = Standardizer(x / [size, 1.0, 1.0])
    scaler = Standardizer(x)
    np.testing.assert_allclose(scaler(x), expected(x / [size, 1.0, 1.0]), rtol=1e-9)
    assert scaler.std[0, 1] == 1.0


def test_standardising_at_the_ends_of_floats_is_no_reason_to_complain():
    with np.errstate(all="raise"):
        scaler = Standardizer([[1e-310], [1e-320]])
        assert np.isfinite(scaler([[1e-315]])).all() and Standardizer([[1.0], [2.0]])([[1e-320]]).item() == -3.0


@pytest.mark.parametrize(
    ("train", "error", "message"),
    [
        (X[:0], ValueError, r"there is no mean of an empty training set \(shape \(0, 2\)\)"),
        ([["a"]], TypeError, "features must be numbers"),
        ([[1.0, np.nan], [np.inf, 2.0]], ValueError, "2 values of the training set are NaN or infinite"),
        ([[1e300], [-1e300]], ValueError, "whose square float64 can't hold"),
        (np.ma.masked_greater(X, 3), ValueError, "values of a masked array are masked"),
    ],
)
def test_training_sets_without_a_mean_or_spread_are_refused(train, error, message):
    with pytest.raises(error, match=message):
        Standardizer(train)


def test_a_set_of_other_features_is_refused():
    with pytest.raises(ValueError, match=r"samples of shape \(2,\), these have \(3,\)"):
        Standardizer(X)(np.ones((5, 3)))


@pytest.mark.parametrize("axis", [1, 2, "a", 0.0, (0, 0), [1]])
def test_an_axis_without_the_samples_is_refused(axis):
    with pytest.raises(ValueError, match="axis must be 0, the samples, or several of the 2 axes with 0 among them"):
        Standardizer(X, axis=axis)
    assert Standardizer(X, axis=-2).mean.shape == (1, 2) and Standardizer(X, axis=None).mean.shape == (1, 1)


def test_float16_at_its_ends_is_computed_in_float32_as_elsewhere():
    x = np.array([[65000], [-65000], [60000], [-60000], [64000], [63000]], np.float16)
    (z,) = standardize(x)
    exact = (x.astype(float) - x.mean(dtype=float)) / x.std(dtype=float)
    assert z.dtype == np.float16
    np.testing.assert_allclose(z, exact, rtol=2e-3)
    scaler = Standardizer(x)
    np.testing.assert_allclose(scaler.inverse(z).astype(float), x.astype(float), rtol=2e-3)

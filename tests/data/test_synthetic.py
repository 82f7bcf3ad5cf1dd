"""Made-up problems: shapes, labels, places without noise, seeds."""

import numpy as np
import pytest

from tinygrad_reg.data import blobs, circles, curve, moons, spirals, xor

SETS = {"moons": moons, "circles": circles, "spirals": spirals, "xor": xor, "blobs": blobs}


@pytest.mark.parametrize("name", SETS)
def test_points_in_the_plane_with_balanced_labels_from_a_seed(name):
    x, y = SETS[name](101, rng=4)
    assert x.shape == (101, 2) and y.shape == (101,) and y.dtype.kind == "i"
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= 2
    again, same = SETS[name](101, rng=4)
    assert np.array_equal(x, again) and np.array_equal(y, same)
    assert not np.array_equal(x, SETS[name](101, rng=5)[0])
    assert (np.diff(y) != 0).sum() > 20  # classes are mixed, not one after the other
    with pytest.raises(ValueError, match="samples must be a whole number"):
        SETS[name](0)


def test_places_without_noise():
    x, y = moons(50, noise=0, rng=0)
    centre = np.where(y[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.linalg.norm(x - centre, axis=1), 1)
    assert (x[y == 0, 1] >= 0).all() and (x[y == 1, 1] <= 0.5).all() and sorted(set(y.tolist())) == [0, 1]
    x, y = circles(50, noise=0, factor=0.3, rng=0)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y == 0, 1, 0.3))
    x, y = xor(50, noise=0, rng=0)
    assert np.array_equal(y, (x[:, 0] * x[:, 1] < 0).astype(int)) and (np.abs(x) == 1).all()
    x, y = spirals(60, arms=3, noise=0, rng=0)
    turned = np.arctan2(x[:, 1], x[:, 0]) - 2 * np.pi * np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(np.exp(1j * turned), np.exp(2j * np.pi * y / 3), atol=1e-12)
    x, y = blobs(20, centers=[[0, 0, 0], [1, 2, 3]], std=0, rng=0)
    assert np.array_equal(x, np.array([[0, 0, 0], [1, 2, 3]])[y])


def test_the_whole_of_a_shape_is_drawn_from_and_nothing_else():
    def angles(x, centre=(0, 0)):
        return np.arctan2(*(x - centre).T[::-1])

    x, y = moons(4000, noise=0, rng=0)
    assert np.histogram(angles(x[y == 0]), 8, (0, np.pi))[0].min() > 200
    x, y = circles(4000, noise=0, rng=0)
    assert sorted(set(y.tolist())) == [0, 1]
    assert np.histogram(angles(x), 8, (-np.pi, np.pi))[0] == pytest.approx(500, rel=0.15)
    radius = np.linalg.norm(spirals(20_000, noise=0, rng=0)[0], axis=1)
    assert 0.1 <= radius.min() < 0.1005 and 0.999 < radius.max() <= 1
    places = blobs(200, centers=200, std=0, rng=0)[0]
    assert -3 <= places.min() < -2.9 and 2.9 < places.max() <= 3
    assert np.array_equal(curve(5, low=0.5, high=0.5)[0], np.full((5, 1), 0.5))


def test_noise_has_the_spread_asked_for():
    x = xor(4000, noise=0.2, rng=0)[0]
    assert np.std(x - np.sign(x)) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("function", ["line", "parabola", "sine", "step", "bump", np.cos])
def test_curves(function):
    x, y = curve(30, function=function, noise=0, rng=0)
    assert x.shape == y.shape == (30, 1) and (np.diff(x[:, 0]) >= 0).all()
    x, noisy = curve(2000, function=function, noise=0.1, rng=0)
    clean = curve(2000, function=function, noise=0, rng=0)[1]
    assert np.std(noisy - clean) == pytest.approx(0.1, rel=0.05)


def test_wrong_settings():
    with pytest.raises(ValueError, match=r"no curve is called 'sin'.*There are line"):
        curve(function="sin")
    with pytest.raises(ValueError, match="factor, the inner radius, must be > 0 and < 1"):
        circles(factor=1.5)
    with pytest.raises(ValueError, match="factor, the inner radius, must be > 0 and < 1"):
        circles(factor=0)
    with pytest.raises(ValueError, match="noise must be a finite number ≥ 0"):
        moons(noise=-1)
    with pytest.raises(ValueError, match="std must be a finite number ≥ 0, not -1"):
        blobs(std=-1)
    with pytest.raises(ValueError, match="centers must be a whole number ≥ 1, not 0"):
        blobs(centers=0)
    with pytest.raises(ValueError, match=r"low must be ≤ high, not 1 and 0\.5"):
        curve(low=1, high=0.5)
    with pytest.raises(TypeError, match="turns must be a finite number, not 'one'"):
        spirals(turns="one")
    assert len(np.unique(blobs(centers=np.int64(4))[1])) == 4
    for centers in ("abc", [[1.0], [1.0, 2.0]], [[np.nan, 1.0]], [[]]):
        with pytest.raises(ValueError, match="centers must be a number of classes or an array"):
            blobs(centers=centers)
    for function in (lambda x: x[:2], lambda x: None, lambda x: "a"):
        with pytest.raises(ValueError, match=r"function must give a number for each of x, shape \(5, 1\), not"):
            curve(5, function=function)

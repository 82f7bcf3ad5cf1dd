"""Random oversampling and SMOTE (row T8)."""

import numpy as np
import pytest

from tinygrad_reg.data import class_weights, random_oversample, smote

rng = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], [40, 9, 15])
X = 1000 + 5 * Y[:, None] + rng.normal(size=(64, 3))  # far from 0, where careless distances lose their digits
MIXED = rng.permutation(64)
X, Y = X[MIXED], Y[MIXED]


def test_T8_random_oversampling_repeats_samples_until_classes_are_equal():
    x, y = random_oversample(X, Y, rng=1)
    assert np.bincount(y).tolist() == [40, 40, 40]
    assert np.array_equal(x[:64], X) and np.array_equal(y[:64], Y)
    known = {(*row, label) for row, label in zip(X.tolist(), Y.tolist(), strict=True)}
    assert {(*row, label) for row, label in zip(x.tolist(), y.tolist(), strict=True)} == known
    assert len(np.unique(x[y == 1], axis=0)) == 9


@pytest.mark.parametrize("k", [1, 3, 5])
def test_T8_smote_makes_points_on_segments_between_near_neighbours(k):
    x, y = smote(X, Y, k=k, rng=2)
    assert np.bincount(y).tolist() == [40, 40, 40]
    assert np.array_equal(x[:64], X) and np.array_equal(y[:64], Y)
    along = []
    for point, label in zip(x[64:], y[64:], strict=True):
        members = X[label == Y]
        distances = np.linalg.norm(members[:, None] - members[None], axis=2)
        np.fill_diagonal(distances, np.inf)
        near = np.argsort(distances, axis=1)[:, :k]
        a, b = np.repeat(members, k, axis=0), members[near.ravel()]
        u = np.sum((point - a) * (b - a), axis=1) / np.sum((b - a) ** 2, axis=1)
        off = np.linalg.norm(a + u[:, None] * (b - a) - point, axis=1)
        on_segment = (off < 1e-9) & (u >= -1e-9) & (u <= 1 + 1e-9)
        assert on_segment.any()
        along.append(u[on_segment][0])
    assert len(np.unique(np.round(x[64:], 9), axis=0)) == len(x) - 64  # new points, not repeats
    assert np.min(along) < 0.2 and np.max(along) > 0.8


def test_T8_smote_finds_neighbours_among_many_and_far_from_0():
    """More than go into one block of distances, in pairs that are 1 apart, where squares have lost that digit."""
    pairs = 3e8 + (np.arange(300)[:, None] * 10 + [0, 1]).reshape(-1, 1)
    x, y = smote(np.concatenate([np.zeros((3000, 1)), pairs]), np.repeat([0, 1], [3000, 600]), k=1, rng=0)
    within = (x[3600:, 0] - 3e8) % 10
    assert (y[3600:] == 1).all() and len(within) == 2400 and (within <= 1).all()


def test_T8_smote_keeps_images_and_float32():
    images = rng.random((10, 1, 4, 4)).astype(np.float32)
    x, _ = smote(images, np.repeat([0, 1], [7, 3]), k=2, rng=0)
    assert x.shape == (14, 1, 4, 4) and x.dtype == np.float32
    assert x.min() >= 0 and x.max() <= 1


def test_balanced_sets_stay_and_names_of_classes_are_kept():
    x, y = smote(X[:4], np.array(["a", "b", "a", "b"]), k=5, rng=0)
    assert np.array_equal(x, X[:4]) and y.tolist() == ["a", "b", "a", "b"]
    assert random_oversample([1, 2, 3], ["a", "b", "b"], rng=0)[1].tolist() == ["a", "b", "b", "a"]


def test_class_weights_average_to_1_over_the_samples():
    weights = class_weights(Y)
    assert list(weights) == [0, 1, 2]
    per_class = [weights[label] * np.sum(label == Y) for label in weights]
    np.testing.assert_allclose(per_class, 64 / 3)


@pytest.mark.parametrize(
    ("y", "k", "message"),
    [
        (np.repeat([0, 1], [61, 3]), 5, "class 1 has 3 samples, too few for 5 neighbours; write k=2"),
        (np.repeat([0, 1], [59, 5]), 5, "class 1 has 5 samples, too few for 5 neighbours; write k=4"),
        (np.repeat([0, 1], [63, 1]), 5, "use random_oversample"),
        (np.eye(2)[np.repeat([0, 1], 32)], 5, r"take y.argmax\(axis=1\)"),
        (np.zeros(5), 5, "as many samples"),
        (Y, 0, "k, the number of neighbours, must be"),
    ],
)
def test_what_smote_can_not_do_is_refused(y, k, message):
    with pytest.raises(ValueError, match=message):
        smote(X, y, k=k)


def test_smote_does_not_look_for_neighbours_of_nan():
    with pytest.raises(ValueError, match="x has NaN or infinite values"):
        smote(np.where(X[0, 0] == X, np.nan, X), Y)


def test_labels_of_other_shapes_and_kinds_are_told_how_to_be_given():
    with pytest.raises(ValueError, match=r"shape \(64,\), not \(64, 1\); from a column take y\.reshape\(-1\)"):
        random_oversample(X, Y[:, None])  # the argmax of a column would be 0 throughout
    with pytest.raises(TypeError, match="labels of one kind, not NoneType and str"):
        class_weights(np.array(["a", None, "b"], object))


@pytest.mark.parametrize("kind", [float, object, "float32"])
@pytest.mark.parametrize("call", [class_weights, lambda y: random_oversample(y, y), lambda y: smote(y, y)])
def test_nan_is_no_class(call, kind):
    with pytest.raises(ValueError, match=r"^y must hold the class of each .* NaN for 2 of 5, sample 1 first"):
        call(np.array([0.0, np.nan, 1.0, np.nan, 1.0], kind))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_neighbours_are_the_same_at_the_ends_of_floats(size):
    with np.errstate(all="raise"):
        x, _ = smote(X * size, Y, rng=0)
    np.testing.assert_allclose(x / size, smote(X, Y, rng=0)[0], rtol=1e-9)

"""Batches (row O1) and disjoint parts (row T10)."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.data import batches, split

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


@pytest.mark.parametrize(("batch_size", "updates"), [(None, 1), (10, 1), (1, 10), (4, 3), (3, 4), (64, 1)])
def test_O1_an_epoch_has_as_many_updates_as_batches(batch_size, updates):
    loader = batches(X, Y, batch_size=batch_size)
    groups = list(loader)
    assert len(groups) == len(loader) == updates
    assert sorted(np.concatenate([y for _, y in groups])) == list(range(10))
    for x, y in groups:
        assert np.array_equal(x[:, 0], 2 * y)  # samples keep their labels


def test_the_order_is_new_each_epoch_and_repeats_with_the_seed():
    def orders(rng):
        loader = batches(Y, batch_size=10, rng=rng)
        return [next(iter(loader)).tolist() for _ in range(2)]

    first, second = orders(3)
    assert first != second
    assert orders(3) == orders(np.random.default_rng(3)) == [first, second]
    tg.seed(5)
    from_thread = orders(None)
    tg.seed(5)
    assert orders(None) == from_thread


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("other", [2, 5])
def test_a_batch_size_that_changes_within_an_epoch_holds_from_the_next_one_on(other, shuffle):
    loader, seen = batches(Y, batch_size=3, shuffle=shuffle, rng=0), []
    for batch in loader:
        loader.batch_size = other
        seen.append(batch.tolist())
    assert [len(batch) for batch in seen] == [3, 3, 3, 1]
    assert sorted(y for batch in seen for y in batch) == list(range(10))
    assert len(next(iter(loader))) == other


def test_nan_is_no_class_to_stratify_by():
    with pytest.raises(ValueError, match=r"^stratify must hold the class of each sample, and has NaN for 1 of 10"):
        split(X, Y, (0.5, 0.5), stratify=np.where(Y == 3, np.nan, Y % 2))


def test_without_shuffling_batches_are_views_in_order():
    groups = list(batches(X, batch_size=4, shuffle=False))
    assert [len(x) for x in groups] == [4, 4, 2]
    assert np.array_equal(np.concatenate(groups), X) and all(np.shares_memory(x, X) for x in groups)


def test_drop_last_leaves_the_smaller_batch_out():
    loader = batches(X, Y, batch_size=4, drop_last=True)
    assert [len(y) for _, y in loader] == [4, 4] and len(loader) == 2
    assert [len(x) for x in batches(X, batch_size=10, drop_last=True)] == [10]
    with pytest.raises(ValueError, match="drop_last=True leaves nothing of 10 samples in batches of 11"):
        batches(X, batch_size=11, drop_last=True)


@pytest.mark.parametrize(
    ("arrays", "options", "error", "message"),
    [
        ((X, Y[:5]), {}, ValueError, "as many samples as each other, not 10 and 5"),
        ((X[:0],), {}, ValueError, "empty"),
        ((3.0,), {}, ValueError, "a single number is no data set"),
        ((X, Y, 4), {}, TypeError, r"a number has to be named: batches\(x, y, batch_size=4\)"),
        ((X, 4), {}, TypeError, r"a number has to be named: batches\(x, y, batch_size=4\)"),
        ((), {}, TypeError, "one array at least"),
        ((X,), {"batch_size": 0}, ValueError, "must be a whole number ≥ 1, not 0"),
        ((X,), {"batch_size": 2.5}, ValueError, "not 2.5"),
    ],
)
def test_what_makes_no_batches_is_refused(arrays, options, error, message):
    with pytest.raises(error, match=message):
        batches(*arrays, **options)


def test_T10_three_disjoint_sets_hold_every_sample_once():
    parts = split(X, Y, (0.6, 0.2, 0.2), rng=0)
    assert [len(y) for _, y in parts] == [6, 2, 2]
    assert sorted(np.concatenate([y for _, y in parts])) == list(range(10))
    assert all(np.array_equal(x[:, 0], 2 * y) for x, y in parts)
    again = split(X, Y, (0.6, 0.2, 0.2), rng=0)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(parts, again, strict=True))
    assert not np.array_equal(parts[0][1], split(X, Y, (0.6, 0.2, 0.2), rng=1)[0][1])


@pytest.mark.parametrize("seed", range(5))
def test_T10_stratified_parts_have_the_mixture_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, size=203, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    fractions = rng.dirichlet([5, 3, 3])
    parts = split(np.arange(203), labels, fractions, stratify=labels, rng=seed)
    assert sorted(np.concatenate([x for x, _ in parts])) == list(range(203))
    for (x, y), fraction in zip(parts, fractions, strict=True):
        assert np.array_equal(labels[x], y)
        assert abs(len(y) - fraction * 203) <= 1
        for label in range(5):
            assert abs(np.sum(y == label) - fraction * np.sum(labels == label)) < 2
        assert (np.diff(y) < 0).any()  # not class by class


def test_T10_what_rounding_takes_from_a_part_in_one_class_it_gets_in_another():
    labels = np.repeat(np.arange(40), 3)  # of three members, (0.8, 0.1, 0.1) can't be had: of all classes it can
    parts = split(np.arange(120), labels, (0.8, 0.1, 0.1), stratify=labels, rng=0)
    assert [len(y) for _, y in parts] == [96, 12, 12]
    parts = split(np.arange(120), labels, (0.55, 0.45), stratify=labels, rng=0)
    assert [len(y) for _, y in parts] == [66, 54]
    labels = np.repeat(np.arange(40), 7)
    parts = split(np.arange(280), labels, (0.01, 0.7, 0.27, 0.01, 0.01), stratify=labels, rng=0)
    assert [len(y) for _, y in parts] == pytest.approx([2.8, 196, 75.6, 2.8, 2.8], abs=1)
    pairs = split(np.arange(4), [0, 0, 1, 1], (0.5, 0.5), stratify=[0, 0, 1, 1], rng=0)  # as many as there are parts
    assert [sorted(y) for _, y in pairs] == [[0, 1], [0, 1]]


def test_the_largest_rest_is_rounded_up():
    assert [len(part) for part in split(np.arange(7), fractions=(0.7, 0.3), rng=0)] == [5, 2]


def test_split_without_labels_and_without_shuffling():
    first, second = split(X, fractions=(0.5, 0.5), shuffle=False)
    assert np.array_equal(first, X[:5]) and np.array_equal(second, X[5:])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fractions": 0.8}, r"a number for each part: write \(0.8, 0.2\), not 0.8"),
        ({"fractions": (0.8, 0.3)}, "positive numbers with sum 1"),
        ({"fractions": 0.0}, "positive numbers with sum 1"),
        ({"fractions": 1.5}, "positive numbers with sum 1"),
        ({"fractions": (1.0, 0.0)}, "positive numbers with sum 1"),
        ({"fractions": (0.98, 0.01, 0.01)}, "a part would be empty"),
        ({"fractions": (0.5, 0.5), "stratify": Y}, "class 0 has 1 samples, too few for 2 parts"),
        ({"fractions": (0.5, 0.5), "stratify": np.eye(10)}, r"take y.argmax\(axis=1\)"),
        ({"fractions": (0.5, 0.5), "stratify": Y, "shuffle": False}, "can't keep the order"),
    ],
)
def test_splits_that_can_not_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        split(X, Y, **options)


def test_the_labels_are_told_by_which_a_split_is_stratified():
    with pytest.raises(TypeError, match="stratify must hold the labels, one a sample, not True: write stratify=y"):
        split(X, Y, stratify=True)


def test_a_switch_of_a_split_is_true_or_false():
    with pytest.raises(TypeError, match="shuffle must be True or False, not 'no'"):
        split(X, Y, shuffle="no")


def test_views_of_the_users_samples_can_not_be_written_into():
    (x, y), *_ = batches(X.copy(), Y, batch_size=4, shuffle=False)
    with pytest.raises(ValueError, match="read-only"):
        x += 1
    assert not y.flags.writeable and X.flags.writeable
    (x, y), *_ = batches(X, Y, batch_size=4)
    x += 1  # a copy
    with pytest.raises(TypeError, match=r"rng must be a NumPy Generator such as .* or a seed, not 'a'"):
        batches(X, rng="a")


def test_a_masked_array_without_a_mask_is_an_array():
    (batch,) = batches(np.ma.masked_array(X), shuffle=False)
    assert np.array_equal(batch, X) and type(batch) is np.ndarray
    with pytest.raises(ValueError, match="1 values of a masked array are masked"):
        batches(np.ma.masked_array(Y, Y == 3))


def test_a_column_of_labels_is_told_from_one_hot_rows():
    with pytest.raises(ValueError, match=r"not \(10, 1\); from a column take y\.reshape\(-1\)"):
        split(X, Y, (0.5, 0.5), stratify=Y[:, None])
    with pytest.raises(ValueError, match=r"not \(10, 2\); from one-hot labels take y\.argmax\(axis=1\)"):
        split(X, Y, (0.5, 0.5), stratify=X)

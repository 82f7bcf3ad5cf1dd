"""Accuracy on real data beside scikit-learn, in small: the full table is `python -m benchmarks.accuracy`."""

import numpy as np
import pytest

from benchmarks import accuracy

ROW = accuracy.ROWS["digits"]._replace(epochs=6)


def test_digits_are_read_as_well_as_by_scikit_learn():
    pytest.importorskip("sklearn")
    found = {name: [] for name in ("tinygrad_reg", "tinygrad_reg, compiled", "scikit-learn")}
    for seed in (0, 1):
        given, y = accuracy.task(ROW, seed)
        for name, labels in found.items():
            labels.append(np.mean(accuracy.CONTENDERS[name].labels(given) == y))
    ours, compiled, its = map(np.array, found.values())
    assert (ours == compiled).all()
    assert ours.min() > 0.9
    assert (ours - its).min() > -0.02


def test_parts_are_standardised_by_the_training_part_and_shared_by_all():
    given, y = accuracy.task(ROW, 3)
    same, _ = accuracy.task(ROW, 3)
    np.testing.assert_array_equal(given.x, same.x)
    assert np.abs(given.x.mean(axis=0)).max() < 1e-12 < np.abs(given.x_test.mean(axis=0)).max()
    assert len(given.x) + len(given.x_test) == 1797
    assert len(y) == len(given.x_test)


def test_the_table_has_mean_spread_and_difference_and_says_what_is_missing():
    lines = accuracy.table("digits", {"tinygrad_reg": np.array([0.9, 0.92]), "scikit-learn": np.array([0.9, 0.9])})
    assert lines[0] == "digits, hidden 64-64, 30 epochs, 2 seeds"
    assert lines[2].split() == ["tinygrad_reg", "91.00%", "±", "1.41%"]
    assert lines[4].split() == ["scikit-learn", "90.00%", "±", "0.00%", "+1.00", "±", "1.41", "points"]
    assert lines[5].split() == ["PyTorch", "not", "installed"]

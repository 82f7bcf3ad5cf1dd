"""One-hot and multi-hot labels."""

import numpy as np
import pytest

from tinygrad_reg.data import multi_hot, one_hot


def test_one_hot():
    assert one_hot([2, 0, 1]).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert one_hot([0], classes=3).tolist() == [[1, 0, 0]]
    assert one_hot(np.array([[0, 1]], np.uint8), dtype="float32").dtype == np.float32
    assert one_hot(np.zeros((2, 3), int), classes=4).shape == (2, 3, 4)
    assert one_hot(np.zeros(0, int), classes=4).shape == (0, 4)
    assert one_hot([[0, 1], [1, 1]]).tolist() == [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]


def test_multi_hot():
    assert multi_hot([[0, 2], [], (1, 1)], classes=3).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert multi_hot([{0, 2}], classes=3).tolist() == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: one_hot([0, 3], classes=3), ValueError, "3 classes have labels 0 to 2, not 0 to 3"),
        (lambda: one_hot([-1, 1]), ValueError, "not -1 to 1"),
        (lambda: one_hot([0.0, 1.0]), TypeError, r"labels.astype\(int\)"),
        (lambda: one_hot(["cat", "dog"]), TypeError, r"np.unique\(labels, return_inverse=True\)"),
        (lambda: one_hot(np.zeros(0, int)), ValueError, "give classes="),
        (lambda: multi_hot([[0], [3]], classes=3), ValueError, "not 3 to 3"),
        (lambda: one_hot([-2, -1]), ValueError, "labels 0 to 0, not -2 to -1"),
        (lambda: one_hot([0], True), TypeError, "classes must be a whole number"),
        (lambda: multi_hot([[0]], 0), ValueError, "classes must be a whole number ≥ 1"),
        (lambda: multi_hot([1, 2], classes=3), TypeError, "a list of labels for each sample"),
        (lambda: multi_hot([["a"]], classes=3), TypeError, "whole numbers"),
        (lambda: multi_hot(5, classes=3), TypeError, "a list of labels for each sample"),
        (lambda: multi_hot([[1], 2], classes=3), TypeError, "a list of labels for each sample"),
        (lambda: multi_hot([[0, [1]]], classes=3), ValueError, "not all of one shape"),
        (lambda: one_hot([10**18, 1]), ValueError, r"^1,000,000,000,000,000,001 classes are too many: no .* 2 rows"),
        (lambda: one_hot(np.array([2**64 - 1])), ValueError, "classes are too many: .* return_inverse=True"),
        (lambda: multi_hot([[0], [], [1]], 10**18), ValueError, "classes are too many: no memory holds 3 rows"),
        (lambda: one_hot(np.ma.masked_equal([0, 1, 2], 1)), ValueError, "1 values of a masked array are masked"),
    ],
)
def test_what_is_no_label_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()

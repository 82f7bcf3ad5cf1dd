"""Metrics: their definitions, ties, and what they refuse; scikit-learn's answers where it defines the same."""

import numpy as np
import pytest
from sklearn import metrics as reference

import tinygrad_reg as tg
from tinygrad_reg import metrics
from tinygrad_reg.metrics import (
    accuracy,
    binary_accuracy,
    confusion_matrix,
    f1,
    mae,
    mse,
    precision,
    r2,
    recall,
    roc_auc,
    top_k,
)

rng = np.random.default_rng(0)
SCORES, LABELS = rng.normal(size=(60, 4)), rng.integers(0, 4, 60)
PROBABILITIES, MARKS = rng.uniform(size=50), rng.integers(0, 2, 50)


def test_accuracy_of_classes_takes_scores_labels_and_one_hot_rows():
    expected = np.mean(SCORES.argmax(1) == LABELS)
    assert accuracy(SCORES, LABELS) == expected
    assert accuracy(tg.Tensor(SCORES, requires_grad=True), np.eye(4)[LABELS]) == expected
    assert accuracy(SCORES.argmax(1), LABELS) == expected
    assert accuracy([[1.0, 1.0]], [0]) == 1  # of equal scores the first counts


def test_accuracy_of_two_classes_is_at_one_half_or_at_the_threshold():
    expected = np.mean((PROBABILITIES > 0.5) == MARKS)
    assert accuracy(PROBABILITIES, MARKS) == expected
    assert accuracy(PROBABILITIES[:, None], MARKS[:, None]) == expected
    logits = np.log(PROBABILITIES / (1 - PROBABILITIES))
    assert accuracy(logits, MARKS, threshold=0) == expected
    with pytest.raises(ValueError, match="no probabilities: for logits write threshold=0"):
        accuracy(logits, MARKS)


def test_binary_accuracy_counts_every_output():
    p, y = rng.uniform(size=(20, 3)), rng.integers(0, 2, (20, 3))
    assert binary_accuracy(p, y) == np.mean((p > 0.5) == y)
    assert binary_accuracy([-2.0, 3.0], [-1, 1], threshold=0) == 1  # the targets of hinge


def test_a_soft_target_counts_as_what_it_says_is_more_probable():
    y = np.array([0.0, 1.0, 1.0, 0.0])
    for smoothed in (np.where(y > 0, 0.95, 0.05), np.where(y > 0, 0.502, 0.5), np.array([0.0, 1.0, 0.7, 0.3])):
        assert binary_accuracy([0.1, 0.9, 0.8, 0.7], smoothed) == 0.75
        with pytest.raises(ValueError, match=r"roc_auc must be 0 and 1, or −1 and 1, .* make labels of them"):
            roc_auc([0.1, 0.9, 0.2, 0.3], smoothed)


@pytest.mark.parametrize("metric", [binary_accuracy, roc_auc])
@pytest.mark.parametrize("target", [[0, 1, 2], [-1, 0, 1], [0, 1, np.nan], [-1, 1, np.nan], [-0.5, 0, 1], [1, 2, 1]])
def test_targets_that_mark_no_two_classes_are_refused(metric, target):
    with pytest.raises(ValueError, match=f"the targets of {metric.__name__} must be 0 and 1"):
        metric([0.1, 0.6, 0.9], target)


def test_probabilities_run_from_0_to_1_and_one_half_is_class_0():
    assert accuracy([0.5, 1.0, 0.0], [0, 1, 0]) == 1
    for wrong in ([0.5, 1.5], [-0.5, 0.5]):
        with pytest.raises(ValueError, match="no probabilities"):
            accuracy(wrong, [0, 1])
    with pytest.raises(ValueError, match="one score a sample tells two classes apart"):
        accuracy([0.5], [2])


def test_top_k_counts_labels_among_the_k_highest():
    for k in (1, 2, 3):
        assert top_k(SCORES, LABELS, k=k) == pytest.approx(
            reference.top_k_accuracy_score(LABELS, SCORES, k=k, labels=range(4))
        )
    assert top_k(SCORES, LABELS, k=4) == 1
    assert top_k([[1.0, 1.0, 1.0]], [2], k=2) == 0
    assert top_k([[np.nan, 1.0, 2.0]], [0], k=2) == 0
    with pytest.raises(ValueError, match="k from 1 to C"):
        top_k(SCORES, LABELS)


def test_top_k_takes_5_by_default_and_sequences():
    scores, labels = rng.normal(size=(7, 3, 9)), rng.integers(0, 9, (7, 3))
    expected = reference.top_k_accuracy_score(labels.ravel(), scores.reshape(21, 9), k=5, labels=range(9))
    assert top_k(scores, labels) == pytest.approx(expected)
    assert top_k(scores, labels, k=9) == 1
    assert top_k(np.zeros((2, 3)), [0, 1], k=1) == 0.5, "of equal scores the first counts more"


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_precision_recall_and_f1_are_scikit_learns(name):
    ours = getattr(metrics, name)
    theirs = getattr(reference, f"{name}_score")
    decided, predicted = PROBABILITIES > 0.5, SCORES.argmax(1)
    assert ours(PROBABILITIES, MARKS) == pytest.approx(theirs(MARKS, decided))
    assert ours(SCORES, LABELS) == pytest.approx(theirs(LABELS, predicted, average="macro"))
    assert ours(SCORES, LABELS, average="micro") == pytest.approx(theirs(LABELS, predicted, average="micro"))
    np.testing.assert_allclose(ours(SCORES, LABELS, average="none"), theirs(LABELS, predicted, average=None))
    assert ours(np.zeros(5), np.ones(5)) == 0  # nothing found: 0, not NaN
    assert ours([1.0, 0.0], [1, 0]) == 1
    with pytest.raises(ValueError, match="'macro', 'micro', 'none'"):
        ours(SCORES, LABELS, average="binary")


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_classes_that_do_not_occur_are_left_out_of_the_mean(name):
    ours, theirs = getattr(metrics, name), getattr(reference, f"{name}_score")
    labels = np.array([1, 4, 7, 7])
    assert ours(np.eye(10)[labels], labels) == ours(labels, labels) == 1
    said = np.array([1, 4, 2, 7])  # class 2 occurs among the predictions alone, and counts 0
    expected = theirs(labels, said, average="macro", zero_division=0)
    assert ours(np.eye(10)[said], labels) == ours(said, labels) == pytest.approx(expected)
    assert ours(np.eye(10)[said], labels, average="none").shape == (10,)
    assert ours([0.1, 0.2], [0, 0], average="macro") == 1 and ours([0.1, 0.2], [0, 0]) == 0


def test_sequences_count_each_of_their_places():
    scores, labels = rng.normal(size=(5, 3, 4)), rng.integers(0, 4, (5, 3))
    expected = np.mean(scores.argmax(-1) == labels)
    assert accuracy(scores, labels) == expected
    assert accuracy(scores, np.eye(4)[labels]) == expected
    assert confusion_matrix(scores, labels).shape == (4, 4)
    with pytest.raises(ValueError, match="labels must go from 0 to 3"):
        accuracy(scores, labels + 1)
    assert accuracy(np.zeros((2, 3, 1)), np.zeros((2, 3, 1))) == 1, "one score a place tells two classes apart"


def test_the_classes_of_labels_alone_are_those_that_occur_and_two_at_least():
    assert confusion_matrix([0, 0], [0, 0]).tolist() == [[2, 0], [0, 0]]
    assert confusion_matrix([0, 3], [0, 1]).shape == (4, 4)


def test_confusion_matrix_has_the_true_classes_in_rows():
    np.testing.assert_array_equal(
        confusion_matrix(SCORES, LABELS), reference.confusion_matrix(LABELS, SCORES.argmax(1))
    )
    assert confusion_matrix(np.array([0, 0]), np.array([0, 1]), classes=3).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="classes must be above the largest label, 1, not 1"):
        confusion_matrix(np.array([0]), np.array([1]), classes=1)


def test_roc_auc_counts_ties_half():
    assert roc_auc(PROBABILITIES, MARKS) == pytest.approx(reference.roc_auc_score(MARKS, PROBABILITIES))
    coarse = np.round(PROBABILITIES, 1)
    assert roc_auc(coarse, MARKS) == pytest.approx(reference.roc_auc_score(MARKS, coarse))
    assert roc_auc(np.ones(4), [0, 1, 0, 1]) == 0.5
    assert roc_auc(PROBABILITIES, 2 * MARKS - 1) == roc_auc(PROBABILITIES, MARKS)
    with pytest.raises(ValueError, match="only one of them"):
        roc_auc([0.1, 0.2], [1, 1])
    with pytest.raises(ValueError, match="NaN"):
        roc_auc([0.1, np.nan], [0, 1])


def test_regression_metrics_are_scikit_learns():
    a, y = rng.normal(size=(2, 30, 2))
    assert mse(a, y) == pytest.approx(reference.mean_squared_error(y, a))
    assert mae(a, y) == pytest.approx(reference.mean_absolute_error(y, a))
    assert r2(a, y) == pytest.approx(reference.r2_score(y, a))
    assert r2(np.full(30, y[:, 0].mean()), y[:, 0]) == pytest.approx(0, abs=1e-15)
    assert r2([1.0, 1.0], [1.0, 1.0]) == 1 and r2([1.0, 3.0], [1.0, 1.0]) == 0
    assert r2([0.1, 0.2, 0.0], [0.1, 0.3, 0.2]) == pytest.approx(reference.r2_score([0.1, 0.3, 0.2], [0.1, 0.2, 0.0]))
    assert mse(tg.Tensor(a, requires_grad=True), y) == mse(a, y)


@pytest.mark.parametrize(
    ("metric", "prediction", "target", "message"),
    [
        (accuracy, SCORES, LABELS[:5], r"prediction is of shape \(60, 4\), the target \(5,\)"),
        (accuracy, SCORES, np.full(60, 4), "labels must go from 0 to 3, .* not to 4"),
        (accuracy, SCORES, LABELS - 1, "must be whole numbers ≥ 0, but go from"),
        (accuracy, SCORES, LABELS + 0.5, "must be whole numbers ≥ 0, but go from"),
        (accuracy, SCORES[:, :1] + 9, SCORES[:, :1] - 5, "for numbers that are no classes use mae, mse or r2"),
        (accuracy, [[0.2], [4.1]], [[0.0], [5.0]], "go from 0 to 5: .* an output for each; for numbers .* use mae"),
        (accuracy, SCORES, np.ones((60, 4)), "one-hot rows, and these are not; .* use binary_accuracy"),
        (accuracy, SCORES[:0], LABELS[:0], "nothing to compare"),
        (mse, SCORES[:, :1], SCORES[:, 0], r"prediction is of shape \(60, 1\), the target \(60,\)"),
        (mae, [], [], "nothing to compare"),
        (r2, [1.0], [1.0], "two samples"),
    ],
)
def test_what_does_not_fit_is_refused(metric, prediction, target, message):
    with pytest.raises(ValueError, match=message):
        metric(prediction, target)


def test_what_is_no_number_is_refused():
    for target in (np.datetime64("2020-01-01"), np.array(["a"]), np.array([1j])):
        with pytest.raises(TypeError, match="must be real numbers, not"):
            accuracy(np.array(1), target)


def test_look_up_by_name_and_by_the_loss_that_it_goes_with():
    assert metrics.get("f1") is f1 and metrics.get(len) is len
    assert metrics.get("accuracy", "binary_crossentropy") is binary_accuracy
    of_logits = metrics.get("recall", loss="sigmoid_crossentropy")
    assert of_logits.__name__ == "recall"
    assert of_logits([-3.0, 3.0], [1, 1]) == recall([0.1, 0.9], [1, 1]) == 0.5
    assert metrics.get("precision", "binary_crossentropy") is precision
    assert metrics.get("accuracy", loss="sigmoid_crossentropy")([0.001, -0.001], [1, 0]) == 1
    with pytest.raises(ValueError, match=r"no metric is called 'acc'.*There are accuracy, binary_accuracy, top_k"):
        metrics.get("acc")
    with pytest.raises(TypeError, match=r"metric must be a name such as .*, or a callable"):
        metrics.get(1)


def test_numbers_at_the_ends_of_floats_are_no_reason_to_complain():
    a, y = np.array([1e-200, 1e-310, 0.5]), np.array([0.0, 0.0, 1.0])
    with np.errstate(all="raise"):
        assert metrics.mse(a, y) == pytest.approx(0.25 / 3) and metrics.mae(a, y) == pytest.approx(0.5 / 3)
        assert metrics.r2(a, y) == pytest.approx(0.625)
        assert metrics.mse(a * 1e300, y) == np.inf


@pytest.mark.parametrize("y", [0.1, 1e-9, 7.3])
def test_r2_knows_a_constant_target_whose_mean_is_rounded(y):
    target = np.full(3, y)
    assert metrics.r2(target + 0.5, target) == 0 and metrics.r2(target, target) == 1


def test_r2_where_the_squares_of_the_target_sum_to_1():
    assert metrics.r2([0, 0, 1, 0.5], [0, 0, 1, 1]) == 0.75


def test_r2_of_a_target_that_is_not_a_number_is_none_and_one_number_has_none():
    assert np.isnan(metrics.r2([1.0, 2.0], [np.nan, 2.0]))
    with pytest.raises(ValueError, match="two samples or more"):
        metrics.r2(1.0, 1.0)


@pytest.mark.parametrize("metric", [metrics.accuracy, metrics.binary_accuracy, metrics.mse, metrics.roc_auc])
def test_masked_values_are_refused(metric):
    for prediction, target in [(np.ma.array([0.1, 0.9], mask=[1, 0]), [0, 1]), ([0.1, 0.9], np.ma.array([0, 1]))]:
        with pytest.raises(TypeError, match="a masked array would lose its mask"):
            metric(prediction, target)


def test_a_score_that_is_not_a_number_is_right_about_no_class():
    nan = np.nan
    assert metrics.accuracy([nan, 0.9], [0, 1]) == 0.5
    assert (
        metrics.accuracy([[nan, 0.2], [0.2, 0.8]], [0, 1])
        == 0.5
        == metrics.top_k([[nan, 0.2], [0.2, 0.8]], [0, 1], k=1)
    )
    assert metrics.binary_accuracy([[nan, 0.2], [0.2, 0.8]], [[0, 0], [0, 0]]) == 0.5


@pytest.mark.parametrize("scores", [[[0.9, 0.1], [0.1, 0.9], [np.nan, 0.9]], [0.1, 0.9, np.nan]])
@pytest.mark.parametrize("true", [0, 1])
def test_a_prediction_that_is_not_a_number_finds_nothing(scores, true):
    labels = [0, 1, true]  # argmax would say 0 of the NaN in the row, and NaN > ½ is false
    hits, of_class = np.ones(2), np.bincount(labels)
    np.testing.assert_array_equal(precision(scores, labels, average="none"), [1, 1])
    np.testing.assert_array_equal(recall(scores, labels, average="none"), hits / of_class)
    np.testing.assert_array_equal(f1(scores, labels, average="none"), 2 * hits / (1 + of_class))
    assert recall(scores, labels, average="micro") == accuracy(scores, labels) == 2 / 3
    with pytest.raises(ValueError, match="1 of 3 predictions are NaN, which is no class"):
        confusion_matrix(scores, labels)


def test_a_table_of_too_many_classes_is_refused():
    with pytest.raises(ValueError, match=r"a table of 1,000,001 classes.* np\.unique\(labels, return_inverse=True\)"):
        metrics.precision(np.array([0, 1]), np.array([0, 10**6]))


@pytest.mark.parametrize("metric", [tg.metrics.mse, tg.metrics.r2, tg.metrics.accuracy, tg.metrics.f1])
def test_a_target_that_only_lies_otherwise_is_told_how_to_lie(metric):
    with pytest.raises(ValueError, match=r"of shape \(4, 1\), the target \(4,\); write target\.reshape\(-1, 1\)$"):
        metric(np.ones((4, 1)), np.ones(4))
    with pytest.raises(ValueError, match=r"of shape \(4, 1\), the target \(3,\)$"):
        metric(np.ones((4, 1)), np.ones(3))

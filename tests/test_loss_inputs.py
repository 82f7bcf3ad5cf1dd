"""What losses are given: labels, distributions, shapes; what is refused, what is warned of, and in which words."""

import re
import warnings

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.losses import (
    LOSSES,
    binary_crossentropy,
    categorical_crossentropy,
    hinge,
    mse,
    sigmoid_crossentropy,
    softmax_crossentropy,
)

from .making import leaf


def test_whole_numbers_as_a_prediction_are_floats():
    assert mse(np.array([1, 3]), np.array([0, 1])).item() == 2.5


def test_soft_labels_are_distributions():
    z, soft = np.random.default_rng(8).normal(size=(3, 4)), np.full((3, 4), 0.25)
    expected = (np.log(np.exp(z).sum(1)) - z.mean(1)).mean()
    assert softmax_crossentropy(z, soft).item() == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"softmax_crossentropy", "categorical_crossentropy"}))
def test_nothing_is_broadcast(name):
    with pytest.raises(ValueError, match=rf"{name} compares .*target \(4,\); write target.reshape\(-1, 1\)"):
        LOSSES[name](tg.Tensor(np.full((4, 1), 0.5)), np.ones(4))
    with pytest.raises(ValueError, match=r"shape \(4, 3\), the target \(3,\)"):
        LOSSES[name](np.full((4, 3), 0.5), np.ones(3))
    with pytest.raises(ValueError, match=r"needs 5 outputs$"):
        LOSSES[name](np.full((4, 1), 0.5), np.ones((4, 5)))
    with pytest.raises(ValueError, match=r"shape \(4, 3\), the target \(\)"):
        LOSSES[name](np.full((4, 3), 0.5), 1.0)


LIKE = "go with categorical_crossentropy after a softmax, with softmax_crossentropy without one"


@pytest.mark.parametrize(
    ("prediction", "target", "advice"),
    [
        ((4, 3), (4,), f"labels of 3 classes {LIKE}"),
        ((4, 3), (4, 1), f"labels of 3 classes {LIKE} (target.reshape(-1))"),
        ((4, 2), (4,), f"labels of 2 classes {LIKE}; yes or no is one output a sample"),
        ((4, 2, 3), (4, 2), f"labels of 3 classes {LIKE}"),
        ((4, 3), (4, 2), "the target has 2 numbers a sample, so the model's last layer needs 2 outputs"),
        ((4, 1), (4, 5), "the target has 5 numbers a sample, so the model's last layer needs 5 outputs"),
        ((4, 1), (4, 2), "needs 2 outputs; one-hot labels of two classes go to one output as target[:, 1:]"),
        ((4, 1), (5, 2), "compare what the model gives with what the data set holds"),
    ],
)
def test_what_to_do_about_shapes_that_differ(prediction, target, advice):
    with pytest.raises(ValueError, match=f"{re.escape(advice)}$"):
        binary_crossentropy(np.full(prediction, 0.5), np.zeros(target))


@pytest.mark.parametrize("loss", [softmax_crossentropy, categorical_crossentropy])
def test_one_hot_labels_of_a_few_samples_may_lack_classes(loss):
    few = tg.data.one_hot([0, 1, 3])
    with pytest.raises(
        ValueError, match=r"lack some of 10 classes, write tg\.data\.one_hot\(labels, 10\); for 4 classes the"
    ):
        loss(np.full((3, 10), 0.1), few)
    with pytest.raises(ValueError, match="the target has 10 numbers a sample, so the model's last layer needs 10 outp"):
        loss(np.full((3, 4), 0.25), tg.data.one_hot([0, 1, 3], 10))


categorical = pytest.mark.parametrize("loss", [softmax_crossentropy, categorical_crossentropy])


@categorical
@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ([0, 3], ValueError, "3 classes, so labels go from 0 to 2; these go from 0 to 3"),
        ([-1, 2], ValueError, "these go from -1 to 2"),
        ([0.0, 1.0], TypeError, r"target.astype\(int\)"),
        ([[0], [1]], ValueError, r"write target.reshape\(-1\) if it holds labels"),
        ([0, 1, 2], ValueError, "compares like with like"),
        ([[1, 1, 0], [0, 0, 1]], ValueError, "sum to 1.* use binary_crossentropy or sigmoid_crossentropy"),
        ([[0, 0, 0], [0, 0, 1]], ValueError, "sum to 1"),
        ([[2.0, -1.0, 0], [0, 0, 1]], ValueError, "must be ≥ 0 and sum to 1"),
    ],
)
def test_labels_that_do_not_fit(loss, target, error, message):
    with pytest.raises(error, match=message):
        loss(np.full((2, 3), 1 / 3), np.array(target))


@categorical
def test_one_output_is_not_a_choice_among_classes(loss):
    with pytest.raises(ValueError, match=r"for one output a sample use (sigmoid|binary)_crossentropy"):
        loss(np.full((4, 1), 0.5), np.zeros(4, int))


def test_values_out_of_range():
    with pytest.raises(ValueError, match=r"prediction of binary_crossentropy must .* but is 0.2 to 1.5; sigm"):
        binary_crossentropy([0.2, 1.5], [0, 1])
    with pytest.raises(ValueError, match=r"target of sigmoid_crossentropy must lie in \[0, 1\]"):
        sigmoid_crossentropy([0.2, 1.5], [-1, 1])
    with pytest.raises(ValueError, match=r"is -0.1 to 1; softmax_crossentropy takes logits"):
        categorical_crossentropy([[-0.1, 0.1, 1.0]], [0])
    with pytest.raises(ValueError, match=r"−1 and \+1; for labels of 0 and 1 give it 2 \* target − 1"):
        hinge([0.2, 1.5], [0, 1])


def test_softmax_along_the_wrong_axis_is_noticed():
    z = leaf(np.random.default_rng(0).normal(size=(4, 3)))
    with pytest.warns(UserWarning, match="do not sum to 1"):
        categorical_crossentropy(tg.ops.softmax(z, axis=0), [0, 1, 2, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        categorical_crossentropy(tg.ops.softmax(z, axis=1), [0, 1, 2, 0])
    sequences = leaf(np.random.default_rng(0).normal(size=(4, 2, 3)))
    with pytest.warns(UserWarning, match="do not sum to 1"):
        categorical_crossentropy(tg.ops.softmax(sequences, axis=1), np.zeros((4, 2), int))


def test_probabilities_that_do_not_sum_to_1_are_warned_of_at_the_users_line():
    rows = [[[0.5, 0.5, 0.0], [0.2, 0.2, 0.5]]]
    with pytest.warns(UserWarning, match="End the model in a softmax, or give the logits to softmax_cross") as told:
        categorical_crossentropy(rows, [[0, 1]])
    here = test_probabilities_that_do_not_sum_to_1_are_warned_of_at_the_users_line.__code__
    assert (told[0].filename, told[0].lineno) == (__file__, here.co_firstlineno + 3)


def test_a_training_on_such_probabilities_is_warned_of_once():
    rng = np.random.default_rng(0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(5):
            categorical_crossentropy(rng.random((4, 3)), [0, 1, 2, 0])
    assert len(told) == 1


def test_a_nan_is_no_input_error_but_the_loss():
    assert np.isnan(binary_crossentropy([np.nan, 0.5], [0, 1]).item())
    assert np.isnan(softmax_crossentropy([[np.nan, 0.5]], [0]).item())


def test_labels_in_words_are_to_be_numbered():
    with pytest.raises(TypeError, match=r"write names, target = np\.unique\(target, return_inverse=True\)"):
        softmax_crossentropy(np.zeros((2, 3)), np.array(["cat", "dog"]))


@pytest.mark.parametrize(
    ("loss", "activation"), [(softmax_crossentropy, tg.ops.softmax), (sigmoid_crossentropy, tg.ops.sigmoid)]
)
def test_probabilities_given_to_a_loss_of_logits_are_warned_of_at_the_users_line(loss, activation):
    z, y = tg.Tensor(np.eye(2), requires_grad=True), np.eye(2)
    with pytest.warns(UserWarning, match=f"{loss.__name__} applies a {activation.__name__}, .* or use") as told:
        loss(activation(z), y)
    assert told[0].filename == __file__
    loss(2 * activation(z), y)  # no warning, which would be an error here


@pytest.mark.parametrize(
    "loss", [binary_crossentropy, categorical_crossentropy, softmax_crossentropy, sigmoid_crossentropy]
)
def test_labels_and_probabilities_that_have_changed_places_are_warned_of(loss):
    p, y = tg.Tensor([[0.8, 0.2], [0.4, 0.6]], requires_grad=True), np.array([[1.0, 0.0], [0.0, 1.0]])
    with pytest.warns(UserWarning, match=f"{loss.__name__} takes the prediction first"):
        loss(y, p)
    loss(p, y)  # no warning, which would be an error here
    loss(p, p.detach())
    loss(y, y)


@pytest.mark.parametrize(
    "target",
    [np.full((2, 2), "1.5"), np.full((2, 2), None), np.full((2, 2), 1j), np.full((2, 2), "2020", "datetime64[Y]")],
    ids=["words", "objects", "complex", "dates"],
)  # fmt: skip
@pytest.mark.parametrize("loss", ["mse", "softmax_crossentropy", "binary_crossentropy"])
def test_targets_that_are_no_real_numbers_are_refused(loss, target):
    with pytest.raises(TypeError, match=f"the target of {loss} must hold real numbers, not"):
        tg.losses.get(loss)(np.full((2, 2), 0.5), target)


@pytest.mark.parametrize("target", [None, "cat"])
def test_what_is_no_numbers_is_no_matter_of_shapes(target):
    with pytest.raises(TypeError, match="the target of mse must hold real numbers, not"):
        tg.losses.mse(np.ones(3), target)


def test_a_target_of_uneven_rows_is_no_array():
    with pytest.raises(ValueError, match="can't make an array of this list"):
        tg.losses.mse(np.ones((2, 2)), [[1.0, 2.0], [3.0]])


@pytest.mark.parametrize("loss", [binary_crossentropy, sigmoid_crossentropy])
def test_the_advice_on_labels_of_a_softmax_of_two_leads_to_no_other_error(loss):
    p, labels = tg.ops.softmax(tg.Tensor(np.zeros((3, 2)), requires_grad=True)), np.array([0, 1, 1])
    with pytest.raises(ValueError, match=r"2 classes go with categorical_crossentropy after a softmax, .* one output"):
        loss(p, labels)
    with pytest.raises(
        ValueError, match=r"categorical_crossentropy after a softmax, .* \(target\.reshape\(-1\)\); yes or"
    ):
        loss(p, labels[:, None])
    assert categorical_crossentropy(p, labels[:, None].reshape(-1)).item() == pytest.approx(np.log(2))


def test_a_target_too_small_for_float32_is_no_reason_to_complain():
    prediction = tg.Tensor(np.ones((2, 1), np.float32), requires_grad=True)
    with np.errstate(all="raise"):
        assert tg.losses.mse(prediction, np.array([[1e-60], [1.0]])).item() == 0.5
        assert tg.losses.mse(prediction, np.array([[1e300], [1.0]])).item() == np.inf


@pytest.mark.parametrize("kind", [tuple, list])
def test_several_predictions_are_refused_as_such(kind):
    out = kind([tg.Tensor([1.0], requires_grad=True), tg.Tensor([2.0])])
    with pytest.raises(TypeError, match=f"takes one prediction, not a {kind.__name__} of 2: write"):
        tg.losses.mse(out, np.zeros(1))

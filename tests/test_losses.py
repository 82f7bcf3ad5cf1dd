"""Losses: the lectures' numbers (rows L1–L8), reductions, extremes, and what is refused."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import source
from tinygrad_reg.losses import (
    LOSSES,
    binary_crossentropy,
    categorical_crossentropy,
    half_mse,
    head_for,
    hinge,
    huber,
    mae,
    mse,
    sigmoid_crossentropy,
    softmax_crossentropy,
)

from .making import leaf

LN10 = np.log(10)  # the lectures' logarithms are log10


def value_and_gradient(loss, prediction, target, **options):
    prediction = leaf(prediction)
    value = loss(prediction, target, **options)
    value.backward(np.ones(value.shape))
    return value.data, prediction.grad


# ---- the lectures' rows


@pytest.mark.parametrize(
    ("y", "a", "expected"),
    [
        ([[3, 4], [5, 2]], [[2.1, 2.5], [6.3, 2.7]], 1.31),
        ([[1, 0], [1, 1]], [[0.8, 0.2], [0.7, 0.9]], 0.045),
    ],
)
def test_L1_L2_the_two_forms_of_mse_agree_for_two_outputs(y, a, expected):
    assert half_mse(a, y).item() == pytest.approx(expected, abs=1e-15)
    assert mse(a, y).item() == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("outputs", "ratio"), [(1, 0.5), (2, 1.0), (3, 1.5)])
def test_L2_the_two_forms_of_mse_differ_by_half_the_number_of_outputs(outputs, ratio):
    rng = np.random.default_rng(0)
    a, y = rng.normal(size=(2, 5, outputs))
    assert half_mse(a, y).item() == pytest.approx(ratio * mse(a, y).item(), rel=1e-14)
    assert half_mse(a, y).item() == pytest.approx(np.sum((y - a) ** 2) / (2 * 5), rel=1e-14)


def test_L1_the_gradient_of_half_mse_is_the_error_over_the_samples():
    a, y = [[2.1, 2.5], [6.3, 2.7]], np.array([[3, 4], [5, 2]])
    _, gradient = value_and_gradient(half_mse, a, y)
    np.testing.assert_allclose(gradient, (np.array(a) - y) / 2, rtol=1e-14)
    assert half_mse([1.0, 2.0], [0.0, 0.0]).item() == 1.25  # one output a sample needs no second axis


def test_L3_binary_crossentropy_as_taught():
    assert binary_crossentropy([0.8, 0.1, 0.3, 0.8], [1, 0, 1, 0]).item() / LN10 == pytest.approx(0.3411, abs=5e-5)


def test_L4_categorical_crossentropy_as_taught_with_a_warning_for_the_row_that_sums_to_1_1():
    p = [[0.8, 0.1, 0.2], [0.04, 0.06, 0.9]]
    with pytest.warns(UserWarning, match="do not sum to 1 in each row"):
        one_hot = categorical_crossentropy(p, [[1, 0, 0], [0, 0, 1]])
    with pytest.warns(UserWarning, match="do not sum to 1 in each row"):
        labels = categorical_crossentropy(p, [0, 2])
    assert one_hot.item() / LN10 == pytest.approx(0.0713, abs=5e-5)
    assert labels.item() == one_hot.item()


def test_L5_multilabel_crossentropy_is_summed_over_classes_and_averaged_over_samples():
    p, y = [[0.8, 0.3, 0.9], [0.7, 0.9, 0.1]], [[1, 0, 1], [1, 1, 0]]
    losses = binary_crossentropy(p, y, reduction="none").data.sum(axis=1) / LN10
    np.testing.assert_allclose(losses, [0.2976, 0.2464], atol=5e-5)
    assert binary_crossentropy(p, y, reduction="samples").item() / LN10 == pytest.approx(0.2720, abs=5e-5)
    assert binary_crossentropy(p, y).item() / LN10 == pytest.approx(0.2720 / 3, abs=5e-5)


def test_L6_sparse_crossentropy_from_logits_and_from_probabilities_equals_L4_on_softmax():
    rng = np.random.default_rng(1)
    z, labels = rng.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
    one_hot = np.eye(4)[labels]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected, slope = -np.sum(one_hot * np.log(p)) / 6, (p - one_hot) / 6
    for loss, target in [
        (softmax_crossentropy, labels),
        (softmax_crossentropy, one_hot),
        (lambda z, y: categorical_crossentropy(tg.ops.softmax(z), y), labels),
        (lambda z, y: categorical_crossentropy(tg.ops.softmax(z), y), one_hot),
    ]:
        value, gradient = value_and_gradient(loss, z, target)
        assert value == pytest.approx(expected, rel=1e-13)
        np.testing.assert_allclose(gradient, slope, atol=1e-15)


def test_L7_binary_crossentropy_equals_categorical_crossentropy_of_two_classes():
    z, y = np.random.default_rng(2).normal(size=8) * 5, np.array([0, 1, 1, 0, 1, 0, 0, 1])

    def two_logits(z):
        return np.stack([z, np.zeros(8)], axis=1)

    forms = [
        lambda z: sigmoid_crossentropy(z, y),
        lambda z: binary_crossentropy(tg.ops.sigmoid(z), y),
        lambda z: softmax_crossentropy(two_logits(z), 1 - y),  # class 0 has the logit z
        lambda z: categorical_crossentropy(tg.ops.softmax(two_logits(z)), np.eye(2)[1 - y]),
    ]
    (value, slope), *others = [tg.value_and_grad(form)(z) for form in forms]
    for other, other_slope in others:
        assert abs(other - value) < 1e-12
        np.testing.assert_allclose(other_slope, slope, atol=1e-12)


@pytest.mark.parametrize(
    ("problem", "activation", "loss", "target"),
    [
        ("binary", "sigmoid", "binary_crossentropy", [[1], [0]]),
        ("multiclass", "softmax", "categorical_crossentropy", [2, 0]),
        ("multilabel", "sigmoid", "binary_crossentropy", [[1, 0, 1], [0, 0, 0]]),
        ("regression", None, "mse", [[-3.0], [40.0]]),
        ("unit_regression", "sigmoid", "mse", [[0.2], [0.9]]),
    ],
)
def test_L8_the_table_of_problem_activation_and_loss(problem, activation, loss, target):
    found, its_loss = head_for(problem)
    assert (found and found.__name__, its_loss.__name__) == (activation, loss)
    assert f'| "{problem}" |' in head_for.__doc__
    z = leaf(np.random.default_rng(0).normal(size=(2, np.shape(target)[1] if np.ndim(target) == 2 else 3)))
    value = its_loss(found(z) if found else z, target)
    value.backward()
    assert np.isfinite(value.item()) and np.abs(z.grad).min() > 0


def test_L8_an_unknown_problem_lists_those_that_are_known():
    with pytest.raises(ValueError, match=r"'multi_class'; did you mean 'multiclass'\? There are binary, multiclass"):
        head_for("multi_class")


# ---- formulas, beside plain NumPy

a, y = np.random.default_rng(3).normal(size=(2, 4, 3)) * 2
probabilities = np.random.default_rng(4).uniform(0.05, 0.95, (4, 3))
marks = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 0]])

FORMULAS = {
    "mse": (a, y, (a - y) ** 2),
    "mae": (a, y, np.abs(a - y)),
    "huber": (a, y, np.where(np.abs(a - y) <= 1, (a - y) ** 2 / 2, np.abs(a - y) - 0.5)),
    "hinge": (a, np.sign(y), np.maximum(0, 1 - np.sign(y) * a)),
    "binary_crossentropy": (
        probabilities, marks, -(marks * np.log(probabilities) + (1 - marks) * np.log(1 - probabilities)),
    ),
    "sigmoid_crossentropy": (a, marks, np.log(1 + np.exp(a)) - marks * a),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_reductions_of_elementwise_losses(name):
    prediction, target, each = FORMULAS[name]
    loss = LOSSES[name]
    np.testing.assert_allclose(loss(prediction, target, reduction="none").data, each, rtol=1e-12)
    assert loss(prediction, target).item() == pytest.approx(each.mean(), rel=1e-13)
    assert loss(prediction, target, reduction="sum").item() == pytest.approx(each.sum(), rel=1e-13)
    assert loss(prediction, target, reduction="samples").item() == pytest.approx(each.sum() / 4, rel=1e-13)
    tg.check_grad(lambda p: loss(p, target), prediction)
    for reduction in ("mean", "samples"):  # one output a sample: both are the mean over samples
        value = loss(prediction[:, 0], target[:, 0], reduction=reduction).item()
        assert value == pytest.approx(each[:, 0].mean(), rel=1e-13)


def test_reductions_of_categorical_losses_are_over_samples():
    z, labels = np.random.default_rng(5).normal(size=(4, 3)), np.array([0, 2, 1, 1])
    each = np.log(np.exp(z).sum(axis=1)) - z[np.arange(4), labels]
    np.testing.assert_allclose(softmax_crossentropy(z, labels, reduction="none").data, each, rtol=1e-12)
    assert softmax_crossentropy(z, labels, reduction="sum").item() == pytest.approx(each.sum(), rel=1e-13)
    assert softmax_crossentropy(z, labels, reduction="samples").item() == pytest.approx(each.mean(), rel=1e-13)


def test_labels_of_maps_and_of_a_single_sample():
    z = np.random.default_rng(6).normal(size=(2, 5, 3))
    labels = np.random.default_rng(7).integers(0, 3, (2, 5))
    each = softmax_crossentropy(z, labels, reduction="none").data
    np.testing.assert_allclose(each, np.log(np.exp(z).sum(-1)) - np.take_along_axis(z, labels[..., None], -1)[..., 0])
    assert softmax_crossentropy(z, labels, reduction="samples").item() == pytest.approx(each.sum() / 2)
    assert softmax_crossentropy(z[0, 0], labels[0, 0]).item() == pytest.approx(each[0, 0])


@pytest.mark.parametrize("loss", [softmax_crossentropy, categorical_crossentropy])
def test_one_hot_labels_of_sequences_have_their_classes_on_the_last_axis(loss):
    rng = np.random.default_rng(0)
    p, labels = rng.dirichlet(np.ones(3), size=(2, 4)), rng.integers(0, 3, size=(2, 4))
    expected = loss(p, labels, reduction="none")
    assert expected.shape == (2, 4)
    np.testing.assert_allclose(loss(p, np.eye(3)[labels], reduction="none").data, expected.data, rtol=1e-12)


def test_whole_numbers_as_a_prediction_are_floats():
    assert mse(np.array([1, 3]), np.array([0, 1])).item() == 2.5


def test_soft_labels_are_distributions():
    z, soft = np.random.default_rng(8).normal(size=(3, 4)), np.full((3, 4), 0.25)
    expected = (np.log(np.exp(z).sum(1)) - z.mean(1)).mean()
    assert softmax_crossentropy(z, soft).item() == pytest.approx(expected, rel=1e-13)


def test_huber_takes_its_delta_and_is_smooth_there():
    prediction = leaf([-3.0, -0.5, 0.0, 0.5, 3.0])
    value = huber(prediction, np.zeros(5), delta=0.5, reduction="sum")
    value.backward()
    assert value.item() == pytest.approx(2 * 0.125 + 2 * 0.5 * (3 - 0.25))
    assert prediction.grad.tolist() == [-0.5, -0.5, 0.0, 0.5, 0.5]
    with pytest.raises(ValueError, match="delta"):
        huber([1.0], [1.0], delta=0)


def test_kinks_have_slope_0():
    assert value_and_gradient(mae, [1.0], [1.0])[1] == 0
    assert value_and_gradient(hinge, [1.0], [1])[1] == 0


def test_targets_may_require_gradients_too():
    p, q = leaf([1.0, 2.0]), leaf([0.0, 0.0])
    mse(p, q).backward()
    assert q.grad.tolist() == (-p.grad).tolist() == [-1.0, -2.0]


def test_weights_scale_the_losses_and_leave_the_divisor():
    each = (a - y) ** 2
    w = np.array([0.0, 1.0, 2.0, 0.5])
    assert mse(a, y, weights=w).item() == pytest.approx((w[:, None] * each).sum() / 12)
    assert mse(a, y, weights=w, reduction="sum").item() == pytest.approx((w[:, None] * each).sum())
    assert mse(a, y, weights=np.ones((4, 3))).item() == mse(a, y).item()
    labels = [0, 1, 2, 0]
    assert softmax_crossentropy(a, labels, weights=w).item() == pytest.approx(
        (w * softmax_crossentropy(a, labels, reduction="none").data).mean()
    )
    with pytest.raises(
        ValueError, match=r"weights must hold one number a sample, shape \(4,\), or one a loss, \(4, 3\), not \(3,\)"
    ):
        mse(a, y, weights=[1, 1, 1])
    with pytest.raises(ValueError, match="weights must be numbers ≥ 0"):
        mse(a, y, weights=[1, -1, 1, 1])


# ---- extremes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_0_and_1_give_at_most_100_and_finite_gradients(dtype):
    p, y = leaf([0, 1, 0, 1, 1e-45, 1], dtype=dtype), np.array([0, 1, 1, 0, 1, 1])
    losses = binary_crossentropy(p, y, reduction="none")
    losses.backward(np.ones(6))
    assert losses.data.tolist() == [0, 0, 100, 100, 100, 0]
    assert np.isfinite(p.grad).all() and p.grad.dtype == dtype
    assert (p.grad[2:5] * [-1, 1, -1] > 1e11).all()  # pushed away from the wrong end
    q = leaf([[0, 1, 0], [1, 0, 0]], dtype=dtype)
    for target in (np.array([1, 1]), np.eye(3)[[1, 1]]):
        losses = categorical_crossentropy(q, target, reduction="none")
        losses.backward(np.ones(2))
        assert losses.data.tolist() == [0, 100]
        assert np.isfinite(q.grad).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_logit_that_is_right_by_far_keeps_its_small_loss(dtype):
    z = np.array([12, -12, 30, -30], dtype)
    losses = sigmoid_crossentropy(z, [1, 0, 1, 0], reduction="none").data
    np.testing.assert_allclose(losses, np.log1p(np.exp(-np.abs(z.astype(float)))), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_1000_are_exact(dtype):
    z = leaf([1000, -1000, 1000, -1000, 0], dtype=dtype)
    losses = sigmoid_crossentropy(z, [1, 0, 0, 1, 1], reduction="none")
    losses.backward(np.ones(5))
    np.testing.assert_allclose(losses.data, [0, 0, 1000, 1000, np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(z.grad, [0, 0, 1, -1, -0.5], rtol=1e-6)
    z = leaf([[1000, -1000, 0], [-1000, 1000, 1000]], dtype=dtype)
    losses = softmax_crossentropy(z, [1, 2], reduction="none")
    losses.backward(np.ones(2))
    np.testing.assert_allclose(losses.data, [2000, np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(z.grad, [[1, -1, 0], [0, 0.5, -0.5]], rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_float32_predictions_stay_float32_whatever_the_targets_are(name):
    prediction, target, _ = FORMULAS.get(name, (np.full((4, 3), 1 / 3), np.array([0, 1, 2, 0]), None))
    if name == "half_mse":
        target = np.zeros((4, 3))
    for given in (np.asarray(target, np.float64), np.asarray(target, np.int64), tg.Tensor(np.asarray(target, float))):
        if name in ("categorical_crossentropy", "softmax_crossentropy") and given.dtype.kind == "f":
            given = np.eye(3)[np.asarray(target)]
        p = leaf(prediction, dtype=np.float32)
        loss = LOSSES[name](p, given, weights=np.ones(4))
        assert loss.dtype == np.float32
        loss.backward()
        assert p.grad.dtype == np.float32


# ---- what is refused, and what it says


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


def test_an_empty_batch_and_an_unknown_reduction():
    with pytest.raises(ValueError, match="batch is empty"):
        mse(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="'mean', 'sum', 'samples', 'none'"):
        mse([1.0], [1.0], reduction="average")


def test_look_up_by_name():
    assert tg.losses.get("huber") is huber
    assert tg.losses.get(len) is len
    with pytest.raises(ValueError, match=r"no loss is called 'crossentropy'.*There are mse, half_mse, mae"):
        tg.losses.get("crossentropy")
    with pytest.raises(TypeError, match="loss must be a name"):
        tg.losses.get(3)


def test_the_variable_that_holds_the_loss_names_it():
    w = leaf([1.0, 2.0])
    loss = mse(w, [0.0, 0.0])
    assert source.label(loss) == "loss"
    assert source.label(loss.parents[0]) is None  # what the loss computes on its way has no such name


def test_losses_can_be_pickled_and_say_what_they_take():
    assert pickle.loads(pickle.dumps(huber)) is huber
    assert list(inspect.signature(huber).parameters) == ["prediction", "target", "reduction", "weights", "delta"]


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


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_how_a_loss_takes_its_mean_inside_is_no_option(reduction):
    with pytest.raises(TypeError, match="softmax_crossentropy takes no mean="):
        tg.losses.softmax_crossentropy(np.zeros((2, 3)), [0, 1], mean=True, reduction=reduction)


def test_the_mean_of_no_samples_is_refused_for_labels_too():
    with pytest.raises(ValueError, match="the mean of no losses is not defined"):
        tg.losses.softmax_crossentropy(np.zeros((0, 3)), np.zeros(0, int))


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

"""Losses: the lectures' numbers (rows L1–L8), formulas, reductions, extremes, names."""

import inspect
import pickle

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
    with pytest.raises(ValueError, match=r"no kind of problem is called '.'binary'.'"):
        head_for(["binary"])


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


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_how_a_loss_takes_its_mean_inside_is_no_option(reduction):
    with pytest.raises(TypeError, match="softmax_crossentropy takes no mean="):
        tg.losses.softmax_crossentropy(np.zeros((2, 3)), [0, 1], mean=True, reduction=reduction)


def test_the_mean_of_no_samples_is_refused_for_labels_too():
    with pytest.raises(ValueError, match="the mean of no losses is not defined"):
        tg.losses.softmax_crossentropy(np.zeros((0, 3)), np.zeros(0, int))

"""The logarithm of a cross-entropy where probabilities are 0, in every dtype."""

import numpy as np
import pytest

import tinygrad_reg as tg


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_gradient_of_a_probability_of_0_or_1_is_finite(dtype):
    p = tg.Tensor(np.array([0, 1, 0, 1], dtype), requires_grad=True)
    tg.losses.binary_crossentropy(p, np.array([0, 1, 1, 0]), reduction="sum").backward()
    assert p.grad.dtype == dtype
    assert p.grad[:2].tolist() == [1, -1]
    assert np.isfinite(p.grad).all()
    assert p.grad[2] < -1000 and p.grad[3] > 1000


@pytest.mark.parametrize(("dtype", "slope"), [("float64", 1e12), ("float32", 1e12), ("float16", 2**14)])
def test_the_slope_of_the_logarithm_has_a_largest_value(dtype, slope):
    p = tg.Tensor(np.zeros(1, dtype), requires_grad=True)
    tg.ops.floored_log(p).backward()
    assert p.grad == np.array(slope, dtype)


@pytest.mark.parametrize("labels", [np.array(0), np.array([0, 1]), np.array([[0]])])
def test_labels_of_another_shape_are_refused_before_they_give_a_value(labels):
    with pytest.raises(ValueError, match="labels be one for each row"):
        tg.ops.softmax_crossentropy(tg.Tensor(np.ones((1, 3)), requires_grad=True), labels)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_labels_of_a_small_type_have_a_second_derivative_for_more_classes_than_it_counts(dtype):
    z, weights = np.linspace(-1.0, 1.0, 600).reshape(2, 300), np.arange(600.0).reshape(2, 300)

    def slope(labels):
        x = tg.Tensor(z, requires_grad=True)
        first = tg.gradients(tg.ops.softmax_crossentropy(x, labels).sum(), x, create_graph=True)
        return first.data, tg.gradients((first * weights).sum(), x)

    for ours, wanted in zip(slope(np.array([1, 100], dtype)), slope(np.array([1, 100])), strict=True):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.parametrize("labels", [np.array([True, False]), np.array([0.0, 1.0])])
def test_labels_that_are_no_whole_numbers_are_refused(labels):
    """One True among as many labels as classes would pick a row for all of them."""
    with pytest.raises(TypeError, match="labels must be whole numbers"):
        tg.ops.softmax_crossentropy(tg.Tensor(np.ones((2, 2)), requires_grad=True), labels)


@pytest.mark.parametrize("label", [2, np.int64(2)])
@pytest.mark.parametrize("mean", [False, True])
def test_the_label_of_a_single_sample_may_be_a_number(label, mean):
    z = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    found, expected = (tg.ops.softmax_crossentropy(z, y, mean=mean) for y in (label, np.array(2)))
    assert found.item() == expected.item()
    assert tg.gradients(found, z).tolist() == tg.gradients(expected, z).tolist()
    assert tg.gradients(found, z, True).numpy().tolist() == tg.gradients(expected, z, True).numpy().tolist()


def test_a_label_that_counts_from_the_end_has_its_class_with_and_without_a_graph():
    z = tg.Tensor([[0.3, -1.0, 0.5], [1.0, 0.2, -0.4]], requires_grad=True)
    for labels in ([-1, 1], [2, -2], [-3, 0]):
        out = tg.ops.softmax_crossentropy(z, np.array(labels)).sum()
        same = tg.ops.softmax_crossentropy(z, np.array(labels) % 3).sum()
        np.testing.assert_allclose(tg.gradients(out, z), tg.gradients(same, z), rtol=1e-12)
        ours, wanted = (tg.gradients(loss, z, create_graph=True).numpy() for loss in (out, same))
        np.testing.assert_allclose(ours, wanted, rtol=1e-12)


@pytest.mark.parametrize("size", [1000.0, 1e300])
def test_logits_of_any_size_have_a_finite_loss(size):
    z = tg.Tensor([[size, 0.0], [-size, 0.0], [size, size]], requires_grad=True)
    loss = tg.ops.softmax_crossentropy(z, np.array([0, 0, 1]))
    np.testing.assert_allclose(loss.data, [0, size, np.log(2)], rtol=1e-15)
    loss.sum().backward()
    np.testing.assert_array_equal(z.grad, [[0, 0], [-1, 1], [0.5, -0.5]])


def test_the_logarithm_of_0_is_minus_100():
    assert tg.ops.floored_log(np.array([0.0, 1e-50, 1.0])).tolist() == [-100, -100, 0]


def test_the_gradient_among_many_classes():
    """Of a vocabulary, say, whose unit vectors are not kept at hand."""
    z = np.random.default_rng(0).normal(size=(3, 400))
    labels = np.array([0, 399, 7])
    logits = tg.Tensor(z, requires_grad=True)
    tg.ops.softmax_crossentropy(logits, labels).sum().backward()
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    np.testing.assert_allclose(logits.grad, p - np.eye(400)[labels], rtol=1e-12, atol=1e-15)

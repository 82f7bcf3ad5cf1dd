"""Questions are answered about the values, with plain arrays, also for tensors that require gradients."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf

values = np.array([[3.0, -1.0, 2.0], [0.0, 5.0, 5.0]])


@pytest.fixture
def t():
    return tg.Tensor(values, requires_grad=True)


@pytest.mark.parametrize(
    "compare",
    [
        *(lambda x, y: x == y, lambda x, y: x != y, lambda x, y: x < y),
        *(lambda x, y: x <= y, lambda x, y: x > y, lambda x, y: x >= y),
    ],
)
def test_comparisons_are_elementwise_from_both_sides(t, compare):
    for other in (2, 2.0, np.float64(2), values[0], np.full((2, 3), 2.0), tg.Tensor(values.T.reshape(2, 3).copy())):
        plain = other.data if isinstance(other, tg.Tensor) else other
        for answer, expected in [
            (compare(t, other), compare(values, plain)),
            (compare(other, t), compare(plain, values)),
        ]:
            assert type(answer) is np.ndarray
            np.testing.assert_array_equal(answer, expected)


def test_a_comparison_of_single_numbers_is_a_truth_value():
    x = tg.Tensor(2.0, requires_grad=True)
    for answer, expected in [(x > 1, True), (x == 2, True), (x != 2, False), (x <= 1, False)]:
        assert bool(answer) is expected


def test_shapes_that_can_not_be_compared_are_named():
    price = tg.Tensor(np.ones(3), requires_grad=True, name="price")
    with pytest.raises(ValueError, match=r"can't compare price of shape \(3,\) with array of shape \(4,\): operands"):
        price < np.ones(4)  # noqa: B015


def test_comparing_does_not_make_tensors_unhashable(t):
    assert t in {t: 1}
    assert len({t, tg.Tensor(values)}) == 2


def test_numpy_scalars_are_weak_in_comparisons():
    x = tg.Tensor(np.array([0.1], np.float32))
    for tenth in (0.1, np.float64(0.1), np.float32(0.1)):
        assert (x == tenth).all()
        assert (tenth == x).all()


ANSWERS = {
    "isnan": (np.isnan, ()),
    "isinf": (np.isinf, ()),
    "isfinite": (np.isfinite, ()),
    "signbit": (np.signbit, ()),
    "argmax": (np.argmax, (1,)),
    "argmin": (np.argmin, (0,)),
    "argsort": (np.argsort, ()),
    "nonzero": (np.nonzero, ()),
    "argwhere": (np.argwhere, ()),
    "count_nonzero": (np.count_nonzero, (1,)),
    "any": (np.any, ()),
    "all": (np.all, (0,)),
    "shape": (np.shape, ()),
    "ndim": (np.ndim, ()),
    "size": (np.size, ()),
    "allclose": (np.allclose, (values,)),
    "isclose": (np.isclose, (values + 1e-12,)),
    "array_equal": (np.array_equal, (values,)),
    "iscomplexobj": (np.iscomplexobj, ()),
    "zeros_like": (np.zeros_like, ()),
    "ones_like": (np.ones_like, ()),
    "full_like": (np.full_like, (7.0,)),
    "result_type": (np.result_type, (np.float32,)),
    "array_repr": (np.array_repr, ()),
    "array_str": (np.array_str, ()),
    "array2string": (np.array2string, ()),
    "logical_not": (np.logical_not, ()),
    "logical_and": (np.logical_and, (True,)),
    "digitize": (np.digitize, ([0.0, 1.0, 4.0],)),
    "histogram": (np.histogram, (3,)),
}


@pytest.mark.parametrize(("ask", "more"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_numpys(t, ask, more):
    answer, expected = ask(t, *more), ask(values, *more)
    assert type(answer) is type(expected)
    for a, b in zip(answer, expected, strict=True) if isinstance(expected, tuple) else [(answer, expected)]:
        np.testing.assert_array_equal(a, b)


def test_tensors_in_any_place_of_a_question(t):
    assert np.allclose(values, t)
    assert np.array_equal(t, t)
    assert np.searchsorted(tg.Tensor([1.0, 2.0, 3.0], requires_grad=True), 2.5) == 2
    assert np.searchsorted(np.array([1.0, 2.0]), t).shape == (2, 3)
    assert np.bincount(tg.Tensor(np.array([0, 2, 2]))).tolist() == [1, 0, 2]
    assert np.may_share_memory(t, values)
    assert np.empty_like(t).shape == (2, 3)


def test_questions_are_methods_too(t):
    assert t.argmax() == 4
    assert t.argmax(axis=1).tolist() == [0, 1]
    assert t.argmin(1).tolist() == [1, 0]
    with pytest.raises(TypeError, match="argmax has no option dim=; it takes axis="):
        t.argmax(dim=1)
    assert t.argsort(axis=1)[0].tolist() == [1, 2, 0]
    assert t.any()
    assert t.all(axis=0).tolist() == [False, True, True]
    assert [i.tolist() for i in t.nonzero()] == [i.tolist() for i in values.nonzero()]


def test_a_mask_from_a_question_can_weigh_a_loss(t):
    (t * (t > 2)).sum().backward()
    assert t.grad.tolist() == (values > 2).astype(float).tolist()


@pytest.mark.parametrize("ask", [np.unique, np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all])
def test_the_different_values_are_not_given_without_their_gradient(t, ask):
    with pytest.raises(TypeError, match=rf"np\.{ask.__name__} gives values of t.* requires a gradient, without one"):
        ask(t)
    with tg.no_grad():
        answers = ask(t)
    labels = ask(tg.Tensor(values.astype(int)))
    for answer, expected in [(answers, ask(values)), (labels, ask(values.astype(int)))]:
        for a, b in zip(answer, expected, strict=True) if isinstance(expected, tuple) else [(answer, expected)]:
            np.testing.assert_array_equal(a, b)
    with pytest.raises(TypeError, match="requires a gradient"):
        np.unique(ar=t)


def test_the_way_to_different_values_that_the_message_names_has_the_gradient(t):
    row = t.reshape(-1)
    picked = row[np.unique(row.numpy(), return_index=True)[1]]
    np.testing.assert_array_equal(picked.numpy(), np.unique(values))
    picked.sum().backward()
    assert t.grad.tolist() == [[1, 1, 1], [1, 1, 0]]


@pytest.mark.parametrize(("other", "kind"), [("a", "str"), (None, "NoneType"), ({}, "dict")], ids=str)
def test_what_has_no_order_is_named(other, kind):
    price = tg.Tensor([1.0, 2.0], name="price")
    with pytest.raises(TypeError, match=rf"can't compare price of shape \(2,\) with {kind} .*real numbers"):
        price < other  # noqa: B015


def test_in_asks_for_an_equal_element_whatever_the_axes():
    for t in (leaf(2.0), leaf([1.0, 2.0]), leaf([[1.0, 2.0], [3.0, 4.0]])):
        assert 2 in t and np.float64(2.0) in t
        assert 5 not in t and np.nan not in t
    assert leaf([3.0, 4.0]) in leaf([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: np.isclose(t, -t),
        lambda t: np.allclose(t, -t),
        lambda t: np.full_like(t.astype("float32"), 1e300),
        lambda t: np.linalg.matrix_rank(np.diag(t) * 1e-300 * 1e-20),
    ],
)
def test_questions_do_not_complain_of_large_numbers(ask):
    with np.errstate(all="raise"):
        ask(tg.Tensor([1e308, -1e308, 1.0]))


def test_a_whole_number_too_large_for_a_float_is_refused_by_name():
    with pytest.raises(OverflowError, match=r"can't compare t of shape \(1,\) with int .*, which is too large"):
        assert tg.Tensor([1.0], name="t") < 10**400

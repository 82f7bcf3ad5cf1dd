"""Indexing: what is picked twice, what an index may be, and what is refused."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.ops.indexing import ARRAY, Index

from .leaves import counted


@pytest.mark.parametrize(
    ("index", "counts"),
    [
        ([0, 0, 2], [2, 0, 1]),
        (np.array([-1, 2, 2]), [0, 0, 3]),
        (np.array([[0, 1], [1, 1]]), [1, 3, 0]),
        (np.array([255 - 254] * 300, dtype=np.uint8), [0, 300, 0]),
        (tg.Tensor(np.array([1, 1])), [0, 2, 0]),
    ],
)
@pytest.mark.parametrize("width", [(), (200,), (2, 0)], ids=str)
def test_what_is_picked_several_times_gets_the_sum(index, counts, width):
    t = counted(3, *width)
    t[index].sum().backward()
    expected = np.zeros(t.shape)
    expected.T[...] = counts
    np.testing.assert_array_equal(t.grad, expected)


def test_fortran_ordered_gradients_are_added_at_the_right_places():
    t = counted(3, 2)
    t[[2, 0, 2]].backward(np.asfortranarray([[1.0, 2], [3, 4], [10, 20]]))
    np.testing.assert_array_equal(t.grad, [[3, 4], [0, 0], [11, 22]])


def test_a_mask_with_one_hit_next_to_repeated_integers():
    t = counted(2, 3)
    t[np.array([False, True]), np.array([0, 0, 2])].sum().backward()
    np.testing.assert_array_equal(t.grad, [[0, 0, 0], [2, 0, 1]])


@pytest.mark.parametrize(
    "index",
    [
        tg.Tensor(np.array(1)),
        np.array(1),
        np.int64(1),
        np.s_[tg.Tensor(np.array(1)) :],
        np.s_[[]],
        range(2),
        True,
        np.bool_(False),
        np.s_[(0, 1), 1:],
        tg.Tensor(np.array([True, False, True])),
        np.s_[..., ::-1, None],
    ],
    ids=str,
)
def test_everything_that_numpy_takes_as_an_index(index):
    t = counted(3, 4)
    plain = index.data if isinstance(index, tg.Tensor) else index
    np.testing.assert_array_equal(t[index].data, t.data[plain])


def test_labels_are_inputs_of_the_op():
    labels = np.array([2, 0])
    picked = counted(2, 3)[np.arange(2), labels]
    assert [p.shape for p in picked.parents] == [(2, 3), (2,), (2,)]
    assert picked.parents[2].data is labels


def test_comparisons_are_masks():
    t = counted(4)
    t[t > 1].sum().backward()
    np.testing.assert_array_equal(t.grad, [0, 0, 1, 1])


def test_a_row_at_a_time():
    t = counted(3, 2)
    sum(row.sum() * k for k, row in enumerate(t)).backward()
    np.testing.assert_array_equal(t.grad, [[0, 0], [1, 1], [2, 2]])


def test_the_hessian_through_repeated_indices():
    t = np.array([1.0, 2.0])
    np.testing.assert_array_equal(tg.hessian(lambda x: (x[[0, 0, 1]] ** 3).sum())(t), [[12, 0], [0, 12]])


@pytest.mark.parametrize("index", [1.0, "a", [1.5], tg.Tensor([0.0, 1.0]), {1: 2}, np.s_[0, 1.0]], ids=str)
def test_an_index_is_whole(index):
    table = counted(3, 4, name="table")
    with pytest.raises(IndexError, match=r"table of shape \(3, 4\) can't be indexed with .*\.astype\(int\)"):
        table[index]


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        (
            5,
            r"getitem can't take table of shape \(3, 4\), index=\[5\]: index 5 is out of bounds for axis 0 with size 3",
        ),
        (np.s_[0, 0, 0], r"index=\[0, 0, 0\]: too many indices"),
        (np.s_[:, [9]], r"index=\[:, array\]: index 9 is out of bounds for axis 1 with size 4"),
        (np.array([True]), r"boolean index did not match"),
        (np.s_[..., ...], r"index=\[\.\.\., \.\.\.\]"),
    ],
    ids=str,
)
def test_an_index_that_does_not_fit_is_refused_with_the_tensors_name(index, complaint):
    table = counted(3, 4, name="table")
    with pytest.raises(IndexError, match=complaint):
        table[index]


@pytest.mark.parametrize(
    "write",
    [
        lambda t: np.put_along_axis(t, np.array([[0]]), 1.0, 1),
        lambda t: np.put_along_axis(np.zeros((1, 2)), np.array([[0]]), t, 1),
        lambda t: np.copyto(np.zeros((1, 2)), t),
        lambda t: np.fill_diagonal(t, 0.0),
    ],
)
def test_writing_is_refused_with_the_functional_way(write):
    with pytest.raises(TypeError, match=r"can't be changed in place.* np\.where\(mask, new, t\)"):
        write(counted(1, 2))


def test_take_of_a_number_keeps_its_index_when_the_graph_is_looked_at():
    t = counted(3)
    taken = np.take(t, 1)
    assert [p.dtype.kind for p in taken.parents] == ["f", "i"]
    taken.backward()
    np.testing.assert_array_equal(t.grad, [0, 1, 0])


@pytest.mark.parametrize(
    ("index", "complaint"), [([0, 9], "take can't take .* index 9 is out of bounds"), ([0.5], "an index is integers")]
)
def test_take_refuses_what_is_not_there(index, complaint):
    with pytest.raises(IndexError, match=complaint):
        np.take(counted(3), index)


def test_an_index_is_written_as_the_user_writes_it():
    index = Index((slice(None), slice(1, None, 2), ARRAY, None, ..., -1))
    assert repr(index) == "[:, 1::2, array, None, ..., -1]"


def test_a_number_where_an_array_is_due_is_a_TypeError_that_names_the_op():
    with pytest.raises(TypeError, match=r"take_along_axis can't take tensor of shape \(2,\), int"):
        np.take_along_axis(tg.Tensor([1.0, 2.0], requires_grad=True), 0, 0)


@pytest.mark.parametrize(
    ("places", "counts"),
    [
        ([True, True], [0, 2, 0]),
        (np.array([True, False, True]), [1, 2, 0]),
        (tg.Tensor(np.array([[True, True]])), [0, 2, 0]),
        (True, [0, 1, 0]),
        (np.True_, [0, 1, 0]),
        (np.int64(-1), [0, 0, 1]),
        (np.uint8(2), [0, 0, 1]),
    ],
    ids=str,
)
@pytest.mark.parametrize("axis", [None, 0])
def test_take_reads_every_index_as_a_place(places, counts, axis):
    t = counted(3)
    out = np.take(t, places, axis)
    plain = places.numpy() if isinstance(places, tg.Tensor) else places
    np.testing.assert_array_equal(out.data, np.take(t.data, plain, axis))
    out.sum().backward()
    np.testing.assert_array_equal(t.grad, counts)
    (again,) = tg.gradients(np.take(t, places, axis).sum(), [t], create_graph=True)
    np.testing.assert_array_equal(again.data, counts)

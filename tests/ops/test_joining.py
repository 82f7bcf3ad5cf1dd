"""Joining and cutting: many inputs, mixtures of arrays and numbers, and what does not fit."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf
from .leaves import counted


@pytest.mark.parametrize("join", [np.stack, np.concatenate])
def test_twenty_thousand_inputs_get_their_shares(join):
    xs = [counted(1) for _ in range(20_000)]
    joined = join(xs)
    joined.backward(np.arange(20_000.0).reshape(joined.shape))
    assert [x.grad.item() for x in xs] == list(range(20_000))


def test_constants_among_the_inputs_get_nothing():
    t, constant = counted(2), np.ones(2)
    out = np.concatenate([constant, t, constant])
    out.backward(np.arange(6.0))
    np.testing.assert_array_equal(t.grad, [2, 3])


def test_numbers_take_the_arrays_dtype():
    t = counted(dtype=np.float32)
    assert np.stack([t, 1.0, t]).dtype == np.float32
    assert np.hstack([counted(2, dtype=np.float32), 3]).dtype == np.float32
    assert np.append(counted(2, dtype=np.float32), np.float64(3)).dtype == np.float32


def test_the_same_tensor_twice_gets_both_shares():
    t = counted(2)
    np.stack([t, t]).backward(np.array([[1.0, 2.0], [10.0, 20.0]]))
    np.testing.assert_array_equal(t.grad, [11, 22])


def test_lists_of_plain_arrays_give_plain_arrays():
    assert type(tg.ops.concatenate([np.ones(2), np.ones(1)])) is np.ndarray
    assert type(tg.ops.stack([np.ones(2), np.ones(2)], axis=1)) is np.ndarray


def test_shapes_that_do_not_join_are_refused_with_names():
    table, row = counted(2, 3, name="table"), counted(4, name="row")
    with pytest.raises(ValueError, match=r"concatenate can't take table of shape \(2, 3\), row of shape \(4,\)"):
        np.concatenate([table, row])
    with pytest.raises(ValueError, match=r"stack can't take .* np\.concatenate joins others along an axis they have"):
        np.stack([table, row])
    with pytest.raises(ValueError, match=r"single numbers have no axis: np\.stack joins them"):
        np.concatenate([row[0], row[1]])


def test_joining_takes_a_list():
    with pytest.raises(TypeError, match=r"np\.concatenate takes a list or tuple of arrays, not Tensor"):
        np.concatenate(counted(2, 3))


def test_append_flattens_unless_it_has_an_axis():
    assert np.append(counted(2, 3), counted(2)).shape == (8,)
    assert np.append(counted(2, 3), counted(1, 3), axis=0).shape == (3, 3)


@pytest.mark.parametrize(
    ("split", "lengths"),
    [
        (lambda t: np.split(t, 5), [2] * 5),
        (lambda t: np.split(t, [3, 3, 12]), [3, 0, 7, 0]),
        (lambda t: np.array_split(t, 4), [3, 3, 2, 2]),
        (lambda t: np.array_split(t, 1), [10]),
        (lambda t: np.split(t, 1), [10]),
        (lambda t: np.split(t, 2, axis=-1), [5, 5]),
        (lambda t: np.hsplit(t, 2), [5, 5]),
    ],
)
def test_the_parts_of_a_split(split, lengths):
    t = counted(10)
    parts = split(t)
    assert [len(part) for part in parts] == lengths
    np.testing.assert_array_equal(np.concatenate(parts).data, t.data)


def test_hsplit_of_a_matrix_goes_along_its_rows():
    np.testing.assert_array_equal(np.hsplit(counted(2, 2), 2)[0].data, [[0], [2]])


@pytest.mark.parametrize("join", [np.hstack, np.vstack, np.dstack, np.column_stack])
def test_a_single_array_is_joined_to_nothing(join):
    t = counted(3)
    np.testing.assert_array_equal(join([t]).data, join([t.data]))


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_append(axis):
    x, y = counted(2, 2), counted(2, 2)
    np.testing.assert_array_equal(np.append(x, y, axis).data, np.append(x.data, y.data, axis))


def test_unequal_parts_are_refused_by_split():
    with pytest.raises(ValueError, match=r"an axis of length 3 into 2 equal parts; np\.array_split makes parts"):
        np.split(counted(3), 2)
    with pytest.raises(ValueError, match="into 0 equal parts"):
        np.vsplit(counted(3, 1), 0)


def test_an_axis_that_is_not_there_can_not_be_split():
    with pytest.raises(IndexError, match=r"an array of shape \(3,\) has no axis 1 to split along"):
        np.split(counted(3), 3, axis=1)


def test_elements_that_padding_copied_get_the_sum():
    t = counted(3)
    np.pad(t, (2, 1), mode="edge").backward(np.array([1.0, 10, 100, 1000, 10_000, 100_000]))
    np.testing.assert_array_equal(t.grad, [111, 1000, 110_000])


def test_padding_is_called_by_numpys_names():
    t = tg.Tensor([1.0, 2.0], requires_grad=True)
    for padded in (np.pad(array=t, pad_width=1), np.pad(t, 1, "constant"), np.pad(t, pad_width=1, mode="constant")):
        assert padded.op == "pad" and padded.numpy().tolist() == [0, 1, 2, 0]


def test_padding_that_computes_is_refused():
    with pytest.raises(ValueError, match=r"pad can't take .* mode must be one of 'constant', 'edge', 'reflect'"):
        np.pad(counted(3), 1, mode="mean")
    with pytest.raises(TypeError, match="pad has no option stat_length=; it takes pad_width="):
        np.pad(counted(3), 1, stat_length=2)


def test_repeats_of_nothing():
    t = counted(2, 3)
    np.repeat(t, 0, axis=1).sum().backward()
    np.testing.assert_array_equal(t.grad, np.zeros((2, 3)))


@pytest.mark.parametrize("given", [2.0, "a", [1.5], [None]])
def test_places_to_split_at_are_whole_numbers(given):
    for split in (np.split, np.array_split):
        with pytest.raises(TypeError, match="the number of parts, or the places before which they end, whole numbers"):
            split(tg.Tensor(np.arange(6.0)), given)


@pytest.mark.parametrize("repeats", [True, False, np.True_, np.int8(2)], ids=str)
def test_repeats_are_any_whole_number(repeats):
    t = leaf([1.0, 2.0])
    np.repeat(t, repeats).sum().backward()
    np.testing.assert_array_equal(t.grad, [int(repeats)] * 2)

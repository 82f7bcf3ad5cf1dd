"""Shapes: the forms in which NumPy's users ask for them, and what is refused."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import source

from .leaves import counted


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.reshape(2, 6),
        lambda t: t.reshape((2, 6)),
        lambda t: t.reshape([2, -1]),
        lambda t: t.reshape(np.int64(2), 6),
        lambda t: np.reshape(t, (2, 6)),
        lambda t: tg.ops.reshape(t, shape=(2, -1)),
        lambda t: tg.ops.reshape(t, (2, 6)),
    ],
)
def test_the_forms_of_reshape(call):
    out = call(counted(3, 4))
    assert (out.op, out.shape) == ("reshape", (2, 6))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.transpose(2, 0, 1),
        lambda t: t.transpose((2, 0, 1)),
        lambda t: t.transpose(np.argsort([1, 2, 0])),
        lambda t: np.transpose(t, (2, 0, 1)),
        lambda t: np.transpose(t, axes=[-1, 0, 1]),
    ],
)
def test_the_forms_of_transpose(call):
    out = call(counted(2, 3, 4))
    assert (out.op, out.shape) == ("transpose", (4, 2, 3))


@pytest.mark.parametrize("call", [lambda t: t.T, lambda t: t.transpose(), lambda t: t.transpose(None), np.transpose])
def test_without_axes_a_transpose_turns_their_order_round(call):
    assert call(counted(2, 3, 4)).shape == (4, 3, 2)


def test_torchs_transpose_of_two_axes_is_refused_with_the_way_to_write_it():
    with pytest.raises(ValueError, match=r"names every axis once; to exchange two of them write np\.swapaxes"):
        counted(2, 3, 4).transpose(0, 1)


def test_a_shape_that_does_not_fit_is_refused_with_the_tensors_name():
    weights = counted(3, 4, name="weights")
    with pytest.raises(ValueError, match=r"reshape can't take weights of shape \(3, 4\), shape=\(5, 2\)"):
        weights.reshape(5, 2)


def test_lengths_are_whole_numbers():
    with pytest.raises(TypeError, match=r"lengths and axes must be whole numbers, not \(2\.0, 6\)"):
        counted(3, 4).reshape(2.0, 6)
    with pytest.raises(TypeError, match="lengths and axes must be whole numbers, not"):
        counted(3, 4).reshape(2, np.array([3, 2]))


def test_fortran_order_is_refused():
    with pytest.raises(TypeError, match="row by row"):
        np.reshape(counted(3, 4), (2, 6), order="F")
    with pytest.raises(TypeError, match=r"t\.reshape of a Tensor goes row by row"):
        counted(3, 4).reshape(2, 6, order="F")
    assert counted(3, 4).reshape(2, 6, order="C").shape == (2, 6)
    with pytest.raises(TypeError, match="takes no order="):
        np.ravel(counted(3, 4), order="F")


def test_the_users_variable_names_what_the_adapters_return():
    t = counted(3, 4)
    flat, turned, first, both = t.reshape(12), t.transpose(1, 0), t[0], np.concatenate([t, t])
    assert [source.label(x) for x in (flat, turned, first, both)] == ["flat", "turned", "first", "both"]


def test_copies_of_a_broadcast_are_summed():
    t = counted(3, 1)
    np.broadcast_to(t, (2, 3, 4)).sum().backward()
    np.testing.assert_array_equal(t.grad, np.full((3, 1), 8))


def test_several_arrays_at_once():
    number, row = counted(), counted(3)
    assert [x.shape for x in np.atleast_2d(number, row)] == [(1, 1), (1, 3)]
    assert [x.shape for x in np.broadcast_arrays(row, counted(2, 1))] == [(2, 3), (2, 3)]


def test_a_copy_stays_in_the_graph():
    t = counted(2)
    copy = t.copy()
    copy.sum().backward()
    assert not np.shares_memory(copy.data, t.data)
    np.testing.assert_array_equal(t.grad, [1, 1])


def test_zero_size_arrays_keep_their_shape_backward():
    t = counted(0, 3)
    np.flip(np.roll(t.T, 1, axis=0).reshape(-1, 3), 0).sum().backward()
    assert t.grad.shape == (0, 3)


@pytest.mark.parametrize("grow", [np.atleast_1d, np.atleast_2d, np.atleast_3d])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (2, 3, 4), (2, 3, 4, 5)], ids=str)
def test_axes_are_added_where_some_are_missing(grow, shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(grow(tg.Tensor(x)).data, grow(x))


@pytest.mark.parametrize("axis", [0, -1, None])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, axis: np.repeat(x, 2, axis=axis), lambda x, axis: np.take(x, [0, 0], axis=axis),
        lambda x, axis: np.cumsum(x, axis=axis), lambda x, axis: np.cumprod(x, axis=axis),
        lambda x, axis: np.sum(x, axis=axis), lambda x, axis: np.max(x, axis=axis),
        lambda x, axis: np.prod(x, axis=axis), lambda x, axis: np.roll(x, 1),
        lambda x, axis: np.diff(x, n=0), lambda x, axis: np.flip(x),
    ],
)  # fmt: skip
def test_a_number_has_its_way_back_along_the_axes_that_numpy_lets_it_have(call, axis):
    x = tg.Tensor(2.0, requires_grad=True)
    out = call(x, axis)
    np.sum(out).backward()
    assert x.grad == out.size
    (again,) = tg.gradients(np.sum(out), [x], create_graph=True)
    assert again.shape == () and again.item() == out.size

"""Where, clip, nan_to_num and astype: whom the gradient goes to, and how they are called."""

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf


def test_clip_passes_the_gradient_on_its_bounds_and_gives_the_bounds_theirs():
    x, low, high = leaf([-1.0, 0.0, 0.5, 1.0, 3.0]), leaf([0.0]), leaf([1.0])
    np.clip(x, low, high).backward(np.ones(5))
    assert x.grad.tolist() == [0, 1, 1, 1, 0]
    assert low.grad.tolist() == [1]
    assert high.grad.tolist() == [1]


def test_clip_is_called_as_in_numpy():
    x = leaf([-1.0, 0.5, 3.0])
    for out in (np.clip(x, 0, 1), np.clip(x, a_min=0, a_max=1), x.clip(0, 1), x.clip(min=0, max=1)):
        assert out.data.tolist() == [0, 0.5, 1]
        assert out.op == "clip"
    assert x.clip(max=1).data.tolist() == [-1, 0.5, 1]
    assert np.clip(x, 0, None).data.tolist() == [0, 0.5, 3]
    assert np.clip(x, 2, 1).data.tolist() == [1, 1, 1]  # as NumPy has it
    assert tg.Tensor(np.array([1, 5])).clip(2).dtype.kind == "i"
    with pytest.raises(TypeError, match="a_min, a_max or as min, max, not both"):
        x.clip(0, 1, min=2)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.1.0", reason="np.clip takes min= and max= from 2.1 on")
def test_clip_takes_the_names_min_and_max():
    assert np.clip(leaf([-1.0, 0.5, 3.0]), min=0, max=1).data.tolist() == [0, 0.5, 1]


def test_between_bounds_that_are_equal_one_of_the_three_gets_the_gradient():
    for x, shares in [(-1.0, [0, 1, 0]), (0.5, [1, 0, 0]), (2.0, [0, 0, 1])]:
        assert [float(g) for g in tg.grad(np.clip, (0, 1, 2))(x, 0.5, 0.5)] == shares


def test_where_takes_tensors_arrays_and_numbers_in_any_place():
    x = leaf([1.0, -2.0])
    mask = x > 0
    assert np.where(mask, x, 0).data.tolist() == [1, 0]
    assert np.where(mask, [10.0, 20.0], x).data.tolist() == [10, -2]
    assert np.where(tg.Tensor(mask), 1, x).data.tolist() == [1, -2]
    with pytest.raises(TypeError, match=r"where has no derivative with respect to 'condition'.*detach"):
        np.where(x, x, 0)


def test_astype_casts_the_gradient_back():
    x = leaf([1.5, 2.5])
    out = x.astype("float32")
    assert (out.dtype, out.op) == (np.float32, "astype")
    (out * np.float32(3)).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (np.float64, [3, 3])
    assert tg.Tensor([1.7, -1.7]).astype(int).data.tolist() == [1, -1]
    with pytest.raises(TypeError, match=r"requires a gradient, which int64 can't carry; write \.detach\(\)"):
        x.astype("int64")
    assert x.detach().astype("int64").data.tolist() == [1, 2]


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">f2", ">i4"])
def test_another_machines_order_of_bytes_is_left_behind(dtype):
    own = np.dtype(dtype).newbyteorder("=")
    assert tg.Tensor([1.0, 2.0]).astype(dtype).dtype.isnative
    assert tg.Tensor(np.array([1.0, 2.0]), dtype=dtype).dtype.isnative
    assert tg.Tensor([1.0, 2.0]).astype(dtype).dtype == own


def test_astype_stays_with_real_numbers():
    for dtype in (complex, object, str):
        with pytest.raises(TypeError, match="a Tensor holds real numbers, it can't have the dtype"):
            tg.Tensor([1.0]).astype(dtype)


def test_what_is_no_dtype_is_told_so():
    with pytest.raises(TypeError, match=r"a dtype is a name such as 'float32', .* not 'foo'"):
        tg.Tensor([1.0]).astype("foo")

"""What a Tensor holds, and what it says when it is misused."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_reg as tg


def parameter(*shape, dtype=np.float64):
    return tg.Tensor(np.ones(shape, dtype), requires_grad=True, name="w")


@pytest.mark.parametrize("data", [2, 2.0, [1, 2], [[1.0, 2.0], [3.0, 4.0]], (), np.float32(2), np.arange(3.0)])
def test_numbers_and_lists_become_float_arrays(data):
    t = tg.Tensor(data)
    assert isinstance(t.data, np.ndarray)
    assert t.dtype == (np.float32 if isinstance(data, np.float32) else np.float64)
    np.testing.assert_array_equal(t.data, np.asarray(data))


def test_an_array_is_not_copied():
    array = np.ones((2, 3))
    assert tg.Tensor(array).data is array


def test_the_default_dtype_is_what_numbers_become():
    tg.set_default_dtype("float32")
    try:
        assert tg.Tensor([1, 2]).dtype == np.float32
        assert tg.Tensor(np.ones(2)).dtype == np.float64
    finally:
        tg.set_default_dtype("float64")
    with pytest.raises(TypeError, match="int64"):
        tg.set_default_dtype("int64")


@pytest.mark.parametrize("array", [np.arange(3), np.array([True, False])])
def test_an_integer_array_can_not_require_gradients(array):
    with pytest.raises(TypeError, match=r"astype\('float64'\)"):
        tg.Tensor(array, requires_grad=True)
    with pytest.raises(TypeError, match="float"):
        tg.Tensor(array).requires_grad = True


REFUSED = "a Tensor holds real numbers, not|setting an array element with a sequence|a masked array would lose its mask"
NO_NUMBERS = ["text", {"a": 1}, [1, "b"], np.array([1j]), [[1, 2], [3]], np.ma.array([1.0], mask=[True])]


@pytest.mark.parametrize("data", [*NO_NUMBERS, None])
def test_what_is_no_array_of_real_numbers_is_refused(data):
    for call in (tg.Tensor, lambda x: tg.Tensor(x, dtype="float64"), lambda x: setattr(parameter(1), "data", x)):
        with pytest.raises((TypeError, ValueError), match=REFUSED):
            call(data)


@pytest.mark.parametrize("dtype", ["flaot32", 1.5, np])
def test_what_is_no_dtype_is_told_so(dtype):
    with pytest.raises(TypeError, match="a dtype is a name such as 'float32', or a type"):
        tg.Tensor(1.0, dtype=dtype)


@pytest.mark.parametrize("use", [lambda t, rows: t + rows, lambda t, rows: tg.ops.relu(rows), np.greater])
def test_rows_that_are_not_equally_long_are_no_operand(use):
    with pytest.raises(ValueError, match=r"can't make an array of this list|with list without a shape"):
        use(parameter(2), [[1, 2], [3]])


@pytest.mark.parametrize("data", NO_NUMBERS)
def test_a_gradient_is_real_numbers_too(data):
    w = parameter(1)
    for call in (lambda: setattr(w, "grad", data), lambda: (w * 1).backward(data)):
        with pytest.raises((TypeError, ValueError), match=REFUSED):
            call()
    assert w.grad is None


def test_a_name_where_requires_grad_stands_is_refused():
    with pytest.raises(TypeError, match="requires_grad must be True or False, not 'w'"):
        tg.Tensor(1.0, "w")


@pytest.mark.parametrize(
    ("option", "advice"),
    [
        ("grad", r"takes no grad=, here it is called requires_grad: Tensor\(data, requires_grad=False"),
        ("device", "takes no device=: there is no other device"),
        ("requires_gard", "did you mean requires_grad"),
    ],
)
def test_an_argument_of_other_libraries_is_answered_with_what_to_write(option, advice):
    with pytest.raises(TypeError, match=f"Tensor {advice}" if "takes" in advice else advice):
        tg.Tensor([1.0], **{option: True})


def test_a_list_of_float32_arrays_stays_float32():
    assert tg.Tensor([np.ones(2, np.float32), np.zeros(2, np.float32)]).dtype == np.float32
    assert tg.Tensor([np.arange(2), np.arange(2)]).dtype == np.float64


def test_a_list_of_tensors_is_refused_with_the_way_to_join_them():
    with pytest.raises(TypeError, match=r"np\.stack"):
        tg.Tensor([parameter(), parameter()])


def test_a_tensor_tells_its_shape_its_op_and_its_parents():
    w = parameter(2, 3)
    y = w * 2
    assert (w.shape, w.ndim, w.size, w.dtype, len(w)) == ((2, 3), 2, 6, np.float64, 2)
    assert (w.op, w.parents, w.requires_grad, w.name) == (None, (), True, "w")
    assert y.op == "multiply"
    assert y.parents[0] is w
    assert y.parents[1].data == 2.0
    assert y.parents[1] is y.parents[1]
    assert (w * w).parents == (w, w)


def test_detach_gives_the_values_without_the_graph():
    w = parameter(3)
    d = (w * 2).detach()
    assert not d.requires_grad
    assert d.op is None
    np.testing.assert_array_equal(d.data, [2.0, 2.0, 2.0])


def test_what_was_detached_stays_when_the_leaf_is_written_into():
    w, v = parameter(3), parameter(3)
    d = w.detach()
    loss = np.sum(v * d)
    w.data -= 10
    loss.backward()
    assert d.data.tolist() == v.grad.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.item(), ValueError, "has 3 elements"),
        (lambda t: setattr(t, "grad", np.ones(4)), ValueError, r"its shape \(3,\), not \(4,\)"),
        (lambda t: setattr(t * 1, "data", np.ones(3)), TypeError, "computed by 'multiply'"),
        (lambda t: setattr(t * 1, "requires_grad", False), TypeError, "detach"),
        (lambda t: setattr(t, "name", 3), TypeError, "must be a string"),
        (lambda t: copy.deepcopy(t * 2), TypeError, "part of a graph"),
    ],
)
def test_misuse_raises_with_advice(call, error, message):
    with pytest.raises(error, match=message):
        call(parameter(3))


def test_a_gradient_that_is_assigned_takes_shape_and_dtype():
    w = parameter(3, dtype=np.float32)
    w.grad = 0
    np.testing.assert_array_equal(w.grad, np.zeros(3, np.float32))
    w.grad = [1, 2, 3]
    assert w.grad.dtype == np.float32
    w.grad *= 2
    np.testing.assert_array_equal(w.grad, [2, 4, 6])
    w.grad = None
    assert w.grad is None


def test_assigning_data_keeps_the_dtype_and_the_array():
    w = parameter(3, dtype=np.float32)
    new = np.zeros(3, np.float32)
    w.data = new
    assert w.data is new
    w.data = np.ones(3)
    assert w.dtype == np.float32
    w.data -= 0.5
    np.testing.assert_array_equal(w.data, [0.5, 0.5, 0.5])


def test_a_name_from_another_library_is_translated():
    with pytest.raises(AttributeError, match=r"no attribute 'view'; write t.reshape"):
        parameter(3).view(1)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        parameter(3).nonsense  # noqa: B018
    with pytest.raises(AttributeError, match=r"no 'BatchNormalization'; write tg\.BatchNorm"):
        tg.BatchNormalization  # noqa: B018
    assert not hasattr(tg, "__no_such_thing__")


def test_hash_is_identity_and_equality_is_elementwise():
    a, b = parameter(2), parameter(2)
    assert len({a, b, a}) == 2
    np.testing.assert_array_equal(a == b, [True, True])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_leaf_can_be_copied_and_pickled(copied):
    w = tg.Tensor(np.arange(3.0, dtype=np.float32), requires_grad=True, name="w")
    c = copied(w)
    assert (c.name, c.requires_grad, c.dtype) == ("w", True, np.float32)
    assert not np.shares_memory(c.data, w.data)
    np.testing.assert_array_equal(c.data, w.data)


class Marked(tg.Tensor):
    mark = "none"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copy_keeps_the_class_and_the_place_in_a_model(copied):
    marked = Marked(1.0, requires_grad=True)
    marked.mark = "mine"
    again = copied(marked)
    assert (type(again), again.mark, again.item()) == (Marked, "mine", 1)
    model = copied(tg.Sequential(tg.Dense(1, 1)))
    names = [step.name for step in tg.explain(model(np.ones((1, 1)))).forward]
    assert "0.kernel" in names


def test_repr_is_readable():
    assert repr(tg.Tensor([1.0, 2.0], requires_grad=True, name="w")) == "Tensor([1., 2.], name='w', requires_grad=True)"
    assert repr(tg.Tensor(np.float32(2)) * 1) == "Tensor(2., dtype=float32)"
    assert repr(parameter() * 3.0) == "Tensor(3., op='multiply')"
    assert len(repr(tg.Tensor(np.zeros((500, 500))))) < 500


def test_an_array_with_a_subclass_is_plain_inside():
    class Labelled(np.ndarray):
        pass

    assert type(tg.Tensor(np.ones(3).view(Labelled)).data) is np.ndarray


@pytest.mark.parametrize("view", [lambda w: w.detach(), lambda w: w.reshape(2).detach(), lambda w: frozen(w)])
def test_constants_made_of_a_parameter_do_not_change_with_it(view):
    w, x = parameter(2), parameter(2)
    optimizer = tg.optim.SGD([w], lr=1.0)
    before = w.data.copy()
    loss = (view(w) * x).sum()
    w.grad = [1.0, 1.0]
    optimizer.step()
    loss.backward()
    np.testing.assert_array_equal(x.grad, before)


def frozen(w):
    with tg.no_grad():
        return w.reshape(2)


def test_arrays_of_another_byte_order_become_this_machines(tmp_path):
    w = tg.Tensor(np.ones((2, 2), ">f4"), requires_grad=True)
    assert w.dtype == np.float32 and w.dtype.isnative
    w.data = np.full((2, 2), 3, ">f4")
    tg.save(tmp_path / "run", optimizer=tg.optim.Adam([w]))
    tg.load(tmp_path / "run", optimizer=tg.optim.Adam([w]))


def test_what_looks_like_a_shape_is_answered():
    with pytest.raises(TypeError, match=r"not 3; for zeros of a shape write tg\.Tensor\(np\.zeros"):
        tg.Tensor(2, 3)


@pytest.mark.parametrize("numbers", [[1.5, 2.5], np.array([np.nan, 2]), tg.Tensor([1.0, 2.5]), [300, 1]], ids=repr)
def test_whole_numbers_are_given_what_they_can_hold(numbers):
    counts = tg.Tensor(np.array([1, 2], np.int8), name="counts")
    with pytest.raises(TypeError, match=r"counts of shape \(2,\) holds int8 numbers, which these are not"):
        counts.data = numbers
    assert counts.tolist() == [1, 2]
    counts.data = np.array([3.0, 4.0])
    assert counts.dtype == np.int8 and counts.tolist() == [3, 4]


def test_numbers_too_large_for_the_dtype_are_infinite_without_a_word_of_numpys():
    w = tg.Tensor(np.ones(2, np.float32), requires_grad=True)
    with np.errstate(all="raise"):
        w.data = [1e300, 1.0]
        w.grad = np.array([1.0, -1e300])
    np.testing.assert_array_equal([w.data, w.grad], [[np.inf, 1], [1, -np.inf]])


@pytest.mark.parametrize("value", ["no", None, 0, [True]])
def test_requires_grad_is_set_to_a_truth(value):
    w = tg.Tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match="requires_grad must be True or False, not"):
        w.requires_grad = value
    assert w.requires_grad
    w.requires_grad = np.False_
    assert w.requires_grad is False


def test_whole_numbers_of_any_size_become_floats():
    assert tg.Tensor(10**30).item() == 1e30
    assert tg.Tensor([10**30, -(2**64), 1], dtype="float32").tolist() == [np.float32(1e30), -(2.0**64), 1]
    with pytest.raises(OverflowError, match="too large"):
        tg.Tensor(10**400)
    with pytest.raises(TypeError, match="a Tensor holds real numbers, not object"):
        tg.Tensor([10**30, None])


def test_the_data_of_a_result_is_not_replaced():
    w = tg.Tensor([1.0, 2.0], requires_grad=True) * 0.1
    with pytest.raises(
        TypeError, match=r"by 'multiply', .* or make it one: tg\.Tensor\(0\.1 \* array, requires_grad=True\)$"
    ):
        w.data -= 1


def test_values_that_stand_in_a_graph_are_told_where_the_data_is_missing():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    layer = tg.Dense(1, 2)
    with pytest.raises(
        TypeError, match=r"^\.data of w of shape \(2,\) takes plain values, .* w\.data = w\.data - 0\.1 \* w"
    ):
        w.data = w - 0.1
    with pytest.raises(TypeError, match=r"for another Tensor in its place write layer\.kernel = t$"):
        layer.bias.data = w
    with pytest.raises(TypeError, match="a Tensor holds real numbers, not <U"):
        w.data = "ab"
    assert w.tolist() == [1.0, 2.0]

"""NumPy functions and operators that meet a Tensor, and numbers that must not change its dtype."""

import pickle

import numpy as np
import pytest

import tinygrad_reg as tg

from .making import leaf, op

copy_of_reshape = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.1.0", reason="np.reshape takes copy= from 2.1 on"
)


def test_arrays_and_numbers_work_from_both_sides():
    t, array = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    for result, expected in [
        (array * t, [3, 8]), (t * array, [3, 8]), (array - t, [2, 2]), (t - array, [-2, -2]), (2 / t, [2, 1]),
        (array / t, [3, 2]), (2**t, [2, 4]), (t**2, [1, 4]), (array + t, [4, 6]), ([3.0, 4.0] + t, [4, 6]),  # noqa: RUF005
    ]:  # fmt: skip
        assert isinstance(result, tg.Tensor)
        assert result.requires_grad
        np.testing.assert_allclose(result.data, expected)


NUMBERS = [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.longdouble(2), True, np.True_]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_never_changes_the_dtype(number):
    t = leaf([1.0, 2.0], dtype="float32")
    for result in (
        t * number,
        number * t,
        t + number,
        number - t,
        t / number,
        number / t,
        t**number,
        np.multiply(t, number),
    ):
        assert result.dtype == np.float32
        (grad,) = tg.gradients(result.sum(), [t])
        assert grad.dtype == np.float32


def test_numpy_functions_give_nodes_of_the_graph():
    t = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert np.sum(t, axis=0).shape == (2,)
    assert np.sum(t, 0, None, None, True).shape == (1, 2)
    assert np.reshape(t, (4,)).op == "reshape"
    assert np.add(t, t).op == "add"
    np.add(t, 1.0, out=None).sum().backward()
    np.testing.assert_array_equal(t.grad, np.ones((2, 2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.fft.fft(t), r"np\.fft\.fft has no rule"),
        (lambda t: np.gcd(t, t), r"np\.gcd has no rule .*tg\.primitive"),
        (lambda t: np.multiply.accumulate(t), r"np\.multiply\.accumulate has no rule"),
        (lambda t: np.sum(t, dtype=np.float32), r"takes no dtype=; it takes axis, keepdims"),
        (lambda t: np.add(t, t, where=[True, False]), "takes no where="),
        (lambda t: np.add(t, t, out=np.zeros(2)), r"a = a \+ t"),
        (lambda t: np.ones(2).__iadd__(t), r"a = a \+ t"),
        (lambda t: t + "text", "str"),
        (lambda t: t + None, "NoneType"),
        (lambda t: t * {}, "dict"),
        (lambda t: t.sum(axs=1), "axs"),
        (lambda t: t.sum(0, True, 3), "positional"),
        (lambda t: t.sum(0, axis=0), "twice"),
    ],
)
def test_what_has_no_rule_raises_and_names_itself(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf([1.0, 2.0]))


def test_shapes_that_do_not_fit_are_told_with_names():
    weights, bias = tg.Tensor(np.ones((2, 3)), requires_grad=True), tg.Tensor(np.ones(2))
    with pytest.raises(
        ValueError, match=r"weights of shape \(2, 3\), bias of shape \(2,\).*matched from the last axis"
    ):
        weights + bias


def test_an_op_written_in_a_script_dispatches_like_the_built_in_ones():
    @tg.primitive(elementwise=True, name="softsign", numpy=np.spacing, method="softsign", text="x / (1 + |x|)")
    def softsign(x):
        return x / (1 + abs(x))

    @softsign.derivative("1/(1 + |x|)²")
    def _(g, out, x):
        return g / (1 + abs(x)) ** 2

    x = tg.Tensor([1.0, -3.0], requires_grad=True)
    np.testing.assert_allclose(softsign(x).data, [0.5, -0.75])
    assert x.softsign().op == "softsign"
    assert np.spacing(x).op == "softsign"
    assert isinstance(softsign(np.ones(2)), np.ndarray)
    tg.check_grad(softsign, [0.5, -1.0], order=2)
    record = tg.explain(softsign(x).sum())
    assert record.find(x).name == "x"
    assert "x / (1 + |x|)" in str(record)


def test_an_op_with_an_option_takes_it_by_position_too():
    @tg.primitive(name="scaled_by")
    def scaled(x, *, factor=2.0):
        return x * factor

    @scaled.derivative("factor")
    def _(g, out, x, *, factor=2.0):
        return g * factor

    x = leaf(1.0)
    assert [scaled(x).item(), scaled(x, 3.0).item(), scaled(x, factor=4.0).item()] == [2.0, 3.0, 4.0]
    with pytest.raises(TypeError, match="another derivative"):
        scaled.derivative("?")(lambda g, out, x: g)


def test_a_gradient_that_an_input_can_not_take_is_refused_by_name():
    picked = op(lambda x, where: x[where.astype(int)], lambda g, out, x, where: g, name="picked_from")
    picked.no_derivative()
    with pytest.raises(TypeError, match=r"no derivative with respect to 'where', but .*detach"):
        picked(leaf([1.0, 2.0]), leaf([0.0, 1.0]))


def test_ops_leave_numpys_error_state_alone_and_raise_no_warnings():
    before = np.geterr()
    big = leaf(np.array([1e308, -1e308, 0.0]))
    with np.errstate(all="raise"):
        y = (big * 10) / 0.0
        y.sum().backward()
    assert np.geterr() == before


@pytest.mark.parametrize(
    "other",
    [1j, np.complex128(1j), np.array([1j]), np.timedelta64(1, "s"), np.array([1.5], object), "a", None,
     np.ma.array([1.0], mask=[True])],
    ids=repr,
)  # fmt: skip
def test_an_operand_is_real_numbers(other):
    with pytest.raises(TypeError, match=r"an op can't take \w+ \(dtype|a masked array would lose its mask"):
        leaf([1.0]) * other


def test_a_comparison_with_a_number_beyond_the_dtype_does_not_warn():
    assert (leaf([1.0], dtype="float32") < 1e300).all()


def test_an_op_can_be_pickled():
    assert pickle.loads(pickle.dumps(tg.ops.relu)) is tg.ops.relu


def test_an_op_of_the_house_is_not_replaced_by_accident():
    with pytest.raises(ValueError, match="an op called 'relu' already"):
        tg.primitive(lambda x: x, name="relu")
    with pytest.raises(ValueError, match="a Tensor has a 'sum' already"):
        tg.primitive(lambda x: x, name="my_sum", method="sum")
    with pytest.raises(ValueError, match=r"np\.exp becomes the op 'exp' already.* call my_exp\("):
        tg.primitive(lambda x: x, name="my_exp", numpy=np.exp)
    with pytest.raises(ValueError, match=r"np\.hstack becomes the op 'hstack' already"):
        tg.primitive(lambda x: x, name="my_stack", numpy=np.hstack)
    with pytest.raises(ValueError, match=r"np\.isnan is answered about the values"):
        tg.primitive(lambda x: x, name="my_question", numpy=np.isnan)
    with pytest.raises(ValueError, match=r"the operator 'add' has its op already.* call my_add\("):
        tg.primitive(lambda x, y: x, name="my_add", operator="add")
    assert (leaf(1.0) + 1).item() == 2.0 and np.exp(leaf(0.0)).item() == 1.0
    for _ in range(2):  # a notebook's cell that runs again
        tg.primitive(lambda x: x, name="my_own", method="my_own")


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda t: np.reshape(t, (4,), copy=None), marks=copy_of_reshape),
        lambda t: np.concatenate([t, t], casting="same_kind", dtype=None),
        lambda t: np.take(t, [0], mode="raise"),
        lambda t: np.clip(t, 0, 1, where=True),
        lambda t: np.einsum("ij->i", t, order="K"),
        lambda t: np.broadcast_arrays(t, t, subok=False),
        lambda t: np.ptp(t, 0, None),
    ],
    ids=["reshape", "concatenate", "take", "clip", "einsum", "broadcast_arrays", "ptp"],
)
def test_what_numpys_function_is_told_anyway_is_left_out(call):
    call(leaf([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(
            lambda t: np.reshape(t, (4,), copy=True),
            r"np\.reshape of a Tensor takes no copy=; it takes a, shape, order",
            marks=copy_of_reshape,
        ),
        (
            lambda t: np.concatenate([t], dtype="float32"),
            r"np\.concatenate of a Tensor takes no dtype=; it takes arrays",
        ),
        (lambda t: np.average(t, returned=True), r"np\.average of a Tensor takes no returned="),
        (lambda t: np.add.reduce(t, initial=1), r"np\.add\.reduce of a Tensor takes no initial="),
        (lambda t: np.add.reduce(t, out=np.zeros(2)), r"np\.add\.reduce can't write the result"),
        (lambda t: pow(t, 2, 5), r"power takes \(x, y\), not 3 positional arguments"),
    ],
    ids=["reshape", "concatenate", "average", "initial", "out", "pow"],
)
def test_what_a_rule_does_not_take_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf([[1.0, 2.0], [3.0, 4.0]]))


def test_where_without_choices_asks_for_places():
    assert [index.tolist() for index in np.where(leaf([0.0, 2.0, 3.0]))] == [[1, 2]]


@pytest.mark.parametrize(
    "call",
    [
        lambda w: np.bincount([0, 1, 1], weights=w),
        lambda w: np.bincount([0, 1, 1], w),
        lambda w: np.histogram([0, 1, 1], weights=w),
        lambda w: np.full_like(w.detach(), w[0]),
    ],
    ids=["bincount", "by_place", "histogram", "full_like"],
)
def test_a_question_that_would_lose_a_gradient_is_refused(call):
    w = leaf([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"has no derivative by its (weights|fill_value), and .* requires a gradient"):
        call(w)
    call(w.detach())


WHOLE = [np.int64(1), np.uint8(1), np.array(1), tg.Tensor(np.array(1))]


@pytest.mark.parametrize("one", WHOLE, ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda x, one: np.sum(x, axis=one), lambda x, one: np.max(x, axis=one), lambda x, one: np.prod(x, axis=one),
        lambda x, one: np.concatenate([x, x * 2], axis=one), lambda x, one: np.take(x, [0, 2], axis=one),
        lambda x, one: np.linalg.norm(x, axis=one), lambda x, one: tg.ops.logsumexp(x, axis=one),
        lambda x, one: np.tile(x, one), lambda x, one: np.roll(x, one), lambda x, one: np.rot90(x, one),
        lambda x, one: np.diagonal(x, one), lambda x, one: np.diag(x, one), lambda x, one: np.trace(x, one),
    ],
)  # fmt: skip
def test_options_are_any_whole_numbers_forward_and_backward(call, one):
    gradients = []
    for option in (1, one):
        x = tg.Tensor(np.arange(9.0).reshape(3, 3) ** 2 + 1, requires_grad=True)
        out = call(x, option)
        (again,) = tg.gradients(np.sum(out * out), [x], create_graph=True)
        np.sum(out * out).backward()
        gradients += [x.grad, again.data]
    for gradient in gradients[1:]:
        np.testing.assert_allclose(gradient, gradients[0], rtol=1e-12)


def test_an_array_among_the_options_may_be_written_into_afterwards():
    x, repeats = leaf([1.0, 3.0]), np.array([1, 2])
    y = np.repeat(x, repeats).sum()
    repeats[:] = 2, 1
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 2])


@pytest.mark.parametrize(
    "call",
    [
        lambda t, n: tg.ops.leaky_relu(t, alpha=n), lambda t, n: tg.ops.elu(t, alpha=n),
        lambda t, n: tg.ops.standardize(t, epsilon=n), lambda t, n: np.var(t, ddof=n), lambda t, n: np.std(t, ddof=n),
    ],
)  # fmt: skip
@pytest.mark.parametrize("requires_grad", [True, False])
def test_an_option_never_changes_the_dtype(call, requires_grad):
    t = tg.Tensor(np.array([-1, 0.5, 2], np.float32), requires_grad=requires_grad)
    weak, strong = call(t, 0.5), call(t, np.float64(0.5))
    assert strong.dtype == np.float32
    np.testing.assert_array_equal(strong.data, weak.data)
    if requires_grad:
        (g,) = tg.gradients(np.sum(strong), [t], create_graph=True)
        assert g.dtype == np.float32

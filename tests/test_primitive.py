"""Ops that users write, and the mistakes in them: none is taken in silence, none corrupts what others hold."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.primitive import registry

from .making import leaf, op


def test_a_derivative_that_was_not_declared_is_asked_for_by_name():
    def half(x, y):
        return x * y

    half_done = op(half, lambda g, out, x, y: g * y)
    x = leaf([1.0])
    half_done(x, 3.0).sum().backward()
    assert x.grad.tolist() == [3]
    with pytest.raises(TypeError, match=r"half has no derivative with respect to 'y'"):
        half_done(leaf([1.0]), leaf([2.0])).sum().backward()


def test_an_op_of_many_inputs_needs_a_share_for_each():
    def total(*xs):
        return sum(xs)

    many = op(total)
    with pytest.raises(TypeError, match=r"total has no derivative with respect to 'xs': .*derivatives_of_all"):
        many(leaf([1.0])).backward()
    many.derivatives_of_all()(lambda needed, g, out, *xs: [g])
    with pytest.raises(TypeError, match="'total' must give a share for each of 2 inputs, not 1"):
        many(leaf([1.0]), leaf([1.0])).backward()


@pytest.mark.parametrize(
    "given",
    [None, [1.0], "text", lambda x: (x, x), lambda x: x * 1j, lambda x: tg.Tensor(x)],
    ids=["None", "list", "text", "pair", "complex", "Tensor"],
)
def test_what_a_forward_returns_is_an_array_of_real_numbers(given):
    def odd(x):
        return given(x) if callable(given) else given

    with pytest.raises(TypeError, match=r"odd can't take .*: its forward must return an array of real numbers, not"):
        op(odd)(leaf([1.0]))


def test_a_forward_that_computes_with_a_tensor_that_is_no_input_is_told_to_make_it_one():
    def scaled(x, *, by):
        return x * by

    with pytest.raises(TypeError, match="not Tensor: it computed with one that is no input of the op; make it"):
        op(scaled)(leaf([1.0]), by=leaf(2.0))


def test_whole_numbers_carry_no_gradient():
    def rounded(x):
        return x.astype(int)

    whole = op(rounded, lambda g, out, x: g)
    with pytest.raises(TypeError, match="rounded gave int64 numbers, which carry no gradient"):
        whole(leaf([1.5]))
    assert whole(tg.Tensor([1.5])).data.tolist() == [1]


def test_a_python_number_is_a_result_in_the_dtype_of_the_inputs():
    def constant(x):
        return 3.0

    three = op(constant, lambda g, out, x: np.zeros_like(x))
    out = three(tg.Tensor(np.ones(2, np.float32), requires_grad=True))
    out.backward()
    assert (out.dtype, out.shape) == (np.float32, ())


def test_keeps_needs_a_pair():
    def kept(x):
        return x * 2

    with pytest.raises(TypeError, match=r"must return \(result, kept\), as it was declared, not ndarray"):
        op(kept, keeps=True)(leaf([1.0, 2.0]))


def test_parts_spare_work_and_are_left_out_where_derivatives_are_differentiated():
    given = []

    def squared_exp(x):
        e = np.exp(x)
        return e * e, e

    def derivative(g, out, x, *, parts):
        given.append(parts is None)
        e = np.exp(x) if parts is None else parts
        return g * 2 * e * e

    curve = op(squared_exp, derivative, reuses=True)
    x = leaf([0.5])
    slope = tg.gradients(curve(x), x, create_graph=True)
    curve(x).backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp(1.0))
    np.testing.assert_allclose(tg.gradients(slope, x), 4 * np.exp(1.0))
    assert given == [True, False]


@pytest.mark.parametrize("share", [np.array([1j]), np.array([None])], ids=repr)
def test_a_derivative_gives_real_numbers(share):
    def same(x):
        return x * 1

    with pytest.raises(TypeError, match=r"the derivative of 'same' must give real numbers, not"):
        op(same, lambda g, out, x: share)(leaf([1.0])).backward()


def test_an_array_that_a_derivative_returns_again_and_again_stays_as_it_is():
    cached = np.ones(2)

    def shifted(x):
        return x + 1

    again = op(shifted, lambda g, out, x: cached)
    x, y = leaf([1.0, 1.0]), leaf([1.0, 1.0])
    (again(x) + again(x) + again(y)).sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert y.grad.tolist() == cached.tolist() == [1, 1]
    assert not np.shares_memory(y.grad, cached)


def test_leaves_that_get_the_same_share_do_not_share_its_memory():
    def summed(*xs):
        return sum(xs)

    many = op(summed)

    @many.derivatives_of_all()
    def _(needed, g, out, *xs):
        share = g * 1.0
        return [share] * len(xs)

    x, y = leaf([1.0]), leaf([1.0])
    many(x, y).sum().backward()
    assert not np.shares_memory(x.grad, y.grad)


def test_an_op_can_not_write_into_what_it_is_given():
    def greedy(x):
        x *= 2
        return x

    def doubled(x):
        return x * 2

    def in_place(g, out, x):
        g *= 2
        return g

    w = leaf([1.0])
    with pytest.raises(ValueError, match=r"read-only; others hold this array, so make a new one: x \* 2, not x \*= 2"):
        op(greedy)(w)
    assert w.data.tolist() == [1]
    with pytest.raises(ValueError, match="read-only"):
        (op(doubled, in_place)(w) + leaf([1.0])).backward()


@pytest.mark.parametrize("made_of", [len, int, 3])
def test_an_op_is_made_of_a_function(made_of):
    with pytest.raises(TypeError, match="an op is made of a function written with def"):
        tg.primitive(made_of)


def test_a_derivative_is_declared_with_its_formula_and_takes_all_inputs():
    def cube(x):
        return x**3

    made = tg.primitive(cube)
    with pytest.raises(TypeError, match=r'write @cube\.derivative\("…"\), with the formula'):
        made.derivative(lambda g, out, x: g)
    with pytest.raises(TypeError, match=r"a derivative of cube takes \(g, out, x\), .* this one takes \(g, x\)"):
        made.derivative("3x²")(lambda g, x: g * 3 * x**2)
    made.derivative("3x²")(lambda g, out, x: g * 3 * x**2)
    x = leaf([2.0])
    made(x).backward(np.ones(1))
    assert x.grad.tolist() == [12]


def test_broadcasting_is_spoken_of_where_shapes_do_not_fit():
    def written_over(x):
        x[0] = 1
        return x

    with pytest.raises(ValueError) as error:
        op(written_over, elementwise=True)(leaf([1.0, 2.0]))
    assert "read-only" in str(error.value) and "matched from the last axis" not in str(error.value)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("kind", [np.asmatrix, lambda x: x.astype(">f8")], ids=["matrix", "big_endian"])
def test_a_result_or_a_share_of_another_kind_is_an_array_to_the_ops_behind_it(kind):
    odd = op(lambda x: kind(x), lambda g, out, x: kind(np.asarray(g)), name="odd")
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    z = odd(x) * odd(x)
    z.sum().backward()
    assert z.data.tolist() == [[1, 4], [9, 16]]
    assert type(x.grad) is np.ndarray and x.grad.tolist() == [[2, 4], [6, 8]] and x.grad.dtype.isnative


def test_a_declaration_takes_what_it_knows():
    with pytest.raises(TypeError, match="primitive takes no foo=; it takes name, symbol"):
        tg.primitive(foo=1)
    with pytest.raises(TypeError, match="name must be a string, not 5"):
        tg.primitive(lambda x: x, name=5)


def test_a_derivative_of_all_gives_a_list():
    many = op(lambda *xs: sum(xs), name="many")
    many.derivatives_of_all()(lambda needed, g, out, *xs: (g for _ in xs))
    with pytest.raises(TypeError, match="derivative of 'many' must give a list of shares, not generator"):
        many(leaf([1.0]), leaf([1.0])).backward()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_plain_in_plain_out_but_for_subclasses_that_compute_otherwise():
    x = np.array([[0.5, 0.2], [0.3, 0.9]])
    np.testing.assert_array_equal(tg.ops.gelu(np.asmatrix(x)), tg.ops.gelu(x))
    assert type(tg.ops.gelu(np.asmatrix(x))) is np.ndarray


def test_a_copy_of_a_model_keeps_its_op_when_another_takes_the_name():
    doubled = op(lambda x: x * 2, name="scaled")
    model = tg.Sequential(tg.Lambda(doubled))
    op(lambda x: x * 3, name="scaled")
    assert copy.deepcopy(model)(np.ones((1, 2))).data.tolist() == [[2, 2]]
    assert copy.copy(doubled) is doubled


def test_an_op_that_is_not_there_is_asked_for():
    gone = op(lambda x: x, name="gone")
    packed = pickle.dumps(gone)
    assert pickle.loads(packed) is gone
    del registry["gone"]
    with pytest.raises(LookupError, match="there is no op 'gone' here: import the module that makes it"):
        pickle.loads(packed)


def test_a_condition_in_python_is_told_of_where():
    """NumPy says that the truth of an array is ambiguous, and not what to write."""
    x = leaf([1.0, -1.0], "x")
    forward_if = op(lambda x: x if x > 0 else 0 * x, lambda g, out, x: g)
    with pytest.raises(ValueError, match=r"can't take x .* is ambiguous; write np\.where\(x > 0, a, b\), which"):
        forward_if(x)
    derivative_if = op(lambda x: np.maximum(x, 0), lambda g, out, x: g if x > 0 else 0 * g)
    with pytest.raises(ValueError, match="ambiguous") as caught:
        np.sum(derivative_if(x)).backward()
    assert [note[:15] for note in caught.value.__notes__] == ["write np.where(", "in the derivati"]

    class Net(tg.Module):
        def forward(self, x):
            return x if x > 0 else 0 * x

    with pytest.raises(ValueError, match="ambiguous") as caught:
        tg.Sequential(Net())(x)
    assert [note[:15] for note in caught.value.__notes__] == ["write np.where("]


def test_a_derivative_may_name_options_and_what_was_kept_without_a_star():
    scaled = tg.primitive(lambda x, *, by=2.0: (x * by, x > 0), name="kept_scale", keeps=True)

    @scaled.derivative("by where x > 0")
    def _(g, out, x, by=2.0, kept=None):
        return g * by * kept

    x = leaf([1.0, -1.0])
    scaled(x, by=3.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 0])
    with pytest.raises(TypeError, match=r"takes \(g, out, x\), and by, kept by name; this one takes \(g, out, x, y\)"):
        tg.primitive(lambda x, *, by=2.0: (x, x), name="kept_other", keeps=True).derivative("1")(lambda g, out, x, y: g)


def test_a_ufunc_of_another_package_becomes_an_op():
    cube = tg.primitive(np.frompyfunc(lambda x: x**3, 1, 1), name="foreign_cube")  # has no __module__, as SciPy's
    with pytest.raises(TypeError, match=r"foreign_cube can't take x .*not ndarray of object"):
        cube(leaf([1.0, 2.0], "x"))
    assert tg.primitive(np.frompyfunc(lambda a, b, c, d: a, 4, 1), name="foreign_four").arity == 4
    with pytest.raises(TypeError, match=r"the ufunc <lambda> .* has no rule for Tensors"):
        np.frompyfunc(lambda x: x**3, 1, 1)(leaf([1.0, 2.0]))


@pytest.mark.parametrize("word", ["name", "symbol", "text", "why", "undefined", "vanishes", "expects"])
def test_what_pictures_write_is_a_string(word):
    with pytest.raises(TypeError, match=f"{word} must be a string, not 3"):
        tg.primitive(lambda x: x, **{word: 3})


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize(
    "of",
    [
        lambda x: x * 1e300,
        lambda x: 1e-300 - x,
        lambda x: np.where(x > 0, x, 1e300),
        lambda x: np.clip(x, -1e300, 1e300),
        lambda x: np.append(x, 1e300),
        lambda x: np.stack([x[0], 1e300]),
    ],
)
def test_a_number_beyond_the_dtype_of_a_tensor_is_no_complaint(of, dtype):
    with np.errstate(all="raise"):
        y = of(leaf([1.0, 2.0], dtype=dtype))
    assert y.dtype == dtype


@pytest.mark.parametrize(
    ("of", "options"),
    [
        (lambda x, o: np.roll(x, o, axis=(0, 1)), [0, 1]),
        (lambda x, o: np.tile(x, o), [1, 2]),
        (lambda x, o: np.repeat(x, o, axis=0), [1, 2]),
        (lambda x, o: np.pad(x, ([0, 0], o)), [1, 0]),
        (lambda x, o: np.moveaxis(x, o, [1, 0]), [0, 1]),
        (lambda x, o: np.tensordot(x, np.arange(9.0).reshape(3, 3), axes=[[1], o]), [0]),
        (lambda x, o: np.take(x, o, axis=1), [0, 2]),
        (lambda x, o: x[o], [1, 0]),
    ],
    ids=["roll", "tile", "repeat", "pad", "moveaxis", "tensordot", "take", "getitem"],
)
def test_a_list_of_options_may_be_used_for_the_next_call(of, options):
    x = leaf(np.arange(6.0).reshape(2, 3))
    y = of(x, options)
    loss = np.sum(y * np.arange(y.size).reshape(y.shape) ** 2)
    gradient = tg.gradients(loss, x)
    options[:] = [1 - options[0], *reversed(options[1:])]
    np.testing.assert_array_equal(tg.gradients(loss, x), gradient)


def test_a_derivative_that_reaches_for_a_tensor_is_refused_before_a_gradient_is_written():
    scale = tg.Tensor(2.0, requires_grad=True)
    scaled = tg.primitive(lambda x: x * 2.0, name="reaching")
    scaled.derivative("2")(lambda g, out, x: g * scale)
    x, y = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    with pytest.raises(TypeError, match=r"the derivative of 'reaching' must give an array, not a Tensor"):
        np.sum(scaled(x) + y).backward()
    assert x.grad is None and y.grad is None and scale.grad is None


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (2, 1), (3,), (1,), ()])
def test_inputs_of_a_users_elementwise_op_broadcast(shape):
    added = tg.primitive(lambda x, y: x + y, name="added", elementwise=True)
    added.derivative("1")(lambda g, out, x, y: g)
    added.derivative("1")(lambda g, out, x, y: g)
    x = tg.Tensor(np.ones(shape), requires_grad=True)
    np.sum(added(x, np.ones((2, 3)))).backward()
    np.testing.assert_array_equal(x.grad, np.full(shape, 6 / max(1, x.size)))


@pytest.mark.parametrize("forward", [np.sum, lambda x: x[:2], lambda x: x.reshape(3, 1, 1), lambda x: x.reshape(1, 3)])
def test_an_op_that_is_not_elementwise_but_said_to_be_is_told_by_name(forward):
    op = tg.primitive(lambda x: forward(x), name="said_to_be", elementwise=True)
    op.derivative("1")(lambda g, out, x: g)
    with pytest.raises(ValueError, match=r"'said_to_be' must give .* shape \(3, 1\) .*elementwise=True is for ops"):
        np.sum(op(tg.Tensor(np.ones((3, 1)), requires_grad=True))).backward()

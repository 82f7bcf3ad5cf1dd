"""grad, jacobian, hessian, hvp: what they give back, how they nest, what they say to a wrong call."""

import math

import numpy as np
import pytest

import tinygrad_reg as tg

from .making import op


def cubes(x):
    return np.sum(x**3)


def test_plain_arguments_give_arrays_and_tensors_give_tensors():
    plain = tg.grad(cubes)([1.0, 2.0])
    assert isinstance(plain, np.ndarray)
    np.testing.assert_array_equal(plain, [3.0, 12.0])
    tensor = tg.grad(cubes)(tg.Tensor([1.0, 2.0]))
    assert isinstance(tensor, tg.Tensor)
    np.testing.assert_array_equal(tensor.data, [3.0, 12.0])


def test_float32_stays_float32():
    x = np.array([1.0, 2.0], np.float32)
    assert tg.grad(cubes)(x).dtype == np.float32
    assert tg.hessian(cubes)(x).dtype == np.float32


def test_value_and_grad_takes_many_arguments():
    value, (by_x, by_y) = tg.value_and_grad(lambda x, y: (x * y * y).sum(), argnums=(0, 1))(np.ones(2), 3.0)
    assert value == 18.0
    np.testing.assert_array_equal(by_x, [9.0, 9.0])
    assert by_y == 12.0


def test_options_are_passed_on_and_the_name_is_kept():
    def scaled(x, *, by):
        return (x * by).sum()

    assert tg.grad(scaled)(1.0, by=4.0) == 4.0
    assert tg.grad(scaled).__name__ == "scaled"


def test_derivatives_nest():
    f = lambda x: x**5  # noqa: E731
    assert tg.grad(tg.grad(tg.grad(f)))(2.0) == 240.0


def test_inner_and_outer_variables_are_kept_apart():
    assert tg.grad(lambda x: x * tg.grad(lambda y: x + y)(x))(3.0) == 1.0
    assert tg.grad(lambda x: tg.grad(lambda y: x * y)(1.0))(2.0) == 1.0
    assert tg.grad(lambda x: x * tg.grad(lambda y: x * y * y)(2.0))(3.0) == 24.0


def test_a_tensor_argument_is_connected_to_what_it_was_computed_from():
    w = tg.Tensor(2.0, requires_grad=True)
    slope = tg.grad(lambda x: x**3)(w * w)
    slope.backward()
    assert slope.item() == 3 * 4**2
    assert w.grad == 6 * 4 * 4


def test_a_closed_over_parameter_takes_part_in_a_gradient_penalty():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    slope = tg.grad(lambda x: (w * x * x).sum())(tg.Tensor([1.0, 1.0]))
    (slope * slope).sum().backward()
    np.testing.assert_array_equal(w.grad, [8.0, 16.0])


def test_jacobian_hessian_and_hvp_agree_with_formulas():
    x = np.array([1.0, 2.0, 3.0])
    matrix = tg.jacobian(lambda x: np.reshape(x, (3, 1)) * x)(x)
    assert matrix.shape == (3, 3, 3)
    np.testing.assert_allclose(matrix[0, 1], [2.0, 1.0, 0.0])
    hessian = tg.hessian(lambda x: (x * x * x).sum() + x[0] * x[1])(x)
    np.testing.assert_allclose(hessian, np.diag(6 * x) + np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0.0]]))
    v = np.array([1.0, -1.0, 2.0])
    np.testing.assert_allclose(tg.hvp(lambda x: (x * x * x).sum() + x[0] * x[1])(x, v), hessian @ v)
    with pytest.raises(ValueError, match=r"\(3,\), not \(2,\)"):
        tg.hvp(cubes)(x, np.ones(2))


def test_a_linear_function_has_a_zero_hessian():
    np.testing.assert_array_equal(tg.hessian(lambda x: x.sum())(np.ones(2)), np.zeros((2, 2)))
    assert tg.grad(lambda x: tg.Tensor(3.0))(1.0) == 0.0


def test_gradients_inside_no_grad():
    with tg.no_grad():
        assert tg.grad(lambda x: x**2)(3.0) == 6.0
        assert not (tg.Tensor(1.0, requires_grad=True) * 2).requires_grad


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.grad(lambda x: x * 2)(np.ones(3)), ValueError, "reduce it with"),
        (lambda: tg.grad(lambda x: math.exp(x))(1.0), TypeError, "np functions or tg.ops, not math"),
        (lambda: tg.grad(cubes, argnums=1)(1.0), ValueError, "argnums=1 .* 1 were given"),
        (lambda: tg.grad(cubes)(np.arange(3)), TypeError, "int"),
        (lambda: tg.grad(tg.Tensor(1.0)), TypeError, r"takes a function.*write tg\.gradients\(output, inputs\)"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_jacobian_of_nothing_has_the_dtype_and_kind_of_its_input():
    def none(x):
        return x[:0]

    plain = tg.jacobian(none)(np.ones(3, np.float32))
    assert (type(plain), plain.dtype, plain.shape) == (np.ndarray, np.float32, (0, 3))
    assert isinstance(tg.jacobian(none)(tg.Tensor([1.0, 2.0])), tg.Tensor)


@pytest.mark.parametrize(
    "params",
    [{"w": 1.0}, [np.ones(2), np.ones(3)], (tg.Tensor([1.0], requires_grad=True), tg.Tensor(2.0, requires_grad=True))],
    ids=["dict", "list", "Tensors"],
)
def test_several_arrays_in_one_argument_are_told_to_take_a_place_each(params):
    with pytest.raises(TypeError, match=rf"one array, not a {type(params).__name__} of several: .* argnums=\(0, 1\)"):
        tg.grad(lambda p: np.sum(p[0]))(params)


def test_arguments_by_name_are_told_to_stand_by_place():
    with pytest.raises(ValueError, match="0 were given by place"):
        tg.grad(cubes)(x=1.0)


@pytest.mark.parametrize("argnums", ["x", 0.0, None, (0, "y")])
def test_argnums_are_whole_numbers(argnums):
    with pytest.raises(TypeError, match="argnums must be the number of an argument"):
        tg.grad(np.multiply, argnums)(1.0, 2.0)


@pytest.mark.parametrize("transform", [tg.grad, tg.value_and_grad, tg.jacobian, tg.hessian])
@pytest.mark.parametrize("point", [np.ones(3), tg.Tensor([1.0, 2.0]), 0.5])
def test_a_point_in_the_place_of_argnums_is_refused_at_once(transform, point):
    with pytest.raises(TypeError, match=r"argnums must be .* is given to the function that comes back"):
        transform(cubes, point)


def test_argnums_may_come_from_an_array_or_a_range():
    assert tg.grad(np.multiply, np.arange(2)[1])(3.0, 2.0) == 3
    assert tg.grad(np.multiply, range(2))(3.0, 2.0) == (2, 3)


def test_the_value_of_item_is_a_constant_inside_a_transform():
    assert tg.grad(lambda x: x * x.item())(3.0) == 3.0


def test_a_derivative_that_fails_is_named():
    half_done = op(lambda x: x * 2, lambda g, out, x: g + None, elementwise=True, name="half_done")
    with pytest.raises(TypeError) as caught:
        tg.grad(half_done)(1.0)
    assert caught.value.__notes__ == ["in the derivative of 'half_done' by 'x'"]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum((x @ [[1.0, 2.0], [3.0, 5.0]]) ** 2),
        lambda x: np.sum(x ** [2, 3]),
        lambda x: np.sum(np.concatenate([x, [4.0]]) ** 3),
        lambda x: tg.losses.softmax_crossentropy(x * x, 1),
    ],
    ids=["matmul", "power", "concatenate", "label"],
)
def test_lists_among_the_operands_have_second_derivatives_too(f):
    tg.check_grad(f, np.array([1.0, 2.0]), order=2)


def test_what_can_not_be_transformed_is_answered_in_its_own_words():
    with pytest.raises(TypeError, match=r"hessian\(\) is taken with respect to one argument.* not \(0, 1\)"):
        tg.hessian(lambda x, y: np.sum(x * y), argnums=(0, 1))
    with pytest.raises(ValueError, match=r"doubled must return a single number .*jacobian\(\)"):
        tg.grad(doubled)(np.ones(3))
    with pytest.raises(TypeError, match="argnums must be the number of an argument"):
        tg.grad(doubled, argnums=())(np.ones(3))
    loss = np.sum(tg.Dense(2, 3)(np.ones((1, 2))))
    with pytest.raises(TypeError, match=r"not Dense; write model\.parameters\(\)"):
        tg.gradients(loss, tg.Dense(2, 3))


def doubled(x):
    return x * 2


def test_tensors_that_require_no_gradient_are_differentiated_where_they_are():
    assert tg.grad(lambda x: x**2)(tg.Tensor(3.0)).item() == 6
    assert tg.grad(lambda x: x**2, argnums=-1)(3.0) == 6


def test_writing_into_a_constant_afterwards_leaves_the_graph_of_its_gradient_as_it_was():
    w, x = tg.Tensor([0.7, 0.3], requires_grad=True), tg.Tensor(np.array([1.0, 2.0]))
    force = tg.grad(lambda x: np.sum(np.sin(x * w)))(x)
    expected = tg.gradients(np.sum(force**2), w)
    x.data -= 0.5 * force.data
    np.testing.assert_array_equal(tg.gradients(np.sum(force**2), w), expected)


def test_the_direction_of_hvp_may_require_a_gradient():
    v = tg.Tensor([1.0, 2.0], requires_grad=True)
    np.sum(tg.hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), v)).backward()
    assert v.grad.tolist() == [6.0, 12.0]


def test_a_function_that_returns_a_gradient_as_an_array_is_told_of_create_graph():
    with pytest.raises(TypeError, match=r"not ndarray; .* tg\.gradients\(y, x, create_graph=True\)$"):
        tg.grad(lambda x: tg.gradients(x**3, x))(2.0)
    assert tg.grad(lambda x: tg.gradients(x**3, x, create_graph=True))(2.0) == 12.0
    with pytest.raises(TypeError, match=r"not float; use np functions or tg\.ops, not math$"):
        tg.grad(lambda x: 1.0)(2.0)

"""A Tensor that is taken for an array or a number: what is answered, what is refused, how operators in place go on."""

import operator

import numpy as np
import pytest

import tinygrad_reg as tg


def test_a_tensor_of_one_element_is_a_number():
    t = tg.Tensor([[3.0]], requires_grad=True)
    assert (t.item(), float(t), int(t), bool(t), f"{t * 1:.1f}") == (3.0, 3.0, 3, True, "3.0")
    assert isinstance(t.item(), float)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (float, TypeError, r"float\(\) needs one value, but w of shape \(3,\) has 3"),
        (int, TypeError, "needs one value"),
        (bool, ValueError, r"\(t > 0\).any\(\)"),
        (lambda t: t.__setitem__(0, 1.0), TypeError, "np.where"),
        (np.asarray, TypeError, r"\.numpy\(\)"),
        (np.array, TypeError, "requires a gradient"),
        (lambda t: [1, 2, 3][t], TypeError, "integer"),
        (lambda t: len(t.sum()), TypeError, "0-d"),
        (lambda t: list(t.sum()), TypeError, "0-d"),
        (lambda t: t ^ 2, TypeError, r"t \^ n is no power in Python: write t \*\* n"),
    ],
)
def test_what_would_lose_a_gradient_or_has_no_meaning_is_refused_with_advice(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.Tensor(np.ones(3), requires_grad=True, name="w"))


@pytest.mark.parametrize("operate", [operator.mul, operator.sub, operator.truediv, operator.pow, operator.gt])
def test_a_masked_array_takes_no_gradient_away(operate):
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    with pytest.raises(TypeError, match=r"w of shape \(3,\).*array\.filled"):
        operate(masked, tg.Tensor(np.ones(3), requires_grad=True, name="w"))
    assert isinstance(operate(masked, tg.Tensor(np.ones(3))), np.ndarray)


@pytest.mark.parametrize("change", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_a_parameter_is_not_updated_by_an_operator_that_would_leave_it_as_it_is(change):
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    (w * w).sum().backward()
    with pytest.raises(
        TypeError, match=r"w .= … would make a new tensor and leave w of shape \(2,\) as it is: write w\.data"
    ):
        change(w, 0.1 * w.grad)
    with tg.no_grad(), pytest.raises(TypeError, match=r"write w\.data"):
        change(w, np.float64(2.0))


def test_an_operator_in_place_in_a_function_that_is_differentiated_is_told_what_to_write_there():
    def f(q):
        q *= np.full(2, 2.0)
        return np.sum(q)

    with pytest.raises(TypeError, match=r"as it is: write (\w+) = \1 \* …$"):
        tg.grad(f)(np.ones(2))


def test_a_parameter_that_is_scaled_in_place_inside_no_grad_is_told_to_scale_its_values():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    for change in (operator.imul, operator.itruediv, operator.iadd, operator.isub):
        with tg.no_grad(), pytest.raises(TypeError, match=r"leave w of shape \(2,\) as it is: write w\.data .= … to"):
            change(w, 0.1)
    total, x = tg.Tensor(0.0), w * 1
    with tg.no_grad():
        total += 3
        x *= 2
        w += tg.Tensor(1.0)
    assert total.item() == 3 and x.tolist() == [2.0, 4.0] and w.tolist() == [2.0, 3.0]


def test_in_place_operators_make_new_tensors_of_everything_else():
    w = tg.Tensor(3.0, requires_grad=True)
    total = tg.Tensor(0.0, requires_grad=True)  # as micrograd's users start a sum
    for _ in range(2):
        total += w * w
    total *= 2.0
    total -= np.float64(1.0)
    total.backward()
    assert (total.item(), w.grad.item()) == (35.0, 24.0)
    constant = tg.Tensor([1.0, 2.0])
    constant += np.ones(2)
    assert constant.data.tolist() == [2, 3]

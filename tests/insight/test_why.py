"""why() says what became of a gradient."""

import re

import numpy as np
import pytest

import tinygrad_reg as tg

from ..making import leaf


def test_why_there_is_no_gradient():
    w = leaf([1.0, 2.0], "w")
    assert "requires_grad=True" in tg.why(tg.Tensor(1.0, name="x"))
    assert "no backward() reached it, or it was cleared" in tg.why(w) and "tg.why(w, loss)" in tg.why(w)
    with tg.no_grad():
        frozen = w * 2
    assert "inside no_grad() (test_why.py:" in tg.why(frozen)
    cut = w.detach()
    assert "detach()" in tg.why(cut)
    other = leaf(3.0, "other")
    loss = (cut * other).sum()
    loss.backward()
    assert tg.why(w) == (
        f"w has no gradient because loss was not computed from it: the graph is cut at w by detach() "
        f"(test_why.py:{test_why_there_is_no_gradient.__code__.co_firstlineno + 7}: cut = w.detach())."
    )
    unrelated = leaf(1.0, "unrelated")
    assert "loss was not computed from it" in tg.why(unrelated)
    h = other * 2
    (h * h).backward(retain_grads=False)
    assert "retain_grads=False" in tg.why(h, h * h)


def test_why_a_gradient_is_zero_names_the_factor():
    w = leaf([1.0, 2.0], "w")
    mask = tg.Tensor([0.0, 0.0])
    loss = (w * mask).sum()
    loss.backward()
    assert tg.why(w).startswith("The gradient of w is 0: multiply (test_why.py:")
    assert "multiplies it by mask, which is 0 everywhere" in tg.why(w)


def test_why_a_gradient_is_not_finite_or_huge():
    x = leaf([0.0, 1.0], "x")
    loss = (x**0.5).sum()
    loss.backward()
    assert "holds 1 inf among 2 values: the derivative of power" in tg.why(x)
    w = leaf(1.0, "w")
    loss = w * 2.0 * 1e6
    loss.backward()
    text = tg.why(w)
    assert "huge, up to 2e6" in text
    assert "from 1 to 1e6" in text


def test_why_of_a_gradient_that_another_loss_has_left():
    w, other = leaf(2.0, "w"), leaf(3.0, "other")
    (w * w).backward()
    cut = w.detach()
    loss = cut * other
    line = test_why_of_a_gradient_that_another_loss_has_left.__code__.co_firstlineno + 3
    assert tg.why(w, loss) == (
        "The gradient that w has is left from an earlier backward(): loss was not computed from w: the graph is cut at "
        f"w by detach() (test_why.py:{line}: cut = w.detach())."
    )
    assert tg.why(w, w * 2).startswith("The gradient of w is there")
    assert tg.why(other, loss).startswith("other has no gradient")


def test_why_shares_that_cancel():
    w = leaf([1.0, 2.0], "w")
    loss = (w - w).sum()
    loss.backward()
    line = test_why_shares_that_cancel.__code__.co_firstlineno + 2
    assert tg.why(w, loss) == (
        "The gradient of w is 0: the 2 shares that reach w cancel out; they come from "
        f"subtract (test_why.py:{line}: loss = (w - w).sum())."
    )
    w.grad = None
    up = w * 3
    down = w * -3
    loss = (up + down).sum()
    loss.backward()
    assert re.search(r"reach w cancel out; they come from multiply \(.*down = .*\) and multiply \(.*up = ", tg.why(w))


@pytest.mark.parametrize("of", [tg.ops.softmax, tg.BatchNorm(2), tg.LayerNorm(2)], ids=["softmax", "batch", "layer"])
def test_why_a_fixed_sum_has_no_gradient(of):
    w = leaf([[-3.0, -0.5], [-2.0, -1.0]], "w")
    loss = of(w).sum()
    loss.backward()
    told = tg.why(w)
    assert "passes on only the differences within its upstream gradient, which is the same everywhere" in told
    assert "saturates" not in told
    w.grad = None
    loss = (tg.ops.softmax(w * 1e4) * [[1.0, 2.0], [3.0, 4.0]]).sum()
    loss.backward()
    assert "softmax saturates" in tg.why(w)


def test_why_what_is_left_of_a_fixed_sum_by_rounding_is_no_saturation():
    w = leaf(np.random.default_rng(0).normal(size=(20, 3)), "w")
    loss = tg.ops.softmax(w).sum()
    loss.backward()
    told = tg.why(w)
    assert 0 < np.abs(w.grad).max() < 1e-15
    assert "It is small: most is lost at softmax" in told and "passes on only the differences" in told
    assert "saturates" not in told


@pytest.mark.parametrize(("dtype", "small", "said"), [(np.float64, 1e-200, "1e−200"), (np.float16, 1e-4, "0.0001")])
def test_why_a_gradient_underflows(dtype, small, said):
    w = tg.Tensor(np.ones(2, dtype), requires_grad=True, name="w")
    h = w * small
    loss = (h * small).sum()
    loss.backward()
    told = tg.why(w)
    assert f"gets {said} at most, and what it passes on of that is too small for {np.dtype(dtype)}; most is" in told
    assert "slope 0" not in told
    off = leaf([-1.0, -2.0], "off")
    loss = tg.ops.relu(off).sum()
    loss.backward()
    assert "relu blocks" in tg.why(off) and "too small" not in tg.why(off)


def test_why_whole_numbers_have_no_gradient():
    told = tg.why(tg.Tensor(np.arange(3), name="labels"))
    assert told == "labels has no gradient: int64 has none, only floats have; labels.astype(float) gives these."


def test_why_of_an_ordinary_gradient_describes_it():
    w = leaf([3.0, 0.0], "w")
    loss = (w * w).sum()
    loss.backward()
    assert tg.why(w) == "The gradient of w is there: largest entry 6, root mean square 4.243. 50% of its entries are 0."
    with pytest.raises(TypeError, match="takes a Tensor"):
        tg.why(1.0)


def test_why_a_gradient_vanishes_counts_what_took_it():
    w = leaf(0.9, "w")
    z = w * 0.5
    for _ in range(6):
        z = z.sigmoid()
    z.backward()
    slope = (w.grad / 0.5) ** (1 / 6)
    assert f"most is lost at sigmoid, which stands 6 times on the way and passes on {slope:.2g} on average" in tg.why(w)
    assert "never above 0.25" in tg.why(w)
    assert "ReLU" in tg.why(w)
    chain = (w * 1e-6).sum()
    w.grad = None
    chain.backward()
    assert tg.why(w).endswith("chain = (w * 1e-6).sum()), which passes on 1e−6 of it.")


def test_why_tells_that_most_steps_in_time_hardly_count():
    u, w, h = leaf(0.5, "u"), leaf(0.1, "w"), 0.0
    for _ in range(8):
        h = np.tanh(u + w * h)
    h.backward()
    assert "It adds up the shares of 8 places, of norm 0.7" in tg.why(u)
    assert tg.why(u).endswith("e−8: some hardly count.")
    w.data = 0.9
    assert "adds up" not in tg.why(u)  # it can't be walked back any more


def test_why_of_a_gradient_whose_square_is_no_float():
    w = leaf([1.0, 1.0], "w")
    (w * [1e200, 1e-200]).sum().backward()
    assert "huge, up to 1e200" in tg.why(w)
    tiny = leaf([1.0, 1.0], "tiny")
    (tiny * 1e-200).sum().backward()
    assert "root mean square 1e−200" in tg.why(tiny)


def test_why_takes_the_loss_as_a_tensor():
    with pytest.raises(TypeError, match="the loss that backward"):
        tg.why(tg.Tensor(1.0, requires_grad=True), 2)


def test_why_after_fit_says_how_to_ask():
    tg.seed(0)
    model = tg.Sequential(tg.Dense(2, 4, "relu"), tg.Dense(4, 1))
    model[0].bias.data = [-9.0] * 4  # every unit is dead
    x, y = tg.Tensor([[0.1, 0.2], [0.3, 0.4]]), [[1.0], [2.0]]
    tg.fit(model, x, y, loss="mse", optimizer="sgd", verbose=0)
    kernel = model[0].kernel
    answer = tg.why(kernel)
    assert answer.startswith("The gradient of kernel is 0: to learn where, compute the loss anew")
    assert answer.endswith("loss = tg.losses.mse(model(x), y); loss.backward(); tg.why(w, loss)")
    loss = tg.losses.mse(model(x), y)
    loss.backward()
    assert "The gradient of kernel is 0" in tg.why(kernel, loss) and "relu" in tg.why(kernel, loss)


def test_why_after_a_step_says_when_to_ask():
    w, x = leaf([-1.0], "w"), leaf([2.0], "x")
    optimizer = tg.optim.SGD([w, x], lr=0.1)
    loss = (tg.ops.relu(w) * x).sum()
    loss.backward()
    optimizer.step()
    for told in (tg.why(w), tg.why(w, loss)):
        assert told.startswith("The gradient of w is 0: to learn where, ask before the step that moves the parameters")
    loss = (tg.ops.relu(w) * x).sum()
    optimizer.zero_grad()
    loss.backward()
    assert "relu" in tg.why(w, loss)


def test_why_a_graph_is_cut_by_plain_values_shows_the_line():
    w, b = leaf([1.0, 2.0], "w"), leaf(0.0, "b")
    hidden = w * 3
    cut = tg.Tensor(hidden.numpy())
    loss = np.sum(cut + b)
    loss.backward()
    assert re.search(
        r"not computed from it: the graph may be cut \(test_why\.py:\d+: cut = .*\), where \.numpy\(\) gives", tg.why(w)
    )
    direct = np.sum(hidden.data * b)
    direct.backward()
    assert re.search(r"may be cut \(.*hidden\.data \* b\)\), where \.data gives plain values\.$", tg.why(w))
    whole = np.sum(b * 2)
    whole.backward()
    assert tg.why(w) == "w has no gradient because whole was not computed from it."


def test_why_a_kernel_of_zeros_lets_nothing_pass():
    model = tg.Sequential(tg.Dense(2, 3, "sigmoid"), tg.Dense(3, 1, kernel_initializer="zeros"))
    loss = tg.losses.mse(model(np.ones((4, 2))), np.ones((4, 1)))
    loss.backward()
    said = tg.why(model[0].kernel)
    assert "affine in layer 1" in said
    assert said.endswith(
        "multiplies it by kernel, which is 0 everywhere (did it start at 0? Take another initializer)."
    )


def test_why_a_softmax_over_one_unit_passes_nothing():
    w = leaf([[0.3]], "w")
    loss = np.sum(tg.ops.softmax(np.ones((2, 1)) @ w))
    loss.backward()
    assert re.search(r"softmax \(.*\) over one unit is the same for every input\. .* a sigmoid of one unit", tg.why(w))
    w.grad = None
    loss = tg.ops.softmax(1e4 * (w - [[0.0, 1.0]]))[0, 0]
    loss.backward()
    assert "softmax saturates" in tg.why(w)


def test_why_a_gradient_is_nan_names_the_values_that_were_so_before():
    model = tg.Sequential(tg.Dense(2, 3), tg.Dense(3, 1))
    model[1].kernel.data[1, 0] = np.nan
    loss = tg.losses.mse(model(np.ones((4, 2))), np.ones((4, 1)))
    loss.backward()
    said = tg.why(model[0].kernel)
    assert "1.kernel itself holds 1 NaN among 3 values." in said
    x = leaf(-1.0, "x")
    loss = np.log(x) * 2
    loss.backward()
    x.grad = np.nan
    assert re.search(
        r"x holds NaN: log \(.*\) gave NaN at x in \[−1, −1\]\. .* tg\.debug\(\) stops there\.$", tg.why(x)
    )


@pytest.mark.parametrize("axis", [(1, 2), None, -1])
def test_why_a_gradient_is_0_behind_a_softmax_over_any_axes(axis):
    x = leaf(np.zeros((2, 2, 4)), "x")
    loss = np.sum(tg.ops.softmax(x, axis=axis))
    loss.backward()
    assert "passes on only the differences" in tg.why(x)


def test_why_a_gradient_is_0_behind_a_softmax_of_a_number():
    x = leaf(0.5, "x")
    loss = tg.ops.softmax(x) * 3
    loss.backward()
    assert "over one unit is the same for every input" in tg.why(x)


def test_a_gradient_that_is_huge_as_shares_add_up_is_not_laid_to_an_op():
    x = y = tg.Tensor(1.0, requires_grad=True)
    for _ in range(40):
        y = y + y
    y.backward()
    assert "is huge, up to 1.1e12: no op makes it larger, but shares are added up" in tg.why(x, y)

"""The record of a pass: its steps, names, numbers, places."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.insight.explain import send_back


def neuron():
    w = tg.Tensor(-0.5, requires_grad=True)
    x = tg.Tensor(2.0)
    b = tg.Tensor(0.25, requires_grad=True)
    h = w * x
    z = h + b
    loss = z * z
    return w, x, b, h, z, loss


def test_forward_steps_tell_what_each_tensor_is():
    *_, loss = neuron()
    record = tg.explain(loss)
    assert [s.name for s in record.forward] == ["w", "x", "h", "b", "z", "loss"]
    assert [s.kind for s in record.forward] == ["parameter", "input", "op", "parameter", "op", "op"]
    h = record.forward[2]
    assert (h.op, h.symbol, h.expression, h.numbers) == ("multiply", "×", "w × x", "(−0.5) × 2")
    assert (h.inputs, h.value, h.code) == ((0, 1), -1.0, "h = w * x")
    assert h.file.endswith("test_explain.py")
    assert h.line == neuron.__code__.co_firstlineno + 4


def test_backward_steps_multiply_and_add_up_to_the_gradients():
    w, x, b, h, z, loss = neuron()
    record = tg.explain(loss)
    received = {}
    for step in record.backward:
        np.testing.assert_allclose(step.upstream * step.local, step.contribution)
        received[step.input] = received.get(step.input, 0) + step.contribution
        np.testing.assert_allclose(step.accumulated, received[step.input])
    assert all(t.grad is None for t in (w, x, b, h, z, loss))
    loss.backward()
    for tensor in (w, b, h, z):
        assert received[record.find(tensor).index] == tensor.grad == record.find(tensor).gradient
    assert record.find(x).gradient is None


def test_fan_out_is_shown_as_a_sum():
    *_, loss = neuron()
    first, second = tg.explain(loss).backward[:2]
    assert (first.before, first.accumulated) == (None, -0.75)
    assert (second.before, second.accumulated) == (-0.75, -1.5)
    assert first.local_text == "z"


def test_broadcasting_undone_is_part_of_the_step():
    x, b = tg.Tensor(np.ones((4, 3))), tg.Tensor(np.ones(3), requires_grad=True)
    (step,) = tg.explain((x * b).sum()).backward[1:]
    assert step.was_broadcast
    assert (step.raw.shape, step.contribution.shape, step.local.shape) == ((4, 3), (3,), (4, 3))


def test_tensors_are_listed_in_the_order_in_which_they_were_made():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    first = w * 2
    second = w * 3
    total = second + first
    assert names(total) == ["w", "2", "first", "3", "second", "total"]
    u, v = tg.Tensor(0.5, requires_grad=True), tg.Tensor(0.9, requires_grad=True)
    x = np.array([[10.0], [20.0], [30.0]])
    h = np.zeros(1)
    for t in range(3):
        h = np.tanh(x[t] * u + h * v)
    inputs = [s.value.item() for s in tg.explain(h).forward if s.kind == "input"]
    assert inputs == [10, 0, 20, 30]  # not the last step first


def test_after_an_optimizers_step_it_says_when_to_look():
    w = tg.Tensor(1.0, requires_grad=True)
    loss = w * w
    w.data = 2.0
    with pytest.raises(RuntimeError, match=r"has new values .* draw or explain it before the optimizer"):
        tg.explain(loss)


def test_iterating_gives_forward_then_backward_steps():
    record = tg.explain(neuron()[-1])
    phases = [step.phase for step in record]
    assert phases == ["forward"] * 6 + ["backward"] * 5
    assert len(record) == 11
    assert record[0].name == "w"


def test_a_tensor_without_a_graph_and_one_of_many_elements_have_a_record_too():
    assert [s.kind for s in tg.explain(tg.Tensor(1.0)).forward] == ["input"]
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    np.testing.assert_array_equal(tg.explain(w * w).find(w).gradient, [2.0, 4.0])
    np.testing.assert_array_equal(tg.explain(w * w, [1.0, 0.0]).find(w).gradient, [2.0, 0.0])
    with pytest.raises(TypeError, match="takes a Tensor"):
        tg.explain(3.0)


def test_the_second_order_graph_can_be_explained():
    x = tg.Tensor(2.0, requires_grad=True)
    slope = tg.gradients(x**3, x, create_graph=True)
    record = tg.explain(slope)
    assert record.find(x).gradient == 12.0


def test_the_printed_table_fits_a_slide():
    text = str(tg.explain(neuron()[-1]))
    assert text.startswith("forward\n")
    assert max(map(len, text.splitlines())) <= 100
    assert "h + b" in text
    assert "local derivative" in text


def names(loss):
    return [step.name for step in tg.explain(loss).forward]


def test_plain_arrays_are_called_as_the_users_line_calls_them():
    X, T, w = np.ones((3, 2)), np.zeros((3, 1)), tg.Tensor([[1.0], [2.0]], requires_grad=True)
    loss = np.mean((X @ w - T) ** 2)
    assert names(loss) == ["X", "w", "v2", "T", "v4", "2", "v6", "loss"]
    assert [s.name for s in tg.explain(loss).forward if s.kind == "input"] == ["X", "T"]
    assert [s.name for s in tg.explain(loss).forward if s.kind == "constant"] == ["2"]
    assert names(np.maximum(w, T[:2])) == ["w", "input", "v2"]  # no variable holds T[:2] ...
    assert names(w.T * X) == ["w", "v1", "X", "v3"]
    assert names(w * X.T[:, :1]) == names(w * -T[:2]) == ["w", "input", "v2"]  # ... and X.T is not "T"
    assert names(np.maximum(T, w.T)) == ["w", "v1", "T", "v3"]


def test_a_number_has_its_variables_name_or_is_its_digits():
    w = tg.Tensor([2.0], requires_grad=True, name="w")
    bias, rate = np.array([3.0]), 0.5
    steps = tg.explain(np.sum((rate - w * bias * rate * 0.25) ** rate)).forward
    assert [(s.name, s.kind) for s in steps if s.op is None] == [
        ("w", "parameter"),
        ("bias", "input"),
        ("rate", "constant"),
        ("0.25", "constant"),
        ("rate", "constant"),
        ("rate", "constant"),
    ]
    total = tg.Tensor(1.0, requires_grad=True)
    for n in range(1, 4):
        total = total / n
    assert [s.name for s in tg.explain(total).forward if s.kind == "constant"] == ["n", "n₂", "n₃"]


def test_small_arrays_are_printed_in_full():
    w = tg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="w")
    record = tg.explain(np.sum(w * w))
    assert str(record.forward[0]) == "w = [[1, 2], [3, 4]]"
    assert "w = [[1, 2], [3, 4]]" in str(record) and "[[2, 4], [6, 8]]" in str(record)


def test_the_same_array_has_one_name_and_two_arrays_have_two():
    x, w = np.ones(3), tg.Tensor(np.ones(3), requires_grad=True)
    assert names(x * w + x) == ["x", "w", "v2", "x", "v4"]
    total = w * 1
    for x in np.eye(3):
        total = total + x * w
    assert [name for name in names(total) if name.startswith("x")] == ["x", "x₂", "x₃"]


def test_arrays_handed_to_a_model_and_to_a_loss_have_their_variables_names():
    tg.seed(0)
    batch, wanted, classes = np.ones((4, 2)), np.ones((4, 3)), np.array([0, 1, 2, 0])
    model = tg.Sequential(tg.Dense(2, 3), tg.BatchNorm(3))
    out = model(batch)
    assert names(tg.losses.mse(model(batch), wanted))[0] == "batch"
    one = batch[:1, :1]
    assert names(tg.Dense(1, 1)(one))[0] == "one"
    assert "wanted" in names(tg.losses.mse(out, wanted))
    assert "classes" in names(tg.losses.softmax_crossentropy(out, classes))
    model.eval()
    assert names(model(batch)).count("batch") == 1  # the running mean and variance are not called so
    assert "wanted" not in names(tg.losses.mse(out, wanted + 1))


class Holder:
    """An array as an attribute."""

    def __init__(self):
        self.slope = np.ones(3)

    def __call__(self, w):
        return self.slope * w


def test_an_array_among_the_users_attributes_has_that_name():
    w = tg.Tensor(np.ones(3), requires_grad=True)
    assert names(Holder()(w)) == ["slope", "w", "v2"]


def test_what_an_op_sends_to_an_input():
    x, y = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True), tg.Tensor(np.ones((2, 3)), requires_grad=True)
    g = np.arange(6.0).reshape(2, 3) - 2
    for node, parent, start in (
        (x * y, x, g), (y * x, x, g), (x * x, x, g[0]), (np.max(x), x, np.array(2.0)), (x[[0, 0, 2]], x, g[0]),
        (y @ x, y, g[:, 0]), (np.broadcast_to(x, (2, 3)), x, g), (np.concatenate([x, y[0], x]), x, np.arange(9.0)),
    ):  # fmt: skip
        whole = tg.explain(node, start).find(parent).gradient
        np.testing.assert_array_equal(send_back(node, parent, start), whole, err_msg=node.op)


def test_elementwise_ops_of_ones_own_show_their_local_derivatives():
    reusing = tg.primitive(lambda x: (np.exp(x), np.exp(x)), name="own_exp", elementwise=True, reuses=True)

    @reusing.derivative("e^x")
    def _(g, out, x, *, parts):
        return g * (out if parts is None else parts)

    product = tg.primitive(lambda *xs: xs[0] * xs[1], name="own_product", elementwise=True)

    @product.derivatives_of_all("the other")
    def _(needed, g, out, *xs):
        return [g * xs[1] if needed[0] else None, g * xs[0] if needed[1] else None]

    x, y = tg.Tensor([0.0, 1.0], requires_grad=True), tg.Tensor([2.0, 3.0], requires_grad=True)
    record = tg.explain(product(reusing(x), y))
    assert [step.local.tolist() for step in record.backward] == [[2.0, 3.0], [1.0, np.e], [1.0, np.e]]


def test_a_record_finds_tensors():
    x = tg.Tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"find\(\) takes a Tensor, not NoneType"):
        tg.explain(x * 2).find(None)


def test_the_steps_of_a_loop_stand_in_the_order_of_time():
    u, w = tg.Tensor(0.3, requires_grad=True), tg.Tensor(0.5, requires_grad=True)
    h = tg.Tensor(0.0, name="h0")
    for t in range(1, 5):
        x = tg.Tensor(float(t))
        h = np.tanh(u * x + w * h)
    forward = tg.explain(h).forward
    order = [step.name for step in forward if step.name[0] == "x" or step.op == "tanh"]
    assert order == ["x", "h", "x₂", "h₂", "x₃", "h₃", "x₄", "h₄"]
    assert [step.value.item() for step in forward if step.name[0] == "x"] == [1.0, 2.0, 3.0, 4.0]


def test_who_looks_at_a_graph_does_not_change_it():
    def steps(look):
        x = tg.Tensor([1.3, 2.1], requires_grad=True)
        y = np.sum(x**3 + 1 / x)
        if look:
            tg.explain(y)
        return len(tg.explain(np.sum(tg.gradients(y, x, create_graph=True))).forward)

    assert steps(look=True) == steps(look=False)

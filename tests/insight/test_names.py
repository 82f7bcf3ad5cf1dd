"""What tensors are called."""

import numpy as np

import tinygrad_reg as tg


def test_names_come_from_name_from_the_assignment_or_from_the_position():
    class Box:
        pass

    box = Box()
    given = tg.Tensor(1.0, requires_grad=True, name="given")
    first, second = tg.Tensor(2.0), tg.Tensor(3.0)
    box.attribute = given * first
    (named := box.attribute + second)
    total = named * 1.0
    total += given
    h = total
    for _ in range(2):
        h = h * h
    names = [s.name for s in tg.explain(h).forward]
    assert names == ["given", "first", "attribute", "second", "named", "1", "total", "total₂", "h", "h₂"]


def test_what_a_loop_makes_is_numbered_in_the_order_of_time():
    w, u = tg.Tensor(0.5, requires_grad=True), tg.Tensor(2.0, requires_grad=True)
    h = tg.Tensor(0.0)
    for value in (1.0, 2.0, 3.0):
        x = tg.Tensor(value)
        h = np.tanh(u * x + w * h)
    forward = tg.explain(h).forward
    assert {s.name: s.value.item() for s in forward if s.name.startswith("x")} == {"x": 1.0, "x₂": 2.0, "x₃": 3.0}
    assert [s.name for s in forward if s.op == "tanh"] == ["h₂", "h₃", "h₄"]


def test_what_no_variable_holds_is_named_by_its_part():
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True)
    loss = tg.losses.softmax_crossentropy(tg.Dropout(0.5)(x), np.array([0, 2]))
    names = [s.name for s in tg.explain(loss).forward]
    assert "mask" in names
    assert "labels" in names


def test_what_a_loss_makes_of_its_target_is_called_after_it():
    a = tg.Tensor([[0.3], [0.6]], requires_grad=True, name="a")
    labels, t = np.array([[1.0], [0.0]]), tg.Tensor([[0.0], [1.0]])
    loss = tg.losses.binary_crossentropy

    def leaves(out):
        return [s.name for s in tg.explain(out).forward if s.kind == "input"]

    assert leaves(loss(a, labels)) == ["labels", "(1 − labels)"]
    assert leaves(loss(a, t)) == ["t", "(1 − t)"]
    assert leaves(loss(a, labels * 1.0)) == ["y", "(1 − y)"]
    assert leaves(loss(a, labels, weights=[1.0, 2.0])) == ["labels", "(1 − labels)", "weights"]
    assert leaves(tg.losses.mse(tg.Dense(1, 1)(labels[:1]), t.data[:1])) == ["x", "y"]
    out = [np.tanh(a)][0]  # a tensor that no line names: its variable is not that of the target
    assert leaves(tg.losses.hinge(out, 2 * labels - 1)) == leaves(tg.losses.mse(out, target=labels)) == ["y"]

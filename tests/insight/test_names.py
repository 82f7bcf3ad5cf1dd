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


def test_what_a_way_back_makes_has_no_variables_name_but_its_result_has():
    x = tg.Tensor(1.5, requires_grad=True)
    y = x**2
    g = tg.gradients(y, x, create_graph=True)
    assert {s.name: s.value.item() for s in tg.explain(g).forward} == {"2": 2.0, "x": 1.5, "g": 3.0}
    assert [s.kind for s in tg.explain(g).forward] == ["constant", "parameter", "op"]
    cost = np.exp(3 * x)
    slope = tg.gradients(cost, x, create_graph=True)
    curvature = tg.gradients(slope, x, create_graph=True)
    values = {s.name: s.value.item() for s in tg.explain(curvature).forward}
    assert "slope" not in values
    assert values["cost"] == cost.item() and values["curvature"] == curvature.item()
    also = tg.grad(lambda x: x**3)(x)
    assert [s.name for s in tg.explain(also).forward][-1] == "also"


def test_the_result_has_its_name_where_a_derivative_of_the_users_own_made_it():
    @tg.primitive(elementwise=True, text="x³", name="cube_of_names")
    def cube(x):
        return x**3

    @cube.derivative("3x²")
    def _(g, out, x):
        return g * 3 * x**2

    x = tg.Tensor(2.0, requires_grad=True)
    slope = tg.gradients(cube(x), x, create_graph=True)
    assert [s.name for s in tg.explain(slope).forward] == ["x", "2", "v2", "v3", "slope"]


def test_arrays_that_a_way_back_makes_are_called_by_what_they_are():
    X = np.array([[1.0, 2.0], [3.0, -4.0]])
    w = tg.Tensor([1.0, -1.0], requires_grad=True)
    loss = np.sum(np.tanh(tg.ops.relu(w * X)))
    slope = tg.gradients(loss, w, create_graph=True)
    inputs = {s.name: s.value.tolist() for s in tg.explain(np.sum(slope**2)).forward if not s.op and s.shape}
    assert inputs == {
        "upstream": [[1, 1], [1, 1]], "w": [1, -1], "X": X.tolist(), "factor": [[1, 0], [1, 1]]
    }  # fmt: skip


def test_a_gradient_that_is_the_users_own_tensor_keeps_its_name():
    x = tg.Tensor(1.5, requires_grad=True)
    weight = x * 2
    slope = tg.gradients(x + 1.0, x, create_graph=True, gradient=weight)
    assert slope is weight
    assert tg.explain(weight).forward[-1].name == "weight"


def test_what_the_result_of_a_way_back_was_given_is_no_variables_either():
    X, w = np.array([1.0, -2.0]), tg.Tensor([3.0, 4.0], requires_grad=True)
    loss = np.sum(w**2 * X)
    slope = tg.gradients(loss, w, create_graph=True)
    relu = tg.ops.relu(w).sum()
    edge = tg.gradients(relu, w, create_graph=True)
    assert [s.name for s in tg.explain(slope).forward] == ["upstream", "w", "slope"]
    assert [s.name for s in tg.explain(edge).forward] == ["edge"]

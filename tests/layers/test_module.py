"""Module: modes, penalties and constraints, calls and scopes, copies, what is printed."""

import copy
import pickle
from collections import deque

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import source


def graph(out):
    """All tensors that `out` was computed from."""
    found, stack = {}, [out]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack.extend(node.parents)
    return list(found.values())


def layers_of(out):
    return {node._layer for node in graph(out) if node.op is not None}


# ---- what it holds


def test_a_plain_array_in_place_of_a_parameter_is_refused():
    layer = tg.Dense(2, 3)
    with pytest.raises(TypeError, match=r"\.kernel\.data = array"):
        layer.kernel = np.zeros((2, 3))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_models_can_be_copied_and_pickled(duplicate):
    shared = tg.Dense(3, 3, activation=tg.ops.tanh, kernel_regularizer=tg.penalties.l2(0.1))
    model = tg.Sequential(
        [shared, tg.BatchNorm(3), tg.Dropout(0.5, rng=3), np.tanh, tg.Residual(shared), tg.RReLU(), tg.PReLU()]
    )
    twin = duplicate(model)
    x = np.random.default_rng(0).normal(size=(5, 3))
    tg.seed(1)
    expected = model(x).data
    tg.seed(1)
    np.testing.assert_array_equal(twin(x).data, expected)  # the generator was copied with its state
    twin[0].kernel.data[:] = 0
    assert model[0].kernel.data.any()
    assert twin[4].block is twin[0]
    assert len(twin.parameters()) == len(model.parameters())


# ---- modes and gradients


def test_N10_train_and_eval_reach_every_module():
    model = tg.Sequential([tg.Dropout(0.5), tg.Residual(tg.Sequential([tg.Dropout(0.5)]))])
    model.extra = {"noise": [tg.GaussianNoise(1.0)]}
    assert model.eval() is model
    assert [m.training for _, m in model.named_modules()] == [False] * 6
    model.train()
    assert [m.training for _, m in model.named_modules()] == [True] * 6


def test_zero_grad_forgets():
    model = tg.Dense(2, 1)
    np.sum(model([[1.0, 2.0]])).backward()
    assert model.bias.grad is not None
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [None, None]


# ---- penalties and constraints


def test_P5_penalty_is_a_node_of_the_graph():
    model = tg.Sequential(
        [
            tg.Dense(2, 3, kernel_regularizer=tg.penalties.l2(0.1), bias_regularizer=tg.penalties.l1(0.5)),
            tg.Dense(3, 1, kernel_regularizer=tg.penalties.l1(0.2)),
        ]
    )
    model[0].bias.data = [1.0, -2.0, 0.0]
    penalty = model.penalty()
    first, second = model[0].kernel.data, model[1].kernel.data
    assert penalty.shape == ()
    assert penalty.item() == pytest.approx(0.1 * np.sum(first**2) + 0.5 * 3 + 0.2 * np.sum(np.abs(second)))
    penalty.backward()
    np.testing.assert_allclose(model[0].kernel.grad, 0.2 * first)
    np.testing.assert_allclose(model[0].bias.grad, [0.5, -0.5, 0])
    np.testing.assert_allclose(model[1].kernel.grad, 0.2 * np.sign(second))
    assert {"0", "1"} <= layers_of(penalty)
    assert model[1].bias_regularizer is None  # biases only when asked


def test_no_penalty_is_zero_in_the_dtype_of_the_model():
    penalty = tg.Dense(2, 2, dtype="float32").penalty()
    assert penalty.item() == 0
    assert penalty.dtype == np.float32


def test_a_shared_layer_is_penalised_once():
    layer = tg.Dense(2, 2, kernel_regularizer=tg.penalties.l2(1.0))
    assert tg.Sequential([layer, layer]).penalty().item() == pytest.approx(np.sum(layer.kernel.data**2))


def test_any_parameter_with_a_regularizer_or_constraint_beside_it_takes_part():
    class Scale(tg.Module):
        def __init__(self):
            self.w = tg.Tensor([3.0, -4.0], requires_grad=True)
            self.w_regularizer = lambda w: np.sum(w**2)
            self.w_constraint = lambda w, lr: np.maximum(w, 0)

    layer = Scale()
    assert layer.penalty().item() == 25
    layer.project()
    np.testing.assert_array_equal(layer.w.data, [3, 0])


def test_P9_project_applies_max_norm_to_each_unit():
    model = tg.Sequential([tg.Dense(2, 2, kernel_constraint=tg.constraints.max_norm(1.0))])
    model[0].kernel.data = np.array([[3.0, 0.6], [4.0, 0.8]])
    model.project()
    np.testing.assert_allclose(model[0].kernel.data, [[0.6, 0.6], [0.8, 0.8]], rtol=1e-15)


def test_project_passes_the_learning_rate_and_refuses_stale_graphs():
    layer = tg.Dense(1, 1, kernel_constraint=tg.constraints.prox_l1(1.0, scale_by_lr=True))
    layer.kernel.data = np.array([[2.0]])
    loss = np.sum(layer([[1.0]]) ** 2)
    layer.project(lr=0.5)
    assert layer.kernel.item() == 1.5
    with pytest.raises(RuntimeError, match="new values"):
        loss.backward()


@pytest.mark.parametrize(
    ("constraint", "error", "complaint"),
    [
        (lambda w, lr: w[:1], ValueError, "keep shape"),
        (lambda w, lr: 1j * w, TypeError, "give real numbers, not complex128"),
        (lambda w, lr: w.astype(object), TypeError, "give real numbers, not object"),
    ],
)
def test_project_changes_nothing_when_one_constraint_fails(constraint, error, complaint):
    model = tg.Sequential([tg.Dense(2, 2, kernel_constraint=lambda w, lr: 0 * w), tg.Dense(2, 2)])
    model[1].bias_constraint = constraint
    before = model[0].kernel.data.copy()
    with pytest.raises(error, match=rf"constraint on 1\.bias must {complaint}"):
        model.project()
    np.testing.assert_array_equal(model[0].kernel.data, before)


# ---- calling


def test_the_mode_is_no_argument_of_a_call():
    model = tg.Sequential(tg.Dense(2, 3))
    with pytest.raises(
        TypeError, match=r"^Sequential takes no training=: model\.eval\(\) and .* tg\.predict\(model, x\)"
    ):
        model(np.ones((1, 2)), training=False)

    class Own(tg.Module):
        def forward(self, x, training=True):
            return 2 * x if training else tg.nonsense

    assert Own()(np.ones(2), training=True).data.tolist() == [2, 2]
    with pytest.raises(TypeError, match="unexpected keyword argument 'trainin'"):
        Own()(np.ones(2), trainin=True)


def test_arrays_and_lists_become_tensors():
    class Probe(tg.Module):
        def forward(self, x, y, axis=None):
            assert isinstance(x, tg.Tensor)
            assert isinstance(y, tg.Tensor)
            assert type(axis) is int
            return np.sum(x * y, axis=axis)

    assert Probe()(np.ones(3), [1, 2, 3], axis=0).item() == 6


def test_nodes_know_their_layer_by_path():
    class Net(tg.Module):
        def __init__(self):
            self.encoder = tg.Sequential([tg.Dense(2, 3), tg.Residual(tg.Dense(3, 3))])
            self.heads = [tg.Dense(3, 1), tg.Dense(3, 1)]

        def forward(self, x):
            h = np.tanh(self.encoder(x))
            return self.heads[0](h) + self.heads[1](h)

    model = Net()
    expected = {"", "encoder.0", "encoder.1", "encoder.1.block", "heads.0", "heads.1"}
    assert layers_of(model([[1.0, 2.0]])) == expected
    outer = tg.Sequential([model])
    assert layers_of(outer([[1.0, 2.0]])) == {f"0.{path}".rstrip(".") for path in expected}


def test_a_module_in_two_places_has_the_name_it_is_called_by():
    shared = tg.Dense(2, 2)
    assert layers_of(tg.Sequential([shared, tg.ReLU(), shared])([[1.0, 2.0]])) == {"0", "1", "2"}


def test_a_grandchild_and_a_stranger_have_names_too():
    stranger = tg.Dense(2, 2)

    class Net(tg.Module):
        def __init__(self):
            self.inner = tg.Sequential([tg.Dense(2, 2)])

        def forward(self, x):
            return stranger(self.inner[0](x))

    assert layers_of(Net()([[1.0, 2.0]])) == {"inner.0", "Dense"}


def test_the_scope_ends_when_forward_raises():
    model = tg.Sequential([tg.Dense(2, 2), tg.Dense(3, 3)])
    with pytest.raises(ValueError, match="layer 1"):
        model([[1.0, 2.0]])
    assert (tg.Tensor([1.0], requires_grad=True) * 2)._layer == ""
    assert layers_of(tg.Dense(2, 2)([[1.0, 2.0]])) == {""}


def test_the_users_variable_names_the_models_output_only():
    model = tg.Sequential([tg.Dense(2, 3, "relu"), tg.Dense(3, 1)])
    prediction = model([[1.0, 2.0]])
    assert source.label(prediction) == "prediction"
    assert [t for t in graph(prediction) if t.op and source.label(t) == "prediction"] == [prediction]


def test_a_module_without_forward_says_what_is_missing():
    class Net(tg.Module):
        def call(self, x):
            return x

    with pytest.raises(NotImplementedError, match=r"Net has no forward.*def forward\(self, x\)"):
        Net()([1.0])


def test_a_forward_without_return_is_named():
    class Forgetful(tg.Module):
        def forward(self, x):
            np.sum(x)

    with pytest.raises(TypeError, match=r"forward of layer 1, Forgetful\(\), returned None"):
        tg.Sequential([tg.ReLU(), Forgetful(), tg.Dense(2, 3)])([[1.0, 2.0]])


def test_a_single_number_is_no_batch():
    with pytest.raises(ValueError, match=r"expects inputs of shape \(N, 2\), but was given \(\)"):
        tg.Dense(2, 3)(3.0)


@pytest.mark.parametrize(
    ("name", "hint"), [("fit", r"tg\.fit\(model"), ("weight", r"\.kernel"), ("nonsense", "no attribute 'nonsense'$")]
)
def test_what_users_of_other_libraries_look_for(name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(tg.Dense(2, 3), name)
    assert not hasattr(tg.Dense(2, 3), name)


def test_freezing_the_keras_way_is_not_ignored_in_silence():
    with pytest.raises(AttributeError, match=r"requires_grad, of each of \.parameters\(\)"):
        tg.Dense(2, 3).trainable = False


# ---- reading


def test_printing_a_model_shows_the_layers_and_what_is_not_default():
    model = tg.Sequential([tg.Dense(2, 4, activation="relu"), tg.Residual(tg.Dense(4, 4, use_bias=False)), np.tanh])
    assert repr(model) == (
        "Sequential(\n"
        "  0: Dense(2, 4, activation='relu')\n"
        "  1: Residual(\n"
        "    block: Dense(4, 4, use_bias=False)\n"
        "  )\n"
        "  2: Lambda(tanh)\n"
        ")"
    )


def test_printing_a_layer_of_the_users():
    class Scale(tg.Module):
        def __init__(self, size, factor=1.0):
            self.size, self.factor = size, factor

    assert repr(Scale(3, factor=2.0)) == "Scale(3, factor=2.0)"
    assert repr(Scale(3)) == "Scale(3)"


@pytest.mark.parametrize("x", [None, 3, "x"])
def test_a_layer_names_what_is_no_array(x):
    model = tg.Sequential([tg.Dense(3, 2)])
    with pytest.raises(TypeError, match=rf"Dense.* takes an array or a Tensor, not {type(x).__name__}"):
        model(x)


def test_loading_and_projecting_leave_the_users_arrays_alone():
    weights = np.eye(2)
    layer = tg.Dense(2, 2, kernel_constraint=tg.constraints.max_norm(0.5))
    other = tg.Dense(2, 2).state_dict()
    layer.kernel.data = weights
    layer.project()
    assert layer.kernel.data.max() == 0.5
    layer.kernel.data = weights
    layer.load_state_dict(other)
    np.testing.assert_array_equal(layer.kernel.data, other["kernel"])
    np.testing.assert_array_equal(weights, np.eye(2))


def test_what_a_forward_of_ones_own_makes_by_a_layers_forward_is_made_in_its_line():
    class Doubled(tg.Dense):
        def forward(self, x):
            z = super().forward(x)
            return z * 2

    class Model(tg.layers.Module):
        def __init__(self):
            self.dense = tg.Dense(2, 2)

        def forward(self, x):
            return self.dense.forward(x)

    for model in (Doubled(2, 2), tg.Sequential([Doubled(2, 2)]), Model()):
        out = model(np.ones((1, 2)))
        made = out if out.op == "affine" else out.parents[0]
        assert ".forward(x)" in str(source.place(made).code)


@pytest.mark.parametrize("slots", ["w", ("w", "v")])
def test_slots_in_which_no_parameter_would_be_found_are_refused(slots):
    with pytest.raises(TypeError, match=r"Slotted has __slots__, .* leave them out"):
        type("Slotted", (tg.Module,), {"__slots__": slots})
    assert type("Plain", (tg.Module,), {"__slots__": ()})().parameters() == []


@pytest.mark.parametrize("count", [4.5, 2**40, np.nan])
def test_a_state_of_whole_numbers_is_not_cut_to_fit(count):
    layer = tg.Dense(1, 1)
    layer.count = tg.Tensor(np.array(3, np.int8))
    state = {**layer.state_dict(), "kernel": np.array([[5.0]]), "count": np.array(count)}
    with pytest.raises(ValueError, match="nothing was loaded: count holds int8 numbers, which the given are not"):
        layer.load_state_dict(state)
    assert layer.count == 3 and layer.kernel.item() != 5
    layer.load_state_dict({**state, "count": np.array(7.0)})
    assert layer.count == 7 and layer.count.dtype == np.int8


@pytest.mark.parametrize("kind", [set, frozenset, deque])
def test_layers_and_tensors_in_what_has_no_places_are_refused(kind):
    model = tg.Module()
    for held in (tg.Dense(1, 1), tg.Tensor(1.0, requires_grad=True)):
        with pytest.raises(
            TypeError, match=rf"Module.blocks is a {kind.__name__}, .* would not be .* trained .* a list"
        ):
            model.blocks = kind([held])
    model.seen = kind([1, "two"])


@pytest.mark.parametrize("name", ["parts", "where", "declared", "penalty", "train", "state_dict", "_loaded", "forward"])
def test_an_attribute_named_as_a_method_that_models_are_used_by_is_refused(name):
    class Model(tg.Module):
        def __init__(self, value):
            setattr(self, name, value)

    with pytest.raises(TypeError, match=rf"Model.{name} is what models do, .* a list in its place .* self.own_"):
        Model([tg.Dense(1, 1)])
    with pytest.raises(TypeError, match="is what models do"):
        Model(tg.penalties.l2(0.1))  # can be called, and is no method
    replaced = Model(lambda *arguments: 7)  # as tests do that look on
    assert getattr(replaced, name)() == 7


@pytest.mark.parametrize("what", ["regularizer", "constraint"])
def test_a_name_that_is_assigned_to_a_layer_in_place_of_a_penalty_or_constraint_is_refused(what):
    model = tg.Sequential(tg.Dense(2, 1))
    setattr(model[0], f"kernel_{what}", "l2")
    with pytest.raises(TypeError, match=rf"0.kernel_{what} must be a function such as tg\.\w+\.\w+\(.*\), not 'l2'"):
        model.penalty() if what == "regularizer" else model.project(0.1)


@pytest.mark.parametrize("layer", [tg.Dense(3, 2), tg.BatchNorm(3)])
def test_forward_takes_an_array_as_a_call_does(layer):
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(layer.forward(x).numpy(), layer(x).numpy())

"""What is found among the attributes of a module, under which name, and how it is saved and loaded."""

import copy

import numpy as np
import pytest

import tinygrad_reg as tg


class Block(tg.Module):
    """Holds state in every way there is; no super().__init__()."""

    def __init__(self):
        self.scale = tg.Tensor(2.0, requires_grad=True)
        self.steps = [tg.Dense(3, 3), tg.Dense(3, 3, use_bias=False)]
        self.heads = {"left": tg.Dense(3, 1), "deep": [(tg.Tensor([1.0], requires_grad=True),)]}
        self.frozen = tg.Tensor([5.0, 6.0])
        self.note = "not state"

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return self.scale * self.heads["left"](x)


def test_state_is_found_in_lists_and_dicts_and_named_in_order():
    block = Block()
    names = [
        "scale",
        "steps.0.kernel",
        "steps.0.bias",
        "steps.1.kernel",
        "heads.left.kernel",
        "heads.left.bias",
        "heads.deep.0.0",
    ]
    assert [name for name, _ in block.named_parameters()] == names
    assert list(block.state_dict()) == [*names, "frozen"]
    assert [p.shape for p in block.parameters()] == [block.state_dict()[name].shape for name in names]
    assert [path for path, _ in block.named_modules()] == ["", "steps.0", "steps.1", "heads.left"]


def test_frozen_parameters_stay_in_the_state():
    layer = tg.Dense(2, 3)
    layer.kernel.requires_grad = False
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    assert list(layer.state_dict()) == ["kernel", "bias"]


def test_a_computed_tensor_is_no_state():
    layer = tg.Dense(2, 3)
    layer.last = layer([[1.0, 2.0]])
    assert list(layer.state_dict()) == ["kernel", "bias"]


def small(*shape):
    return tg.Tensor(np.ones(shape), requires_grad=True) * 0.1


@pytest.mark.parametrize(
    ("weights", "path"),
    [(small(2, 4), "weights"), ([small(2, 4)], "weights.0"), ([0.1 * (small(2, 4) + small(4))], "weights.0")],
)
def test_a_computed_weight_is_refused_where_parameters_are_asked_for(weights, path):
    class Scaled(tg.Module):
        def __init__(self):
            self.weights = weights
            self.out = tg.Dense(4, 1)

        def forward(self, x):
            return self.out(x @ (weights[0] if isinstance(weights, list) else weights))

    layer = Scaled()
    said = rf"Scaled\.{path} was computed by 'multiply', so it is no parameter .*tg\.Tensor\(0\.1 \* array, requires_gr"
    for asked in (layer.parameters, layer.named_parameters, layer.zero_grad, layer.summary):
        with pytest.raises(ValueError, match=said):
            asked()
    with pytest.raises(ValueError, match=said):
        tg.fit(layer, np.ones((3, 2)), np.ones((3, 1)), loss="mse", optimizer="sgd", verbose=0)
    with pytest.raises(ValueError, match=rf"Sequential\.1\.{path} was"):
        tg.Sequential(tg.ReLU(), layer).parameters()


def test_results_that_are_kept_for_a_look_are_nobodys_concern():
    class Keeping(tg.Module):
        def __init__(self):
            self.inside = tg.Sequential(tg.ReLU(), tg.Dense(2, 2))
            self.seen = []

        def forward(self, x):
            self.scaled = x * 2  # of an input, which may require a gradient, as for a saliency map
            self.attention = tg.ops.softmax(self.inside(self.scaled))
            self.seen.append(self.attention)
            return self.encode(x)

        def encode(self, x):
            self.code = self.inside(x) * self.attention
            return self.code

    class Watch(tg.Module):
        def forward(self, x):
            return self.note(x)

        def note(self, x):
            self.last = x * 1
            return x

    keeping = Keeping()
    model = tg.Sequential(Watch(), keeping)
    for frozen in (False, True):
        if frozen:
            for p in model.parameters():
                p.requires_grad = False
        out = model(tg.Tensor(np.ones((3, 2)), requires_grad=True))
        model.code = keeping.encode(tg.Tensor(np.ones((3, 2)), requires_grad=True))
        model.loss = np.mean(out**2)
        assert [name for name, _ in model.named_parameters()] == (
            [] if frozen else ["1.inside.1.kernel", "1.inside.1.bias"]
        )


def test_shared_weights_count_once():
    shared = tg.Dense(4, 4)
    model = tg.Sequential([shared, tg.ReLU(), shared])
    assert [name for name, _ in model.named_parameters()] == ["0.kernel", "0.bias"]
    tied = tg.Sequential([tg.Dense(2, 3), tg.Dense(2, 3)])
    tied[1].kernel = tied[0].kernel
    assert list(tied.state_dict()) == ["0.kernel", "0.bias", "1.bias"]
    out = np.sum(model(np.ones((1, 4))))
    out.backward()
    alone = tg.Sequential([copy.deepcopy(shared), tg.ReLU(), copy.deepcopy(shared)])
    np.sum(alone(np.ones((1, 4)))).backward()
    np.testing.assert_allclose(shared.kernel.grad, alone[0].kernel.grad + alone[2].kernel.grad)


@pytest.mark.parametrize(
    ("held", "path"),
    [
        (lambda: {"1": tg.Tensor([1.0], requires_grad=True), 1: tg.Tensor([2.0])}, r"w\.1"),
        (lambda: {"a.b": tg.Tensor([1.0]), "a": {"b": tg.Tensor([5.0], requires_grad=True)}}, r"w\.a\.b"),
    ],
    ids=["a word and a number", "a dot"],
)
def test_two_tensors_under_one_path_are_refused_rather_than_one_of_them_lost(held, path):
    class Model(tg.Module):
        def __init__(self):
            self.w = held()

    for ask in (Model().state_dict, Model().parameters, lambda: Model().load_state_dict({})):
        with pytest.raises(ValueError, match=rf"two Tensors of Model have the path '{path}', so that a state_dict"):
            ask()


def test_a_reference_to_the_parent_is_no_endless_loop():
    model = tg.Sequential([tg.Dense(2, 2)])
    model[0].parent = model
    assert len(model.parameters()) == 2
    assert "parent: ..." in repr(model)
    model.summary()


def test_state_dict_copies_and_load_restores():
    model = Block()
    before = model.state_dict()
    model.scale.data = 7.0
    model.frozen.data[0] = -1
    assert before["scale"] == 2.0
    assert before["frozen"][0] == 5
    model.load_state_dict(before)
    assert model.scale.item() == 2.0
    np.testing.assert_array_equal(model.frozen.data, [5, 6])
    before["frozen"][0] = 0  # what was loaded belongs to the model
    assert model.frozen.data[0] == 5


def test_load_names_every_difference_and_changes_nothing():
    model = tg.Sequential([tg.Dense(2, 4), tg.Dense(4, 3)])
    state = tg.Sequential([tg.Dense(2, 4), tg.Dense(4, 5)]).state_dict()
    state["2.kernel"] = state.pop("0.bias")
    before = model.state_dict()
    with pytest.raises(ValueError, match="nothing was loaded") as error:
        model.load_state_dict(state)
    for part in ["missing: 0.bias (4,)", "unexpected: 2.kernel (4,)", "1.kernel has shape (4, 3), given (4, 5)"]:
        assert part in str(error.value)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_load_refuses_what_is_no_state():
    with pytest.raises(TypeError, match=r"tg\.load"):
        tg.Dense(1, 1).load_state_dict("model.npz")
    with pytest.raises(TypeError, match="'bias' must be an array of numbers"):
        tg.Dense(1, 1).load_state_dict({"kernel": np.ones((1, 1)), "bias": ["a"]})


def test_load_keeps_the_dtype_of_the_model():
    model = tg.Dense(2, 2, dtype="float32")
    model.load_state_dict(tg.Dense(2, 2).state_dict())
    assert model.kernel.dtype == np.float32


def test_going_backward_after_a_load_is_refused():
    model = tg.Dense(2, 1)
    loss = np.sum(model([[1.0, 2.0]]) ** 2)
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="new values"):
        loss.backward()


def test_the_generators_of_layers_are_listed():
    model = tg.Sequential(
        [tg.Dropout(0.5, rng=3), tg.Dropout(0.5), tg.GaussianNoise(0.1, rng=np.random.default_rng(0))]
    )
    assert [path for path, _ in model.named_generators()] == ["0.rng", "2.rng"]


def test_a_masked_state_is_refused_and_changes_nothing():
    layer = tg.Dense(1, 1)
    before = layer.state_dict()
    with pytest.raises(TypeError, match="a masked array would lose its mask"):
        layer.load_state_dict({"kernel": np.ma.array([[1.0]], mask=[[True]]), "bias": np.ones(1)})
    assert all(np.array_equal(before[path], array) for path, array in layer.state_dict().items())

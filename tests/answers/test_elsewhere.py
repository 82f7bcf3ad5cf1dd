"""What other libraries' users look for on a Tensor, a model, an optimizer is answered, and is otherwise not there."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.methods import Methods
from tinygrad_reg.primitive import registry

W = tg.Tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("thing", "name", "advice"),
    [
        (W, "clone", "t.data.copy"),
        (W, "backwards", "t.backward"),
        (W, "clamp", r"t\.clip\(low, high\)"),
        (W, "masked_fill", r"np\.where\(mask, value, t\)"),
        (W, "t", r"t\.T"),
        (W, "sort", r"np\.sort\(t, axis\)"),
        (W, "at", r"np\.where\(mask, new, t\)"),
        (W, "register_hook", r"t\.grad after backward"),
        (tg.Dense(2, 3), "weight", ".kernel"),
        (tg.Dense(2, 3), "W", ".kernel"),
        (tg.Dense(2, 3), "b", ".bias"),
        (tg.Dense(2, 3), "apply", "named_modules"),
        (tg.Dense(2, 3), "requires_grad_", r"p\.requires_grad = False, for each p"),
        (tg.Dense(2, 3), "count_params", "summary"),
        (tg.Sequential(tg.Dense(2, 3)), "fit", "tg.fit"),
        (tg.Dense(2, 3), "load_weights", "tg.load"),
        (tg.optim.SGD([W], lr=0.1), "param_groups", "optimizer.params"),
        (tg.optim.SGD([W], lr=0.1), "add_param_group", "another optimizer"),
        (tg.optim.SGD([W], lr=0.1), "apply_gradients", r"optimizer\.step\(\)"),
        (tg.optim.schedules.constant(0.1), "step", r"the optimizer .* asks it at each step"),
        (tg.data.Standardizer([[1.0], [2.0]]), "transform", r"scaler\(x\)"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_a_name_of_another_library_is_answered_with_ours(thing, name, advice):
    with pytest.raises(AttributeError, match=f"^{type(thing).__name__} has no attribute '{name}'; write .*{advice}"):
        getattr(thing, name)
    assert not hasattr(thing, name)
    assert name not in dir(thing)


@pytest.mark.parametrize("thing", [W, tg.Dense(2, 3), tg.optim.SGD([W], lr=0.1)], ids=lambda x: type(x).__name__)
def test_a_name_that_nobody_has_is_python_s_own_error(thing):
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = thing.nonsense


@pytest.mark.parametrize(
    ("thing", "name", "advice"),
    [
        (tg.optim.SGD([W], lr=0.1), "learning_rate", "optimizer.lr"),
        (tg.optim.SGD([W], lr=0.1), "param_groups", "optimizer.params"),
        (tg.Dense(2, 3), "trainable", "parameter.requires_grad"),
        (tg.Sequential(tg.Dense(2, 3)), "requires_grad", "parameter.requires_grad"),
    ],
    ids=["rate", "groups", "trainable", "frozen"],
)
def test_what_would_change_nothing_can_t_be_assigned(thing, name, advice):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; write .*{advice}"):
        setattr(thing, name, 0.2)


def test_a_model_may_have_such_an_attribute_of_its_own():
    class Model(tg.Module):
        def __init__(self):
            self.weights = [tg.Tensor(np.ones(2), requires_grad=True)]
            self.layers = 3

        def save(self):
            return "saved"

    model = Model()
    assert (len(model.weights), model.layers, model.save()) == (1, 3, "saved")
    assert {"weights", "layers", "save"} <= set(dir(model))
    assert [name for name, _ in model.named_parameters()] == ["weights.0"]


def test_an_op_of_the_user_may_take_such_a_name_for_its_method():
    elsewhere = vars(Methods)["numel"]

    @tg.primitive(method="numel")
    def count_of(x):
        return x * 0 + x.size

    try:
        assert W.numel().data.tolist() == [2.0, 2.0]
    finally:
        del registry["count_of"]
        Methods.numel = elsewhere

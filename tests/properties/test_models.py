"""Models put together at random: their state goes through state_dict() and files, and nothing is lost on the way."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_reg as tg

from .examples import examples

ACTIVATIONS = [None, "relu", "tanh", "sigmoid", "elu", "gelu"]


@st.composite
def recipes(draw):
    """What a model of 1 to 6 layers, of rows of 4 features, is made of; some layers hold layers."""
    layers, width = [], 4
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(
            st.sampled_from(["dense", "norm", "layer norm", "dropout", "residual", "connect", "prelu", "noise"])
        )
        if kind == "dense":
            units = draw(st.integers(1, 6))
            layers.append((kind, width, units, draw(st.sampled_from(ACTIVATIONS)), draw(st.booleans())))
            width = units
        else:
            layers.append((kind, width, draw(st.sampled_from(["var", "unbiased_var", "std"]))))
    return layers, draw(st.sampled_from(["float64", "float32"])), draw(st.integers(0, 2**32 - 1))


def build(recipe, seed=None):
    layers, dtype, own_seed = recipe
    rng = np.random.default_rng(own_seed if seed is None else seed)
    made = []
    for kind, width, *rest in layers:
        if kind == "dense":
            units, activation, use_bias = rest
            made.append(tg.Dense(width, units, activation, use_bias=use_bias, dtype=dtype, rng=rng))
        elif kind == "norm":
            made.append(tg.BatchNorm(width, average=rest[0], dtype=dtype))
        elif kind == "layer norm":
            made.append(tg.LayerNorm(width, dtype=dtype))
        elif kind == "dropout":
            made.append(tg.Dropout(0.3, rng=int(rng.integers(100))))
        elif kind == "residual":
            inner = [tg.Dense(width, 3, "tanh", dtype=dtype, rng=rng), tg.Dense(3, width, dtype=dtype, rng=rng)]
            made.append(tg.Residual(tg.Sequential(inner)))
        elif kind == "connect":
            made.append(tg.DropConnect(tg.Dense(width, width, dtype=dtype, rng=rng), 0.2, rng=int(rng.integers(100))))
        elif kind == "prelu":
            made.append(tg.PReLU(channels=width, dtype=dtype))
        else:
            made.append(tg.GaussianNoise(0.1, rng=int(rng.integers(100))))
    return tg.Sequential(made)


def train(model, optimizer, recipe, steps):
    rng = np.random.default_rng(recipe[2] + 1)
    for _ in range(steps):
        x = rng.normal(size=(5, 4)).astype(recipe[1])
        model.zero_grad()
        loss = np.mean(model(x) ** 2)
        if loss.requires_grad:
            loss.backward()
        if optimizer is not None:
            optimizer.step()


def optimizer_of(model):
    return tg.optim.Adam(model.parameters(), 0.05) if model.parameters() else None


def equal(a, b):
    assert list(a) == list(b)
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def outputs(model, recipe):
    return model(np.random.default_rng(7).normal(size=(3, 4)).astype(recipe[1])).data


@examples(40)
@given(recipes())
def test_a_state_that_is_loaded_makes_the_same_model(recipe):
    model, other = build(recipe), build(recipe, seed=1)
    train(model, optimizer_of(model), recipe, 3)
    state = model.state_dict()
    other.load_state_dict(state)
    equal(other.state_dict(), state)
    np.testing.assert_array_equal(outputs(model.eval(), recipe), outputs(other.eval(), recipe))
    train(other.train(), optimizer_of(other), recipe, 1)
    equal(model.state_dict(), state)  # copies: what the other does reaches neither the model nor the state


@examples(40)
@given(recipes(), st.randoms(use_true_random=False))
def test_a_state_that_does_not_fit_changes_nothing(recipe, random):
    model = build(recipe)
    state = model.state_dict()
    if not state:
        return
    damaged = {name: array + 1 for name, array in state.items()}
    name = random.choice(list(damaged))
    kind = random.randrange(3)
    if kind == 0:
        del damaged[name]
    elif kind == 1:
        damaged[name] = damaged[name][..., None]
    else:
        damaged["other"] = np.zeros(2)
    try:
        model.load_state_dict(damaged)
    except ValueError:
        equal(model.state_dict(), state)
    else:
        raise AssertionError("a state that does not fit was loaded")


@examples(25)
@given(recipes(), st.integers(0, 3))
def test_a_run_that_went_through_a_file_is_the_run(recipe, before):
    """Parameters, moving statistics, the optimizer's state and the layers' generators, to the last bit."""
    straight, stopped, resumed = build(recipe), build(recipe), build(recipe, seed=1)
    if not straight.parameters():
        return
    train(straight, optimizer_of(straight), recipe, 0)
    optimizers = [optimizer_of(m) for m in (straight, stopped, resumed)]
    train(straight, optimizers[0], recipe, before)
    train(stopped, optimizers[1], recipe, before)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        tg.seed(3)
        tg.save(path, model=stopped, optimizer=optimizers[1], epoch=before)
        tg.seed(4)
        assert tg.load(path, model=resumed, optimizer=optimizers[2]).epoch == before
        assert [p.name for p in Path(folder).iterdir()] == ["model.npz"]
    equal(resumed.state_dict(), straight.state_dict())
    tg.seed(3)
    train(straight, optimizers[0], recipe, 3)
    tg.seed(3)
    train(resumed, optimizers[2], recipe, 3)
    equal(resumed.state_dict(), straight.state_dict())
    np.testing.assert_array_equal(outputs(straight, recipe), outputs(resumed, recipe))

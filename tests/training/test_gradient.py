"""fit(compile=True) is fit, to the last bit: the step as a program changes neither numbers nor messages."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator
from tinygrad_reg.primitive import Primitive

from .small import OPTIMIZERS, Interrupt
from .test_arguments import CASES, model

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(43, 6)), RNG.integers(0, 3, 43)
BINARY, REAL = (X[:, :1] > 0).astype(float), RNG.normal(size=(43, 2))
IMAGES = RNG.random((43, 1, 8, 8))
CE = "softmax_crossentropy"
CHANGE = tg.data.augmentation.compose(tg.data.augmentation.shift(1), tg.data.augmentation.noise(0.1))


class Scaled(tg.Module):
    """A user's module, with a Tensor of its own and a choice by a plain setting."""

    def __init__(self):
        self.inner, self.last = tg.Dense(6, 6), tg.Dense(6, 3)
        self.scale, self.doubled = tg.Tensor(1.0, requires_grad=True), False

    def forward(self, x):
        h = x + np.tanh(self.inner(x)) * self.scale
        return self.last(h) * 2 if self.doubled else self.last(h)


def own_loss(prediction, target, weights=None):
    return tg.losses.softmax_crossentropy(prediction, target, weights=weights) + 0.01 * np.mean(prediction**2)


def plain():
    return tg.Sequential(tg.Dense(6, 8, "relu"), tg.Dense(8, 3))


NETS = {
    "penalty, batch norm, dropout, constraint": (
        lambda: tg.Sequential(
            tg.Dense(6, 8, "relu", kernel_regularizer="l2"), tg.BatchNorm(8), tg.Dropout(0.2),
            tg.Dense(8, 3, kernel_constraint=tg.constraints.max_norm(1.0)),
        ), X, Y, CE, {},
    ),
    "noise": (
        lambda: tg.Sequential(
            tg.GaussianNoise(0.1), tg.Dense(6, 8), tg.RReLU(), tg.DropConnect(tg.Dense(8, 8), 0.3),
            tg.StochasticDepth(tg.Dense(8, 8), 0.3), tg.Dropout(0.3, scale="test"), tg.Dense(8, 3),
        ), X, Y, CE, {},
    ),
    "generator of a layer": (
        lambda: tg.Sequential(tg.Dropout(0.5, rng=np.random.default_rng(4)), tg.Dense(6, 3)), X, Y, CE, {"rng": 7},
    ),
    "convolution and augmentation": (
        lambda: tg.Sequential(
            tg.Conv2D(1, 3, 3, padding="same", activation="relu"), tg.BatchNorm(3), tg.MaxPool2D(2),
            tg.SpatialDropout2D(0.2), tg.Conv2D(3, 4, 3), tg.GlobalAvgPool2D(), tg.Dense(4, 3),
        ), IMAGES, Y, CE, {"augment": CHANGE},
    ),
    "fractional pooling": (
        lambda: tg.Sequential(tg.Conv2D(1, 3, 3), tg.FractionalMaxPool2D(1.4), tg.Flatten(), tg.Dense(48, 3)),
        IMAGES, Y, CE, {},
    ),
    "float32 and layer norm": (
        lambda: tg.Sequential(
            tg.Dense(6, 8, dtype="float32"), tg.LayerNorm(8, dtype="float32"), tg.Dense(8, 3, dtype="float32")
        ), X.astype("float32"), np.eye(3, dtype="float32")[Y], CE, {},
    ),
    "weights of classes and samples": (
        plain, X, Y, CE, {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}, "sample_weight": np.linspace(0, 1, 43)},
    ),
    "probabilities": (
        lambda: tg.Sequential(tg.Dense(6, 3, "softmax")), X, Y, "categorical_crossentropy", {"metrics": ["accuracy"]},
    ),
    "area under the curve": (
        lambda: tg.Dense(6, 1, "sigmoid"), X, BINARY, "binary_crossentropy", {"metrics": ["roc_auc"]},
    ),
    "regression": (
        lambda: tg.Sequential(tg.Dense(6, 8, "gelu"), tg.PReLU(), tg.Dense(8, 2)), X, REAL, "huber",
        {"metrics": ["mae"]},
    ),
    "autoencoder": (lambda: tg.Sequential(tg.Dense(6, 2, "tanh"), tg.Dense(2, 6)), X, X, "mse", {}),
    "own module and loss": (Scaled, X, Y, own_loss, {"sample_weight": np.linspace(0, 1, 43)}),
    "residual": (
        lambda: tg.Sequential(tg.Residual(tg.Dense(6, 6, "tanh")), tg.Dense(6, 3)), (9 * X).astype(int),
        Y.astype("uint8"), CE, {},
    ),
    "all samples": (plain, X, Y, CE, {"batch_size": None}),
    "one sample": (plain, X, Y, CE, {"batch_size": 1, "epochs": 1}),
    "columns in memory, in order": (plain, np.asfortranarray(X), Y, CE, {"shuffle": False}),
    "clip by norm": (plain, X, Y, CE, {"clip": 0.1}),
    "clip by value": (plain, X, Y, CE, {"clip": ("value", 0.01)}),
    "own clipping": (plain, X, Y, CE, {"clip": lambda p: tg.optim.clip_by_norm(p, 0.02)}),
}  # fmt: skip


def everything(made, compiled, optimizer=None, **changes):
    """All that a training leaves behind."""
    make, x, y, loss, options = made
    tg.seed(3)
    network, recorder = make(), tg.GradientRecorder()
    optimizer = tg.optim.SGD(network.parameters(), lr=0.1, momentum=0.9) if optimizer is None else optimizer(network)
    callbacks = [recorder, tg.EarlyStopping(patience=9, restore_best=True), *changes.pop("callbacks", ())]
    history = tg.fit(
        network, x, y, loss=loss, optimizer=optimizer, compile=compiled, callbacks=callbacks,
        **{"epochs": 3, "batch_size": 10, "verbose": 0, "validation_data": (x[:9], y[:9]), **options, **changes},
    )  # fmt: skip
    found = {"start": history.start_loss, **history, **recorder.norms, "reason": str(history.stop_reason)}
    found |= {f"gradient {i}": p.grad for i, p in enumerate(network.parameters())}
    found |= {f"optimizer {name}": value for name, value in optimizer.state_dict().items()}
    return found | network.state_dict() | {"draws": str(generator().bit_generator.state)}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name, strict=isinstance(value, np.ndarray))


@pytest.mark.parametrize("net", NETS)
def test_a_compiled_fit_equals_fit_bit_for_bit(net):
    assert_same(everything(NETS[net], True), everything(NETS[net], False))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_with_every_kind_of_optimizer(optimizer):
    net = NETS["penalty, batch norm, dropout, constraint"]
    runs = [everything(net, compiled, lambda m: OPTIMIZERS[optimizer](m.parameters())) for compiled in (True, False)]
    assert_same(*runs)


def test_the_program_runs_instead_of_the_model(monkeypatch):
    applied, apply = [], Primitive._apply

    def counting(op, inputs, options):
        applied.append(op.name)
        return apply(op, inputs, options)

    monkeypatch.setattr(Primitive, "_apply", counting)
    network = tg.Sequential(tg.Dense(6, 3))
    tg.fit(network, X, Y, loss=CE, optimizer="sgd", epochs=5, batch_size=10, compile=True, verbose=0)
    assert applied.count("affine") == 2  # the last batch is smaller: a program of its own


@pytest.mark.parametrize("compiled", [False, True])
def test_the_model_is_freed_with_its_last_reference(compiled):
    gc.collect()
    gc.disable()
    try:
        network = plain()
        tg.fit(network, X, Y, loss=CE, optimizer="adam", compile=compiled, verbose=0)
        known = weakref.ref(network)
        del network
        assert known() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_are_those_of_the_step_also_where_the_optimizer_was_given_some_layers_only(compiled):
    """The first layer stays as it is, and so do the numbers: each step finds what the first one found."""
    tg.seed(0)
    network, recorder = tg.Sequential(tg.Dense(6, 8), tg.BatchNorm(8), tg.Dense(8, 3)), tg.GradientRecorder()
    network[0].kernel.grad = np.ones((6, 8))
    start = network[0].kernel.numpy().copy()
    tg.fit(
        network, X, Y, loss=CE, optimizer=tg.optim.SGD(network[2].parameters(), lr=1e-12), epochs=4, batch_size=None,
        shuffle=False, callbacks=[recorder], compile=compiled, verbose=0,
    )  # fmt: skip
    norms = np.array([recorder.norms[layer] for layer in "012"])
    assert norms.shape == (3, 4) and (norms > 0).all()
    np.testing.assert_allclose(norms, np.repeat(norms[:, :1], 4, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(network[0].kernel.data, start)
    total = np.sqrt(sum(np.sum(p.grad**2) for p in network[0].parameters()))
    np.testing.assert_allclose(norms[0, -1], total)


def test_a_compiled_fit_of_some_layers_equals_fit_bit_for_bit():
    net, some = NETS["penalty, batch norm, dropout, constraint"], lambda m: tg.optim.Adam(m[3].parameters(), lr=0.01)
    assert_same(everything(net, True, some), everything(net, False, some))


# ---- what callbacks change in the midst of it


class Change(tg.Callback):
    def __init__(self, change):
        self.change = change

    def on_epoch_end(self, epoch, logs):
        if epoch == 2:
            self.change(self.run)


def freeze(run):
    run.model[0].kernel.requires_grad = False


def slower(run):
    run.optimizer.lr = 0.01


def no_dropout(run):
    run.model[1].rate = 0.0


def other_weights(run):
    run.model[0].kernel.data = run.model[0].kernel.data * 0.5


def other_seed(run):
    tg.seed(99)


def stronger(run):
    run.model[0].kernel_regularizer = tg.penalties.l2(0.5)


@pytest.mark.parametrize(
    "change", [freeze, slower, no_dropout, other_weights, other_seed, stronger], ids=lambda f: f.__name__
)
def test_what_a_callback_changes_is_followed(change):
    def make():
        return tg.Sequential(tg.Dense(6, 8, "relu", kernel_regularizer="l2"), tg.Dropout(0.5), tg.Dense(8, 3))

    runs = [
        everything((make, X, Y, CE, {}), compiled, epochs=4, callbacks=[Change(change)]) for compiled in (True, False)
    ]
    assert_same(*runs)
    unchanged = everything((make, X, Y, CE, {}), True, epochs=4)
    assert any(not np.array_equal(unchanged[name], value) for name, value in runs[0].items())


def test_a_plain_setting_of_a_users_module_is_followed():
    def double(run):
        run.model.doubled = True

    runs = [
        everything((Scaled, X, Y, CE, {}), compiled, epochs=4, callbacks=[Change(double)]) for compiled in (True, False)
    ]
    assert_same(*runs)


# ---- ending early, going on


def test_ctrl_c_ends_a_compiled_training_as_any_other():
    found = [everything(NETS["all samples"], c, batch_size=10, callbacks=[Interrupt(at=(2, 3))]) for c in (True, False)]
    assert found[0]["reason"] == "interrupted in epoch 2, after 3 of 5 batches"
    assert_same(*found)


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_a_resumed_training_goes_on_compiled_or_not(tmp_path, first, second):
    net = NETS["penalty, batch norm, dropout, constraint"]
    whole = everything(net, False, epochs=4)
    everything(net, first, epochs=2, resume=tmp_path / "run.npz")
    rest = everything(net, second, epochs=4, resume=tmp_path / "run.npz")
    assert_same(rest, whole)


# ---- messages


@pytest.mark.parametrize("case", CASES)
def test_what_fit_refuses_it_refuses_compiled_too(case):
    changes, error, message = CASES[case]
    tg.seed(0)
    trained = {"model": model(), **changes}["model"]
    before = trained.state_dict() if isinstance(trained, tg.Module) else {}
    draws = generator().bit_generator.state
    x, y = RNG.normal(size=(33, 4)), np.arange(33) % 3
    arguments = {"x": x, "y": y, "loss": CE, "optimizer": "sgd", "verbose": 0, "batch_size": 16}
    arguments |= {"drop_last": "batch" not in case, **changes, "model": trained, "compile": True}
    with pytest.raises(error, match=message):
        tg.fit(**arguments)
    assert generator().bit_generator.state == draws
    for name, array in before.items():
        np.testing.assert_array_equal(trained.state_dict()[name], array, err_msg=name)


@pytest.mark.parametrize("layer", [lambda x: np.log(x - 100), lambda x: np.sqrt(0 * x), lambda x: np.exp(400 * x)])
def test_divergence_is_told_as_without_compiling(layer):
    """The layers draw random numbers: the run that explains must draw those of the batch that diverged."""
    told = []
    for compiled in (True, False):
        tg.seed(0)
        network = tg.Sequential(
            tg.Dense(6, 8), tg.BatchNorm(8), tg.Dropout(0.9), tg.Dense(8, 8), tg.layers.Lambda(layer), tg.Dense(8, 3)
        )
        with pytest.raises(FloatingPointError) as caught:
            tg.fit(network, X, Y, loss=CE, optimizer="sgd", epochs=99, batch_size=11, compile=compiled, verbose=0)
        told.append({"message": str(caught.value), "draws": str(generator().bit_generator.state)})
        told[-1] |= network.state_dict()
    assert "'" in told[0]["message"] and "in layer 4" in told[0]["message"]
    assert_same(*told)


def test_what_no_program_can_follow_is_refused_with_the_line():
    def hasty(prediction, target):
        loss = tg.losses.softmax_crossentropy(prediction, target)
        return loss * 2 if loss.item() > 1 else loss

    network = plain()
    before = network.state_dict()
    with pytest.raises(RuntimeError, match=r"can't capture line[^\n]*test_gradient.py\n.*if loss.item\(\) > 1") as told:
        tg.fit(network, X, Y, loss=hasty, optimizer="sgd", compile=True, verbose=0)
    assert "Return the array from the step" in str(told.value)
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
    tg.fit(network, X, Y, loss=hasty, optimizer="sgd", verbose=0)


def test_compile_takes_no_settings():
    with pytest.raises(TypeError, match=r"Keras' compile\(...\) arguments are given to fit"):
        tg.fit(plain(), X, Y, loss=CE, optimizer="sgd", compile="adam", verbose=0)


def test_debug_looks_at_the_ops_of_a_compiled_fit():
    network = tg.Sequential(tg.Dense(6, 8), tg.layers.Lambda(lambda x: np.log(x - 100)), tg.Dense(8, 3))
    with tg.debug(), pytest.raises(FloatingPointError, match="log"):
        tg.fit(network, X, Y, loss=CE, optimizer="sgd", compile=True, verbose=0)

"""A resumed run equals the uninterrupted one bit for bit, however that one was ended."""

import os
import signal
import time

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import container

from .remembered import X, Y, everything, make, start, train

AUGMENT = np.random.default_rng(0)


def with_a_generator_of_its_own(x):
    return x + 0.05 * AUGMENT.standard_normal(x.shape)


@pytest.mark.filterwarnings("ignore:nothing was trained")
@pytest.mark.parametrize("stop", [1, 3, 5])
@pytest.mark.parametrize("augment", [None, with_a_generator_of_its_own], ids=["the house's", "a user's"])
def test_fit_resumes_bit_for_bit(stop, augment, tmp_path):
    def callbacks():
        return [
            tg.EarlyStopping("loss", patience=3, restore_best=True),
            tg.ReduceLROnPlateau("val_loss", patience=1, factor=0.5),
            tg.GradientRecorder(),
        ]

    global AUGMENT
    AUGMENT = np.random.default_rng(0)
    whole, its_callbacks = make(), callbacks()
    history = train(*whole, 5, tmp_path / "whole", its_callbacks, augment=augment)
    expected = everything(*whole, *its_callbacks)

    AUGMENT = np.random.default_rng(0)
    train(*make(), stop, tmp_path / "part", callbacks()[:], augment=augment)
    model, optimizer = make(seed=1)
    AUGMENT = np.random.default_rng(1)
    others = callbacks()
    with pytest.warns(UserWarning, match="holds a run with seed 9, not 77: give the same|nothing was trained"):
        resumed = train(model, optimizer, 5, tmp_path / "part", others, rng=77, augment=augment)
    assert resumed == history and resumed.best_epoch == history.best_epoch
    assert everything(model, optimizer, *others) == expected


def test_a_run_that_stopped_early_stays_stopped_and_ends_in_the_best_weights(tmp_path):
    def early():
        return tg.EarlyStopping("val_loss", min_delta=10, patience=2, restore_best=True)

    first = make()
    history = train(*first, 9, tmp_path / "run", [early()])
    assert len(history["loss"]) == 3 and history.best_epoch == 1
    again = make(seed=1)
    with pytest.warns(UserWarning, match=r"nothing was trained: .* ended after epoch 3 \(val_loss .*delete the file"):
        resumed = train(*again, 9, tmp_path / "run", [early()])
    assert resumed == history and resumed.stop_reason == history.stop_reason
    np.testing.assert_array_equal(again[0][1].kernel.data, first[0][1].kernel.data)


def test_an_interrupted_run_is_resumed_from_its_last_complete_epoch(tmp_path):
    class Interrupt(tg.Callback):
        def on_batch_end(self, batch, logs):
            if (self.run.epoch, batch) == (3, 2):
                signal.raise_signal(signal.SIGINT)

    whole = make()
    history = train(*whole, 4, tmp_path / "whole")
    assert len(train(*make(), 4, tmp_path / "part", [Interrupt()])["loss"]) == 2
    again = make(seed=1)
    assert train(*again, 4, tmp_path / "part") == history
    assert everything(*again) == everything(*whole)


def test_a_loaded_callback_remembers_its_best_in_the_next_fit(tmp_path):
    early = tg.EarlyStopping(patience=1)
    early.best, early.best_epoch = 1e-9, 4
    model, optimizer = make()
    tg.save(tmp_path / "x", model=model, callbacks=[early])
    fresh = tg.EarlyStopping(patience=1)
    tg.load(tmp_path / "x", model=model, callbacks=[fresh])
    history = train(model, optimizer, 5, callbacks=[fresh])
    assert len(history["loss"]) == 1 and "after epoch 4 (1e-09)" in history.stop_reason


# ---- kill -9

RUNNER = """
    import sys
    import numpy as np
    import tinygrad_reg as tg

    tg.seed(0)
    rng = np.random.default_rng(0)
    x = rng.random((600, 1, 8, 8))
    y = (x.reshape(600, 64) @ rng.normal(size=(64, 10))).argmax(axis=1)
    train, validation = tg.data.split(x, y, (0.7, 0.3), rng=0)
    model = tg.Sequential(
        tg.Flatten(), tg.Dense(64, 32, activation="relu"), tg.BatchNorm(32), tg.Dropout(0.2), tg.Dense(32, 10)
    )
    run, best, weights = sys.argv[1:]
    tg.fit(
        model, *train, loss="softmax_crossentropy", optimizer="adam", epochs=60, batch_size=64,
        validation_data=validation, metrics=["accuracy"], verbose=0, compile=True, resume=run,
        augment=tg.data.augmentation.compose(tg.data.augmentation.shift(1), tg.data.augmentation.noise(0.1)),
        callbacks=[
            tg.EarlyStopping(patience=20, restore_best=True),
            tg.ModelCheckpoint(best, save_best_only=True),
        ],
    )
    tg.save(weights, model=model)
"""


def arrays(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_60_epochs_killed_at_any_moment_and_started_again_end_in_the_same_weights(tmp_path):
    assert len(RUNNER.strip().splitlines()) <= 25
    part = tmp_path / "part"
    ours = part, tmp_path / "part.best", tmp_path / "part.weights"
    kills = 0
    with start(RUNNER, *(tmp_path / name for name in ("whole", "whole.best", "whole.weights"))):
        for _ in range(3):
            with start(RUNNER, *ours) as process:
                seen = part.stat().st_mtime_ns if part.exists() else 0
                while process.poll() is None and not (part.exists() and part.stat().st_mtime_ns > seen):
                    time.sleep(0.002)
                time.sleep(0.017 * (kills + 1))
                process.kill()
            kills += process.returncode == -signal.SIGKILL
        with start(RUNNER, *ours):
            pass
    assert kills >= 2
    assert tg.load(part).epoch > 20
    for kind in ("", ".best", ".weights"):
        expected, found = arrays(tmp_path / f"whole{kind}"), arrays(tmp_path / f"part{kind}")
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{name} of part{kind}")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".draft")]


def test_a_callback_that_goes_to_another_folder_does_not_take_the_file_along(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    class Goes(tg.Callback):
        def on_epoch_end(self, epoch, logs):
            os.chdir(tmp_path / "elsewhere")

    x, y = np.ones((4, 2)), np.zeros((4, 1))
    tg.fit(
        tg.Dense(2, 1, rng=0), x, y, loss="mse", optimizer="sgd", epochs=3, resume="run", callbacks=[Goes()], verbose=0
    )
    assert not os.listdir(tmp_path / "elsewhere")
    assert tg.load(tmp_path / "run").epoch == 3


def test_the_file_lies_where_the_system_would_put_it(tmp_path, monkeypatch):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    monkeypatch.chdir(tmp_path)
    train(*make(), 1, os.path.join("link", "..", "run"))
    assert (tmp_path / "real" / "run").is_file() and not (tmp_path / "run").exists()


def test_what_can_not_be_saved_is_refused_before_the_first_epoch(tmp_path):
    class Odd(tg.Callback):
        def state_dict(self):
            return {"path": tmp_path}

        def load_state_dict(self, state):
            pass

    model, optimizer = make()
    before = everything(model, optimizer)
    with pytest.raises(TypeError, match=r"callbacks\.0 Odd\.path' is a PosixPath, which can't be saved"):
        train(model, optimizer, 2, tmp_path / "run", [Odd()])
    assert everything(model, optimizer) == before


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({"state_dict": lambda self: {"n": 1}}, r"Odd has a state_dict\(\), and no load_state_dict\(state\)"),
        ({"state_dict": lambda self: [1], "load_state_dict": lambda self, state: None}, "must give a dict, not list"),
    ],
)
def test_a_state_that_could_not_be_loaded_is_refused_before_the_first_epoch(methods, message, tmp_path):
    odd = type("Odd", (tg.Callback,), methods)()
    model, optimizer = make()
    before = everything(model, optimizer)
    with pytest.raises(TypeError, match=message):
        train(model, optimizer, 2, tmp_path / "run", [odd])
    assert everything(model, optimizer) == before and not os.listdir(tmp_path)


def test_a_callback_that_resets_itself_as_it_begins_remembers_what_the_file_says(tmp_path):
    class Counts(tg.Callback):
        def on_train_begin(self):
            self.epochs = 0

        def on_epoch_end(self, epoch, logs):
            self.epochs += 1

        def state_dict(self):
            return {"epochs": self.epochs}

        def load_state_dict(self, state):
            self.epochs = state["epochs"]

    train(*make(), 2, tmp_path / "run", [Counts()])
    counts, recorder = Counts(), tg.GradientRecorder()
    train(*make(), 3, tmp_path / "run", [counts])
    assert counts.epochs == 3
    train(*make(), 1, tmp_path / "other", [recorder])
    again = train(*make(), 2, tmp_path / "other", [recorder := tg.GradientRecorder()])
    assert again.gradients is recorder and recorder.steps == list(range(8))
    assert len(train(*make(), 1, callbacks=[recorder])["loss"]) == 1 and recorder.steps == list(range(4))


def test_a_run_whose_scores_have_left_0_to_1_on_the_way_is_resumed_to_the_same_figures(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.integers(0, 2, (30, 1))

    def trained(epochs, path):
        tg.seed(1)
        model = tg.Dense(2, 1, bias_initializer=tg.initializers.constant(0.5), kernel_initializer="zeros")
        optimizer = tg.optim.SGD(model.parameters(), lr=0.9)
        options = {"loss": "mse", "metrics": ["accuracy"], "batch_size": 5, "shuffle": False, "verbose": 0}
        return tg.fit(model, x, y, optimizer=optimizer, epochs=epochs, resume=path, **options)

    with pytest.warns(UserWarning, match="is NaN where it has no value, and the training goes on"):
        whole = trained(4, None)
    with pytest.warns(UserWarning, match="is NaN where it has no value"):
        trained(2, tmp_path / "run")
    with pytest.warns(UserWarning, match="is NaN where it has no value"):
        resumed = trained(4, tmp_path / "run")
    assert np.isnan(whole["accuracy"]).all()
    np.testing.assert_equal(dict(resumed), dict(whole))


def test_longdouble_is_resumed_as_other_types_are(tmp_path):
    def trained(epochs, path=None):
        model, optimizer = make(dtype=np.longdouble)
        return train(model, optimizer, epochs, resume=path)

    trained(1, tmp_path / "run")
    assert trained(2, tmp_path / "run") == trained(2)


@pytest.mark.parametrize(
    "refused",
    [
        {"y": Y.reshape(-1, 1)},
        {"metrics": ["top_k"]},  # of five classes
        {"loss": lambda prediction, target: np.sum(prediction) * np.nan},
        {"clip": lambda parameters: 1 / 0},
        {"callbacks": [tg.EarlyStopping("val_loss")]},
    ],
    ids=["y", "metrics", "loss", "clip", "callbacks"],
)
def test_a_fit_that_is_refused_leaves_what_callbacks_have_loaded_and_gradients_as_they_were(refused, tmp_path):
    def fit(y=Y, loss="softmax_crossentropy", callbacks=(), **options):
        return tg.fit(
            model, X, y, loss=loss, optimizer=optimizer, callbacks=[early, slower, *callbacks], verbose=0, **options
        )

    model, optimizer = make()
    early, slower = tg.EarlyStopping("loss", restore_best=True), tg.ReduceLROnPlateau("loss")
    fit(epochs=1)
    tg.save(tmp_path / "run", model=model, optimizer=optimizer, callbacks=[early, slower])
    early, slower = tg.EarlyStopping("loss", restore_best=True), tg.ReduceLROnPlateau("loss")
    tg.load(tmp_path / "run", model=model, optimizer=optimizer, callbacks=[early, slower])
    best, weights = early.best, early.weights
    for p in model.parameters():
        p.grad = np.ones(p.shape)
    with pytest.raises((ValueError, FloatingPointError, ZeroDivisionError)):
        fit(**refused)
    assert all((p.grad == 1).all() for p in model.parameters())
    assert early.best == slower.best == best < np.inf and early.weights is weights
    assert early.loaded and slower.loaded, "the next fit goes on from there"


def test_best_weights_of_another_model_are_refused_before_the_training_not_at_its_end(tmp_path):
    path = tmp_path / "run"
    early = tg.EarlyStopping("loss", patience=9, restore_best=True)
    train(*make(), 1, resume=path, callbacks=early)
    state = container.read(path)
    weights = state["callbacks"]["0 EarlyStopping"]["weights"]
    weights["1.bias"] = weights["1.bias"][:2]
    container.write(path, state)
    model, optimizer = make(seed=2)
    before = everything(model, optimizer)
    with pytest.raises(ValueError, match=r"can't load .*, nothing was changed: .* 1.bias is \(2,\) there, \(5,\) here"):
        train(model, optimizer, 3, resume=path, callbacks=tg.EarlyStopping("loss", patience=9, restore_best=True))
    assert everything(model, optimizer) == before

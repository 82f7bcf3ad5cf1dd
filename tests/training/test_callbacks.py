"""Callbacks: when they are called, what they add, what is none."""

from dataclasses import dataclass

import numpy as np
import pytest

import tinygrad_reg as tg

X, Y = np.random.default_rng(0).normal(size=(12, 2)), np.zeros((12, 1))


def test_callbacks_are_called_in_order():
    calls = []

    class Note(tg.Callback):
        def __getattribute__(self, name):
            if name.startswith(("on_", "after_")):
                calls.append(name)
            return super().__getattribute__(name)

    tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", batch_size=6, callbacks=[Note()], verbose=0)
    step = ["on_gradient", "on_batch_end"]
    assert calls == ["on_train_begin", *step, *step, "on_epoch_end", "after_epoch", "on_train_end"]


def test_a_frozen_callback_is_one_and_knows_its_training_while_it_runs():
    @dataclass(frozen=True)
    class Told(tg.Callback):
        seen: list

        def on_epoch_end(self, epoch, logs):
            self.seen.append(self.run.epoch)

    told = Told([])
    for _ in range(2):
        tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", epochs=2, callbacks=told, verbose=0)
    assert told.seen == [1, 2, 1, 2] and not hasattr(told, "run")


def test_what_a_callback_adds_to_the_logs_is_in_the_history():
    def note(epoch, logs):
        logs["squared"] = epoch**2

    history = tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", epochs=3, callbacks=[note], verbose=0)
    assert history["squared"] == [1, 4, 9]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [(tg.EarlyStopping, "write EarlyStopping"), ("early", "callbacks must be .* not 'early'"),
     (lambda epoch: None, r"with \(epoch, logs\), and <lambda> takes \(epoch\): write def callback\(epoch, logs\)"),
     (type("Mine", (), {"on_epoch_end": None})(), r"must be a tg.Callback: write class Mine\(tg.Callback\)"),
     (type("Mine", (), {"__call__": max, "state_dict": None})(), r"with methods must be a tg.Callback: write class")],
)  # fmt: skip
def test_what_is_no_callback_is_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", callbacks=[wrong], verbose=0)


def test_a_numpy_bool_stops_as_a_bool_does():
    options = {"loss": "mse", "optimizer": "sgd", "epochs": 4, "verbose": 0}
    history = tg.fit(tg.Dense(2, 1), X, Y, callbacks=[lambda epoch, logs: np.mean([epoch]) > 1], **options)
    assert history.epochs == 2 and "said so after epoch 2" in history.stop_reason
    assert tg.fit(tg.Dense(2, 1), X, Y, callbacks=[lambda epoch, logs: "no word for it"], **options).epochs == 4


@pytest.mark.parametrize("moment", ["on_gradient", "on_batch_end", "on_epoch_end", "after_epoch"])
def test_a_run_is_saved_between_epochs_only(moment, tmp_path):
    class Saves(tg.Callback):
        def save(self, *_):
            self.run.save(tmp_path / "run")

    setattr(Saves, moment, Saves.save)
    model = tg.Dense(2, 1, rng=0)
    options = {"loss": "mse", "optimizer": "sgd", "rng": 0, "batch_size": 5, "verbose": 0}
    if moment != "after_epoch":  # the file would claim whole epochs, and hold the weights of a part more
        with pytest.raises(RuntimeError, match=r"epoch 1 is not over: call self\.run\.save\(path\) in after_epoch\(\)"):
            tg.fit(model, X, Y, callbacks=[Saves()], **options)
        return
    tg.fit(model, X, Y, callbacks=[Saves()], epochs=2, **options)
    whole, resumed = tg.Dense(2, 1, rng=0), tg.Dense(2, 1, rng=1)
    tg.fit(whole, X, Y, epochs=3, **options)
    tg.fit(resumed, X, Y, epochs=3, resume=tmp_path / "run", **options)
    assert np.array_equal(resumed.kernel.data, whole.kernel.data)


@pytest.mark.parametrize(
    ("name", "method", "message"),
    [
        (
            "on_epoch_begin",
            lambda self, epoch, logs=None: None,
            r"on_epoch_begin\(\) of Mine would never be called",
        ),
        (
            "on_train_batch_end",
            lambda self, batch, logs: None,
            r"never be called: write on_batch_end\(batch, logs\)",
        ),
        (
            "on_epoch_finish",
            lambda self, epoch, logs: None,
            r"on_epoch_finish\(\) of Mine would never be called: .* on_epoch_end\(epoch, logs\)\? There are on_",
        ),
        (
            "on_improve",
            lambda self: None,
            r"on_improve\(\) of Mine would never be called: There are on_train_begin, on_g",
        ),
        (
            "on_epoch_end",
            lambda self, epoch: None,
            r"of Mine is called with \(self, epoch, logs\), and <",
        ),
        (
            "on_train_begin",
            lambda self, logs: None,
            r"of Mine is called with \(self\), and <lambda> takes",
        ),
    ],
)
def test_a_method_that_would_not_be_called_like_this_is_refused_where_it_is_written(name, method, message):
    with pytest.raises(TypeError, match=message):
        type("Mine", (tg.Callback,), {name: method})


def test_methods_that_a_callback_itself_calls_may_be_called_anything():
    class Own(tg.Callback):
        def on_epoch_end(self, epoch, logs):
            self.on_improvement()

        def on_improvement(self):
            self.improved = True

    class Other(Own):
        def on_improvement(self):
            self.improved = "better"

    other = Other()
    other.on_epoch_end(1, {})
    assert other.improved == "better"


def test_methods_as_keras_has_them_are_taken_and_its_model_is_answered():
    class Mine(tg.Callback):
        def on_train_begin(self, logs=None):
            assert not hasattr(self, "model") and "model" not in dir(self)

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    with pytest.raises(AttributeError, match=r"Mine has no attribute 'model'; write self\.run\.model"):
        tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", callbacks=[Mine()], verbose=0)

"""Callbacks that watch a figure, on scripted curves (rows T2 and T3 of the lectures); figures that are not there."""

import functools
import os

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import drafts

X, Y = np.random.default_rng(0).normal(size=(12, 2)), np.zeros((12, 1))


class Script(tg.Callback):
    """Puts the figures of a script in place of the epoch's own; listed first, the others see them."""

    def __init__(self, **curves):
        self.curves = curves
        self.adds = tuple(curves)

    def on_epoch_end(self, epoch, logs):
        for name, curve in self.curves.items():
            logs[name] = curve[epoch - 1]


def train(*callbacks, epochs=None, lr=0.1, **curves):
    epochs = epochs or min(map(len, curves.values()))
    model = tg.Dense(2, 1, kernel_initializer="ones")
    history = tg.fit(
        model, X, Y, loss="mse", optimizer=tg.optim.SGD(model.parameters(), lr=lr), epochs=epochs, verbose=0,
        metrics=["mae"], validation_data=(X, Y), callbacks=[Script(**curves), *callbacks],
    )  # fmt: skip
    return history, model


CURVE = [1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.6, 0.9, 0.9, 0.9, 0.9]


@pytest.mark.parametrize(
    ("patience", "rule", "stops"),
    [(0, "keras", 3), (1, "keras", 3), (2, "keras", 6), (3, "keras", 7), (4, "keras", 12),
     (0, "lecture", 3), (1, "lecture", 6), (2, "lecture", 7), (3, "lecture", 12), (4, "lecture", 12)],
)  # fmt: skip
def test_T2_stops_at_the_very_epoch(patience, rule, stops):
    early = tg.EarlyStopping(patience=patience, rule=rule)
    history, _ = train(early, val_loss=CURVE)
    assert len(history["loss"]) == stops
    assert (history.stop_reason is None) == (stops == 12 and early.bad < patience + (rule == "lecture"))
    assert history.best_epoch == int(np.argmin(CURVE[:stops])) + 1


def test_T2_a_gain_is_more_than_min_delta():
    curve = [1.0, 0.95, 0.9, 0.84, 0.80, 0.75]  # 0.1 below the best first in epoch 4
    assert len(train(tg.EarlyStopping(min_delta=0.1, patience=4), val_loss=curve)[0]["loss"]) == 6
    assert len(train(tg.EarlyStopping(min_delta=0.1, patience=2), val_loss=curve)[0]["loss"]) == 3
    # of exactly min_delta is none, as in Keras
    assert len(train(tg.EarlyStopping(min_delta=0.25, patience=1), val_loss=[1.0, 0.75, 0.5])[0]["loss"]) == 2
    rising = tg.EarlyStopping("accuracy", min_delta=0.25, patience=1)
    assert len(train(rising, accuracy=[0.25, 0.5, 1.0], epochs=3)[0]["loss"]) == 2


def test_T2_accuracies_are_watched_for_a_rise():
    curve = [0.5, 0.6, 0.7, 0.69, 0.68]
    history, _ = train(tg.EarlyStopping("accuracy", patience=2), accuracy=curve, epochs=5)
    assert len(history["loss"]) == 5 and history.best_epoch == 3
    assert history.stop_reason == "accuracy brought no gain for 2 epochs after epoch 3 (0.7)"


def test_one_early_stopping_alone_says_which_weights_the_model_ends_with():
    both = [tg.EarlyStopping("val_loss", restore_best=True), tg.EarlyStopping("accuracy", restore_best=True)]
    with pytest.raises(ValueError, match="by EarlyStopping of 'val_loss' and of 'accuracy': leave it to one of them"):
        train(*both, val_loss=CURVE, accuracy=CURVE)
    falling, rising = [1.0, 0.5, 0.75, 0.75], [0.1, 0.2, 0.3, 0.4]  # best in epochs 2 and 4
    for order in (1, -1):
        two = [tg.EarlyStopping(patience=9, restore_best=True), tg.EarlyStopping("accuracy", patience=9)][::order]
        history, _ = train(*two, val_loss=falling, accuracy=rising)
        assert history.best_epoch == 2


def test_a_training_that_diverges_says_where_the_best_weights_are():
    class Breaks(tg.Callback):
        def on_batch_end(self, batch, logs):
            if self.run.epoch == 3:
                self.run.model.kernel.data[...] = np.nan

    spy, early = Spy(), tg.EarlyStopping(patience=9, restore_best=True)
    with pytest.raises(
        FloatingPointError, match=r"diverged .*\. The weights of epoch 1, the best by 'val_loss', were"
    ) as e:
        train(spy, early, Breaks(), val_loss=[1.0, 2.0, 2.0])
    assert e.value.history.best_epoch == 1 and early.weights["kernel"].tolist() == spy.kernels[0].tolist()
    with pytest.raises(FloatingPointError, match=r"or clip=1\.0$"):  # nothing to be said of one that keeps none
        train(tg.EarlyStopping(patience=9), Breaks(), val_loss=[1.0, 2.0, 2.0])


def test_the_same_callback_twice_is_refused():
    early = tg.EarlyStopping(patience=2)
    with pytest.raises(ValueError, match="the same EarlyStopping is among the callbacks twice"):
        train(early, early, val_loss=CURVE)
    train(tg.EarlyStopping(patience=2), tg.EarlyStopping(patience=2), val_loss=CURVE)  # equal, but two


def test_a_callback_of_a_training_that_is_running_is_refused_in_another_one():
    early, runs = tg.EarlyStopping("val_loss", patience=2), []

    def nested(epoch, logs):
        runs.append(early.run)
        with pytest.raises(ValueError, match=r"this EarlyStopping has a `run` already.*make another one for this"):
            train(early, val_loss=[9.0])
        assert early.run is runs[0]  # and still belongs to the first

    history, _ = train(early, nested, val_loss=CURVE)
    alone, _ = train(tg.EarlyStopping(patience=2), val_loss=CURVE)
    assert history.epochs == alone.epochs > 1 and history.stop_reason == alone.stop_reason
    assert "run" not in vars(early)


def test_a_figure_of_a_users_needs_a_mode():
    checkpoint = functools.partial(tg.ModelCheckpoint, "x", save_best_only=True)
    for watcher in (tg.EarlyStopping, tg.ReduceLROnPlateau, checkpoint):
        with pytest.raises(
            ValueError, match=r"a better 'cost' a lower or a higher one\? Write mode='min' or mode='max'"
        ):
            watcher("cost")
        assert watcher("cost", mode="max").mode == "max"


def test_nan_is_no_gain():
    history, _ = train(tg.EarlyStopping(patience=2), val_loss=[1.0, np.nan, np.nan, 0.1])
    assert len(history["loss"]) == 3


def test_a_figure_that_is_nan_from_the_start_counts_from_the_first_epoch():
    history, _ = train(tg.EarlyStopping(patience=2), val_loss=[np.nan] * 4)
    assert len(history["loss"]) == 2
    assert history.stop_reason == "val_loss brought no gain for 2 epochs after epoch 0 (inf)"
    assert tg.ReduceLROnPlateau().state_dict().items() >= {"best_epoch": 0, "bad": 0, "resting": 0}.items()


def test_a_state_is_that_of_the_same_figure():
    early = tg.EarlyStopping("accuracy", patience=2)
    train(early, accuracy=[0.5, 0.75], epochs=2)
    again = tg.EarlyStopping("accuracy", patience=2)
    again.load_state_dict(early.state_dict())
    assert again.best == 0.75 and again.best_epoch == 2
    with pytest.raises(ValueError, match="monitor of EarlyStopping is 'accuracy' there, 'val_loss' here"):
        tg.EarlyStopping().load_state_dict(early.state_dict())
    state = early.state_dict()
    del state["bad"]
    with pytest.raises(
        ValueError, match="the state of EarlyStopping has monitor, mode, best, best_epoch, bad, weights"
    ):
        again.load_state_dict(state)


def test_weights_of_another_model_are_no_state_for_a_training():
    early = tg.EarlyStopping("mae", restore_best=True)
    train(early, mae=[0.5], epochs=1)
    state = early.state_dict()

    class Takes(tg.Callback):
        def __init__(self, weights):
            self.weights = weights

        def on_epoch_end(self, epoch, logs):
            early.load_state_dict({**state, "weights": self.weights})

    train(early, Takes(state["weights"]), mae=[0.5], epochs=1)
    other = {path: np.zeros((3, 4)) for path in state["weights"]}
    with pytest.raises(ValueError, match=r"are another model's: kernel is \(3, 4\) there, \(2, 1\) here"):
        train(early, Takes(other), mae=[0.5], epochs=1)


def test_restore_best_ends_with_the_weights_of_the_best_epoch():
    seen = []
    for restore in (False, True):
        spy = Spy()
        _, model = train(spy, tg.EarlyStopping(patience=2, restore_best=restore), val_loss=CURVE)
        seen.append((spy.kernels, model.kernel.data))
    (kernels, last), (_, best) = seen
    np.testing.assert_array_equal(last, kernels[-1])
    np.testing.assert_array_equal(best, kernels[3])
    # also where the epochs ran out first
    spy = Spy()
    _, model = train(spy, tg.EarlyStopping(patience=99, restore_best=True), val_loss=CURVE)
    np.testing.assert_array_equal(model.kernel.data, spy.kernels[7])


class Spy(tg.Callback):
    def __init__(self):
        self.kernels = []

    def on_epoch_end(self, epoch, logs):
        self.kernels.append(self.run.model.kernel.data.copy())


def test_a_callback_that_is_used_again_starts_anew():
    early = tg.EarlyStopping(patience=1)
    train(early, val_loss=[0.1, 0.2])
    history, _ = train(early, val_loss=[1.0, 0.9, 0.8])
    assert len(history["loss"]) == 3 and early.best == 0.8


def test_reduce_lr_on_plateau_follows_keras():
    curve = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    reduce = tg.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.03)
    history, _ = train(reduce, val_loss=curve)
    np.testing.assert_allclose(history["lr"], [0.1] * 3 + [0.05] * 3 + [0.03] * 3)
    fresh = tg.ReduceLROnPlateau(factor=0.5, patience=2)
    np.testing.assert_allclose(train(fresh, val_loss=[1.0] * 6)[0]["lr"], [0.1] * 3 + [0.05] * 2 + [0.025])
    rests = tg.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=2)  # the last epoch of the rest counts as bad
    np.testing.assert_allclose(train(rests, val_loss=[1.0] * 7)[0]["lr"], [0.1] * 3 + [0.05] * 3 + [0.025])
    at_once = tg.ReduceLROnPlateau(factor=0.5, patience=0)
    np.testing.assert_allclose(train(at_once, val_loss=[1.0] * 3)[0]["lr"], [0.1, 0.1, 0.05])


def test_reduce_lr_on_plateau_refuses_a_schedule():
    with pytest.raises(ValueError, match="follows a schedule"):
        train(tg.ReduceLROnPlateau(), lr=tg.optim.schedules.constant(0.1), val_loss=[1.0])


@pytest.mark.parametrize("callback", [tg.EarlyStopping, tg.ReduceLROnPlateau])
def test_a_figure_that_does_not_exist_lists_those_that_do(callback):
    with pytest.raises(ValueError, match=r"no figure to monitor is called 'val_accuracy'.*loss, mae, val_loss"):
        train(callback("val_accuracy"), val_loss=[1.0])


def test_val_loss_without_validation_says_what_to_give(tmp_path):
    for callback in (tg.EarlyStopping(), tg.ModelCheckpoint(tmp_path / "x", save_best_only=True)):
        with pytest.raises(ValueError, match="no validation: give fit"):
            tg.fit(tg.Dense(2, 1), X, Y, loss="mse", optimizer="sgd", callbacks=[callback], verbose=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tg.EarlyStopping(patience=-1), "patience must be a whole number"),
        (lambda: tg.EarlyStopping(mode="up"), "mode must be"),
        (lambda: tg.EarlyStopping(rule="mine"), "rule must be"),
        (lambda: tg.EarlyStopping(min_delta=-0.1), "min_delta"),
        (lambda: tg.EarlyStopping(restore_best="no"), "restore_best must be True or False"),
        (lambda: tg.ModelCheckpoint("best.npz", "val_loss", "min"), "save_best_only must be True or False, not 'min'"),
        (lambda: tg.ReduceLROnPlateau(factor=2), "factor"),
        (lambda: tg.ReduceLROnPlateau(factor=1), "factor"),
        (lambda: tg.ReduceLROnPlateau(factor=0), "factor"),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


# ---- the model checkpoint


def test_T3_the_file_is_replaced_only_when_better(tmp_path):
    path = tmp_path / "best.npz"
    stamps = []
    train(
        tg.ModelCheckpoint(path, save_best_only=True),
        lambda epoch, logs: stamps.append(tg.load(path).epoch if path.exists() else 0),
        val_loss=CURVE,
    )
    # the function is asked before the file of its own epoch is written
    assert stamps == [0, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8]
    assert tg.load(path).epoch == 8


def test_T3_the_smallest_gain_is_one(tmp_path):
    train(tg.ModelCheckpoint(tmp_path / "best", save_best_only=True), val_loss=[1.0, 0.999])
    assert tg.load(tmp_path / "best").epoch == 2
    # where each epoch is saved, nobody has to know which way a figure gets better
    assert tg.ModelCheckpoint(tmp_path / "x", "cost").mode == "min"
    assert tg.ModelCheckpoint(tmp_path / "x", "cost", mode="max").mode == "max"


def test_without_save_best_only_each_epoch_is_saved(tmp_path):
    train(tg.ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.1f}.npz"), val_loss=CURVE[:3])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01-1.0.npz", "02-0.8.npz", "03-0.9.npz"]
    with pytest.raises(ValueError, match="braces for figures, but not for one of epoch, loss"):
        train(tg.ModelCheckpoint(tmp_path / "{nonsense}.npz"), val_loss=[1.0])
    for name in ("{epoch:9999999999999999}.npz", "{loss.mean}.npz", "{loss[0]}.npz"):
        with pytest.raises(ValueError, match="braces for figures, but not"):
            train(tg.ModelCheckpoint(tmp_path / name), val_loss=[1.0])


@pytest.mark.parametrize("pid", [2**22 + 1, 2**99])  # no system has as many
def test_what_a_killed_run_left_half_written_is_removed(tmp_path, pid):
    draft = drafts._draft(tmp_path / "best.npz")
    draft.with_name(draft.name.replace(f"-{os.getpid()}-", f"-{pid}-")).write_bytes(b"half")
    train(tg.ModelCheckpoint(tmp_path / "best.npz"), val_loss=CURVE[:1])
    assert [p.name for p in tmp_path.iterdir()] == ["best.npz"]


def test_a_missing_folder_is_refused_before_the_first_step(tmp_path):
    spy = Spy()
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        train(tg.ModelCheckpoint(tmp_path / "absent" / "x.npz"), spy, val_loss=[1.0])
    assert spy.kernels == []


def test_the_folders_of_all_epochs_must_be_there_before_the_first_step(tmp_path):
    (tmp_path / "1").mkdir()
    spy = Spy()
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*2' to save '.*m\.npz' in: make it first"):
        train(tg.ModelCheckpoint(tmp_path / "{epoch}" / "m.npz"), spy, val_loss=[1.0, 0.9])
    (tmp_path / "0.0").mkdir()
    with pytest.raises(
        ValueError, match=r"m\.npz' must be known before the training: figures other than epoch must be"
    ):
        train(tg.ModelCheckpoint(tmp_path / "{val_loss:.1f}" / "m.npz"), spy, val_loss=[1.0, 0.9])
    assert spy.kernels == [] and not os.listdir(tmp_path / "1")
    (tmp_path / "2").mkdir()
    train(tg.ModelCheckpoint(tmp_path / "{epoch}" / "{val_loss}.npz"), val_loss=[1.0, 0.9])
    assert os.listdir(tmp_path / "1") == ["1.0.npz"] and os.listdir(tmp_path / "2") == ["0.9.npz"]


def test_a_callback_that_goes_to_another_folder_does_not_take_the_best_along(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    train(tg.ModelCheckpoint("{epoch}.npz"), lambda epoch, logs: os.chdir(tmp_path / "elsewhere"), val_loss=CURVE[:2])
    assert {path.name for path in tmp_path.iterdir()} == {"1.npz", "2.npz", "elsewhere"}
    assert not os.listdir(tmp_path / "elsewhere")

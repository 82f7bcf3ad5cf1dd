"""A script that asks for something else than the file of its run was asked for is told so."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import container, settings

from .remembered import make, train


@pytest.mark.parametrize("epochs", [2, 1])
def test_a_run_whose_epochs_are_done_says_that_nothing_was_trained(epochs, tmp_path):
    train(*make(), 2, tmp_path / "run")
    with pytest.warns(UserWarning, match=f"nothing was trained: epoch 2 of '.*run' is done, and epochs={epochs}; give"):
        assert train(*make(), epochs, tmp_path / "run").epochs == 2


def test_a_learning_rate_that_the_file_replaces_is_told(tmp_path):
    train(*make(), 1, tmp_path / "run")
    model, _ = make()
    optimizer = tg.optim.Adam(model.parameters(), lr=0.5)
    with pytest.warns(UserWarning, match="lr is 0.02 from '.*run', not 0.5: .*delete the file to start anew") as told:
        assert train(model, optimizer, 2, tmp_path / "run").start_lr == 0.02
    assert told[0].filename == train.__code__.co_filename and optimizer.lr == 0.02


def test_a_rate_that_the_training_itself_has_lowered_is_no_reason_for_a_warning(tmp_path):
    def lower(epoch, logs):
        optimizer.lr /= 2

    model, optimizer = make()
    train(model, optimizer, 1, tmp_path / "run", lower)
    train(model, optimizer, 2, tmp_path / "run", lower)  # the same optimizer, whose rate is what the file holds
    model, optimizer = make()
    assert train(model, optimizer, 3, tmp_path / "run", lower).start_lr == 0.02  # another, as the script makes it
    assert optimizer.lr == 0.02 / 8


def test_a_run_that_goes_on_otherwise_than_it_was_begun_is_told(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)

    def script(epochs, x=x, rate=0.5, penalty=0.1, batch_size=5):
        tg.seed(0)
        dense = tg.Dense(3, 2, kernel_regularizer=tg.penalties.l2(penalty))
        options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0, "resume": tmp_path / "run"}
        tg.fit(tg.Sequential(tg.Dropout(rate), dense), x, y[: len(x)], epochs=epochs, batch_size=batch_size, **options)

    script(1)
    assert tg.load(tmp_path / "run").settings["batch_size"] == 5
    script(2)  # as it was begun
    with pytest.warns(
        UserWarning, match=r"run' holds a run with 0: Dropout\(0\.5\), not 0: Dropout\(0\.2\): give the same"
    ):
        script(3, rate=0.2)
    with pytest.warns(
        UserWarning, match=r"a run with batch_size 5, not 4, and 0: Dropout\(0\.2\), not .* the file to start"
    ):
        script(4, batch_size=4)
    with pytest.warns(UserWarning, match=r"with 1: .*kernel_regularizer=l2\(0\.1\)\), not 1: .*l2\(0\.3\)\): give"):
        script(5, penalty=0.3, batch_size=4)
    with pytest.warns(UserWarning, match="with other values of x: give the same"):
        script(6, x=x + 1, penalty=0.3, batch_size=4)
    with pytest.warns(UserWarning, match="with samples 20, not 16: give the same"):
        script(7, x=x[:16] + 1, penalty=0.3, batch_size=4)
    state = container.read(tmp_path / "run")
    del state["settings"]  # as a file of tg.save
    container.write(tmp_path / "run", state)
    script(8, x=x * 2)
    for damage in ({"model": [1.5]}, {"samples": {}}, [3]):
        container.write(tmp_path / "run", {**state, "settings": damage})
        with pytest.raises(ValueError, match="run', nothing was changed: "):
            script(9)


def test_a_seed_of_noise_is_none_to_compare(tmp_path):
    """Who sets no seed gets another one from the system each time, and the generator's state from the file."""

    def script(epochs, rng):
        options = {"loss": "mse", "optimizer": "sgd", "verbose": 0, "resume": tmp_path / "run"}
        tg.fit(tg.Dense(1, 1), np.ones((4, 1)), np.ones((4, 1)), epochs=epochs, rng=rng, **options)

    script(1, np.random.default_rng())
    script(2, np.random.default_rng())
    script(3, 5)
    with pytest.warns(UserWarning, match="a run with seed 5, not 6: give the same .*, or delete the file"):
        script(4, 6)


def test_a_set_of_any_size_has_a_fingerprint():
    large = np.broadcast_to(np.arange(3.0)[:, None], (3, 5 * 10**5))
    fingerprint = settings.fingerprint
    assert fingerprint(large) == fingerprint(large.copy()) != fingerprint(large + 1)
    assert fingerprint(np.zeros((4, 0))) == fingerprint(np.zeros((5, 0)))


def test_what_a_script_no_longer_draws_from_or_clips_is_told(tmp_path):
    train(*make(), 1, tmp_path / "run", clip=1.0)
    differ = "with clip global_norm 1, not norm 2, and random generators rng.0, not none, and seed 9, not 0: give"
    with pytest.warns(UserWarning, match=differ):
        train(*make(), 2, tmp_path / "run", clip=("norm", 2), rng=None)


@pytest.mark.parametrize(("first", "second"), [(None, 0.5), (0.5, None), (0.5, 2.0)])
def test_weights_of_samples_that_come_go_or_change_are_told(first, second, tmp_path):
    def run(epochs, weight):
        weights = None if weight is None else np.full(24, weight)
        train(*make(), epochs, tmp_path / "run", sample_weight=weights)

    run(1, first)
    with pytest.warns(UserWarning, match="holds a run with other values of weights: give the same"):
        run(2, second)


def test_other_validation_data_and_other_metrics_are_told(tmp_path):
    """The best figure so far, the one to beat, is that of the validation data of before."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)

    def script(epochs, validation, metrics=("accuracy",)):
        options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0, "resume": tmp_path / "run"}
        tg.fit(tg.Dense(3, 2), x, y, epochs=epochs, rng=0, validation_data=validation, metrics=metrics, **options)

    script(1, (x[:6], y[:6]))
    script(2, (x[:6].copy(), y[:6].copy()))  # as it was begun
    for epochs, validation, told in (
        (3, (x[6:12], y[:6]), "other values of x_val: give"),
        (4, (x[6:12], 1 - y[:6]), "other values of y_val: give"),
        (5, (x[:5], y[:5]), "validation samples 6, not 5: give"),
        (6, None, "validation samples 5, not 0: give"),
    ):
        with pytest.warns(UserWarning, match=f"holds a run with {told} the same"):
            script(epochs, validation)
    with pytest.warns(UserWarning, match="holds a run with metrics accuracy, not none: give the same"):
        script(7, None, ())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda run: setattr(run.model[3], "rate", 0.5), r"3: Dropout\(0\.5\), not 3: Dropout\(0\.2\)"),
        (lambda run: setattr(run.model[1].kernel, "requires_grad", False), r"frozen 1\.kernel, .*, not 2\."),
        (lambda run: setattr(run.train, "batch_size", 5), "batch_size 5, not 7"),
    ],
)
def test_what_a_callback_has_changed_in_layers_is_told(change, told, tmp_path):
    class Changes(tg.Callback):
        def on_epoch_end(self, epoch, logs):
            change(self.run)

    class ChangesAtOnce(tg.Callback):
        def on_train_begin(self):
            change(self.run)

    train(*make(), 2, tmp_path / "run", [Changes()])
    with pytest.warns(UserWarning, match=f"holds a run with {told}.*: give the same"):
        train(*make(), 3, tmp_path / "run", [Changes()])
    train(*make(), 4, tmp_path / "run", [ChangesAtOnce()])  # says nothing

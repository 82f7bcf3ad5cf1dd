"""The diagnosis of row T4, on scripted and on real curves."""

import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training import History

FALLING = np.geomspace(2.3, 0.05, 30)


@pytest.mark.parametrize(
    ("loss", "val_loss", "verdict"),
    [
        (np.linspace(2.3, 1.9, 30), np.linspace(2.3, 2.0, 30), "underfitting"),
        (FALLING, FALLING + 0.05, "good fit"),
        (FALLING, np.r_[np.geomspace(2.3, 0.5, 10), np.linspace(0.5, 1.5, 20)], "overfitting"),
        (FALLING, np.maximum(FALLING, 0.6), "overfitting"),  # a gap that stays
        (np.r_[FALLING, FALLING[-1]], np.r_[FALLING, 0.12], "good fit"),  # a little noise at the end is no rise
    ],
)
def test_T4_scripted_curves(loss, val_loss, verdict):
    diagnosis = History(loss=loss, val_loss=val_loss).diagnosis()
    assert diagnosis.verdict == verdict
    for figure in (loss[0], loss[-1], val_loss[-1]):  # the figures that it rests on
        assert f"{figure:.3g}" in diagnosis.reasons
    assert str(diagnosis).startswith(verdict + ": ")


def test_T4_without_validation_overfitting_can_not_be_seen():
    assert History(loss=FALLING).diagnosis().verdict == "no validation"
    assert "validation_data=" in History(loss=FALLING).diagnosis().reasons
    assert History(loss=[2.0, 1.9]).diagnosis().verdict == "underfitting"
    with pytest.raises(ValueError, match="finite losses"):
        History(loss=[0.0, 1.0]).diagnosis()
    with pytest.raises(ValueError, match="empty"):
        History(loss=[]).diagnosis()


@pytest.mark.parametrize("last", [2.24e268, 21.0, math.inf, math.nan])
def test_a_loss_far_above_its_start_has_diverged(last):
    history = History(loss=[2.0, last], val_loss=[2.0, last], accuracy=[0.1, 0.1])
    diagnosis = history.diagnosis()
    assert diagnosis.verdict == "diverged" and len(diagnosis.reasons) < 150
    assert diagnosis.reasons.startswith(
        f"the training loss went from 2 to {last:.3g} in 2 epochs: try a lower learning"
    )
    assert history.summary().splitlines()[-1] == f"diverged: {history.diverged()}"


def test_a_loss_that_is_none_of_the_epochs_is_said_to_be_that_before_training():
    history = History(loss=[1.0, 0.9], val_loss=[1.0, 0.9])
    history.start_loss, history.start_lr = 1.2, 10.0
    assert history.diagnosis().reasons == (
        "the training loss went from 1.2 before training to 0.9 in 2 epochs (75% is left); the validation loss ended "
        "at 0.9. Is it the learning rate (10), too few epochs, too small a model, or x that is not standardized?"
    )
    history.start_loss = 0.8
    assert "went from 1 to 0.9" in history.diagnosis().reasons


def test_a_loss_that_rose_a_little_has_not_diverged():
    history = History(loss=[0.5, 2.0])  # where the first step of a trained model is noisy, for instance
    assert history.diverged() == History().diverged() == "" and history.diagnosis().verdict == "underfitting"
    assert "diverged" not in history.summary()


def test_fit_says_of_a_training_that_killed_its_units_that_it_diverged(capsys):
    (x, y), _ = digits(100)
    tg.seed(0)
    model = tg.Sequential(tg.Dense(64, 16, activation="relu"), tg.Dense(16, 10))
    optimizer = tg.optim.SGD(model.parameters(), lr=1000)
    history = tg.fit(model, x, y, loss="softmax_crossentropy", optimizer=optimizer, epochs=2, verbose=2)
    assert capsys.readouterr().out.splitlines()[-1] == f"diverged: {history.diverged()}"
    assert history.diagnosis().verdict == "diverged"


def digits(samples):
    x, y = tg.data.digits()
    return tg.data.split(x, y, (samples / len(x), 500 / len(x), 1 - (samples + 500) / len(x)), stratify=y, rng=0)[:2]


@pytest.mark.parametrize(
    ("samples", "units", "epochs", "shuffled", "verdict"),
    [
        (600, 1, 10, False, "underfitting"),  # one unit can't tell ten digits apart
        (1200, 32, 20, False, "good fit"),
        (100, 64, 120, True, "overfitting"),  # T6: labels at random are learned by heart
    ],
)
def test_T4_real_curves(samples, units, epochs, shuffled, verdict):
    train, validation = digits(samples)
    y = np.random.default_rng(0).permutation(train[1]) if shuffled else train[1]
    tg.seed(0)
    model = tg.Sequential(tg.Dense(64, units, activation="relu"), tg.Dense(units, 10))
    history = tg.fit(
        model, train[0], y, loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=0.01),
        epochs=epochs, validation_data=validation, metrics=["accuracy"], verbose=0,
    )  # fmt: skip
    assert history.diagnosis().verdict == verdict
    if shuffled:
        assert history["accuracy"][-1] == 1.0 and history["val_accuracy"][-1] < 0.3


def test_a_gap_is_told_also_where_it_is_small():
    diagnosis = History(loss=[2.3, 0.006], val_loss=[2.3, 0.144]).diagnosis()
    assert diagnosis.verdict == "good fit" and "ended at 0.144, above the training loss by 6% of the start" in str(
        diagnosis
    )
    assert "above" not in str(History(loss=[2.3, 0.1], val_loss=[2.3, 0.1]).diagnosis())


def test_an_easy_first_batch_is_no_rise():
    history = History({"loss": [10.9, 10.7, 10.6]})
    history.start_loss = 6.65
    assert "from 10.9 to 10.6" in str(history.diagnosis())


def test_a_validation_loss_above_that_of_training_mode_is_no_overfitting_where_scores_are_alike():
    curves = {"loss": [2.3, 1.5, 0.6], "val_loss": [2.2, 1.8, 1.5], "accuracy": [0.1, 0.4, 0.73]}
    assert History(curves | {"val_accuracy": [0.1, 0.4, 0.73]}).diagnosis().verdict == "good fit"
    assert History(curves | {"val_accuracy": [0.1, 0.4, 0.5]}).diagnosis().verdict == "overfitting"


def test_ten_times_the_start_has_not_diverged_and_more_has():
    assert History(loss=[2.0, 20.0]).diverged() == ""
    for curve in ([2.0, 20.1], [2.0, 1.0, 50.0], [0.5, 20.0]):
        assert "the training loss went from" in History(loss=curve).diverged()


@pytest.mark.parametrize(
    ("loss", "val_loss", "options", "verdict"),
    [
        ([3.0, 1.0], [3.0, 1.0], {}, "good fit"),  # a third of it is left, and not more
        ([3.0, 1.0], None, {}, "no validation"),
        ([4.0, 0.5], [4.0, 1.5], {"gap": 0.25}, "good fit"),  # the gap, and not more
        ([2.0, 1.0, 0.5, 0.1], [2.0, 1.0, 0.2, 1.5], {"rise": 10}, "overfitting"),  # above at the very end
        ([4.0, 1.2, 1.1], [4.0, 1.0, 1.5], {"gap": 1, "rise": 0.2}, "good fit"),  # an eighth of the start
        ([2.0, 1.0, 0.5, 0.1], [2.0, 1.0, 0.2, 0.4], {"gap": 1}, "overfitting"),  # risen at the very end
        ([2.0, 1.0, 0.5], [2.0, 0.5, 1.0], {"gap": 1, "rise": 0.25}, "good fit"),  # the rise, and not more
        ([2.0, 0.5, 0.5], [2.0, 0.5, 1.0], {"gap": 1}, "good fit"),  # training did not go on falling
        ([2.0, 0.5, 0.4], [2.0, 0.5, 1.0], {"gap": 1}, "overfitting"),  # here it did
        ([2.0, math.nan, math.nan, 0.5], [2.0, math.nan, math.nan, 0.6], {}, "good fit"),  # the ends are what counts
    ],
)
def test_where_a_verdict_turns(loss, val_loss, options, verdict):
    curves = {"loss": loss} | ({} if val_loss is None else {"val_loss": val_loss})
    assert History(curves).diagnosis(**options).verdict == verdict


def test_reasons_say_what_is_above_and_what_has_risen():
    exact = History(loss=[4.0, 0.5], val_loss=[4.0, 1.5]).diagnosis(gap=0.25)
    assert exact.verdict == "good fit" and "after its minimum" not in exact.reasons
    assert "above the training loss by 25% of the start" in exact.reasons
    for end, told in ((0.52, True), (0.515, False)):  # from 1 % on
        assert ("above the tr" in History(loss=[2.0, 0.5], val_loss=[2.0, end]).diagnosis().reasons) == told
    alike = {"loss": [2.0, 0.5], "val_loss": [2.0, 0.625], "accuracy": [0.5, 0.8], "val_accuracy": [0.5, 0.8]}
    for gap, noise in ((0.0625, False), (0.05, True)):
        assert ("measured with noise" in History(alike).diagnosis(gap=gap).reasons) == noise
    assert (
        "after its minimum of 0.5 in epoch 2" in History(loss=[2.0, 1, 0.5], val_loss=[2.0, 0.5, 1]).diagnosis().reasons
    )


@pytest.mark.parametrize(("score", "verdict"), [(0.49, "good fit"), (0.48995, "overfitting")])
def test_scores_are_alike_within_a_hundredth(score, verdict):
    curves = {"loss": [2.3, 0.6], "val_loss": [2.2, 1.5], "accuracy": [0.1, 0.5], "val_accuracy": [0.1, score]}
    assert History(curves).diagnosis().verdict == verdict

"""History: lists, a figure for each epoch, and the summary."""

import math

import pytest

from tinygrad_reg.training import History


def test_it_is_a_dict_of_lists():
    history = History({"loss": [1.0, 0.5]}, accuracy=[0.1, 0.9])
    assert history == {"loss": [1.0, 0.5], "accuracy": [0.1, 0.9]} and history.epochs == 2
    with pytest.raises(ValueError, match="a number for each epoch in every list"):
        History({"loss": [1.0], "accuracy": []})
    with pytest.raises(TypeError, match=r"lists of figures by name, such as {'loss': \[0.9, 0.5\]}, .* made of a list"):
        History([1.0, 0.5])


def test_what_it_does_not_have_is_answered_with_what_it_has():
    history = History(loss=[1.0], accuracy=[0.5])
    with pytest.raises(KeyError, match="no 'acc' in this history: it has loss, accuracy"):
        history["acc"]
    with pytest.raises(AttributeError, match=r"no attribute 'loss'; write history\['loss'\]"):
        history.loss  # noqa: B018
    with pytest.raises(AttributeError, match=r"what Keras calls history\.history"):
        history.history  # noqa: B018
    assert "acc" not in history
    assert history.get("acc") is None


def test_a_figure_that_comes_late_or_is_missing_is_nan():
    history = History()
    history.add({"loss": 1.0})
    history.add({"loss": 0.5, "late": 3.0})
    history.add({"loss": 0.2})
    assert history["loss"] == [1.0, 0.5, 0.2]
    assert [math.isnan(value) for value in history["late"]] == [True, False, True]
    assert "3 (epoch 2)" not in history.summary()  # nobody knows which way it gets better


def test_the_summary_tells_first_last_and_best():
    history = History({"loss": [2.0, 1.0], "val_loss": [2.0, 2.5], "val_accuracy": [0.5, 0.7]})
    history.stop_reason = "val_loss brought no gain"
    lines = history.summary().splitlines()
    assert lines[2].split() == ["val_loss", "2", "2.5", "2", "(epoch", "1)"]
    assert lines[3].split() == ["val_accuracy", "0.5", "0.7", "0.7", "(epoch", "2)"]
    assert lines[4] == "stopped: val_loss brought no gain"
    assert repr(history.summary()) == str(history.summary()) == str(history)
    for empty in (History(), History(loss=[])):
        assert str(empty) == empty.summary() == "a history of no epoch"

"""Which way a figure gets better: known of the house's, asked of a user's."""

import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.direction import direction, direction_or_none


@pytest.mark.parametrize(
    ("figure", "way"),
    [
        ("loss", "min"),
        ("val_mae", "min"),
        ("val_huber", "min"),
        ("binary_crossentropy", "min"),
        ("accuracy", "max"),
        ("val_accuracy", "max"),
        ("val_roc_auc", "max"),
        ("val_accuracy_of_logits", "max"),
    ],
)
def test_a_figure_of_the_house_tells_by_its_name(figure, way):
    assert direction(figure) == direction_or_none(figure) == way


def test_every_loss_and_metric_of_the_house_has_one():
    names = {*tg.losses.LOSSES, *tg.metrics.METRICS} - {"confusion_matrix"}  # which is no number
    assert not [name for name in names if direction_or_none(name) is None]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_who_says_it_is_right(mode):
    assert direction("cost", mode) == direction("accuracy", mode) == mode


@pytest.mark.parametrize("name", ["neg_mean_absolute_error", "val_inaccuracy", "val_neg_loss", "my_accuracy", "error"])
def test_a_word_in_the_name_of_a_users_figure_does_not_tell(name):
    with pytest.raises(
        ValueError, match=rf"a better '{name}' a lower or a higher one\? Write mode='min' or mode='max'"
    ):
        direction(name)
    assert direction_or_none(name) is None


@pytest.mark.parametrize(("name", "meant"), [("acc", "accuracy"), ("val_acc", "val_accuracy")])  # as lecture 004 has it
def test_the_beginning_of_a_name_is_answered_with_all_of_it(name, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        direction(name)

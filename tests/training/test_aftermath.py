"""What a training leaves behind: the modes of before, and where an error ended it, the history so far."""

import pytest

import tinygrad_reg as tg

from .small import X, Y, small


def test_modes_are_as_they_were_and_noise_is_on_while_training():
    model = small().eval()
    model[3].train()
    before = model[1].moving_mean.data.copy()
    tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="sgd", verbose=0, validation_data=(X, Y))
    assert [layer.training for layer in model] == [False, False, False, True]
    assert (model[1].moving_mean.data != before).all()


def test_an_error_of_a_callback_has_the_history_so_far():
    def fails(epoch, logs):
        if epoch == 3:
            raise LookupError("of the user")

    with pytest.raises(LookupError, match="of the user") as caught:
        tg.fit(
            tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=5, callbacks=[fails], verbose=0
        )
    assert caught.value.history.epochs == 2


def test_what_an_error_says_itself_of_a_history_stays():
    class Mine(Exception):
        def __init__(self, history):
            self.history = history

    def fails(epoch, logs):
        raise Mine("long")

    with pytest.raises(Mine) as caught:
        tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", callbacks=[fails], verbose=0)
    assert caught.value.history == "long"

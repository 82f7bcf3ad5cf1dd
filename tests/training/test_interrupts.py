"""Ctrl-C: a training ends after a whole step, with the history so far."""

import signal

import pytest

import tinygrad_reg as tg

from .small import Interrupt, X, Y, small


def test_ctrl_c_ends_after_the_step_with_the_history_so_far():
    model = small()
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    history = tg.fit(
        model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, epochs=9, batch_size=10,
        callbacks=[Interrupt(at=(3, 2))], verbose=0,
    )  # fmt: skip
    assert len(history["loss"]) == 2 and optimizer.steps == 2 * 4 + 2
    assert history.stop_reason == "interrupted in epoch 3, after 2 of 4 batches"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_the_midst_of_a_step_lets_it_come_to_its_end():
    class Impatient(tg.optim.SGD):
        def step(self, closure=None):
            signal.raise_signal(signal.SIGINT)
            return super().step(closure)

    model = tg.Dense(6, 3)
    optimizer = Impatient(model.parameters(), lr=0.1)
    before = model.kernel.data.copy()
    history = tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, epochs=9, verbose=0)
    assert history == {} and optimizer.steps == 1 and (model.kernel.data != before).any()


def test_a_keyboard_interrupt_from_anywhere_ends_the_training_too():
    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    history = tg.fit(
        tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=9, callbacks=[interrupt], verbose=0
    )
    assert history.stop_reason.startswith("interrupted in epoch 1")


class Noticing(tg.ReLU):
    """Ctrl-C is pressed when its mode is put back."""

    armed = False

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "training" and self.armed:
            signal.raise_signal(signal.SIGINT)


class Arm(tg.Callback):
    def on_train_end(self):
        Noticing.armed = True


def test_ctrl_c_while_all_is_put_back_comes_when_it_is(monkeypatch):
    monkeypatch.setattr(Noticing, "armed", False)
    model = tg.Sequential(Noticing(), tg.Dense(6, 3), tg.Dropout(0.5))
    model.eval()
    arm = Arm()
    with pytest.raises(KeyboardInterrupt):
        tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="sgd", callbacks=[arm], verbose=0)
    assert not any(module.training for _, module in model.named_modules()) and "run" not in vars(arm)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_before_the_first_step_ends_before_it():
    class Early(tg.Callback):
        def on_train_begin(self):
            signal.raise_signal(signal.SIGINT)

    model = small()
    before = model.state_dict()
    history = tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="sgd", callbacks=[Early()], verbose=0)
    assert history == {} and history.stop_reason == "interrupted after epoch 0"
    assert all((array == before[path]).all() for path, array in model.state_dict().items())


def test_a_handler_that_a_callback_sets_is_left_alone():
    def own(number, frame):
        raise AssertionError("nobody presses")

    class Sets(tg.Callback):
        def on_train_begin(self):
            signal.signal(signal.SIGINT, own)

    try:
        tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", callbacks=[Sets()], verbose=0)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)

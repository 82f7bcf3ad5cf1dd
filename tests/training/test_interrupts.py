"""Ctrl-C: a training ends after a whole step, with the history so far."""

import signal

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

"""A small training with all that there is to care for: what the tests of fit begin with."""

import signal

import numpy as np

import tinygrad_reg as tg

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 6))
Y = RNG.integers(0, 3, 40)


def small(**options):
    """A model with all that training has to care for: penalty, constraint, moving statistics, noise."""
    tg.seed(5)
    return tg.Sequential(
        tg.Dense(6, 8, activation="relu", kernel_regularizer=tg.penalties.l2(0.01), **options),
        tg.BatchNorm(8, momentum=0.9),
        tg.Dropout(0.2),
        tg.Dense(8, 3, kernel_constraint=tg.constraints.max_norm(1.0)),
    )


def same(a, b):
    states = a.state_dict(), b.state_dict()
    assert states[0].keys() == states[1].keys()
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)


def trained(**options):
    """The kernel of one layer after an epoch."""
    model = tg.Dense(6, 3, rng=0)
    y = options.pop("y", Y)
    tg.fit(model, X, y, loss="softmax_crossentropy", optimizer="sgd", rng=0, verbose=0, **options)
    return model.kernel.data.tolist()


OPTIMIZERS = {
    "sgd": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9),
    "lookahead": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9, form="lookahead"),
    "adam": lambda p: tg.optim.Adam(p, lr=0.01),
    "schedule": lambda p: tg.optim.SGD(p, lr=tg.optim.schedules.exponential(0.1, decay=0.9)),
}


class Interrupt(tg.Callback):
    def __init__(self, at):
        self.at = at

    def on_batch_end(self, batch, logs):
        if (self.run.epoch, batch) == self.at:
            signal.raise_signal(signal.SIGINT)

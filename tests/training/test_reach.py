"""Parameters that nothing trains are told: those that become some while the training runs."""

import warnings

import numpy as np
import pytest

import tinygrad_reg as tg

X, Y = np.random.default_rng(0).normal(size=(12, 2)), np.zeros((12, 1))


def thaw(model, optimizer, epochs=4):
    def callback(epoch, logs):
        model[0].kernel.requires_grad = True

    before = model[0].kernel.data.copy()
    tg.fit(model, X, Y, loss="mse", optimizer=optimizer, epochs=epochs, callbacks=[callback], verbose=0)
    return not np.array_equal(before, model[0].kernel.data)


def frozen():
    model = tg.Sequential(tg.Dense(2, 3), tg.Dense(3, 1))
    model[0].kernel.requires_grad = False
    return model


def test_a_parameter_that_the_optimizer_does_not_have_is_told_once():
    with pytest.warns(UserWarning, match=r"^0\.kernel became parameters .* does not move them: make it of") as told:
        assert not thaw(frozen(), "sgd")
    assert len(told) == 1


def test_what_the_warning_says_helps():
    model = frozen()
    optimizer = tg.optim.Adam([p for _, p in model.named_state()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert thaw(model, optimizer)

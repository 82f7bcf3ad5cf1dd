"""Parameters that nothing trains are told: those that no gradient reaches, and those that come too late."""

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


def test_a_layer_that_was_replaced_after_the_optimizer_was_made_is_told():
    model = tg.Sequential(tg.Dense(2, 3), tg.Dense(3, 1))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    model.layers[1] = tg.Dense(3, 1)
    with pytest.warns(UserWarning, match=r"^the optimizer does not move 1\.kernel, 1\.bias, but .* Make a new one of"):
        tg.fit(model, X, Y, loss="mse", optimizer=optimizer, verbose=0)


@pytest.mark.parametrize("own", ["a head", "all, and the loss's"])
def test_an_optimizer_of_a_part_or_of_more_than_the_model_may_be_meant(own):
    model, scale = tg.Sequential(tg.Dense(2, 3), tg.Dense(3, 1)), tg.Tensor(1.0, requires_grad=True)
    parts = model[1].parameters() if own == "a head" else [*model.parameters(), scale]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tg.fit(
            model,
            X,
            Y,
            loss=lambda p, y: scale * np.mean((p - y) ** 2),
            optimizer=tg.optim.SGD(parts, lr=0.1),
            verbose=0,
        )


class Parts(tg.Module):
    """Its first layer is used, and gets a gradient, as the tests say."""

    def __init__(self, first):
        self.a, self.b, self.first, self.calls = tg.Dense(2, 3), tg.Dense(3, 1), first, 0

    def forward(self, x):
        self.calls += 1
        return self.b(self.first(self, x))


def cut(model, x):
    return model.a(x).detach()


def sometimes(model, x):
    return model.a(x) if model.calls > 2 else np.ones((len(x), 3))


def fitted(model, **options):
    x = np.random.default_rng(0).normal(size=(12, 2))
    return tg.fit(model, x, x[:, :1], loss="mse", optimizer="sgd", batch_size=4, epochs=2, verbose=0, **options)


@pytest.mark.parametrize("compile", [False, True])
def test_parameters_without_a_gradient_are_named_once(compile):
    with pytest.warns(UserWarning, match=r"the loss does not depend on a\.kernel, a\.bias: no gradient") as told:
        fitted(Parts(cut), compile=compile)
    assert len(told) == 1 and told[0].filename == __file__


def test_parameters_that_are_frozen_skipped_at_times_or_not_the_optimizers_are_no_reason_for_a_warning():
    fitted(Parts(sometimes))
    frozen = Parts(cut)
    for p in frozen.a.parameters():
        p.requires_grad = False
    fitted(frozen)
    other = Parts(cut)
    x = np.ones((4, 2))
    tg.fit(other, x, x[:, :1], loss="mse", optimizer=tg.optim.SGD(other.b.parameters(), lr=0.1), verbose=0)

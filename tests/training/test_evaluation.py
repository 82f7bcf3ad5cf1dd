"""evaluate and predict: in batches what the model gives at once, in eval mode."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tinygrad_reg as tg

from .small import X, Y, small


def test_predict_in_batches_equals_the_model_in_eval_mode():
    model = small()
    out = tg.predict(model, X, batch_size=7)
    np.testing.assert_allclose(out, model.eval()(X).data, rtol=1e-12)
    model.train()
    assert type(out) is np.ndarray and model.training and model[2].training
    np.testing.assert_array_equal(tg.predict(model, X), tg.predict(model, X.tolist()))


@pytest.mark.parametrize("function", [np.sum, lambda x: np.sum(x, axis=1)[:-1], lambda x: (x, x)])
def test_predict_refuses_what_is_no_output_a_sample(function):
    with pytest.raises(TypeError, match="needs a model that gives one output for each sample; for 4 samples this Lam"):
        tg.predict(tg.Lambda(function), X[:4])


def test_a_loss_of_ones_own_in_which_a_column_meets_a_row_is_warned_of_once_and_counts_the_same():
    x, y, model = np.arange(12.0).reshape(6, 2), np.arange(6.0), tg.Dense(2, 1)

    def loss(prediction, target):
        return np.mean((prediction - target) ** 2)

    with pytest.warns(UserWarning, match=r"subtract of .* has shape \(3, 3\), each element of one with each") as told:
        found = tg.evaluate(model, x, y, loss=loss, batch_size=3)["loss"]
    halves = [loss(model(x[part]), y[part]).item() for part in (slice(3), slice(3, 6))]
    assert len(told) == 1 and found == np.mean(halves)
    tg.evaluate(model, x, y, loss=lambda p, t: loss(p[:, 0], t))  # no warning, which would be an error here
    assert all(p.grad is None for p in model.parameters())


def test_evaluate_weighs_batches_by_their_samples():
    model = small()
    found = tg.evaluate(model, X, Y, loss="softmax_crossentropy", metrics=["accuracy"], batch_size=16)
    whole = tg.losses.softmax_crossentropy(model.eval()(X), Y).item()
    assert found == {"loss": pytest.approx(whole, rel=1e-12), "accuracy": tg.metrics.accuracy(model(X), Y)}
    with pytest.raises(TypeError, match="evaluate needs something to compute"):
        tg.evaluate(model, X, Y)
    with pytest.raises(TypeError, match=r"a loss is called with \(prediction, target\), and <lambda> takes \(p\)"):
        tg.evaluate(model, X, Y, loss=lambda p: p.sum())


def test_threads_that_predict_with_one_model_do_not_disturb_each_other():
    model = tg.Sequential(tg.Dense(8, 8), tg.Dropout(0.5), tg.Dense(8, 1))  # in training mode, as it is made
    x = np.random.default_rng(0).normal(size=(6, 8))
    expected = tg.predict(model, x)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: tg.predict(model, x, batch_size=1), range(100)))
    assert all(np.allclose(out, expected, rtol=1e-12) for out in found)
    assert all(module.training for _, module in model.named_modules())


class TwoOutputs(tg.Module):
    def __init__(self):
        self.one, self.other = tg.Dense(2, 1), tg.Dense(2, 1)

    def forward(self, x):
        return self.one(x), self.other(x)


@pytest.mark.parametrize("compile", [False, True])
def test_a_model_of_several_outputs_is_trained_and_measured_but_for_metrics(compile):
    x, y = np.random.default_rng(0).normal(size=(9, 2)), np.zeros((9, 1))

    def loss(outputs, target):
        return tg.losses.mse(outputs[0], target) + tg.losses.mse(outputs[1], target)

    options = {"loss": loss, "optimizer": "sgd", "verbose": 0, "compile": compile}
    model = TwoOutputs()
    assert "val_loss" in tg.fit(model, x, y, validation_data=(x, y), **options)
    before = model.state_dict()
    with pytest.raises(TypeError, match="metrics compare one output with the target, but this model gives a tuple"):
        tg.fit(model, x, y, metrics=["mse"], **options)
    assert all(np.array_equal(array, before[path]) for path, array in model.state_dict().items())
    with pytest.raises(TypeError, match="metrics compare one output"):
        tg.evaluate(model, x, y, loss, ["mse"])

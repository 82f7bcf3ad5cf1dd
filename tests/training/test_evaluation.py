"""evaluate and predict: in batches what the model gives at once, in eval mode."""

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


def test_evaluate_weighs_batches_by_their_samples():
    model = small()
    found = tg.evaluate(model, X, Y, loss="softmax_crossentropy", metrics=["accuracy"], batch_size=16)
    whole = tg.losses.softmax_crossentropy(model.eval()(X), Y).item()
    assert found == {"loss": pytest.approx(whole, rel=1e-12), "accuracy": tg.metrics.accuracy(model(X), Y)}
    with pytest.raises(TypeError, match="evaluate needs something to compute"):
        tg.evaluate(model, X, Y)


def test_threads_that_share_a_model_in_eval_mode_do_not_disturb_each_other():
    model = tg.Sequential(tg.Dense(3, 4), tg.Dropout(0.5), tg.Dense(4, 1)).eval()
    writes = []

    class Watching(type(model)):
        def __setattr__(self, name, value):
            writes.append(name)
            super().__setattr__(name, value)

    model.__class__ = Watching
    tg.predict(model, np.ones((4, 3)))
    tg.evaluate(model, np.ones((4, 3)), np.ones((4, 1)), loss="mse")
    assert writes == [] and not model.training
    part = model[1].train()  # one alone
    tg.predict(model, np.ones((4, 3)))
    assert part.training and not model.training

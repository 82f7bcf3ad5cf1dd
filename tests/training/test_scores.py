"""What metrics say: once over all predictions, one number each, NaN where they have nothing to say."""

import numpy as np
import pytest

import tinygrad_reg as tg

from .small import X, Y, small


def test_metrics_are_computed_once_on_all_predictions_of_the_epoch():
    """The area under the curve is no mean over batches."""
    y = (X[:, :1] > 0).astype(float)
    model = tg.Dense(6, 1, activation="sigmoid")
    history = tg.fit(
        model, X, y, loss="binary_crossentropy", optimizer=tg.optim.SGD(model.parameters(), lr=0.0), batch_size=7,
        metrics=["roc_auc", "accuracy"], validation_data=(X, y), verbose=0,
    )  # fmt: skip
    assert history["roc_auc"] == [pytest.approx(tg.metrics.roc_auc(model(X), y), abs=1e-15)]
    assert history["roc_auc"] == history["val_roc_auc"] and history["accuracy"] == history["val_accuracy"]


def test_accuracy_fits_the_loss_that_takes_logits():
    y = (X[:, :1] > 0).astype(float)
    model = tg.Dense(6, 1, kernel_initializer="zeros")
    model.kernel.data = np.eye(6)[:, :1] * 5
    options = {"loss": "sigmoid_crossentropy", "metrics": ["accuracy"]}
    assert tg.evaluate(model, X, y, **options)["accuracy"] == 1.0
    history = tg.fit(model, X, y, optimizer=lambda p: tg.optim.SGD(p, lr=0), verbose=0, **options)
    assert history["accuracy"] == [1.0]


def test_a_metric_without_a_value_in_an_epoch_is_nan_there_with_one_warning_and_the_training_goes_on():
    x, y = np.array([[0.0], [1.0]] * 4), np.array([[0.0], [1.0]] * 4)
    options = {"loss": "mse", "epochs": 3, "verbose": 0, "rng": 0}

    def model():  # scores of 0 and 3: the first sample's is a probability
        return tg.Dense(1, 1, kernel_initializer=tg.initializers.constant(3.0))

    with pytest.warns(UserWarning, match=r"'binary_accuracy' is NaN .*: scores from .* are no probabilities") as told:
        history = tg.fit(
            model(), x, y, metrics=["binary_accuracy", "mae"], validation_data=(x, y), shuffle=False,
            optimizer=lambda p: tg.optim.SGD(p, lr=1e-6), **options,
        )  # fmt: skip
    assert len(told) == 1 and told[0].filename == __file__
    assert np.isnan(history["binary_accuracy"]).all() and np.isnan(history["val_binary_accuracy"]).all()
    assert history.epochs == 3 and np.isfinite(history["mae"]).all()

    def own(prediction, target):
        raise ValueError("a bug of the user's")

    with pytest.raises(ValueError, match="a bug of the user's"):
        tg.fit(model(), x, y, metrics=[own], optimizer="sgd", **options)
    with pytest.raises(ValueError, match="only one of them"):  # what can be told before the first step is refused
        tg.fit(model(), x, y, metrics=["roc_auc"], validation_data=(x[::2], y[::2]), optimizer="sgd", **options)


def test_accuracy_of_numbers_that_are_no_classes_names_the_metrics_for_numbers():
    with pytest.raises(ValueError, match=r"the labels in a target must be whole .* no classes use mae, mse or r2"):
        tg.fit(tg.Dense(6, 1), X, X[:, :1], loss="mse", optimizer="sgd", metrics=["accuracy"], verbose=0)


def test_a_metric_that_gives_text_is_refused_by_name():
    def grade(a, y):
        return "good"

    with pytest.raises(TypeError, match="the metric 'grade' must give one number, not 'good'"):
        tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", metrics=[grade], verbose=0)


@pytest.mark.parametrize("give", [lambda n: n, np.float32, lambda n: np.array([n]), lambda n: np.array(n), tg.Tensor])
def test_a_metric_gives_one_number_of_any_kind(give):
    def half(prediction, target):
        return give(0.5)

    assert tg.evaluate(small(), X, Y, metrics=[half]) == {"half": 0.5}

"""Rows T5 and T6 of the lectures: a smaller model overfits less, and a large one fits even labels without meaning."""

import numpy as np

import tinygrad_reg as tg


def reviews(samples, seed):
    """Bags of 100 words: ten of them occur twice as often in class 1, the others tell nothing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, samples)
    x = (rng.random((samples, 100)) < 0.2).astype(float)
    x[:, :10] = rng.random((samples, 10)) < np.where(y, 0.4, 0.2)[:, None]
    return x, y[:, None].astype(float)


def trained(units):
    """The history of 100-units-units-1 on 100 reviews, as in lecture 004 (there with 10 000 words)."""
    tg.seed(0)
    model = tg.Sequential(
        tg.Dense(100, units, activation="relu"),
        tg.Dense(units, units, activation="relu"),
        tg.Dense(units, 1, activation="sigmoid"),
    )
    return tg.fit(
        model, *reviews(100, seed=1), loss="binary_crossentropy", optimizer=tg.optim.RMSProp(model.parameters(), 0.005),
        epochs=30, batch_size=32, validation_data=reviews(500, seed=2), verbose=0, rng=0,
    )  # fmt: skip


def test_T5_the_4_4_model_overfits_later_and_less_than_the_16_16_model():
    small, large = trained(4), trained(16)
    assert large["loss"][-1] < small["loss"][-1]
    assert small["val_loss"][-1] < large["val_loss"][-1]
    assert np.argmin(small["val_loss"]) > np.argmin(large["val_loss"])


def test_T6_random_labels_are_fitted_and_nothing_is_learned():
    rng = np.random.default_rng(0)
    x, labels = tg.data.digits()
    x, shuffled = x[:300], rng.permutation(labels[:300])
    tg.seed(0)
    model = tg.Sequential(
        tg.Dense(64, 256, activation="relu", kernel_initializer="he_normal"),
        tg.Dense(256, 10),
    )
    tg.fit(
        model, x[:100], shuffled[:100], loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), 0.01),
        epochs=60, batch_size=50, verbose=0, rng=0,
    )  # fmt: skip
    assert tg.evaluate(model, x[:100], shuffled[:100], metrics=["accuracy"])["accuracy"] == 1.0
    assert tg.evaluate(model, x[100:], shuffled[100:], metrics=["accuracy"])["accuracy"] < 0.2

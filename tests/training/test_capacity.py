"""What size and penalties do to what is learned: rows T5, T6 and P10 of the lectures."""

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


def penalized(penalty):
    """A digits classifier with this penalty on its kernels: (accuracy on training data, its kernels' weights)."""
    tg.seed(0)
    x, y = (part[:600] for part in tg.data.digits())
    x = x[:, x.std(axis=0) > 0.1]  # pixels that are nearly always blank lose their weights under either penalty
    model = tg.Sequential(
        tg.Dense(x.shape[1], 16, activation="tanh", kernel_regularizer=penalty),
        tg.Dense(16, 10, kernel_regularizer=penalty),
    )
    rate = tg.optim.schedules.cosine(0.01, steps=600)  # down to 0, so that weights come to rest where the penalty wants
    adam = tg.optim.Adam(model.parameters(), lr=rate)
    tg.fit(
        model, x, y, loss="softmax_crossentropy", optimizer=adam, epochs=100, batch_size=100, verbose=0, compile=True
    )
    weights = np.concatenate([layer.kernel.data.ravel() for layer in model])
    return tg.evaluate(model, x, y, metrics=["accuracy"])["accuracy"], weights


def test_P10_L1_concentrates_weights_where_L2_shrinks_them():
    accuracy_l1, l1 = penalized(tg.penalties.l1(1e-3))
    accuracy_l2, l2 = penalized(tg.penalties.l2(1e-3))
    assert abs(accuracy_l1 - accuracy_l2) < 0.01
    assert min(accuracy_l1, accuracy_l2) > 0.97
    gone_l1, gone_l2 = np.mean(np.abs(l1) < 1e-3), np.mean(np.abs(l2) < 1e-3)  # as good as 0
    assert gone_l1 > 0.2
    assert gone_l1 >= 5 * gone_l2
    assert np.abs(l2).max() < np.abs(l1).max()  # L1 keeps the few large, L2 leaves none of them so

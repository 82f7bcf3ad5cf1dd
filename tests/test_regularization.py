"""What penalties do to a trained network, as the lectures show it: row P10."""

import numpy as np

import tinygrad_reg as tg

SMALL = 1e-3  # a weight below it is as good as gone


def trained(penalty):
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
    tg.fit(model, x, y, loss="softmax_crossentropy", optimizer=adam, epochs=100, batch_size=100, verbose=0)
    weights = np.concatenate([layer.kernel.data.ravel() for layer in model])
    return tg.evaluate(model, x, y, metrics=["accuracy"])["accuracy"], weights


def test_P10_L1_concentrates_weights_where_L2_shrinks_them():
    accuracy_l1, l1 = trained(tg.penalties.l1(1e-3))
    accuracy_l2, l2 = trained(tg.penalties.l2(1e-3))
    assert abs(accuracy_l1 - accuracy_l2) < 0.01
    assert min(accuracy_l1, accuracy_l2) > 0.97
    gone_l1, gone_l2 = np.mean(np.abs(l1) < SMALL), np.mean(np.abs(l2) < SMALL)
    assert gone_l1 > 0.2
    assert gone_l1 >= 5 * gone_l2
    assert np.abs(l2).max() < np.abs(l1).max()  # L1 keeps the few large, L2 leaves none of them so

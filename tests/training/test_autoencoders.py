"""Autoencoders on real digits (rows T11 to T14 of the lectures): encoder, latent space and decoder as one model."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.data.augmentation import noise
from tinygrad_reg.modes import generator

LATENT = 8


@pytest.fixture(scope="module")
def digits():
    x, y = tg.data.digits()
    return tg.data.split(x, y, (0.7, 0.3), stratify=y, rng=0)


def train(model, x, lr=0.003, epochs=30, **options):
    optimizer = tg.optim.Adam(model.parameters(), lr=lr)
    return tg.fit(model, x, x, loss="mse", optimizer=optimizer, epochs=epochs, verbose=0, compile=True, **options)


def autoencoder(hidden=48, activation="relu"):
    tg.seed(0)
    encoder = tg.Sequential(tg.Dense(64, hidden, activation=activation), tg.Dense(hidden, LATENT))
    decoder = tg.Sequential(tg.Dense(LATENT, hidden, activation=activation), tg.Dense(hidden, 64, activation="sigmoid"))
    return tg.Sequential(encoder, decoder)


def test_T11_the_parts_of_one_model(digits):
    (x, _), _ = digits
    model = autoencoder()
    history = train(model, x, epochs=3)
    encoder, decoder = model
    latent = tg.predict(encoder, x)
    assert latent.shape == (len(x), LATENT)
    np.testing.assert_allclose(tg.predict(decoder, latent), tg.predict(model, x), rtol=1e-9)
    assert history["loss"][-1] < history["loss"][0]


def test_T12_the_linear_one_comes_near_to_pca_and_the_deep_one_beats_it(digits):
    (x, _), _ = digits
    centred = x - x.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:LATENT]
    pca = np.mean((centred - centred @ axes.T @ axes) ** 2)

    tg.seed(0)
    linear = tg.Sequential(tg.Dense(64, LATENT), tg.Dense(LATENT, 64))
    train(linear, x, lr=0.01, epochs=25)
    error = tg.evaluate(linear, x, x, loss="mse")["loss"]
    assert pca <= error < 1.05 * pca

    deep = autoencoder(activation="elu")
    train(deep, x)
    assert tg.evaluate(deep, x, x, loss="mse")["loss"] < 0.8 * pca


def test_T13_anomalies_are_reconstructed_badly(digits):
    """A digit that was never seen in training; the threshold is what 95 % of the normal ones stay below."""
    (x, y), (x_test, y_test) = digits
    unseen = 0
    model = autoencoder()
    train(model, x[y != unseen])

    def error(images):
        return np.mean((tg.predict(model, images) - images) ** 2, axis=1)

    assert tg.metrics.roc_auc(error(x_test), y_test == unseen) > 0.95
    threshold = np.quantile(error(x[y != unseen]), 0.95)
    flagged = error(x_test) > threshold
    assert flagged[y_test == unseen].mean() > 0.8 and flagged[y_test != unseen].mean() < 0.15


def test_T14_denoising_leaves_less_than_the_noise(digits):
    """Noise is drawn anew for every batch of inputs, the targets stay clean."""
    (x, _), (x_test, _) = digits
    model = tg.Sequential(tg.Flatten(), autoencoder(hidden=64))
    optimizer = tg.optim.Adam(model.parameters(), lr=0.003)
    noisy = noise(0.3)
    tg.fit(
        model, x.reshape(-1, 1, 8, 8), x, loss="mse", optimizer=optimizer, epochs=30, verbose=0, compile=True,
        augment=noisy,
    )  # fmt: skip
    disturbed = noisy(x_test.reshape(-1, 1, 8, 8), generator(1))
    left = np.mean((tg.predict(model, disturbed) - x_test) ** 2)
    assert left < 0.5 * np.mean((disturbed.reshape(-1, 64) - x_test) ** 2)

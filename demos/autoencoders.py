"""Autoencoders: reduce dimensions, find anomalies, remove noise.

An autoencoder learns to give back what comes in, through a bottleneck:

    code = encoder(x)        x̂ = decoder(code)        L = mean (x − x̂)²      no labels are needed

    reduction    a linear encoder and decoder span the same plane as PCA; with hidden layers the error gets lower
    anomalies    what was never seen in training is reconstructed badly: its error is above a threshold
    denoising    noisy in, clean out: the noise does not fit through the bottleneck
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
from demos._lesson import Lesson, framed

lesson = Lesson(
    __file__, __doc__,
    code=(2, 2, "numbers in the bottleneck, for the reduction"),
    epochs=(150, 2, "passes over the training set for each autoencoder"),
    noise=(0.3, 0.3, "standard deviation of the noise that is to be removed"),
)  # fmt: skip
Dense = tg.Dense


def autoencoder(code, hidden=()):
    """64 → hidden → code → hidden → 64; without hidden layers all of it is linear."""
    sizes = [64, *hidden, code, *hidden[::-1], 64]
    layers = [Dense(a, b, activation="elu" if hidden and b not in (code, 64) else None) for a, b in pairwise(sizes)]
    half = len(layers) // 2
    return tg.Sequential(*layers[:half]), tg.Sequential(*layers[half:])


def trained(code, hidden, x, y, lr=0.003):
    tg.seed(lesson.seed)
    encoder, decoder = autoencoder(code, hidden)
    model = tg.Sequential(encoder, decoder)
    steps = lesson.epochs * -(-len(x) // 32)
    schedule = tg.optim.schedules.cosine(lr, steps=steps, end=lr / 50)
    tg.fit(model, x, y, loss="mse", optimizer=lambda p: tg.optim.Adam(p, lr=schedule), epochs=lesson.epochs, verbose=0)
    return model, encoder


x, labels = tg.data.digits()
(x_train, y_train), (x_test, y_test) = tg.data.split(x, labels, (0.75, 0.25), stratify=labels, rng=lesson.seed)

# Dimensionality reduction, against PCA.
mean = x_train.mean(axis=0)
directions = np.linalg.svd(x_train - mean, full_matrices=False)[2][: lesson.code]
rebuilt = {"PCA": mean + (x_test - mean) @ directions.T @ directions}
codes = {"PCA": (x_test - mean) @ directions.T}
for name, hidden in [("linear autoencoder", ()), ("deep autoencoder", (64, 32))]:
    model, encoder = trained(lesson.code, hidden, x_train, x_train)
    rebuilt[name], codes[name] = tg.predict(model, x_test), tg.predict(encoder, x_test)
print(f"64 pixels → {lesson.code} numbers → 64 pixels, mean squared error on {len(x_test)} digits never seen:")
errors = {name: np.mean((x_test - back) ** 2) for name, back in rebuilt.items()}
for name, error in errors.items():
    print(f"  {name:20} {error:.5f}   {error / errors['PCA']:.1%} of PCA’s")

figure, axes = plt.subplots(1, 2, figsize=(12, 5.6))
for ax, name in zip(axes, ["PCA", "deep autoencoder"], strict=True):
    for digit in range(10):
        at = codes[name][y_test == digit]
        ax.plot(*at[:, :2].T, "o", markersize=3, alpha=0.35, color=plt.get_cmap("tab10")(digit))
        place = np.median(at[:, :2], axis=0)
        ax.annotate(
            str(digit), place, ha="center", va="center", fontsize=15, weight="bold",
            bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": plt.get_cmap("tab10")(digit)},
        )  # fmt: skip
    ax.set(title=f"{name}: error {errors[name]:.4f}", xlabel="code 1", ylabel="code 2")
figure.suptitle("Each digit as two numbers (no label was used)")
lesson.picture(
    axes, "codes", "The digits in two dimensions, by PCA and by a deep autoencoder; numbers mark the classes."
)

first = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]


def ten_digits(rows, title, name, said):
    """A row of pictures for each way of looking at the same ten digits."""
    figure, axes = plt.subplots(len(rows), 10, figsize=(12, 0.6 + 1.2 * len(rows)))
    framed(axes)
    for row, (label, pictures) in zip(axes, rows.items(), strict=True):
        for ax, i in zip(row, first, strict=True):
            ax.imshow(pictures[i].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    figure.suptitle(title)
    lesson.picture(axes, name, said)


ten_digits(
    {"in": x_test, **rebuilt}, f"What is left of a digit after {lesson.code} numbers",
    "reconstructions", "Ten digits, and what PCA, a linear and a deep autoencoder give back.",
)  # fmt: skip

# Anomalies: trained on the digits 0 to 8 alone, it has never seen a 9, nor pixels in disorder.
known, strange = x_train[y_train < 9], x_test[y_test == 9]
detector, _ = trained(8, (64, 32), known, known)
normal = x_test[y_test < 9]
shuffled = lesson.rng.permuted(normal, axis=1)


def error(x):
    return np.mean((x - tg.predict(detector, x)) ** 2, axis=1)


threshold = np.quantile(error(known), 0.95)
print(f"\nTrained on the digits 0 to 8; threshold {threshold:.4f}, above 95% of the errors in training:")
print(f"  {'digits 0 to 8, held out':28} {np.mean(error(normal) > threshold):.0%} above it")
figure, ax = plt.subplots()
bins = np.linspace(0, np.quantile(error(shuffled), 0.98), 60)
ax.hist(error(normal), bins, density=True, alpha=0.55, label="digits 0 to 8, never seen")
for name, odd in [("the digit 9", strange), ("digits with shuffled pixels", shuffled)]:
    both = np.concatenate([error(normal), error(odd)])
    auc = tg.metrics.roc_auc(both, np.repeat([0, 1], [len(normal), len(odd)]))
    print(f"  {name:28} {np.mean(error(odd) > threshold):.0%} above it, ROC AUC {auc:.3f}")
    ax.hist(error(odd), bins, density=True, alpha=0.55, label=f"{name}: AUC {auc:.2f}")
ax.axvline(threshold, color="black", linestyle=":")
ax.annotate("threshold", (threshold, ax.get_ylim()[1] * 0.95), xytext=(6, 0), textcoords="offset points")
ax.legend()
ax.set(xlabel="reconstruction error", ylabel="density", title="Anomalies are reconstructed badly")
lesson.picture(ax, "anomalies", "The reconstruction error of digits like those in training, and of anomalies.")

# Denoising: a noisy digit goes in, the clean one is the target. Each digit comes ten times, with other noise.
copies = np.tile(x_train, (1 if lesson.small else 10, 1))
noisy = copies + lesson.rng.normal(0, lesson.noise, copies.shape)
tg.seed(lesson.seed)
denoiser = tg.Sequential(*autoencoder(32, (128,)))
tg.fit(
    denoiser, noisy, copies, loss="mse", optimizer=tg.optim.Adam(denoiser.parameters(), lr=0.001),
    epochs=max(1, lesson.epochs // 8), batch_size=64, verbose=0,
)  # fmt: skip
noisy = x_test + lesson.rng.normal(0, lesson.noise, x_test.shape)
clean = tg.predict(denoiser, noisy)
before, after = np.mean((noisy - x_test) ** 2), np.mean((clean - x_test) ** 2)
print(f"\nDenoising: error of the noisy digits {before:.4f}, after the autoencoder {after:.4f} ({after / before:.0%})")
ten_digits(
    {"noisy": noisy, "denoised": clean, "clean": x_test},
    f"Mean squared error {before:.3f} with noise, {after:.3f} denoised",
    "denoising", "Noisy digits, what the denoising autoencoder makes of them, and the clean ones.",
)  # fmt: skip
lesson.finish()

"""Ensembles, and dropout as an ensemble for the price of one network.

Several networks answer better than one:

    ensemble       p̄(x) = 1/M Σ p_m(x), members trained independently (lecture 003)
                   −log p̄ ≤ mean of −log p_m, because −log is convex: its cross-entropy is never above the members' mean
    dropout        2ᴺ thinned networks share their weights; the one with scaled weights approximates their mean (001)

Dropout also makes activations sparse: more units are near 0.
"""

from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    members=(10, 3, "networks in the ensemble"),
    masks=(1000, 50, "dropout masks whose mean is compared with the scaled network"),
    epochs=(60, 2, "passes over the training set"),
    samples=(200, 100, "digits to train on"),
)  # fmt: skip

x, y = tg.data.digits()
share = lesson.samples / len(y)
(x_train, y_train), (x_test, y_test) = tg.data.split(x, y, (share, 1 - share), stratify=y, rng=lesson.seed)


def build(drop=0.0):
    layers = [tg.Dropout(drop)] if drop else []
    return tg.Sequential(
        tg.Dense(64, 64, activation="relu", kernel_initializer="he_normal"), *layers, tg.Dense(64, 10), tg.Softmax()
    )


# An ensemble of networks that differ in nothing but their first weights and the order of the samples.
tg.seed(lesson.seed)
ensemble = tg.Ensemble(build, members=lesson.members)
ensemble.fit(
    x_train, y_train, loss="categorical_crossentropy", optimizer=lambda p: tg.optim.Adam(p, lr=0.01),
    epochs=lesson.epochs, verbose=0, executor=ThreadPoolExecutor(2),
)  # fmt: skip
score = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
alone = [tg.evaluate(member, x_test, y_test, **score) for member in ensemble.members]
together = tg.evaluate(ensemble, x_test, y_test, **score)
losses, accuracies = ([one[key] for one in alone] for key in ("loss", "accuracy"))
print(f"{lesson.members} networks trained on {len(y_train)} digits, tested on {len(y_test)}:")
print(f"  {'':24}{'cross-entropy':>14}{'accuracy':>10}")
print(f"  {'the members, mean':24}{np.mean(losses):14.4f}{np.mean(accuracies):10.2%}")
print(f"  {'the best member':24}{min(losses):14.4f}{max(accuracies):10.2%}")
print(f"  {'the ensemble':24}{together['loss']:14.4f}{together['accuracy']:10.2%}")

outputs = np.stack([tg.predict(member, x_test) for member in ensemble.members])
curve = []
for size in range(1, lesson.members + 1):
    groups = [lesson.rng.choice(lesson.members, size, replace=False) for _ in range(30)]
    curve.append([tg.losses.categorical_crossentropy(outputs[g].mean(axis=0), y_test).item() for g in groups])
figure, ax = plt.subplots()
sizes = np.arange(1, lesson.members + 1)
ax.fill_between(sizes, np.min(curve, axis=1), np.max(curve, axis=1), alpha=0.2, label="30 random choices of members")
ax.plot(sizes, np.mean(curve, axis=1), marker="o", label="their mean")
ax.axhline(np.mean(losses), color="gray", linestyle=":", label="mean of the members’ losses")
ax.legend()
ax.set(xlabel="networks averaged", ylabel="test cross-entropy", title="Averaging over networks lowers the loss")
lesson.picture(ax, "size", "The test loss of ensembles by the number of their members.")

# Dropout: the mean over many masks, against the one network whose activations are scaled.
models = {}
for name, drop in [("without dropout", 0.0), ("with dropout 0.5", 0.5)]:
    tg.seed(lesson.seed)
    models[name] = model = build(drop)
    options = {"loss": "categorical_crossentropy", "optimizer": tg.optim.Adam(model.parameters(), lr=0.003)}
    tg.fit(model, x_train, y_train, **options, epochs=lesson.epochs, verbose=0)
model = models["with dropout 0.5"]
some = x_test[:200]
scaled = tg.predict(model, some)
model.train()
with tg.no_grad():
    thinned = [model(some).data for _ in range(lesson.masks)]
mean = np.mean(thinned, axis=0)
correlation = np.corrcoef(mean.ravel(), scaled.ravel())[0, 1]
off = np.abs(thinned[0] - scaled).mean(), np.abs(mean - scaled).mean()
print(f"\nDropout 0.5: mean of {lesson.masks} masks against the scaled network: correlation {correlation:.4f}")
print(f"  one mask is off by {off[0]:.3f} on average, the mean of all by {off[1]:.3f}")
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), sharey=True)
left.plot(scaled.ravel(), thinned[0].ravel(), ".", alpha=0.3)
left.set(xlabel="probability, scaled network", ylabel="probability, thinned networks", title="One mask")
right.plot(scaled.ravel(), mean.ravel(), ".", alpha=0.3)
right.set(xlabel="probability, scaled network", title=f"Mean of {lesson.masks} masks: correlation {correlation:.3f}")
lesson.picture(
    left, "masks", "One thinned network, and the mean over many, against the single network used at test time."
)

# Where the scaling is done: as lectured at test time, times 1 − rate; or while training, divided by it, as in Keras.
print("\nDropout 0.3 of a unit that puts out 1, on average over 100 000 draws:")
for scale in ("test", "train"):
    dropout, ones = tg.Dropout(0.3, scale=scale, rng=lesson.seed), np.ones(100_000)
    training, testing = dropout.train()(ones).data.mean(), dropout.eval()(ones).data.mean()
    print(f"  scale={scale!r:8} while training {training:.2f}, at test time {testing:.2f}")

# Dropout and sparse activations.
print(f"\n{'':20}{'accuracy':>10}{'activations < 0.1':>19}{'mean activation':>17}")
figure, ax = plt.subplots()
for name, model in models.items():
    hidden = tg.diagnostics.layer_outputs(model, x_test)["0"].ravel()
    accuracy = tg.evaluate(model, x_test, y_test, metrics=["accuracy"])["accuracy"]
    print(f"{name:20}{accuracy:10.2%}{np.mean(hidden < 0.1):19.1%}{hidden.mean():17.2f}")
    ax.hist(
        hidden, np.linspace(0, 5, 60), histtype="step", linewidth=2, label=f"{name}: {np.mean(hidden < 0.1):.0%} < 0.1"
    )
ax.legend()
ax.set(yscale="log", xlabel="activation of a hidden unit", ylabel="how many", title="What dropout does to activations")
lesson.picture(ax, "sparsity", "The activations of the hidden units on the test set, with and without dropout.")
lesson.finish()

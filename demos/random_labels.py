"""Random labels: enough parameters learn anything by heart.

The same network, 64 → 256 → 256 → 10, is trained on digits with their true labels, with labels drawn at random, and on
pixels drawn at random. The training error goes to 0 in all three; only the first has learned anything about digits.
So it is not the size of the network that keeps it from overfitting; regularization slows the learning by heart down.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    samples=(500, 100, "digits to train on"),
    epochs=(100, 3, "passes over them"),
    units=(256, 32, "units in each hidden layer"),
)  # fmt: skip

x, y = tg.data.digits()
share = lesson.samples / len(y)
(x_train, y_train), (x_test, y_test) = tg.data.split(x, y, (share, 1 - share), stratify=y, rng=lesson.seed)
random_labels = lesson.rng.integers(0, 10, len(y_train))
random_pixels = lesson.rng.uniform(0, 1, x_train.shape)


def network(drop=0.0, penalty=None):
    u = lesson.units
    dense = {"activation": "relu", "kernel_initializer": "he_normal", "kernel_regularizer": penalty}
    return tg.Sequential(
        tg.Dense(64, u, **dense), tg.Dropout(drop),
        tg.Dense(u, u, **dense), tg.Dropout(drop),
        tg.Dense(u, 10, kernel_regularizer=penalty),
    )  # fmt: skip


cases = {
    "true labels": (x_train, y_train, network),
    "random pixels": (random_pixels, y_train, network),
    "random labels": (x_train, random_labels, network),
    "random labels, dropout 0.5": (x_train, random_labels, lambda: network(drop=0.5)),
    "random labels, L2": (x_train, random_labels, lambda: network(penalty=tg.penalties.l2(0.003))),
}
parameters = sum(p.size for p in network().parameters())
print(f"{parameters:,} parameters, {len(y_train)} samples, {lesson.epochs} epochs of Adam:")
print(f"{'':28}{'training accuracy':>18}{'test accuracy':>15}{'epochs to 99%':>15}")
figure, ax = plt.subplots()
for name, (pixels, labels, make) in cases.items():
    tg.seed(lesson.seed)
    model, curve = make(), []

    def accuracy(epoch, logs, model=model, pixels=pixels, labels=labels, curve=curve):
        """On the training set, without dropout."""
        curve.append(tg.evaluate(model, pixels, labels, metrics=["accuracy"])["accuracy"])

    tg.fit(
        model, pixels, labels, loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=0.002),
        epochs=lesson.epochs, callbacks=[accuracy], verbose=0,
    )  # fmt: skip
    test = tg.evaluate(model, x_test, y_test, metrics=["accuracy"])["accuracy"]
    learned = np.flatnonzero(np.array(curve) >= 0.99)
    print(f"{name:28}{curve[-1]:18.1%}{test:15.1%}{learned[0] + 1 if len(learned) else 'never':>15}")
    ax.plot(range(1, len(curve) + 1), curve, label=f"{name}: test {test:.0%}")
ax.axhline(0.1, color="gray", linestyle=":", linewidth=1)
ax.annotate("chance", (1, 0.115), ha="left", color="gray")
ax.legend(loc="lower right")
ax.set(xlabel="epoch", ylabel="training accuracy", ylim=(0, 1.03), title="Enough parameters learn anything by heart")
lesson.picture(
    ax, "random-labels", "Training accuracy on true labels, random pixels, and random labels; test accuracy beside it."
)
lesson.finish()

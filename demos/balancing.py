"""Unbalanced classes: random oversampling, SMOTE and class weights.

    random oversampling    samples of the rare class are repeated until the classes are equally frequent
    SMOTE                  new ones between neighbours of the class: a + u·(b − a), u uniform in [0, 1), b one of a's
                           k nearest neighbours in the class
    class weights          each loss times N / (classes · members of its class)

Only the training set is balanced; validation and test stay as the world is (lecture 003).
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    common=(400, 200, "samples of the common class, in the plane"),
    rare=(12, 12, "samples of the rare class"),
    epochs=(60, 3, "passes over the training set"),
)  # fmt: skip


def world(common, rare, rng):
    """Two clouds in the plane that overlap."""
    clouds = [rng.normal((0, 0), 1.0, (common, 2)), rng.normal((1.9, 1.4), 0.7, (rare, 2))]
    return np.concatenate(clouds), np.repeat([0, 1], [common, rare])


x, y = world(lesson.common, lesson.rare, lesson.rng)
x_test, y_test = world(5000, 150, lesson.rng)  # the same mixture, of samples never seen


def balanced(x, y):
    """The samples, their labels, and the weights of their classes, in each of the ways."""
    return {
        "as it is": (x, y, None),
        "random oversampling": (*tg.data.random_oversample(x, y, rng=lesson.seed), None),
        "SMOTE": (*tg.data.smote(x, y, k=5, rng=lesson.seed), None),
        "class weights": (x, y, tg.data.class_weights(y)),
    }


def train(model, points, labels, weights, lr, epochs):
    """Adam on the cross-entropy; `weights` of the classes, or None for equal ones."""
    tg.fit(
        model, points, labels[:, None].astype(float), loss="sigmoid_crossentropy",
        optimizer=tg.optim.Adam(model.parameters(), lr=lr), epochs=epochs,
        class_weight=weights, verbose=0,
    )  # fmt: skip


def figures(model, x, y):
    """Recall and precision of the rare class, and accuracies."""
    answer = tg.predict(model, x) > 0  # logits
    rare, common = answer[y == 1].mean(), 1 - answer[y == 0].mean()
    precision = np.mean(y[answer[:, 0]] == 1) if answer.any() else 0.0
    return np.mean(answer[:, 0] == y), rare, precision, (rare + common) / 2


def table(name, numbers, samples):
    print(f"{name:22}{samples:>14}" + "".join(f"{number:12.1%}" for number in numbers))


head = f"{'':22}{'trained on':>14}{'accuracy':>12}{'recall':>12}{'precision':>12}{'balanced':>12}"
print(f"{lesson.common} samples of class 0, {lesson.rare} of class 1\n{head}")
sets = balanced(x, y)
majority = np.array([np.mean(y_test == 0), 0, 0, 0.5])
table("always answering 0", majority, "")
figure, axes = plt.subplots(1, 4, figsize=(15, 4.4), sharex=True, sharey=True)
for ax, (name, (points, labels, weights)) in zip(axes, sets.items(), strict=True):
    tg.seed(lesson.seed)
    model = tg.Sequential(tg.Dense(2, 16, activation="tanh"), tg.Dense(16, 1))
    train(model, points, labels, weights, lr=0.01, epochs=lesson.epochs)
    numbers = figures(model, x_test, y_test)
    table(name, numbers, "{} + {}".format(*np.bincount(labels)))
    viz.decision_boundary(model, points, labels, ax=ax)
    ax.set(title=f"{name}\nrecall {numbers[1]:.0%}, precision {numbers[2]:.0%}", xlabel="", ylabel="")
    if ax is not axes[0]:
        ax.get_legend().remove()
for bar in [ax for ax in figure.axes if ax not in axes]:
    bar.remove()
lesson.picture(axes, "boundaries", "The boundary that is learned from unbalanced data, and from balanced ones.")

# SMOTE: each new point lies on a segment between two neighbours of the rare class.
points, labels = sets["SMOTE"][:2]
made, own = points[len(x) :], x[y == 1]
directions = own[None] - own[:, None]
along = np.einsum("nid,ijd->nij", made[:, None] - own[None], directions) / np.maximum((directions**2).sum(-1), 1e-30)
gaps = made[:, None, None] - own[None, :, None] - np.clip(along, 0, 1)[..., None] * directions[None]
farthest = np.sqrt((gaps**2).sum(-1)).min(axis=(1, 2)).max()
print(f"\nSMOTE made {len(made)} samples; the one farthest from a segment between two real ones is {farthest:.0e} away")
figure, ax = plt.subplots(figsize=(7.6, 5.4))
ax.plot(*x[y == 0].T, "o", color="#b8c4d0", markersize=4, label="class 0")
ax.plot(*made.T, ".", color="#fc8961", markersize=5, label="made by SMOTE")
ax.plot(*own.T, "s", color="#a33600", markersize=9, markeredgecolor="white", label="class 1, real")
ax.legend()
ax.set(xlabel="feature 1", ylabel="feature 2", xlim=(-0.5, 4), ylim=(-1, 3.6))
ax.set_title("New samples between neighbours of the rare class")
lesson.picture(ax, "smote", "SMOTE’s samples lie on segments between a real sample and one of its neighbours.")

# Real data: one digit against all others, and few of it.
images, digits = tg.data.digits()
(x_train, d_train), (x_test, d_test) = tg.data.split(images, digits, (0.5, 0.5), stratify=digits, rng=lesson.seed)
keep = (d_train != 8) | (np.cumsum(d_train == 8) <= 12)
x_train, y_train, y_test = x_train[keep], (d_train[keep] == 8).astype(int), (d_test == 8).astype(int)
print(f"\nIs it an 8? {np.sum(y_train == 0)} other digits, {y_train.sum()} eights\n{head}")
for name, (points, labels, weights) in balanced(x_train, y_train).items():
    tg.seed(lesson.seed)
    model = tg.Sequential(
        tg.Dense(64, 16, activation="relu", kernel_regularizer=tg.penalties.l2(1e-3)), tg.Dense(16, 1)
    )
    train(model, points, labels, weights, lr=0.003, epochs=max(1, lesson.epochs // 2))
    table(name, figures(model, x_test, y_test), "{} + {}".format(*np.bincount(labels)))
lesson.finish()

"""The main demo: read handwritten digits, with L2, dropout and early stopping.

The network, 64 pixels → 64 → 64 → 10 digits, is trained on

    L(w) = −1/N Σᵢ log softmax(zᵢ)[yᵢ] + λ Σ w²           cross-entropy of the right digit, and the L2 penalty

Dropout switches each hidden unit off with probability p in every step. Early stopping watches the validation loss,
stops once `patience` epochs in a row brought no gain, and puts the weights of the best epoch back.

Then two networks of ten layers show how far back a gradient gets: σ′ ≤ 1/4, so each sigmoid layer takes most of it.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson, shown

lesson = Lesson(
    __file__, __doc__,
    epochs=(200, 4, "passes over the training set, at most"),
    batch_size=(32, 64, "samples in an update"),
    learning_rate=(0.002, 0.002, "of Adam"),
    penalty=(1e-4, 1e-4, "λ of the L2 penalty"),
    dropout=(0.3, 0.3, "p, the share of hidden units that a step drops"),
    patience=(12, 2, "epochs without a gain before training stops"),
    deep_epochs=(8, 1, "passes over the training set for the two networks of ten layers"),
)  # fmt: skip

# The data: 1797 images of 8×8 pixels, written by people. A fifth is kept for validation, a fifth for the test.
x, y = tg.data.digits()
(x_train, y_train), (x_val, y_val), (x_test, y_test) = tg.data.split(x, y, (0.6, 0.2, 0.2), stratify=y, rng=lesson.seed)

# The network.
l2 = tg.penalties.l2(lesson.penalty)
model = tg.Sequential(
    tg.Dense(64, 64, activation="relu", kernel_initializer="he_normal", kernel_regularizer=l2),
    tg.Dropout(lesson.dropout),
    tg.Dense(64, 64, activation="relu", kernel_initializer="he_normal", kernel_regularizer=l2),
    tg.Dropout(lesson.dropout),
    tg.Dense(64, 10, kernel_regularizer=l2),
)

# The training: for each batch forward to the loss, backward to the gradients, one step downhill.
print(f"Training on {len(x_train)} digits, watching {len(x_val)} others:")
stopping = tg.EarlyStopping(monitor="val_loss", patience=lesson.patience, restore_best=True)
history = tg.fit(
    model, x_train, y_train,
    loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=lesson.learning_rate),
    epochs=lesson.epochs, batch_size=lesson.batch_size, validation_data=(x_val, y_val),
    metrics=["accuracy"], callbacks=[stopping],
)  # fmt: skip

seen = tg.evaluate(model, x_train, y_train, metrics=["accuracy"])["accuracy"]
unseen = tg.evaluate(model, x_test, y_test, metrics=["accuracy"])["accuracy"]
guess = np.bincount(y_train).argmax()
print(f"the weights are those of epoch {history.best_epoch}, the best of {history.epochs}")
print(f"accuracy on the {len(x_train)} digits it was trained on   {seen:.1%}")
print(f"accuracy on the {len(x_test)} digits it has never seen    {unseen:.1%}")
print(f"for comparison, always answering {guess}               {np.mean(y_test == guess):.1%}")

figure, ax = plt.subplots()
viz.history(history, ax=ax, title="Training stops once the validation loss no longer falls")
ax.set(ylabel="cross-entropy", yscale="log")
lesson.picture(ax, "curves", "The loss, epoch by epoch, and the epoch whose weights early stopping put back.")

# The mistakes: those that the network was surest of.
p = tg.ops.softmax(tg.predict(model, x_test))
answers = p.argmax(axis=1)
wrong = np.flatnonzero(answers != y_test)
worst = wrong[np.argsort(-p[wrong, answers[wrong]])][:10]
figure, axes = plt.subplots(2, 5, figsize=(9.6, 4.6))
for ax in axes.flat:
    ax.axis("off")
for ax, i in zip(axes.flat, worst, strict=False):
    ax.imshow(x_test[i].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"is {y_test[i]}, read as {answers[i]}\n({p[i, answers[i]]:.0%} sure)", fontsize=11, loc="center")
figure.suptitle(f"{len(wrong)} of {len(x_test)} new digits were misread, these with most confidence")
lesson.picture(axes, "mistakes", "The digits of the test set that were misread with most confidence.")

# Two networks of ten layers, which differ in nothing but the activation: how far back does the gradient get?
print("\nTen layers of 64 units, gradient of the first layer over that of the last, before the first update:")
records = {}
for name, activation, initializer in [("sigmoid", "sigmoid", "xavier_normal"), ("ReLU", "relu", "he_normal")]:
    hidden = [tg.Dense(64, 64, activation=activation, kernel_initializer=initializer) for _ in range(9)]
    deep = tg.Sequential(*hidden, tg.Dense(64, 10, kernel_initializer=initializer))
    tg.losses.softmax_crossentropy(deep(x_train), y_train).backward()
    ratio = tg.diagnostics.gradient_ratio(deep)
    recorder = tg.GradientRecorder()
    tg.fit(
        deep, x_train, y_train, loss="softmax_crossentropy", optimizer=tg.optim.SGD(deep.parameters(), lr=0.1),
        epochs=lesson.deep_epochs, callbacks=[recorder], verbose=0,
    )  # fmt: skip
    learned = tg.evaluate(deep, x_test, y_test, metrics=["accuracy"])["accuracy"]
    print(f"  {name:8}{ratio:10.2g}     accuracy after {lesson.deep_epochs} epochs of the same training {learned:.1%}")
    records[name] = recorder.norms
lesson.picture(
    viz.gradient_heatmap(records, title="How much gradient reaches a layer?"),
    "gradients", "Sigmoid against ReLU: with sigmoids the first layers receive next to no gradient, and do not learn.",
)  # fmt: skip

# One more pass over four digits: its graph, and every step of it, forward, backward and the update.
model.eval()
model.zero_grad()
images = tg.Tensor(x_train[:4], name="images")
loss = tg.losses.softmax_crossentropy(model(images), y_train[:4]) + model.penalty()
loss.backward()
graph = viz.graph(loss, depth=1, title="One pass over four digits")
lesson.picture(graph, "graph", "The computation graph of the loss with its penalty, with values and gradients.")
steps = viz.steps(loss, optimizer=tg.optim.SGD(model.parameters(), lr=0.1), title="Four digits, one step at a time")
lesson.picture(steps, "steps", "The same pass one step at a time (← and → move): forward, backward, update.")
lesson.finish()
print(f"Look first at gradients.{lesson.format}, then step through steps.html.")
print(f"The other lessons: {shown(Path(sys.executable))} -m demos")

"""Overfitting: capacity, and what helps against it on little data.

    underfitting    the training loss stays high: the model is too small for the data, or was trained too little
    overfitting     the training loss falls and the validation loss rises: what is learned is these samples

Against it (all lectures), each as one more argument, layer or callback:

    less capacity   fewer units                    early stopping   stop once the validation loss rises
    L2              λ Σ w²                         max-norm         w_j ← w_j·r/‖w_j‖ where ‖w_j‖ > r, after each step
    dropout         a ← a·mask/(1 − rate)          DropConnect      W ← W·mask/(1 − rate)
    batch norm      γ(z − μ)/√(σ² + ε) + β         noise            N(0, s²) on inputs, weights, activations
    augmentation    images rotated, resized and disturbed at random, another way in each epoch

They have a pattern in common (004): noise while training, its mean at test time. model.train() and model.eval() switch.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    samples=(300, 100, "digits to train on"),
    mislabeled=(0.2, 0.2, "share of them whose label is wrong"),
    epochs=(120, 3, "passes over them"),
    units=(128, 32, "units of each hidden layer of the large model"),
)  # fmt: skip
Dense, Dropout, BatchNorm, A = tg.Dense, tg.Dropout, tg.BatchNorm, tg.data.augmentation

# Capacity: three networks on noisy points of a curve.
x, x_val, grid = (np.linspace(-1, 1, n)[:, None] for n in (30, 200, 300))
y, y_val = (np.sin(np.pi * x) + lesson.rng.normal(0, 0.2, x.shape) for x in (x, x_val))
figure, axes = plt.subplots(1, 3, figsize=(12, 4.6), sharey=True)
print("Capacity: 30 noisy points of a sine")
for ax, (name, sizes) in zip(
    axes, {"no hidden unit": [], "4 units": [4], "64-64 units": [64, 64]}.items(), strict=True
):
    tg.seed(lesson.seed)
    layers, fan_in = [], 1
    for units in sizes:
        layers.append(Dense(fan_in, units, activation="tanh", kernel_initializer=tg.initializers.normal(1.0)))
        fan_in = units
    model = tg.Sequential(*layers, Dense(fan_in, 1))
    history = tg.fit(
        model, x, y, loss="mse", optimizer=tg.optim.Adam(model.parameters(), lr=0.01), batch_size=None,
        epochs=10 if lesson.small else 2000, validation_data=(x_val, y_val), verbose=0,
    )  # fmt: skip
    print(f"  {name:14} training {history['loss'][-1]:.3f}, validation {history['val_loss'][-1]:.3f}")
    print(f"  {'':14} {history.diagnosis()}")
    ax.plot(grid, np.sin(np.pi * grid), color="gray", linestyle=":", label="the sine")
    ax.plot(x, y, "o", color="black", label="training points")
    ax.plot(grid, tg.predict(model, grid), label="the network")
    ax.set_title(f"{name}\ntraining {history['loss'][-1]:.3f}, validation {history['val_loss'][-1]:.3f}", fontsize=12)
    ax.set(xlabel="x", ylim=(-1.6, 1.9))
axes[0].legend(loc="upper left")
axes[0].set_ylabel("y")
lesson.picture(axes, "capacity", "Too small, about right, and too large a network on 30 noisy points of a sine.")

# Little data, and some of it mislabeled: to fit those labels is to learn what is not so.
images, digits = tg.data.digits(images=True)
share = lesson.samples / len(digits)
(x, y), (x_val, y_val), _ = tg.data.split(images, digits, (share, 0.4, 0.6 - share), stratify=digits, rng=lesson.seed)
wrong = lesson.rng.random(len(y)) < lesson.mislabeled
y = np.where(wrong, lesson.rng.integers(0, 10, len(y)), y)


def network(
    *, units=lesson.units, drop=0.0, norm=False, connect=0.0, noise=(0, 0, 0), regularizer=None, constraint=None
):
    """64 pixels → units → units → 10, with what is asked for."""
    layers: list[tg.Module] = [tg.Flatten()]
    on_inputs, on_weights, on_activations = noise
    layers += [tg.GaussianNoise(on_inputs)] if on_inputs else []
    for fan_in in (64, units):
        dense = Dense(
            fan_in, units, kernel_initializer="he_normal", kernel_regularizer=regularizer, kernel_constraint=constraint
        )
        dense = tg.DropConnect(dense, connect) if connect else dense
        layers.append(tg.WeightNoise(dense, tg.GaussianNoise(on_weights)) if on_weights else dense)
        layers += [BatchNorm(units, momentum=0.9)] if norm else []
        layers.append(tg.ReLU())
        layers += [Dropout(drop)] if drop else []
        layers += [tg.GaussianNoise(on_activations)] if on_activations else []
    return tg.Sequential(*layers, Dense(units, 10))


augment = A.compose(A.rotate(10), A.resize(0.9, 1.1), A.noise(0.1))
cases = {
    "nothing": ({}, {}),
    "less capacity (8 units)": ({"units": 8}, {}),
    "early stopping": ({}, {"callbacks": [tg.EarlyStopping(patience=5, restore_best=True)]}),
    "L2": ({"regularizer": tg.penalties.l2(3e-3)}, {}),
    "max-norm": ({"constraint": tg.constraints.max_norm(1.0)}, {}),
    "dropout": ({"drop": 0.5}, {}),
    "DropConnect": ({"connect": 0.5}, {}),
    "batch norm": ({"norm": True}, {}),
    "noise on the inputs": ({"noise": (0.3, 0, 0)}, {}),
    "noise on the weights": ({"noise": (0, 0.15, 0)}, {}),
    "noise on the activations": ({"noise": (0, 0, 1.0)}, {}),
    "augmentation": ({}, {"augment": augment}),
    "augmentation, dropout, L2": ({"drop": 0.4, "regularizer": tg.penalties.l2(1e-3)}, {"augment": augment}),
}
print(f"\n{len(y)} digits to train on, {wrong.sum()} of them with a label drawn at random; {len(y_val)} to validate;")
print(f"{lesson.epochs} epochs of Adam:")
print(f"{'':28}{'training loss':>14}{'validation loss':>17}{'its lowest':>12}{'accuracy':>10}")
histories = {}
for name, (options, more) in cases.items():
    tg.seed(lesson.seed)
    model = network(**options)
    history = histories[name] = tg.fit(
        model, x, y, loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=0.002),
        epochs=lesson.epochs, validation_data=(x_val, y_val), verbose=0, **more,
    )  # fmt: skip
    train = tg.evaluate(model, x, y, loss="softmax_crossentropy")["loss"]
    final = tg.evaluate(model, x_val, y_val, loss="softmax_crossentropy", metrics=["accuracy"])
    print(f"{name:28}{train:14.4f}{final['loss']:17.3f}{min(history['val_loss']):12.3f}{final['accuracy']:10.1%}")
print(f"Early stopping: {histories['early stopping'].stop_reason}")


def curve(ax, losses, **look):
    ax.plot(range(1, len(losses) + 1), losses, **look)


figure, axes = plt.subplots(3, 4, figsize=(12, 7.4), sharex=True, sharey=True)
for ax, name in zip(axes.flat, list(cases)[1:], strict=True):
    curve(ax, histories["nothing"]["val_loss"], color="gray", linestyle=":", label="validation, nothing")
    curve(ax, histories[name]["loss"], label="training")
    curve(ax, histories[name]["val_loss"], label="validation")
    ax.set_title(name, fontsize=12)
    if name == "early stopping":
        ax.plot(histories[name].best_epoch, min(histories[name]["val_loss"]), "o", color="black")
axes[0, 0].set(ylim=(0, 2))
axes[0, 1].legend(loc="upper right")
for ax in axes[-1]:
    ax.set_xlabel("epoch")
for ax in axes[:, 0]:
    ax.set_ylabel("loss")
lesson.picture(
    axes, "remedies", f"What helps on {len(y)} digits: training loss, validation loss, and that without any help."
)

figure, ax = plt.subplots()
viz.history(histories["nothing"], ax=ax, title="No remedy: the validation loss falls, then rises")
ax.set(ylabel="cross-entropy", ylim=(0, None))
lesson.picture(ax, "nothing", "Training and validation loss without any remedy, and where early stopping would stop.")

# Is max-norm kept, and what is dropout's mean in training and at test time?
kept = tg.Sequential(Dense(64, 32, kernel_constraint=tg.constraints.max_norm(1.0)), Dense(32, 10))
tg.fit(kept, x.reshape(len(x), 64), y, loss="softmax_crossentropy", optimizer="adam", epochs=3, verbose=0)
norms = np.linalg.norm(kept.layers[0].kernel.data, axis=0)
print(f"\nmax-norm 1: the norms of 32 units' incoming weights go up to {norms.max():.12f}")
a = np.ones((2000, 50))
for scale in ("train", "test"):
    layer = Dropout(0.5, scale=scale)
    training, testing = layer.train()(a).data.mean(), layer.eval()(a).data.mean()
    print(f'dropout(0.5, scale="{scale}") of ones: mean {training:.3f} in training, {testing:.3f} at test time')

# Batch normalization: in training by the batch, at test time by moving averages.
h = lesson.rng.normal(3, 2, (64, 1))
for average in ("var", "std"):
    norm = BatchNorm(1, momentum=0.9, average=average)
    for _ in range(100):
        norm(lesson.rng.normal(3, 2, (64, 1)))
    training, testing = norm(h).data, norm.eval()(h).data
    print(
        f'batch norm, average="{average}": mean {training.mean():.3f}, std {training.std():.3f} in training; '
        f"{testing.mean():.3f}, {testing.std():.3f} at test time"
    )

# What augmentation makes of one digit, and of a colour image.
print(f"\nAugmentation of the training set only, such as {augment!r}")
steps = {
    "original": None, "shift": A.shift(6), "rotate": A.rotate(30), "resize": A.resize(0.6, 1.4),
    "flip": A.flip(probability=1.0), "random crop": A.random_crop(24), "contrast": A.contrast(0.3, 1.7, (0, 1)),
    "noise": A.noise(0.1, (0, 1)), "information loss": A.information_loss(10),
    "colour shift": A.color_shift(0.25, (0, 1)),
}  # fmt: skip
figure, axes = plt.subplots(4, 5, figsize=(12, 8.2))
orange = np.kron(images[3], np.ones((4, 4))) * np.array([0.95, 0.55, 0.35])[:, None, None] + 0.05  # 32×32, in colour
for at, (name, step) in enumerate(steps.items()):
    row, column = 2 * (at // 5), at % 5
    for draw in range(2):
        shown = orange[None] if step is None else step(orange[None], rng=np.random.default_rng(lesson.seed + 2 * draw))
        axes[row + draw, column].imshow(np.clip(shown[0].transpose(1, 2, 0), 0, 1))
        axes[row + draw, column].axis("off")
    axes[row, column].set_title(name, fontsize=12, loc="center")
figure.suptitle("Each augmentation, drawn twice")
lesson.picture(
    axes, "augmentation", "One digit, and two draws of every augmentation (a flipped digit is no digit: not all fit)."
)
lesson.finish()

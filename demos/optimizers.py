"""Optimizers: a race along a ravine, and the forms that lectures print.

    gradient descent       w ← w − η·g
    momentum (000)         v ← μv + (1 − μ)g ;  w ← w − ηv               SGD(form="averaged")
    momentum (002)         m ← βm + ηg ;  w ← w − m                       SGD(form="accumulated")
    Nesterov (002)         the same, with g measured at w − βm            SGD(form="lookahead"), or nesterov=True
    AdaGrad                s ← s + g² ;  w ← w − η g/√(s + ε)
    RMSProp                s ← ρs + (1 − ρ)g² ;  w ← w − η g/√(s + ε)
    Adam (002)             m̂ = m/(1 − β₁ᵗ), ŝ = s/(1 − β₂ᵗ) ;  w ← w − η m̂/√(ŝ + ε)
    Adam as in 000         m/(1 − β₁), s/(1 − β₂), without the power t    Adam(bias_correction="constant")

Lecture 002 prints w + βm for Nesterov's look-ahead point; since m is subtracted, it must be w − βm.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    steps=(80, 80, "steps down the ravine"),
    samples=(640, 96, "digits to train on"),
    epochs=(30, 2, "passes over them"),
)  # fmt: skip
optim = tg.optim


# The ravine: flat along x, steep along y.
def ravine(x, y):
    return 0.02 * x**2 + 2 * y**2


start = (-9.0, 1.5)
inside = {"eps": 1e-8, "eps_inside_root": True}  # as lectured: √(s + ε)
racers = {
    "SGD": lambda p: optim.SGD(p, lr=0.4),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p: optim.AdaGrad(p, lr=1.0, **inside),
    "RMSProp": lambda p: optim.RMSProp(p, lr=0.3, **inside),
    "Adam": lambda p: optim.Adam(p, lr=0.6, **inside),
}


def way(make, steps):
    """The points that an optimizer comes by, from the start."""
    x, y = (tg.Tensor(v, requires_grad=True) for v in start)
    optimizer = make([x, y])
    points = [start]

    def measure():
        optimizer.zero_grad()
        loss = ravine(x, y)
        loss.backward()
        return loss

    for _ in range(steps):
        if getattr(optimizer, "form", None) == "lookahead":
            optimizer.step(measure)
        else:
            measure()
            optimizer.step()
        points.append((x.item(), y.item()))
    return np.array(points)


print(f"The ravine 0.02x² + 2y², {lesson.steps} steps from {start} (loss {ravine(*start):.2f}):")
ways = {name: way(make, lesson.steps) for name, make in racers.items()}
for name, points in ways.items():
    losses = ravine(*points.T)
    there = np.flatnonzero(losses < 0.01)
    arrived = f"below 0.01 for the first time after {there[0]} steps" if len(there) else "not below 0.01"
    print(f"  {name:10} loss {losses[-1]:.1e}, {arrived}")

figure, axes = plt.subplots(3, 2, figsize=(12, 8.4), sharex=True, sharey=True)
for ax, (name, points) in zip(axes.flat, ways.items(), strict=True):
    title = f"{name}: loss {ravine(*points[-1]):.2g}"
    viz.paths(ravine, {name: points}, start=start, x=(-10, 4), y=(-2, 2), ax=ax, title=title)
    ax.get_legend().remove()
    ax.set(xlabel="", ylabel="")
for bar in [ax for ax in figure.axes if ax not in axes.flat]:
    bar.remove()
lesson.picture(axes, "ravine", f"Six optimizers in a ravine, {lesson.steps} steps each from the star.")

figure, ax = plt.subplots()
for name, points in ways.items():
    ax.plot(ravine(*points.T), label=name)
ax.legend(ncols=2)
ax.set(yscale="log", xlabel="step", ylabel="loss", ylim=(1e-5, 20), title="The race by its loss")
lesson.picture(ax, "race", "The loss of the six on the ravine, step by step.")

# The same names, other formulas: the forms of momentum, and of Adam.
schedule = optim.schedules.step(0.1, decay=0.2, every=15)
print("\nMomentum in its forms, after 40 steps at (x, y):")
forms = {
    "torch, η = 0.1": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "accumulated (002), η = 0.1": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, form="accumulated"),
    "averaged (000), η = 0.1": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, form="averaged"),
    "averaged (000), η = 1.0": lambda p: optim.SGD(p, lr=1.0, momentum=0.9, form="averaged"),
    "look-ahead (002), η = 0.1": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, form="lookahead"),
    "torch, η falls": lambda p: optim.SGD(p, lr=schedule, momentum=0.9),
    "accumulated (002), η falls": lambda p: optim.SGD(p, lr=schedule, momentum=0.9, form="accumulated"),
}
ends = {name: way(make, 40)[-1] for name, make in forms.items()}
for name, (x, y) in ends.items():
    print(f"  {name:28} {x:12.8f} {y:12.8f}")
torch = ends["torch, η = 0.1"]
print(
    f"  torch and accumulated differ by {np.abs(ends['accumulated (002), η = 0.1'] - torch).max():.0e} while η stays,"
)
print(f"  by {np.abs(ends['accumulated (002), η falls'] - ends['torch, η falls']).max():.1f} where it falls;")
print(f"  averaged with η/(1 − μ) and torch by {np.abs(ends['averaged (000), η = 1.0'] - torch).max():.0e}")

print("\nAdam in its forms, the first three values of x:")
for name, make in {
    "1 − βᵗ, ε outside (PyTorch)": lambda p: optim.Adam(p, lr=0.5),
    "1 − βᵗ, ε inside (002)": lambda p: optim.Adam(p, lr=0.5, **inside),
    "1 − β, ε inside (000)": lambda p: optim.Adam(p, lr=0.5, bias_correction="constant", **inside),
}.items():
    print(f"  {name:28}", "  ".join(f"{x:.6f}" for x in way(make, 3)[1:, 0]))

# AdaGrad's steps only shrink.
w = tg.Tensor(1.0, requires_grad=True)
adagrad, rates = optim.AdaGrad([w], lr=0.1), []
for _ in range(100):
    w.grad = np.array(1.0)
    adagrad.step()
    rates.append(adagrad.effective_lr()[0].item())
print(f"\nAdaGrad with g = 1 throughout: effective rate {rates[0]:.3f} after 1 step, {rates[-1]:.3f} after 100")

# All samples, one sample, or some: on the digits.
x, y = tg.data.digits()
(x_train, y_train), (x_val, y_val) = tg.data.split(x, y, (0.75, 0.25), stratify=y, rng=lesson.seed)
x_train, y_train = x_train[: lesson.samples], y_train[: lesson.samples]
print(f"\nGradient descent on {len(x_train)} digits, η = 0.05:")
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8))
n = lesson.epochs
for name, size, epochs in [("batch", None, 20 * n), ("stochastic", 1, max(1, n // 3)), ("mini-batch of 32", 32, n)]:
    tg.seed(lesson.seed)
    model = tg.Sequential(tg.Dense(64, 32, activation="relu", kernel_initializer="he_normal"), tg.Dense(32, 10))
    history = tg.fit(
        model, x_train, y_train, loss="softmax_crossentropy", optimizer=optim.SGD(model.parameters(), lr=0.05),
        batch_size=size, epochs=epochs, validation_data=(x_val, y_val), verbose=0,
    )  # fmt: skip
    updates = len(tg.data.batches(x_train, batch_size=size))
    print(f"  {name:18} updates an epoch {updates:4}, loss {history['loss'][-1]:.3f} after {history.epochs} epochs")
    done = np.arange(1, history.epochs + 1)
    left.plot(done, history["val_loss"], label=name)
    right.plot(done * updates, history["val_loss"], label=name)
left.set(xlabel="epoch", xlim=(0, n), ylabel="validation loss", yscale="log", title="By epochs: more updates, faster")
right.set(xlabel="update", xscale="log", yscale="log", title="By updates: nearly alike")
right.legend()
lesson.picture(left, "batches", "Batch, stochastic and mini-batch gradient descent, counted in epochs and in updates.")

# The six on the digits.
print(f"\nA network on the digits, {lesson.epochs} epochs:")
figure, ax = plt.subplots()
for name, make in {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p: optim.AdaGrad(p, lr=0.05, **inside),
    "RMSProp": lambda p: optim.RMSProp(p, lr=0.01, **inside),
    "Adam": lambda p: optim.Adam(p, lr=0.01, **inside),
}.items():
    tg.seed(lesson.seed)
    model = tg.Sequential(tg.Dense(64, 32, activation="relu", kernel_initializer="he_normal"), tg.Dense(32, 10))
    history = tg.fit(
        model, x_train, y_train, loss="softmax_crossentropy", optimizer=make, epochs=lesson.epochs,
        validation_data=(x_val, y_val), metrics=["accuracy"], verbose=0,
    )  # fmt: skip
    print(f"  {name:10} training loss {history['loss'][-1]:.4f}, validation accuracy {history['val_accuracy'][-1]:.1%}")
    ax.plot(range(1, history.epochs + 1), history["loss"], label=name)
ax.legend(ncols=2)
ax.set(yscale="log", xlabel="epoch", ylabel="training loss", title="The same six on a network")
lesson.picture(ax, "digits", "The training loss of a small network on the digits under each optimizer.")
lesson.finish()

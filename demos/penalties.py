"""Penalties: what L1 and L2 do to weights, and why they are priors.

    L2    L(w) = L₀(w) + λ Σ w²       w ← (1 − 2ηλ)w − η ∂L₀/∂w         a share of w each step: shrinks
    L1    L(w) = L₀(w) + λ Σ |w|      w ← w − ηλ·sgn(w) − η ∂L₀/∂w      the same amount each step: to 0

The lectures print L2 as λ/(2N) Σw² (000), λ Σw² (001–003) and λ/2 Σw² (004); its gradient then is λ/N·w, 2λw, λw.

    one weight (001)   (w − 1)² + (w − 1)³/6 + λw²   has its minimum near 1 at √((2 + 2λ)² − 4λ) − 1 − 2λ
                       (w − 1)² + (w − 1)³/6 + λ|w|  at √(4 − 2λ) − 1, and at 0 from λ = 1.5
    priors (001)       −log of a Gaussian with Σ = I/(2λ) is λ‖w‖² + const, of a Laplace with scale b ‖w‖₁/b + const
    proximal step      w′ = w − ηg ;  w ← w′ − min(λ, |w′|)·sign(w′)  stops at 0, where −λ·sign(w) overshoots
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    epochs=(150, 3, "passes over the training set for each network"),
    strength_l1=(0.002, 0.002, "λ of the L1 penalty on the network"),
    strength_l2=(0.002, 0.002, "λ of the L2 penalty on the network"),
)  # fmt: skip
penalties = tg.penalties

# The three scalings, on the same weights.
w, N = np.array([0.5, -2.0]), 100
print("Gradient of the L2 penalty at w = [0.5, −2], λ = 0.1, N = 100:")
for printed, penalty in [
    ("λ/(2N) Σw²  (000)", penalties.l2(0.1, samples=N)),
    ("λ Σw²  (001, 002, 003, Keras)", penalties.l2(0.1)),
    ("λ/2 Σw²  (004, PyTorch’s weight_decay)", penalties.l2(0.1, half=True)),
]:
    print(f"  {printed:40} {tg.grad(penalty)(w)}")


# One weight: the minimum moves to 0 as λ grows.
def E(w):
    return (w - 1) ** 2 + (w - 1) ** 3 / 6


def minimum(penalty, lr=0.05, steps=600):
    """Gradient descent from 1; the proximal operator for L1, so that 0 can be reached."""
    w = tg.Tensor(1.0, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        (E(w) + (penalty(w) if penalty.square else 0.0)).backward()
        optimizer.step()
        if penalty.absolute:
            w.data = penalties.prox_l1(w.data, lr * penalty.absolute)
    return w.item()


print("\nThe minimum of E(w) + penalty:")
print(f"{'λ':>6}{'L2: found':>12}{'formula':>12}{'L1: found':>12}{'formula':>12}")
strengths = [0.0, 0.5, 1.0, 1.5, 2.0]
found = {"L2": [], "L1": []}
for s in strengths:
    found["L2"].append(minimum(penalties.l2(s)))
    found["L1"].append(minimum(penalties.l1(s)))
    l2, l1 = math.sqrt((2 + 2 * s) ** 2 - 4 * s) - 1 - 2 * s, max(math.sqrt(max(4 - 2 * s, 0)) - 1, 0)
    print(f"{s:6}{found['L2'][-1]:12.6f}{l2:12.6f}{found['L1'][-1]:12.6f}{l1:12.6f}")

grid = np.linspace(-1, 2, 301)
figure, axes = plt.subplots(1, 2, figsize=(12, 4.8), sharey=True)
for ax, (name, added) in zip(axes, {"L2": grid**2, "L1": np.abs(grid)}.items(), strict=True):
    for s, at in zip(strengths, found[name], strict=True):
        (line,) = ax.plot(grid, E(grid) + s * added, label=f"λ = {s}")
        bottom = E(at) + s * (at**2 if name == "L2" else abs(at))
        ax.plot(at, bottom, "o", color=line.get_color(), markeredgecolor="white", markersize=10)
    ax.axvline(0, color="gray", linewidth=0.8)
    ax.set(xlabel="w", ylim=(-0.4, 3.5), title=f"{name}: E(w) + λ{'w²' if name == 'L2' else '|w|'}")
axes[0].legend(loc="upper center")
axes[0].set_ylabel("E(w) and penalty")
lesson.picture(axes, "one-weight", "The minimum (dot) moves to 0 as λ grows; with L1 it arrives there, at λ = 1.5.")

# Penalties are priors.
w, strength, b = lesson.rng.normal(size=5), 0.7, 0.4
gauss = -(-strength * w @ w)  # −log exp(−½ wᵀΣ⁻¹w), Σ = I/(2λ): the constant left out
print(f"\n−log prior: Gaussian {gauss:.6f}, l2(λ) {penalties.l2(strength)(w).item():.6f}", end="; ")
print(f"Laplace {np.abs(w).sum() / b:.6f}, l1(1/b) {penalties.l1(1 / b)(w).item():.6f}")

# The plain L1 step jumps over 0, the proximal one stops there.
target, amount, lr, ways = 0.03, 0.05, 0.1, {"w − ηg − λ·sign(w)": [0.4], "proximal": [0.4]}
for _ in range(40):
    w = ways["w − ηg − λ·sign(w)"][-1]
    ways["w − ηg − λ·sign(w)"].append(w - lr * 2 * (w - target) - amount * np.sign(w))
    w = ways["proximal"][-1]
    ways["proximal"].append(float(penalties.prox_l1(np.array(w - lr * 2 * (w - target)), amount)))
zeros = {name: sum(float(w) == 0 for w in way) for name, way in ways.items()}
print(f"\nOf 40 steps on (w − {target})² + L1, exactly at 0:")
for name, count in zeros.items():
    print(f"  {name:20} {count}")
figure, ax = plt.subplots()
for name, way in ways.items():
    ax.plot(way, marker="o", markersize=4, label=f"{name}: {zeros[name]} times exactly 0")
ax.axhline(0, color="gray", linewidth=0.8)
ax.legend()
ax.set(xlabel="step", ylabel="w", title="The subgradient overshoots 0, the proximal step stays there")
lesson.picture(
    ax, "proximal", "L1 by subgradient swings about 0 for ever; by the proximal operator the weight is 0 and stays."
)

# The penalty in the loss, and decay in the update: the same for SGD, not for Adam.
x, y = tg.data.digits()
(x_train, y_train), (x_test, y_test) = tg.data.split(x, y, (0.6, 0.4), stratify=y, rng=lesson.seed)


def trained(regularizer=None, constraint=None, optimizer="adam", epochs=lesson.epochs):
    tg.seed(lesson.seed)
    both = {"kernel_regularizer": regularizer, "kernel_constraint": constraint, "use_bias": False}
    model = tg.Sequential(tg.Dense(64, 64, activation="relu", **both), tg.Dense(64, 10, **both))
    tg.fit(model, x_train, y_train, loss="softmax_crossentropy", optimizer=optimizer, epochs=epochs, verbose=0)
    return model


def distance(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


half = penalties.l2(0.01, half=True)
sgd = trained(half, optimizer=lambda p: tg.optim.SGD(p, lr=0.1), epochs=3)
decayed = trained(optimizer=lambda p: tg.optim.SGD(p, lr=0.1, weight_decay=0.01), epochs=3)
adam = trained(half, optimizer=lambda p: tg.optim.Adam(p, lr=0.003), epochs=3)
adamw = trained(optimizer=lambda p: tg.optim.AdamW(p, lr=0.003, weight_decay=0.01), epochs=3)
print("\nλ/2 Σw² in the loss against decay in the update, weights after 3 epochs differ by")
print(f"  SGD and SGD(weight_decay=λ)      {distance(sgd, decayed):.1e}")
print(f"  Adam and AdamW(weight_decay=λ)   {distance(adam, adamw):.1e}")

# L1 concentrates the weights of a network, L2 shrinks them all.
cases = {
    "no penalty": {},
    "L2": {"regularizer": penalties.l2(lesson.strength_l2)},
    "L1": {"regularizer": penalties.l1(lesson.strength_l1)},
    "L1L2": {"regularizer": penalties.l1_l2(lesson.strength_l1 / 2, lesson.strength_l2 / 2)},
    "L1, proximal": {
        "constraint": tg.constraints.prox_l1(lesson.strength_l1, scale_by_lr=True),
        "optimizer": lambda p: tg.optim.SGD(p, lr=0.2),
    },
}
print(f"\nA network on the digits, {lesson.epochs} epochs:")
print(f"{'':14}{'accuracy':>10}{'|w| < 0.001':>13}{'exactly 0':>11}{'largest |w|':>13}")
models = {}
for name, options in cases.items():
    model = models[name] = trained(**{"optimizer": lambda p: tg.optim.Adam(p, lr=0.002), **options})
    weights = np.concatenate([p.data.ravel() for p in model.parameters()])
    accuracy = tg.evaluate(model, x_test, y_test, metrics=["accuracy"])["accuracy"]
    print(
        f"{name:14}{accuracy:10.1%}{np.mean(np.abs(weights) < 1e-3):13.1%}"
        f"{np.mean(weights == 0):11.1%}{np.abs(weights).max():13.2f}"
    )
shown = {name: models[name] for name in ("no penalty", "L2", "L1")}
figure, ax = plt.subplots()
viz.weights(shown, ax=ax, title="L2 shrinks all weights, L1 brings most of them to 0")
lesson.picture(ax, "histograms", "The weights of three networks of like accuracy: no penalty, L2, L1.")

first = [np.abs(model.layers[0].kernel.data) for model in shown.values()]
figure, axes = plt.subplots(1, 3, figsize=(12, 4.4))
for ax, (name, kernel) in zip(axes, zip(shown, first, strict=True), strict=True):
    ax.imshow(kernel, cmap="magma_r", vmin=0, vmax=0.5, aspect="auto")
    ax.set(title=name, xlabel="hidden unit", ylabel="pixel" if ax is axes[0] else "")
figure.suptitle("|w| of the first layer: dark is large")
lesson.picture(axes, "kernels", "The first layer's weights: under L1 whole pixels and units are no longer looked at.")

# The penalty is a node of the graph like any other.
small = tg.Sequential(tg.Dense(2, 2, kernel_regularizer=penalties.l2(0.01)))
points = tg.Tensor([[1.0, -1.0], [0.5, 2.0]], name="x")
loss = tg.losses.softmax_crossentropy(small(points), [0, 1]) + small.penalty()
loss.backward()
lesson.picture(
    viz.graph(loss, title="Loss and penalty"), "graph", "The penalty is part of the graph: its gradient adds up."
)
lesson.finish()

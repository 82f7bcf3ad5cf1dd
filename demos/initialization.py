"""Weight initialization: why the spread of the first weights matters.

A unit adds up fan_in products: z = Σᵢ wᵢ·aᵢ, so Var z = fan_in · Var w · E[a²]. To keep it from layer to layer:

    N(0, 0.01²)            too small: the activations go to 0, and with them the gradients
    N(0, 1)                too large: every tanh saturates at ±1, σ′ ≈ 0 there
    Xavier, as taught      std = √(1 / fan_in)                     xavier_normal
    Glorot, normal         std = √(2 / (fan_in + fan_out))         glorot_normal
    Glorot, uniform        ±√(6 / (fan_in + fan_out))              glorot_uniform, the default
    He, for ReLU           std = √(2 / fan_in)                     he_normal: ReLU halves E[a²], the 2 makes up for it

Equal weights will not do: the units of a layer then stay equal for ever (symmetry). Biases may be equal.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson, framed

lesson = Lesson(
    __file__, __doc__,
    layers=(10, 10, "layers of the network"),
    width=(500, 60, "units in each of them"),
    samples=(500, 100, "samples that go through it"),
    epochs=(20, 2, "passes over the digits, trained from equal weights"),
)  # fmt: skip
x = lesson.rng.normal(size=(lesson.samples, lesson.width))


def network(activation, initializer):
    return tg.Sequential(
        *(
            tg.Dense(lesson.width, lesson.width, activation=activation, kernel_initializer=initializer)
            for _ in range(lesson.layers)
        )
    )


# What do the activations look like, layer by layer, and what gradient arrives there?
normal = tg.initializers.normal
cases = {
    "tanh, N(0, 0.01²)": ("tanh", normal(0.01)),
    "tanh, N(0, 1)": ("tanh", normal(1.0)),
    "tanh, Xavier": ("tanh", "xavier_normal"),
    "ReLU, Xavier": ("relu", "xavier_normal"),
    "ReLU, He": ("relu", "he_normal"),
}
print(f"{lesson.layers} layers of {lesson.width} units, {lesson.samples} samples")
print(f"{'':20}{'std of activations':>24}{'share of |tanh|':>18}{'‖∂L/∂h‖':>22}")
print(f"{'':20}{'first':>12}{'last':>12}{'> 0.98, last':>18}{'first':>12}{'last':>10}")
spread, arriving = {}, {}
figure, axes = plt.subplots(1, 3, figsize=(12.5, 6.2), sharey=True)
for at, (name, (activation, initializer)) in enumerate(cases.items()):
    model = network(activation, initializer)
    outputs = list(tg.diagnostics.layer_outputs(model, x).values())[: lesson.layers]

    hidden, h = [], tg.Tensor(x)
    for layer in model:
        h = layer(h)
        hidden.append(h)
    gradients = tg.gradients(np.sum(h * lesson.rng.normal(size=h.shape)), hidden)  # a random direction for the loss
    spread[name] = [out.std() for out in outputs]
    arriving[name] = [np.linalg.norm(g) for g in gradients]
    flat = np.mean(np.abs(outputs[-1]) > 0.98) if activation == "tanh" else None
    print(
        f"{name:20}{spread[name][0]:12.3g}{spread[name][-1]:12.3g}{'–' if flat is None else f'{flat:.0%}':>18}"
        f"{arriving[name][0]:12.2g}{arriving[name][-1]:10.2g}"
    )
    if activation == "tanh":
        viz.activations(model, x, ax=axes[at], title=name)
        axes[at].set(xlim=(-1.05, 1.05), ylabel="layer" if at == 0 else "")
figure.suptitle("What each layer puts out, before any training")
lesson.picture(
    axes, "activations", "Histograms of the activations, first layer on top: too small, too large, and right."
)

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8))
for name in cases:
    left.plot(range(lesson.layers), spread[name], label=name)
    right.plot(range(lesson.layers), arriving[name], label=name)
left.set(yscale="log", xlabel="layer", title="Forward: std of the activations")
right.set(yscale="log", xlabel="layer", title="Backward: ‖∂L/∂h‖ (from right to left)")
right.legend(loc="upper right")
lesson.picture(
    left, "signals", "The signal on its way forward and the gradient on its way back, under each initialization."
)

# Does each initializer draw what its formula says?
print(f"\n{'initializer, 400 → 100':26}{'formula':>10}{'drawn':>10}")
for name, std in [
    ("xavier_normal", np.sqrt(1 / 400)),
    ("glorot_normal", np.sqrt(2 / 500)),
    ("glorot_uniform", np.sqrt(6 / 500) / np.sqrt(3)),
    ("he_normal", np.sqrt(2 / 400)),
]:
    print(f"{name:26}{std:10.5f}{tg.initializers.create(name, (400, 100)).std():10.5f}")

# Symmetry: train on the digits from equal weights, and from random ones.
images, digits = tg.data.digits()
print(f"\nTrained on the digits for {lesson.epochs} epochs")
kernels = {}
constant = tg.initializers.constant
for name, initializer in [("all weights 0.05", constant(0.05)), ("He, all biases 0.1", "he_normal")]:
    model = tg.Sequential(
        tg.Dense(64, 16, activation="relu", kernel_initializer=initializer, bias_initializer=constant(0.1)),
        tg.Dense(16, 10, kernel_initializer=initializer),
    )
    tg.fit(
        model, images, digits, loss="softmax_crossentropy", optimizer=tg.optim.SGD(model.parameters(), lr=0.1),
        epochs=lesson.epochs, verbose=0,
    )  # fmt: skip
    kernel = kernels[name] = model.layers[0].kernel.data
    accuracy = tg.evaluate(model, images, digits, metrics=["accuracy"])["accuracy"]
    apart = np.abs(kernel - kernel[:, :1]).max()
    print(f"  {name:20} accuracy {accuracy:.1%}, units differ by up to {apart:.2g}")
figure, axes = plt.subplots(2, 16, figsize=(12, 2.6))
framed(axes)
for row, (name, kernel) in zip(axes, kernels.items(), strict=True):
    for unit, ax in enumerate(row):
        ax.imshow(kernel[:, unit].reshape(8, 8), cmap="RdBu", vmin=-np.abs(kernel).max(), vmax=np.abs(kernel).max())
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
figure.suptitle("The incoming weights of 16 hidden units after training")
lesson.picture(
    axes, "symmetry", "From equal weights all units learn the same; from random ones each learns its own pattern."
)
lesson.finish()

"""Vanishing and exploding gradients, and the four remedies in one table.

One neuron in each of four layers (lecture 002), z_j = w_j·a_{j−1} + b_j and a_j = σ(z_j):

    ∂C/∂b1 = ∂C/∂a4 · σ′(z4) · w4 · σ′(z3) · w3 · σ′(z2) · w2 · σ′(z1) · 1

σ′(z) = a(1 − a) is 1/4 at most, so where |w| ≤ 1 every layer takes three quarters of the gradient or more: ∂C/∂b1 is a
factor of 16 or more smaller than ∂C/∂b3. With large weights and z near 0 the factors w·σ′(z) are above 1, and it grows.

Clipping does not bring a vanished gradient back; it keeps one that explodes from throwing the weights away:

    by value    g ← min(max(g, −c), c)              [0.9, 100] → [0.9, 1]
    by norm     g ← g · r / ‖g‖ where ‖g‖ > r       [0.9, 100] → [0.00899964, 0.9999595]
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    layers=(10, 4, "hidden layers of the networks in the table"),
    width=(64, 16, "units in each of them"),
    epochs=(15, 1, "passes over the digits for the accuracies in the table"),
)  # fmt: skip


# The chain of one neuron a layer.
def chain(w, center):
    """Four sigmoid layers with the weight w; `center` puts every z at 0, where σ′ is largest."""
    b = [tg.Tensor(-w / 2 if center else 0.0, requires_grad=True, name=f"b{j}") for j in range(1, 5)]
    w1, w2, w3, w4 = (tg.Tensor(float(w), name=f"w{j}") for j in range(1, 5))
    a0 = tg.Tensor(0.5, name="a0")
    z1 = w1 * a0 + b[0]
    a1 = z1.sigmoid()
    z2 = w2 * a1 + b[1]
    a2 = z2.sigmoid()
    z3 = w3 * a2 + b[2]
    a3 = z3.sigmoid()
    z4 = w4 * a3 + b[3]
    a4 = z4.sigmoid()
    C = (a4 - 1) ** 2
    C.backward()
    return C, b


C, b = chain(0.9, center=False)
factors = tg.diagnostics.chain_factors(C, b[0])
print("The chain of four neurons with weights 0.9:\n")
print(viz.derivation(C, wrt=b[0]))
print(f"\nproduct of the factors  {math.prod(f.value for f in factors):.15f}")
print(f"b1.grad                 {b[0].grad:.15f}")
print(f"∂C/∂b3 is {b[2].grad / b[0].grad:.1f} times ∂C/∂b1 (at least 16 where all |w| ≤ 1)\n")
large, b_large = chain(32.0, center=True)
print(f"With weights of 32 and every z at 0, ∂C/∂b1 is {b_large[0].grad / b_large[2].grad:.1f} times ∂C/∂b3\n")
lesson.picture(
    viz.flow(C, compare=large, names=["weights 0.9", "weights 32"], title="One neuron a layer: where do gradients go?"),
    "chain", "The lecture's chain: with weights of 0.9 the gradient vanishes, with weights of 32 it explodes.",
)  # fmt: skip

# Where the 1/4 comes from.
z = np.linspace(-6, 6, 241)
figure, ax = plt.subplots()
for name, function in [("sigmoid", tg.ops.sigmoid), ("tanh", np.tanh), ("ReLU", tg.ops.relu)]:
    ax.plot(z, tg.grad(lambda z, f=function: np.sum(f(z)))(z), label=f"{name}′")
ax.axhline(0.25, color="gray", linewidth=1, linestyle=":")
ax.annotate("1/4: a sigmoid passes no more than that", (1.8, 0.27))
ax.legend()
ax.set(xlabel="z", title="What an activation lets through, going back: its derivative", ylim=(-0.03, 1.08))
lesson.picture(ax, "derivatives", "The derivative of the sigmoid is 1/4 at most, that of a ReLU 1 for half of all z.")

# Ten layers: the four remedies in one table.
x, y = tg.data.digits()
(x_train, y_train), (x_test, y_test) = tg.data.split(x, y, (0.8, 0.2), stratify=y, rng=lesson.seed)


def network(activation, initializer, norm=False):
    tg.seed(lesson.seed)
    layers, size = [], 64
    for _ in range(lesson.layers):
        layers.append(tg.Dense(size, lesson.width, kernel_initializer=initializer))
        layers += [tg.BatchNorm(lesson.width)] if norm else []
        layers.append(activation())
        size = lesson.width
    return tg.Sequential(*layers, tg.Dense(size, 10, kernel_initializer="xavier_normal"))


tiny, small, large_weights = (tg.initializers.normal(std) for std in (0.05, 0.1, 0.5))
networks = {
    "sigmoid, weights N(0, 0.1²)": (network(tg.Sigmoid, small), None),
    "tanh, weights N(0, 0.05²)": (network(tg.Tanh, tiny), None),
    "1 initialization: tanh, Xavier": (network(tg.Tanh, "xavier_normal"), None),
    "1 but: sigmoid, Xavier": (network(tg.Sigmoid, "xavier_normal"), None),
    "2 activation: ReLU, He": (network(tg.ReLU, "he_normal"), None),
    "2 activation: leaky ReLU, He": (network(tg.LeakyReLU, "he_normal"), None),
    "2 activation: ELU, He": (network(tg.ELU, "he_normal"), None),
    "3 batch norm: sigmoid, N(0, 0.1²)": (network(tg.Sigmoid, small, norm=True), None),
    "ReLU, weights N(0, 0.5²)": (network(tg.ReLU, large_weights), None),
    "4 clipping: ReLU, N(0, 0.5²), norm ≤ 1": (network(tg.ReLU, large_weights), 1.0),
}
print(f"{lesson.layers} layers of {lesson.width} units, before the first update; then {lesson.epochs} epochs of SGD:\n")
print(f"{'':40}{'first layer':>13}{'last layer':>12}{'ratio':>10}{'accuracy':>10}")
profiles = {}
for name, (model, clip) in networks.items():
    tg.losses.softmax_crossentropy(model(x_train), y_train).backward()
    if clip:
        tg.optim.clip_by_global_norm(model.parameters(), clip)
    kernels = [np.linalg.norm(p.grad) for path, p in model.named_parameters() if path.endswith("kernel")]
    profiles[name] = kernels
    ratio = kernels[0] / kernels[-1]
    model.zero_grad()
    try:
        tg.fit(
            model, x_train, y_train, loss="softmax_crossentropy", optimizer=tg.optim.SGD(model.parameters(), lr=0.05),
            epochs=lesson.epochs, clip=clip, verbose=0,
        )  # fmt: skip
        learned = f"{tg.evaluate(model, x_test, y_test, metrics=['accuracy'])['accuracy']:.1%}"
    except FloatingPointError:
        learned = "diverged"
    print(f"{name:40}{kernels[0]:13.2e}{kernels[-1]:12.2e}{ratio:10.1e}{learned:>10}")

figure, ax = plt.subplots(figsize=(10.5, 5.4))
for at, (name, kernels) in enumerate(profiles.items()):
    if name not in ("2 activation: leaky ReLU, He", "2 activation: ELU, He"):  # much as ReLU
        bare = {} if name[0].isdigit() else {"color": "black", "linestyle": ":"}  # without a remedy
        ax.plot(range(len(kernels)), kernels, marker="osD^vPX*<p"[at], label=name, **bare)
ax.set_yscale("log")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=10)
ax.set(xlabel="layer", ylabel="‖∂L/∂W‖ before the first update", title="Who gets a gradient?")
lesson.picture(
    ax, "remedies", "The gradient of each layer's weights: vanishing, exploding, and under each of the four remedies."
)

# Clipping, the lecture's numbers.
for clip, name in [(tg.optim.clip_by_value, "clipvalue = 1"), (tg.optim.clip_by_norm, "clipnorm = 1")]:
    p = tg.Tensor(np.zeros(2), requires_grad=True)
    p.grad = np.array([0.9, 100.0])
    clip([p], 1.0)
    print(f"\n{name}: [0.9, 100] → [{p.grad[0]:.8f}, {p.grad[1]:.7f}]", end="")
print()
lesson.finish()

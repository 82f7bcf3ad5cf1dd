"""Activations: shapes and derivatives; how ReLUs die, and what revives them.

    sigmoid 1/(1 + e⁻ᶻ)     tanh     softmax e^zⱼ / Σ e^zₖ     ReLU max(0, z)
    leaky ReLU max(αz, z)   randomized: α drawn while training, fixed while testing   parametric: α is learned
    ELU α(eᶻ − 1) for z < 0, z for z ≥ 0

A ReLU unit whose z is negative for every sample puts out 0 and receives no gradient: it is dead and stays so.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    epochs=(20, 2, "passes over the digits"),
    learning_rate=(0.6, 0.6, "η of SGD: large, so that units die"),
)  # fmt: skip
ops = tg.ops

z = np.linspace(-4, 4, 401)
functions = {
    "sigmoid": ops.sigmoid, "tanh": np.tanh, "ReLU": ops.relu,
    "leaky ReLU, α = 0.1": lambda z: ops.leaky_relu(z, alpha=0.1), "ELU": ops.elu, "softplus": ops.softplus,
    "SELU": ops.selu, "GELU": ops.gelu,
}  # fmt: skip
figure, axes = plt.subplots(2, 4, figsize=(14, 6), sharex=True, sharey=True)
for ax, (name, f) in zip(axes.flat, functions.items(), strict=True):
    ax.axhline(0, color="#d3d8de", linewidth=1, linestyle="-")
    ax.axvline(0, color="#d3d8de", linewidth=1, linestyle="-")
    ax.plot(z, f(z), label="f(z)")
    ax.plot(z, tg.grad(lambda z, f=f: np.sum(f(z)))(z), label="f′(z)")
    ax.set(title=name, ylim=(-1.6, 2.6))
axes[0, 0].legend()
lesson.picture(axes, "functions", "Eight activations (solid) and their derivatives (dashed).")

print("Far out, at z = −1000 and 1000, without overflow:")
for name, f in list(functions.items())[:6]:
    print(f"  {name:20} {f(np.array([-1000.0, 1000.0]))}")
print(f"  {'softmax':20} {ops.softmax(np.array([-1000.0, 1000.0]))}")

# Dying: a large learning rate throws units to where no sample reaches them.
x, y = tg.data.digits()
(x_train, y_train), (x_test, y_test) = tg.data.split(x, y, (0.6, 0.4), stratify=y, rng=lesson.seed)
print(f"\nThree layers of 64 units, SGD with η = {lesson.learning_rate:g}, {lesson.epochs} epochs:")
print(f"{'':14}{'accuracy':>10}   share of units that put out at most 0 for every sample, by layer")
dead = {}
for name, make in {
    "ReLU": tg.ReLU, "leaky ReLU": lambda: tg.LeakyReLU(0.1), "RReLU": tg.RReLU, "PReLU": tg.PReLU, "ELU": tg.ELU,
}.items():  # fmt: skip
    tg.seed(lesson.seed)
    layers = []
    for _ in range(3):
        layers += [tg.Dense(64, 64, kernel_initializer="he_normal"), make()]
    model = tg.Sequential(*layers, tg.Dense(64, 10))
    try:
        tg.fit(
            model, x_train, y_train, loss="softmax_crossentropy", clip=5.0, verbose=0, epochs=lesson.epochs,
            optimizer=tg.optim.SGD(model.parameters(), lr=lesson.learning_rate),
        )  # fmt: skip
    except FloatingPointError as error:
        print(f"{name:14}  {error}")
        continue
    outputs = tg.diagnostics.layer_outputs(model, x_train)
    dead[name] = [np.mean((outputs[path] <= 0).all(axis=0)) for path in ("1", "3", "5")]
    accuracy = tg.evaluate(model, x_test, y_test, metrics=["accuracy"])["accuracy"]
    print(f"{name:14}{accuracy:10.1%}   {'  '.join(f'{share:.0%}' for share in dead[name])}", end="")
    if name == "ReLU":
        print(
            f"   tg.dead_units(model, x) finds {', '.join(f'{v:.0%}' for v in tg.dead_units(model, x_train).values())}"
        )
    elif name == "PReLU":
        print(f"   its α moved from 0.25 to {', '.join(f'{layer.alpha.item():.3f}' for layer in model.layers[1:6:2])}")
    else:
        print()
figure, ax = plt.subplots()
places = np.arange(3)
for at, (name, shares) in enumerate(dead.items()):
    ax.bar(
        places + 0.16 * (at - 2), shares, 0.15, label=name, hatch=["", "//", "..", "xx", "\\\\"][at], edgecolor="white"
    )
ax.set_xticks(places, ["first", "second", "third"])
ax.legend()
ax.set(xlabel="hidden layer", ylabel="share of units never above 0", title="Under a large learning rate ReLUs die")
lesson.picture(
    ax, "dying", "The share of units that never put out more than 0, after training with a large learning rate."
)

# A dead unit receives no gradient; a leaky one does, and comes back.
print("\nOne unit with z < 0 for every sample, its gradient ∂L/∂b and where b is after 200 steps:")
data = lesson.rng.uniform(0, 1, (50, 1))
figure, ax = plt.subplots()
for name, f in {
    "ReLU": ops.relu,
    "leaky ReLU, α = 0.1": lambda z: ops.leaky_relu(z, alpha=0.1),
    "ELU": ops.elu,
}.items():
    w, b = tg.Tensor([[1.0]], requires_grad=True), tg.Tensor([-2.0], requires_grad=True)
    optimizer, way = tg.optim.SGD([w, b], lr=0.1), []
    for step in range(200):
        loss = tg.losses.mse(f(data @ w + b), data)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            first = b.grad.item()
        way.append(loss.item())
        optimizer.step()
    print(f"  {name:20} gradient {first:8.4f}, b = {b.item():7.3f}, loss {way[0]:.3f} → {way[-1]:.4f}")
    ax.plot(way, label=name)
ax.legend()
ax.set(xlabel="step", ylabel="loss", title="A dead ReLU does not learn; a slope on the left brings it back")
lesson.picture(ax, "revival", "The loss of one unit that starts dead, with ReLU, leaky ReLU and ELU.")

layer = tg.RReLU(rng=lesson.seed)
minus = -np.ones((1, 4))
training, testing = layer.train()(minus).data, layer.eval()(minus).data
print(f"\nRReLU of −1: in training {np.round(training, 3)}, in testing {np.round(testing, 3)}")
lesson.finish()

"""A gradient penalty: going backward through the backward pass.

    g = ∂L/∂x                          how much a small change of the input changes the loss
    L̃ = L + λ · mean ‖g‖²              and ∂L̃/∂w goes backward through the backward pass that made g

tg.gradients(loss, x, create_graph=True) gives g as a Tensor with a graph of its own: the derivatives of all ops are
written in ops, so they can be differentiated again.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    penalty=(0.3, 0.3, "λ of the gradient penalty"),
    samples=(300, 100, "digits to train on"),
    epochs=(60, 2, "passes over them"),
)  # fmt: skip

# Twice backward, by hand and by the engine.
x = tg.Tensor(2.0, requires_grad=True, name="x")
y = x**3
g = tg.gradients(y, x, create_graph=True)
h = tg.gradients(g, x, create_graph=True)
print(f"y = x³ at 2: y′ = 3x² = {g.item():g}, y″ = 6x = {h.item():g}, y‴ = {tg.gradients(h, x).item():g}")
lesson.picture(viz.graph(g, title="y′ of y = x³, as a graph"), "derivative", "The derivative of x³ is a graph again.")

w = tg.Tensor([0.5, -0.3], requires_grad=True, name="w")
point = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")


def penalized(w):
    loss = np.tanh(w @ point) ** 2
    return loss + np.sum(tg.gradients(loss, point, create_graph=True) ** 2)


tg.check_grad(penalized, w.data)
print("∂/∂w of tanh(w·x)² + ‖∂/∂x tanh(w·x)²‖² agrees with differences:", np.round(tg.grad(penalized)(w.data), 6))

# The digits, with and without the penalty.
images, digits = tg.data.digits()
share = lesson.samples / len(digits)
(x_train, y_train), (x_test, y_test) = tg.data.split(
    images, digits, (share, 1 - share), stratify=digits, rng=lesson.seed
)


def trained(penalty):
    tg.seed(lesson.seed)
    model = tg.Sequential(tg.Dense(64, 64, activation="softplus", kernel_initializer="he_normal"), tg.Dense(64, 10))
    optimizer = tg.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(lesson.epochs):
        for x_batch, y_batch in tg.data.batches(x_train, y_train, batch_size=32):
            x = tg.Tensor(x_batch, requires_grad=True)
            losses = tg.losses.softmax_crossentropy(model(x), y_batch, reduction="none")
            loss = losses.mean()
            if penalty:
                g = tg.gradients(losses.sum(), x, create_graph=True)  # a row for each sample
                loss = loss + penalty * np.mean(np.sum(g**2, axis=1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


def input_gradient(model, x, y):
    x = tg.Tensor(x, requires_grad=True)
    return tg.gradients(tg.losses.softmax_crossentropy(model(x), y, reduction="sum"), x)


def accuracy(model, x):
    return np.mean(tg.predict(model, x).argmax(axis=1) == y_test)


models = {"without": trained(0.0), f"λ = {lesson.penalty:g}": trained(lesson.penalty)}
sizes = np.linspace(0, 0.3, 7)
print(f"\n{lesson.samples} digits to train on, {len(y_test)} to test; the worst step of size ε is ε·sign(∂L/∂x):")
print(f"{'':12}{'mean ‖∂L/∂x‖':>14}{'accuracy':>10}{'ε = 0.1':>10}{'ε = 0.2':>10}{'noise 0.3':>11}")
figure, ax = plt.subplots()
noise = lesson.rng.normal(0, 0.3, x_test.shape)
for name, model in models.items():
    slope = input_gradient(model, x_test, y_test)
    curve = [accuracy(model, x_test + size * np.sign(slope)) for size in sizes]
    norm = np.linalg.norm(slope, axis=1).mean()
    print(
        f"{name:12}{norm:14.3f}{curve[0]:10.1%}{curve[2]:10.1%}{curve[4]:10.1%}{accuracy(model, x_test + noise):11.1%}"
    )
    ax.plot(sizes, curve, marker="o", label=name)
ax.legend(title="gradient penalty")
ax.set(xlabel="size ε of the worst step, of pixels in [0, 1]", ylabel="test accuracy", ylim=(0, 1.02),
       title="With the penalty, small changes of the input matter less")  # fmt: skip
lesson.picture(ax, "robustness", "Test accuracy when every pixel is moved by ε in the direction that hurts most.")
lesson.finish()

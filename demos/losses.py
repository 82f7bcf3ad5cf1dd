"""Losses: the lectures' worked numbers, and why BCE is CCE for two classes.

    MSE (lecture)                   1/(2N) Σᵢ ‖yᵢ − aᵢ‖²                           half_mse
    MSE (Keras, PyTorch)            mean over all elements of (y − a)²             mse
    binary cross-entropy            −1/N Σᵢ yᵢ log pᵢ + (1 − yᵢ) log(1 − pᵢ)       binary_crossentropy
    categorical cross-entropy       −1/N Σᵢ Σⱼ yᵢⱼ log pᵢⱼ                          categorical_crossentropy
    several labels a sample         binary, summed over the classes, averaged over the samples: reduction="samples"

The lectures print logarithms to base 10; ours are natural ones, so the numbers here are divided by ln 10.

Exercise (lecture 000): for two classes, with logits z and 0, softmax([z, 0]) = [σ(z), 1 − σ(z)], because
e^z / (e^z + e^0) = 1 / (1 + e^−z). So −Σⱼ yⱼ log pⱼ = −(y log σ(z) + (1 − y) log(1 − σ(z))): the two losses are one.
"""

import math
import warnings

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(__file__, __doc__, samples=(1000, 100, "random logits on which the exercise is checked"))
ln10 = math.log(10)

# The worked numbers of lecture 000.
print(f"{'the lecture’s example':42}{'computed':>10}{'printed':>10}")
y, a = [[3.0, 4], [5, 2]], [[2.1, 2.5], [6.3, 2.7]]
print(f"{'MSE 1, 1/(2N) Σ ‖y − a‖²':42}{tg.losses.half_mse(a, y).item():10.4f}{'1.31':>10}")
print(f"{'MSE 1, mean over all elements':42}{tg.losses.mse(a, y).item():10.4f}{'':>10}")
y, a = [[1.0, 0], [1, 1]], [[0.8, 0.2], [0.7, 0.9]]
print(f"{'MSE 2, 1/(2N) Σ ‖y − a‖²':42}{tg.losses.half_mse(a, y).item():10.4f}{'0.045':>10}")
y, p = [1, 0, 1, 0], [0.8, 0.1, 0.3, 0.8]
print(f"{'binary cross-entropy':42}{tg.losses.binary_crossentropy(p, y).item() / ln10:10.4f}{'0.34':>10}")
y, p = [[1, 0, 0], [0, 0, 1]], [[0.8, 0.1, 0.2], [0.04, 0.06, 0.9]]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    cce = tg.losses.categorical_crossentropy(p, y).item() / ln10
print(f"{'categorical cross-entropy':42}{cce:10.4f}{'0.07135':>10}")
y, p = [[1, 0, 1], [1, 1, 0]], [[0.8, 0.3, 0.9], [0.7, 0.9, 0.1]]
each = tg.losses.binary_crossentropy(p, y, reduction="none").data.sum(axis=1) / ln10
print(f"{'several labels: sample 1':42}{each[0]:10.4f}{'0.2976':>10}")
print(f"{'several labels: sample 2':42}{each[1]:10.4f}{'0.2464':>10}")
mean = tg.losses.binary_crossentropy(p, y, reduction="samples").item() / ln10
print(f"{'several labels: their mean':42}{mean:10.4f}{'0.272':>10}")
print(f"\nOn the categorical example the library warns: {caught[0].message}")

# Two outputs make the two forms of MSE agree; with other numbers of outputs they do not.
print("\nhalf_mse / mse by the number of outputs:", end="")
for outputs in (1, 2, 3):
    target, answer = lesson.rng.normal(size=(2, 5, outputs))
    ratio = tg.losses.half_mse(answer, target).item() / tg.losses.mse(answer, target).item()
    print(f"  {outputs} → {ratio:.2f}", end="")
print()

# Which last layer and which loss? The lecture's table, each row with one prediction.
print(f"\n{'problem':18}{'last activation':18}{'loss':28}{'loss of a sample':>16}")
logits = np.array([[1.5, -0.5, 0.2]])
targets = {
    "binary": [[1.0, 0, 0]], "multiclass": [0], "multilabel": [[1.0, 0, 1]],
    "regression": [[1.0, -1, 0]], "unit_regression": [[0.9, 0.4, 0.6]],
}  # fmt: skip
for problem, target in targets.items():
    activation, loss = tg.head_for(problem)
    z = logits[:, :1] if problem == "binary" else logits
    target = [[1.0]] if problem == "binary" else target
    value = loss(activation(z) if activation else z, target).item()
    print(f"{problem:18}{activation.__name__ if activation else 'none':18}{loss.__name__:28}{value:16.4f}")

# The exercise, values and gradients.
z = tg.Tensor(lesson.rng.normal(0, 1.5, (lesson.samples, 1)), requires_grad=True, name="z")
y = lesson.rng.integers(0, 2, (lesson.samples, 1)).astype(float)
bce = tg.losses.binary_crossentropy(tg.ops.sigmoid(z), y, reduction="none")
two = np.concatenate([z, 0 * z], axis=1)
cce = tg.losses.categorical_crossentropy(tg.ops.softmax(two, axis=1), np.hstack([y, 1 - y]), reduction="none")
slope_bce, slope_cce = (tg.gradients(loss.mean(), z).ravel() for loss in (bce, cce))
print(f"\nBCE(σ(z)) against CCE(softmax([z, 0])) on {lesson.samples} logits, largest difference:")
print(f"  of the values     {np.abs(bce.data.ravel() - cce.data).max():.1e}")
print(f"  of the gradients  {np.abs(slope_bce - slope_cce).max():.1e}")

# Integer labels and logits give the same as one-hot labels and probabilities.
logits, labels = lesson.rng.normal(size=(5, 4)), np.array([3, 1, 0, 2, 2])
sparse = tg.losses.softmax_crossentropy(logits, labels).item()
dense = tg.losses.categorical_crossentropy(tg.ops.softmax(logits), tg.data.one_hot(labels, 4)).item()
print(f"\ninteger labels on logits {sparse:.12f}, one-hot labels on softmax {dense:.12f}")

# How losses punish, and why one trains on logits.
figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.8))
p = np.linspace(0.001, 0.999, 400)
left.plot(p, tg.losses.binary_crossentropy(p, np.ones_like(p), reduction="none").data, label="−log p")
left.plot(p, tg.losses.mse(p, np.ones_like(p), reduction="none").data, label="(1 − p)²")
left.legend()
left.set(xlabel="p, where the answer is 1", ylabel="loss", ylim=(0, 5), title="Being sure and wrong is expensive")
z = np.linspace(-10, 10, 400)
ones = np.ones_like(z)
crossentropy = tg.grad(lambda z: tg.losses.sigmoid_crossentropy(z, ones, reduction="sum"))(z)
squared = tg.grad(lambda z: tg.losses.mse(tg.ops.sigmoid(z), ones, reduction="sum"))(z)
right.plot(z, crossentropy, label="cross-entropy: σ(z) − y")
right.plot(z, squared, label="squared error: 2(σ(z) − y)·σ′(z)")
right.legend(loc="lower right")
right.set(xlabel="z, where the answer is 1", ylabel="∂L/∂z", title="A squared error forgives the worst mistakes")
lesson.picture(left, "curves", "Cross-entropy against squared error: the losses, and what gradient reaches the logit.")

x, y = tg.Tensor(1.5, name="x"), tg.Tensor(1.0, name="y")
w = tg.Tensor(0.8, requires_grad=True, name="w")
z = w * x
a = tg.ops.sigmoid(z)
loss = tg.losses.binary_crossentropy(a, y)
loss.backward()
slope = viz.derivation(loss, wrt=w)
print(f"\nThe cross-entropy of one neuron:\n{slope}")
lesson.picture(slope, "slope", "Cross-entropy after a sigmoid: its derivative comes down to (a − y) · x.")
graph = viz.graph(loss, title="Binary cross-entropy of one neuron")
lesson.picture(graph, "graph", "Cross-entropy as a graph of ops.")
lesson.finish()

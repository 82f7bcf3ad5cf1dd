"""Backpropagation step by step: every number of the chain rule.

One neuron with a squared error, as on the blackboard:

    z = w·x + b        a = σ(z)        C = (a − y)²

    ∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w = 2(a − y) · σ′(z) · x        with σ′(z) = a(1 − a)
    ∂C/∂b = ∂C/∂a · ∂a/∂z · ∂z/∂b = 2(a − y) · σ′(z) · 1
    w ← w − η · ∂C/∂w        b ← b − η · ∂C/∂b

A value that is used twice receives the sum of what comes back on both ways. Of arrays, the same with matrices:

    Z = X @ W + b        ∂C/∂W = Xᵀ @ ∂C/∂Z        ∂C/∂X = ∂C/∂Z @ Wᵀ        ∂C/∂b = Σ over the samples of ∂C/∂Z
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    w=(0.8, 0.8, "the weight"),
    x=(1.5, 1.5, "the input"),
    learning_rate=(0.5, 0.5, "η in w ← w − η·∂C/∂w"),
    steps=(30, 30, "updates of the neuron"),
)  # fmt: skip

# One neuron.
w = tg.Tensor(lesson.w, requires_grad=True, name="w")
b = tg.Tensor(-0.2, requires_grad=True, name="b")
x, y = tg.Tensor(lesson.x, name="x"), tg.Tensor(0.0, name="y")

z = w * x + b
a = z.sigmoid()
C = (a - y) ** 2
C.backward()

print("One neuron: every step forward and backward\n")
print(tg.explain(C))

by_hand = 2 * (a.item() - y.item()) * a.item() * (1 - a.item()) * x.item()
print(f"\n∂C/∂w by hand  2(a − y) · a(1 − a) · x = {by_hand:.12f}")
print(f"∂C/∂w by backward()                    = {w.grad:.12f}")


def cost(w):
    return (1 / (1 + np.exp(-(w * x.item() + b.item()))) - y.item()) ** 2


h = 1e-6
print(f"∂C/∂w by (C(w + h) − C(w − h)) / 2h    = {(cost(w.item() + h) - cost(w.item() - h)) / (2 * h):.12f}\n")
chain = viz.derivation(C, wrt=w)
print(chain)

lesson.picture(chain, "chain-rule", "The chain rule for ∂C/∂w, in symbols and in numbers.")
lesson.picture(
    viz.graph(C, title="One neuron: C = (σ(w·x + b) − y)²"), "neuron", "The neuron's graph: values, gradients."
)
pages = viz.steps(C, optimizer=tg.optim.SGD([w, b], lr=lesson.learning_rate), title="One neuron, one step at a time")
lesson.picture(
    pages, "neuron-steps", "The neuron one step at a time: ← and → move, play runs; the last steps update w and b."
)
lesson.picture(pages.still(10), "neuron-still", "Step 10, back through the sigmoid, as a still for a slide.")

# The same update again and again: the cost falls, and with it the gradient.
optimizer = tg.optim.SGD([w, b], lr=lesson.learning_rate)
costs, slopes = [], []
for _ in range(lesson.steps):
    C = ((w * x + b).sigmoid() - y) ** 2
    optimizer.zero_grad()
    C.backward()
    costs.append(C.item())
    slopes.append(w.grad.item())
    optimizer.step()
print(f"\n{lesson.steps} updates take C from {costs[0]:.4f} to {costs[-1]:.4f}")
figure, ax = plt.subplots()
ax.plot(costs, label="C")
ax.plot(slopes, label="∂C/∂w")
ax.legend()
ax.set(xlabel="update", title="w ← w − η·∂C/∂w, again and again: the cost falls")
lesson.picture(ax, "descent", "The cost and its gradient while the neuron learns.")

# A value that is used twice: its gradient is a sum.
v = tg.Tensor(3.0, requires_grad=True, name="v")
s = v**2 + v
s.backward()
print(f"\nv goes into s = v² + v on two ways: ∂s/∂v = 2v + 1 = {v.grad}")
print(viz.derivation(s, wrt=v))

# Two layers on a batch: the same with matrices, and a sum over the batch for the bias.
X = tg.Tensor([[0.5, -1.0], [1.5, 2.0], [-0.5, 0.25]], name="X")
Y = np.array([[1.0], [0.0], [1.0]])
W1 = tg.Tensor(lesson.rng.normal(0, 1, (2, 3)), requires_grad=True, name="W1")
b1 = tg.Tensor(np.zeros(3), requires_grad=True, name="b1")
W2 = tg.Tensor(lesson.rng.normal(0, 1, (3, 1)), requires_grad=True, name="W2")
b2 = tg.Tensor(np.zeros(1), requires_grad=True, name="b2")
H = tg.ops.relu(X @ W1 + b1)
Z = H @ W2 + b2
loss = tg.losses.sigmoid_crossentropy(Z, Y)
loss.backward()

dZ = Z.grad
dH = dZ @ W2.data.T
dZ1 = dH * (H.data > 0)
print("\nTwo layers: the formulas against backward(), largest difference")
for name, formula, tensor in [
    ("∂L/∂W2 = Hᵀ @ ∂L/∂Z", H.data.T @ dZ, W2),
    ("∂L/∂b2 = Σ ∂L/∂Z", dZ.sum(axis=0), b2),
    ("∂L/∂W1 = Xᵀ @ (∂L/∂H ⊙ [H > 0])", X.data.T @ dZ1, W1),
    ("∂L/∂b1 = Σ ∂L/∂H ⊙ [H > 0]", dZ1.sum(axis=0), b1),
]:
    print(f"  {name:34} {np.abs(formula - tensor.grad).max():.1e}")

lesson.picture(viz.graph(loss, title="Two layers, three samples"), "layers", "Two layers on a batch of three samples.")
pages = viz.steps(loss, optimizer=tg.optim.SGD([W1, b1, W2, b2], lr=0.1), title="Two layers, one step at a time")
lesson.picture(pages, "layers-steps", "Two layers step by step: transposes, sums over the batch, and the update.")
lesson.finish()

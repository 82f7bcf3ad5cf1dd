"""The program of a training step: the NumPy that one would derive by hand, written out and run.

    h = tanh(x·W1 + b1)        L = mean((h·W2 + b2 − y)²)        w ← w − η ∂L/∂w

tg.compile(step) runs the step once and writes down each line that its forward pass, its way back and its optimizer
compute. Replayed, the program gives the same numbers, to the last bit.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    units=(8, 4, "units of the hidden layer"),
    steps=(400, 20, "training steps"),
)  # fmt: skip

x = np.linspace(-3, 3, 40)[:, None]
y = np.sin(x) + 0.1 * lesson.rng.normal(size=x.shape)


def training():
    """A small network: one step of its training, and its parameters."""
    rng = np.random.default_rng(lesson.seed)
    w1 = tg.Tensor(rng.normal(size=(1, lesson.units)), requires_grad=True, name="w1")
    b1 = tg.Tensor(rng.normal(size=lesson.units), requires_grad=True, name="b1")
    w2 = tg.Tensor(rng.normal(size=(lesson.units, 1)) / lesson.units, requires_grad=True, name="w2")
    b2 = tg.Tensor(np.zeros(1), requires_grad=True, name="b2")
    optimizer = tg.optim.SGD([w1, b1, w2, b2], lr=0.1)

    def step(x, y):
        h = np.tanh(x @ w1 + b1)
        loss = np.mean((h @ w2 + b2 - y) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, [w1, b1, w2, b2]


step, parameters = training()
same_step, same_parameters = training()
fast = tg.compile(same_step)

by_graph = [step(x, y).item() for _ in range(lesson.steps)]
by_program = [fast(x, y).item() for _ in range(lesson.steps)]
print(fast.source)

equal = by_graph == by_program and all(
    np.array_equal(p.data, q.data) for p, q in zip(parameters, same_parameters, strict=True)
)
print(f"{lesson.steps} steps by the graph and by the program, all losses and weights equal to the last bit: {equal}")

both = viz.program(fast, title="The program, and the graph that it was read from")
lesson.picture(both, "program", "Each line of the program has the number of its box, forward and backward.")
lesson.picture(both, "program.html", "The same as a page: point at a box to see its lines, and the other way round.")

figure, ax = plt.subplots()
ax.plot(by_graph, label="by the graph", linewidth=6, alpha=0.35)
ax.plot(by_program, label="by the program")
ax.legend()
ax.set(xlabel="step", ylabel="loss", yscale="log", title="The program takes the same way")
lesson.picture(ax, "losses", "The loss of each step, once with a graph built anew, once by the program.")
lesson.finish()

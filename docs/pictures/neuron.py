"""What the README's two pictures show. Run it: `python docs/pictures/neuron.py`, and look into docs/pictures.

steps.png is neuron.html at step 16 (neuron.html#16), 1400 × 880 pixels; vanishing.svg is written as it stands.
"""

from pathlib import Path

import tinygrad_reg as tg
import viz

FOLDER = Path(__file__).parent

w1 = tg.Tensor(-0.6, requires_grad=True)
x1 = tg.Tensor(1.5)
w2 = tg.Tensor(0.8, requires_grad=True)
x2 = tg.Tensor(2.5)
b = tg.Tensor(-0.5, requires_grad=True)
y = tg.Tensor(1.0)

h1 = w1 * x1
h2 = w2 * x2
s = h1 + h2
z = s + b
a = z.sigmoid()
e = a - y
L = e * e
L.backward()
viz.steps(L, FOLDER / "neuron.html", optimizer=tg.optim.SGD([w1, w2, b], lr=0.1))

# The lecture's chain: one neuron a layer, a_j = σ(w_j · a_(j−1) + b_j).
a0 = tg.Tensor(0.5)
weights = [tg.Tensor(0.9, requires_grad=True, name=f"w{j}") for j in range(1, 5)]
biases = [tg.Tensor(0.1, requires_grad=True, name=f"b{j}") for j in range(1, 5)]
a = a0
for w, bias in zip(weights, biases, strict=True):
    a = (w * a + bias).sigmoid()
C = (a - 1.0) ** 2
C.backward()
viz.flow(C, title="Four sigmoid neurons: each layer keeps a part of the gradient").save(FOLDER / "vanishing.svg")

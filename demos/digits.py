"""Train a small network on real handwritten digits: forward, backward, update, by hand."""

import argparse
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from tqdm import tqdm

import tinygrad_reg as tg
import viz

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=20, help="passes over the training set (default: %(default)s)")
parser.add_argument("--batch-size", type=int, default=32, help="samples in an update (default: %(default)s)")
parser.add_argument("--learning-rate", type=float, default=0.1, help="η in w ← w − η·∂L/∂w (default: %(default)s)")
parser.add_argument(
    "--seed", type=int, default=0, help="of the split, the weights and the batches (default: %(default)s)"
)
parser.add_argument("--output", type=Path, default=Path(__file__).with_name("output"), help="folder for the picture")
arguments = parser.parse_args()
if min(arguments.epochs, arguments.batch_size) < 1:
    parser.error("--epochs and --batch-size must be at least 1")

# The data: 1797 images of 8×8 pixels, written by people, with the digit that each shows. A fifth is kept for the test.
images, digits = load_digits(return_X_y=True)
rng = np.random.default_rng(arguments.seed)
order = rng.permutation(len(images))
x, y = (images[order] / 16).astype(np.float32), digits[order]  # pixels are 0 to 16
held_out = len(x) // 5
x_test, y_test, x_train, y_train = x[:held_out], y[:held_out], x[held_out:], y[held_out:]

# The network: 64 pixels → 32 units → 10 digits. Weights start as He et al. say: normal, variance 2 / fan_in.
W1 = tg.Tensor(rng.normal(0, np.sqrt(2 / 64), (64, 32)).astype(np.float32), requires_grad=True)
b1 = tg.Tensor(np.zeros(32, np.float32), requires_grad=True)
W2 = tg.Tensor(rng.normal(0, np.sqrt(2 / 32), (32, 10)).astype(np.float32), requires_grad=True)
b2 = tg.Tensor(np.zeros(10, np.float32), requires_grad=True)
parameters = [W1, b1, W2, b2]


def network(x):
    hidden = tg.ops.relu(x @ W1 + b1)
    return hidden @ W2 + b2


def accuracy(x, y):
    with tg.no_grad():
        return np.mean(network(x).argmax(axis=1) == y)


# The training: for each batch, forward to the loss, backward to the gradients, one step downhill.
bar = tqdm(range(arguments.epochs), unit="epoch")
for _ in bar:
    shuffled = rng.permutation(len(x_train))
    losses = []
    for start in range(0, len(shuffled), arguments.batch_size):
        batch = shuffled[start : start + arguments.batch_size]
        logits = network(x_train[batch])
        loss = tg.losses.softmax_crossentropy(logits, y_train[batch])

        loss.backward()
        for p in parameters:
            p.data -= arguments.learning_rate * p.grad
            p.grad = None
        losses.append(loss.item())
    bar.set_postfix(loss=f"{np.mean(losses):.3f}", test_accuracy=f"{accuracy(x_test, y_test):.1%}", refresh=False)

guess = np.bincount(y_train).argmax()
print(f"accuracy on the {len(x_train)} digits it was trained on   {accuracy(x_train, y_train):.1%}")
print(f"accuracy on the {len(x_test)} digits it has never seen   {accuracy(x_test, y_test):.1%}")
print(f"for comparison, always answering {guess}               {np.mean(y_test == guess):.1%}")

# The graph of one more pass, over four digits, with every value and gradient.
pixels = tg.Tensor(x_train[:4])
loss = tg.losses.softmax_crossentropy(network(pixels), y_train[:4])
loss.backward()
arguments.output.mkdir(parents=True, exist_ok=True)
picture = arguments.output / "digits.svg"
viz.graph(loss, title="One pass over four digits").save(picture)
print(f"the computation graph of one pass: {os.path.relpath(picture)}")

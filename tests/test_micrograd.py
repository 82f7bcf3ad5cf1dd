"""Scripts written for micrograd run unchanged on scalars: Value is a Tensor that requires a gradient."""

import random

import numpy as np

import tinygrad_reg as tg

Value = lambda x: tg.Tensor(x, requires_grad=True)  # noqa: E731


def test_the_example_of_its_readme():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_its_sanity_check():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    # z = 3x + 2 is negative at −4: relu(z) = 0, so y = z² + zx + zx²
    assert y.data == -20.0
    assert x.grad == 46.0


def test_its_way_of_training_a_perceptron():
    random.seed(1337)
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(40, 2))
    ys = np.sign(xs[:, 0] + 2 * xs[:, 1])
    weights = [Value(random.uniform(-1, 1)) for _ in range(2)]
    bias = Value(0)
    parameters = [*weights, bias]

    def loss():
        inputs = [list(map(Value, row)) for row in xs]
        scores = [sum((w * x for w, x in zip(weights, row, strict=True)), bias) for row in inputs]
        losses = [(1 + -yi * score).relu() for yi, score in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in parameters)
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(ys, scores, strict=True)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    first, _ = loss()
    for k in range(60):
        total, accuracy = loss()
        for p in parameters:
            p.grad = 0
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in parameters:
            p.data -= learning_rate * p.grad
    assert total.data < first.data / 3
    assert accuracy >= 0.95

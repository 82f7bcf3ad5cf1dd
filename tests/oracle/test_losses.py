"""Losses against PyTorch's own, not against our formulas recomputed."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import tinygrad_reg as tg

from .replay import agree

rng = np.random.default_rng(0)
A, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
LOGITS, LABELS = 4 * rng.normal(size=(5, 3)), np.array([0, 2, 1, 1, 2])
BITS = (rng.random((5, 3)) > 0.5).astype(float)
P = 1 / (1 + np.exp(-LOGITS))
ROWS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
SHARES = rng.dirichlet(np.ones(3), 5)
EDGES = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1e-30]])
HUGE = np.array([[1000.0, -1000.0, 0.0], [-50.0, 50.0, 1000.0]])


CASES = {
    "mse": (tg.losses.mse, F.mse_loss, A, Y),
    "mae": (tg.losses.mae, F.l1_loss, A, Y),
    "mae at the target": (tg.losses.mae, F.l1_loss, A, A),
    "huber": (tg.losses.huber, F.huber_loss, 3 * A, Y),
    "huber, delta": (
        lambda p, y, **o: tg.losses.huber(p, y, delta=0.4, **o),
        lambda p, y, **o: F.huber_loss(p, y, delta=0.4, **o),
        A,
        Y,
    ),
    "binary_crossentropy": (tg.losses.binary_crossentropy, F.binary_cross_entropy, P, BITS),
    "binary_crossentropy, soft": (tg.losses.binary_crossentropy, F.binary_cross_entropy, P, SHARES),
    "binary_crossentropy, wrong at 0 and 1": (
        tg.losses.binary_crossentropy, F.binary_cross_entropy, EDGES, 1 - np.round(EDGES)),
    "sigmoid_crossentropy": (tg.losses.sigmoid_crossentropy, F.binary_cross_entropy_with_logits, LOGITS, BITS),
    "sigmoid_crossentropy, huge": (
        tg.losses.sigmoid_crossentropy, F.binary_cross_entropy_with_logits, HUGE, (HUGE > 0).astype(float)),
    "softmax_crossentropy": (tg.losses.softmax_crossentropy, F.cross_entropy, LOGITS, LABELS),
    "softmax_crossentropy, one-hot": (tg.losses.softmax_crossentropy, F.cross_entropy, LOGITS, np.eye(3)[LABELS]),
    "softmax_crossentropy, soft": (tg.losses.softmax_crossentropy, F.cross_entropy, LOGITS, SHARES),
    "softmax_crossentropy, huge": (tg.losses.softmax_crossentropy, F.cross_entropy, HUGE, np.array([1, 0])),
    "categorical_crossentropy": (
        tg.losses.categorical_crossentropy, lambda p, y, **o: F.nll_loss(torch.log(p), y, **o), ROWS, LABELS),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", CASES)
def test_losses(name, reduction, dtype):
    ours, theirs, prediction, target = CASES[name]
    target = target if target.dtype.kind == "i" else target.astype(dtype)
    p = tg.Tensor(prediction.astype(dtype), requires_grad=True)
    q = torch.tensor(p.data, requires_grad=True)
    loss, loss_theirs = ours(p, target, reduction=reduction), theirs(q, torch.tensor(target), reduction=reduction)
    tolerance = 1e-8 if dtype == "float64" else 1e-5  # PyTorch's own 1e-12 below p is a float32
    agree(loss, loss_theirs, "loss", tolerance)
    weights = rng.uniform(0.5, 1.5, loss.shape).astype(dtype)
    loss.backward(weights)
    (g,) = torch.autograd.grad(loss_theirs, q, torch.tensor(weights))
    agree(p.grad, g, "gradient", tolerance)


def test_a_right_probability_of_1_still_has_the_slope_of_the_logarithm():
    """PyTorch's gradient (p − y) / max(p(1 − p), 1e-12) is 0 there; that of −log p at p = 1 is −1, as ours is."""
    p = tg.Tensor([1.0, 1 - 1e-9], requires_grad=True)
    q = torch.tensor(p.data, requires_grad=True)
    tg.losses.binary_crossentropy(p, np.ones(2), reduction="sum").backward()
    F.binary_cross_entropy(q, torch.ones(2, dtype=torch.float64), reduction="sum").backward()
    np.testing.assert_allclose(p.grad, [-1, -1], rtol=1e-8)
    np.testing.assert_allclose(q.grad.numpy(), [0, -1], rtol=1e-6)


@pytest.mark.parametrize("name", ["mse", "huber", "sigmoid_crossentropy", "softmax_crossentropy, one-hot"])
def test_second_derivatives(name):
    ours, theirs, prediction, target = CASES[name]
    hessian = tg.hessian(lambda p: ours(p, target))(prediction)
    expected = torch.autograd.functional.hessian(lambda p: theirs(p, torch.tensor(target)), torch.tensor(prediction))
    agree(hessian, expected, "second derivatives", 1e-9)


@pytest.mark.parametrize("name", ["binary_crossentropy", "softmax_crossentropy"])
def test_weights_of_samples(name):
    ours, theirs, prediction, target = CASES[name]
    w = np.array([0.5, 2, 0, 1, 3])
    loss = ours(prediction, target, weights=w, reduction="sum")
    each = theirs(torch.tensor(prediction), torch.tensor(target), reduction="none")
    agree(loss, (each * torch.tensor(w).reshape(-1, *[1] * (each.ndim - 1))).sum(), "loss", 1e-12)

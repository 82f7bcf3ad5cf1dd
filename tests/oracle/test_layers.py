"""Layers against torch.nn with the same weights: outputs, and gradients by the input and by every parameter."""

import numpy as np
import pytest
import torch
from torch import nn

import tinygrad_reg as tg

from .replay import agree

rng = np.random.default_rng(0)
ROWS, IMAGES = rng.normal(size=(5, 4)), rng.normal(size=(4, 3, 7, 6))

# Ours, theirs, the input, and theirs by our names (.T: stored the other way round).
CASES = {
    "Dense": (lambda: tg.Dense(4, 3), lambda: nn.Linear(4, 3), ROWS, {"kernel": "weight.T", "bias": "bias"}),
    "Dense without bias": (
        lambda: tg.Dense(4, 3, use_bias=False), lambda: nn.Linear(4, 3, bias=False), ROWS, {"kernel": "weight.T"}),
    "Conv2D": (
        lambda: tg.Conv2D(3, 5, 3), lambda: nn.Conv2d(3, 5, 3), IMAGES, {"kernel": "weight", "bias": "bias"}),
    "Conv2D, stride and padding": (
        lambda: tg.Conv2D(3, 5, (3, 2), stride=(2, 1), padding=(1, 0)),
        lambda: nn.Conv2d(3, 5, (3, 2), stride=(2, 1), padding=(1, 0)), IMAGES, {"kernel": "weight", "bias": "bias"}),
    "Conv2D, same": (
        lambda: tg.Conv2D(3, 5, (3, 4), padding="same"),
        lambda: nn.Conv2d(3, 5, (3, 4), padding="same"), IMAGES, {"kernel": "weight", "bias": "bias"}),
    "BatchNorm of rows": (
        lambda: tg.BatchNorm(4, momentum=0.9, epsilon=1e-5, average="unbiased_var"),
        lambda: nn.BatchNorm1d(4, momentum=0.1, eps=1e-5), ROWS,
        {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_var": "running_var"}),
    "BatchNorm of images": (
        lambda: tg.BatchNorm(3, momentum=0.7, epsilon=1e-3, average="unbiased_var"),
        lambda: nn.BatchNorm2d(3, momentum=0.3, eps=1e-3), IMAGES,
        {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_var": "running_var"}),
    "LayerNorm": (
        lambda: tg.LayerNorm(4, epsilon=1e-5), lambda: nn.LayerNorm(4), ROWS, {"gamma": "weight", "beta": "bias"}),
    "LayerNorm of images": (
        lambda: tg.LayerNorm((3, 7, 6), epsilon=1e-5), lambda: nn.LayerNorm((3, 7, 6)), IMAGES,
        {"gamma": "weight", "beta": "bias"}),
    "PReLU": (lambda: tg.PReLU(), lambda: nn.PReLU(), ROWS, {"alpha": "weight.0"}),
    "PReLU by channels": (lambda: tg.PReLU(channels=3), lambda: nn.PReLU(3), IMAGES, {"alpha": "weight"}),
    "LeakyReLU": (lambda: tg.LeakyReLU(0.2), lambda: nn.LeakyReLU(0.2), ROWS, {}),
    "ELU": (lambda: tg.ELU(0.7), lambda: nn.ELU(0.7), ROWS, {}),
    "ReLU": (lambda: tg.ReLU(), lambda: nn.ReLU(), ROWS, {}),
    "Sigmoid": (lambda: tg.Sigmoid(), lambda: nn.Sigmoid(), ROWS, {}),
    "Tanh": (lambda: tg.Tanh(), lambda: nn.Tanh(), ROWS, {}),
    "Softmax": (lambda: tg.Softmax(), lambda: nn.Softmax(-1), ROWS, {}),
    "MaxPool2D": (lambda: tg.MaxPool2D(2), lambda: nn.MaxPool2d(2), IMAGES, {}),
    "MaxPool2D, overlapping": (lambda: tg.MaxPool2D(3, 2, 1), lambda: nn.MaxPool2d(3, 2, 1), IMAGES, {}),
    "AvgPool2D": (lambda: tg.AvgPool2D(3, 2, 1), lambda: nn.AvgPool2d(3, 2, 1), IMAGES, {}),
    "GlobalAvgPool2D": (
        lambda: tg.GlobalAvgPool2D(), lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), IMAGES, {}),
    "Flatten": (lambda: tg.Flatten(), lambda: nn.Flatten(), IMAGES, {}),
}  # fmt: skip
IN_EVAL = {
    "Dropout": (lambda: tg.Dropout(0.4), lambda: nn.Dropout(0.4), ROWS, {}),
    "SpatialDropout2D": (lambda: tg.SpatialDropout2D(0.4), lambda: nn.Dropout2d(0.4), IMAGES, {}),
    "RReLU": (lambda: tg.RReLU(), lambda: nn.RReLU(), ROWS, {}),
    **{name: CASES[name] for name in ("BatchNorm of rows", "BatchNorm of images")},
}


def with_our_values(theirs, ours, names, dtype):
    theirs = theirs.to(getattr(torch, dtype))
    state = ours.state_dict()
    with torch.no_grad():
        for name, path in names.items():
            their(theirs, path).copy_(torch.tensor(state[name]))
    return theirs


def their(theirs, path):
    name, _, how = path.partition(".")
    tensor = getattr(theirs, name)
    return tensor.T if how == "T" else tensor[int(how)] if how else tensor


def gradient_by(theirs, path):
    name, _, how = path.partition(".")
    gradient = getattr(theirs, name).grad
    return gradient.T if how == "T" else gradient[int(how)] if how else gradient


def check(case, dtype, training):
    make_ours, make_theirs, x, names = case
    tg.set_default_dtype(dtype)
    try:
        ours = make_ours().train(training)
    finally:
        tg.set_default_dtype("float64")
    draw = np.random.default_rng(1)
    for tensor in dict(ours.named_state()).values():  # away from 0 and 1; positive, as variances are
        tensor.data = draw.uniform(0.5, 1.5, tensor.shape)
    theirs = with_our_values(make_theirs(), ours, names, dtype).train(training)
    tolerance = 1e-9 if dtype == "float64" else 2e-4
    for turn in range(2):  # the second time with moving averages that have moved
        a = tg.Tensor(x.astype(dtype) * (1 + turn), requires_grad=True)
        b = torch.tensor(a.data, requires_grad=True)
        out, out_theirs = ours(a), theirs(b)
        agree(out, out_theirs, "output", tolerance)
        weights = draw.normal(size=out.shape).astype(dtype)
        ours.zero_grad()
        theirs.zero_grad()
        out.backward(weights)
        out_theirs.backward(torch.tensor(weights))
        agree(a.grad, b.grad, "gradient by the input", tolerance)
        state = dict(ours.named_state())
        for name, path in names.items():
            agree(state[name].data, their(theirs, path), name, tolerance)
            if state[name].requires_grad:
                agree(state[name].grad, gradient_by(theirs, path), f"gradient by {name}", tolerance)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_layers_in_training(name, dtype):
    check(CASES[name], dtype, training=True)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", IN_EVAL)
def test_layers_in_eval(name, dtype):
    check(IN_EVAL[name], dtype, training=False)

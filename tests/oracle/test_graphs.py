"""Random graphs, and whole trainings: the same computation by PyTorch, op for op."""

import numpy as np
import pytest
import torch

import tinygrad_reg as tg
from tests.properties.graphs import Graph

from .replay import compare


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed):
    graph = Graph(seed, ops=3 + seed % 38)
    assert compare(graph, graph.leaves, order=2 if graph.ops < 12 else 1) > 0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_convolutional_net_trained_for_30_steps(dtype):
    """Convolution, batch norm, pooling, dense layers, softmax and Adam together, from the same start."""
    rng = np.random.default_rng(0)
    options = {"dtype": dtype, "rng": rng}
    ours = tg.Sequential(
        [
            tg.Conv2D(1, 4, 3, padding=1, activation="relu", **options),
            tg.BatchNorm(4, momentum=0.9, epsilon=1e-5, average="unbiased_var", dtype=dtype),
            tg.MaxPool2D(2),
            tg.Flatten(),
            tg.Dense(64, 8, "tanh", **options),
            tg.Dense(8, 3, **options),
        ]
    )
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.BatchNorm2d(4),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 8),
        torch.nn.Tanh(),
        torch.nn.Linear(8, 3),
    ).to(getattr(torch, dtype))
    state = ours.state_dict()
    with torch.no_grad():
        for mine, its in (("0", 0), ("4", 5), ("5", 7)):
            kernel = torch.tensor(state[f"{mine}.kernel"])
            theirs[its].weight.copy_(kernel if kernel.ndim == 4 else kernel.T)
            theirs[its].bias.zero_()
    opt, opt_theirs = tg.optim.Adam(ours.parameters(), 0.01), torch.optim.Adam(theirs.parameters(), 0.01)
    losses, losses_theirs = [], []
    for _ in range(30):
        y = rng.integers(0, 3, size=16)
        x = (rng.normal(size=(16, 1, 8, 8)) + y[:, None, None, None]).astype(dtype)
        opt.zero_grad()
        opt_theirs.zero_grad()
        loss = tg.losses.softmax_crossentropy(ours(x), y)
        loss_theirs = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        loss_theirs.backward()
        opt.step()
        opt_theirs.step()
        losses.append(loss.item())
        losses_theirs.append(loss_theirs.item())
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_allclose(losses, losses_theirs, rtol=1e-6 if dtype == "float64" else 0.05)

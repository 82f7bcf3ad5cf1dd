"""Optimizers against torch.optim over 100 steps on a function whose gradient changes sign and size."""

import numpy as np
import pytest
import torch

import tinygrad_reg as tg
from tinygrad_reg import optim

CASES = {
    "SGD": (optim.SGD, torch.optim.SGD, {"lr": 0.02}, {}),
    "momentum": (optim.SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9}, {}),
    "dampening": (optim.SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "dampening": 0.3}, {}),
    "nesterov": (optim.SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.9, "nesterov": True}, {}),
    "weight decay": (optim.SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1}, {}),
    "AdaGrad": (optim.AdaGrad, torch.optim.Adagrad, {"lr": 0.3, "eps": 1e-3}, {}),
    "AdaGrad, decay": (optim.AdaGrad, torch.optim.Adagrad, {"lr": 0.3, "weight_decay": 0.2}, {}),
    "RMSProp": (optim.RMSProp, torch.optim.RMSprop, {"lr": 0.02, "eps": 1e-3}, {"rho": "alpha"}),
    "RMSProp, decay": (optim.RMSProp, torch.optim.RMSprop, {"lr": 0.02, "weight_decay": 0.2}, {"rho": "alpha"}),
    "Adam": (optim.Adam, torch.optim.Adam, {"lr": 0.05, "eps": 1e-3}, {}),
    "Adam, betas": (optim.Adam, torch.optim.Adam, {"lr": 0.05, "betas": (0.8, 0.95)}, {}),
    "Adam, decay": (optim.Adam, torch.optim.Adam, {"lr": 0.05, "weight_decay": 0.2}, {}),
    "AdamW": (optim.AdamW, torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.3}, {}),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps(name, dtype):
    ours, theirs, options, renamed = CASES[name]
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=shape).astype(dtype) for shape in [(3, 2), (4,), ()]]
    a = [tg.Tensor(w.copy(), requires_grad=True) for w in starts]
    b = [torch.tensor(w, requires_grad=True) for w in starts]
    if "rho" in renamed:
        options = {**options, "rho": 0.93}
    opt = ours(a, **options)
    opt_theirs = theirs(b, **{renamed.get(key, key): value for key, value in options.items()})
    for step in range(100):
        scale = float(1 + np.sin(step))
        opt.zero_grad()
        opt_theirs.zero_grad()
        for p in a if step % 7 else a[:2]:  # the last parameter has no gradient at times
            (scale * np.sum(np.sin(3 * p) + 0.1 * p**2)).backward()
        for p in b if step % 7 else b[:2]:
            (scale * (torch.sin(3 * p) + 0.1 * p**2).sum()).backward()
        opt.step()
        opt_theirs.step()
    for p, q in zip(a, b, strict=True):
        assert p.dtype == dtype
        np.testing.assert_allclose(
            p.data, q.detach().numpy(), rtol=1e-9 if dtype == "float64" else 5e-3, atol=1e-3 * (dtype == "float32")
        )
    assert not np.allclose(a[0].data, starts[0], atol=0.01)


@pytest.mark.parametrize("r", [0.5, 100.0])
def test_clipping(r):
    rng = np.random.default_rng(1)
    grads = [rng.normal(size=shape) for shape in [(3, 2), (4,)]]
    a = [tg.Tensor(np.zeros(g.shape), requires_grad=True) for g in grads]
    b = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads]

    def start():
        for p, q, g in zip(a, b, grads, strict=True):
            p.grad, q.grad = g.copy(), torch.tensor(g)

    start()
    ours, theirs = optim.clip_by_global_norm(a, r), torch.nn.utils.clip_grad_norm_(b, r)
    np.testing.assert_allclose(ours, float(theirs), rtol=1e-12)
    for p, q in zip(a, b, strict=True):  # PyTorch divides by norm + 1e-6
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-6)
    start()
    optim.clip_by_value(a, r)
    torch.nn.utils.clip_grad_value_(b, r)
    for p, q in zip(a, b, strict=True):
        np.testing.assert_array_equal(p.grad, q.grad.numpy())


SCHEDULES = {
    "exponential": (optim.schedules.exponential(0.5, 0.9), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
    "step": (optim.schedules.step(0.5, 0.3, 4), lambda o: torch.optim.lr_scheduler.StepLR(o, 4, 0.3)),
    "cosine": (
        optim.schedules.cosine(0.5, 20, 0.1), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20, 0.1)),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    ours, make = SCHEDULES[name]
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    theirs = make(opt)
    for step in range(20):
        np.testing.assert_allclose(ours(step), opt.param_groups[0]["lr"], rtol=1e-9)
        opt.step()
        theirs.step()

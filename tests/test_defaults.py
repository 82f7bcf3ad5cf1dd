"""What stands in when nothing is given: numbers that scripts count on, so that none changes unseen.

Most are Keras's or PyTorch's (docs/conventions.md). A default that is changed on purpose is changed here as well.
"""

from __future__ import annotations

import functools
import inspect

import pytest

import tinygrad_reg as tg

DEFAULTS = {
    "check_grad": {"order": 1, "step": 6e-6, "rtol": 2e-5, "atol": 2e-8},
    "grad": {"argnums": 0},
    "hessian": {"argnums": 0},
    "jacobian": {"argnums": 0},
    "value_and_grad": {"argnums": 0},
    "layers.AvgPool2D": {"padding": 0},
    "layers.BatchNorm": {"momentum": 0.99, "epsilon": 1e-3},
    "layers.Conv2D": {"stride": 1, "padding": 0},
    "layers.ELU": {"alpha": 1.0},
    "layers.FractionalMaxPool2D": {"ratio": 2**0.5},
    "layers.LayerNorm": {"epsilon": 1e-3},
    "layers.LeakyReLU": {"alpha": 0.01},
    "layers.MaxPool2D": {"padding": 0},
    "layers.PReLU": {"alpha": 0.25},
    "layers.RReLU": {"lower": 1 / 8, "upper": 1 / 3},
    "layers.Softmax": {"axis": -1},
    "losses.huber": {"delta": 1.0},
    "metrics.top_k": {"k": 5},
    "initializers.normal": {"std": 0.05},
    "initializers.uniform": {"limit": 0.05},
    "penalties.l1": {"strength": 0.01},
    "penalties.l1_l2": {"l1": 0.01, "l2": 0.01},
    "penalties.l2": {"strength": 0.01},
    "constraints.max_norm": {"r": 2.0},
    "optim.AdaGrad": {"lr": 0.01, "eps": 1e-10, "weight_decay": 0.0},
    "optim.Adam": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "optim.AdamW": {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    "optim.RMSProp": {"lr": 0.001, "rho": 0.9, "eps": 1e-8, "weight_decay": 0.0},
    "optim.SGD": {"lr": 0.01, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0},
    "optim.schedules.cosine": {"end": 0.0},
    "optim.schedules.exponential": {"every": 1},
    "optim.schedules.inverse_time": {"every": 1},
    "optim.schedules.warmup": {"start": 0.0},
    "training.EarlyStopping": {"min_delta": 0.0, "patience": 0},
    "training.Ensemble": {"members": 5},
    "training.Ensemble.fit": {"verbose": 1},
    "training.Ensemble.predict": {"batch_size": 256},
    "training.GradientRecorder": {"every": 1},
    "training.History.diagnosis": {"remaining": 1 / 3, "gap": 0.1, "rise": 0.05},
    "training.ReduceLROnPlateau": {"factor": 0.1, "patience": 10, "min_delta": 1e-4, "cooldown": 0, "min_lr": 0.0},
    "training.evaluate": {"batch_size": 256},
    "training.evaluation.measured": {"batch_size": 256},
    "training.fit": {"epochs": 1, "batch_size": 32, "verbose": 1, "validation_split": 0.0},
    "training.predict": {"batch_size": 256},
    "training.save": {"epoch": 0},
    "data.Standardizer": {"axis": 0},
    "data.batches": {"batch_size": 32},
    "data.blobs": {"samples": 200, "centers": 3, "std": 0.5, "features": 2},
    "data.circles": {"samples": 200, "noise": 0.05, "factor": 0.5},
    "data.curve": {"samples": 100, "low": -1.0, "high": 1.0, "noise": 0.1},
    "data.moons": {"samples": 200, "noise": 0.1},
    "data.smote": {"k": 5},
    "data.spirals": {"samples": 200, "arms": 2, "turns": 1.0, "noise": 0.02},
    "data.split": {"fractions": (0.7, 0.15, 0.15)},
    "data.standardize": {"axis": 0},
    "data.xor": {"samples": 200, "noise": 0.2},
    "data.augmentation.color_shift": {"amount": 0.1},
    "data.augmentation.contrast": {"low": 0.8, "high": 1.2},
    "data.augmentation.flip": {"probability": 0.5},
    "data.augmentation.information_loss": {"size": 4, "fill": 0.0},
    "data.augmentation.noise": {"std": 0.1},
    "data.augmentation.random_crop": {"padding": 0, "fill": 0.0},
    "data.augmentation.resize": {"low": 0.9, "high": 1.1, "fill": 0.0},
    "data.augmentation.rotate": {"degrees": 15.0, "fill": 0.0},
    "data.augmentation.shift": {"pixels": 2, "fill": 0.0},
    "diagnostics.dead_units": {"batch_size": 1024},
    "diagnostics.saturated": {"slope": 0.05, "batch_size": 1024},
}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_is_what_scripts_count_on(name):
    function = functools.reduce(getattr, name.split("."), tg)
    given = {n: p.default for n, p in inspect.signature(function).parameters.items()}
    numbers = {
        n: value
        for n, value in given.items()
        if is_number(value) or (isinstance(value, tuple) and value and all(map(is_number, value)))
    }
    assert numbers == DEFAULTS[name]

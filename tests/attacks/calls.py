"""Public functions called with what they were not made for; the short form of the first is tests/properties."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
import viz
from tests.properties import test_wrong_calls as wrong
from tests.properties.public import arguments_of, public

from .attack import attack, same
from .training import Training, X, Y

AT_ONCE = 20


@cache
def functions() -> list[Any]:
    """(name, function, names of its arguments) of all that is public."""
    return [(name, function, arguments_of(function)) for name, function in public()]


@attack(long=5000, short=0)
def wrong_calls(rng: np.random.Generator, folder: Path) -> int:
    """wrong calls of public functions: refused, nothing changed"""
    draw = random.Random(int(rng.integers(2**32)))
    for _ in range(AT_ONCE):
        name, function, names = draw.choice(functions())
        args = [wrong.anything(draw) for _ in range(draw.randrange(4))]
        if name.startswith(("np.", "Tensor.")):  # without a Tensor, it would be NumPy's own function
            args = [draw.choice(wrong.TENSORS)(), *args]
        with contextlib.redirect_stdout(io.StringIO()):
            wrong.call(name, function, args, {n: wrong.anything(draw) for n in names if draw.random() < 0.2})
    return AT_ONCE


def valid_calls(folder: Path) -> dict[str, tuple[Any, Training, dict[str, Any]]]:
    """Calls that are right: (function, what it may change, its arguments)."""
    training = Training()
    model, optimizer = training.model, training.optimizer
    options = {"model": model, "x": X, "y": Y, "loss": "softmax_crossentropy"}
    fitting = {"optimizer": optimizer, "batch_size": 16, "verbose": 0, "validation_data": (X, Y), "shuffle": True}
    fitting |= {"metrics": ["accuracy"], "callbacks": [tg.EarlyStopping("loss")], "clip": 1.0, "rng": 0, "epochs": 1}
    fitting |= {"validation_split": 0.0, "class_weight": None, "sample_weight": None, "augment": None}
    fitting |= {"resume": None, "drop_last": False}
    file = folder / "run"
    training.save(file, epoch=1)
    model.eval()
    loss = tg.losses.softmax_crossentropy(model(X[:4]), Y[:4])
    loss.backward()
    drawing = {"engine": "builtin", "theme": "light", "digits": 3}
    return {
        "fit": (tg.fit, training, options | fitting),
        "evaluate": (tg.evaluate, training, options | {"metrics": ["accuracy"], "batch_size": 8}),
        "predict": (tg.predict, training, {"model": model, "x": X, "batch_size": 8}),
        "save": (
            tg.save,
            training,
            {"path": file, "model": model, "optimizer": optimizer, "epoch": 1, "callbacks": ()},
        ),
        "load": (
            tg.load,
            training,
            {"path": file, "model": model, "optimizer": optimizer, "callbacks": training.early},
        ),
        "explain": (lambda x: str(tg.explain(x)), training, {"x": loss}),
        "why": (lambda **o: str(tg.why(**o)), training, {"tensor": model.parameters()[0], "loss": loss}),
        "graph": (lambda **o: viz.graph(**o).svg, training, {"x": loss, "direction": "LR", "max_nodes": 20, **drawing}),
        "steps": (lambda **o: viz.steps(**o), training, {"loss": loss, "path": folder / "steps.html", **drawing}),
        "derivation": (lambda **o: str(viz.derivation(**o)), training, {"loss": loss, "wrt": model.parameters()[0]}),
    }


@attack(long=3000, short=15)
def wrong_arguments(rng: np.random.Generator, folder: Path) -> None:
    """fit, evaluate, save, load, viz … with one or two wrong arguments: refused, nothing changed"""
    draw = random.Random(int(rng.integers(2**32)))
    calls = valid_calls(folder)
    name = draw.choice(["fit", *calls])
    function, training, arguments = calls[name]
    for argument in draw.sample(list(arguments), min(len(arguments), draw.choice([1, 1, 2]))):
        given = arguments[argument]
        array = given.data if isinstance(given, tg.Tensor) else given
        if isinstance(array, np.ndarray) and array.ndim and draw.random() < 0.5:
            with np.errstate(all="ignore"):
                arguments[argument] = draw.choice(SPOILT)(array.copy())
        else:
            arguments[argument] = wrong.anything(draw)
    state, file, before = training.state(), (folder / "run").read_bytes(), wrong.settings()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        try:
            function(**arguments)
        except (*wrong.REFUSALS, KeyError, OSError) as error:
            ran = training.optimizer.steps > 0 and "positional argument" in str(error)  # a callback that takes others
            if not isinstance(error, ArithmeticError) and not hasattr(error, "history") and not ran:
                assert same(training.state(), state), f"{name} changed what it refused: {error}"
                assert (folder / "run").read_bytes() == file, f"{name} changed the file: {error}"
    assert wrong.settings() == before, f"{name} left something switched"


SPOILT = [
    lambda x: x[:-1],
    lambda x: x[:0],
    lambda x: x[0],
    lambda x: x[None],
    lambda x: x.astype(float) * np.nan,
    lambda x: x.astype(float) * 1e308,
    lambda x: x.astype(complex),
    lambda x: x.astype(object),
    lambda x: x.astype(str),
    lambda x: x.astype(np.float16),
    lambda x: x > 0,
    lambda x: x - 5,
    lambda x: x * 1000,
    lambda x: x.tolist(),
    lambda x: np.ma.masked_array(x),
    lambda x: np.asfortranarray(x),
    lambda x: x.reshape(-1),
    lambda x: tg.Tensor(x.astype(float)),
    lambda x: tg.Tensor(x.astype(float), requires_grad=True),
]

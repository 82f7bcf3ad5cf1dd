"""Every public function fed with what it was not made for: it answers, or refuses with a documented exception.

The calls are drawn from a seed, the same ones in every run. A refusal from the inside (AttributeError, KeyError,
AssertionError, RecursionError …) is a defect, and so is one that leaves anything changed behind it.
"""

import random
import warnings

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import modes
from tinygrad_reg.primitive import registry

from .public import arguments_of, public

REFUSALS = (TypeError, ValueError, IndexError, RuntimeError, ArithmeticError, FileNotFoundError)
CALLS = 30


def tensor(*shape, dtype="float64"):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    return tg.Tensor(array, requires_grad=array.dtype.kind == "f")


TENSORS = [
    lambda: tensor(3),
    lambda: tensor(2, 3),
    lambda: tensor(),
    lambda: tensor(0),
    lambda: tensor(2, 3, 4, 4),
    lambda: tensor(1, 2, 3, dtype="float32"),
    lambda: tensor(3, dtype="int64"),
    lambda: tensor(2, dtype="bool"),
    lambda: tensor(3, 3).detach(),
    lambda: tensor(2) * 2,
]
PLAIN = [None, "x", "mean", b"q", -1, 0, 1, 2, True, 0.5, -1.5, float("nan"), float("inf"), 1 + 2j, (), (0, 1), (1, -1)]
PLAIN += [
    np.float32(2),
    np.int64(1),
    np.datetime64("2020-01-01"),
    slice(1, 2),
    ...,
    int,
    np.float64,
    "float32",
    range(3),
]
PLAIN += [np.exp, tg.Tensor, tg.Dense, object(), frozenset({1, 2})]
MADE = [
    list,
    dict,
    lambda: [1, 2],
    lambda: [[1.0, 2], [3]],
    lambda: {"a": 1},
    lambda: np.array([1, 2, 3]),
    lambda: np.array(["a"]),
    lambda: np.array([1j]),
    lambda: np.array([None]),
    lambda: np.array([True, False]),
    lambda: np.zeros((0, 3)),
    lambda: np.ones((2, 3)),
    lambda: [tensor(2), tensor(2)],
    lambda: [tensor(2), "x"],
    lambda: iter([tensor(2)]),
    lambda: lambda x: x,
    lambda: lambda: None,
    lambda: tg.Dense(3, 2, rng=0),
    lambda: np.random.default_rng(0),
]


def anything(rng):
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(TENSORS)()
    return rng.choice(PLAIN) if kind < 0.75 else rng.choice(MADE)()


def settings():
    """What is switched on, and what is registered: nothing that a call may change."""
    now = modes.modes
    return (
        (now.recording, now.layer, now.place, now.watch, now.capture, now.transform, modes.default_dtype()),
        np.geterr(),
        (now.module, now.paths, now.listener, any(now.blocks.values())),
        list(registry),
    )


def content(values):
    """The bytes and gradients of the Tensors (and of the models) among the arguments."""
    found = []
    for value in values:
        if isinstance(value, tg.Module):
            found += content(t for _, t in value.named_state())
        elif isinstance(value, tg.Tensor):
            grad = None if value.grad is None else value.grad.tobytes()
            found.append((value.data.tobytes(), value.shape, value.dtype, value.requires_grad, grad))
        elif isinstance(value, np.ndarray) and value.dtype != object:
            found.append(value.tobytes())
        elif isinstance(value, list):
            found += content(value)
    return found


def call(name, function, args, options):
    """The call either works or is refused; refused, it has changed nothing."""
    before, inside = settings(), content([*args, *options.values()])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(*args, **options)
    except REFUSALS:
        assert content([*args, *options.values()]) == inside, f"{name} changed what it refused: {args} {options}"
    except AssertionError:
        if name != "check_grad":  # which says so that a gradient is wrong
            raise
    except Exception as error:
        raise AssertionError(f"{name} with {args} {options} raised {type(error).__name__}: {error}") from error
    finally:
        if name != "set_default_dtype":
            assert settings() == before, f"{name} left something switched: {args} {options}"
        tg.set_default_dtype("float64")


@pytest.mark.parametrize(
    ("name", "function"), list(public()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_functions(name, function):
    rng = random.Random(name)
    names = arguments_of(function)
    for _ in range(CALLS):
        args = [anything(rng) for _ in range(rng.randrange(4))]
        if name.startswith(("np.", "Tensor.")):  # without a Tensor, it would be NumPy's own function
            args = [rng.choice(TENSORS)(), *args]
        options = {option: anything(rng) for option in names if rng.random() < 0.2}
        call(name, function, args, options)


MODELS = [
    lambda: tg.Dense(3, 2, "relu", rng=0),
    lambda: tg.Conv2D(3, 2, 2, rng=0),
    lambda: tg.BatchNorm(3),
    lambda: tg.LayerNorm(3),
    lambda: tg.Dropout(0.5, rng=0),
    lambda: tg.MaxPool2D(2),
    lambda: tg.FractionalMaxPool2D(rng=0),
    lambda: tg.GlobalAvgPool2D(),
    lambda: tg.PReLU(channels=3),
    lambda: tg.RReLU(rng=0),
    lambda: tg.Flatten(),
    lambda: tg.Softmax(),
    lambda: tg.Residual(tg.Dense(3, 3, rng=0)),
    lambda: tg.DropConnect(tg.Dense(3, 2, rng=0), 0.5),
    lambda: tg.StochasticDepth(tg.Dense(3, 3, rng=0), 0.5),
    lambda: tg.Sequential([tg.Dense(3, 2, rng=0), tg.Sequential([np.tanh, tg.BatchNorm(2)])]),
]
METHODS = ["__call__", "load_state_dict", "train", "project", "summary", "__getitem__", "named_parameters", "penalty"]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: type(make()).__name__)
def test_models(make, capsys):
    rng = random.Random(type(make()).__name__)
    for method in METHODS:
        if hasattr(make(), method):
            for _ in range(CALLS):
                model = make()
                args = [anything(rng) for _ in range(rng.randrange(3))]
                before = content([model])
                try:
                    call(f"{type(model).__name__}.{method}", getattr(model, method), args, {})
                finally:
                    changes = method in ("load_state_dict", "project") or isinstance(
                        model, (tg.BatchNorm, tg.Sequential)
                    )
                    assert changes or content([model]) == before


OPTIMIZERS = [
    lambda p: tg.optim.SGD(p, 0.1, momentum=0.9),
    lambda p: tg.optim.SGD(p, 0.1, form="lookahead", momentum=0.9),
    lambda p: tg.optim.AdaGrad(p, 0.1),
    lambda p: tg.optim.RMSProp(p, 0.1),
    lambda p: tg.optim.Adam(p, 0.1),
    lambda p: tg.optim.AdamW(p, 0.1),
]


@pytest.mark.parametrize("make", OPTIMIZERS, ids=lambda make: make(tensor(1)).__class__.__name__)
def test_optimizers(make):
    rng = random.Random(0)
    for method in ("step", "load_state_dict", "state_of", "preview", "lr"):
        for _ in range(CALLS):
            p = tensor(2, 3)
            optimizer = make([p])
            if rng.random() < 0.5:
                p.grad = np.ones((2, 3))
            args = [anything(rng) for _ in range(rng.randrange(3))]
            if method == "lr":
                call("lr", lambda value, o=optimizer: setattr(o, "lr", value), args[:1] or [None], {})
                assert np.isfinite(optimizer.lr)
            else:
                call(f"{type(optimizer).__name__}.{method}", getattr(optimizer, method), args, {})
            assert np.isfinite(p.data).all()

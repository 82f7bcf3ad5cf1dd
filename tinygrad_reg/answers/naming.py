"""Names: finding what is asked for by name (a loss, a metric ...), and answering other libraries' names with ours."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import numpy as np

T = TypeVar("T")


def look_up(name: str, table: Mapping[str, T], kind: str) -> T:
    """What `table` has under `name`; a name that it does not have raises ValueError with those it has.

    >>> look_up("maee", {"mse": 1, "mae": 2}, "loss")
    Traceback (most recent call last):
    ValueError: no loss is called 'maee'; did you mean 'mae'? There are mse, mae
    """
    if name in table:
        return table[name]
    small = str(name).lower()
    near = [known for known in table if re.split("[ ,]", _FOREIGN.get(_plain(small), ""))[0].endswith(f".{known}")]
    near += difflib.get_close_matches(small, table, 1) or [known for known in table if known.startswith(small)]
    hint = f"; did you mean '{near[0]}'?" if near else "."
    written = _FOREIGN.get(_plain(small), "")
    if not near and written.startswith(f"tg.{kind[:5]}"):  # an optimizer is one of tg.optim
        hint = f"; write {written}."
    raise ValueError(f"no {kind} is called '{name}'{hint} There are {', '.join(table)}")


def resolve(given: Any, table: Mapping[str, T], kind: str, others: str) -> Any:
    """What `table` has under a name; a callable that is no class as it is. `others` says which may be given.

    >>> resolve("mae", {"mse": max, "mae": min}, "loss", "a function")
    <built-in function min>
    """
    found: Any = look_up(given, table, kind) if isinstance(given, str) else given
    if isinstance(found, type):
        write = f"the class {found.__name__}: write {found.__name__}()"
        raise TypeError(f"{kind} must be a name such as {next(iter(table))!r}, or {others}, not {write}")
    if not callable(found):
        raise TypeError(f"{kind} must be a name such as {next(iter(table))!r}, or {others}, not {given!r}")
    return found


def made(found: Any, makers: Mapping[str, Any]) -> Any:
    """What one of `makers` gives without arguments, anything else as it is: l2 may be given for l2()."""
    return found() if any(found is maker for maker in makers.values()) else found


# Where public names are. What two of them have is looked for in the first.
_PLACES = (
    "layers", "training", "program", "losses", "optim", "optim.schedules", "data", "penalties", "constraints",
    "initializers", "metrics", "diagnostics", "ops", "data.augmentation",
)  # fmt: skip
_AT_THE_TOP = ("layers", "training")

# What Keras, PyTorch and scikit-learn call a thing, in small letters without "_", and what to write here.
_FOREIGN = {
    "nn": "tg.layers, and tg.ops for functions", "functional": "tg.ops", "f": "tg.ops", "optimizers": "tg.optim",
    "callbacks": "tg.EarlyStopping", "regularizers": "tg.penalties", "lrscheduler": "tg.optim.schedules",
    "steplr": "tg.optim.schedules.step",
    "exponentiallr": "tg.optim.schedules.exponential", "model": "tg.Sequential or tg.Module",
    "linear": "tg.Dense", "maxpooling2d": "tg.MaxPool2D", "averagepooling2d": "tg.AvgPool2D",
    "globalaveragepooling2d": "tg.GlobalAvgPool2D", "batchnormalization": "tg.BatchNorm", "batchnorm1d": "tg.BatchNorm",
    "batchnorm2d": "tg.BatchNorm", "layernormalization": "tg.LayerNorm", "dropout2d": "tg.SpatialDropout2D",
    "dataloader": "tg.data.batches", "traintestsplit": "tg.data.split", "standardscaler": "tg.data.Standardizer",
    "makemoons": "tg.data.moons", "makecircles": "tg.data.circles", "makeblobs": "tg.data.blobs",
    "mseloss": "tg.losses.mse", "meansquarederror": "tg.losses.mse", "l1loss": "tg.losses.mae",
    "meanabsoluteerror": "tg.losses.mae", "crossentropyloss": "tg.losses.softmax_crossentropy",
    "crossentropy": "tg.losses.softmax_crossentropy for logits, tg.losses.categorical_crossentropy for probabilities",
    "sparsecategoricalcrossentropy": "tg.losses.categorical_crossentropy, which takes integer labels too",
    "bce": "tg.losses.binary_crossentropy", "bceloss": "tg.losses.binary_crossentropy",
    "bcewithlogitsloss": "tg.losses.sigmoid_crossentropy", "huberloss": "tg.losses.huber",
    "clipgradnorm": "tg.optim.clip_by_global_norm", "clipgradvalue": "tg.optim.clip_by_value",
    "manualseed": "tg.seed", "randomseed": "tg.seed", "setrandomseed": "tg.seed",
    "variable": "tg.Tensor(data, requires_grad=True)", "parameter": "tg.Tensor(data, requires_grad=True)",
    "value": "tg.Tensor(data, requires_grad=True)", "array": "tg.Tensor(data)", "fromnumpy": "tg.Tensor(array)",
    "cat": "np.concatenate([...])", "randn": "tg.Tensor(rng.normal(size=...))", "rand": "tg.Tensor(rng.random(...))",
    "gradienttape": "loss.backward(), or tg.gradients(loss, w)",
    "autograd": "loss.backward(), or tg.gradients(loss, w)", "setdetectanomaly": "tg.debug()",
    "gradcheck": "tg.check_grad", "modulelist": "a list: its layers are found in it",
    "activation": 'activation="relu" in a layer, or tg.ReLU()',
    "input": "the sizes into the layers, such as tg.Dense(784, 128)", "imagedatagenerator": "tg.data.augmentation",
    "loadmnist": "tg.data.mnist(folder), or tg.data.digits(), which needs no file",
    "stopgradient": "t.detach()", "tocategorical": "tg.data.one_hot",
    "utils": "tg.data for one_hot, split and batches, tg.optim for clipping",
    "datasets": "tg.data, such as tg.data.digits()", "activations": 'activation="relu" in a layer, or tg.ops',
    "plotmodel": "import viz; viz.graph(loss)", "countparams": "model.summary(), which counts them",
    "loadmodel": "tg.load(path, model=model), with a model that is made as it was",
    "savemodel": "tg.save(path, model=model)", "reducemean": "np.mean(t)", "reducesum": "np.sum(t)",
    "reducemax": "np.max(t)", "mm": "t @ u", "bmm": "t @ u", "device": "nothing: there is no other device",
    "inferencemode": "tg.no_grad()", "setgradenabled": "tg.no_grad() around what needs no graph",
    "enablegrad": "tg.no_grad() around the rest: graphs are recorded everywhere else",
    "kaiming": "tg.initializers.he_normal", "kaimingnormal": "tg.initializers.he_normal",
    "kaiminguniform": "tg.initializers.he_uniform", "xavieruniform": "tg.initializers.glorot_uniform",
    "momentum": "tg.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)",
    "nesterov": "tg.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)",
    "viz": "import viz, which is a package of its own", "models": "tg.Sequential or tg.Module",
}  # fmt: skip


_HOUSE = __package__.partition(".")[0]


def missing(module: str, name: str) -> NoReturn:
    """Raise the AttributeError of a module that has no `name`; it says what to write instead.

    >>> missing("tinygrad_reg", "moons")
    Traceback (most recent call last):
    AttributeError: tinygrad_reg has no 'moons'; write tg.data.moons
    """
    advice = "" if name.startswith("_") else f"; {_advice(module.partition('.')[2], name)}"
    raise AttributeError(f"{module} has no {name!r}{advice}", name=name)


def _advice(within: str, name: str) -> str:
    paths, plain = _paths(within), _plain(name)
    ours = next((path for known, path in paths if known == name), None)
    ours = ours or next((path for known, path in paths if _plain(known) == plain), None) or _FOREIGN.get(plain)
    if hasattr(np, name) and (not ours or "tg.ops" in ours or "tg.initializers" in ours):
        if ours and "tg.ops" in ours:
            return f"write np.{name}, which takes Tensors, or {ours}"
        return f"arrays are NumPy's: np.{name}, and tg.Tensor(array) of what it gives"
    if ours:
        return f"write {ours}"
    here = [_plain(known) for known, path in paths if path == f"tg.{within}.{known}"]
    near = difflib.get_close_matches(plain, [_plain(known) for known, _ in paths], 1, 0.75) or [
        known for known in here if known.startswith(plain)
    ]
    if near:
        return f"did you mean {next(path for known, path in paths if _plain(known) == near[0])}?"
    return f"dir({'.'.join(filter(None, ('tg', within)))}) lists what it has"


def _paths(within: str) -> list[tuple[str, str]]:
    """Every public name, and what to write for it; those of the module `within` go first."""
    found = []
    for place in (within, "", *_PLACES):
        module = import_module(f"{_HOUSE}.{place}".rstrip("."))
        names = getattr(module, "__all__", None) or [
            name for name in dir(module)
            if not name.startswith("_") and (not place or _offers(module, getattr(module, name)))
        ]  # fmt: skip
        top = "tg" if place in ("", *_AT_THE_TOP) else f"tg.{place}"
        found += [(name, f"{top}.{name}") for name in names]
    return found


def _offers(module: ModuleType, value: Any) -> bool:
    """Whether a module that has no __all__ offers the value, and has not imported it for its own use."""
    home = value.__module__ if inspect.isfunction(value) or inspect.isclass(value) else ""
    return f"{home}.".startswith(f"{module.__name__}.") or type(value).__name__ == "Primitive"


def _plain(name: str) -> str:
    return name.lower().replace("_", "")

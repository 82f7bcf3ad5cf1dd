"""Names: finding what is asked for by name (a loss, a metric ...), and answering other libraries' names with ours."""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, Self, TypeVar, cast

import numpy as np

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def look_up(name: str, table: Mapping[str, T], kind: str) -> T:
    """What `table` has under `name`; a name that it does not have raises ValueError with those it has.

    >>> look_up("maee", {"mse": 1, "mae": 2}, "loss")
    Traceback (most recent call last):
    ValueError: no loss is called 'maee'; did you mean 'mae'? There are mse, mae
    """
    if name in table:
        return table[name]
    small = str(name).lower()
    near = [known for known in table if _FOREIGN.get(_plain(small), "").partition(",")[0].endswith(f".{known}")]
    near += difflib.get_close_matches(small, table, 1) or [known for known in table if known.startswith(small)]
    hint = f"; did you mean '{near[0]}'?" if near else "."
    raise ValueError(f"no {kind} is called '{name}'{hint} There are {', '.join(table)}")


def resolve(given: Any, table: Mapping[str, T], kind: str, others: str) -> Any:
    """What `table` has under a name; a callable that is no class as it is. `others` says which may be given.

    >>> resolve("mae", {"mse": max, "mae": min}, "loss", "a function")
    <built-in function min>
    """
    found: Any = look_up(given, table, kind) if isinstance(given, str) else given
    if isinstance(found, type) or not callable(found):
        raise TypeError(f"{kind} must be a name such as {next(iter(table))!r}, or {others}, not {given!r}")
    return found


# Where public names are. What two of them have is looked for in the first.
_PLACES = (
    "layers", "training", "program", "losses", "optim", "optim.schedules", "data", "penalties", "constraints",
    "initializers", "metrics", "diagnostics", "ops", "data.augmentation",
)  # fmt: skip
_AT_THE_TOP = ("layers", "training", "program")

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
    "viz": "import viz, which is a package of its own", "models": "tg.Sequential or tg.Module",
}  # fmt: skip


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
    near = difflib.get_close_matches(plain, [_plain(known) for known, _ in paths], 1, 0.75)
    if near:
        return f"did you mean {next(path for known, path in paths if _plain(known) == near[0])}?"
    return f"dir({'.'.join(filter(None, ('tg', within)))}) lists what it has"


def _paths(within: str) -> list[tuple[str, str]]:
    """Every public name, and what to write for it; those of the module `within` go first."""
    found = []
    for place in (within, "", *_PLACES):
        module = import_module(f"{__package__}.{place}".rstrip("."))
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


# What Keras and PyTorch call an argument, and what it is called here.
_OURS = {
    "bias": ("use_bias",),
    "units": ("out_features", "in_features"),
    "input_shape": ("in_features", "in_channels"),
    "input_dim": ("in_features",),
    "filters": ("out_channels",),
    "num_features": ("features",),
    "pool_size": ("size",),
    "strides": ("stride",),
    "eps": ("epsilon",),
    "epsilon": ("eps",),
    "negative_slope": ("alpha",),
    "stddev": ("std",),
    "p": ("rate",),
    "learning_rate": ("lr",),
    "beta_1": ("betas",),
    "beta_2": ("betas",),
    "alpha": ("rho",),
    "filepath": ("path",),
    "restore_best_weights": ("restore_best",),
    "n_samples": ("samples",),
    "n_features": ("features",),
    "cluster_std": ("std",),
    "train_size": ("fractions",),
    "random_state": ("rng",),
    "seed": ("rng",),
    "y_pred": ("prediction",),
    "y_true": ("target",),
    "sample_weight": ("weights",),
}

# What is written in another way than by an argument, where the call takes the argument that is named first.
_RATE = "the learning rate is the optimizer's: optimizer=tg.optim.SGD(model.parameters(), lr=…)"
_INSTEAD = {
    "lr": {"optimizer": _RATE},
    "learning_rate": {"optimizer": _RATE},
    "test_size": {"fractions": "fractions are the shares of all parts, such as split(x, y, (0.8, 0.2))"},
    "from_logits": {"prediction": "softmax_crossentropy and sigmoid_crossentropy take logits, others probabilities"},
}


class Called:
    """The base of what users make with arguments: where these do not fit, the message says which it takes.

    >>> class Pool(Called):
    ...     def __init__(self, size, stride=None): ...
    >>> Pool(pool_size=2)
    Traceback (most recent call last):
    TypeError: Pool takes no pool_size=, here it is called size: Pool(size, stride=None)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if sys.version_info < (3, 11, 5):  # help() shows the arguments of __new__ there, where __init__ is inherited
            _, *taken = inspect.signature(cls.__init__).parameters.values()
            cls.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Compare what is given with what __init__ takes, before Python does so in fewer words."""
        if args or options:  # a copy is made without
            signature = inspect.signature(cls.__init__)
            try:
                signature.bind(None, *args, **options)
            except TypeError as error:
                taken = list(signature.parameters.values())[1:]
                raise TypeError(_misfit(cls.__name__, taken, args, options, error)) from None
        return super().__new__(cls)


def answered(function: F) -> F:
    """Make a function answer a call whose arguments do not fit as the classes above do.

    >>> @answered
    ... def fit(model, *, optimizer, epochs=1): ...
    >>> fit("model", "sgd")
    Traceback (most recent call last):
    TypeError: fit takes model alone by place, the others by name: fit(model, optimizer=…, …)
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError:  # looked into only then: this costs nothing where all is well
            signature = inspect.signature(function)
            try:
                signature.bind(*args, **options)
            except TypeError as error:
                taken = list(signature.parameters.values())
                misfit = _misfit(function.__name__, taken, args, options, error)
            else:
                raise  # from inside: the call itself was right
        raise TypeError(misfit) from None

    return cast(F, call)


def _misfit(
    name: str, taken: Sequence[inspect.Parameter], args: Sequence[Any], options: Mapping[str, Any], error: TypeError
) -> str:
    """What to say of a call that gave `args` and `options` where the arguments `taken` are due."""
    taken = [p.replace(annotation=p.empty) for p in taken]
    names = [parameter.name for parameter in taken]
    placed = [p for p in taken if p.kind is p.POSITIONAL_OR_KEYWORD]
    by_name = [p for p in taken if p.kind is p.KEYWORD_ONLY]
    several = [str(p) for p in taken if p.kind is p.VAR_POSITIONAL]
    short = [*map(str, placed), *several, *(f"{p.name}=…" for p in by_name if p.default is p.empty)]
    call = f"{name}({', '.join(short + ['…'] * (len(short) < len(taken)))})"
    takes_any = any(p.kind is p.VAR_KEYWORD for p in taken)
    unknown = next((option for option in options if option not in names and not takes_any), None)
    twice = str(error).partition("multiple values for argument ")[2].strip("'")
    ours = twice or next((own for own in _OURS.get(unknown or "", ()) if own in names), "")
    before = [p.name for p in placed[: len(args)]]
    if ours in before:
        called = "was given it twice" if twice else f"takes no {unknown}="
        place = before.index(ours)
        most = sum(p.default is p.empty for p in placed) if twice else len(placed)
        example = (_in_order(name, args, place, options[unknown or twice]) if len(args) < most else "") or call
        return f"{name} {called}: {ours} is its {'first' if place == 0 else 'next'} argument, write {example}"
    if unknown is not None:
        for needed, advice in _INSTEAD.get(unknown, {}).items():
            if needed in names:
                return f"{name} takes no {unknown}=: {advice}"
        if ours:
            return f"{name} takes no {unknown}=, here it is called {ours}: {call}"
        near = difflib.get_close_matches(unknown, names, 1)
        if near:
            return f"{name} takes no {unknown}=, did you mean {near[0]}? {call}"
        return f"{name} takes no {unknown}=: it takes {', '.join(names) or 'no arguments'}"
    if len(args) > len(placed) and by_name:
        wanted = [p for p in by_name if p.default is p.empty] or by_name[: len(args) - len(placed)]
        shown = [*(p.name for p in placed), *(f"{p.name}=…" for p in wanted), *["…"] * (len(wanted) < len(by_name))]
        alone = f"{', '.join(p.name for p in placed) or 'nothing'}{' alone' * (len(placed) == 1)}"
        return f"{name} takes {alone} by place, the others by name: {name}({', '.join(shown)})"
    missing = str(error).rpartition("argument: ")[2].strip("'") if "missing" in str(error) else ""
    such = ", such as model.parameters()" if missing == "params" else ""
    return f"{name} also needs {missing}{such}: {call}" if missing else f"{name} was given {error}: {call}"


def _in_order(name: str, args: Sequence[Any], place: int, value: Any) -> str:
    """The call with `value` in its place, before what stands there; "" where that is nothing to show."""
    value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    values = [*args[:place], value, *args[place:]]
    plain = all(isinstance(each, (int, float, str)) for each in values)
    return f"{name}({', '.join(map(repr, values))})" if plain else ""

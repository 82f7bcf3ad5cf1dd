"""Names: finding what is asked for by name (a loss, a metric ...), and answering other libraries' names with ours."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any, Self, TypeVar

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
    near = difflib.get_close_matches(small, table, 1) or [known for known in table if known.startswith(small)]
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise ValueError(f"no {kind} is called '{name}'; {hint}There are {', '.join(table)}")


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
}


class Called:
    """The base of what users make with arguments: where these do not fit, the message says which it takes.

    >>> class Pool(Called):
    ...     def __init__(self, size, stride=None): ...
    >>> Pool(pool_size=2)
    Traceback (most recent call last):
    TypeError: Pool takes no pool_size=, here it is called size: Pool(size, stride=None)
    """

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Compare what is given with what __init__ takes, before Python does so in fewer words."""
        if args or options:  # a copy is made without
            signature = inspect.signature(cls.__init__)
            try:
                signature.bind(None, *args, **options)
            except TypeError as error:
                raise TypeError(_misfit(cls, signature, options, error)) from None
        return super().__new__(cls)


def _misfit(cls: type, signature: inspect.Signature, options: Mapping[str, Any], error: TypeError) -> str:
    name = cls.__name__
    taken = [p.replace(annotation=p.empty) for p in list(signature.parameters.values())[1:]]
    names = [parameter.name for parameter in taken]
    short = [str(p) for p in taken if p.kind is p.POSITIONAL_OR_KEYWORD]
    call = f"{name}({', '.join(short + ['…'] * (len(short) < len(taken)))})"
    takes_any = any(p.kind is p.VAR_KEYWORD for p in taken)
    unknown = next((option for option in options if option not in names and not takes_any), None)
    if unknown is not None:
        ours = [own for own in _OURS.get(unknown, ()) if own in names]
        if ours:
            return f"{name} takes no {unknown}=, here it is called {ours[0]}: {call}"
        near = difflib.get_close_matches(unknown, names, 1)
        if near:
            return f"{name} takes no {unknown}=, did you mean {near[0]}? {call}"
        return f"{name} takes no {unknown}=: it takes {', '.join(names) or 'no arguments'}"
    missing = str(error).partition("missing a required argument: ")[2].strip("'")
    return f"{name} also needs {missing}: {call}" if missing else f"{name} was given {error}: {call}"

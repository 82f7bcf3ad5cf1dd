"""Calls that do not fit: answered with what the function or the class takes, and what others call it.

Python says "got an unexpected keyword argument 'units'"; Dense(units=3) is told that it is called out_features here.
"""

from __future__ import annotations

import copyreg
import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

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
    "eps": ("epsilon", "step"),
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
    "l": ("strength",),
    "l1": ("strength",),
    "l2": ("strength",),
    "lambda_": ("strength",),
    "max_value": ("r",),
    "max_norm": ("r",),
    "clip_value": ("limit",),
    "minval": ("limit",),
    "maxval": ("limit",),
    "step_size": ("every",),
    "gamma": ("decay",),
    "decay_rate": ("decay",),
    "decay_steps": ("every", "steps"),
    "T_max": ("steps",),
    "eta_min": ("end",),
    "num_classes": ("classes",),
    "n_classes": ("classes",),
}

# What is written in another way than by an argument, where the call takes the argument that is named first.
_RATE = "the learning rate is the optimizer's: optimizer=tg.optim.SGD(model.parameters(), lr=…)"
_INSTEAD = {
    "lr": {"optimizer": _RATE},
    "learning_rate": {"optimizer": _RATE},
    "validation_steps": {"validation_data": "each epoch ends with all of the validation data"},
    "steps_per_epoch": {"batch_size": "an epoch goes over all of x once, batch_size samples a step"},
    "initial_epoch": {"resume": "resume=path goes on behind the epochs that are done"},
    "set_to_none": {"self": "every .grad is None afterwards in any case, write zero_grad()"},
    "seed": {"truncated": "numbers are drawn from the layer's rng=, or from this thread's generator (tg.seed)"},
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
        if args or options or cls.__new__ is Called.__new__:  # a __new__ of one's own may give no arguments on
            signature = inspect.signature(cls.__init__)
            try:
                signature.bind(None, *args, **options)
            except TypeError as error:
                taken = list(signature.parameters.values())[1:]
                raise TypeError(_misfit(cls.__name__, taken, args, options, error)) from None
        return super().__new__(cls)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As objects are copied and pickled, but made without a look at arguments: there are none then."""
        made = super().__reduce_ex__(protocol)
        by_new = isinstance(made, tuple) and made[0] is copyreg.__newobj__ and made[1] == (type(self),)  # type: ignore[attr-defined]
        return (_bare, *made[1:]) if by_new else made


def _bare(cls: type) -> Any:
    """An object of this class whose attributes are set next."""
    return object.__new__(cls)


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


def takes(function: Callable[..., Any], what: str, *names: str) -> None:
    """Refuse a user's function that can't be called with arguments such as (epoch, logs), before it is.

    >>> takes(lambda epoch: None, "a callback", "epoch", "logs")
    Traceback (most recent call last):
    TypeError: a callback is called with (epoch, logs), and <lambda> takes (epoch): write def callback(epoch, logs)
    """
    if not fits(function, *names):
        name, given = getattr(function, "__name__", type(function).__name__), f"({', '.join(names)})"
        write = name if name.isidentifier() else what.rpartition(" ")[2]
        raise TypeError(
            f"{what} is called with {given}, and {name} takes {inspect.signature(function)}: write def {write}{given}"
        )


def fits(function: Callable[..., Any], *args: Any, **options: Any) -> bool:
    """Whether a function can be called like this, as far as it tells."""
    try:
        inspect.signature(function).bind(*args, **options)
    except ValueError:  # something compiled, which does not tell
        return True
    except TypeError:
        return False
    return True


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
        import difflib  # for this message alone

        near = difflib.get_close_matches(unknown, names, 1)
        if near:
            return f"{name} takes no {unknown}=, did you mean {near[0]}? {call}"
        return f"{name} takes no {unknown}=: it takes {', '.join(names) or 'no arguments'}"
    if len(args) > len(placed) and by_name:
        wanted = [p for p in by_name if p.default is p.empty] or by_name[: len(args) - len(placed)]
        shown = [*(p.name for p in placed), *(f"{p.name}=…" for p in wanted), *["…"] * (len(wanted) < len(by_name))]
        alone = f"{', '.join(p.name for p in placed) or 'nothing'}{' alone' * (len(placed) == 1)}"
        state = any(isinstance(value, Mapping) for value in args) and "model" in names
        itself = f"; of a model not its state_dict() is given but the model: {name}(path, model=model)" * state
        return f"{name} takes {alone} by place, the others by name: {name}({', '.join(shown)}){itself}"
    missing = str(error).rpartition("argument: ")[2].strip("'") if "missing" in str(error) else ""
    such = ", such as model.parameters()" if missing == "params" else ""
    return f"{name} also needs {missing}{such}: {call}" if missing else f"{name} was given {error}: {call}"


def _in_order(name: str, args: Sequence[Any], place: int, value: Any) -> str:
    """The call with `value` in its place, before what stands there; "" where that is nothing to show."""
    value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    values = [*args[:place], value, *args[place:]]
    plain = all(isinstance(each, (int, float, str)) for each in values)
    return f"{name}({', '.join(map(repr, values))})" if plain else ""
